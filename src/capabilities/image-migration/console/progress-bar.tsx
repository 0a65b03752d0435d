import { useTranslation } from 'react-i18next'
import type { MoveSummary } from '../domain/moves.ts'
import { shareDone } from './move-view.ts'
import styles from './progress-bar.module.css'
import { useWords } from './words.ts'

/** A native bar, so that it needs no inline style; without a share it says that it is at work. */
export function ProgressBar({ move }: { move: Pick<MoveSummary, 'state' | 'progress' | 'title'> }) {
  const t = useWords()
  const { i18n } = useTranslation()
  const share = shareDone(move)
  const percent = share === undefined ? undefined : new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 0 }).format(share)
  return (
    <span className={styles.box}>
      <progress className={styles.bar} aria-label={t('progressOf', { title: move.title })} {...(share === undefined ? {} : { value: share, max: 1 })} />
      <span className={styles.text}>{percent ?? t(`states.${move.state}`)}</span>
    </span>
  )
}
