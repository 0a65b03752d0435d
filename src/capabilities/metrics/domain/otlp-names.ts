/** Names of OpenTelemetry as names of Prometheus: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/ */

const UNITS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '%': 'percent',
  '1': '',
}
const PER: Readonly<Record<string, string>> = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year' }

const word = (unit: string) => unit.replace(/[^A-Za-z0-9:]+/g, '_').replace(/^_+|_+$/g, '')

/** The unit in words; annotations in braces say nothing. */
function unitWords(unit: string): { main: string; per: string } {
  const [main = '', per = ''] = unit.split('/', 2).map((part) => part.trim())
  const told = (part: string, table: Readonly<Record<string, string>>) => (/[{}]/.test(part) || part === '' ? '' : word(table[part] ?? part))
  return { main: told(main, UNITS), per: told(per, PER) }
}

export type MetricShape = 'counter' | 'gauge' | 'other'

/** `http.server.duration` in ms → `http_server_duration_milliseconds`; counters end in `_total`, gauges of the unit 1 in `_ratio`. */
export function metricName(name: string, unit: string, shape: MetricShape): string {
  const tokens = name.split(/[^A-Za-z0-9:]+/).filter((token) => token !== '')
  const { main, per } = unitWords(unit)
  if (main !== '' && !tokens.includes(main)) tokens.push(main)
  if (per !== '' && !tokens.includes(per)) tokens.push('per', per)
  const last = (ending: string) => [...tokens.filter((token) => token !== ending), ending]
  const all = shape === 'counter' ? last('total') : shape === 'gauge' && unit === '1' ? last('ratio') : tokens
  const joined = all.join('_')
  return /^\d/.test(joined) ? `_${joined}` : joined
}

export function labelName(key: string): string {
  const name = key.replace(/[^A-Za-z0-9_]/g, '_')
  if (/^\d/.test(name)) return `key_${name}`
  // Two underscores at the start are the system's own.
  return name.startsWith('__') ? `key${name}` : name
}
