/** Random series and random queries over them, both from a seed: counters with resets, gauges, classic and native histograms, gaps, stale markers. */
import { CUSTOM, type Histogram, NO_BUCKETS } from '#core/promql/histogram/histogram.ts'
import { labelsOf } from '#core/promql/labels.ts'
import type { QueryRange } from '#core/promql/plan.ts'
import type { LoadedSample } from './script.ts'

type Random = () => number
const below = (random: Random, n: number) => Math.floor(random() * n)
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)]!
const chance = (random: Random, share: number) => random() < share

export const SPAN_MS = 3_600_000

/** Samples of an hour from `start` on, of ten to forty series. */
export function randomSamples(random: Random, start: number): LoadedSample[] {
  const out: LoadedSample[] = []
  const step = pick(random, [10_000, 15_000, 30_000, 60_000])
  const jitter = chance(random, 0.5) ? 500 : 0
  for (const instance of ['a', 'b', 'c', 'd'].slice(0, 2 + below(random, 3)))
    for (const job of ['api', 'web']) {
      const base = { job, instance: `${instance}:80`, ...(chance(random, 0.2) ? { zone: pick(random, ['x', 'y']) } : {}) }
      const series: [name: string, extra: Record<string, string>, next: (i: number) => LoadedSample['sample']][] = [
        ['requests_total', {}, counter(random, 100, true)],
        ['seconds_total', {}, counter(random, 3, false)],
        ['temperature', {}, () => (chance(random, 0.02) ? pick(random, [Number.NaN, Infinity, -Infinity, -0, 0]) : (random() - 0.4) * 100)],
        ['size', { kind: pick(random, ['s', 'm']) }, () => below(random, 50)],
      ]
      if (chance(random, 0.5)) {
        const counts = ['0.1', '1', '10', '+Inf'].map(() => 0)
        counts.forEach((_, k) => {
          series.push([
            'took_bucket',
            { le: ['0.1', '1', '10', '+Inf'][k]! },
            () => (counts[k] = (counts[k - 1] ?? 0) + (counts[k]! - (counts[k - 1] ?? 0)) + below(random, 5)),
          ])
        })
      }
      if (chance(random, 0.6)) series.push(['latency', {}, histograms(random, chance(random, 0.3))])
      // A metric that is a number in one place and a histogram in another.
      if (chance(random, 0.3)) series.push(['mixed', {}, chance(random, 0.5) ? counter(random, 9, true) : histograms(random, false)])
      for (const [name, extra, next] of series) {
        const labels = labelsOf(Object.entries({ __name__: name, ...base, ...extra }))
        const end = chance(random, 0.2) ? below(random, SPAN_MS) : SPAN_MS
        let offset = below(random, step)
        for (let i = 0; offset <= SPAN_MS; i++, offset += step) {
          const sample = next(i)
          // Targets that are gone, and come back or do not.
          if (chance(random, 0.01)) offset += below(random, 12) * step
          if (offset > end || chance(random, 0.03)) {
            if (offset > end) {
              if (chance(random, 0.7)) out.push({ labels, at: start + offset, sample: 'stale', start: undefined })
              break
            }
            continue
          }
          out.push({ labels, at: start + offset + below(random, jitter + 1), sample: chance(random, 0.01) ? 'stale' : sample, start: undefined })
        }
      }
    }
  return out
}

function counter(random: Random, most: number, whole: boolean): () => number {
  let value = below(random, 1000)
  return () => {
    if (chance(random, 0.02)) value = 0
    value += whole ? below(random, most) : random() * most
    return value
  }
}

function histograms(random: Random, custom: boolean): () => Histogram {
  let counts = [0, 0, 0, 0, 0]
  let [zeroCount, sum] = [0, 0]
  let schema = custom ? CUSTOM : pick(random, [0, 1, 3])
  return () => {
    if (chance(random, 0.03)) [counts, zeroCount, sum] = [counts.map(() => 0), 0, 0]
    if (!custom && chance(random, 0.01)) schema = pick(random, [0, 1, 3])
    counts = counts.map((count) => count + below(random, 4))
    if (!custom) zeroCount += below(random, 2)
    sum += random() * 10
    const positive = { offset: custom ? 0 : -1, counts: Float64Array.from(counts) }
    const total = zeroCount + counts.reduce((a, b) => a + b, 0)
    const hint = 'unknown' as const
    return {
      schema,
      zeroThreshold: custom ? 0 : 0.001,
      zeroCount,
      count: total,
      sum,
      positive,
      negative: NO_BUCKETS,
      custom: custom ? [0.1, 1, 5, 10] : null,
      hint,
    }
  }
}

const METRICS = ['requests_total', 'seconds_total', 'temperature', 'size', 'took_bucket', 'latency', 'mixed', 'nothing']
const LABELS = ['job', 'instance', 'zone', 'kind', 'le']
const RANGES = ['30s', '1m', '2m', '5m', '7m', '20m']
const OF_RANGE = (
  'rate irate increase delta idelta deriv changes resets avg_over_time count_over_time first_over_time last_over_time max_over_time min_over_time ' +
  'present_over_time stddev_over_time sum_over_time absent_over_time mad_over_time ts_of_max_over_time'
).split(' ')
const OF_VECTOR = 'abs ceil exp floor sgn sqrt timestamp absent sort histogram_count histogram_sum histogram_avg scalar_vector'.split(' ')
const AGGREGATES = 'sum sum sum avg avg count count min max group stddev stdvar topk bottomk quantile count_values'.split(' ')

