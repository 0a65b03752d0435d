/** Stored columns and subquery results, read at the steps of a grid. */
import type { Selector } from './ast.ts'
import type { Context } from './evaluate.ts'
import { extendedRate, interpolated } from './extended.ts'
import { limitError } from './failure.ts'
import type { Histogram } from './histogram/histogram.ts'
import { detectReset } from './histogram/reconcile.ts'
import { getLabel } from './labels.ts'
import type { Leaf } from './plan.ts'
import { type Columns, type Grid, HISTOGRAM, isEmpty, newSeries, type RangeSeries, type Series, setFloat, setHistogram, setSample, timeAt } from './value.ts'
import type { Window, WindowFunction } from './windows.ts'

/** Counts what a query holds; throws `PROMQL_LIMIT` beyond what it may. */
export function use(context: Context, samples: number): void {
  context.used += samples
  const { samples: limit } = context.plan.settings.limits
  if (context.used > limit) throw limitError('samples', limit)
}

export type Reading = 'value' | 'timestamp' | 'start'

/** The newest sample at each step that is not older than the lookback and not stale. */
export function instantSelector(context: Context, node: Selector, leaf: Leaf, grid: Grid, reading: Reading = 'value'): Series[] {
  const out: Series[] = []
  for (const stored of context.data[leaf.fetch]!) {
    use(context, grid.n)
    const series = newSeries(stored.labels, reading !== 'value', grid.n)
    if (instantInto(series, context, node, leaf, stored, grid, reading)) out.push(series)
  }
  return out
}

/** Reads one stored series at the steps; whether there is anything. */
export function instantInto(series: Series, context: Context, node: Selector, leaf: Leaf, stored: Columns, grid: Grid, reading: Reading): boolean {
  const { lookback } = context.plan.settings
  const columns = leaf.stats ? withResetHints(stored) : stored
  const { ts, values, stale, histograms, starts } = columns
  const { length } = ts
  let k = -1
  let any = false
  for (let i = 0; i < grid.n; i++) {
    const at = (leaf.at ?? timeAt(grid, i)) - leaf.offset
    while (k + 1 < length && ts[k + 1]! <= at) k++
    if (node.extend === 'smoothed') {
      const sample = interpolated(columns, k, at, lookback, node.pos, context.notes)
      setSample(series, i, sample)
      any ||= sample !== undefined
      continue
    }
    if (k < 0 || ts[k]! <= at - lookback || stale?.[k] === 1) continue
    any = true
    if (reading === 'timestamp') setFloat(series, i, ts[k]! / 1000)
    else if (reading === 'start') {
      if (starts && starts[k] !== 0) setFloat(series, i, starts[k]! / 1000)
      else setFloat(series, i, 0)
    } else {
      const histogram = histograms?.[k]
      if (histogram) setHistogram(series, i, histogram)
      else setFloat(series, i, values[k]!)
    }
  }
  return any
}

/** Reset hints told from sample to sample, where the store did not know. */
function withResetHints(columns: Columns): Columns {
  if (!columns.histograms) return columns
  let previous: Histogram | undefined
  const histograms = columns.histograms.map((h) => {
    if (!h) return null
    const told: Histogram = h.hint !== 'unknown' || !previous ? h : { ...h, hint: detectReset(h, previous) ? 'reset' : 'not_reset' }
    previous = h
    return told
  })
  return { ...columns, histograms }
}

