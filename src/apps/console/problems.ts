/** What is wrong now, from alerts, store and sources: one list, the worst first. Pure. */
import type { SourceStatus, SourcesAnswer } from '#capabilities/ingress-analytics/domain/api.ts'
import type { StoreStatus } from '#core/shapes/ports/telemetry.ts'
import type { Severity } from '#core/shapes/severity.ts'
import { SEVERITIES } from '#core/shapes/severity.ts'
import type { AlertsAnswer } from './endpoints.ts'

export interface Problem {
  id: string
  severity: Severity
  /** Key of the sentence, with what it is filled with; alerts bring their own words. */
  kind: 'alert' | 'engine' | 'queue' | 'disk' | 'filling' | 'silent' | 'rejected'
  values: Record<string, string | number>
  /** ms since the epoch; undefined when nobody knows. */
  since?: number
  /** Console path that shows it or helps. */
  path: string
}

/** A source that sent before and has been quiet for this long. */
const SILENT_MS = 5 * 60_000
/** Share of a source's lines that could not be read. */
const REJECTED_SHARE = 0.01
const QUEUE_OLD_MS = 30_000
const FEW_DAYS = 3
const DISK_LEAST_FREE = 1024 ** 3

export interface Facts {
  alerts?: AlertsAnswer
  store?: StoreStatus
  sources?: SourcesAnswer
}

export function problemsOf({ alerts, store, sources }: Facts, now: number): Problem[] {
  const found: Problem[] = []
  for (const alert of alerts?.alerts ?? []) {
    if (alert.muted) continue
    found.push({
      id: `alert:${alert.fingerprint}`,
      severity: alert.severity,
      kind: 'alert',
      values: { name: alert.labels.alertname ?? '', summary: alert.annotations.summary ?? alert.annotations.description ?? '' },
      since: alert.activeSince,
      path: pathOf(alert.link) ?? '/ingress/alerts',
    })
  }
  if (store) {
    const { engine, queue, disk } = store
    if (engine.state !== 'ready')
      found.push({
        id: 'engine',
        severity: 'error',
        kind: 'engine',
        values: { state: engine.state, restarts: engine.restarts },
        since: engine.since,
        path: '/settings/storage',
      })
    if (queue.oldestAt !== undefined && now - queue.oldestAt > QUEUE_OLD_MS)
      found.push({
        id: 'queue',
        severity: 'warning',
        kind: 'queue',
        values: { bytes: queue.bytes, batches: queue.batches },
        since: queue.oldestAt,
        path: '/settings/storage',
      })
    if (disk.freeBytes < DISK_LEAST_FREE)
      found.push({ id: 'disk', severity: 'critical', kind: 'disk', values: { bytes: disk.freeBytes }, path: '/settings/storage' })
    for (const signal of store.signals)
      if (signal.daysLeft !== undefined && signal.daysLeft < FEW_DAYS && signal.bytes > signal.budgetBytes / 2)
        found.push({
          id: `filling:${signal.signal}`,
          severity: 'advice',
          kind: 'filling',
          values: { signal: signal.signal, days: Math.max(0, Math.round(signal.daysLeft * 10) / 10) },
          path: '/settings/storage',
        })
  }
  for (const source of sources?.sources ?? []) {
    const lines = source.accepted + source.rejected
    if (isSilent(source, now))
      found.push({
        id: `silent:${source.source}`,
        severity: 'warning',
        kind: 'silent',
        values: { source: source.source },
        since: source.lastAt ?? undefined,
        path: '/settings/sources',
      })
    if (lines >= 100 && source.rejected / lines > REJECTED_SHARE)
      found.push({
        id: `rejected:${source.source}`,
        severity: 'warning',
        kind: 'rejected',
        values: { source: source.source, share: source.rejected / lines },
        path: '/settings/sources',
      })
  }
  return found.sort(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || (a.since ?? Number.POSITIVE_INFINITY) - (b.since ?? Number.POSITIVE_INFINITY),
  )
}

/** It sent before, and has been quiet for longer than sources are. */
export const isSilent = ({ lastAt }: Pick<SourceStatus, 'lastAt'>, now: number): boolean => lastAt !== null && now - lastAt > SILENT_MS

/** The console path in an absolute link to it. */
function pathOf(link: string | undefined): string | undefined {
  if (link === undefined || !URL.canParse(link)) return undefined
  const { pathname, search } = new URL(link)
  return pathname + search
}
