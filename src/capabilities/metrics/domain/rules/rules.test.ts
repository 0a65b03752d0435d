import { describe, expect, it } from 'vitest'
import { labelsObject, labelsOf } from '#core/promql/labels.ts'
import { MemorySource } from '#core/promql/memory-source.ts'
import { runQuery } from '#core/promql/query.ts'
import { episodesOf } from './backtest.ts'
import { type AlertingRule, readRuleFile } from './read.ts'
import { type Alert, alertSamples, GRACE_MS, restored, stepAlerts } from './step.ts'
import { expandTemplate, templateProblem } from './template.ts'
import { readTestFile, runTests } from './unit-test.ts'

const rule: AlertingRule = {
  kind: 'alerting',
  alert: 'Down',
  expr: 'up == 0',
  labels: { severity: 'page' },
  annotations: {},
  for: 120_000,
  keepFiringFor: 60_000,
  line: 1,
}
const down = [
  {
    labels: labelsOf([
      ['__name__', 'up'],
      ['job', 'a'],
    ]),
    value: 0,
  },
]
const states = (alerts: ReadonlyMap<string, Alert>) => [...alerts.values()].map(({ state }) => state)

describe('reading rule files', () => {
  it('tells all problems with their lines, and reads what is right', () => {
    const wrong = `groups:
- name: a
  interval: 1x
  rules:
  - record: "bad name"
    expr: sum(rate(x[5m])
  - alert: A
    exprr: up
    expr: up == 0
    annotations: { s: '{{ range .x }}' }
- name: a
`
    const found = readRuleFile(wrong, 'f')
    expect(found.ok ? [] : found.error.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '3 groups[0].interval',
      '6 groups[0].rules[0].expr',
      '5 groups[0].rules[0].record',
      '8 groups[0].rules[1].exprr',
      '10 groups[0].rules[1].annotations.s',
      '11 groups[1].name',
    ])
    const right = readRuleFile(
      'groups:\n- name: a\n  limit: 3\n  query_offset: 1m\n  labels: { team: x }\n  rules:\n  - alert: A\n    expr: up == 0\n    for: 5m\n',
      'f',
    )
    expect(right.ok && right.value).toMatchObject([
      { name: 'a', limit: 3, queryOffset: 60_000, interval: 60_000, rules: [{ for: 300_000, labels: { team: 'x' }, line: 7 }] },
    ])
  })
})

describe('alerts', () => {
  it('wait, fire, are kept, end and are forgotten', () => {
    let alerts = stepAlerts(rule, new Map(), down, 0, 0)
    expect(states(alerts)).toEqual(['pending'])
    alerts = stepAlerts(rule, alerts, down, 60_000, 0)
    expect(states(alerts)).toEqual(['pending'])
    alerts = stepAlerts(rule, alerts, down, 120_000, 0)
    expect(states(alerts)).toEqual(['firing'])
    expect(alertSamples(alerts).map(({ labels, value }) => [labelsObject(labels), value])).toEqual([
      [{ __name__: 'ALERTS', alertname: 'Down', alertstate: 'firing', job: 'a', severity: 'page' }, 1],
      [{ __name__: 'ALERTS_FOR_STATE', alertname: 'Down', job: 'a', severity: 'page' }, 0],
    ])
    alerts = stepAlerts(rule, alerts, [], 130_000, 0)
    expect(states(alerts)).toEqual(['firing'])
    alerts = stepAlerts(rule, alerts, [], 190_000, 0)
    expect(states(alerts)).toEqual(['inactive'])
    expect(alertSamples(alerts)).toEqual([])
    expect(states(stepAlerts(rule, alerts, [], 190_000 + 16 * 60_000, 0))).toEqual([])
  })
  it('that are gone before their time never fire, and more than the limit are an error', () => {
    const pending = stepAlerts(rule, new Map(), down, 0, 0)
    expect(states(stepAlerts(rule, pending, [], 60_000, 0))).toEqual([])
    const two = [...down, { labels: labelsOf([['job', 'b']]), value: 0 }]
    expect(() => stepAlerts(rule, new Map(), two, 0, 1)).toThrow(expect.objectContaining({ code: 'PROMQL_FAILED' }))
    const same = { ...rule, labels: { job: 'one' } }
    expect(() => stepAlerts(same, new Map(), two, 0, 0)).toThrow(expect.objectContaining({ code: 'PROMQL_FAILED' }))
  })
  it('go on waiting after a restart', () => {
    const long = { ...rule, for: 60 * 60_000 }
    const [alert] = stepAlerts(long, new Map(), down, 10_000_000, 0).values()
    const stored = (spent: number) => ({ activeAt: 1_000_000, lastAt: 1_000_000 + spent })
    expect(restored(long, alert!, stored(61 * 60_000), 10_000_000)).toMatchObject({ state: 'firing', activeAt: 1_000_000 })
    expect(restored(long, alert!, stored(55 * 60_000), 10_000_000).activeAt).toBe(10_000_000 + GRACE_MS - long.for)
    expect(restored(long, alert!, stored(10 * 60_000), 10_000_000).activeAt).toBe(1_000_000 + (10_000_000 - 1_600_000))
    expect(restored(rule, alert!, stored(10 * 60_000), 10_000_000).activeAt).toBe(10_000_000)
  })
})

