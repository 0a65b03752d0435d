/** Questions about findings, asked of telemetry: which rows, the engine decides by the reader's scope. */
import type { Language } from '#core/kernel/errors.ts'
import { CATEGORIES } from '#core/shapes/check.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { FindingDetail, FindingRow, Group, OverviewAnswer, Run } from '../domain/api.ts'
import { CHECKS } from '../domain/catalog.ts'
import type { InspectionFinding } from '../domain/inspect.ts'
import { countsBy } from '../domain/runs.ts'
import type { InspectionSpec } from '../resources/inspection.ts'
import { MOST_FINDINGS, PREFIX } from './records.ts'

const BY_ID = new Map(CHECKS.map((check) => [check.id, check]))

export interface Asked {
  cluster: string
  inspection: string
  /** Of the Inspection: categories of its own checks. */
  spec: InspectionSpec
  scope: Scope
  language: Language
}

export interface FindingFilter {
  severity?: Severity
  category?: string
  namespace?: string
  check?: string
  text?: string
  /** What was open then, ms since the epoch; left out: now. */
  at?: number
  /** What differs since then: `open` has begun, `cleared` has ended. */
  since?: number
  state?: 'open' | 'cleared'
  limit: number
  offset: number
}

const categoryOf = (spec: InspectionSpec, check: string): FindingRow['category'] =>
  BY_ID.get(check)?.category ?? spec.userChecks?.find(({ id }) => `user/${id}` === check)?.category ?? 'user'

/** The latest state of each finding, as of an instant. */
const latest = (more = '') => `SELECT * FROM findings
  WHERE cluster = {cluster:String} AND startsWith(check_id, '${PREFIX}') AND startsWith(key, {prefix:String}) AND toUnixTimestamp64Milli(ts) <= {at:UInt64} ${more}
  ORDER BY ts DESC LIMIT 1 BY fingerprint`

const COLUMNS = 'lower(hex(fingerprint)), check_id, severity, state, kind, namespace, name, toUnixTimestamp64Milli(since), message, evidence, fix' as const

function rowOf({ spec, language }: Asked, [fingerprint, id, severity, state, kind, namespace, name, since, message, evidence]: readonly unknown[]): FindingRow {
  const check = String(id).slice(PREFIX.length)
  const said = JSON.parse(String(evidence) || '[]') as { name: string; value: string }[]
  const field = (wanted: string) => said.find((one) => one.name === wanted)?.value ?? ''
  return {
    fingerprint: String(fingerprint),
    check,
    category: categoryOf(spec, check),
    severity: severity as Severity,
    state: state as FindingRow['state'],
    kind: String(kind),
    namespace: String(namespace),
    name: String(name),
    path: field('path'),
    what: field('what'),
    message: BY_ID.get(check)?.message[language] ?? String(message),
    since: Number(since),
  }
}

const FOR_EVER = 253_402_300_799_000
const SORTS: Readonly<Record<string, string>> = {
  severity: `indexOf([${SEVERITIES.map((one) => `'${one}'`).join(', ')}], severity)`,
  check: 'check_id',
  namespace: 'namespace',
  object: 'name',
  since: 'since',
}
export const SORTABLE = Object.keys(SORTS)

