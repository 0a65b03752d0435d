/** Questions as SQL: which table, which rows, which measures. Pure; the answers are read back in answers.ts. */
import { ACCESS_PARTITION_HOURS } from '#core/telemetry/tables/access.ts'
import type { Provenance } from './api.ts'
import { DIMENSIONS, type Dimension, type NumberName } from './dimensions.ts'
import { type Filter, filterConditions, type Params } from './filters.ts'
import { ALL_MEASURES, alias, type MeasureName, NUMBER_SQL, overRaw, overRollup, overStates, stateOf } from './measures.ts'

export interface Statement {
  sql: string
  params: Params
}

/** [from, to) in ms since the epoch. */
export interface Range {
  from: number
  to: number
}

type Rollup = 'access_1m' | 'access_5m' | 'access_1h'
export type Source = 'access' | Rollup

/** One stretch of the range and the table that answers for it. */
export interface Part extends Range {
  source: Source
}

export interface Asked {
  cluster: string
  filters: readonly Filter[]
}

const MINUTE = 60_000
const FIVE_MINUTES = 300_000
const HOUR = 3_600_000
const DAY = 86_400_000
const PARTITION = ACCESS_PARTITION_HOURS * HOUR
/** Columns that the roll-ups keep. */
const ROLLED: ReadonlySet<string> = new Set(['route', 'ingress', 'namespace', 'service', 'workload', 'arm', 'host'])
/** Up to this length raw rows alone are as fast, and visitors are counted most exactly. */
const RAW_RANGE = 5 * MINUTE
/** Ends of a range that are older than this are widened to whole minutes (hours): finer rows may be gone. */
const FINE_ENDS = { access: DAY, access_1m: 7 * DAY }
export const MOST_POINTS = 600

const down = (ms: number, unit: number) => Math.floor(ms / unit) * unit
const up = (ms: number, unit: number) => Math.ceil(ms / unit) * unit

export const rollable = (filters: readonly Filter[], by?: string): boolean =>
  filters.every((filter) => ROLLED.has(filter.field)) && (by === undefined || ROLLED.has(by))

/**
 * Cuts a range so that its middle comes from the coarsest table and its ends from finer ones: exact, and few rows to read.
 * @param now for which ends are still to be had finely
 */
export function partsOf(range: Range, rolled: boolean, now: number): Part[] {
  if (!rolled || (range.to - range.from <= RAW_RANGE && now - range.from <= FINE_ENDS.access)) return [{ source: 'access', ...range }]
  const end = (at: number, snap: (ms: number, unit: number) => number) => {
    const minute = now - at > FINE_ENDS.access ? snap(at, MINUTE) : at
    return now - at > FINE_ENDS.access_1m ? snap(at, HOUR) : minute
  }
  const from = end(range.from, down)
  const to = end(range.to, up)
  const minutes = { from: up(from, MINUTE), to: down(to, MINUTE) }
  const hours = { from: up(from, HOUR), to: down(to, HOUR) }
  const middle: Part[] =
    hours.from < hours.to
      ? [
          { source: 'access_1m', from: minutes.from, to: hours.from },
          { source: 'access_1h', ...hours },
          { source: 'access_1m', from: hours.to, to: minutes.to },
        ]
      : [{ source: 'access_1m', ...minutes }]
  return [{ source: 'access' as const, from, to: minutes.from }, ...middle, { source: 'access' as const, from: minutes.to, to }].filter(
    (part) => part.from < part.to,
  )
}

export const coarsest = (parts: readonly Part[]): Provenance['source'] =>
  (['access_1h', 'access_1m', 'access'] as const).find((source) => parts.some((part) => part.source === source)) ?? 'access'

export const spanOf = (parts: readonly Part[]): Range => ({ from: parts[0]!.from, to: parts[parts.length - 1]!.to })

