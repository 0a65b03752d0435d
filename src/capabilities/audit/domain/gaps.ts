/** What is missing in the stream of events: who looks at the timeline must know where it has holes. */
import type { Severity } from '#core/shapes/severity.ts'
import type { AuditStatus } from './api.ts'
import { rfc3339 } from './time.ts'

export interface Gap {
  check: 'audit/dropped' | 'audit/unread' | 'audit/silent'
  severity: Severity
  /** Which of several: the source, or ''. */
  key: string
  message: string
  /** ms since the epoch. */
  since: number
  /** Events. */
  value: number
}

/** A loss is past at once, and people look some time later. */
const SHOWN_MS = 24 * 3_600_000
/** An API server is never silent for this long: its own parts renew their leases. */
const SILENT_MS = 15 * 60_000
/** Sources that sent less are files that were read once, say. */
const STEADY = 500

/** Lines that are not events; what is old, early or a copy was not lost. */
export const UNREAD: readonly string[] = ['json', 'format', 'version', 'fields', 'time', 'size']

/** Gaps that are open now. */
export function gapsOf(status: Pick<AuditStatus, 'dropped' | 'droppedAt' | 'rejected' | 'rejectedAt' | 'sources' | 'since'>, now: number): Gap[] {
  const { dropped, droppedAt, rejected, rejectedAt, sources } = status
  const gaps: Gap[] = []
  if (droppedAt !== null && now - droppedAt < SHOWN_MS)
    gaps.push({
      check: 'audit/dropped',
      severity: 'error',
      key: '',
      message: `${dropped} audit events were received and could not be kept, the last at ${rfc3339(droppedAt)}`,
      since: droppedAt,
      value: dropped,
    })
  const unread = UNREAD.reduce((sum, reason) => sum + (rejected[reason] ?? 0), 0)
  if (unread > 0 && rejectedAt !== null && now - rejectedAt < SHOWN_MS)
    gaps.push({
      check: 'audit/unread',
      severity: 'warning',
      key: '',
      message: `${unread} audit events could not be read (${UNREAD.filter((reason) => rejected[reason]).join(', ')})`,
      since: rejectedAt,
      value: unread,
    })
  for (const { source, accepted, lastAt } of sources)
    if (accepted >= STEADY && now - lastAt > SILENT_MS)
      gaps.push({
        check: 'audit/silent',
        severity: 'error',
        key: source,
        message: `No audit events from ${source} since ${rfc3339(lastAt)}`,
        since: lastAt,
        value: accepted,
      })
  return gaps
}
