import { useTranslation } from 'react-i18next'
import { levelOf } from '../domain/severity.ts'
import styles from './logs-page.module.css'

/** The level as a word; nothing where the record does not say it. */
export function LevelMark({ severity }: { severity: number }) {
  const { t } = useTranslation('logs')
  const level = levelOf(severity)
  return level === undefined ? null : (
    <span className={styles.mark} data-level={level}>
      {t(`levels.${level}`)}
    </span>
  )
}
