/** Query text on its way to the engine: what may run, what it may see, and how values go in. Pure. */
import { CodedError } from '#core/kernel/errors.ts'
import type { Query, Scope } from '#core/shapes/ports/telemetry.ts'
import type { Table } from '#core/telemetry/table.ts'
import { SIGNAL_OF, type TableName } from '#core/telemetry/tables.ts'
import { DATABASE, viewOf } from '../ddl.ts'

const ESCAPE: Record<string, string> = { '\\': '\\\\', '\0': '\\0', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const escapeControls = (text: string) => text.replace(/[\\\0\b\f\n\r\t]/g, (char) => ESCAPE[char]!)

/** A string literal of SQL. */
export const literal = (text: string): string => `'${escapeControls(text).replaceAll("'", "\\'")}'`

/** The value of a `SET param_x`. The engine reads a string as one tab-separated field, so it is escaped for that first; an array it reads as a literal. */
function parameter(value: string | number | readonly (string | number)[]): string {
  if (typeof value === 'number') return literal(number(value))
  if (typeof value === 'string') return literal(escapeControls(value))
  return literal(`[${value.map((item) => (typeof item === 'number' ? number(item) : literal(item))).join(',')}]`)
}

const number = (value: number) => (Number.isNaN(value) ? 'nan' : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : String(value))

/** Words that a query may not contain outside of its string literals: they write, read past the scope, or undo the limits. */
const FORBIDDEN =
  /;|\b(settings|format|insert\s+into|into\s+outfile)\b|\b(merge|mergetree\w*|loop|executable|file|url|remote|remotesecure|cluster|clusterallreplicas|s3\w*|hdfs|input|dictionary|view_explain|viewexplain|generaterandom)\s*\(/i
/** Also forbidden where not everything may be seen: names of other databases. */
const FORBIDDEN_SCOPED = /\b(system|information_schema)\b[\s`"]*\.|\bview\s*\(/i

const refuse = (reason: string) => new CodedError('ENGINE_FAILED', { reason })

/** Throws ENGINE_FAILED unless the text is one reading statement that cannot leave its scope. */
export function checkSql(sql: string, scope: Scope): void {
  const bare = sql.replace(/'(?:[^'\\]|\\[\s\S]|'')*'|"[^"]*"|`[^`]*`/g, (quoted) => (quoted.startsWith("'") ? ' ' : quoted))
  if (!/^\s*\(?\s*(select|with)\b/i.test(bare)) throw refuse('only SELECT is allowed')
  // Everything that could make the engine see other strings, comments or names than are seen here.
  const odd = /--|\/\*|[#$'\\\u2018-\u201f]/.exec(bare)
  if (odd !== null) throw refuse(`${odd[0]} outside of a string`)
  const word = FORBIDDEN.exec(bare) ?? (scope === 'all' ? null : FORBIDDEN_SCOPED.exec(bare))
  if (word !== null) throw refuse(`"${word[0]}" is not allowed`)
}

/** A map literal for `additional_table_filters`: what of each table may be seen. */
export function tableFilters(scope: Scope, tables: readonly Table[]): string {
  if (scope === 'all') return '{}'
  const entries = tables.flatMap((table) => {
    const signal = SIGNAL_OF[table.name as TableName]
    const parts = scope.flatMap(({ cluster, signals, namespaces }) => {
      if (signals !== undefined && !signals.includes(signal)) return []
      if (namespaces === undefined) return [`cluster = ${literal(cluster)}`]
      // A table without namespaces says nothing to someone who may see some of them only.
      if (namespaces.length === 0 || !table.columns.some((column) => column.name === 'namespace')) return []
      return [`cluster = ${literal(cluster)} AND namespace IN (${namespaces.map(literal).join(',')})`]
    })
    const filter = parts.length === 0 ? '0' : parts.map((part) => `(${part})`).join(' OR ')
    const names = table.from === undefined ? [table.name] : [table.name, viewOf(table)]
    return names.map((name) => `${literal(`${DATABASE}.${name}`)}:${literal(filter)}`)
  })
  return `{${entries.join(',')}}`
}

/** Of an answer in rows. */
const RESULT_BYTES = 2 ** 27

/** The limits of a query with their defaults filled in. */
export const limitsOf = (query: Query) => ({
  seconds: Math.min(query.limits?.seconds ?? 10, 600),
  memoryBytes: query.limits?.memoryBytes ?? 512 * 2 ** 20,
  rows: query.limits?.rows ?? 100_000,
})

/** The statements that run one query; `into` names a file for the answer, in columns: everything is set anew each time, so nothing of an earlier query is left. */
export function statements(query: Query, tables: readonly Table[], into?: { file: string; resultBytes: number }): string[] {
  checkSql(query.sql, query.scope)
  const params = Object.entries(query.params ?? {})
  for (const [name] of params) if (!/^\w{1,64}$/.test(name)) throw refuse('a parameter name is not a word')
  const missing = [...query.sql.matchAll(/\{(\w+):/g)].find(([, name]) => query.params?.[name!] === undefined)
  if (missing) throw refuse(`parameter ${missing[1]} is not given`)
  const limits = limitsOf(query)
  const settings = [
    `additional_table_filters = ${tableFilters(query.scope, tables)}`,
    `max_execution_time = ${limits.seconds}`,
    `max_memory_usage = ${Math.round(limits.memoryBytes)}`,
    `max_result_rows = ${Math.round(limits.rows)}`,
    `max_result_bytes = ${into?.resultBytes ?? RESULT_BYTES}`,
    ...params.map(([name, value]) => `param_${name} = ${parameter(value)}`),
  ]
  const outfile = into ? `\nINTO OUTFILE ${literal(into.file)} TRUNCATE FORMAT Native` : ''
  return [`USE ${DATABASE}`, `SET ${settings.join(', ')}`, `${query.sql}${outfile}\nSETTINGS readonly = 1`]
}