export function createReader(telemetry: Telemetry) {
  const params = ({ cluster, inspection }: Asked, at?: number) => ({ cluster, prefix: `${inspection}\n`, at: at ?? FOR_EVER })

  return {
    async overview(asked: Asked, runs: readonly Run[]): Promise<OverviewAnswer> {
      const { rows } = await telemetry.query({
        sql: `SELECT check_id, namespace, severity, count(), any(message) FROM (${latest()}) WHERE state = 'open' GROUP BY check_id, namespace, severity`,
        params: params(asked),
        scope: asked.scope,
      })
      const parts = rows.map(([id, namespace, severity, count, message]) => {
        const check = String(id).slice(PREFIX.length)
        return {
          check,
          namespace: String(namespace),
          severity: severity as Severity,
          count: Number(count),
          message: BY_ID.get(check)?.message[asked.language] ?? String(message),
        }
      })
      const groups = (nameOf: (part: (typeof parts)[number]) => string): Group[] => {
        const found = new Map<string, Record<Severity, number>>()
        for (const part of parts) {
          const counts = found.get(nameOf(part)) ?? countsBy([])
          counts[part.severity] += part.count
          found.set(nameOf(part), counts)
        }
        return [...found].map(([name, counts]) => ({ name, counts })).sort(worstFirst)
      }
      const total = countsBy([])
      for (const { severity, count } of parts) total[severity] += count
      const messages = new Map(parts.map(({ check, message }) => [check, message]))
      return {
        runs,
        counts: total,
        byCategory: groups(({ check }) => categoryOf(asked.spec, check)),
        byNamespace: groups(({ namespace }) => namespace).slice(0, 200),
        byCheck: groups(({ check }) => check).map((group) => ({ ...group, message: messages.get(group.name) ?? '' })),
      }
    },

    async findings(asked: Asked, filter: FindingFilter & { sort?: string; order?: 'asc' | 'desc' }): Promise<{ rows: FindingRow[]; total: number }> {
      const checksOf = (category: string) => [
        ...CHECKS.filter((check) => check.category === category).map(({ id }) => `${PREFIX}${id}`),
        ...(asked.spec.userChecks ?? []).filter((check) => check.category === category).map(({ id }) => `${PREFIX}user/${id}`),
      ]
      const wanted = [
        `state = {state:String}`,
        ...(filter.since === undefined ? [] : ['toUnixTimestamp64Milli(ts) > {from:UInt64}']),
        ...(filter.severity === undefined ? [] : ['severity = {severity:String}']),
        ...(filter.namespace === undefined ? [] : ['namespace = {namespace:String}']),
        ...(filter.check === undefined ? [] : ['check_id = {check:String}']),
        ...(filter.category === undefined ? [] : ['has({checks:Array(String)}, check_id)']),
        ...(filter.text === undefined ? [] : ['positionCaseInsensitiveUTF8(concat(check_id, kind, namespace, name, evidence, message), {text:String}) > 0']),
      ].join(' AND ')
      const bound = {
        ...params(asked, filter.at),
        state: filter.state ?? 'open',
        ...(filter.since === undefined ? {} : { from: filter.since }),
        ...(filter.severity === undefined ? {} : { severity: filter.severity }),
        ...(filter.namespace === undefined ? {} : { namespace: filter.namespace }),
        ...(filter.check === undefined ? {} : { check: `${PREFIX}${filter.check}` }),
        ...(filter.category === undefined ? {} : { checks: (CATEGORIES as readonly string[]).includes(filter.category) ? checksOf(filter.category) : [] }),
        ...(filter.text === undefined ? {} : { text: filter.text }),
      }
      const order = filter.order === 'asc' ? 'ASC' : 'DESC'
      const sort = SORTS[filter.sort ?? 'severity'] ?? SORTS.severity!
      const [page, counted] = await Promise.all([
        telemetry.query({
          sql: `SELECT ${COLUMNS} FROM (${latest()}) WHERE ${wanted} ORDER BY ${sort} ${order}, since DESC, fingerprint LIMIT ${filter.limit} OFFSET ${filter.offset}`,
          params: bound,
          scope: asked.scope,
          limits: { rows: MOST_FINDINGS, memoryBytes: 2 ** 30 },
        }),
        telemetry.query({ sql: `SELECT count() FROM (${latest()}) WHERE ${wanted}`, params: bound, scope: asked.scope }),
      ])
      return { rows: page.rows.map((row) => rowOf(asked, row)), total: Number(counted.rows[0]?.[0] ?? 0) }
    },

    async one(asked: Asked, fingerprint: string): Promise<FindingDetail | undefined> {
      const { rows } = await telemetry.query({
        sql: `SELECT ${COLUMNS} FROM (${latest('AND fingerprint = unhex({fingerprint:String})')})`,
        params: { ...params(asked), fingerprint },
        scope: asked.scope,
      })
      const [row] = rows
      if (!row) return undefined
      const plan = String(row[10]) === '' ? undefined : (JSON.parse(String(row[10])) as Plan)
      const found = rowOf(asked, row)
      return { ...found, aliases: BY_ID.get(found.check)?.aliases ?? [], fix: (plan?.steps[0]?.action.edits ?? []) as FindingDetail['fix'] }
    },
  }
}

const worstFirst = (a: Group, b: Group): number => {
  for (const severity of SEVERITIES.toReversed()) if (a.counts[severity] !== b.counts[severity]) return b.counts[severity] - a.counts[severity]
  return a.name.localeCompare(b.name)
}

/** As the formats of reports have it. */
export const reported = ({ check, category, severity, kind, namespace, name, path, what, message }: FindingRow): InspectionFinding => ({
  file: '',
  line: 0,
  object: `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`,
  check,
  aliases: BY_ID.get(check)?.aliases ?? [],
  category: category === 'user' ? 'stability' : category,
  severity,
  path,
  message: BY_ID.get(check)?.message ?? { en: message, 'zh-CN': message },
  ...(what === '' ? {} : { what }),
})
