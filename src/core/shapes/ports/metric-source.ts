/** Something that answers PromQL: a Prometheus, or the metrics of this server. */
import type { Result } from '../../kernel/result.ts'

export interface RangeQuery {
  promql: string
  /** ms since the epoch, both included. */
  from: number
  to: number
  /** ms */
  step: number
}
export interface MetricSeries {
  labels: Readonly<Record<string, string>>
  /** In order of time: ms since the epoch, value. */
  points: readonly (readonly [at: number, value: number])[]
}
export interface MetricSource {
  /** The error is one line for people. Never rejects. */
  range(query: RangeQuery): Promise<Result<readonly MetricSeries[], string>>
}