/** Steps that people read well, ms. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000].map((s) => s * 1000)
const DEFAULT_POINTS = 300

/** The step to use: the asked one (rounded up to one that people read well) or about 300 points, never more than 600 points; from two days on whole hours. */
export function stepOf(range: Range, asked?: number): number {
  const length = range.to - range.from
  const least = Math.max(asked ?? length / DEFAULT_POINTS, length / (MOST_POINTS - 1), length > 2 * DAY ? HOUR : 0)
  return STEPS.find((step) => step >= least) ?? up(least, 30 * DAY)
}

/** The coarsest roll-up whose buckets make up those of `step`, which is whole minutes. */
const rollupFor = (step: number): Rollup => (step % HOUR === 0 ? 'access_1h' : step % FIVE_MINUTES === 0 ? 'access_5m' : 'access_1m')

/** The table for buckets of `step`, and the range widened to whole buckets. */
export function seriesPart(range: Range, step: number, rolled: boolean): Part {
  const source: Source = !rolled || step % MINUTE !== 0 ? 'access' : rollupFor(step)
  return { source, from: down(range.from, step), to: up(range.to, step) }
}

/** Conditions on cluster, time and filters for one part. */
function where(part: Part, asked: Asked, params: Params): string {
  params.cluster = asked.cluster
  const at = (ms: number) => {
    const name = `t${Object.keys(params).length}`
    params[name] = part.source === 'access' ? ms : Math.floor(ms / 1000)
    return part.source === 'access' ? `fromUnixTimestamp64Milli({${name}:Int64})` : `toDateTime({${name}:UInt32})`
  }
  return ['cluster = {cluster:String}', `ts >= ${at(part.from)}`, `ts < ${at(part.to)}`, ...filterConditions(asked.filters, params)].join(' AND ')
}

/**
 * Raw rows of a part, for FROM. Of partitions that lie wholly in the range no row is asked for its time: unpacking the times of 10 million rows costs more than
 * counting them.
 */
function rawRows(part: Part, asked: Asked, params: Params, extra = ''): string {
  const more = extra && ` AND ${extra}`
  const whole = { from: up(part.from, PARTITION), to: down(part.to, PARTITION) }
  // Partition ids are compared as text: all of ten digits.
  if (whole.from >= whole.to || whole.from < 1e12) return `access WHERE ${where(part, asked, params)}${more}`
  params.p0 = String(whole.from / 1000)
  params.p1 = String(whole.to / 1000)
  const inside = ['cluster = {cluster:String}', '_partition_id >= {p0:String}', '_partition_id < {p1:String}', ...filterConditions(asked.filters, params)]
  const ends = `${where(part, asked, params)} AND (_partition_id < {p0:String} OR _partition_id >= {p1:String})`
  return `(SELECT * FROM access WHERE ${inside.join(' AND ')}${more} UNION ALL SELECT * FROM access WHERE ${ends}${more})`
}

/** `dimension` as the text that answers carry. */
const keyText = (by: Dimension) => `toString(${by})`

/** Columns and rows from which measures are taken: one table, or several as if they were a roll-up. */
function from(parts: readonly Part[], asked: Asked, params: Params, measures: readonly MeasureName[], key: string | undefined, extra?: string) {
  const condition = (part: Part) => where(part, asked, params) + (extra ? ` AND ${extra}` : '')
  if (parts.length === 1) {
    const part = parts[0]!
    if (part.source !== 'access') return { select: measures.map(overRollup), from: `${part.source} WHERE ${condition(part)}`, key }
    return { select: measures.map(overRaw), from: rawRows(part, asked, params, extra), key }
  }
  const branches = parts.map((part) => {
    const raw = part.source === 'access'
    const columns = [...(key ? [`${key} AS k`] : []), ...measures.map((name) => stateOf(name, raw))]
    return `SELECT ${columns.join(', ')} FROM ${part.source} WHERE ${condition(part)}${raw && key ? ' GROUP BY k' : ''}`
  })
  return { select: measures.map(overStates), from: `(${branches.join(' UNION ALL ')})`, key: key && 'k' }
}

/** Everything about the whole range: one row. */
export function totalsQuery(parts: readonly Part[], asked: Asked, measures: readonly MeasureName[] = ALL_MEASURES): Statement {
  const params: Params = {}
  const source = from(parts, asked, params, measures, undefined)
  return { sql: `SELECT ${source.select.join(', ')} FROM ${source.from}`, params }
}

