/** A query from text to answer over any source of series. */
import type { LabelMatcher } from './ast.ts'
import { type Answer, evaluate } from './evaluate.ts'
import { parse } from './parser.ts'
import { makePlan, type QueryRange, type Settings } from './plan.ts'
import type { Columns } from './value.ts'

/** Where series come from: all samples of the matching series in (from, to], milliseconds, ordered by time. */
export interface SeriesSource {
  fetch(matchers: readonly LabelMatcher[], from: number, to: number): Promise<readonly Columns[]>
}

/** Throws `PROMQL_INVALID`, `PROMQL_FAILED` and `PROMQL_LIMIT`. */
export async function runQuery(source: SeriesSource, text: string, range: QueryRange, settings?: Settings): Promise<Answer> {
  const plan = makePlan(parse(text), text, range, settings)
  const data = await Promise.all(plan.fetches.map(({ matchers, from, to }) => source.fetch(matchers, from, to)))
  return evaluate(plan, data)
}