it('templates print as in Go, and what is not supported is a problem', () => {
  const expand = (text: string, value = 0.5) => expandTemplate(text, { labels: { instance: 'a:90' }, value })
  expect(expand('{{ $labels.instance }}/{{ .Labels.none }}/{{ $value }}')).toBe('a:90//0.5')
  expect(expand('{{ $value | humanizePercentage }} {{ 1536 | humanize1024 }}B {{ 1234567.0 | humanize }} {{ 3725 | humanizeDuration }}')).toBe(
    '50% 1.5kiB 1.235M 1h 2m 5s',
  )
  expect(expand('{{ printf "%.2f|%5s|%q" $value "x" "y" }}')).toBe('0.50|    x|"y"')
  expect(expand('{{ if gt $value 1.0 }}high{{ else if eq $labels.instance "a:90" }}a{{ else }}low{{ end }}')).toBe('a')
  expect(expand('x {{- $labels.instance -}} y')).toBe('xa:90y')
  for (const wrong of ['{{ $nope }}', '{{ query "up" }}', '{{ if true }}', '{{ end }}', '{{ range .x }}{{ end }}', '{{ $value | }}', '{{ unclosed'])
    expect(templateProblem(wrong), wrong).toBeTypeOf('string')
  expect(templateProblem('{{ $labels.a | toUpper | printf "%s" }}')).toBeUndefined()
})

const groups = readRuleFile(
  `groups:
- name: g
  rules:
  - { record: 'job:up:sum', expr: sum by (job) (up) }
  - { alert: Down, expr: up == 0, for: 5m, annotations: { summary: '{{ $labels.job }} down' } }
`,
  'g',
)
const unitTest = (wanted: string) => `
evaluation_interval: 1m
tests:
- input_series: [{ series: 'up{job="a"}', values: '1x2 0x20' }]
  alert_rule_test:
  - { eval_time: 10m, alertname: Down, exp_alerts: [{ exp_labels: { job: a }, exp_annotations: { summary: ${wanted} } }] }
  - { eval_time: 5m, alertname: Down }
  promql_expr_test:
  - { expr: 'job:up:sum', eval_time: 2m, exp_samples: [{ labels: 'job:up:sum{job="a"}', value: 1 }] }
`
it('unit tests pass and fail as they should, and their mistakes have lines', async () => {
  const run = async (text: string) => {
    const tests = readTestFile(text)
    if (!tests.ok || !groups.ok) throw new Error('not read')
    return runTests(tests.value, groups.value)
  }
  expect(await run(unitTest('a down'))).toEqual([])
  expect(await run(unitTest('b down'))).toEqual([expect.stringContaining('alert Down at 600 s')])
  const wrong = readTestFile('tests:\n- alert_rule_test:\n  - eval_tim: 5m\n    alertname: A\n')
  expect(wrong.ok ? [] : wrong.error.map(({ line }) => line)).toContain(3)
})

it('a back-test finds the episodes of the past and counts those that only waited', async () => {
  const source = new MemorySource()
  const labels = labelsOf([
    ['__name__', 'up'],
    ['job', 'a'],
  ])
  for (let i = 0; i < 60; i++) source.add(labels, i * 60_000, (i >= 5 && i < 7) || (i >= 20 && i < 30) || i >= 55 ? 0 : 1)
  const answer = await runQuery(source, rule.expr, { start: 0, end: 59 * 60_000, step: 60_000 })
  const { episodes, pendingOnly } = episodesOf({ ...rule, keepFiringFor: 0 }, answer, 0)
  expect(episodes.map(({ activeAt, firedAt, endedAt }) => [activeAt, firedAt, endedAt].map((at) => (at === undefined ? at : at / 60_000)))).toEqual([
    [20, 22, 30],
    [55, 57, undefined],
  ])
  expect(pendingOnly).toBe(1)
})
