import { useTranslation } from 'react-i18next'
import styles from './moves.module.css'
import { useWords } from './words.ts'

/** A native bar, so that it needs no inline style. */
export function ProgressBar({ title, done, of }: { title: string; done: number; of: number }) {
  const t = useWords()
  const { i18n } = useTranslation()
  const share = of === 0 ? undefined : Math.min(1, done / of)
  const percent = share === undefined ? '' : new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 0 }).format(share)
  return (
    <span className={styles.box}>
      <progress className={styles.bar} aria-label={t('progressOf', { title })} {...(share === undefined ? {} : { value: share, max: 1 })} />
      <span className={styles.small}>{percent}</span>
    </span>
  )
}
