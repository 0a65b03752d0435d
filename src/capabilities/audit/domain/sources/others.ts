/** Events of other planes: registries, clouds, runtime detectors, and the journals of nodes. */
import { type AuditEvent, emptyEvent, isJson, type Json, jsonAt, listAt, textAt } from '../event.ts'
import { instantMs } from '../time.ts'
import { readGoogleEntry } from './gke.ts'
import type { Read } from './kubernetes.ts'

/** Undefined: known by none of them. */
export function readOther(json: Json): Read | undefined {
  for (const read of READERS) {
    const event = read(json)
    if (event === 'other') return { reject: 'other' }
    if (event !== undefined) return event === 'time' || Number.isNaN(event.at) ? { reject: 'time' } : { event }
  }
  return undefined
}

/** `other`: of a known format, and nothing that somebody did. */
type Reader = (json: Json) => AuditEvent | 'time' | 'other' | undefined

/** One of `events` of Docker distribution: https://distribution.github.io/distribution/about/notifications/ */
const distribution: Reader = (json) => {
  const target = jsonAt(json, 'target')
  if (typeof json.action !== 'string' || textAt(target, 'repository') === '') return undefined
  const request = jsonAt(json, 'request')
  const event = emptyEvent('registry')
  event.id = textAt(json, 'id', 128)
  event.at = instantMs(json.timestamp)
  event.user = textAt(json.actor, 'name', 512)
  event.verb = textAt(json, 'action', 64)
  event.resource = 'repositories'
  event.name = imageOf(textAt(request, 'host'), textAt(target, 'repository', 512), textAt(target, 'tag'))
  event.ip = textAt(request, 'addr', 64)
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
  event.userAgent = textAt(request, 'useragent', 512)
  event.detail = { digest: textAt(target, 'digest'), mediaType: textAt(target, 'mediaType') }
  return event
}

/**
 * A webhook of Harbor, in its own format and as CloudEvents: https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
 * What Harbor says of its own jobs (replication, quotas) is about no repository.
 */
const harbor: Reader = (json) => {
  const cloudEvent = textAt(json, 'specversion') !== '' && textAt(json, 'type').startsWith('harbor.')
  if (!cloudEvent && !(typeof json.type === 'string' && typeof json.occur_at === 'number' && isJson(json.event_data))) return undefined
  const data = jsonAt(json, cloudEvent ? 'data' : 'event_data')
  const repository = jsonAt(data, 'repository')
  if (textAt(repository, 'repo_full_name') === '') return 'other'
  const resources = listAt(data, 'resources').filter(isJson)
  const event = emptyEvent('registry')
  event.id = cloudEvent ? textAt(json, 'id', 128) : ''
  event.at = cloudEvent ? instantMs(json.time) : (json.occur_at as number) * 1000
  event.user = textAt(json, 'operator', 512)
  const what = textAt(json, 'type').toLowerCase()
  event.verb = (cloudEvent ? (HARBOR_VERBS[what] ?? what) : what.replace(/_(?:artifact|image)$/, '')).slice(0, 64)
  event.resource = 'repositories'
  event.name = textAt(resources[0], 'resource_url', 512) || imageOf('', textAt(repository, 'repo_full_name', 512), textAt(resources[0], 'tag'))
  event.detail = {
    digest: textAt(resources[0], 'digest'),
    ...(resources.length > 1 ? { tags: resources.slice(0, 100).map((one) => textAt(one, 'tag') || textAt(one, 'digest')) } : {}),
  }
  return event
}
const HARBOR_VERBS: Readonly<Record<string, string>> = {
  'harbor.artifact.pushed': 'push',
  'harbor.artifact.pulled': 'pull',
  'harbor.artifact.deleted': 'delete',
}

const imageOf = (host: string, repository: string, tag: string) => `${host === '' ? '' : `${host}/`}${repository}${tag === '' ? '' : `:${tag}`}`

