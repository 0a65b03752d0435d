/** Gaps as findings and as alarms: written when one opens or closes, told while it is open. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { fingerprintInput } from '#core/shapes/finding.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { encodeRows, type Row } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import type { AlertSink } from '#kits/server-kit/door.ts'
import type { AuditStatus } from '../domain/api.ts'
import { type Gap, gapsOf } from '../domain/gaps.ts'

const EVERY_MS = 15_000
const REPORTER = 'audit-gaps'

export interface GapsDeps {
  telemetry: Pick<Telemetry, 'append'>
  alerts: AlertSink
  clock: Clock
  clusters(): readonly string[]
  status(cluster: string): Omit<AuditStatus, 'chain' | 'waiting'>
  onError(error: unknown): void
}

export function watchGaps({ telemetry, alerts, clock, clusters, status, onError }: GapsDeps): { stop(): Promise<void> } {
  /** By cluster and `check key`; what stands here is stored as open. */
  const open = new Map<string, Map<string, Gap>>()
  const stopping = new AbortController()

  async function look(cluster: string): Promise<void> {
    const now = clock.now()
    const before = open.get(cluster) ?? new Map<string, Gap>()
    const gaps = new Map(gapsOf(status(cluster), now).map((gap) => [`${gap.check} ${gap.key}`, gap]))
    const rows = [
      ...[...gaps].filter(([id]) => !before.has(id)).map(([, gap]) => findingRow(cluster, gap, 'open', now)),
      ...[...before].filter(([id]) => !gaps.has(id)).map(([, gap]) => findingRow(cluster, gap, 'cleared', now)),
    ]
    if (rows.length > 0) await telemetry.append({ id: uuidv7(now, randomBytes(10)), table: 'findings', ...encodeRows(TABLES.findings, rows) })
    open.set(cluster, gaps)
    if (gaps.size === 0 && before.size === 0) return
    await alerts.report(
      REPORTER,
      cluster,
      [...gaps.values()].map(({ check, key, severity, message, since, value }) => ({
        labels: { alertname: check, capability: 'audit', cluster, user: '', ...(key === '' ? {} : { source: key }) },
        severity,
        annotations: { summary: message },
        value,
        activeSince: since,
        path: '/audit',
      })),
    )
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(EVERY_MS, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      for (const cluster of clusters()) await look(cluster).catch(onError)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await loop
    },
  }
}

function findingRow(cluster: string, { check, severity, key, message, since, value }: Gap, state: 'open' | 'cleared', now: number): Row {
  const subject = { kind: 'Cluster', namespace: '', name: cluster, uid: cluster }
  return {
    ts: now,
    cluster,
    fingerprint: new Uint8Array(createHash('sha256').update(fingerprintInput({ check, cluster, subject, key })).digest()),
    check_id: check,
    severity,
    state,
    ...subject,
    key,
    since,
    message,
    evidence: JSON.stringify([{ name: 'events', value, at: now, source: key || 'audit' }]),
    fix: '',
  }
}
