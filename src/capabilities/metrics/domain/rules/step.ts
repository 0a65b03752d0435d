/** One evaluation of one rule: what becomes of its alerts and which samples it leaves. As Prometheus does it (rules/alerting.go describes it best). Pure. */

import type { Answer } from '#core/promql/evaluate.ts'
import { evalError } from '#core/promql/failure.ts'
import type { Histogram } from '#core/promql/histogram/histogram.ts'
import { dropMeta, type Labels, labelsObject, labelsOf, withLabels } from '#core/promql/labels.ts'
import type { AlertingRule, RecordingRule, Rule } from './read.ts'
import { expandTemplate } from './template.ts'

export interface Alert {
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly value: number
  readonly state: 'pending' | 'firing' | 'inactive'
  /** ms */
  readonly activeAt: number
  readonly firedAt?: number
  readonly resolvedAt?: number
  readonly keepFiringSince?: number
}
/** By `labels.key`. */
export type Alerts = ReadonlyMap<string, Alert>

export interface OutSample {
  labels: Labels
  value: number | Histogram
}

/** Resolved alerts are remembered so long, so that everybody is told. */
const RESOLVED_MS = 15 * 60_000

interface Found {
  labels: Labels
  value: number | Histogram
}

/** Samples of an instant answer; a scalar is one without labels. */
export function foundIn({ value }: Answer): Found[] {
  if (value.type === 'scalar') return [{ labels: labelsOf([]), value: value.values[0]! }]
  if (value.type !== 'vector') throw evalError('a rule needs an instant vector or a scalar')
  return value.series.flatMap(({ labels, kind, values, histograms }) =>
    kind[0] === 0 ? [] : [{ labels, value: kind[0] === 1 ? values[0]! : histograms![0]! }],
  )
}

/** Samples of a recording rule. Throws PROMQL_FAILED when two would have the same labels, or there are more than the limit. */
export function recorded(rule: RecordingRule, found: readonly Found[], limit: number): OutSample[] {
  const out = found.map(({ labels, value }) => ({ labels: withLabels(labels, [['__name__', rule.record], ...Object.entries(rule.labels)]), value }))
  if (new Set(out.map(({ labels }) => labels.key)).size < out.length)
    throw evalError('vector contains metrics with the same labelset after applying rule labels')
  if (limit > 0 && out.length > limit) throw evalError(`exceeded limit of ${limit} with ${out.length} series`)
  return out
}

/** The alerts after an evaluation at `at` (ms). Throws PROMQL_FAILED like `recorded`. */
export function stepAlerts(rule: AlertingRule, before: Alerts, found: readonly Found[], at: number, limit: number): Map<string, Alert> {
  const after = new Map<string, Alert>()
  for (const { labels, value } of found) {
    const number = typeof value === 'number' ? value : value.sum
    const data = { labels: labelsObject(labels), value: number }
    const expand = (texts: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, expandTemplate(text, data)]))
    const own = withLabels(dropMeta(labels), [...Object.entries(expand(rule.labels)), ['alertname', rule.alert]])
    if (after.has(own.key)) throw evalError('vector contains metrics with the same labelset after applying alert labels')
    const known = before.get(own.key)
    const going = known !== undefined && known.state !== 'inactive'
    const activeAt = going ? known.activeAt : at
    const firing = going && known.state === 'firing' ? true : at - activeAt >= rule.for
    const firedAt = going && known.state === 'firing' ? known.firedAt : firing ? at : undefined
    const annotations = expand(rule.annotations)
    after.set(own.key, {
      labels: own,
      annotations,
      value: number,
      state: firing ? 'firing' : 'pending',
      activeAt,
      ...(firedAt === undefined ? {} : { firedAt }),
    })
  }
  for (const [key, alert] of before) {
    if (after.has(key)) continue
    const kept = alert.state === 'firing' && rule.keepFiringFor > 0 && at - (alert.keepFiringSince ?? at) < rule.keepFiringFor
    if (kept) after.set(key, { ...alert, keepFiringSince: alert.keepFiringSince ?? at })
    else if (alert.state === 'firing') after.set(key, { ...alert, state: 'inactive', resolvedAt: at })
    else if (alert.state === 'inactive' && at - alert.resolvedAt! <= RESOLVED_MS) after.set(key, alert)
  }
  const active = [...after.values()].filter(({ state }) => state !== 'inactive').length
  if (limit > 0 && active > limit) throw evalError(`exceeded limit of ${limit} with ${active} alerts`)
  return after
}

/** The series `ALERTS` and `ALERTS_FOR_STATE` that speak of alerts. */
export function alertSamples(alerts: Alerts): OutSample[] {
  return [...alerts.values()].flatMap(({ labels, state, activeAt }) =>
    state === 'inactive'
      ? []
      : [
          {
            labels: withLabels(labels, [
              ['__name__', 'ALERTS'],
              ['alertstate', state],
            ]),
            value: 1,
          },
          { labels: withLabels(labels, [['__name__', 'ALERTS_FOR_STATE']]), value: activeAt / 1000 },
        ],
  )
}

/** Alerts that wait less than this begin to wait anew after a restart; the others get at least so long, so that somebody can see that it is over. */
export const GRACE_MS = 10 * 60_000

/** After a restart: an alert that is pending again, with how long it was pending before from its last sample of `ALERTS_FOR_STATE`. */
export function restored(rule: AlertingRule, alert: Alert, stored: { activeAt: number; lastAt: number }, now: number): Alert {
  if (rule.for < GRACE_MS) return alert
  const remaining = rule.for - (stored.lastAt - stored.activeAt)
  if (remaining <= 0) return { ...alert, activeAt: stored.activeAt, state: 'firing', firedAt: now }
  if (remaining < GRACE_MS) return { ...alert, activeAt: now + GRACE_MS - rule.for }
  // Time that nobody looked does not count.
  return { ...alert, activeAt: stored.activeAt + (now - stored.lastAt) }
}

/** Evaluates one rule. `alerts` is what came of the evaluation before. */
export async function stepRule(
  rule: Rule,
  alerts: Alerts,
  { at, limit, ask }: { at: number; limit: number; ask: (text: string) => Promise<Answer> },
): Promise<{ alerts: Map<string, Alert>; samples: OutSample[] }> {
  const found = foundIn(await ask(rule.expr))
  if (rule.kind === 'recording') return { alerts: new Map(), samples: recorded(rule, found, limit) }
  const next = stepAlerts(rule, alerts, found, at, limit)
  return { alerts: next, samples: alertSamples(next) }
}
