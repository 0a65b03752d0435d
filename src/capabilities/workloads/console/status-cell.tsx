/** A status as a mark with its word, and the reason beside it. */
import { MISSING } from '#kits/console-kit/format.ts'
import { type Status, StatusMark } from '#kits/console-kit/status-mark.tsx'
import type { ObjectStatus, StatusLevel } from '../domain/object-status.ts'
import styles from './status-cell.module.css'
import { useWords } from './words.ts'

export const MARKS: Record<Exclude<StatusLevel, 'none'>, Status> = { ok: 'ok', running: 'running', warning: 'warning', error: 'error', unknown: 'unknown' }

export function StatusCell({ status, whole = false }: { status: ObjectStatus; whole?: boolean }) {
  const t = useWords()
  const word = status.word === 'none' ? '' : t(`status.${status.word}`)
  const reason = status.said
    ? status.said.map((one) => (typeof one === 'string' ? one : t(`reason.${one.key}`, one.values ?? {}))).join(t('reason.join'))
    : status.reason
  return (
    <span className={styles.cell} data-whole={whole || undefined} title={whole ? undefined : [word, reason].filter(Boolean).join(t('reason.join'))}>
      {status.level === 'none' ? (
        <span className={styles.none}>{word || (reason ? '' : MISSING)}</span>
      ) : (
        <StatusMark status={MARKS[status.level]} text={word} />
      )}
      {reason && <span className={styles.reason}>{reason}</span>}
    </span>
  )
}