/** https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html */
const cloudTrail: Reader = (json) => {
  if (typeof json.eventSource !== 'string' || typeof json.eventName !== 'string' || !isJson(json.userIdentity)) return undefined
  const who = json.userIdentity
  const event = emptyEvent('cloud')
  event.id = textAt(json, 'eventID', 128)
  event.at = instantMs(json.eventTime)
  event.user = textAt(who, 'arn', 512) || textAt(who, 'userName', 512) || textAt(who, 'type')
  event.verb = json.eventName.slice(0, 128)
  event.apiGroup = json.eventSource.slice(0, 128)
  event.ip = textAt(json, 'sourceIPAddress', 64)
  event.userAgent = textAt(json, 'userAgent', 512)
  outcome(event, textAt(json, 'errorCode'))
  const session = textAt(jsonAt(jsonAt(json, 'responseElements'), 'assumedRoleUser'), 'arn', 512)
  event.request = json.requestParameters ?? undefined
  event.detail = {
    region: textAt(json, 'awsRegion'),
    account: textAt(who, 'accountId'),
    // of a role these are what everybody has who takes it
    ...(textAt(who, 'type') === 'IAMUser' ? { userName: textAt(who, 'userName'), principalId: textAt(who, 'principalId') } : {}),
    ...(session === '' ? {} : { session }),
  }
  return event
}

/** https://www.alibabacloud.com/help/en/actiontrail/user-guide/structure-of-an-actiontrail-event */
const actionTrail: Reader = (json) => {
  const who = jsonAt(json, 'userIdentity')
  if (typeof json.serviceName !== 'string' || typeof json.eventName !== 'string' || textAt(json, 'eventId') === '') return undefined
  const event = emptyEvent('cloud')
  event.id = textAt(json, 'eventId', 128)
  event.at = instantMs(json.eventTime)
  event.user = textAt(who, 'userName', 512) || textAt(who, 'principalId', 512)
  event.verb = json.eventName.slice(0, 128)
  event.apiGroup = json.serviceName.slice(0, 128)
  event.ip = textAt(json, 'sourceIpAddress', 64)
  event.userAgent = textAt(json, 'userAgent', 512)
  outcome(event, textAt(json, 'errorCode'))
  event.request = json.requestParameters ?? undefined
  event.detail = {
    account: textAt(who, 'accountId'),
    region: textAt(json, 'acsRegion'),
    ...(textAt(who, 'type') === 'ram-user' ? { principalId: textAt(who, 'principalId') } : {}),
  }
  return event
}

/** Entries of Google's audit logs that are not of GKE. */
const google: Reader = (json) => (textAt(json.protoPayload, 'methodName') === '' ? undefined : (readGoogleEntry(json) ?? 'time'))

