/** Unit tests of rules in promtool's format: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/ */
import { z } from 'zod'
import { CodedError, describeError, type Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { formatHistogram, type Histogram } from '#core/promql/histogram/histogram.ts'
import { type Labels, labelsObject, labelsOf } from '#core/promql/labels.ts'
import { durationSeconds } from '#core/promql/lexer.ts'
import { MemorySource } from '#core/promql/memory-source.ts'
import { samplesOf, seriesHead } from '#core/promql/notation.ts'
import { runQuery } from '#core/promql/query.ts'
import { readYaml } from '#core/yaml/read.ts'
import type { RuleGroup } from './read.ts'
import { type Alert, foundIn, stepRule } from './step.ts'

const duration = z.union([z.string(), z.number()]).transform((value, context) => {
  const seconds = value === 0 || value === '0' ? 0 : typeof value === 'string' ? durationSeconds(value) : undefined
  if (seconds !== undefined) return seconds * 1000
  context.addIssue({ code: 'custom', message: 'must be a duration, like 5m' })
  return z.NEVER
})
const texts = z.record(z.string(), z.coerce.string()).nullish()

const testFile = z.object({
  rule_files: z.array(z.string()).default([]),
  evaluation_interval: duration.optional(),
  group_eval_order: z.array(z.string()).default([]),
  fuzzy_compare: z.boolean().default(false),
  tests: z.array(
    z.object({
      name: z.string().optional(),
      interval: duration.optional(),
      input_series: z.array(z.object({ series: z.string(), values: z.coerce.string() })).default([]),
      alert_rule_test: z
        .array(
          z.object({
            eval_time: duration,
            alertname: z.string().min(1),
            exp_alerts: z.array(z.object({ exp_labels: texts, exp_annotations: texts })).nullish(),
          }),
        )
        .default([]),
      promql_expr_test: z
        .array(
          z.object({
            expr: z.string(),
            eval_time: duration,
            exp_samples: z.array(z.object({ labels: z.string().default(''), value: z.coerce.number().optional(), histogram: z.string().optional() })).nullish(),
          }),
        )
        .default([]),
      external_labels: texts,
      external_url: z.string().optional(),
    }),
  ),
})
export type TestFile = z.output<typeof testFile>

/** The tests of a file, or all that is wrong with it. */
export function readTestFile(text: string): Result<TestFile, readonly Problem[]> {
  const yaml = readYaml(text, 4 << 20)
  if (!yaml.ok) return err(yaml.error)
  const [document] = yaml.value.documents
  if (document === undefined) return err([{ path: '', message: 'is empty' }])
  const parsed = parseInput(testFile, document.data)
  if (parsed.ok) return ok(parsed.value)
  return err(parsed.error.map((problem) => ({ ...problem, line: document.lineOf(stepsOf(problem.path)) })))
}

const stepsOf = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, name]) => (index === undefined ? name! : Number(index)))

const MINUTE = 60_000
const show = (labels: Labels) => JSON.stringify(labelsObject(labels))
const near = (a: number, b: number) =>
  Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

/** What failed, one line each; none: all passed. */
export async function runTests(file: TestFile, groups: readonly RuleGroup[]): Promise<string[]> {
  const failures: string[] = []
  const order = file.group_eval_order
  const sorted = groups.toSorted((a, b) => (order.indexOf(a.name) + 1 || order.length + 1) - (order.indexOf(b.name) + 1 || order.length + 1))
  for (const [i, test] of file.tests.entries()) {
    const name = test.name ?? `test ${i + 1}`
    try {
      for (const failure of await runTest(test, sorted, file.evaluation_interval ?? MINUTE)) failures.push(`${name}: ${failure}`)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      failures.push(`${name}: ${describeError(error, 'en').message}`)
    }
  }
  return failures
}

async function runTest(test: TestFile['tests'][number], groups: readonly RuleGroup[], every: number): Promise<string[]> {
  const failures: string[] = []
  const source = new MemorySource()
  const step = test.interval ?? every
  for (const { series, values } of test.input_series) {
    const { labels } = seriesHead(series)
    samplesOf(values).forEach((sample, i) => {
      if (sample !== undefined) source.add(labels, i * step, sample)
    })
  }
  const ask = (at: number) => (text: string) => runQuery(source, text, { start: at, end: at, step: 1000 })
  const end = Math.max(0, ...test.alert_rule_test.map(({ eval_time }) => eval_time), ...test.promql_expr_test.map(({ eval_time }) => eval_time))
  const states = new Map<object, { alerts: Map<string, Alert>; written: Map<string, Labels> }>()
  for (let at = 0; at <= end; at += every) {
    for (const group of groups) {
      for (const rule of group.rules) {
        const before = states.get(rule) ?? { alerts: new Map<string, Alert>(), written: new Map<string, Labels>() }
        const { alerts, samples } = await stepRule(rule, before.alerts, { at, limit: group.limit, ask: ask(at - group.queryOffset) })
        for (const { labels, value } of samples) source.add(labels, at, value)
        const written = new Map(samples.map(({ labels }) => [labels.key, labels]))
        for (const [key, labels] of before.written) if (!written.has(key)) source.add(labels, at, 'stale')
        states.set(rule, { alerts, written })
      }
    }
    // What is expected between this evaluation and the next is what is there now.
    for (const wanted of test.alert_rule_test.filter(({ eval_time }) => eval_time >= at && eval_time < at + every)) {
      const firing = [...states].flatMap(([rule, { alerts }]) =>
        (rule as { alert?: string }).alert === wanted.alertname ? [...alerts.values()].filter(({ state }) => state === 'firing') : [],
      )
      const keyOf = (labels: Labels, annotations: Readonly<Record<string, string>>) => `${show(labels)} ${JSON.stringify(Object.entries(annotations).sort())}`
      const got = firing.map(({ labels, annotations }) => keyOf(labels, annotations)).sort()
      const expected = (wanted.exp_alerts ?? []).map(({ exp_labels, exp_annotations }) =>
        keyOf(
          labelsOf([...Object.entries(exp_labels ?? {}).filter(([label]) => label !== 'alertname'), ['alertname', wanted.alertname]]),
          exp_annotations ?? {},
        ),
      )
      expected.sort()
      if (got.join('\n') !== expected.join('\n'))
        failures.push(`alert ${wanted.alertname} at ${wanted.eval_time / 1000} s: expected ${expected.join('; ') || 'none'}, got ${got.join('; ') || 'none'}`)
    }
  }
  for (const { expr, eval_time, exp_samples } of test.promql_expr_test) {
    const got = foundIn(await ask(eval_time)(expr))
    const expected = (exp_samples ?? []).map(({ labels, value, histogram }) => ({
      labels: seriesHead(labels).labels,
      value: histogram === undefined ? (value ?? 0) : (samplesOf(histogram)[0] as Histogram),
    }))
    const missing = expected.filter(({ labels, value }) => !got.some((one) => one.labels.key === labels.key && same(one.value, value)))
    if (missing.length === 0 && got.length === expected.length) continue
    const list = (samples: readonly { labels: Labels; value: number | Histogram }[]) =>
      samples.map(({ labels, value }) => `${show(labels)} ${text(value)}`).join('; ') || 'nothing'
    failures.push(`${expr} at ${eval_time / 1000} s: expected ${list(expected)}, got ${list(got)}`)
  }
  return failures
}

const text = (value: number | Histogram) => (typeof value === 'number' ? String(value) : formatHistogram(value))
const same = (a: number | Histogram, b: number | Histogram) => (typeof a === 'number' && typeof b === 'number' ? near(a, b) : text(a) === text(b))
