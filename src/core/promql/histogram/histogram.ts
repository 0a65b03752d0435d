/**
 * Native histograms as the evaluator holds them: dense bucket counts from an offset, positive and negative, or custom bounds (schema -53).
 * Bucket i of schema s holds (2^((i-1)/2^s), 2^(i/2^s)]: https://prometheus.io/docs/specs/native_histograms/.
 */
export type ResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge'
export interface Buckets {
  /** Index of the first count. */
  readonly offset: number
  readonly counts: Float64Array
}
export interface Histogram {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positive: Buckets
  readonly negative: Buckets
  /** Upper bounds without +Inf; null for exponential buckets. */
  readonly custom: readonly number[] | null
  readonly hint: ResetHint
}

export const CUSTOM = -53
export const NO_BUCKETS: Buckets = { offset: 0, counts: new Float64Array(0) }

export interface Bucket {
  lower: number
  upper: number
  count: number
  /** Which part of the histogram it is of; buckets are open at the side that faces zero. */
  kind: 'positive' | 'negative' | 'zero'
}

export const exponentialBound = (schema: number, index: number): number => {
  const exponent = index * 2 ** -schema
  return exponent > 1024 || (exponent === 1024 && schema !== 0) ? Number.POSITIVE_INFINITY : 2 ** exponent
}
const upperBound = (h: Histogram, index: number): number =>
  h.custom ? (index < 0 ? Number.NEGATIVE_INFINITY : (h.custom[index] ?? Number.POSITIVE_INFINITY)) : exponentialBound(h.schema, index)

/** All buckets from lowest to highest, empty ones too. */
export function bucketsOf(h: Histogram): Bucket[] {
  const out: Bucket[] = []
  const { positive, negative } = h
  for (let i = negative.counts.length - 1; i >= 0; i--) {
    const index = negative.offset + i
    out.push({ lower: -upperBound(h, index), upper: -upperBound(h, index - 1), count: negative.counts[i]!, kind: 'negative' })
  }
  if (h.zeroCount !== 0) out.push({ lower: -h.zeroThreshold, upper: h.zeroThreshold, count: h.zeroCount, kind: 'zero' })
  for (let i = 0; i < positive.counts.length; i++) {
    const index = positive.offset + i
    out.push({ lower: upperBound(h, index - 1), upper: upperBound(h, index), count: positive.counts[i]!, kind: 'positive' })
  }
  return out
}

const mapBuckets = (b: Buckets, change: (count: number) => number): Buckets => ({ offset: b.offset, counts: b.counts.map(change) })

/** Every number of it through a function. */
export function mapHistogram(h: Histogram, change: (value: number) => number, hint: ResetHint = h.hint): Histogram {
  return {
    ...h,
    zeroCount: change(h.zeroCount),
    count: change(h.count),
    sum: change(h.sum),
    positive: mapBuckets(h.positive, change),
    negative: mapBuckets(h.negative, change),
    hint,
  }
}

export const scaleHistogram = (h: Histogram, factor: number): Histogram => mapHistogram(h, (v) => v * factor, factor < 0 ? 'gauge' : h.hint)

/** Division; by zero there are no buckets left, since none of them would mean anything. */
export function divideHistogram(h: Histogram, divisor: number): Histogram {
  const out = mapHistogram(h, (v) => v / divisor, divisor < 0 ? 'gauge' : h.hint)
  return divisor === 0 ? { ...out, positive: NO_BUCKETS, negative: NO_BUCKETS } : out
}

/** Without empty buckets at the ends. */
export function trimBuckets({ offset, counts }: Buckets): Buckets {
  let from = 0
  let to = counts.length
  while (from < to && counts[from] === 0) from++
  while (to > from && counts[to - 1] === 0) to--
  return from === to ? NO_BUCKETS : { offset: offset + from, counts: counts.subarray(from, to) }
}

const sameBuckets = (a: Buckets, b: Buckets): boolean => {
  const [x, y] = [trimBuckets(a), trimBuckets(b)]
  return x.offset === y.offset && x.counts.length === y.counts.length && x.counts.every((count, i) => Object.is(count, y.counts[i]) || count === y.counts[i])
}
export const sameBounds = (a: readonly number[] | null, b: readonly number[] | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && a.every((bound, i) => bound === b[i]))

/** Equal in every number; the reset hint does not count. */
export function equalHistograms(a: Histogram, b: Histogram): boolean {
  const same = (x: number, y: number) => x === y || (Number.isNaN(x) && Number.isNaN(y))
  return (
    a.schema === b.schema &&
    same(a.count, b.count) &&
    same(a.sum, b.sum) &&
    (a.custom !== null || (a.zeroThreshold === b.zeroThreshold && same(a.zeroCount, b.zeroCount))) &&
    sameBounds(a.custom, b.custom) &&
    sameBuckets(a.positive, b.positive) &&
    sameBuckets(a.negative, b.negative)
  )
}

/** Numbers as Go's %g writes them. */
export function formatG(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [, mantissa, sign, digits] = /^(.*)e([+-])(\d+)$/.exec(value.toExponential())!
  const exponent = Number(sign! + digits!)
  if (exponent < -4 || exponent >= 6) return `${mantissa}e${sign}${digits!.padStart(2, '0')}`
  return plain(value)
}

/** Shortest digits without an exponent. */
export function plain(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const text = String(value)
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (!parts) return Object.is(value, -0) ? '-0' : text
  const [, minus, first, rest = '', exponent] = parts
  const shift = Number(exponent)
  const digits = first! + rest
  return shift < 0 ? `${minus}0.${'0'.repeat(-shift - 1)}${digits}` : `${minus}${digits.padEnd(shift + 1, '0')}`
}

/** `{count:4, sum:5, (0.5,1]:1, (1,2]:2}`: how a histogram is written where a text is wanted. */
export function formatHistogram(h: Histogram): string {
  const parts = [`count:${formatG(h.count)}`, `sum:${formatG(h.sum)}`]
  for (const { lower, upper, count, kind } of bucketsOf(h)) {
    if (count === 0) continue
    const open = kind === 'zero' || lower < 0 ? '[' : '('
    const close = kind === 'zero' || upper > 0 ? ']' : ')'
    parts.push(`${open}${formatG(lower)},${formatG(upper)}${close}:${formatG(count)}`)
  }
  return `{${parts.join(', ')}}`
}
