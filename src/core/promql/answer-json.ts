/** Answers in the JSON of Prometheus' API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
import type { Answer } from './evaluate.ts'
import { bucketsOf, type Histogram } from './histogram/histogram.ts'
import { type Labels, labelsObject } from './labels.ts'
import { timeAt } from './value.ts'

/** Numbers as ECMAScript writes them, which is what Prometheus does; infinities with a sign. */
export const formatValue = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : Object.is(value, -0) ? '-0' : String(value)

const point = (ms: number, value: number) => `[${ms / 1000},"${formatValue(value)}"]`
const histogramPoint = (ms: number, histogram: Histogram) => `[${ms / 1000},${JSON.stringify(histogramJson(histogram))}]`

/** Which borders of a bucket belong to it: 0 the upper, 1 the lower, 3 both. Of bounds of one's own the upper, and the lower of the first. */
const RULE = { positive: 0, negative: 1, zero: 3 } as const

export function histogramJson(h: Histogram) {
  const buckets = bucketsOf(h)
    .filter(({ count }) => count !== 0)
    .map(({ lower, upper, count, kind }) => {
      const rule = h.custom ? (lower === Number.NEGATIVE_INFINITY ? 3 : 0) : RULE[kind]
      return [rule, formatValue(lower), formatValue(upper), formatValue(count)]
    })
  return { count: formatValue(h.count), sum: formatValue(h.sum), ...(buckets.length > 0 ? { buckets } : {}) }
}

const metricJson = (labels: Labels) => JSON.stringify(labelsObject(labels))

/** The field `data` of an answer; `instant`: of one moment. */
export function answerJson({ value, grid }: Answer, instant: boolean): string {
  const wrap = (type: string, result: string) => `{"resultType":"${type}","result":${result}}`
  if (value.type === 'string') return wrap('string', `[${grid.start / 1000},${JSON.stringify(value.value)}]`)
  if (value.type === 'matrix') {
    const rows = value.series.map(({ labels, ft, fv, ht, hv }) => {
      const floats = ft.length > 0 ? `,"values":[${Array.from(ft, (t, i) => point(t, fv[i]!)).join(',')}]` : ''
      const histograms = ht.length > 0 ? `,"histograms":[${Array.from(ht, (t, i) => histogramPoint(t, hv[i]!)).join(',')}]` : ''
      return `{"metric":${metricJson(labels)}${floats}${histograms}}`
    })
    return wrap('matrix', `[${rows.join(',')}]`)
  }
  if (value.type === 'scalar') {
    if (instant) return wrap('scalar', point(grid.start, value.values[0]!))
    return wrap('matrix', `[{"metric":{},"values":[${Array.from(value.values, (v, i) => point(timeAt(grid, i), v)).join(',')}]}]`)
  }
  const rows: string[] = []
  for (const { labels, kind, values, histograms } of value.series) {
    if (instant) {
      if (kind[0] === 1) rows.push(`{"metric":${metricJson(labels)},"value":${point(grid.start, values[0]!)}}`)
      else if (kind[0] === 2) rows.push(`{"metric":${metricJson(labels)},"histogram":${histogramPoint(grid.start, histograms![0]!)}}`)
      continue
    }
    const floats: string[] = []
    const others: string[] = []
    for (let i = 0; i < grid.n; i++) {
      if (kind[i] === 1) floats.push(point(timeAt(grid, i), values[i]!))
      else if (kind[i] === 2) others.push(histogramPoint(timeAt(grid, i), histograms![i]!))
    }
    if (floats.length + others.length === 0) continue
    const parts = [floats.length > 0 ? `,"values":[${floats.join(',')}]` : '', others.length > 0 ? `,"histograms":[${others.join(',')}]` : '']
    rows.push(`{"metric":${metricJson(labels)}${parts.join('')}}`)
  }
  return wrap(instant ? 'vector' : 'matrix', `[${rows.join(',')}]`)
}

/** The whole body of an answer. `data` is JSON text. */
export function success(data: string, notes: { warnings?: readonly string[]; infos?: readonly string[] } = {}): string {
  const list = (name: string, texts: readonly string[] | undefined) => (texts && texts.length > 0 ? `,"${name}":${JSON.stringify(texts)}` : '')
  return `{"status":"success","data":${data}${list('warnings', notes.warnings)}${list('infos', notes.infos)}}`
}