/** Who it was, surest first: a name that people choose for themselves comes last. */
const AZURE_CLAIMS = ['upn', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn', 'unique_name', 'appid', 'name']

/** https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema */
const azure: Reader = (json) => {
  const operation = textAt(json, 'operationName') || textAt(json.operationName, 'value')
  if (operation === '' || textAt(json, 'resourceId', 2048) === '' || typeof jsonAt(json, 'properties').log === 'string')
    // diagnostics of AKS have these too, around an event of the API server
    return undefined
  const claims = jsonAt(jsonAt(json, 'identity'), 'claims')
  const event = emptyEvent('cloud')
  event.id = textAt(json, 'eventDataId', 128) || textAt(json, 'correlationId', 128)
  event.at = instantMs(json.eventTimestamp ?? json.time)
  event.user = textAt(json, 'caller', 512) || (AZURE_CLAIMS.map((name) => textAt(claims, name, 512)).find((value) => value !== '') ?? '')
  event.verb = operation
  event.name = textAt(json, 'resourceId', 2048)
  event.ip = textAt(json, 'callerIpAddress', 64) || textAt(json.httpRequest, 'clientIpAddress', 64)
  const status = textAt(json, 'resultType') || textAt(json.status, 'value')
  outcome(event, /fail/i.test(status) ? textAt(json, 'resultSignature') || 'Failed' : '')
  return event
}

/** Falco's JSON output: https://falco.org/docs/concepts/outputs/formatting/ */
const falco: Reader = (json) => {
  const fields = jsonAt(json, 'output_fields')
  if (typeof json.rule !== 'string' || typeof json.priority !== 'string' || typeof json.output !== 'string') return undefined
  const event = emptyEvent('runtime')
  event.id = textAt(json, 'uuid', 128)
  event.at = instantMs(json.time)
  event.user = textAt(fields, 'user.name')
  event.verb = json.rule.slice(0, 128)
  event.resource = 'pods'
  event.namespace = textAt(fields, 'k8s.ns.name')
  event.name = textAt(fields, 'k8s.pod.name')
  event.detail = {
    command: textAt(fields, 'proc.cmdline', 2048),
    container: textAt(fields, 'container.id'),
    priority: json.priority,
    node: textAt(json, 'hostname'),
  }
  return event
}

const TETRAGON = ['process_exec', 'process_exit', 'process_kprobe', 'process_tracepoint', 'process_uprobe', 'process_lsm']

/** Tetragon's export: https://tetragon.io/docs/concepts/events/ */
const tetragon: Reader = (json) => {
  const kind = TETRAGON.find((name) => isJson(json[name]))
  if (kind === undefined) return undefined
  const process = jsonAt(jsonAt(json, kind), 'process')
  const pod = jsonAt(process, 'pod')
  const event = emptyEvent('runtime')
  event.id = `${textAt(process, 'exec_id', 120)} ${kind}`
  event.at = instantMs(json.time)
  event.user = typeof process.uid === 'number' ? `uid ${process.uid}` : ''
  event.verb = kind.replace('process_', '')
  event.resource = 'pods'
  event.namespace = textAt(pod, 'namespace')
  event.name = textAt(pod, 'name')
  const called = textAt(jsonAt(json, kind), 'function_name')
  event.detail = {
    command: `${textAt(process, 'binary', 1024)} ${textAt(process, 'arguments', 2048)}`.trim(),
    container: textAt(jsonAt(pod, 'container'), 'name'),
    node: textAt(json, 'node_name'),
    ...(called === '' ? {} : { function: called, args: jsonAt(json, kind).args }),
  }
  return event
}

/** `journalctl -o json`; only what logs people in or makes them root is an event: https://systemd.io/JOURNAL_EXPORT_FORMATS/ */
const journal: Reader = (json) => {
  if (typeof json.__REALTIME_TIMESTAMP !== 'string' || json.MESSAGE === undefined) return undefined
  const message = messageOf(json.MESSAGE)
  const read = hostMessage(textAt(json, 'SYSLOG_IDENTIFIER') || textAt(json, '_COMM'), message)
  if (!read) return 'other'
  read.at = Math.floor(Number(json.__REALTIME_TIMESTAMP) / 1000)
  read.id = textAt(json, '__CURSOR', 200)
  read.name = textAt(json, '_HOSTNAME')
  return read
}

/** What is no UTF-8 comes as bytes. */
const messageOf = (message: unknown): string =>
  Array.isArray(message) ? new TextDecoder().decode(Uint8Array.from(message.slice(0, 8192), Number)) : typeof message === 'string' ? message.slice(0, 8192) : ''

/**
 * What sshd and sudo say; undefined for all else. User names come from whoever knocks, so what sshd itself wrote is read from the end:
 * a user called `root from 192.0.2.1 port 1` forges no origin.
 */
export function hostMessage(program: string, message: string): AuditEvent | undefined {
  const event = emptyEvent('host')
  event.resource = 'nodes'
  if (/^sshd/.test(program)) {
    const login = /^(Accepted|Failed) (\S+) for (?:invalid user )?(.*) from (\S+) port \d+(?: ssh2(?:: (.*))?)?$/s.exec(message)
    if (!login) return undefined
    const [, how, method = '', user = '', ip = '', key] = login
    event.verb = 'login'
    event.user = user.slice(0, 512)
    event.ip = ip.slice(0, 64)
    event.code = how === 'Accepted' ? 200 : 401
    event.decision = how === 'Accepted' ? 'allow' : 'forbid'
    event.detail = { method, ...(key === undefined ? {} : { key: key.slice(0, 200) }) }
    return event
  }
  if (program !== 'sudo') return undefined
  const run = /^\s*(\S+) : (.*?)(?:TTY=\S+ ; )?PWD=.*? ; USER=(\S+) ; (?:.*? ; )?COMMAND=(.*)$/s.exec(message)
  if (!run) return undefined
  const [, user = '', problem = '', as = '', command = ''] = run
  event.verb = 'sudo'
  event.user = user
  event.impersonated = as
  event.code = problem === '' ? 200 : 403
  event.decision = problem === '' ? 'allow' : 'forbid'
  event.detail = { command: command.slice(0, 2048) }
  return event
}

// ActionTrail's records have all that CloudTrail's have
const READERS: readonly Reader[] = [distribution, harbor, actionTrail, cloudTrail, google, azure, falco, tetragon, journal]

/** Clouds name what went wrong; a refusal is told from a mistake by its name. */
function outcome(event: AuditEvent, error: string): void {
  if (error === '') {
    event.code = 200
    event.decision = 'allow'
  } else if (/denied|forbidden|unauthor|nopermission|notallowed/i.test(error)) {
    event.code = 403
    event.decision = 'forbid'
  } else event.code = 400
}
