/** Questions as SQL. User text only ever becomes a parameter. */
import type { Query } from '#core/shapes/ports/telemetry.ts'
import { type Asked, type Chosen, type Counts, FIELDS, type Field, type LogRecord } from './api.ts'
import { type Params, parseSearch, searchConditions, searcher } from './search.ts'
import { LEVELS, levelOf, severityOf } from './severity.ts'

type Statement = Pick<Query, 'sql' | 'params' | 'limits' | 'lane'>

/** Bytes of a body that an answer carries. */
export const BODY_BYTES = 16 * 1024
const LIMITS = { seconds: 30, memoryBytes: 700 * 2 ** 20 }
const MOST_POINTS = 120
const SOFT_STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400].map((seconds) => seconds * 1000)

export const stepOf = (from: number, to: number, wished = 0): number => {
  const least = Math.max(wished, (to - from) / MOST_POINTS)
  return SOFT_STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000
}

const termsOf = ({ q }: Chosen) => {
  const parsed = parseSearch(q)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}

function where(cluster: string, asked: Asked, params: Params): string {
  Object.assign(params, { cluster, from: asked.from, to: asked.to })
  const conditions = [
    'cluster = {cluster:String}',
    'ts >= fromUnixTimestamp64Milli({from:Int64})',
    'ts < fromUnixTimestamp64Milli({to:Int64})',
    // the key begins with the hour
    'toStartOfHour(ts) >= toStartOfHour(fromUnixTimestamp64Milli({from:Int64}))',
    'toStartOfHour(ts) <= toStartOfHour(fromUnixTimestamp64Milli({to:Int64}))',
  ]
  for (const field of FIELDS) {
    if (asked[field].length === 0) continue
    params[field] = asked[field]
    conditions.push(`${field} IN {${field}:Array(String)}`)
  }
  if (asked.level !== undefined) {
    params.level = severityOf(asked.level)
    conditions.push('severity >= {level:UInt8}')
  }
  return [...conditions, ...searchConditions(termsOf(asked), params)].join(' AND ')
}

export function countStatement(cluster: string, asked: Asked, step: number): Statement {
  const params: Params = { step: step * 1_000_000 }
  const conditions = where(cluster, asked, params)
  return {
    sql: `SELECT intDiv(toUnixTimestamp64Nano(ts), {step:Int64}) AS bucket, intDiv(severity + 3, 4) AS level, count() FROM logs WHERE ${conditions} GROUP BY bucket, level ORDER BY bucket, level`,
    params,
    limits: LIMITS,
    lane: 'scans',
  }
}

/** Rows of `countStatement`. */
export function pointsOf(rows: readonly (readonly unknown[])[], step: number): { at: number; counts: Counts }[] {
  const points = new Map<number, Record<keyof Counts, number>>()
  for (const [bucket, level, count] of rows) {
    const at = Number(bucket) * step
    const counts = points.get(at) ?? { none: 0, trace: 0, debug: 0, info: 0, warn: 0, error: 0, fatal: 0 }
    points.set(at, counts)
    counts[Number(level) === 0 ? 'none' : LEVELS[Math.min(6, Number(level)) - 1]!] += Number(count)
  }
  return [...points].map(([at, counts]) => ({ at, counts }))
}

export const sumOf = (counts: Counts): number => Object.values(counts).reduce((sum, count) => sum + count, 0)

/** The part of the range that holds rows `offset` to `offset + limit` in that order, by what was counted, and how many of its rows come before them. */
export function narrowed(
  asked: Asked,
  points: readonly { at: number; counts: Counts }[],
  step: number,
  page: Page,
): { from: number; to: number; offset: number } | undefined {
  const ordered = page.order === 'asc' ? points : points.toReversed()
  let passed = 0
  let first: number | undefined
  let skip = 0
  let last = 0
  for (const { at, counts } of ordered) {
    const count = sumOf(counts)
    if (first === undefined && passed + count > page.offset) {
      first = at
      skip = page.offset - passed
    }
    passed += count
    last = at
    if (first !== undefined && passed >= page.offset + page.limit) break
  }
  if (first === undefined) return undefined
  const [low, high] = first < last ? [first, last] : [last, first]
  return { from: Math.max(asked.from, low), to: Math.min(asked.to, high + step), offset: skip }
}

export interface Page {
  order: 'asc' | 'desc'
  limit: number
  offset: number
}

