/**
 * What alerting remembers, as rows of the table `alerts`: one per alert that began or ended and per delivery, and the state of alerting itself: whole in rows
 * with state `snapshot`, and what has changed since in rows with state `change`.
 */
import { z } from 'zod'
import { fingerprint } from '#core/alerting/fingerprint.ts'
import type { AlertingState, Labels, Outgoing, TrackedAlert } from '#core/alerting/types.ts'
import type { Delivery } from '#core/shapes/ports/notifier.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'

export interface AlertingSnapshot {
  state: AlertingState
  /** Reporter and cluster → fingerprints of what it said last. */
  reports: Readonly<Record<string, readonly string[]>>
}

/** Rows for alerts that began or ended between two states. */
export function changeRows(before: AlertingState, after: AlertingState, now: number): Row[] {
  const rows: Row[] = []
  const fires = (alert: TrackedAlert | undefined) => alert !== undefined && alert.endsAt === undefined
  for (const [id, alert] of Object.entries(after.alerts)) {
    if (fires(alert) && !fires(before.alerts[id])) rows.push(alertRow(alert, 'firing', now, { annotations: JSON.stringify(alert.annotations) }))
  }
  for (const [id, alert] of Object.entries(before.alerts)) {
    if (fires(alert) && !fires(after.alerts[id])) rows.push(alertRow(alert, 'resolved', now, { annotations: JSON.stringify(alert.annotations) }))
  }
  return rows
}

/** A row per alert of a message: who was told, or why not. */
export function deliveryRows({ notification, receipt }: Outgoing, delivery: Delivery, attempts: number, now: number): Row[] {
  const outcome = { groupKey: receipt.groupKey, attempts, ...(delivery.delivered ? {} : { reason: delivery.reason }) }
  return notification.alerts.map((alert) =>
    alertRow({ ...alert, activeSince: alert.startsAt }, delivery.delivered ? 'notified' : 'failed', now, {
      receiver: notification.receiver,
      annotations: JSON.stringify({ status: alert.status, ...outcome }),
    }),
  )
}

/** Entries of the three parts of a snapshot that changed; null: gone. */
type Changes = Partial<Record<Part, Record<string, unknown>>>
type Part = 'alerts' | 'groups' | 'reports'

/** Timers, texts and numbers that merely move are no change. A group whose timer was lost looks earlier whether there is something to say, and says no more. */
const essence = (entry: unknown) => JSON.stringify(entry, (key, value) => (key === 'value' || key === 'annotations' || key === 'nextAt' ? undefined : value))

/** Changes in a row of their own until they are as long as the state; then it is written whole. */
const LONGEST_LOG = 64 * 1024

export interface StateLog {
  /** The row that makes the stored state this one, undefined when it is this already. Call `written` once it is stored. */
  row(snapshot: AlertingSnapshot, now: number): { row: Row; written(): void } | undefined
}

/** Writes as much as changed, whatever stands besides it: a storm of alerts costs what each of them costs. */
export function createStateLog(): StateLog {
  let saved: Record<Part, ReadonlyMap<string, string>> | undefined
  let length = 0
  let wholeLength = 0

  return {
    row({ state, reports }, now) {
      const parts = { alerts: state.alerts, groups: state.groups, reports }
      const next = { alerts: new Map<string, string>(), groups: new Map<string, string>(), reports: new Map<string, string>() }
      const changes: Changes = {}
      for (const part of ['alerts', 'groups', 'reports'] as const) {
        const before = saved?.[part]
        const changed: Record<string, unknown> = {}
        for (const [key, entry] of Object.entries(parts[part])) {
          const text = essence(entry)
          next[part].set(key, text)
          if (before?.get(key) !== text) changed[key] = entry
        }
        for (const key of before?.keys() ?? []) if (!next[part].has(key)) changed[key] = null
        if (Object.keys(changed).length > 0) changes[part] = changed
      }
      if (saved !== undefined && Object.keys(changes).length === 0) return undefined
      const isWhole = saved === undefined || length > Math.max(LONGEST_LOG, wholeLength)
      const annotations = JSON.stringify(isWhole ? { state, reports } : changes)
      return {
        row: { ts: now, state: isWhole ? 'snapshot' : 'change', annotations },
        written() {
          saved = next
          length = isWhole ? 0 : length + annotations.length
          if (isWhole) wholeLength = annotations.length
        },
      }
    },
  }
}

/** The latest state, or undefined when there is none. */
export async function readSnapshot(telemetry: Telemetry): Promise<AlertingSnapshot | undefined> {
  const { rows } = await telemetry.query({
    sql: `SELECT state, annotations FROM alerts WHERE state IN ('snapshot', 'change')
      AND ts >= (SELECT max(ts) FROM alerts WHERE state = 'snapshot') ORDER BY ts`,
    scope: 'all',
    lane: 'rules',
  })
  let latest: Record<Part, Record<string, unknown>> | undefined
  for (const [kind, text] of rows as [string, string][]) {
    const row = JSON.parse(text) as { state?: Record<string, unknown> } & Changes
    if (kind === 'snapshot') latest = { ...(row.state as { alerts: Record<string, unknown>; groups: Record<string, unknown> }), reports: row.reports ?? {} }
    else if (latest)
      for (const part of ['alerts', 'groups', 'reports'] as const)
        for (const [key, entry] of Object.entries(row[part] ?? {})) {
          if (entry === null) delete latest[part][key]
          else latest[part][key] = entry
        }
  }
  return latest && snapshotSchema.parse({ state: { alerts: latest.alerts, groups: latest.groups }, reports: latest.reports })
}

const labels = z.record(z.string(), z.string())
const ids = z.array(z.string())
/** As it was written; NaN and infinities became null on the way. */
const snapshotSchema = z.object({
  state: z.object({
    alerts: z.record(
      z.string(),
      z.object({
        labels,
        severity: z.enum(['advice', 'warning', 'error', 'critical']),
        annotations: labels,
        value: z
          .number()
          .nullish()
          .transform((value) => value ?? undefined),
        activeSince: z.number(),
        link: z.string().optional(),
        endsAt: z.number().optional(),
      }),
    ),
    groups: z.record(
      z.string(),
      z.object({
        labels,
        alerts: ids,
        nextAt: z.number(),
        told: z.record(z.string(), z.object({ at: z.number().optional(), firing: ids, attempted: ids })),
      }),
    ),
  }),
  reports: z.record(z.string(), ids),
})

interface RecordedAlert {
  labels: Labels
  severity: string
  value?: number
  activeSince: number
}

function alertRow(alert: RecordedAlert, state: string, now: number, more: Row): Row {
  return {
    ts: now,
    cluster: alert.labels.cluster ?? '',
    fingerprint: Uint8Array.from(Buffer.from(fingerprint(alert.labels), 'hex')),
    rule: alert.labels.alertname ?? '',
    state,
    severity: alert.severity,
    namespace: alert.labels.namespace ?? '',
    value: alert.value,
    active_since: alert.activeSince,
    labels: alert.labels,
    ...more,
  }
}
