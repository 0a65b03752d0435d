/** GKE hands audit events out as Cloud Logging entries: https://cloud.google.com/kubernetes-engine/docs/how-to/audit-logging */
import { type AuditEvent, emptyEvent, type Json, jsonAt, listAt, textAt } from '../event.ts'
import { instantMs } from '../time.ts'

/** gRPC codes, which the entries carry, as HTTP: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const HTTP_OF: Readonly<Record<number, number>> = { 0: 200, 3: 400, 5: 404, 6: 409, 7: 403, 9: 400, 10: 409, 13: 500, 14: 503, 16: 401 }

export const isGkeEntry = (json: Json): boolean => textAt(json.protoPayload, 'methodName').startsWith('io.k8s.')

/** What all audit entries of Google have. Undefined: no time. */
export function readGoogleEntry(json: Json): AuditEvent | undefined {
  const payload = jsonAt(json, 'protoPayload')
  const at = instantMs(textAt(json, 'timestamp') || textAt(json, 'receiveTimestamp'))
  if (Number.isNaN(at)) return undefined
  const event = emptyEvent('cloud')
  const status = jsonAt(payload, 'status')
  const granted = listAt(payload, 'authorizationInfo').map((info) => jsonAt({ info }, 'info').granted)
  event.id = textAt(json, 'insertId', 128)
  event.at = at
  event.user = textAt(payload.authenticationInfo, 'principalEmail', 512)
  event.ip = textAt(payload.requestMetadata, 'callerIp', 64)
  event.userAgent = textAt(payload.requestMetadata, 'callerSuppliedUserAgent', 512)
  event.verb = textAt(payload, 'methodName')
  event.name = textAt(payload, 'resourceName')
  event.apiGroup = textAt(payload, 'serviceName')
  const code = typeof status.code === 'number' ? status.code : 0
  event.code = HTTP_OF[code] ?? 500
  event.decision = code === 7 || granted.includes(false) ? 'forbid' : 'allow'
  event.request = payload.request
  event.response = payload.response
  return event
}

/** `io.k8s.core.v1.pods.exec.create` on `core/v1/namespaces/shop/pods/cart/exec`. */
export function readGkeEntry(json: Json): AuditEvent | undefined {
  const event = readGoogleEntry(json)
  if (!event) return undefined
  const [group = '', , ...path] = event.name.split('/')
  event.plane = 'kubernetes'
  event.stage = 'ResponseComplete'
  event.level = event.response === undefined ? (event.request === undefined ? 'Metadata' : 'Request') : 'RequestResponse'
  event.uri = `/${group === 'core' ? 'api' : `apis/${group}`}/${event.name.split('/').slice(1).join('/')}`
  event.apiGroup = group === 'core' ? '' : group
  event.verb = event.verb.slice(event.verb.lastIndexOf('.') + 1)
  if (path[0] === 'namespaces' && path.length > 2) {
    event.namespace = path[1] ?? ''
    path.splice(0, 2)
  }
  const [resource = '', name = '', subresource = ''] = path
  event.resource = resource
  event.name = name
  event.subresource = subresource
  const decision = jsonAt(json, 'labels')['authorization.k8s.io/decision']
  if (decision === 'allow' || decision === 'forbid') event.decision = decision
  return event
}
