/** What the console asks for. */

export interface NamesAnswer {
  names: string[]
  /** There are more than these. */
  more: boolean
}

export interface AlertAnswer {
  labels: Record<string, string>
  annotations: Readonly<Record<string, string>>
  state: string
  /** ISO time. */
  activeAt: string
  value: string
}

/** As Prometheus' `/api/v1/rules` has them. */
export interface RuleAnswer {
  name: string
  query: string
  labels: Readonly<Record<string, string>>
  health: 'ok' | 'err' | 'unknown'
  lastError?: string
  /** Seconds. */
  evaluationTime: number
  lastEvaluation: string
  type: 'alerting' | 'recording'
  state?: 'firing' | 'pending' | 'inactive'
  /** Seconds. */
  duration?: number
  keepFiringFor?: number
  annotations?: Readonly<Record<string, string>>
  alerts?: AlertAnswer[]
}

export interface RuleGroupAnswer {
  name: string
  file: string
  /** Seconds. */
  interval: number
  limit: number
  evaluationTime: number
  lastEvaluation: string
  rules: RuleAnswer[]
}

export interface RulesAnswer {
  groups: RuleGroupAnswer[]
  faults: { file: string; problems: { message: string; line?: number }[] }[]
}

/** The part of Prometheus' answers that is drawn: numbers as text, times in seconds. */
export interface QueryAnswer {
  data:
    | { resultType: 'matrix'; result: SampledSeries[] }
    | { resultType: 'vector'; result: SampledSeries[] }
    | { resultType: 'scalar'; result: readonly [number, string] }
    | { resultType: 'string'; result: readonly [number, string] }
  warnings?: string[]
  infos?: string[]
}
export interface SampledSeries {
  metric: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
  histogram?: [number, { count: string; sum: string }]
}
