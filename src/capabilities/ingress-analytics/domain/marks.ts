/** Moments worth a mark on the charts. Pure. */
import { changePoints, withoutSeason } from '#core/stats/change-points.ts'
import type { Mark } from './api.ts'
import { type MeasureName, numberOf, type Totals } from './measures.ts'
import type { Range } from './queries.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const DAY = 86_400_000
const MOST = 100

/** Counters only: they are cheap over any range, and medians of windows do the rest. */
export const MARK_MEASURES: readonly MeasureName[] = ['requests', 's1xx', 's2xx', 's3xx', 's4xx', 's5xx', 's499', 'timed', 'time_sum']

/** Fine enough that the curve of a day bends slowly (up to three days), by the hour beyond, where days are taken out. */
export function markStep({ from, to }: Range): number {
  const steps = [5000, 10_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE]
  return to - from > 3 * DAY ? HOUR * Math.ceil((to - from) / HOUR / 800) : (steps.find((step) => (to - from) / step <= 432) ?? 10 * MINUTE)
}

const WATCHED = [
  { what: 'requests', number: 'qps', scale: 'sqrt', step: 0, daily: true },
  { what: 'error_rate', number: 'error_rate', scale: 'asin', step: 0.005, daily: false },
  { what: 'mean', number: 'mean', scale: 'log', step: 0.005, daily: true },
] as const

/** Where requests per second, the share of errors or the mean time jumped. Buckets that are not over yet do not count. */
export function changeMarks(buckets: ReadonlyMap<number, Totals>, range: Range, step: number, now: number): Mark[] {
  const ts: number[] = []
  for (let at = range.from; at < range.to && at + step <= now; at += step) ts.push(at)
  return WATCHED.flatMap(({ what, number, scale, step: least, daily }) => {
    const values = ts.map((at) => {
      const totals = buckets.get(at)
      return totals ? numberOf(number, totals, step / 1000) : null
    })
    const level = daily && DAY % step === 0 ? withoutSeason(values, DAY / step) : values
    return changePoints(level, { scale, step: least }).map(({ index, before, after }): Mark => ({ ts: ts[index]!, kind: 'change', what, before, after }))
  })
}

interface Rows {
  rows: readonly (readonly unknown[])[]
}

/** Rows of `ts` (ms), rule, state, namespace, labels as marks. */
export const alertMarks = ({ rows }: Rows): Mark[] => rows.map(([ts, rule, state]) => ({ ts: Number(ts), kind: 'alert', what: `${rule} ${state}` }))

/** Rows of `ts` (ms), user, verb, resource, name as marks. */
export const settingMarks = ({ rows }: Rows): Mark[] =>
  rows.map(([ts, user, verb, resource, name]) => ({ ts: Number(ts), kind: 'settings', what: [user, verb, resource, name].filter(Boolean).join(' ') }))

/** All marks by time; when there are too many, the latest of each kind. */
export function joinMarks(...lists: readonly Mark[][]): Mark[] {
  return lists.flatMap((list) => list.sort((a, b) => b.ts - a.ts).slice(0, MOST)).sort((a, b) => a.ts - b.ts)
}
