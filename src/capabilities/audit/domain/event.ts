/** The one record that every source becomes: actor, action, object, outcome, origin. */

export const PLANES = ['kubernetes', 'sallyport', 'registry', 'cloud', 'host', 'runtime'] as const
export type Plane = (typeof PLANES)[number]

export type Stage = '' | 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic'
/** How much a policy recorded: https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/#audit-policy */
export type Level = '' | 'Metadata' | 'Request' | 'RequestResponse'

/** JSON as a source sent it; nothing in it is trusted. */
export type Json = Readonly<Record<string, unknown>>

export interface AuditEvent {
  plane: Plane
  /** auditID, or the id of the event in its plane. */
  id: string
  stage: Stage
  level: Level
  /** ms since the epoch. */
  at: number
  /** When the request came, as the source wrote it. Clients may choose the auditID, so it alone tells no two requests apart. */
  received: string
  /** Who authenticated. */
  user: string
  groups: readonly string[]
  /** The user's id and what else the authenticator said, as it said it. */
  uid: string
  extra: Json
  /** Acting as; '' when as themselves. */
  impersonated: string
  impersonatedGroups: readonly string[]
  /** The peer that connected. */
  ip: string
  /** Addresses that headers claim; not to be trusted. */
  claimedIps: readonly string[]
  userAgent: string
  verb: string
  apiGroup: string
  /** Plural name without subresource. */
  resource: string
  subresource: string
  namespace: string
  name: string
  uri: string
  /** HTTP status; 0: not known. */
  code: number
  decision: '' | 'allow' | 'forbid'
  annotations: Json
  /** Body of the request: an object, or the operations of a JSON patch. */
  request: unknown
  response: unknown
  /** What the plane knows besides, for people: repository, command, account. */
  detail: Json
}

export const NO_JSON: Json = Object.freeze({})
const NO_LIST: readonly string[] = Object.freeze([])

/** An event of which a source fills in what it knows. */
export const emptyEvent = (plane: Plane): AuditEvent => ({
  plane,
  id: '',
  stage: '',
  level: '',
  at: 0,
  received: '',
  user: '',
  groups: NO_LIST,
  uid: '',
  extra: NO_JSON,
  impersonated: '',
  impersonatedGroups: NO_LIST,
  ip: '',
  claimedIps: NO_LIST,
  userAgent: '',
  verb: '',
  apiGroup: '',
  resource: '',
  subresource: '',
  namespace: '',
  name: '',
  uri: '',
  code: 0,
  decision: '',
  annotations: NO_JSON,
  request: undefined,
  response: undefined,
  detail: NO_JSON,
})

/** As whom the request was carried out. */
export const effectiveUser = (event: AuditEvent): string => event.impersonated || event.user
export const effectiveGroups = (event: AuditEvent): readonly string[] => (event.impersonated ? event.impersonatedGroups : event.groups)

export const isAllowed = (event: AuditEvent): boolean => event.decision !== 'forbid' && event.code < 400

export type ActorKind = 'person' | 'serviceaccount' | 'node' | 'system' | 'anonymous'

export function actorKind(user: string): ActorKind {
  if (!user.startsWith('system:')) return user === '' ? 'anonymous' : 'person'
  if (user.startsWith('system:serviceaccount:')) return 'serviceaccount'
  if (user.startsWith('system:node:')) return 'node'
  return user === 'system:anonymous' ? 'anonymous' : 'system'
}

/** As it is printed and stored with hits. */
export interface Actor {
  user: string
  kind: ActorKind
  groups: readonly string[]
  /** Who really asked, when they acted as `user`. */
  impersonatedBy?: string
  ip: string
  userAgent: string
}

export function actorOf(event: AuditEvent): Actor {
  const user = effectiveUser(event)
  return {
    user,
    kind: actorKind(user),
    groups: effectiveGroups(event),
    ...(event.impersonated ? { impersonatedBy: event.user } : {}),
    ip: event.ip,
    userAgent: event.userAgent,
  }
}

export interface ObjectOf {
  apiGroup: string
  /** With the subresource after `/`. */
  resource: string
  namespace: string
  name: string
}

export const resourceOf = (event: AuditEvent): string => (event.subresource ? `${event.resource}/${event.subresource}` : event.resource)

export const objectOf = (event: AuditEvent): ObjectOf => ({
  apiGroup: event.apiGroup,
  resource: resourceOf(event),
  namespace: event.namespace,
  name: event.name,
})

export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
/** The text at a key, at most `max` long; '' when there is none. */
export const textAt = (value: unknown, key: string, max = 256): string => {
  const text = isJson(value) ? value[key] : undefined
  return typeof text === 'string' ? (text.length > max ? text.slice(0, max) : text) : ''
}
export const jsonAt = (value: unknown, key: string): Json => {
  const found = isJson(value) ? value[key] : undefined
  return isJson(found) ? found : NO_JSON
}
export const listAt = (value: unknown, key: string): readonly unknown[] => {
  const found = isJson(value) ? value[key] : undefined
  return Array.isArray(found) ? (found as unknown[]) : NO_LIST
}
export const textsAt = (value: unknown, key: string, max = 100): readonly string[] => {
  const found = listAt(value, key)
  return found.length === 0 ? NO_LIST : found.slice(0, max).filter((item): item is string => typeof item === 'string')
}
