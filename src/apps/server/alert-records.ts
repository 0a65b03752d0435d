/** What alerting remembers, as rows of the table `alerts`: one per change and delivery, and the whole state in rows with state `snapshot`. */
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

export const snapshotRow = (snapshot: AlertingSnapshot, now: number): Row => ({ ts: now, state: 'snapshot', annotations: JSON.stringify(snapshot) })

/** The latest snapshot, or undefined when there is none. */
export async function readSnapshot(telemetry: Telemetry): Promise<AlertingSnapshot | undefined> {
  const { rows } = await telemetry.query({
    sql: "SELECT annotations FROM alerts WHERE state = 'snapshot' ORDER BY ts DESC LIMIT 1",
    scope: 'all',
    lane: 'rules',
  })
  const text = rows[0]?.[0]
  return typeof text === 'string' ? snapshotSchema.parse(JSON.parse(text)) : undefined
}

const labels = z.record(z.string(), z.string())
const ids = z.array(z.string())
/** As written by `snapshotRow`; NaN and infinities became null on the way. */
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
