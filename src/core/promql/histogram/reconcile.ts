/** Brings two histograms to one layout, so that buckets can be added and compared: the coarser schema, the wider zero bucket, the common custom bounds. */
import { type Buckets, exponentialBound, type Histogram, NO_BUCKETS, sameBounds } from './histogram.ts'

/** Buckets of a finer schema in a coarser one: index i becomes ceil(i / 2^steps). */
function coarsen(b: Buckets, steps: number): Buckets {
  if (steps === 0 || b.counts.length === 0) return b
  const factor = 2 ** steps
  const offset = Math.ceil(b.offset / factor)
  const counts = new Float64Array(Math.ceil((b.offset + b.counts.length - 1) / factor) - offset + 1)
  for (let i = 0; i < b.counts.length; i++) counts[Math.ceil((b.offset + i) / factor) - offset]! += b.counts[i]!
  return { offset, counts }
}

export const toSchema = (h: Histogram, schema: number): Histogram =>
  h.schema <= schema ? h : { ...h, schema, positive: coarsen(h.positive, h.schema - schema), negative: coarsen(h.negative, h.schema - schema) }

/** The smallest threshold not below the wanted one that cuts no populated bucket. */
function wholeThreshold(h: Histogram, wanted: number): number {
  let threshold = wanted
  for (let moved = true; moved; ) {
    moved = false
    for (const { offset, counts } of [h.positive, h.negative]) {
      for (let i = 0; i < counts.length; i++) {
        const lower = exponentialBound(h.schema, offset + i - 1)
        if (lower >= threshold) break
        const upper = exponentialBound(h.schema, offset + i)
        if (counts[i] !== 0 && upper > threshold) {
          threshold = upper
          moved = true
        }
      }
    }
  }
  return threshold
}

/** All observations nearer to zero than the threshold in the zero bucket; the threshold is one of `wholeThreshold`. */
export function widenZero(h: Histogram, threshold: number): Histogram {
  if (h.zeroThreshold >= threshold) return h
  let zeroCount = h.zeroCount
  const rest = ({ offset, counts }: Buckets): Buckets => {
    let i = 0
    while (i < counts.length && exponentialBound(h.schema, offset + i - 1) < threshold) zeroCount += counts[i++]!
    return i === 0 ? { offset, counts } : i === counts.length ? NO_BUCKETS : { offset: offset + i, counts: counts.subarray(i) }
  }
  const positive = rest(h.positive)
  const negative = rest(h.negative)
  return { ...h, zeroThreshold: threshold, zeroCount, positive, negative }
}

/** A threshold at which neither histogram has a bucket cut in two. */
export function commonThreshold(a: Histogram, b: Histogram): number {
  let threshold = Math.max(a.zeroThreshold, b.zeroThreshold)
  for (;;) {
    const next = Math.max(
      a.zeroThreshold < threshold ? wholeThreshold(a, threshold) : threshold,
      b.zeroThreshold < threshold ? wholeThreshold(b, threshold) : threshold,
    )
    if (next === threshold) return threshold
    threshold = next
  }
}

/** The bounds that both have. */
export const commonBounds = (a: readonly number[], b: readonly number[]): number[] => a.filter((bound) => b.includes(bound))

/** Observations sorted into fewer custom bounds. */
export function toBounds(h: Histogram, bounds: readonly number[]): Histogram {
  if (sameBounds(h.custom, bounds)) return h
  const counts = new Float64Array(bounds.length + 1)
  const { offset } = h.positive
  h.positive.counts.forEach((count, i) => {
    const upper = h.custom![offset + i] ?? Number.POSITIVE_INFINITY
    const target = bounds.findIndex((bound) => bound >= upper)
    counts[target < 0 ? bounds.length : target]! += count
  })
  return { ...h, custom: bounds, positive: { offset: 0, counts } }
}

/** How a histogram is brought to the layout that it shares with another; undefined when exponential meets custom. */
export function layoutFor(a: Histogram, b: Histogram): { apply: (h: Histogram) => Histogram; boundsDiffered: boolean } | undefined {
  if ((a.custom === null) !== (b.custom === null)) return undefined
  if (a.custom && b.custom) {
    if (sameBounds(a.custom, b.custom)) return { apply: (h) => h, boundsDiffered: false }
    const bounds = commonBounds(a.custom, b.custom)
    return { apply: (h) => toBounds(h, bounds), boundsDiffered: true }
  }
  const schema = Math.min(a.schema, b.schema)
  // The zero bucket is widened in the finer schema first, so that it takes no more than it must.
  const threshold = a.zeroThreshold === b.zeroThreshold ? a.zeroThreshold : commonThreshold(a, b)
  return { apply: (h) => toSchema(widenZero(h, threshold), schema), boundsDiffered: false }
}

/** Both bucket ranges over their union. */
export function spread(b: Buckets, offset: number, length: number): Float64Array {
  if (b.offset === offset && b.counts.length === length) return b.counts
  const counts = new Float64Array(length)
  if (b.counts.length > 0) counts.set(b.counts, b.offset - offset)
  return counts
}
export function union(a: Buckets, b: Buckets): { offset: number; length: number } {
  if (a.counts.length === 0) return { offset: b.offset, length: b.counts.length }
  if (b.counts.length === 0) return { offset: a.offset, length: a.counts.length }
  const offset = Math.min(a.offset, b.offset)
  return { offset, length: Math.max(a.offset + a.counts.length, b.offset + b.counts.length) - offset }
}

/** Whether the counter was reset between two samples: a count, the zero bucket or any bucket went down, or the resolution went up. */
export function detectReset(current: Histogram, previous: Histogram): boolean {
  if (current.hint === 'reset') return true
  if (current.hint === 'not_reset' || current.hint === 'gauge') return false
  if ((current.custom === null) !== (previous.custom === null)) return true
  if (current.count < previous.count) return true
  if (current.custom && previous.custom) {
    const layout = layoutFor(current, previous)!
    return anyLower(layout.apply(current).positive, layout.apply(previous).positive)
  }
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true
  const threshold = previous.zeroThreshold < current.zeroThreshold ? wholeThreshold(previous, current.zeroThreshold) : current.zeroThreshold
  if (threshold !== current.zeroThreshold) return true
  const before = toSchema(widenZero(previous, threshold), current.schema)
  return current.zeroCount < before.zeroCount || anyLower(current.positive, before.positive) || anyLower(current.negative, before.negative)
}

function anyLower(current: Buckets, previous: Buckets): boolean {
  for (let i = 0; i < previous.counts.length; i++) {
    const at = previous.offset + i - current.offset
    if (previous.counts[i]! > (current.counts[at] ?? 0)) return true
  }
  return false
}
