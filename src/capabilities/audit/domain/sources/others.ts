/** Events of other planes: registries, clouds, runtime detectors, and the journals of nodes. */
import { type AuditEvent, emptyEvent, isJson, type Json, jsonAt, textAt } from '../event.ts'
import { instantMs } from '../time.ts'
import { readGoogleEntry } from './gke.ts'
import type { Read } from './kubernetes.ts'

/** Undefined: known by none of them. */
export function readOther(json: Json): Read | undefined {
  for (const read of READERS) {
    const event = read(json)
    if (event !== undefined) return event === 'time' || Number.isNaN(event.at) ? { reject: 'time' } : { event }
  }
  return undefined
}

type Reader = (json: Json) => AuditEvent | 'time' | undefined

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
  event.ip = textAt(request, 'addr', 64).replace(/:\d+$/, '')
  event.userAgent = textAt(request, 'useragent', 512)
  event.detail = { digest: textAt(target, 'digest'), mediaType: textAt(target, 'mediaType') }
  return event
}

/** A webhook of Harbor: https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/ */
const harbor: Reader = (json) => {
  const data = jsonAt(json, 'event_data')
  const repository = jsonAt(data, 'repository')
  if (typeof json.type !== 'string' || typeof json.occur_at !== 'number' || textAt(repository, 'repo_full_name') === '') return undefined
  const first = Array.isArray(data.resources) && isJson(data.resources[0]) ? data.resources[0] : {}
  const url = textAt(first, 'resource_url', 512)
  const event = emptyEvent('registry')
  event.at = json.occur_at * 1000
  event.user = textAt(json, 'operator', 512)
  event.verb = json.type
    .toLowerCase()
    .replace(/_(?:artifact|image)$/, '')
    .slice(0, 64)
  event.resource = 'repositories'
  event.name = url || imageOf('', textAt(repository, 'repo_full_name', 512), textAt(first, 'tag'))
  event.detail = { digest: textAt(first, 'digest') }
  return event
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
  event.detail = { region: textAt(json, 'awsRegion'), account: textAt(who, 'accountId') }
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
  event.detail = { account: textAt(who, 'accountId'), region: textAt(json, 'acsRegion') }
  return event
}

/** Entries of Google's audit logs that are not of GKE. */
const google: Reader = (json) => (textAt(json.protoPayload, 'methodName') === '' ? undefined : (readGoogleEntry(json) ?? 'time'))

/** https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema */
const azure: Reader = (json) => {
  const operation = textAt(json, 'operationName') || textAt(json.operationName, 'value')
  if (operation === '' || textAt(json, 'resourceId', 2048) === '') return undefined
  const event = emptyEvent('cloud')
  event.id = textAt(json, 'eventDataId', 128) || textAt(json, 'correlationId', 128)
  event.at = instantMs(json.eventTimestamp ?? json.time)
  event.user = textAt(json, 'caller', 512) || textAt(jsonAt(jsonAt(json, 'identity'), 'claims'), 'name', 512)
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

/** Tetragon's export: https://tetragon.io/docs/concepts/events/ */
const tetragon: Reader = (json) => {
  const kind = ['process_exec', 'process_exit', 'process_kprobe'].find((name) => isJson(json[name]))
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
  event.detail = { command: `${textAt(process, 'binary', 1024)} ${textAt(process, 'arguments', 2048)}`.trim(), node: textAt(json, 'node_name') }
  return event
}

/** `journalctl -o json`; only what logs people in or makes them root is an event: https://systemd.io/JOURNAL_EXPORT_FORMATS/ */
const journal: Reader = (json) => {
  const message = textAt(json, 'MESSAGE', 8192)
  if (message === '' || typeof json.__REALTIME_TIMESTAMP !== 'string') return undefined
  const read = hostMessage(textAt(json, 'SYSLOG_IDENTIFIER') || textAt(json, '_COMM'), message)
  if (!read) return undefined
  read.at = Math.floor(Number(json.__REALTIME_TIMESTAMP) / 1000)
  read.id = textAt(json, '__CURSOR', 200)
  read.name = textAt(json, '_HOSTNAME')
  return read
}

/** What sshd and sudo say; undefined for all else. */
export function hostMessage(program: string, message: string): AuditEvent | undefined {
  const event = emptyEvent('host')
  event.resource = 'nodes'
  if (/^sshd/.test(program)) {
    const login = /^(Accepted|Failed) (\S+) for (?:invalid user )?(\S+) from (\S+) port \d+/.exec(message)
    if (!login) return undefined
    const [, how, method = '', user = '', ip = ''] = login
    event.verb = 'login'
    event.user = user
    event.ip = ip
    event.code = how === 'Accepted' ? 200 : 401
    event.decision = how === 'Accepted' ? 'allow' : 'forbid'
    event.detail = { method, ...(/ssh2: (.+)$/.test(message) ? { key: /ssh2: (.+)$/.exec(message)![1]!.slice(0, 200) } : {}) }
    return event
  }
  if (program !== 'sudo') return undefined
  const run = /^\s*(\S+) : (.*?)TTY=\S+ ; PWD=.*? ; USER=(\S+) ; (?:.*? ; )?COMMAND=(.*)$/.exec(message)
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

const READERS: readonly Reader[] = [distribution, harbor, cloudTrail, actionTrail, google, azure, falco, tetragon, journal]

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
