/** When an alert would have fired in the stored past: its expression over a range, then the same steps as in operation. Pure. */
import { CodedError } from '#core/kernel/errors.ts'
import type { Answer } from '#core/promql/evaluate.ts'
import { labelsObject, labelsOf } from '#core/promql/labels.ts'
import { timeAt } from '#core/promql/value.ts'
import type { AlertingRule } from './read.ts'
import { type Alert, stepAlerts } from './step.ts'

export interface Episode {
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** ms since the epoch; `endedAt` is missing where it still fires at the end of the range. */
  activeAt: number
  firedAt: number
  endedAt?: number
}
export interface Backtest {
  alert: string
  group: string
  episodes: readonly Episode[]
  /** Times at which it was pending and did not fire. */
  pendingOnly: number
  error?: string
  /** Selectors of the expression that match no series at all: the rule can never fire through them. */
  unmatched: readonly string[]
}

/** Episodes of one rule. @param answer of its expression over a range */
export function episodesOf(rule: AlertingRule, { value, grid }: Answer, limit: number): { episodes: Episode[]; pendingOnly: number; error?: string } {
  let alerts: ReadonlyMap<string, Alert> = new Map()
  const open = new Map<string, Episode>()
  const episodes: Episode[] = []
  let pendingOnly = 0
  for (let i = 0; i < grid.n; i++) {
    const at = timeAt(grid, i)
    const found =
      value.type === 'scalar'
        ? [{ labels: labelsOf([]), value: value.values[i]! }]
        : value.type === 'vector'
          ? value.series.flatMap((one) => (one.kind[i] === 0 ? [] : [{ labels: one.labels, value: one.kind[i] === 1 ? one.values[i]! : one.histograms![i]! }]))
          : []
    let next: ReadonlyMap<string, Alert>
    try {
      next = stepAlerts(rule, alerts, found, at, limit)
    } catch (error) {
      if (error instanceof CodedError) return { episodes, pendingOnly, error: String(error.details.reason) }
      throw error
    }
    for (const [key, { state, labels, annotations, activeAt, firedAt }] of next) {
      if (state === 'firing' && !open.has(key)) {
        const episode = { labels: labelsObject(labels), annotations, activeAt, firedAt: firedAt ?? at }
        open.set(key, episode)
        episodes.push(episode)
      }
      if (state !== 'firing' && open.has(key)) {
        open.get(key)!.endedAt = at
        open.delete(key)
      }
    }
    for (const [key, { state }] of alerts) if (state === 'pending' && !next.has(key)) pendingOnly++
    alerts = next
  }
  return { episodes, pendingOnly }
}
