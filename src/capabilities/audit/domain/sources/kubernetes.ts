/** Events of kube-apiserver: https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/ */
import { type AuditEvent, emptyEvent, isJson, type Json, jsonAt, type Level, type Stage, textAt, textsAt } from '../event.ts'
import { instantMs } from '../time.ts'

const VERSIONS = new Set(['audit.k8s.io/v1', 'audit.k8s.io/v1beta1', 'audit.k8s.io/v1alpha1'])
const STAGES = new Set(['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'])
const LEVELS = new Set(['Metadata', 'Request', 'RequestResponse'])

export type Read = { event: AuditEvent } | { reject: string }

/** Has the look of an API server's event, also of those that file sinks wrote without apiVersion. */
export const isKubernetesEvent = (json: Json): boolean =>
  typeof json.auditID === 'string' || (json.kind === 'Event' && typeof json.apiVersion === 'string' && json.apiVersion.startsWith('audit.k8s.io/'))

/** Reasons: version, fields, time. */
export function readKubernetesEvent(json: Json): Read {
  const { apiVersion } = json
  if (apiVersion !== undefined && !VERSIONS.has(apiVersion as string)) return { reject: 'version' }
  const id = textAt(json, 'auditID', 128)
  const verb = textAt(json, 'verb', 64)
  const { stage } = json
  if (id === '' || verb === '' || !STAGES.has(stage as string)) return { reject: 'fields' }
  // v1beta1 of old had only `timestamp`
  const at = instantMs(json.stageTimestamp ?? json.requestReceivedTimestamp ?? json.timestamp)
  if (Number.isNaN(at)) return { reject: 'time' }

  const event = emptyEvent('kubernetes')
  const ref = json.objectRef
  const impersonated = json.impersonatedUser
  const ips = textsAt(json, 'sourceIPs', 20)
  event.id = id
  event.verb = verb
  event.stage = stage as Stage
  event.level = LEVELS.has(json.level as string) ? (json.level as Level) : ''
  event.at = at
  event.received = textAt(json, 'requestReceivedTimestamp', 40)
  event.user = textAt(json.user, 'username', 512)
  event.groups = textsAt(json.user, 'groups')
  event.uid = textAt(json.user, 'uid')
  event.extra = jsonAt(json.user, 'extra')
  if (isJson(impersonated)) {
    event.impersonated = textAt(impersonated, 'username', 512)
    event.impersonatedGroups = textsAt(impersonated, 'groups')
  }
  // the API server appends its peer after what X-Forwarded-For and X-Real-Ip said
  if (ips.length > 0) event.ip = ips.at(-1)!.slice(0, 64)
  if (ips.length > 1) event.claimedIps = ips.slice(0, -1)
  event.userAgent = textAt(json, 'userAgent', 512)
  event.uri = textAt(json, 'requestURI', 8192)
  if (isJson(ref)) {
    event.apiGroup = textAt(ref, 'apiGroup')
    event.resource = textAt(ref, 'resource')
    event.subresource = textAt(ref, 'subresource')
    event.namespace = textAt(ref, 'namespace')
    event.name = textAt(ref, 'name')
  }
  const status = json.responseStatus
  if (isJson(status) && typeof status.code === 'number' && status.code >= 0 && status.code < 1000) event.code = Math.trunc(status.code)
  event.annotations = jsonAt(json, 'annotations')
  const decision = event.annotations['authorization.k8s.io/decision']
  if (decision === 'allow' || decision === 'forbid') event.decision = decision
  event.request = json.requestObject
  event.response = json.responseObject
  // creations by generateName have their name only in the answer
  if (event.name === '' && isJson(event.response)) event.name = textAt(event.response.metadata, 'name')
  return { event }
}

/** A row of the table AKSAudit, whose columns hold JSON as text: https://learn.microsoft.com/azure/azure-monitor/reference/tables/aksaudit */
export const isAksRow = (json: Json): boolean => typeof json.AuditId === 'string' && typeof json.RequestUri === 'string'

export const readAksRow = (json: Json): Read =>
  readKubernetesEvent({
    auditID: json.AuditId,
    level: json.Level,
    stage: json.Stage,
    verb: json.Verb,
    requestURI: json.RequestUri,
    userAgent: json.UserAgent,
    requestReceivedTimestamp: json.RequestReceivedTime,
    stageTimestamp: json.StageReceivedTime ?? json.TimeGenerated,
    user: held(json.User),
    impersonatedUser: held(json.ImpersonatedUser),
    sourceIPs: held(json.SourceIps),
    objectRef: held(json.ObjectRef),
    responseStatus: held(json.ResponseStatus),
    requestObject: held(json.RequestObject),
    responseObject: held(json.ResponseObject),
    annotations: held(json.Annotations),
  })

function held(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return undefined
  }
}
