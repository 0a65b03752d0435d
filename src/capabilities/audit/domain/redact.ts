/** What of an event is kept besides its columns: bodies without secrets. */
import { type AuditEvent, isJson, type Json, NO_JSON } from './event.ts'
import { CREDENTIAL_NAME, CREDENTIAL_TEXT, holdsCredentials } from './rules/workloads.ts'

/** Characters of one row; what is longer is left out and said to be. */
const MAX_DETAIL = 64 * 1024
const MASK = '***'
/** Without any of these there is nothing to look for. */
const HINT = /pass(?:word|phrase|wd)|access[_-]?key|client[_-]?secret|private[_ -]?key|AKIA|ASIA|LTAI|ghp_/i
/** Resources whose bodies are secrets by nature. */
const SECRET = new Set(['secrets', 'tokenreviews'])

/** The `detail` column, JSON. Answers are left out but for their message: they repeat the request, and those of reads hold what was read. */
export function detailOf(event: AuditEvent): string {
  const detail: Record<string, unknown> = { ...event.detail }
  if (event.uri !== '') detail.uri = event.uri.replace(/([?&](?:access_)?token=)[^&]+/gi, `$1${MASK}`)
  if (event.level !== '') detail.level = event.level
  if (event.claimedIps.length > 0) detail.claimedIps = event.claimedIps
  if (event.impersonatedGroups.length > 0) detail.impersonatedGroups = event.impersonatedGroups
  if (event.uid !== '') detail.uid = event.uid
  if (event.extra !== NO_JSON) detail.extra = event.extra
  if (event.annotations !== NO_JSON) {
    const { 'authorization.k8s.io/decision': _, ...more } = event.annotations
    if (Object.keys(more).length > 0) detail.annotations = more
  }
  if (event.code >= 400 && isJson(event.response) && typeof event.response.message === 'string') detail.message = event.response.message.slice(0, 2048)
  if (event.request !== undefined) detail.request = withoutSecrets(event)
  let text = JSON.stringify(detail)
  if (text.length <= MAX_DETAIL && HINT.test(text)) text = JSON.stringify({ ...detail, request: withoutCredentials(detail.request) })
  if (text.length <= MAX_DETAIL) return text
  delete detail.request
  const rest = JSON.stringify({ ...detail, omitted: `request of ${text.length} characters` })
  return rest.length <= MAX_DETAIL ? rest : JSON.stringify({ omitted: `${text.length} characters` })
}

function withoutSecrets(event: AuditEvent): unknown {
  const { resource, request } = event
  if (SECRET.has(resource)) return masked(request)
  if (resource === 'configmaps') return isJson(request) && !holdsCredentials(request) ? request : masked(request)
  return request
}

/** Names of the keys stay, values of data go. */
function masked(request: unknown): unknown {
  if (!isJson(request))
    return Array.isArray(request) ? request.map((operation) => (isJson(operation) ? { op: operation.op, path: operation.path } : MASK)) : MASK
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(request)) {
    if (key === 'kind' || key === 'apiVersion' || key === 'type') kept[key] = value
    else if (key === 'metadata' && isJson(value)) kept[key] = { name: value.name, namespace: value.namespace, labels: value.labels }
    else if (isJson(value)) kept[key] = Object.fromEntries(Object.keys(value).map((name) => [name, MASK]))
  }
  return kept
}

/** `{name: DB_PASSWORD, value: …}` as in a container's environment, and keys that say what they hold; text in which there are several things goes whole. */
const withoutCredentials = (request: unknown): unknown =>
  request === undefined
    ? undefined
    : (JSON.parse(
        JSON.stringify(request, function (this: Json, key: string, value: unknown) {
          if (typeof value !== 'string') return value
          const named = key === 'value' && typeof this.name === 'string' ? this.name : key
          return CREDENTIAL_NAME.test(named) || CREDENTIAL_TEXT.test(value) ? MASK : value
        }),
      ) as unknown)
