/** Functions of histograms, native and classic. */
import { NOTES } from './annotations.ts'
import type { Call, Expr } from './ast.ts'
import { stringOf } from './calls.ts'
import { type Context, scalarOf, vectorOf } from './evaluate.ts'
import { evalError } from './failure.ts'
import { type ClassicBucket, classicFraction, classicQuantile, nativeFraction, nativeQuantile, nativeVariance } from './histogram/estimate.ts'
import { formatG, type Histogram } from './histogram/histogram.ts'
import { filterLabels, getLabel, type Labels, withLabels } from './labels.ts'
import { type Grid, HISTOGRAM, isEmpty, newSeries, type Series, setFloat } from './value.ts'

const ofEach =
  (fn: (h: Histogram) => number) =>
  (context: Context, { args }: Call, grid: Grid): Series[] =>
    vectorOf(context, args[0]!, grid).flatMap((one) => {
      const out = newSeries(one.labels, true, grid.n)
      for (let i = 0; i < grid.n; i++) if (one.kind[i] === HISTOGRAM) setFloat(out, i, fn(one.histograms![i]!))
      return isEmpty(out) ? [] : [out]
    })

interface Family {
  labels: Labels
  native: Series | undefined
  classic: { bound: number; series: Series }[]
}

/** Series of one histogram each: native ones, and classic ones by their labels without `le`. */
function families(context: Context, series: readonly Series[], pos: number): Family[] {
  const out = new Map<string, Family>()
  const family = (labels: Labels): Family => {
    let known = out.get(labels.key)
    if (!known) {
      known = { labels, native: undefined, classic: [] }
      out.set(labels.key, known)
    }
    return known
  }
  for (const one of series) {
    if (one.kind.includes(HISTOGRAM)) family(one.labels).native = one
    if (!one.kind.includes(1)) continue
    const le = getLabel(one.labels, 'le')
    const bound = /^[+]?Inf$/i.test(le) ? Number.POSITIVE_INFINITY : /^-Inf$/i.test(le) ? Number.NEGATIVE_INFINITY : le.trim() === '' ? Number.NaN : Number(le)
    if (Number.isNaN(bound)) context.notes.warn(pos, NOTES.badLe(le, getLabel(one.labels, '__name__')))
    else family(filterLabels(one.labels, (name) => name !== 'le')).classic.push({ bound, series: one })
  }
  return [...out.values()]
}

/** A number for each family and step, from its native histogram or its classic buckets; both at once are none. */
function estimate(
  context: Context,
  source: Expr,
  grid: Grid,
  all: readonly Family[],
  labels: (family: Family) => Labels,
  native: (h: Histogram, i: number, metric: string) => number,
  classic: (buckets: ClassicBucket[], i: number, metric: string) => number,
): Series[] {
  return all.flatMap((family) => {
    const metric = getLabel(family.labels, '__name__')
    const out = newSeries(labels(family), true, grid.n)
    for (let i = 0; i < grid.n; i++) {
      const buckets = family.classic.flatMap(({ bound, series }) => (series.kind[i] === 1 ? [{ bound, count: series.values[i]! }] : []))
      const h = family.native?.kind[i] === HISTOGRAM ? family.native.histograms![i]! : undefined
      if (h && buckets.length > 0) context.notes.warn(source.pos, NOTES.mixedClassic(metric))
      else if (h) setFloat(out, i, native(h, i, metric))
      else if (buckets.length > 0) setFloat(out, i, classic(buckets, i, metric))
    }
    return isEmpty(out) ? [] : [out]
  })
}

function quantiles(
  context: Context,
  source: Expr,
  grid: Grid,
  all: readonly Family[],
  q: Float64Array,
  labels: (family: Family) => Labels,
  fn: string,
): Series[] {
  return estimate(
    context,
    source,
    grid,
    all,
    labels,
    (h, i, metric) => {
      const { value, note } = nativeQuantile(q[i]!, h)
      if (note) context.notes.info(source.pos, note === 'nan-result' ? NOTES.nanResult(fn, metric) : NOTES.nanSkew(fn, metric))
      return value
    },
    (buckets, i, metric) => {
      const note = { forced: false }
      const value = classicQuantile(q[i]!, buckets, note)
      if (note.forced) context.notes.info(source.pos, NOTES.monotonicity(metric))
      return value
    },
  )
}

function checkQuantiles(context: Context, q: Float64Array, pos: number): void {
  for (const v of new Set(q)) if (!(v >= 0 && v <= 1)) context.notes.warn(pos, NOTES.badQuantile(formatG(v)))
}

export const HISTOGRAM_CALLS: Readonly<Record<string, (context: Context, node: Call, grid: Grid) => Series[]>> = {
  histogram_count: ofEach((h) => h.count),
  histogram_sum: ofEach((h) => h.sum),
  histogram_avg: ofEach((h) => h.sum / h.count),
  histogram_stdvar: ofEach(nativeVariance),
  histogram_stddev: ofEach((h) => Math.sqrt(nativeVariance(h))),
  histogram_quantile(context, { args, name }, grid) {
    const q = scalarOf(context, args[0]!, grid)
    const all = families(context, vectorOf(context, args[1]!, grid), args[1]!.pos)
    checkQuantiles(context, q, args[0]!.pos)
    return quantiles(context, args[1]!, grid, all, q, (family) => family.labels, name)
  },
  histogram_quantiles(context, { args, name }, grid) {
    const all = families(context, vectorOf(context, args[0]!, grid), args[0]!.pos)
    const label = stringOf(context, args[1]!, grid)
    if (!label.isWellFormed() || label === '') throw evalError(`invalid label name "${label}"`)
    return args.slice(2).flatMap((arg) => {
      const q = scalarOf(context, arg, grid)
      checkQuantiles(context, q, arg.pos)
      return quantiles(context, args[0]!, grid, all, q, (family) => withLabels(family.labels, [[label, formatG(q[0]!)]]), name)
    })
  },
  histogram_fraction(context, { args }, grid) {
    const [lower, upper] = [scalarOf(context, args[0]!, grid), scalarOf(context, args[1]!, grid)]
    const source = args[2]!
    const all = families(context, vectorOf(context, source, grid), source.pos)
    return estimate(
      context,
      source,
      grid,
      all,
      (family) => family.labels,
      (h, i) => nativeFraction(lower[i]!, upper[i]!, h),
      (buckets, i, metric) => {
        const note = { forced: false }
        const value = classicFraction(lower[i]!, upper[i]!, buckets, note)
        if (note.forced) context.notes.info(source.pos, NOTES.monotonicity(metric))
        return value
      },
    )
  },
}
