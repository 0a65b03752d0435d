/** `anchored` and `smoothed`: windows whose ends are samples found or interpolated beyond the range (https://prometheus.io/docs/prometheus/latest/feature_flags/#extended-range-selectors). */
import { type Annotations, NOTES } from './annotations.ts'
import type { Extend } from './ast.ts'
import { combine } from './histogram/arithmetic.ts'
import { type Histogram, mapHistogram, scaleHistogram } from './histogram/histogram.ts'
import { detectReset } from './histogram/reconcile.ts'
import { getLabel } from './labels.ts'
import { histogramGrowth } from './rates.ts'
import type { Columns } from './value.ts'
import type { Window, WindowFunction } from './windows.ts'

type Sample = number | Histogram

/** A point between two samples. After a reset a counter begins at zero: left of a window the part before is not its concern, right of it the fall is undone. */
function between(a: Sample, b: Sample, share: number, counter: boolean, left: boolean): Sample | undefined {
  if (typeof a === 'number' || typeof b === 'number') {
    if (typeof a !== 'number' || typeof b !== 'number') return undefined
    if (counter && b < a) return left ? b * share : a + b * share
    return a + (b - a) * share
  }
  const notes = { boundsDiffered: false, resetCollision: false }
  if ((a.custom === null) !== (b.custom === null)) return undefined
  const after = counter && detectReset(b, a) ? b : undefined
  const step = after ?? combine(b, a, -1, notes)
  const point = after && left ? scaleHistogram(after, share) : step && combine(a, scaleHistogram(step, share), 1, notes)
  // The point is no sample of the store, so nothing is known of a reset before it.
  return point && { ...point, hint: a.hint === 'gauge' ? 'gauge' : 'unknown' }
}

/** A `smoothed` instant selector: the line between the samples around `at`. `k` is the last sample not after it. */
export function interpolated(columns: Columns, k: number, at: number, lookback: number, pos: number, notes: Annotations): Sample | undefined {
  const { ts, values, stale, histograms } = columns
  const sample = (i: number): Sample => histograms?.[i] ?? values[i]!
  if (k < 0 || ts[k]! < at - lookback || stale?.[k] === 1) return undefined
  let next = k + 1
  while (next < ts.length && stale?.[next] === 1) next++
  if (ts[k] === at || next >= ts.length || ts[next]! > at + lookback) return sample(k)
  const [a, b] = [sample(k), sample(next)]
  const counter = typeof a !== 'number' && a.hint !== 'gauge'
  const point = between(a, b, (at - ts[k]!) / (ts[next]! - ts[k]!), counter, true)
  if (point === undefined && typeof a !== 'number' && typeof b !== 'number') notes.warn(pos, NOTES.mixedSchemas(getLabel(columns.labels, '__name__')))
  return point
}

interface Points {
  readonly t: Float64Array
  readonly v: ArrayLike<Sample>
}

/** A window function over a window with ends of its own. */
export function extendedRate(w: Window, name: string, extend: Extend, lookback: number, fn: WindowFunction): Sample | undefined {
  const { ft, fv, ht, hv } = w.series
  const within = (t: Float64Array, index: number) => index >= 0 && index < t.length && t[index]! > w.start - lookback && t[index]! <= w.end + lookback
  const anyFloats = w.fhi > w.flo || (extend === 'smoothed' && within(ft, w.flo - 1) && within(ft, w.fhi))
  const anyHistograms = w.hhi > w.hlo || (extend === 'smoothed' && within(ht, w.hlo - 1) && within(ht, w.hhi))
  if (anyFloats && anyHistograms) {
    w.notes.warn(w.pos, NOTES.mixedTypes(w.metric))
    return undefined
  }
  if (!anyFloats && !anyHistograms) return undefined
  const points: Points = anyFloats ? { t: ft, v: fv } : { t: ht, v: hv }
  const lo = anyFloats ? w.flo : w.hlo
  const hi = anyFloats ? w.fhi : w.hhi
  const hasBefore = within(points.t, lo - 1)
  if (name === 'changes' || name === 'resets') {
    const anchored = hasBefore ? 1 : 0
    return fn({ ...w, flo: anyFloats ? lo - anchored : w.flo, hlo: anyFloats ? w.hlo : lo - anchored }, 0, 0)
  }
  const counter = name !== 'delta'
  const list: Sample[] = []
  const used: Sample[] = []
  for (let i = lo; i < hi; i++) list.push(points.v[i]!)
  used.push(...list)
  let mixed = false
  const edge = (a: number, at: number, left: boolean): Sample => {
    used.push(points.v[a]!, points.v[a + 1]!)
    const point = between(points.v[a]!, points.v[a + 1]!, (at - points.t[a]!) / (points.t[a + 1]! - points.t[a]!), counter, left)
    if (point === undefined) mixed = true
    return point ?? points.v[a]!
  }
  if (extend === 'anchored') list.unshift(hasBefore ? points.v[lo - 1]! : list[0]!)
  else {
    const lastBefore = hi > lo && points.t[hi - 1] === w.end
    // With no sample inside, both ends lie between the same two, and a reset between those is undone once.
    const right = lastBefore || !within(points.t, hi) || hi === 0 ? undefined : edge(hi - 1, w.end, hi === lo)
    const left = !hasBefore
      ? list[0]!
      : points.t[lo - 1] === w.start
        ? points.v[lo - 1]!
        : lo < points.t.length && within(points.t, lo)
          ? edge(lo - 1, w.start, true)
          : points.v[lo - 1]!
    list.unshift(left)
    if (right !== undefined) list.push(right)
  }
  if (mixed) {
    w.notes.warn(w.pos, NOTES.mixedSchemas(w.metric))
    return undefined
  }
  const seconds = name === 'rate' ? (w.end - w.start) / 1000 : 1
  if (anyFloats) {
    const values = list as number[]
    let growth = values.at(-1)! - values[0]!
    if (counter) for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) growth += values[i - 1]!
    return growth / seconds
  }
  if (counter && (used as Histogram[]).some((h) => h.hint === 'gauge')) w.notes.warn(w.pos, NOTES.notCounter(w.metric))
  const histograms = list as Histogram[]
  if (histograms.length === 1) histograms.push(histograms[0]!)
  const growth = histogramGrowth(w, histograms, counter)
  return growth && mapHistogram(growth, (v) => v / seconds)
}
