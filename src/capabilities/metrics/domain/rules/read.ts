/** Rule files of Prometheus, as they are: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ */
import type { Problem } from '#core/kernel/errors.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { durationSeconds } from '#core/promql/lexer.ts'
import { parse } from '#core/promql/parser.ts'
import { readYaml } from '#core/yaml/read.ts'
import { templateProblem } from './template.ts'

interface RuleBase {
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  /** In the file; 0 where there is none. */
  readonly line: number
}
export interface RecordingRule extends RuleBase {
  readonly kind: 'recording'
  readonly record: string
}
export interface AlertingRule extends RuleBase {
  readonly kind: 'alerting'
  readonly alert: string
  readonly annotations: Readonly<Record<string, string>>
  /** ms */
  readonly for: number
  readonly keepFiringFor: number
}
export type Rule = RecordingRule | AlertingRule

export interface RuleGroup {
  readonly name: string
  /** Where it was read from. */
  readonly file: string
  /** ms */
  readonly interval: number
  readonly queryOffset: number
  /** Alerts, or series of a recording rule; 0: no limit. */
  readonly limit: number
  readonly rules: readonly Rule[]
}

const MINUTE = 60_000
const GROUP_KEYS = ['name', 'interval', 'query_offset', 'limit', 'labels', 'rules', 'partial_response_strategy']
const RULE_KEYS = ['record', 'alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations']
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

type Plain = Record<string, unknown>
const isMap = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The groups of a file, or all that is wrong with it, each with its line. @param interval ms, of groups that name none */
export function readRuleFile(text: string, file: string, interval = MINUTE): Result<RuleGroup[], readonly Problem[]> {
  const yaml = readYaml(text, 4 << 20)
  if (!yaml.ok) return err(yaml.error)
  const documents = yaml.value.documents
  if (documents.length === 0) return ok([])
  if (documents.length > 1) return err([{ path: '', message: 'a rule file has one document', line: documents[1]!.lineOf([]) }])
  const [document] = documents
  return readGroups(document!.data, file, interval, document!.lineOf)
}

/** The same of plain data, as the `spec` of a PrometheusRule has it. */
export function readGroups(
  data: unknown,
  file: string,
  interval = MINUTE,
  lineOf: (path: readonly (string | number)[]) => number = () => 0,
): Result<RuleGroup[], readonly Problem[]> {
  const problems: Problem[] = []
  const problem = (path: readonly (string | number)[], message: string, suggestion?: string) => {
    const line = lineOf(path)
    const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')
    problems.push({ path: text.replace(/^\./, ''), message, ...(line > 0 ? { line } : {}), ...(suggestion === undefined ? {} : { suggestion }) })
  }
  const known = (value: Plain, keys: readonly string[], path: readonly (string | number)[]) => {
    for (const key of Object.keys(value)) if (!keys.includes(key)) problem([...path, key], `"${key}" is not known here`, nearest(key, keys))
  }
  const duration = (value: unknown, path: readonly (string | number)[], fallback: number): number => {
    if (value === undefined || value === null) return fallback
    const seconds = value === 0 || value === '0' ? 0 : typeof value === 'string' ? durationSeconds(value) : undefined
    if (seconds !== undefined) return seconds * 1000
    problem(path, `"${String(value)}" is no duration; write 30s, 5m, 1h30m`)
    return fallback
  }
  const texts = (value: unknown, path: readonly (string | number)[], template: boolean): Record<string, string> => {
    if (value === undefined || value === null) return {}
    if (!isMap(value)) {
      problem(path, 'must be a map of texts')
      return {}
    }
    const out: Record<string, string> = {}
    for (const [name, text] of Object.entries(value)) {
      const at = [...path, name]
      if (typeof text === 'object') problem(at, 'must be a text')
      else out[name] = String(text)
      if (name === '__name__' || name === '') problem(at, 'is no name that may be set')
      const fault = template ? templateProblem(out[name] ?? '') : undefined
      if (fault !== undefined) problem(at, `template: ${fault}`)
    }
    return out
  }

  if (!isMap(data)) return err([{ path: '', message: 'must be a map with `groups`', line: 1 }])
  known(data, ['groups'], [])
  if (data.groups === undefined || data.groups === null) return problems.length > 0 ? err(problems) : ok([])
  if (!Array.isArray(data.groups)) return err([{ path: 'groups', message: 'must be a list' }])
  const names = new Set<string>()
  const groups = data.groups.map((raw: unknown, g): RuleGroup => {
    const at = ['groups', g]
    const group = isMap(raw) ? raw : {}
    if (!isMap(raw)) problem(at, 'must be a map')
    known(group, GROUP_KEYS, at)
    const name = typeof group.name === 'string' ? group.name : ''
    if (name === '') problem([...at, 'name'], 'a group needs a name')
    else if (names.has(name)) problem([...at, 'name'], `there is a group "${name}" already`)
    names.add(name)
    const shared = texts(group.labels, [...at, 'labels'], false)
    const limit = group.limit === undefined ? 0 : group.limit
    if (typeof limit !== 'number' || !Number.isInteger(limit) || limit < 0) problem([...at, 'limit'], 'must be a whole number of at least 0')
    if (group.rules !== undefined && group.rules !== null && !Array.isArray(group.rules)) problem([...at, 'rules'], 'must be a list')
    const own = duration(group.interval, [...at, 'interval'], interval)
    const rules = (Array.isArray(group.rules) ? group.rules : []).map((rule: unknown, r) => readRule(rule, [...at, 'rules', r], shared))
    return {
      name,
      file,
      interval: own > 0 ? own : interval,
      queryOffset: duration(group.query_offset, [...at, 'query_offset'], 0),
      limit: Number(limit) || 0,
      rules: rules.filter((rule) => rule !== undefined),
    }
  })

  function readRule(raw: unknown, at: (string | number)[], shared: Readonly<Record<string, string>>): Rule | undefined {
    if (!isMap(raw)) {
      problem(at, 'must be a map')
      return undefined
    }
    known(raw, RULE_KEYS, at)
    const { record, alert } = raw
    if ((record === undefined) === (alert === undefined)) problem(at, 'a rule has either `record` or `alert`')
    const expr = typeof raw.expr === 'string' || typeof raw.expr === 'number' ? String(raw.expr) : ''
    if (expr.trim() === '') problem([...at, 'expr'], 'a rule needs an expression')
    else {
      try {
        parse(expr)
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        problem([...at, 'expr'], `line ${error.details.line}, column ${error.details.column} of the expression: ${error.details.reason}`)
      }
    }
    const alerting = alert !== undefined
    const base = { expr, labels: { ...shared, ...texts(raw.labels, [...at, 'labels'], alerting) }, line: lineOf(at) }
    if (alerting) {
      if (typeof alert !== 'string' || alert === '') problem([...at, 'alert'], 'must be a name')
      return {
        kind: 'alerting',
        alert: String(alert),
        ...base,
        annotations: texts(raw.annotations, [...at, 'annotations'], true),
        for: duration(raw.for, [...at, 'for'], 0),
        keepFiringFor: duration(raw.keep_firing_for, [...at, 'keep_firing_for'], 0),
      }
    }
    for (const key of ['for', 'keep_firing_for', 'annotations']) if (raw[key] !== undefined) problem([...at, key], 'is for alerts only')
    if (record !== undefined && (typeof record !== 'string' || !METRIC.test(record))) problem([...at, 'record'], 'is no name of a metric')
    return { kind: 'recording', record: String(record), ...base }
  }
  return problems.length > 0 ? err(problems) : ok(groups)
}