/** One row per bucket that has rows: `bucket` (ms) and the measures. */
export function seriesQuery(part: Part, step: number, asked: Asked, measures: readonly MeasureName[] = ALL_MEASURES): Statement {
  const params: Params = { step: part.source === 'access' ? step : step / 1000 }
  const source = from([part], asked, params, measures, undefined)
  const bucket =
    part.source === 'access'
      ? 'intDiv(toUnixTimestamp64Milli(ts), {step:Int64}) * {step:Int64}'
      : 'intDiv(toUnixTimestamp(ts), {step:Int64}) * {step:Int64} * 1000'
  return { sql: `SELECT ${bucket} AS bucket, ${source.select.join(', ')} FROM ${source.from} GROUP BY bucket ORDER BY bucket`, params }
}

/**
 * Buckets in which the cluster sent anything at all, whatever the filters: elsewhere nothing is known, and a gap is not zero.
 * Looks at whole minutes or more. One row per bucket: `bucket` (ms).
 */
export function presenceQuery(range: Range, step: number, cluster: string): Statement & { step: number } {
  const unit = Math.max(step, MINUTE)
  const source = rollupFor(unit)
  const params: Params = { step: unit / 1000 }
  const condition = where({ source, from: down(range.from, unit), to: up(range.to, unit) }, { cluster, filters: [] }, params)
  return {
    sql: `SELECT intDiv(toUnixTimestamp(ts), {step:Int64}) * {step:Int64} * 1000 AS bucket FROM ${source} WHERE ${condition} GROUP BY bucket`,
    params,
    step: unit,
  }
}

export interface Ranking {
  by: Dimension
  sort: NumberName
  order: 'asc' | 'desc'
  search?: string
  limit: number
  offset: number
}

/** Dimensions of so many keys that a sketch for each would not fit. */
const MANY_KEYS: ReadonlySet<Dimension> = new Set(['path', 'client', 'user_agent', 'referer'])

/** Dimensions of so few keys that most of them are on the page anyway. */
const FEW_KEYS: ReadonlySet<Dimension> = new Set(['arm', 'method', 'status', 'country', 'ua_family', 'upstream_status', 'protocol', 'tls', 'source'])

/**
 * Over raw rows it is cheaper to count first and to make the sketches of the keys on the page only; those of a few keys are made at once, and states of
 * roll-ups are merged once.
 */
export const ranksFirst = (parts: readonly Part[], by: Dimension): boolean => parts.every((part) => part.source === 'access') && !FEW_KEYS.has(by)

/**
 * The keys in order: `k`, `keys` (how many there are), `everything` (requests of all of them) and the measures: all of them, or where `ranksFirst` those that
 * the order needs. Ranked by a time, only keys with enough requests for it take part: others have no place to be ranked at.
 */
export function rankQuery(parts: readonly Part[], asked: Asked, ranking: Ranking): Statement {
  const { needs, sql } = NUMBER_SQL[ranking.sort]
  const measures = ranksFirst(parts, ranking.by) ? [...new Set<MeasureName>(['requests', ...needs])] : ALL_MEASURES
  const params: Params = { limit: ranking.limit, offset: ranking.offset }
  const key = keyText(ranking.by)
  const conditions: string[] = []
  if (ranking.search) {
    params.search = ranking.search
    conditions.push(`positionCaseInsensitiveUTF8(${key}, {search:String}) > 0`)
  }
  const least = leastTimed(ranking.sort)
  if (least > 2 && MANY_KEYS.has(ranking.by)) {
    // Sketches are made only for keys that can be ranked: a sketch for each of a million clients would not fit.
    params.least = least
    conditions.push(
      `${ranking.by} IN (SELECT ${ranking.by} FROM access WHERE ${where(parts[0]!, asked, params)} GROUP BY ${ranking.by} HAVING count() >= {least:UInt64})`,
    )
  }
  const source = from(parts, asked, params, measures, key, conditions.join(' AND '))
  const timed = needs.find((name) => name === 'timed' || name === 'upstream_timed')
  const having = timed ? ` HAVING ${alias(timed)} >= ${least}` : ''
  const direction = ranking.order === 'asc' ? 'ASC' : 'DESC'
  return {
    sql: `SELECT k, count() OVER () AS keys, sum(${alias('requests')}) OVER () AS everything, ${measures.map(alias).join(', ')}
FROM (SELECT ${source.key} AS k, ${source.select.join(', ')} FROM ${source.from} GROUP BY k${having})
ORDER BY ${sql} ${direction}, k LIMIT {limit:UInt32} OFFSET {offset:UInt32}`,
    params,
  }
}

