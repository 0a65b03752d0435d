/** Questions as SQL. User text only ever becomes a parameter; names come from the lists of the API. */
import type { Query } from '#core/shapes/ports/telemetry.ts'
import { type By, type EventRow, type Filter, parseFilter } from './api.ts'
import { SEAL } from './rows.ts'

type Statement = Pick<Query, 'sql' | 'params' | 'limits'>
type Params = Record<string, string | number | readonly string[] | readonly number[]>

export interface Asked {
  cluster: string
  from: number
  to: number
  filter: readonly string[]
  search?: string
}

const SEVERE = "severity IN ('warning', 'error', 'critical')"
const REFUSED = "(decision = 'forbid' OR status IN (401, 403))"
const LISTS: ReadonlySet<string> = new Set(['rules', 'groups'])

export function conditions(asked: Asked, params: Params): string {
  Object.assign(params, { cluster: asked.cluster, from: asked.from, to: asked.to })
  const where = [
    // what people did to this server as a whole belongs to no cluster
    "cluster IN ({cluster:String}, '')",
    'ts >= fromUnixTimestamp64Milli({from:Int64})',
    'ts < fromUnixTimestamp64Milli({to:Int64})',
    // the order of the table is by hour first: this lets it skip
    'toStartOfHour(ts) >= toStartOfHour(fromUnixTimestamp64Milli({from:Int64}))',
    `plane != '${SEAL}'`,
  ]
  const parameter = (value: string | number, type: string) => {
    const name = `p${Object.keys(params).length}`
    params[name] = value
    return `{${name}:${type}}`
  }
  const groups = new Map<string, Filter[]>()
  for (const text of asked.filter) {
    const parsed = parseFilter(text)
    if (!parsed.ok) throw new Error(parsed.error)
    const key = parsed.value.operator === 'eq' ? `${parsed.value.field} eq` : text
    groups.set(key, [...(groups.get(key) ?? []), parsed.value])
  }
  for (const group of groups.values()) where.push(`(${group.map((filter) => condition(filter, parameter)).join(' OR ')})`)
  if (asked.search) {
    const text = parameter(asked.search, 'String')
    const fields = ['user', 'impersonated', 'name', 'namespace', 'resource', 'verb', 'source_ip', 'user_agent', 'id', 'rules', 'detail']
    where.push(`(${fields.map((field) => `positionCaseInsensitiveUTF8(${field}, ${text}) > 0`).join(' OR ')})`)
  }
  return where.join(' AND ')
}

function condition({ field, operator, value }: Filter, parameter: (value: string | number, type: string) => string): string {
  if (field === 'status') return `status ${{ eq: '=', ne: '!=', gte: '>=', lte: '<=', contains: '=' }[operator]} ${parameter(Number(value), 'UInt16')}`
  const text = parameter(value, 'String')
  if (operator === 'contains') return `positionCaseInsensitiveUTF8(${field}, ${text}) > 0`
  if (LISTS.has(field)) return `${operator === 'ne' ? 'NOT ' : ''}has(splitByChar(',', toString(${field})), ${text})`
  // the person is who asked and as whom
  if (field === 'user') return operator === 'eq' ? `(user = ${text} OR impersonated = ${text})` : `(user != ${text} AND impersonated != ${text})`
  return `${field} ${operator === 'eq' ? '=' : '!='} ${text}`
}

const SELECTED =
  'toUnixTimestamp64Milli(ts), plane, id, stage, user, groups, impersonated, source_ip, user_agent, verb, api_group, resource, namespace, name, status, decision, rules, severity, detail'

export function eventsStatement(asked: Asked, page: { order: 'asc' | 'desc'; limit: number; offset: number }): Statement {
  const params: Params = {}
  const where = conditions(asked, params)
  return {
    sql: `SELECT ${SELECTED} FROM audit WHERE ${where} ORDER BY ts ${page.order}, batch ${page.order}, seq ${page.order} LIMIT ${page.limit + 1} OFFSET ${page.offset}`,
    params,
    limits: { seconds: 20, memoryBytes: 1024 * 1024 * 1024 },
  }
}

/** Where a page ended; rows with these are sorted without ties. */
export interface Mark {
  at: number
  batch: string
  seq: number
}
const MARK = ', toString(batch), seq'

/** The next of all rows that answer, oldest first. */
export function exportStatement(asked: Asked, after: Mark | undefined, limit: number): Statement {
  const params: Params = {}
  const where = conditions(asked, params)
  return { sql: `SELECT ${SELECTED}${MARK} FROM audit WHERE ${where}${afterMark(after, params)} ORDER BY ts, batch, seq LIMIT ${limit}`, params, limits: PAGE }
}

/** What `names` did, and who made what they changed. */
export function deedsStatement(cluster: string, names: readonly string[], after: Mark | undefined, limit: number): Statement {
  const params: Params = { cluster, names }
  const theirs = '(user IN {names:Array(String)} OR impersonated IN {names:Array(String)})'
  const made = `(verb = 'create' AND plane = 'kubernetes' AND name != '' AND (resource, namespace, name) IN
(SELECT resource, namespace, name FROM audit WHERE cluster = {cluster:String} AND ${theirs} AND verb IN ('create', 'update', 'patch')))`
  return {
    sql: `SELECT ${SELECTED}${MARK} FROM audit WHERE cluster = {cluster:String} AND plane != '${SEAL}' AND (${theirs} OR ${made} OR ${REQUESTS})${afterMark(after, params)}
ORDER BY ts, batch, seq LIMIT ${limit}`,
    params,
    limits: PAGE,
  }
}
const REQUESTS = "startsWith(resource, 'certificatesigningrequests')"

