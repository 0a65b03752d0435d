/** The signatures of all functions: https://prometheus.io/docs/prometheus/latest/querying/functions/. */
import type { ValueType } from './ast.ts'

export interface Signature {
  readonly args: readonly ValueType[]
  /** How many arguments at the end may be left out; -1: the last may be repeated or left out, -2: repeated, at least once. */
  readonly optional: number
  readonly returns: ValueType
}

const table: Record<string, Signature> = {}
const add = (names: string, args: readonly ValueType[], optional = 0, returns: ValueType = 'vector') => {
  for (const name of names.split(' ')) table[name] = { args, optional, returns }
}

add('abs acos acosh asin asinh atan atanh ceil cos cosh deg exp floor ln log10 log2 rad sgn sin sinh sqrt tan tanh', ['vector'])
add('absent sort sort_desc timestamp start_timestamp', ['vector'])
add('histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar', ['vector'])
add('histogram_quantile', ['scalar', 'vector'])
add('histogram_fraction', ['scalar', 'scalar', 'vector'])
add('histogram_quantiles', ['vector', 'string', 'scalar'], -2)
add('clamp', ['vector', 'scalar', 'scalar'])
add('clamp_max clamp_min', ['vector', 'scalar'])
add('round', ['vector', 'scalar'], 1)
add('day_of_month day_of_week day_of_year days_in_month hour minute month year', ['vector'], 1)
add('rate irate increase delta idelta deriv changes resets absent_over_time', ['matrix'])
add('avg_over_time count_over_time first_over_time last_over_time mad_over_time max_over_time min_over_time', ['matrix'])
add('present_over_time stddev_over_time stdvar_over_time sum_over_time', ['matrix'])
add('ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time', ['matrix'])
add('quantile_over_time', ['scalar', 'matrix'])
add('predict_linear', ['matrix', 'scalar'])
add('double_exponential_smoothing holt_winters', ['matrix', 'scalar', 'scalar'])
add('label_replace', ['vector', 'string', 'string', 'string', 'string'])
add('label_join', ['vector', 'string', 'string', 'string'], -1)
add('sort_by_label sort_by_label_desc', ['vector', 'string'], -1)
add('info', ['vector', 'vector'], 1)
add('scalar', ['vector'], 0, 'scalar')
add('vector', ['scalar'])
add('time pi start end step range', [], 0, 'scalar')
add('min_of max_of', ['scalar', 'scalar'], 0, 'scalar')

export const FUNCTIONS: Readonly<Record<string, Signature>> = table
export const ANCHORED_OK = ['changes', 'delta', 'increase', 'rate', 'resets']
export const SMOOTHED_OK = ['delta', 'increase', 'rate']