/** Timed requests that a key needs to have a place in an order by `sort`; 0: every key has one. */
function leastTimed(sort: NumberName): number {
  const { needs, quantile } = NUMBER_SQL[sort]
  if (quantile !== undefined) return Math.ceil(1 / (1 - quantile) - 1e-6)
  return needs.some((name) => name === 'timed' || name === 'upstream_timed') ? 1 : 0
}

/** Are all keys of the filters ranked, so that `everything` is all there is? */
export const ranksAll = (ranking: Pick<Ranking, 'sort' | 'search'>): boolean => !ranking.search && leastTimed(ranking.sort) === 0

/** The measures of given keys: `k` and the measures. */
export function keysQuery(parts: readonly Part[], asked: Asked, by: Dimension, keys: readonly string[]): Statement {
  const number = by === 'status' || by === 'upstream_status'
  const params: Params = { keys: number ? keys.map(Number) : keys }
  const source = from(parts, asked, params, ALL_MEASURES, keyText(by), `${by} IN {keys:Array(${number ? 'UInt16' : 'String'})}`)
  return { sql: `SELECT ${source.key} AS k, ${source.select.join(', ')} FROM ${source.from} GROUP BY k`, params }
}

/** Given measures of the groups with the most requests: `k` and the measures. Without a dimension one row, always. */
export function groupsQuery(parts: readonly Part[], asked: Asked, by: Dimension | undefined, measures: readonly MeasureName[], limit: number): Statement {
  if (by === undefined) {
    const { sql, params } = totalsQuery(parts, asked, measures)
    return { sql: sql.replace('SELECT ', "SELECT '' AS k, "), params }
  }
  const params: Params = { limit }
  const source = from(parts, asked, params, measures, keyText(by))
  return {
    sql: `SELECT ${source.key} AS k, ${source.select.join(', ')} FROM ${source.from} GROUP BY k ORDER BY ${alias('requests')} DESC, k LIMIT {limit:UInt32}`,
    params,
  }
}

/**
 * The measures of every window that ends at a multiple of `step` within the part: `moment` (ms), `k` and the measures. A row counts in each window it lies in,
 * so the window should be few steps long.
 */
export function windowsQuery(
  part: Part,
  window: number,
  step: number,
  asked: Asked,
  by: Dimension | undefined,
  measures: readonly MeasureName[],
  limit: number,
): Statement {
  const params: Params = { limit, window, step, from: part.from, to: part.to }
  const time = part.source === 'access' ? 'toUnixTimestamp64Milli(ts)' : 'toInt64(toUnixTimestamp(ts)) * 1000'
  const condition = where({ ...part, from: part.from - window }, asked, params)
  const key = by === undefined ? "''" : keyText(by)
  const chosen =
    by === undefined
      ? ''
      : ` AND ${by} IN (SELECT ${by} FROM ${part.source} WHERE ${condition} GROUP BY ${by} ORDER BY ${part.source === 'access' ? 'count()' : 'sum(requests)'} DESC LIMIT {limit:UInt32})`
  const select = measures.map(part.source === 'access' ? overRaw : overRollup)
  return {
    sql: `SELECT n * {step:Int64} AS moment, * EXCEPT (n) FROM (SELECT arrayJoin(range(intDiv(${time}, {step:Int64}) + 1, intDiv(${time} + {window:Int64}, {step:Int64}) + 1)) AS n,
${key} AS k, ${select.join(', ')} FROM ${part.source} WHERE ${condition}${chosen} GROUP BY n, k) WHERE n * {step:Int64} > {from:Int64} AND n * {step:Int64} <= {to:Int64} ORDER BY n`,
    params,
  }
}

