/** What is counted, once: how each measure comes out of raw rows, out of roll-ups, and which number is made of which. */
import { enoughFor } from '#core/stats/sketch.ts'
import type { Latency, Stats, TopRow } from './api.ts'
import type { NumberName } from './dimensions.ts'

/** Levels of the quantile states, in their order; the first argument of quantilesDD is the relative accuracy. */
export const LEVELS = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999] as const
const DD = `0.01, ${LEVELS.join(', ')}`

interface Measure {
  /** Over rows of `access`. */
  raw: string
  /** Over rows of `access_1m`, `access_1h`. */
  rollup: string
  /** Over rows of `access`, as a value that `rollup` can go on with; left out: `raw` can. */
  state?: string
}

const sum = (name: string, raw: string): Measure => ({ raw, rollup: `sum(${name})` })
const timed = 'NOT isNaN(request_time)'
const upstreamTimed = 'NOT isNaN(upstream_time)'
const statusClass = (digit: number) => sum(`s${digit}xx`, `countIf(intDiv(status, 100) = ${digit})`)
const statusCount = (status: number) => sum(`s${status}`, `countIf(status = ${status})`)

export const MEASURES = {
  requests: sum('requests', 'count()'),
  bytes_in: sum('bytes_in', 'sum(bytes_in)'),
  bytes_out: sum('bytes_out', 'sum(bytes_out)'),
  s1xx: statusClass(1),
  s2xx: statusClass(2),
  s3xx: statusClass(3),
  s4xx: statusClass(4),
  s5xx: statusClass(5),
  s499: statusCount(499),
  s502: statusCount(502),
  s503: statusCount(503),
  s504: statusCount(504),
  timed: sum('timed', `countIf(${timed})`),
  time_sum: sum('time_sum', `sumIf(toFloat64(request_time), ${timed})`),
  time_max: { raw: `maxIf(request_time, ${timed})`, rollup: 'max(time_max)' },
  time_q: {
    raw: `quantilesDDIf(${DD})(request_time, ${timed})`,
    rollup: `quantilesDDMerge(${DD})(time_q)`,
    state: `quantilesDDStateIf(${DD})(request_time, ${timed})`,
  },
  upstream_timed: sum('upstream_timed', `countIf(${upstreamTimed})`),
  upstream_sum: sum('upstream_sum', `sumIf(toFloat64(upstream_time), ${upstreamTimed})`),
  upstream_q: {
    raw: `quantilesDDIf(${DD})(upstream_time, ${upstreamTimed})`,
    rollup: `quantilesDDMerge(${DD})(upstream_q)`,
    state: `quantilesDDStateIf(${DD})(upstream_time, ${upstreamTimed})`,
  },
  visitors: { raw: 'uniqCombined(17)(client)', rollup: 'uniqCombinedMerge(12)(clients)', state: 'uniqCombinedState(12)(client)' },
} as const satisfies Record<string, Measure>

export type MeasureName = keyof typeof MEASURES
export const ALL_MEASURES = Object.keys(MEASURES) as MeasureName[]
/** Column of the roll-ups that holds a measure. */
export const rollupColumn = (name: MeasureName): string => (name === 'visitors' ? 'clients' : name)

const quantile = (state: 'time_q' | 'upstream_q', level: (typeof LEVELS)[number]) => `${state}[${LEVELS.indexOf(level) + 1}]`

/** Each number: the measures it needs, and its SQL over them (for ordering). */
export const NUMBER_SQL: Record<NumberName, { needs: readonly MeasureName[]; sql: string; quantile?: number }> = {
  requests: { needs: ['requests'], sql: 'requests' },
  qps: { needs: ['requests'], sql: 'requests' },
  visitors: { needs: ['visitors'], sql: 'visitors' },
  success_rate: { needs: ['requests', 's1xx', 's2xx', 's3xx', 's4xx', 's499'], sql: '(s1xx + s2xx + s3xx + s4xx - s499) / requests' },
  error_rate: { needs: ['requests', 's1xx', 's2xx', 's3xx', 's4xx', 's499'], sql: '1 - (s1xx + s2xx + s3xx + s4xx - s499) / requests' },
  rate_4xx: { needs: ['requests', 's4xx'], sql: 's4xx / requests' },
  rate_5xx: { needs: ['requests', 's5xx'], sql: 's5xx / requests' },
  bytes_in: { needs: ['bytes_in'], sql: 'bytes_in' },
  bytes_out: { needs: ['bytes_out'], sql: 'bytes_out' },
  mean: { needs: ['timed', 'time_sum'], sql: 'time_sum / timed' },
  p50: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.5), quantile: 0.5 },
  p90: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.9), quantile: 0.9 },
  p95: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.95), quantile: 0.95 },
  p99: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.99), quantile: 0.99 },
  p999: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.999), quantile: 0.999 },
  p9999: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.9999), quantile: 0.9999 },
  max: { needs: ['timed', 'time_max'], sql: 'if(timed = 0, nan, time_max)' },
  upstream_mean: { needs: ['upstream_timed', 'upstream_sum'], sql: 'upstream_sum / upstream_timed' },
  upstream_p50: { needs: ['upstream_timed', 'upstream_q'], sql: quantile('upstream_q', 0.5), quantile: 0.5 },
  upstream_p99: { needs: ['upstream_timed', 'upstream_q'], sql: quantile('upstream_q', 0.99), quantile: 0.99 },
  s499: { needs: ['s499'], sql: 's499' },
  s502: { needs: ['s502'], sql: 's502' },
  s503: { needs: ['s503'], sql: 's503' },
  s504: { needs: ['s504'], sql: 's504' },
}

