/** From answers of the query API to what charts and tables draw. Pure. */
import type { QueryAnswer, SampledSeries } from './api.ts'

/** `metric{a="b"}`, as one would type it. */
export function seriesText(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...rest } = metric
  const labels = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return labels.length === 0 && name !== '' ? name : `${name}{${labels.join(', ')}}`
}

/** `{{label}}` in a legend; without a legend the labels in which the series differ. */
export function legendText(metric: Readonly<Record<string, string>>, legend: string): string {
  if (legend === '') return seriesText(metric)
  return legend.replace(/\{\{\s*([^}\s]+)\s*\}\}/g, (_, label: string) => metric[label] ?? '')
}

/** Go's words for numbers that JSON has no words for. A chart has a gap where a value is no number. */
const finite = (text: string): number | null => {
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

export interface Lines {
  /** ms since the epoch. */
  ts: number[]
  series: { name: string; label: string; values: (number | null)[] }[]
  /** Series of the answer, drawn or not. */
  total: number
}

/** The first `most` series on the steps of the question, ms. */
export function linesOf(answers: readonly { answer: QueryAnswer; legend: string }[], start: number, end: number, step: number, most: number): Lines {
  const n = Math.floor((end - start) / step) + 1
  const ts = Array.from({ length: n }, (_, i) => start + i * step)
  const all = answers.flatMap(({ answer: { data }, legend }) => (data.resultType === 'matrix' ? data.result.map((one) => ({ one, legend })) : []))
  const taken = new Map<string, number>()
  const series = all.slice(0, most).map(({ one, legend }) => {
    const values = new Array<number | null>(n).fill(null)
    for (const [seconds, text] of one.values ?? []) values[Math.round((seconds * 1000 - start) / step)] = finite(text)
    const label = legendText(one.metric, legend)
    // Two lines may read alike; what tells them apart is not shown then.
    const count = taken.get(label) ?? 0
    taken.set(label, count + 1)
    return { name: count === 0 ? label : `${label} #${count + 1}`, label, values }
  })
  return { ts, series, total: all.length }
}

export interface Sampled {
  key: string
  metric: Readonly<Record<string, string>>
  /** null: no number (NaN, infinite, or a histogram, of which `text` tells). */
  value: number | null
  text: string
}

/** The rows of an instant answer. */
export function rowsOf({ data }: QueryAnswer): Sampled[] {
  if (data.resultType === 'matrix' || data.resultType === 'vector')
    return data.result.map((one) => ({ key: seriesText(one.metric), metric: one.metric, ...lastOf(one) }))
  const [, text] = data.result
  return [{ key: '', metric: {}, value: finite(text), text }]
}

function lastOf({ value, values, histogram }: SampledSeries): { value: number | null; text: string } {
  if (histogram) return { value: null, text: `count ${histogram[1].count}, sum ${histogram[1].sum}` }
  const text = (value ?? values?.at(-1))?.[1] ?? 'NaN'
  return { value: finite(text), text }
}
