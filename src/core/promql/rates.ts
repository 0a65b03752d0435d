/** rate, increase, delta, irate, idelta; extrapolation as Prometheus 3 does it (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate). */
import { NOTES } from './annotations.ts'
import { combine, type Notes } from './histogram/arithmetic.ts'
import { CUSTOM, type Histogram, mapHistogram } from './histogram/histogram.ts'
import { detectReset } from './histogram/reconcile.ts'
import type { Window } from './windows.ts'

/** Whether counting began anew between two samples: the value went down, or the series says that it began after the previous one. */
function wasReset(w: Window, i: number): boolean {
  const { ft, fv, fs } = w.series
  if (fv[i]! < fv[i - 1]!) return true
  return fs !== null && fs[i] !== 0 && fs[i]! >= ft[i - 1]! && fs[i]! < ft[i]!
}

/** The growth between the ends of the window, resets undone, stretched to the window where its samples come near to the borders. */
export function rateOf(w: Window, counter: boolean, perSecond: boolean): number | Histogram | undefined {
  const { ft, fv, ht, hv } = w.series
  const n = w.fhi - w.flo
  const m = w.hhi - w.hlo
  if (n > 0 && m > 0) {
    w.notes.warn(w.pos, NOTES.mixedTypes(w.metric))
    return undefined
  }
  if (n < 2 && m < 2) return undefined
  let factor: number
  if (n > 1) {
    let growth = fv[w.fhi - 1]! - fv[w.flo]!
    if (counter) for (let i = w.flo + 1; i < w.fhi; i++) if (wasReset(w, i)) growth += fv[i - 1]!
    factor = stretch(w, ft[w.flo]!, ft[w.fhi - 1]!, n - 1, counter && growth > 0 && fv[w.flo]! >= 0 ? fv[w.flo]! / growth : undefined)
    return growth * (perSecond ? factor / ((w.end - w.start) / 1000) : factor)
  }
  const points = hv.slice(w.hlo, w.hhi)
  const growth = histogramGrowth(w, points, counter)
  if (!growth) return undefined
  const first = points[0]!.count
  factor = stretch(w, ht[w.hlo]!, ht[w.hhi - 1]!, m - 1, counter && growth.count > 0 && first >= 0 ? first / growth.count : undefined)
  if (perSecond) factor /= (w.end - w.start) / 1000
  return mapHistogram(growth, (v) => v * factor)
}

/** How much longer the window is taken to be than from first to last sample. `toZero`: the first value as a share of the growth. */
function stretch(w: Window, first: number, last: number, intervals: number, toZero: number | undefined): number {
  const sampled = (last - first) / 1000
  const average = sampled / intervals
  const threshold = average * 1.1
  let before = (first - w.start) / 1000
  let after = (w.end - last) / 1000
  if (before >= threshold) before = average / 2
  // A counter cannot have been below zero.
  if (toZero !== undefined) before = Math.min(before, sampled * toZero)
  if (after >= threshold) after = average / 2
  return (sampled + before + after) / sampled
}

/** Last minus first of histograms, resets undone; undefined when exponential meets custom buckets. */
export function histogramGrowth(w: Window, points: readonly Histogram[], counter: boolean): Histogram | undefined {
  const first = points[0]!
  const last = points.at(-1)!
  const custom = first.schema === CUSTOM
  if (points.some((h) => (h.schema === CUSTOM) !== custom)) {
    w.notes.warn(w.pos, NOTES.mixedSchemas(w.metric))
    return undefined
  }
  if (counter && points.some((h) => h.hint === 'gauge')) w.notes.warn(w.pos, NOTES.notCounter(w.metric))
  if (!counter && (first.hint !== 'gauge' || last.hint !== 'gauge')) w.notes.warn(w.pos, NOTES.notGauge(w.metric))
  const notes: Notes = { boundsDiffered: false, resetCollision: false }
  let growth: Histogram | undefined = last
  const firstReset = counter && points.length > 1 && detectReset(points[1]!, first)
  if (!firstReset) growth = combine(growth, first, -1, notes)
  if (counter) for (let i = 2; i < points.length && growth; i++) if (detectReset(points[i]!, points[i - 1]!)) growth = combine(growth, points[i - 1]!, 1, notes)
  if (notes.boundsDiffered) w.notes.info(w.pos, NOTES.boundsReconciled('subtraction'))
  return growth && { ...growth, hint: 'gauge' }
}

/** The step between the last two samples. */
export function idelta(w: Window, perSecond: boolean): number | Histogram | undefined {
  const { ft, fv, ht, hv } = w.series
  if (w.fhi - w.flo + w.hhi - w.hlo < 2) return undefined
  let [f, h] = [w.fhi - 1, w.hhi - 1]
  const takeFloat = () => h < w.hlo || (f >= w.flo && ft[f]! > ht[h]!)
  const lastIsFloat = takeFloat()
  const last = lastIsFloat ? ft[f--]! : ht[h--]!
  const previousIsFloat = takeFloat()
  const previous = previousIsFloat ? ft[f]! : ht[h]!
  if (lastIsFloat !== previousIsFloat) {
    w.notes.warn(w.pos, NOTES.mixedTypes(w.metric))
    return undefined
  }
  const seconds = (last - previous) / 1000
  if (seconds === 0) return undefined
  if (lastIsFloat) {
    const value = fv[f + 1]!
    const step = perSecond && wasReset(w, f + 1) ? value : value - fv[f]!
    return perSecond ? step / seconds : step
  }
  const [a, b] = [hv[h]!, hv[h + 1]!]
  if (perSecond && (a.hint === 'gauge' || b.hint === 'gauge')) w.notes.warn(w.pos, NOTES.notCounter(w.metric))
  if (!perSecond && (a.hint !== 'gauge' || b.hint !== 'gauge')) w.notes.warn(w.pos, NOTES.notGauge(w.metric))
  const notes: Notes = { boundsDiffered: false, resetCollision: false }
  if ((a.schema === CUSTOM) !== (b.schema === CUSTOM)) {
    w.notes.warn(w.pos, NOTES.mixedSchemas(w.metric))
    return undefined
  }
  const step = perSecond && detectReset(b, a) ? b : combine(b, a, -1, notes)!
  if (notes.boundsDiffered) w.notes.info(w.pos, NOTES.boundsReconciled('subtraction'))
  return mapHistogram(step, (v) => (perSecond ? v / seconds : v), 'gauge')
}
