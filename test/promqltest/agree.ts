/** Whether two ways of asking the same give the same: every bit of every number, labels, notes and errors. */
import { CodedError } from '#core/kernel/errors.ts'
import { type Answer, evaluate } from '#core/promql/evaluate.ts'
import { MemorySource } from '#core/promql/memory-source.ts'
import { parse } from '#core/promql/parser.ts'
import { DEFAULT_SETTINGS, makePlan, type QueryRange, type Settings } from '#core/promql/plan.ts'
import type { Columns } from '#core/promql/value.ts'
import type { LoadedSample } from './script.ts'

const bits = new DataView(new ArrayBuffer(8))
const exact = (value: unknown): unknown => {
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return 'NaN'
    bits.setFloat64(0, value)
    return bits.getBigUint64(0).toString(16)
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, exact)
  if (Array.isArray(value)) return value.map(exact)
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, exact(one)])
  return value
}

/** An answer as text that is equal only for equal answers. */
export function written({ value, warnings, infos }: Answer): string {
  const body =
    value.type === 'vector'
      ? value.series.map(({ labels, kind, values, histograms }) => [
          labels.key,
          Array.from(kind, (what, i) => (what === 0 ? null : what === 1 ? exact(values[i]) : exact(histograms![i]))),
        ])
      : value.type === 'matrix'
        ? value.series.map(({ labels, ft, fv, ht, hv }) => [labels.key, exact([ft, fv, ht, [...hv]])])
        : exact(value)
  return JSON.stringify([value.type, body, [...warnings].sort(), [...infos].sort()])
}

export async function outcome(ask: () => Answer | Promise<Answer>): Promise<string> {
  try {
    return written(await ask())
  } catch (error) {
    if (error instanceof CodedError) return `${error.code} ${JSON.stringify(error.details)}`
    throw error
  }
}

/** The two ways of the evaluator over samples in memory. */
export function evaluators(samples: readonly LoadedSample[], settings: Settings = DEFAULT_SETTINGS) {
  const source = new MemorySource()
  for (const { labels, at, sample, start } of samples) source.add(labels, at, sample, start)
  const ask = (streamed: boolean) => async (text: string, range: QueryRange) => {
    const plan = makePlan(parse(text), text, range, settings)
    const data: (readonly Columns[])[] = []
    for (const { matchers, from, to } of plan.fetches) data.push(await source.fetch(matchers, from, to))
    return evaluate(plan, data, streamed)
  }
  return { plain: ask(false), streamed: ask(true) }
}