/** A query of random shape; most of them can be evaluated. */
export function randomQuery(random: Random, start: number): { text: string; range: QueryRange } {
  const text = vector(random, 1 + below(random, 4))
  const first = start + below(random, SPAN_MS)
  const step = pick(random, [1000, 7_500, 15_000, 60_000, 61_000, 300_000])
  const n = chance(random, 0.3) ? 0 : below(random, 40)
  // Whole minutes and half hours are where windows and stored runs begin.
  const from = chance(random, 0.4) ? Math.floor(first / 60_000) * 60_000 : first
  return { text, range: { start: from, end: from + n * step, step } }
}

function selector(random: Random): string {
  const matchers = LABELS.filter(() => chance(random, 0.15)).map((label) => {
    const value = { job: ['api', 'web'], instance: ['a:80', 'b:80'], zone: ['x', ''], kind: ['s', 'm'], le: ['1', '+Inf'] }[label]!
    return chance(random, 0.5)
      ? `${label}${pick(random, ['=', '!='])}"${pick(random, value)}"`
      : `${label}${pick(random, ['=~', '!~'])}"${pick(random, ['.*', '.+', 'a.*', '[^w].*', 'api|web', '(s|x)?'])}"`
  })
  if (chance(random, 0.05)) matchers.push(`__name__=~"${pick(random, ['.*_total', 'size|mixed', 't.+'])}"`)
  else return `${pick(random, METRICS)}{${matchers.join(',')}}`
  return `{${matchers.join(',')}}`
}
const shifted = (random: Random): string => {
  const offset = chance(random, 0.1) ? ` offset ${pick(random, ['30s', '5m', '-1m'])}` : ''
  return chance(random, 0.06) ? ` @ ${pick(random, ['start()', 'end()'])}${offset}` : offset
}
const matrix = (random: Random, depth: number): string =>
  depth > 1 && chance(random, 0.15)
    ? `(${vector(random, depth - 1)})[${pick(random, RANGES)}:${pick(random, ['', '15s', '1m'])}]${shifted(random)}`
    : `${selector(random)}[${pick(random, RANGES)}]${shifted(random)}`

function grouping(random: Random): string {
  if (chance(random, 0.2)) return ''
  const labels = [...LABELS, ...(chance(random, 0.1) ? ['__name__'] : [])].filter(() => chance(random, 0.3))
  return ` ${pick(random, ['by', 'by', 'without'])} (${labels.join(', ')})`
}

function vector(random: Random, depth: number): string {
  const inner = () => vector(random, depth - 1)
  if (depth <= 0 || chance(random, 0.1)) return `${selector(random)}${shifted(random)}`
  const kind = random()
  if (kind < 0.25) return `${pick(random, OF_RANGE)}(${matrix(random, depth)})`
  if (kind < 0.6) {
    const op = pick(random, AGGREGATES)
    const by = grouping(random)
    if (op === 'topk' || op === 'bottomk') return `${op}${by} (${below(random, 4)}, ${inner()})`
    if (op === 'quantile') return `${op}${by} (${pick(random, ['0', '0.5', '0.99', '1.5'])}, ${inner()})`
    if (op === 'count_values') return `${op}${by} ("v", ${inner()})`
    return `${op}${by} (${inner()})`
  }
  if (kind < 0.72) {
    const fn = pick(random, OF_VECTOR)
    return fn === 'scalar_vector' ? `vector(scalar(${inner()}))` : `${fn}(${inner()})`
  }
  if (kind < 0.76) return `histogram_quantile(${pick(random, ['0.5', '0.9', '1'])}, ${inner()})`
  if (kind < 0.79) return `label_replace(${inner()}, "zone", "z$1", "instance", "(.).*")`
  if (kind < 0.82) return `clamp(${inner()}, -5, ${below(random, 90)})`
  if (kind < 0.84) return `quantile_over_time(0.9, ${matrix(random, depth)})`
  if (kind < 0.87) return `-${inner()}`
  if (kind < 0.94) {
    const op = pick(random, ['+', '-', '*', '/', '%', '>', '<=', '== bool', '!='])
    return chance(random, 0.5) ? `(${inner()} ${op} ${below(random, 60)})` : `(${below(random, 60)} ${op} ${inner()})`
  }
  const op = pick(random, ['+', '/', '*', '-', '>', 'and', 'or', 'unless'])
  const on = chance(random, 0.6) ? ` ${pick(random, ['on', 'ignoring'])} (${LABELS.filter(() => chance(random, 0.4)).join(', ')})` : ''
  const group = on !== '' && !['and', 'or', 'unless'].includes(op) && chance(random, 0.3) ? ` ${pick(random, ['group_left', 'group_right'])} ()` : ''
  return `(${inner()} ${op}${on}${group} ${inner()})`
}
