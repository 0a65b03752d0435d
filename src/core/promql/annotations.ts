/** What an answer has to say beside its values: warnings (a part may be wrong) and infos (something was left out). */
import { place } from './failure.ts'
import { quote } from './lexer.ts'

export class Annotations {
  readonly text: string
  readonly warnings = new Set<string>()
  readonly infos = new Set<string>()

  constructor(text: string) {
    this.text = text
  }
  #at(message: string, pos: number): string {
    const { line, column } = place(this.text, pos)
    return `${message} (${line}:${column})`
  }
  warn(pos: number, message: string): void {
    this.warnings.add(this.#at(`PromQL warning: ${message}`, pos))
  }
  info(pos: number, message: string): void {
    this.infos.add(this.#at(`PromQL info: ${message}`, pos))
  }
}

const named = (message: string, metric: string): string => (metric === '' ? message : `${message} for metric name ${quote(metric)}`)

export const NOTES = {
  mixedTypes: (metric: string) => named('encountered a mix of histograms and floats', metric),
  mixedAggregation: 'encountered a mix of histograms and floats for aggregation',
  mixedSchemas: (metric: string) => named('vector contains a mix of histograms with exponential and custom buckets schemas', metric),
  mixedClassic: (metric: string) => named('vector contains a mix of classic and native histograms', metric),
  notCounter: (metric: string) => `this native histogram metric is not a counter: ${quote(metric)}`,
  notGauge: (metric: string) => `this native histogram metric is not a gauge: ${quote(metric)}`,
  badLe: (value: string, metric: string) => named(`bucket label "le" is missing or has a malformed value of ${quote(value)}`, metric),
  badQuantile: (q: string) => `quantile value should be between 0 and 1, got ${q}`,
  badRatio: (got: string, capped: string) => `ratio value should be between -1 and 1, got ${got}, capping to ${capped}`,
  monotonicity: (metric: string) =>
    named(
      'input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)',
      metric,
    ),
  nanResult: (fn: string, metric: string) => named(`input to ${fn} has NaN observations, result is NaN`, metric),
  nanSkew: (fn: string, metric: string) => named(`input to ${fn} has NaN observations, result is skewed higher`, metric),
  ignoredInRange: (metric: string) => named('ignored histograms in a range containing both floats and histograms', metric),
  ignoredIn: (where: string) => `ignored histogram in ${where}`,
  incompatible: (op: string, left: string, right: string) => `incompatible sample types encountered for binary operator "${op}": ${left} ${op} ${right}`,
  incompatibleLayout: (op: string) => `incompatible bucket layout encountered for binary operator ${op}`,
  resetCollision: (during: string) => `conflicting counter resets during histogram ${during}`,
  boundsReconciled: (during: string) => `mismatched custom buckets were reconciled during ${during}`,
} as const