/** One event of each name with what its authenticator said, and all that made credentials. */
export function factsStatement(cluster: string, after: Mark | undefined, limit: number): Statement {
  const params: Params = { cluster }
  const makes = `(verb = 'create' AND (resource IN ('serviceaccounts', 'serviceaccounts/token') OR ${REQUESTS})) OR startsWith(verb, 'AssumeRole')`
  return {
    sql: `SELECT * FROM (
SELECT ${SELECTED}${MARK} FROM audit WHERE cluster = {cluster:String} AND plane != '${SEAL}' AND (${makes})
UNION ALL SELECT ${SELECTED}${MARK} FROM audit WHERE cluster = {cluster:String} AND plane != '${SEAL}' AND NOT (${makes})
ORDER BY ts, batch, seq LIMIT 1 BY plane, user, impersonated, JSONExtractString(detail, 'uid'), JSONExtractRaw(detail, 'extra'), JSONExtractString(detail, 'principalId'))
WHERE 1${afterMark(after, params, true)} ORDER BY 1, 20, 21 LIMIT ${limit}`,
    params,
    limits: PAGE,
  }
}

const PAGE = { seconds: 60, memoryBytes: 1024 * 1024 * 1024 }

function afterMark(after: Mark | undefined, params: Params, outside = false): string {
  if (after === undefined) return ''
  Object.assign(params, { afterAt: after.at, afterBatch: after.batch, afterSeq: after.seq })
  const at = outside ? '`toUnixTimestamp64Milli(ts)`' : 'toUnixTimestamp64Milli(ts)'
  const batch = outside ? '`toString(batch)`' : 'toString(batch)'
  return ` AND (${at}, ${batch}, seq) > ({afterAt:Int64}, {afterBatch:String}, {afterSeq:UInt32})`
}

export const markOf = (row: readonly unknown[]): Mark => ({ at: Number(row[0]), batch: String(row[19]), seq: Number(row[20]) })

export function eventRow(row: readonly unknown[]): EventRow {
  const [
    at,
    plane,
    id,
    stage,
    user,
    groups,
    impersonated,
    sourceIp,
    userAgent,
    verb,
    apiGroup,
    resource,
    namespace,
    name,
    status,
    decision,
    rules,
    severity,
    detail,
  ] = row as string[]
  return {
    at: Number(at),
    plane: plane!,
    id: id!,
    stage: stage!,
    user: user!,
    groups: groups!,
    impersonated: impersonated!,
    sourceIp: sourceIp!,
    userAgent: userAgent!,
    verb: verb!,
    apiGroup: apiGroup!,
    resource: resource!,
    namespace: namespace!,
    name: name!,
    status: Number(status),
    decision: decision!,
    rules: rules === '' ? [] : rules!.split(','),
    severity: severity!,
    detail: detail!,
  }
}

export function topStatement(asked: Asked, by: By, limit: number): Statement {
  const params: Params = {}
  const where = conditions(asked, params)
  const key = by === 'rules' ? "arrayJoin(splitByChar(',', toString(rules)))" : `toString(${by})`
  return {
    sql: `SELECT ${key} AS key, count() AS events, countIf(${SEVERE}), countIf(${REFUSED}), toUnixTimestamp64Milli(max(ts)) FROM audit
WHERE ${where}${by === 'rules' || by === 'severity' ? " AND rules != ''" : ''} GROUP BY key ORDER BY events DESC, key LIMIT ${limit}`,
    params,
  }
}

export function seriesStatement(asked: Asked, step: number): Statement {
  const params: Params = { step }
  const where = conditions(asked, params)
  return {
    sql: `SELECT intDiv(toUnixTimestamp64Milli(ts), {step:Int64}) * {step:Int64} AS at, count(), countIf(${SEVERE}), countIf(${REFUSED}) FROM audit
WHERE ${where} GROUP BY at ORDER BY at LIMIT 2000`,
    params,
  }
}

/** People, addresses and clients that came up within the range and not within 30 days before it. */
export function firstSeenStatement(asked: Asked, what: 'user' | 'source_ip' | 'user_agent'): Statement {
  const params: Params = {}
  const before = 30 * 86_400_000
  const where = conditions({ ...asked, from: asked.from - before }, params)
  params.since = asked.from
  const key = what === 'user_agent' ? "splitByChar('/', toString(user_agent))[1]" : `toString(${what})`
  return {
    sql: `SELECT ${key} AS key, argMin(user, ts), toUnixTimestamp64Milli(min(ts)) AS first FROM audit WHERE ${where} AND key != '' GROUP BY key
HAVING first >= {since:Int64} ORDER BY first DESC LIMIT 50`,
    params,
  }
}

/** What people usually do, for the rules of behavior. */
export const habitsStatement = (cluster: string, since: number): Statement => ({
  sql: `SELECT user, count(), groupUniqArray(64)(splitByChar('/', toString(user_agent))[1]), groupUniqArray(64)(source_ip), groupUniqArray(24)(toHour(ts, 'UTC')) FROM audit
WHERE cluster = {cluster:String} AND ts >= fromUnixTimestamp64Milli({since:Int64}) AND plane = 'kubernetes' AND NOT startsWith(user, 'system:') GROUP BY user LIMIT 5000`,
  params: { cluster, since },
  limits: { seconds: 20 },
})

/** The newest seals of a cluster. */
export const sealsStatement = (cluster: string): Statement => ({
  sql: `SELECT batch, JSONExtractUInt(detail, 'number') AS number, id FROM audit WHERE cluster = {cluster:String} AND plane = '${SEAL}' ORDER BY number DESC LIMIT 10000`,
  params: { cluster },
  limits: { seconds: 20 },
})
