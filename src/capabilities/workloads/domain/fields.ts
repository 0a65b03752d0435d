/** Reading objects whose shape nobody vouches for: what is not there, or is something else, is undefined. Pure. */
import type { KubeObject } from '#core/kube/objects.ts'

export type Json = Readonly<Record<string, unknown>>

export const record = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {})
export const records = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.map(record) : [])
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
export const count = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)

export const specOf = (object: KubeObject): Json => record(object.spec)
export const statusFieldsOf = (object: KubeObject): Json => record(object.status)

/** ms since the epoch of an RFC 3339 moment. */
export function moment(value: unknown): number | undefined {
  // biome-ignore lint/style/noRestrictedGlobals: parses what it is given.
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isFinite(ms) ? ms : undefined
}

export interface Condition {
  type: string
  status: string
  reason: string
  message: string
  /** ms since the epoch. */
  since?: number
}

export const conditionsOf = (object: KubeObject): readonly Condition[] =>
  records(statusFieldsOf(object).conditions)
    .filter((one) => text(one.type) !== '')
    .map((one) => {
      const since = moment(one.lastTransitionTime)
      return { type: text(one.type), status: text(one.status), reason: text(one.reason), message: text(one.message), ...(since === undefined ? {} : { since }) }
    })

/** The pod template of a workload, or a pod's own spec. */
export function podSpecOf(object: KubeObject): Json {
  const spec = specOf(object)
  if (object.kind === 'Pod') return spec
  const template = object.kind === 'CronJob' ? record(record(record(spec.jobTemplate).spec).template) : record(spec.template)
  return record(template.spec)
}
