/** Answers of the metrics pages: the evaluator itself over series in memory. */
import type { NamesAnswer, RulesAnswer } from '#capabilities/metrics/domain/api.ts'
import { CodedError, describeError } from '#core/kernel/errors.ts'
import { answerJson, success } from '#core/promql/answer-json.ts'
import { getLabel, type Labels, labelsOf } from '#core/promql/labels.ts'
import { MemorySource } from '#core/promql/memory-source.ts'
import { runQuery } from '#core/promql/query.ts'
import type { Mode } from './canned-answers.ts'

const HUGE = 100_000

function stored(from: number, to: number, mode: Mode): { source: MemorySource; series: Labels[] } {
  const source = new MemorySource()
  const series: Labels[] = []
  const add = (labels: Record<string, string>, value: (i: number) => number) => {
    const made = labelsOf(Object.entries(labels))
    series.push(made)
    if (mode === 'huge') source.add(made, to, value(1))
    else for (let at = from - 600_000, i = 0; at <= to; at += 15_000, i++) source.add(made, at, value(i))
  }
  if (mode === 'empty') return { source, series }
  if (mode === 'huge') {
    for (let i = 0; i < HUGE; i++)
      add({ __name__: 'up', job: `job-${i % 50}`, instance: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:9100` }, () => Number(i % 997 !== 0))
    return { source, series }
  }
  for (const [job, count] of [
    ['node-exporter', 3],
    ['kubelet', 3],
    ['shop/cart', 2],
  ] as const) {
    for (let i = 0; i < count; i++) {
      const target = { job, instance: `10.0.0.${i}:9100` }
      add({ __name__: 'up', ...target }, (n) => Number(!(job === 'shop/cart' && i === 1 && n > 40)))
      add({ __name__: 'scrape_duration_seconds', ...target }, (n) => 0.01 + (n % 7) / 1000)
      add({ __name__: 'scrape_samples_scraped', ...target }, () => 573)
      add({ __name__: 'scrape_samples_post_metric_relabeling', ...target }, () => 560)
      add({ __name__: 'scrape_series_added', ...target }, () => 0)
      add({ __name__: 'process_cpu_seconds_total', ...target }, (n) => n * 3 * (i + 1) + (n % 5) / 10)
    }
  }
  for (const namespace of ['shop', 'kube-system'])
    for (let i = 0; i < 3; i++)
      add({ __name__: 'container_memory_working_set_bytes', namespace, pod: `cart-${i}`, container: 'main' }, (n) => (50 + i * 20 + (n % 20)) * 2 ** 20)
  return { source, series }
}

const rules = (now: number, mode: Mode): RulesAnswer => ({
  faults: mode === 'empty' ? [] : [{ file: 'broken.yml', problems: [{ line: 4, message: 'unknown function with name "ratee"' }] }],
  groups:
    mode === 'empty'
      ? []
      : [
          {
            name: 'targets',
            file: 'targets.yml',
            interval: 15,
            limit: 0,
            evaluationTime: 0.004,
            lastEvaluation: new Date(now).toISOString(),
            rules: [
              {
                name: 'TargetDown',
                type: 'alerting',
                query: 'up == 0',
                labels: { severity: 'critical' },
                annotations: {},
                duration: 300,
                health: 'ok',
                state: 'firing',
                evaluationTime: 0.002,
                lastEvaluation: new Date(now).toISOString(),
                alerts: [
                  {
                    labels: { alertname: 'TargetDown', job: 'shop/cart', instance: '10.0.0.1:9100' },
                    annotations: { summary: 'shop/cart does not answer.' },
                    state: 'firing',
                    activeAt: new Date(now - 900_000).toISOString(),
                    value: '0e+0',
                  },
                ],
              },
              {
                name: 'job:up:sum',
                type: 'recording',
                query: 'sum by (job) (up)',
                labels: {},
                health: 'ok',
                evaluationTime: 0.001,
                lastEvaluation: new Date(now).toISOString(),
              },
              {
                name: 'broken',
                type: 'recording',
                query: 'm * on () n',
                labels: {},
                health: 'err',
                lastError: 'found duplicate series',
                evaluationTime: 0.001,
                lastEvaluation: new Date(now).toISOString(),
              },
            ],
          },
        ],
})

/** Undefined for other paths. */
export async function metricsAnswers(path: string, query: URLSearchParams, now: number, mode: Mode): Promise<{ status: number; body: unknown } | undefined> {
  const own = /^\/metrics\/(\w+)$/.exec(path)?.[1]
  if (own === 'rules') return { status: 200, body: rules(now, mode) }
  if (own === 'names') {
    const { series } = stored(now - 60_000, now, mode === 'huge' ? 'normal' : mode)
    const label = query.get('label') ?? ''
    const names = [...new Set(series.map((labels) => getLabel(labels, label)))].filter((name) => name !== '').sort()
    return { status: 200, body: { names, more: false } satisfies NamesAnswer }
  }
  if (own !== 'query') return undefined
  const [start, end] = [Number(query.get('start')), Number(query.get('end'))]
  try {
    const { source } = stored(start, end, mode)
    const answer = await runQuery(source, query.get('query') ?? '', { start, end, step: Number(query.get('step') ?? 15_000) })
    return { status: 200, body: JSON.parse(success(answerJson(answer, start === end), answer)) }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return { status: 422, body: { error: describeError(error, 'en') } }
  }
}