/** Alerts that began or ended: `ts` (ms), rule, state. */
export const alertsQuery = (range: Range, cluster: string): Statement => ({
  sql: `SELECT toUnixTimestamp64Milli(ts) AS ms, rule, state FROM alerts WHERE cluster = {cluster:String} AND state IN ('firing', 'resolved')
AND ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64}) ORDER BY ts DESC LIMIT 200`,
  params: { cluster, ...range },
})

/** Changes that people made here and that were let through; `cluster` is empty for those that concern all: `ts` (ms), user, verb, resource, name. */
export const settingsQuery = (range: Range, cluster: string): Statement => ({
  sql: `SELECT toUnixTimestamp64Milli(ts) AS ms, user, verb, resource, name FROM audit WHERE cluster IN ({cluster:String}, '') AND plane = 'sallyport'
AND verb IN ('create', 'update', 'delete') AND status < 400 AND NOT endsWith(resource, '/preview') AND NOT endsWith(resource, '/test') AND NOT endsWith(resource, '/try')
AND ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64}) ORDER BY ts DESC LIMIT 200`,
  params: { cluster, ...range },
})

/** Columns of a raw row as the API sends it; times are seconds or null, `trace_id` is hex or empty. */
export const REQUEST_COLUMNS = ['ts', ...DIMENSIONS, 'bytes_in', 'bytes_out', 'request_time', 'upstream_time', 'trace_id'] as const

export interface RequestList {
  sort: 'ts' | 'request_time' | 'upstream_time' | 'bytes_out' | 'status'
  order: 'asc' | 'desc'
  search?: string
  limit: number
  offset: number
}

const SEARCHED = ['path', 'host', 'client', 'user_agent', 'referer', 'route', 'upstream_addr'] as const

function listed(range: Range, asked: Asked, list: RequestList, params: Params): string {
  const conditions = [where({ source: 'access', ...range }, asked, params)]
  if (list.search) {
    params.search = list.search
    const hex = /^[0-9a-f]{32}$/i.test(list.search.replaceAll('-', ''))
    conditions.push(
      hex ? `trace_id = unhex({search:String})` : `(${SEARCHED.map((column) => `positionCaseInsensitiveUTF8(${column}, {search:String}) > 0`).join(' OR ')})`,
    )
    if (hex) params.search = list.search.replaceAll('-', '')
  }
  // Ordered by a time, rows whose time was not logged have no place.
  if (list.sort === 'request_time' || list.sort === 'upstream_time') conditions.push(`NOT isNaN(${list.sort})`)
  return conditions.join(' AND ')
}

/** How many rows there are in all: `n`. */
export function requestCountQuery(range: Range, asked: Asked, list: RequestList): Statement {
  const params: Params = {}
  return { sql: `SELECT count() AS n FROM access WHERE ${listed(range, asked, list, params)}`, params }
}

/** One page of raw rows. The engine finds the page on the sort column before it reads the wide ones. */
export function requestsQuery(range: Range, asked: Asked, list: RequestList): Statement {
  const params: Params = { limit: list.limit, offset: list.offset }
  const condition = listed(range, asked, list, params)
  const columns = REQUEST_COLUMNS.map((name) => {
    if (name === 'ts') return 'toUnixTimestamp64Milli(ts) AS ms'
    if (name === 'trace_id') return `if(trace_id = toFixedString('', 16), '', lower(hex(trace_id))) AS trace`
    return name
  })
  return {
    sql: `SELECT ${columns.join(', ')} FROM access WHERE ${condition}
ORDER BY ${list.sort} ${list.order === 'desc' ? 'DESC' : 'ASC'}, ts DESC, trace_id LIMIT {limit:UInt32} OFFSET {offset:UInt32}`,
    params,
  }
}
