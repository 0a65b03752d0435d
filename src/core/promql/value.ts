/** What expressions evaluate to, over all steps of a grid at once. */
import type { Histogram } from './histogram/histogram.ts'
import type { Labels } from './labels.ts'

/** Evaluation times: start + i·step for i < n, milliseconds. */
export interface Grid {
  readonly start: number
  readonly step: number
  readonly n: number
}
export const timeAt = (grid: Grid, i: number): number => grid.start + i * grid.step

export const ABSENT = 0
export const FLOAT = 1
export const HISTOGRAM = 2

/** One series over the grid: what is there at each step, and its number or histogram. */
export interface Series {
  labels: Labels
  /** The value is no longer the metric's own: its name goes when the answer is made, unless a function sets it again. */
  drop: boolean
  readonly kind: Uint8Array
  readonly values: Float64Array
  histograms: (Histogram | undefined)[] | null
}

export const newSeries = (labels: Labels, drop: boolean, n: number): Series => ({
  labels,
  drop,
  kind: new Uint8Array(n),
  values: new Float64Array(n),
  histograms: null,
})

export function setHistogram(series: Series, i: number, h: Histogram): void {
  series.histograms ??= new Array<Histogram | undefined>(series.kind.length).fill(undefined)
  series.histograms[i] = h
  series.kind[i] = HISTOGRAM
}
export function setFloat(series: Series, i: number, value: number): void {
  series.kind[i] = FLOAT
  series.values[i] = value
}
export function setSample(series: Series, i: number, sample: number | Histogram | undefined): void {
  if (sample === undefined) return
  if (typeof sample === 'number') setFloat(series, i, sample)
  else setHistogram(series, i, sample)
}
export function copySample(to: Series, from: Series, i: number): void {
  if (from.kind[i] === FLOAT) setFloat(to, i, from.values[i]!)
  else if (from.kind[i] === HISTOGRAM) setHistogram(to, i, from.histograms![i]!)
}
export const isEmpty = (series: Series): boolean => series.kind.every((kind) => kind === ABSENT)

export type Value = { type: 'scalar'; values: Float64Array } | { type: 'string'; value: string } | { type: 'vector'; series: Series[] }

/** Samples of one stored series, in order of time: the columns that a store hands over. */
export interface Columns {
  readonly labels: Labels
  /** Milliseconds. */
  readonly ts: Float64Array
  readonly values: Float64Array
  /** 1 where the series ended (a stale marker); null when there is none. */
  readonly stale: Uint8Array | null
  /** The histogram where the sample is one; null when there is none. */
  readonly histograms: readonly (Histogram | null)[] | null
  /** When counting began, milliseconds, 0 unknown; null when never known. */
  readonly starts: Float64Array | null
}

/** Samples for windows: floats and histograms apart, without stale markers. */
export interface RangeSeries {
  readonly labels: Labels
  readonly drop: boolean
  readonly ft: Float64Array
  readonly fv: Float64Array
  readonly fs: Float64Array | null
  readonly ht: Float64Array
  readonly hv: readonly Histogram[]
}