/** Measures of one group as they came back; those that were not asked for are 0 or empty. */
export interface Totals extends Record<Exclude<MeasureName, 'time_q' | 'upstream_q'>, number> {
  time_q: readonly (number | null)[]
  upstream_q: readonly (number | null)[]
}

/** Reads measures out of a result row; `columns` are the names of its cells. */
export function readTotals(columns: readonly string[], row: readonly unknown[]): Totals {
  const totals: Record<string, unknown> = { time_q: [], upstream_q: [] }
  for (const name of ALL_MEASURES) {
    const cell = row[columns.indexOf(name)]
    if (name === 'time_q' || name === 'upstream_q') totals[name] = Array.isArray(cell) ? cell.map((v) => (v === null ? null : Number(v))) : []
    else totals[name] = Number(cell ?? 0)
  }
  return totals as unknown as Totals
}

/** Nothing was counted. */
export const NO_TOTALS: Totals = readTotals([], [])

const latency = (timed: number, value: number): Latency => (timed === 0 ? { missing: 'none' } : value)

function quantileOf(timed: number, values: readonly (number | null)[], level: (typeof LEVELS)[number]): Latency {
  if (timed === 0) return { missing: 'none' }
  const value = values[LEVELS.indexOf(level)]
  if (!enoughFor(level, timed)) return { missing: 'few', needs: Math.ceil(1 / (1 - level) - 1e-6) }
  return value === null || value === undefined ? { missing: 'none' } : value
}

const success = (t: Totals) => t.s1xx + t.s2xx + t.s3xx + t.s4xx - t.s499
const share = (part: number, all: number) => (all === 0 ? null : part / all)

/** @param seconds length of the period, for rates */
export const statsOf = (t: Totals, seconds: number): Stats => ({
  requests: t.requests,
  visitors: t.visitors,
  qps: t.requests / seconds,
  success_rate: share(success(t), t.requests),
  error_rate: share(t.requests - success(t), t.requests),
  classes: { '1xx': t.s1xx, '2xx': t.s2xx, '3xx': t.s3xx, '4xx': t.s4xx, '5xx': t.s5xx },
  s499: t.s499,
  s502: t.s502,
  s503: t.s503,
  s504: t.s504,
  bytes_in: t.bytes_in,
  bytes_out: t.bytes_out,
  latency: {
    mean: latency(t.timed, t.time_sum / t.timed),
    p50: quantileOf(t.timed, t.time_q, 0.5),
    p90: quantileOf(t.timed, t.time_q, 0.9),
    p95: quantileOf(t.timed, t.time_q, 0.95),
    p99: quantileOf(t.timed, t.time_q, 0.99),
    p999: quantileOf(t.timed, t.time_q, 0.999),
    p9999: quantileOf(t.timed, t.time_q, 0.9999),
    max: latency(t.timed, t.time_max),
  },
  upstream: {
    mean: latency(t.upstream_timed, t.upstream_sum / t.upstream_timed),
    p50: quantileOf(t.upstream_timed, t.upstream_q, 0.5),
    p90: quantileOf(t.upstream_timed, t.upstream_q, 0.9),
    p95: quantileOf(t.upstream_timed, t.upstream_q, 0.95),
    p99: quantileOf(t.upstream_timed, t.upstream_q, 0.99),
    p999: quantileOf(t.upstream_timed, t.upstream_q, 0.999),
    p9999: quantileOf(t.upstream_timed, t.upstream_q, 0.9999),
  },
})

/** @param all requests of all keys, for `share` */
export function topRowOf(key: string, t: Totals, seconds: number, all: number): TopRow {
  const { latency: l, upstream, classes, error_rate: _, ...rest } = statsOf(t, seconds)
  return {
    key,
    ...rest,
    share: all === 0 ? 0 : t.requests / all,
    rate_4xx: classes['4xx'] / Math.max(1, t.requests),
    rate_5xx: classes['5xx'] / Math.max(1, t.requests),
    ...l,
    upstream_mean: upstream.mean,
    upstream_p50: upstream.p50,
    upstream_p99: upstream.p99,
  }
}

/** One number out of the measures, or null when there is none (no requests, nothing timed, too few for the quantile). */
export function numberOf(name: NumberName, t: Totals, seconds: number): number | null {
  if (name === 'error_rate') return share(t.requests - success(t), t.requests)
  if (t.requests === 0 && (name === 'rate_4xx' || name === 'rate_5xx')) return null
  const value = topRowOf('', t, seconds, t.requests)[name]
  return typeof value === 'number' ? value : null
}