/** Floats and histograms apart, without stale markers; columns that need no change are not copied. */
export function rangeSeries(columns: Columns, stats: boolean, drop = false): RangeSeries {
  const { labels, ts, values, stale, histograms, starts } = stats ? withResetHints(columns) : columns
  const none = new Float64Array(0)
  if (!stale && !histograms) return { labels, drop, ft: ts, fv: values, fs: starts, ht: none, hv: [] }
  const isFloat = (i: number) => stale?.[i] !== 1 && !histograms?.[i]
  let n = 0
  for (let i = 0; i < ts.length; i++) if (isFloat(i)) n++
  const ft = new Float64Array(n)
  const fv = new Float64Array(n)
  const fs = starts ? new Float64Array(n) : null
  const ht: number[] = []
  const hv: Histogram[] = []
  n = 0
  for (let i = 0; i < ts.length; i++) {
    if (isFloat(i)) {
      ft[n] = ts[i]!
      fv[n] = values[i]!
      if (fs) fs[n] = starts![i]!
      n++
    } else if (stale?.[i] !== 1) {
      ht.push(ts[i]!)
      hv.push(histograms![i]!)
    }
  }
  return { labels, drop, ft, fv, fs, ht: Float64Array.from(ht), hv }
}

/** Series over the steps of a subquery as samples of a range. */
export function subquerySeries(series: readonly Series[], grid: Grid): RangeSeries[] {
  return series.map((one) => {
    const ft: number[] = []
    const fv: number[] = []
    const ht: number[] = []
    const hv: Histogram[] = []
    for (let i = 0; i < grid.n; i++) {
      if (one.kind[i] === HISTOGRAM) {
        const h = one.histograms![i]!
        ht.push(timeAt(grid, i))
        // A hint speaks of the sample stored before, which the steps may have passed over.
        hv.push(h.hint === 'gauge' ? h : { ...h, hint: 'unknown' })
      } else if (one.kind[i] !== 0) {
        ft.push(timeAt(grid, i))
        fv.push(one.values[i]!)
      }
    }
    return { labels: one.labels, drop: one.drop, ft: Float64Array.from(ft), fv: Float64Array.from(fv), fs: null, ht: Float64Array.from(ht), hv }
  })
}

export interface RangeArgument {
  readonly series: readonly RangeSeries[]
  readonly range: number
  readonly offset: number
  readonly at: number | undefined
  readonly pos: number
  readonly extend: Selector['extend']
}

export interface WindowCall {
  readonly name: string
  readonly fn: WindowFunction
  readonly keepName: boolean
  /** Parameters at each step. */
  readonly a?: Float64Array | undefined
  readonly b?: Float64Array | undefined
}

/** A function over the window (t − range, t] of every step. */
export function overWindows(context: Context, argument: RangeArgument, grid: Grid, call: WindowCall): Series[] {
  const out: Series[] = []
  for (const series of argument.series) {
    use(context, grid.n)
    const result = newSeries(series.labels, series.drop || !call.keepName, grid.n)
    windowsInto(result, context, argument, series, grid, call)
    if (!isEmpty(result)) out.push(result)
  }
  return out
}

/** Of one series; the borders only move forward, so each sample is passed once. */
export function windowsInto(result: Series, context: Context, argument: RangeArgument, series: RangeSeries, grid: Grid, call: WindowCall): void {
  const { ft, ht } = series
  const { fn, a, b } = call
  const metric = getLabel(series.labels, '__name__')
  const w: Window = { series, flo: 0, fhi: 0, hlo: 0, hhi: 0, start: 0, end: 0, t: 0, metric, pos: argument.pos, notes: context.notes }
  for (let i = 0; i < grid.n; i++) {
    w.t = timeAt(grid, i)
    w.end = (argument.at ?? w.t) - argument.offset
    w.start = w.end - argument.range
    while (w.fhi < ft.length && ft[w.fhi]! <= w.end) w.fhi++
    while (w.flo < ft.length && ft[w.flo]! <= w.start) w.flo++
    while (w.hhi < ht.length && ht[w.hhi]! <= w.end) w.hhi++
    while (w.hlo < ht.length && ht[w.hlo]! <= w.start) w.hlo++
    if (argument.extend) setSample(result, i, extendedRate(w, call.name, argument.extend, context.plan.settings.lookback, fn))
    else if (w.fhi > w.flo || w.hhi > w.hlo) setSample(result, i, fn(w, a?.[i] ?? 0, b?.[i] ?? 0))
  }
}
