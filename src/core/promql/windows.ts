/** Functions over windows of samples: counters, regressions, and everything `_over_time`. */
import { type Annotations, NOTES } from './annotations.ts'
import { addTo, addToMean, finishMean, finishSum, type Notes, resetsCollide, startMean, startSum } from './histogram/arithmetic.ts'
import { equalHistograms, formatG, type Histogram } from './histogram/histogram.ts'
import { detectReset } from './histogram/reconcile.ts'
import { idelta, rateOf } from './rates.ts'
import { lost, meanOf, quantileOf, sumOf, varianceOf } from './summation.ts'
import type { RangeSeries } from './value.ts'

/** The samples of one series in one window (start, end]: indices into its columns. */
export interface Window {
  series: RangeSeries
  flo: number
  fhi: number
  hlo: number
  hhi: number
  /** Milliseconds, after offset and @. */
  start: number
  end: number
  /** The evaluation time, milliseconds. */
  t: number
  metric: string
  /** Where the argument stands in the text. */
  pos: number
  notes: Annotations
}
export type WindowFunction = (w: Window, a: number, b: number) => number | Histogram | undefined

const floats = (w: Window) => w.fhi - w.flo
const histograms = (w: Window) => w.hhi - w.hlo

/** Only numbers count; that histograms were left out is told when there are both. */
const overFloats =
  (fn: (w: Window, a: number, b: number) => number | undefined, least = 1): WindowFunction =>
  (w, a, b) => {
    if (floats(w) < least) return undefined
    if (histograms(w) > 0) w.notes.info(w.pos, NOTES.ignoredInRange(w.metric))
    return fn(w, a, b)
  }

function tell(w: Window, notes: Notes): void {
  if (notes.resetCollision) w.notes.warn(w.pos, NOTES.resetCollision('aggregation'))
  if (notes.boundsDiffered) w.notes.info(w.pos, NOTES.boundsReconciled('aggregation'))
}

const total =
  (ofFloats: (values: Float64Array, from: number, to: number) => number, ofHistograms: (w: Window, notes: Notes) => Histogram | undefined): WindowFunction =>
  (w) => {
    if (floats(w) > 0 && histograms(w) > 0) {
      w.notes.warn(w.pos, NOTES.mixedTypes(w.metric))
      return undefined
    }
    if (floats(w) > 0) return ofFloats(w.series.fv, w.flo, w.fhi)
    const notes = { boundsDiffered: false, resetCollision: resetsCollide(w.series.hv.slice(w.hlo, w.hhi)) }
    const result = ofHistograms(w, notes)
    tell(w, notes)
    if (!result) w.notes.warn(w.pos, NOTES.mixedSchemas(w.metric))
    return result
  }

/** Counts steps between neighbours in time, numbers and histograms together. */
const steps =
  (differ: (a: number, b: number) => boolean, differHistograms: (previous: Histogram, current: Histogram) => boolean): WindowFunction =>
  (w) => {
    const { ft, fv, ht, hv } = w.series
    let count = 0
    let f = w.flo
    let h = w.hlo
    let previous: number | Histogram | undefined
    while (f < w.fhi || h < w.hhi) {
      const current: number | Histogram = h >= w.hhi || (f < w.fhi && ft[f]! < ht[h]!) ? fv[f++]! : hv[h++]!
      if (previous !== undefined) {
        if (typeof previous === 'number' && typeof current === 'number') {
          if (differ(previous, current)) count++
        } else if (typeof previous === 'number' || typeof current === 'number' || differHistograms(previous, current)) count++
      }
      previous = current
    }
    return count
  }

/** Slope and intercept at a time by least squares. */
function regression(w: Window, interceptTime: number): [number, number] {
  const { ft, fv } = w.series
  const first = fv[w.flo]!
  let constant = true
  let [n, sx, sy, sxy, sxx, cx, cy, cxy, cxx] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let i = w.flo; i < w.fhi; i++) {
    const y = fv[i]!
    if (y !== first) constant = false
    n++
    const x = (ft[i]! - interceptTime) / 1000
    let t = sx + x
    cx += lost(sx, x, t)
    sx = t
    t = sy + y
    cy += lost(sy, y, t)
    sy = t
    t = sxy + x * y
    cxy += lost(sxy, x * y, t)
    sxy = t
    t = sxx + x * x
    cxx += lost(sxx, x * x, t)
    sxx = t
  }
  if (constant) return Number.isFinite(first) ? [0, first] : [Number.NaN, Number.NaN]
  sx += cx
  sy += cy
  sxy += cxy
  sxx += cxx
  const slope = (sxy - (sx * sy) / n) / (sxx - (sx * sx) / n)
  return [slope, sy / n - (slope * sx) / n]
}

