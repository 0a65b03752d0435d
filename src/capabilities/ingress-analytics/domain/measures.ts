/** What is counted, once: how each measure comes out of raw rows, out of roll-ups, and which number is made of which. */
import { enoughFor } from '#core/stats/sketch.ts'
import type { Latency, Stats, TopRow } from './api.ts'
import type { NumberName } from './dimensions.ts'

/** Levels of the quantile states, in their order; the first argument of quantilesDD is the relative accuracy. */
export const LEVELS = [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999] as const
const DD = `0.01, ${LEVELS.join(', ')}`

export const ALL_MEASURES = [
  'requests',
  'bytes_in',
  'bytes_out',
  's1xx',
  's2xx',
  's3xx',
  's4xx',
  's5xx',
  's499',
  's502',
  's503',
  's504',
  'timed',
  'time_sum',
  'time_max',
  'time_q',
  'upstream_timed',
  'upstream_sum',
  'upstream_q',
  'visitors',
] as const
export type MeasureName = (typeof ALL_MEASURES)[number]

interface Measure {
  /** Over rows of `access`. */
  raw: string
  /** Over rows of `access`, as a value that `merge` can go on with; left out: `raw` is one. */
  state?: string
  /** Over such values, in a column. */
  merge(column: string): string
  /** Column of the roll-ups that holds such values, when it has another name. */
  column?: string
}

/** Sketches hold microseconds, see the table's definition. */
const micros = (column: string) => `toFloat32(${column} * 1000000)`

const sum = (raw: string): Measure => ({ raw, merge: (column) => `sum(${column})` })
const timed = 'NOT isNaN(request_time)'
const upstreamTimed = 'NOT isNaN(upstream_time)'
const statusClass = (digit: number) => sum(`countIf(intDiv(status, 100) = ${digit})`)
const statusCount = (status: number) => sum(`countIf(status = ${status})`)

const MEASURES: Record<MeasureName, Measure> = {
  requests: sum('count()'),
  bytes_in: sum('sum(bytes_in)'),
  bytes_out: sum('sum(bytes_out)'),
  s1xx: statusClass(1),
  s2xx: statusClass(2),
  s3xx: statusClass(3),
  s4xx: statusClass(4),
  s5xx: statusClass(5),
  s499: statusCount(499),
  s502: statusCount(502),
  s503: statusCount(503),
  s504: statusCount(504),
  timed: sum(`countIf(${timed})`),
  time_sum: sum(`sumIf(toFloat64(request_time), ${timed})`),
  time_max: { raw: `maxIf(request_time, ${timed})`, merge: (column) => `max(${column})` },
  time_q: {
    raw: `quantilesDDIf(${DD})(${micros('request_time')}, ${timed})`,
    state: `quantilesDDStateIf(${DD})(${micros('request_time')}, ${timed})`,
    merge: (column) => `quantilesDDMerge(${DD})(${column})`,
  },
  upstream_timed: sum(`countIf(${upstreamTimed})`),
  upstream_sum: sum(`sumIf(toFloat64(upstream_time), ${upstreamTimed})`),
  upstream_q: {
    raw: `quantilesDDIf(${DD})(${micros('upstream_time')}, ${upstreamTimed})`,
    state: `quantilesDDStateIf(${DD})(${micros('upstream_time')}, ${upstreamTimed})`,
    merge: (column) => `quantilesDDMerge(${DD})(${column})`,
  },
  visitors: {
    raw: 'uniqCombined(17)(client)',
    state: 'uniqCombinedState(12)(xxHash32(client))',
    merge: (column) => `uniqCombinedMerge(12)(${column})`,
    column: 'clients',
  },
}

/** Name of a measure in results; not that of a column, which the name of an aggregate would hide. */
export const alias = (name: MeasureName) => `m_${name}`

/** The measure over rows of `access`, of a roll-up, or of a column of states that `stateOf` made. */
export const overRaw = (name: MeasureName) => `${MEASURES[name].raw} AS ${alias(name)}`
export const overRollup = (name: MeasureName) => `${MEASURES[name].merge(rollupColumn(name))} AS ${alias(name)}`
export const overStates = (name: MeasureName) => `${MEASURES[name].merge(`c_${name}`)} AS ${alias(name)}`
/** The measure as a state: of many rows of `access`, or of each row of a roll-up. */
export const stateOf = (name: MeasureName, raw: boolean) => `${raw ? (MEASURES[name].state ?? MEASURES[name].raw) : rollupColumn(name)} AS c_${name}`

const rollupColumn = (name: MeasureName) => MEASURES[name].column ?? name

const quantile = (state: 'time_q' | 'upstream_q', level: (typeof LEVELS)[number]) => `m_${state}[${LEVELS.indexOf(level) + 1}]`

/** Each number: the measures it needs, and its SQL over them (for ordering). */
export const NUMBER_SQL: Record<NumberName, { needs: readonly MeasureName[]; sql: string; quantile?: number }> = {
  requests: { needs: ['requests'], sql: 'm_requests' },
  qps: { needs: ['requests'], sql: 'm_requests' },
  visitors: { needs: ['visitors'], sql: 'm_visitors' },
  success_rate: { needs: ['requests', 's1xx', 's2xx', 's3xx', 's4xx', 's499'], sql: '(m_s1xx + m_s2xx + m_s3xx + m_s4xx - m_s499) / m_requests' },
  error_rate: { needs: ['requests', 's1xx', 's2xx', 's3xx', 's4xx', 's499'], sql: '1 - (m_s1xx + m_s2xx + m_s3xx + m_s4xx - m_s499) / m_requests' },
  rate_4xx: { needs: ['requests', 's4xx'], sql: 'm_s4xx / m_requests' },
  rate_5xx: { needs: ['requests', 's5xx'], sql: 'm_s5xx / m_requests' },
  bytes_in: { needs: ['bytes_in'], sql: 'm_bytes_in' },
  bytes_out: { needs: ['bytes_out'], sql: 'm_bytes_out' },
  mean: { needs: ['timed', 'time_sum'], sql: 'm_time_sum / m_timed' },
  p50: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.5), quantile: 0.5 },
  p90: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.9), quantile: 0.9 },
  p95: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.95), quantile: 0.95 },
  p99: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.99), quantile: 0.99 },
  p999: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.999), quantile: 0.999 },
  p9999: { needs: ['timed', 'time_q'], sql: quantile('time_q', 0.9999), quantile: 0.9999 },
  max: { needs: ['timed', 'time_max'], sql: 'if(m_timed = 0, nan, m_time_max)' },
  upstream_mean: { needs: ['upstream_timed', 'upstream_sum'], sql: 'm_upstream_sum / m_upstream_timed' },
  upstream_p50: { needs: ['upstream_timed', 'upstream_q'], sql: quantile('upstream_q', 0.5), quantile: 0.5 },
  upstream_p99: { needs: ['upstream_timed', 'upstream_q'], sql: quantile('upstream_q', 0.99), quantile: 0.99 },
  s499: { needs: ['s499'], sql: 'm_s499' },
  s502: { needs: ['s502'], sql: 'm_s502' },
  s503: { needs: ['s503'], sql: 'm_s503' },
  s504: { needs: ['s504'], sql: 'm_s504' },
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
    const cell = row[columns.indexOf(alias(name))]
    if (name === 'time_q' || name === 'upstream_q') totals[name] = Array.isArray(cell) ? cell.map((v) => (v === null ? null : Number(v) / 1e6)) : []
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
