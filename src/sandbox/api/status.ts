/** Errors as the Kubernetes API answers them: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
import type { FieldProblem } from '#core/kube/structural.ts'

export interface Cause {
  reason?: string
  message: string
  field?: string
}
export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: readonly Cause[]
  retryAfterSeconds?: number
}

export class StatusError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined
  /** With which a list can be gone on. */
  readonly next: string | undefined
  constructor(code: number, reason: string, message: string, details?: StatusDetails, next?: string) {
    super(message)
    this.next = next
    this.code = code
    this.reason = reason
    this.details = details
  }
  body() {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.next === undefined ? {} : { continue: this.next },
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

/** `deployments.apps`, as messages name resources. */
const qualified = (r: { group: string; plural: string }) => (r.group === '' ? r.plural : `${r.plural}.${r.group}`)
const detailsOf = (r: { group: string; plural: string }, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(r.group === '' ? {} : { group: r.group }),
  kind: r.plural,
})
type Named = { group: string; plural: string }

export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message)
export const unauthorized = () => new StatusError(401, 'Unauthorized', 'Unauthorized')
export const noSuchPath = () => new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
export const notFound = (r: Named, name: string) => new StatusError(404, 'NotFound', `${qualified(r)} "${name}" not found`, detailsOf(r, name))
export const methodNotAllowed = () => new StatusError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})
export const alreadyExists = (r: Named, name: string) => new StatusError(409, 'AlreadyExists', `${qualified(r)} "${name}" already exists`, detailsOf(r, name))
export const conflict = (r: Named, name: string, why: string) =>
  new StatusError(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(r)} "${name}": ${why}`, detailsOf(r, name))
export const modified = (r: Named, name: string) =>
  conflict(r, name, 'the object has been modified; please apply your changes to the latest version and try again')
export const forbidden = (r: Named, name: string, why: string, causes?: readonly Cause[]) =>
  new StatusError(403, 'Forbidden', `${qualified(r)}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`, {
    ...detailsOf(r, name),
    ...(causes === undefined ? {} : { causes }),
  })
export const expired = (message: string, next?: string) => new StatusError(410, 'Expired', message, undefined, next)
export const tooLarge = () => new StatusError(413, 'RequestEntityTooLarge', 'Request entity too large: limit is 3145728')
export const unsupportedMediaType = (supported: string) =>
  new StatusError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: ${supported}`)
export const notAcceptable = (supported: string) => new StatusError(406, 'NotAcceptable', `only the following media types are accepted: ${supported}`)

const REASONS: Record<FieldProblem['type'], [string, string]> = {
  Required: ['FieldValueRequired', 'Required value'],
  Invalid: ['FieldValueInvalid', 'Invalid value'],
  NotSupported: ['FieldValueNotSupported', 'Unsupported value'],
  Forbidden: ['FieldValueForbidden', 'Forbidden'],
  Duplicate: ['FieldValueDuplicate', 'Duplicate value'],
  TooLong: ['FieldValueTooLong', 'Too long'],
  TypeInvalid: ['FieldValueTypeInvalid', 'Invalid value'],
}

export function invalid(r: { group: string; kind: string }, name: string, problems: readonly FieldProblem[]): StatusError {
  const causes = problems.map((problem): Cause => {
    const [reason, title] = REASONS[problem.type]
    const given = problem.value === undefined ? '' : `: ${JSON.stringify(problem.value)?.slice(0, 500)}`
    return { reason, message: `${title}${given}${problem.message === '' ? '' : `: ${problem.message}`}`, field: problem.field }
  })
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
  return new StatusError(422, 'Invalid', `${r.kind}${r.group === '' ? '' : `.${r.group}`} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(r.group === '' ? {} : { group: r.group }),
    kind: r.kind,
    causes,
  })
}
