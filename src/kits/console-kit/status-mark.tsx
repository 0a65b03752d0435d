/** Status = shape + word + color; unknown is a status of its own and never looks like ok. */
import { useTranslation } from 'react-i18next'
import styles from './status-mark.module.css'

export const STATUSES = ['ok', 'advice', 'warning', 'error', 'critical', 'unknown', 'running'] as const
export type Status = (typeof STATUSES)[number]

/** Circle ok, square advice, triangle warning, octagon error and critical (filled), dashed circle unknown, half circle running. */
const SHAPES: Record<Status, React.ReactNode> = {
  ok: <circle cx="8" cy="8" r="6" fill="currentColor" />,
  advice: <rect x="3" y="3" width="10" height="10" rx="2" fill="none" stroke="currentColor" strokeWidth="2" />,
  warning: <path d="M8 1.5 15 14H1z" fill="currentColor" />,
  error: <path d="M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2z" fill="none" stroke="currentColor" strokeWidth="2" />,
  critical: <path d="M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2z" fill="currentColor" />,
  unknown: <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="2" strokeDasharray="3 2.3" />,
  running: <path d="M8 2a6 6 0 0 1 0 12z M8 3a5 5 0 0 0 0 10" fill="currentColor" stroke="currentColor" strokeWidth="1.5" />,
}

/** `text` replaces the status' own word; `wordless` leaves the word to screen readers. */
export function StatusMark({ status, text, wordless = false }: { status: Status; text?: string; wordless?: boolean }) {
  const { t } = useTranslation('kit')
  const word = text ?? t(`status.${status}`)
  return (
    <span className={styles.mark} data-status={status}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true" focusable="false">
        {SHAPES[status]}
      </svg>
      <span className={wordless ? styles.hidden : undefined}>{word}</span>
    </span>
  )
}
