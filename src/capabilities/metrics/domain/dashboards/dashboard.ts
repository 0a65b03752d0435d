/** A dashboard as it is drawn, whoever wrote it. */

export type Text = string | { en: string; 'zh-CN': string }
export const DRAWN = ['timeseries', 'stat', 'gauge', 'table', 'bar'] as const
export type PanelKind = (typeof DRAWN)[number]
export type PanelUnit = 'number' | 'rate' | 'share' | 'seconds' | 'bytes' | 'byteRate'

export interface DashboardPanel {
  title: Text
  kind: PanelKind
  unit: PanelUnit
  queries: readonly { expr: string; legend: string }[]
  stacked?: boolean
}

/** `$name` and `${name}` in queries stand for the chosen values. */
export interface DashboardVariable {
  name: string
  title: Text
  /** The values are those of this label, on series of this metric (any, when empty). */
  label: string
  metric: string
}

export interface Dashboard {
  id: string
  title: Text
  variables: readonly DashboardVariable[]
  panels: readonly DashboardPanel[]
}

export interface Moment {
  /** ms */
  from: number
  to: number
  step: number
}

const quoted = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
const escaped = (value: string) => quoted(value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
/** The least range for rates: four scrapes of 15 s, as Grafana reckons. */
const LEAST_RATE_MS = 60_000

/** A query with its variables filled in: for a variable without a value, everything. */
export function filled(expr: string, values: Readonly<Record<string, string>>, { from, to, step }: Moment): string {
  const seconds = (ms: number) => `${Math.max(1, Math.round(ms / 1000))}s`
  const own: Record<string, string> = {
    __rate_interval: seconds(Math.max(LEAST_RATE_MS, step * 4)),
    __interval: seconds(step),
    __interval_ms: String(step),
    __range: seconds(to - from),
    __range_s: String(Math.round((to - from) / 1000)),
    __range_ms: String(to - from),
  }
  const equal = expr.replace(/(!?=)(\s*)"\$(?:\{(\w+)(?::\w+)?\}|(\w+))"/g, (whole, op: string, space: string, braced?: string, plain?: string) => {
    const value = values[braced ?? plain!]
    if (value === undefined) return whole
    return value === '' ? `=~${space}".*"` : `${op}${space}"${quoted(value)}"`
  })
  return equal.replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (whole, braced?: string, plain?: string) => {
    const name = braced ?? plain!
    if (own[name] !== undefined) return own[name]
    if (values[name] === undefined) return whole
    return values[name] === '' ? '.*' : escaped(values[name])
  })
}
