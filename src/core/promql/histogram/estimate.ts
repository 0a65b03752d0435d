/** Quantiles, fractions and spread of histograms, native and classic; interpolation as https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile says. */
import { type Bucket, bucketsOf, type Histogram } from './histogram.ts'

/** The quantile of a native histogram, and what NaN observations did to it. */
export function nativeQuantile(q: number, h: Histogram): { value: number; note?: 'nan-result' | 'nan-skew' } {
  if (Number.isNaN(q)) return { value: Number.NaN }
  if (q < 0) return { value: Number.NEGATIVE_INFINITY }
  if (q > 1) return { value: Number.POSITIVE_INFINITY }
  if (h.count === 0) return { value: Number.NaN }
  const hasNaN = Number.isNaN(h.sum)
  const forward = hasNaN || q < 0.5
  let rank = (forward ? q : 1 - q) * h.count
  const buckets = bucketsOf(h)
  if (!forward) buckets.reverse()
  let count = 0
  let bucket: Bucket = { lower: 0, upper: 0, count: 0, kind: 'zero' }
  for (bucket of buckets) {
    if (bucket.count === 0) continue
    count += bucket.count
    if (count >= rank) break
  }
  if (h.custom) {
    if (bucket.lower === Number.NEGATIVE_INFINITY) {
      if (bucket.upper <= 0) return { value: bucket.upper }
      bucket.lower = 0
    } else if (bucket.upper === Number.POSITIVE_INFINITY) return { value: bucket.lower }
  } else narrowZero(bucket, h)
  count = Math.min(count, h.count)
  if (count < rank) return hasNaN ? { value: Number.NaN, note: 'nan-result' } : { value: bucket.upper }
  rank = forward ? rank - (count - bucket.count) : count - rank
  const fraction = rank / bucket.count
  const value = between(bucket, fraction, h.custom !== null)
  return hasNaN ? { value, note: 'nan-skew' } : { value }
}

/** A zero bucket beside buckets of one sign only holds observations of that sign. */
function narrowZero(bucket: Bucket, h: Histogram): void {
  if (!(bucket.lower < 0 && bucket.upper > 0)) return
  if (h.negative.counts.length === 0 && h.positive.counts.length > 0) bucket.lower = 0
  else if (h.positive.counts.length === 0 && h.negative.counts.length > 0) bucket.upper = 0
}

function between({ lower, upper }: Bucket, fraction: number, linear: boolean): number {
  if (linear || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction
  const [logLower, logUpper] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))]
  return lower > 0 ? 2 ** (logLower + (logUpper - logLower) * fraction) : -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** The share of observations in (lower, upper]. */
export function nativeFraction(lower: number, upper: number, h: Histogram): number {
  if (h.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  const buckets = bucketsOf(h)
  for (const bucket of buckets) {
    if (h.custom && bucket.lower === Number.NEGATIVE_INFINITY && bucket.upper >= 0) bucket.lower = 0
    else if (!h.custom) narrowZero(bucket, h)
  }
  const rankOf = (value: number): number => {
    let rank = 0
    for (const bucket of buckets) {
      if (bucket.lower >= value) return rank
      if (bucket.upper > value) return Math.min(h.count, rank + bucket.count * shareBelow(bucket, value, h.custom !== null))
      rank += bucket.count
    }
    return h.count
  }
  return (rankOf(upper) - rankOf(lower)) / h.count
}

function shareBelow({ lower, upper }: Bucket, value: number, linear: boolean): number {
  if (lower === Number.NEGATIVE_INFINITY) return 1
  if (linear || (lower <= 0 && upper >= 0)) return upper === Number.POSITIVE_INFINITY ? 0 : (value - lower) / (upper - lower)
  const [logLower, logUpper, logValue] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper)), Math.log2(Math.abs(value))]
  return value > 0 ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper)
}

/** The variance of the observations, each taken to be in the middle of its bucket (geometric for exponential buckets). */
export function nativeVariance(h: Histogram): number {
  const mean = h.sum / h.count
  let variance = 0
  let lost = 0
  for (const { lower, upper, count } of bucketsOf(h)) {
    if (count === 0) continue
    let middle = 0
    if (h.custom) middle = (upper + lower) / 2
    else if (!(lower <= 0 && upper >= 0)) middle = Math.sqrt(upper * lower) * (upper < 0 ? -1 : 1)
    const add = count * (middle - mean) ** 2
    const total = variance + add
    lost += Math.abs(variance) >= Math.abs(add) ? variance - total + add : add - total + variance
    variance = total
  }
  return (variance + lost) / h.count
}

/** A classic bucket: how many observations up to a bound. */
export interface ClassicBucket {
  bound: number
  count: number
}
export interface Monotonicity {
  forced: boolean
}
const TOLERANCE = 1e-12

/** Sorted, one for each bound, and never going down; undefined without a bucket for +Inf. */
function prepare(buckets: ClassicBucket[], note: Monotonicity): ClassicBucket[] | undefined {
  buckets.sort((a, b) => a.bound - b.bound)
  if (buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY) return undefined
  const out: ClassicBucket[] = []
  for (const bucket of buckets) {
    const last = out.at(-1)
    if (last?.bound === bucket.bound) last.count += bucket.count
    else out.push({ ...bucket })
  }
  let highest = out[0]!.count
  for (const bucket of out) {
    const difference = Math.abs(bucket.count - highest)
    // Tiny differences come from floating point, not from the data.
    if (difference !== 0 && difference <= TOLERANCE * Math.min(Math.abs(bucket.count) + Math.abs(highest), Number.MAX_VALUE)) bucket.count = highest
    else if (bucket.count < highest) {
      bucket.count = highest
      note.forced = true
    } else highest = bucket.count
  }
  return out
}

export function classicQuantile(q: number, raw: ClassicBucket[], note: Monotonicity): number {
  if (Number.isNaN(q)) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  if (q > 1) return Number.POSITIVE_INFINITY
  const buckets = prepare(raw, note)
  if (!buckets || buckets.length < 2) return Number.NaN
  const last = buckets.length - 1
  const total = buckets[last]!.count
  if (total === 0) return Number.NaN
  let rank = q * total
  let b = buckets.findIndex(({ count }) => count >= rank)
  if (b < 0) b = last
  if (b === last) return buckets[last - 1]!.bound
  if (b === 0 && buckets[0]!.bound <= 0) return buckets[0]!.bound
  const end = buckets[b]!.bound
  if (b === 0) return end * (rank / buckets[0]!.count)
  const { bound: start, count: before } = buckets[b - 1]!
  rank -= before
  return start + (end - start) * (rank / (buckets[b]!.count - before))
}

export function classicFraction(lower: number, upper: number, raw: ClassicBucket[], note: Monotonicity): number {
  const buckets = prepare(raw, note)
  if (!buckets || buckets.length < 2) return Number.NaN
  const total = buckets.at(-1)!.count
  if (total === 0 || Number.isNaN(total) || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  const rankOf = (value: number): number => {
    let rank = 0
    let start = buckets[0]!.bound > 0 ? 0 : Number.NEGATIVE_INFINITY
    for (const { bound, count } of buckets) {
      if (start >= value) return rank
      if (bound > value) {
        if (bound === Number.POSITIVE_INFINITY) return rank
        return start === Number.NEGATIVE_INFINITY ? count : Math.min(total, rank + ((count - rank) * (value - start)) / (bound - start))
      }
      rank = count
      start = bound
    }
    return total
  }
  return (rankOf(upper) - rankOf(lower)) / total
}