const COLUMNS = `toUnixTimestamp64Nano(ts), ${FIELDS.join(', ')}, severity, left(body, ${BODY_BYTES}), length(body), mapKeys(attributes), mapValues(attributes)`

export function recordsStatement(cluster: string, asked: Asked, page: Page): Statement {
  const params: Params = { limit: page.limit, offset: page.offset }
  const conditions = where(cluster, asked, params)
  const order = page.order === 'asc' ? 'ASC' : 'DESC'
  return {
    sql: `SELECT ${COLUMNS} FROM logs WHERE ${conditions} ORDER BY ts ${order}, pod ${order}, body ${order} LIMIT {limit:UInt32} OFFSET {offset:UInt32}`,
    params,
    limits: LIMITS,
    lane: 'scans',
  }
}

export function recordOf(row: readonly unknown[]): LogRecord {
  const [ns, namespace, workload, pod, container, node, service, stream, severity, body, length, names, values] = row as [
    string | number,
    ...string[],
  ] as unknown as [string | number, string, string, string, string, string, string, string, number, string, number, string[], string[]]
  return {
    at: Math.floor(Number(BigInt(ns) / 1000n) / 1000),
    ns: String(ns),
    namespace,
    workload,
    pod,
    container,
    node,
    service,
    stream,
    severity: Number(severity),
    body,
    length: Number(length),
    attributes: Object.fromEntries(names.map((name, i) => [name, values[i]!])),
  }
}

/** Records of the same container around a moment: up to and with it, or after it. */
export function contextStatement(
  cluster: string,
  of: { at: string; namespace: string; pod: string; container: string; service: string },
  side: 'before' | 'after',
  lines: number,
): Statement {
  const before = side === 'before'
  return {
    sql: `SELECT ${COLUMNS} FROM logs WHERE cluster = {cluster:String} AND namespace = {namespace:String} AND service = {service:String} AND pod = {pod:String} AND container = {container:String}
      AND ts ${before ? '<=' : '>'} fromUnixTimestamp64Nano({at:Int64}) AND ts ${before ? '>=' : '<='} fromUnixTimestamp64Nano({edge:Int64})
      AND toStartOfHour(ts) ${before ? '>=' : '<='} toStartOfHour(fromUnixTimestamp64Nano({edge:Int64}))
      ORDER BY ts ${before ? 'DESC' : 'ASC'} LIMIT {lines:UInt32}`,
    // what is further away than a day says nothing about the record
    params: {
      cluster,
      namespace: of.namespace,
      service: of.service,
      pod: of.pod,
      container: of.container,
      at: of.at,
      edge: String(BigInt(of.at) + (before ? -1n : 1n) * 86_400_000_000_000n),
      lines,
    },
    limits: LIMITS,
    lane: 'scans',
  }
}

export function valuesStatement(cluster: string, asked: Asked, field: Field, limit: number): Statement {
  const params: Params = { most: limit }
  const conditions = where(cluster, { ...asked, [field]: [] }, params)
  return {
    sql: `SELECT ${field}, count() AS n FROM logs WHERE ${conditions} GROUP BY ${field} ORDER BY n DESC, ${field} LIMIT {most:UInt32}`,
    params,
    limits: LIMITS,
    lane: 'scans',
  }
}

/** One of every `each` records, by a hash, so that the same question gives the same sample. */
export function sampleStatement(cluster: string, asked: Asked, each: number, limit: number): Statement {
  const params: Params = { each, most: limit }
  const conditions = where(cluster, asked, params)
  return {
    sql: `SELECT left(body, 1024), severity, service, toUnixTimestamp64Milli(ts) FROM logs WHERE ${conditions} AND cityHash64(ts, pod, container) % {each:UInt32} = 0 LIMIT {most:UInt32}`,
    params,
    limits: LIMITS,
    lane: 'scans',
  }
}

/** The same choice for records as they arrive. */
export function chooser(chosen: Chosen): (record: LogRecord) => boolean {
  const least = chosen.level === undefined ? 0 : severityOf(chosen.level)
  const search = searcher(termsOf(chosen))
  return (record) =>
    record.severity >= least &&
    FIELDS.every((field) => chosen[field].length === 0 || chosen[field].includes(record[field])) &&
    search(record.body, record.attributes)
}

export const levelName = (severity: number): string => levelOf(severity) ?? ''
