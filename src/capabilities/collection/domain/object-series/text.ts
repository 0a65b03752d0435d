/** Series of objects, written as the text format has them. */
import { civilMs } from '#core/kernel/civil.ts'

const SPECIAL = /["\\\n]/
const escaped = (text: string) => (SPECIAL.test(text) ? text.replace(/["\\\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`)) : text)

/** `a="b",c="d"` of names and values in turn; those without a value are left out, which means the same. */
export function pairs(...labels: readonly (string | number | boolean | undefined)[]): string {
  let text = ''
  for (let i = 0; i < labels.length; i += 2) {
    const value = labels[i + 1]
    if (value === undefined || value === '') continue
    text += `${text === '' ? '' : ','}${labels[i]}="${escaped(String(value))}"`
  }
  return text
}

/** As kube-state-metrics makes label names of what Kubernetes allows in keys. */
export const labelName = (key: string): string => key.replace(/[^a-zA-Z0-9_]/g, '_')

/** One object's series: `put(name, value, label, itsValue, …)` with the labels that all of them have in front. Undefined: there is no such series. */
export type Put = (name: string, value: number | boolean | undefined, ...labels: readonly (string | number | boolean | undefined)[]) => void

export interface SeriesText {
  /** For the series of one object. */
  of(base: string): Put
  /** What was put since the last time. */
  take(): string
  /** A new body: types are said again. */
  begin(): void
}

export function seriesText(): SeriesText {
  let text = ''
  const typed = new Set<string>()
  return {
    begin() {
      typed.clear()
      text = ''
    },
    take() {
      const all = text
      text = ''
      return all
    },
    of:
      (base) =>
      (name, value, ...labels) => {
        if (value === undefined) return
        if (!typed.has(name)) {
          typed.add(name)
          text += `# TYPE ${name} ${name.endsWith('_total') ? 'counter' : 'gauge'}\n`
        }
        const more = labels.length === 0 ? '' : pairs(...labels)
        text += `${name}{${base}${more === '' || base === '' ? '' : ','}${more}} ${Number(value)}\n`
      },
  }
}

/** The API writes UTC: https://kubernetes.io/docs/reference/using-api/api-concepts/ */
const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?Z$/

/** Unix time of a time of the API, in seconds; undefined where there is none. */
export function seconds(time: string | null | undefined): number | undefined {
  const found = TIME.exec(time ?? '')
  if (!found) return undefined
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number) as [number, number, number, number, number, number]
  return civilMs(year, month, day, hour, minute, second) / 1000
}

export const CONDITION_STATES = ['true', 'false', 'unknown'] as const
export interface Condition {
  type: string
  /** True, False, Unknown. */
  status: string
  reason?: string
  lastTransitionTime?: string
}
/** One series for each state that a condition may have; that which it has is 1. */
export function putStates(put: Put, name: string, status: string, label: string, ...labels: readonly (string | undefined)[]): void {
  const now = status.toLowerCase()
  for (const state of CONDITION_STATES) put(name, now === state, ...labels, label, state)
}
