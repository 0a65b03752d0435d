import { formatDuration, parseDuration } from '#core/kernel/duration.ts'
import type { Problem } from '#core/kernel/errors.ts'
import { type AlertRule, type AlertRuleInput, alertRule, type Dimension, type NumberName } from '../domain/api.ts'
import { unitOf } from './numbers.ts'

/** A rule as it is edited: text everywhere, the threshold in the unit that people use (percent, milliseconds, MiB). */
export interface RuleForm {
  name: string
  enabled: boolean
  absent: boolean
  number: NumberName
  comparison: AlertRule['comparison']
  threshold: string
  window: string
  for: string
  filter: string
  groupBy: Dimension | ''
  severity: AlertRule['severity']
  minRequests: string
  summary: string
  runbook: string
}

/** How many of the shown unit make one of the stored unit. */
export function displayFactor(number: NumberName): number {
  const unit = unitOf(number)
  return unit === 'share' ? 100 : unit === 'seconds' ? 1000 : unit === 'bytes' ? 1 / 2 ** 20 : 1
}

/** Key of the word for the shown unit, under `alerts.unit`. */
export const displayUnit = (number: NumberName): 'share' | 'seconds' | 'bytes' | 'rate' | 'number' => {
  const unit = unitOf(number)
  return unit === 'share' || unit === 'seconds' || unit === 'bytes' || unit === 'rate' ? unit : 'number'
}

// 0.07 * 100 is 7.000000000000001: twelve digits are more than anyone types.
const clean = (value: number) => String(Number(value.toPrecision(12)))

export function formOf(input: AlertRuleInput): RuleForm {
  const rule = alertRule.parse({ ...input, name: input.name || '-' })
  return {
    name: input.name,
    enabled: rule.enabled,
    absent: rule.absent,
    number: rule.number,
    comparison: rule.comparison,
    threshold: clean(rule.threshold * displayFactor(rule.number)),
    window: formatDuration(rule.window),
    for: formatDuration(rule.for),
    filter: rule.filter.join('\n'),
    groupBy: rule.groupBy ?? '',
    severity: rule.severity,
    minRequests: String(rule.minRequests),
    summary: rule.summary ?? '',
    runbook: rule.runbook ?? '',
  }
}

export type FormProblems = Partial<Record<keyof RuleForm, string>>

/** The rule, or every field that keeps it from being one. Messages are the server's own words, except where text is not even a number or a duration. */
export function ruleOf(form: RuleForm, say: { number: string; duration: string; name: string }): { rule: AlertRule } | { problems: FormProblems } {
  const problems: FormProblems = {}
  const number = (field: 'threshold' | 'minRequests') => {
    const value = form[field].trim() === '' ? Number.NaN : Number(form[field])
    if (!Number.isFinite(value)) problems[field] = say.number
    return value
  }
  const duration = (field: 'window' | 'for') => {
    const value = parseDuration(form[field].trim())
    if (value === undefined) problems[field] = say.duration
    return value
  }
  if (form.name.trim() === '') problems.name = say.name
  const threshold = form.absent ? 0 : number('threshold') / displayFactor(form.number)
  const candidate = {
    name: form.name,
    enabled: form.enabled,
    absent: form.absent,
    number: form.number,
    comparison: form.comparison,
    threshold,
    window: duration('window'),
    for: duration('for'),
    filter: form.filter
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
    groupBy: form.groupBy === '' ? undefined : form.groupBy,
    severity: form.severity,
    minRequests: form.absent ? 0 : number('minRequests'),
    summary: form.summary.trim() === '' ? undefined : form.summary.trim(),
    runbook: form.runbook.trim() === '' ? undefined : form.runbook.trim(),
  }
  const read = alertRule.safeParse(candidate)
  if (!read.success) {
    for (const { path, message } of read.error.issues) {
      const field = String(path[0]) as keyof RuleForm
      problems[field] ??= message
    }
  }
  return read.success && Object.keys(problems).length === 0 ? { rule: read.data } : { problems }
}

/** Problems that the server found, by field; those of no field of the form are returned apart. */
export function placeProblems(found: readonly Problem[], form: RuleForm): { problems: FormProblems; rest: Problem[] } {
  const problems: FormProblems = {}
  const rest: Problem[] = []
  for (const problem of found) {
    const field = problem.path.replace(/^rule\./, '').split(/[.[]/)[0] as keyof RuleForm
    if (field in form) problems[field] ??= problem.message
    else rest.push(problem)
  }
  return { problems, rest }
}

/** Rules to start from. */
export const TEMPLATES: Readonly<Record<'errors' | 'slow' | 'success' | 'absent', Omit<AlertRuleInput, 'name'>>> = {
  errors: { number: 'rate_5xx', comparison: '>', threshold: 0.05, window: 300_000, for: 60_000, minRequests: 50, severity: 'error' },
  slow: { number: 'p99', comparison: '>', threshold: 1, window: 300_000, for: 60_000, minRequests: 100, severity: 'warning' },
  success: { number: 'success_rate', comparison: '<', threshold: 0.99, window: 600_000, for: 0, minRequests: 100, severity: 'warning' },
  absent: { absent: true, window: 300_000, severity: 'critical' },
}