function smooth(w: Window, sf: number, tf: number): number {
  const { fv } = w.series
  let previous = 0
  let s = fv[w.flo]!
  let trend = fv[w.flo + 1]! - s
  for (let i = w.flo + 1; i < w.fhi; i++) {
    if (i > w.flo + 1) trend = tf * (s - previous) + (1 - tf) * trend
    previous = s
    s = sf * fv[i]! + (1 - sf) * (s + trend)
  }
  return s
}

const extreme = (better: (a: number, b: number) => boolean, time: boolean) =>
  overFloats((w) => {
    const { ft, fv } = w.series
    let at = w.flo
    for (let i = at + 1; i < w.fhi; i++) if (better(fv[i]!, fv[at]!) || Number.isNaN(fv[at]!) || (time && fv[i] === fv[at])) at = i
    return time ? ft[at]! / 1000 : fv[at]!
  })

const edge =
  (last: boolean, time: boolean): WindowFunction =>
  ({ series: { ft, fv, ht, hv }, flo, fhi, hlo, hhi }) => {
    const f = last ? fhi - 1 : flo
    const h = last ? hhi - 1 : hlo
    const histogram = fhi === flo || (hhi > hlo && (last ? ht[h]! > ft[f]! : ht[h]! < ft[f]!))
    if (time) return (histogram ? ht[h]! : ft[f]!) / 1000
    return histogram ? hv[h] : fv[f]
  }

export const WINDOW_FUNCTIONS: Readonly<Record<string, WindowFunction>> = {
  rate: (w) => rateOf(w, true, true),
  increase: (w) => rateOf(w, true, false),
  delta: (w) => rateOf(w, false, false),
  irate: (w) => idelta(w, true),
  idelta: (w) => idelta(w, false),
  changes: steps(
    (a, b) => a !== b && !(Number.isNaN(a) && Number.isNaN(b)),
    (a, b) => !equalHistograms(a, b),
  ),
  resets: steps(
    (a, b) => b < a,
    (a, b) => detectReset(b, a),
  ),
  deriv: overFloats((w) => regression(w, w.series.ft[w.flo]!)[0], 2),
  predict_linear: overFloats((w, duration) => {
    const [slope, intercept] = regression(w, w.t)
    return slope * duration + intercept
  }, 2),
  double_exponential_smoothing: overFloats(smooth, 2),
  holt_winters: overFloats(smooth, 2),
  count_over_time: (w) => floats(w) + histograms(w),
  present_over_time: () => 1,
  first_over_time: edge(false, false),
  last_over_time: edge(true, false),
  ts_of_first_over_time: edge(false, true),
  ts_of_last_over_time: edge(true, true),
  min_over_time: extreme((a, b) => a < b, false),
  max_over_time: extreme((a, b) => a > b, false),
  ts_of_min_over_time: extreme((a, b) => a < b, true),
  ts_of_max_over_time: extreme((a, b) => a > b, true),
  sum_over_time: total(sumOf, (w, notes) => {
    let sum = startSum(w.series.hv[w.hlo]!)
    for (let i = w.hlo + 1; i < w.hhi; i++) {
      const next = addTo(sum, w.series.hv[i]!, notes)
      if (!next) return undefined
      sum = next
    }
    return finishSum(sum)
  }),
  avg_over_time: total(meanOf, (w, notes) => {
    let mean = startMean(w.series.hv[w.hlo]!)
    for (let i = w.hlo + 1; i < w.hhi; i++) {
      const next = addToMean(mean, w.series.hv[i]!, notes)
      if (!next) return undefined
      mean = next
    }
    return finishMean(mean)
  }),
  stddev_over_time: overFloats((w) => Math.sqrt(varianceOf(w.series.fv, w.flo, w.fhi))),
  stdvar_over_time: overFloats((w) => varianceOf(w.series.fv, w.flo, w.fhi)),
  quantile_over_time: overFloats((w, q) => {
    if (!(q >= 0 && q <= 1)) w.notes.warn(w.pos, NOTES.badQuantile(formatG(q)))
    return quantileOf(q, w.series.fv.subarray(w.flo, w.fhi))
  }),
  mad_over_time: overFloats((w) => {
    const values = w.series.fv.subarray(w.flo, w.fhi)
    if (values.some(Number.isNaN)) return Number.NaN
    const median = quantileOf(0.5, values)
    return quantileOf(
      0.5,
      values.map((v) => Math.abs(v - median)),
    )
  }),
}
