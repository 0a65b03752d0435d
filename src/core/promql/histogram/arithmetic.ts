/** Sums of histograms, compensated after Kahan and Neumaier, so that big buckets do not swallow small ones. */
import { type Buckets, divideHistogram, type Histogram, mapHistogram, type ResetHint } from './histogram.ts'
import { layoutFor, spread, union } from './reconcile.ts'

/** What has to be told about a sum: custom bounds were brought together, or counters that were reset met others that were not. */
export interface Notes {
  boundsDiffered: boolean
  resetCollision: boolean
}

/** Whether counters that were reset are summed with others that were not. */
export const resetsCollide = (all: readonly Histogram[]): boolean => all.some(({ hint }) => hint === 'reset') && all.some(({ hint }) => hint === 'not_reset')

/** The hint of a sum of two. */
function jointHint(a: ResetHint, b: ResetHint, notes: Notes): ResetHint {
  if (a === b) return a
  if (a === 'gauge' || b === 'gauge') return 'gauge'
  if (a === 'unknown' || b === 'unknown') return 'unknown'
  notes.resetCollision = true
  return 'unknown'
}

function combineBuckets(a: Buckets, b: Buckets, sign: number): Buckets {
  const { offset, length } = union(a, b)
  const x = spread(a, offset, length)
  const y = spread(b, offset, length)
  return { offset, counts: x.map((count, i) => count + sign * y[i]!) }
}

/** a + sign·b; undefined when exponential meets custom buckets. */
export function combine(a: Histogram, b: Histogram, sign: 1 | -1, notes: Notes): Histogram | undefined {
  const layout = layoutFor(a, b)
  if (!layout) return undefined
  if (layout.boundsDiffered) notes.boundsDiffered = true
  const x = layout.apply(a)
  const y = layout.apply(b)
  const hint = jointHint(a.hint, b.hint, notes)
  return {
    ...x,
    zeroCount: x.zeroCount + sign * y.zeroCount,
    count: x.count + sign * y.count,
    sum: x.sum + sign * y.sum,
    positive: combineBuckets(x.positive, y.positive, sign),
    negative: combineBuckets(x.negative, y.negative, sign),
    hint: sign < 0 ? 'gauge' : hint,
  }
}

/** A running sum and what rounding took from it. */
export interface Running {
  value: Histogram
  lost: Histogram
}

export const startSum = (h: Histogram): Running => ({ value: h, lost: mapHistogram(h, () => 0) })

const lostIn = (a: number, b: number, t: number): number => (Number.isFinite(t) ? (Math.abs(a) >= Math.abs(b) ? a - t + b : b - t + a) : 0)

/** The running sum with one more; undefined when exponential meets custom buckets. */
export function addTo(running: Running, h: Histogram, notes: Notes): Running | undefined {
  const layout = layoutFor(running.value, h)
  if (!layout) return undefined
  if (layout.boundsDiffered) notes.boundsDiffered = true
  const a = layout.apply(running.value)
  const c = layout.apply({ ...running.lost, zeroThreshold: running.value.zeroThreshold })
  const b = layout.apply(h)
  const add = (x: Buckets, lost: Buckets, y: Buckets): [Buckets, Buckets] => {
    const { offset, length } = union(union2(x, lost), y)
    const [xs, ls, ys] = [spread(x, offset, length), spread(lost, offset, length), spread(y, offset, length)]
    const sum = xs.map((v, i) => v + ys[i]!)
    return [
      { offset, counts: sum },
      { offset, counts: ls.map((v, i) => v + lostIn(xs[i]!, ys[i]!, sum[i]!)) },
    ]
  }
  const [positive, lostPositive] = add(a.positive, c.positive, b.positive)
  const [negative, lostNegative] = add(a.negative, c.negative, b.negative)
  const count = a.count + b.count
  const sum = a.sum + b.sum
  const zeroCount = a.zeroCount + b.zeroCount
  return {
    value: { ...a, count, sum, zeroCount, positive, negative, hint: jointHint(running.value.hint, h.hint, notes) },
    lost: {
      ...c,
      count: c.count + lostIn(a.count, b.count, count),
      sum: c.sum + lostIn(a.sum, b.sum, sum),
      zeroCount: c.zeroCount + lostIn(a.zeroCount, b.zeroCount, zeroCount),
      positive: lostPositive,
      negative: lostNegative,
    },
  }
}

function union2(a: Buckets, b: Buckets): Buckets {
  const { offset, length } = union(a, b)
  return length === a.counts.length && offset === a.offset ? a : { offset, counts: new Float64Array(length) }
}

/** The sum with what was lost put back. */
export function finishSum({ value, lost }: Running): Histogram {
  const put = (a: Buckets, b: Buckets): Buckets => ({ offset: a.offset, counts: a.counts.map((v, i) => v + (b.counts[i] ?? 0)) })
  return {
    ...value,
    count: value.count + lost.count,
    sum: value.sum + lost.sum,
    zeroCount: value.zeroCount + lost.zeroCount,
    positive: put(value.positive, lost.positive),
    negative: put(value.negative, lost.negative),
  }
}

const overflows = (h: Histogram): boolean =>
  [h.count, h.sum, h.zeroCount].some(infinite) || h.positive.counts.some(infinite) || h.negative.counts.some(infinite)
const infinite = (v: number): boolean => v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY

/** A running mean: of the sum while that does not overflow, then weighted step by step. */
export interface RunningMean {
  sum: Running
  n: number
  incremental: boolean
}
export const startMean = (h: Histogram): RunningMean => ({ sum: startSum(h), n: 1, incremental: false })

export function addToMean(mean: RunningMean, h: Histogram, notes: Notes): RunningMean | undefined {
  const n = mean.n + 1
  if (!mean.incremental) {
    const sum = addTo(mean.sum, h, notes)
    if (!sum) return undefined
    if (!overflows(sum.value)) return { sum, n, incremental: false }
    mean = { sum: scaleRunning(mean.sum, 1 / mean.n), n: mean.n, incremental: true }
  }
  const sum = addTo(scaleRunning(mean.sum, (n - 1) / n), divideHistogram(h, n), notes)
  return sum && { sum, n, incremental: true }
}
const scaleRunning = ({ value, lost }: Running, factor: number): Running => ({
  value: mapHistogram(value, (v) => v * factor),
  lost: mapHistogram(lost, (v) => v * factor),
})

export function finishMean({ sum, n, incremental }: RunningMean): Histogram {
  if (incremental) return finishSum(sum)
  // What was lost is divided on its own: dividing the joined sum would round it away again.
  return finishSum({ value: divideHistogram(sum.value, n), lost: divideHistogram(sum.lost, n) })
}
