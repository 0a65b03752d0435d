/** How an object is, in one word with the reason. What cannot be told is `unknown`; what has no health has none. Pure. */
import type { KubeObject } from '#core/kube/objects.ts'
import { type Condition, conditionsOf, count, type Json, record, records, specOf, statusFieldsOf, text } from './fields.ts'

/** Words are keys of the catalogs. */
export const STATUS_WORDS = [
  'ready',
  'running',
  'completed',
  'active',
  'progressing',
  'pending',
  'terminating',
  'scaledDown',
  'paused',
  'suspended',
  'notReady',
  'degraded',
  'failing',
  'failed',
  'unknown',
  'none',
] as const
export type StatusWord = (typeof STATUS_WORDS)[number]
/** `none`: the kind has no health to speak of. */
export type StatusLevel = 'ok' | 'running' | 'warning' | 'error' | 'unknown' | 'none'

export interface ObjectStatus {
  level: StatusLevel
  word: StatusWord
  /** For people, in the words of Kubernetes: `2 of 3 ready`, `CrashLoopBackOff: back-off 5m0s …`. */
  reason?: string
  /** The same where some of the words are ours, for other languages. */
  said?: readonly Said[]
}

/** Words of ours; keys of the catalogs. */
export const OWN_REASONS = {
  available: '{{there}} of {{desired}} available',
  ready: '{{there}} of {{desired}} ready',
  updated: '{{there}} of {{desired}} updated',
  completed: '{{there}} of {{desired}} completed',
  containersReady: '{{there}} of {{desired}} containers ready',
  exit: 'exit code {{code}}',
  ended: '{{how}} (exit code {{code}})',
  waitsFor: 'waits for {{what}}',
  noReady: 'no Ready condition',
  noPhase: 'no phase',
  noStatus: 'no status yet',
  notSeen: 'the latest change is not taken up yet',
  cordoned: 'cordoned: takes no new pods',
  notRead: '{{what}} is not read here',
} as const
type OwnReason = { key: keyof typeof OWN_REASONS; values?: Readonly<Record<string, string | number>> }
/** Of Kubernetes as they are, or ours. */
type Said = string | OwnReason
const own = (key: OwnReason['key'], values?: OwnReason['values']): OwnReason => ({ key, ...(values ? { values } : {}) })
const inEnglish = (said: Said) =>
  typeof said === 'string' ? said : OWN_REASONS[said.key].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(said.values?.[name] ?? ''))

const LEVELS: Record<StatusWord, StatusLevel> = {
  ready: 'ok',
  running: 'ok',
  completed: 'ok',
  active: 'ok',
  progressing: 'running',
  pending: 'running',
  terminating: 'running',
  scaledDown: 'none',
  paused: 'warning',
  suspended: 'none',
  notReady: 'warning',
  degraded: 'warning',
  failing: 'error',
  failed: 'error',
  unknown: 'unknown',
  none: 'none',
}
const MOST_REASON = 300
export const is = (word: StatusWord, ...reason: (Said | undefined)[]): ObjectStatus => {
  const said = reason.filter((one) => one !== undefined && one !== '') as Said[]
  const text = said.map(inEnglish).join(': ').slice(0, MOST_REASON)
  const ours = said.some((one) => typeof one !== 'string')
  return { level: LEVELS[word], word, ...(text === '' ? {} : { reason: text }), ...(ours ? { said: said.map(short) } : {}) }
}
const short = (said: Said) => (typeof said === 'string' ? said.slice(0, MOST_REASON) : said)

const ORDER: readonly StatusLevel[] = ['none', 'ok', 'running', 'unknown', 'warning', 'error']
/** Higher is worse; unknown is worse than being on the way. */
export const severityOf = ({ level }: ObjectStatus): number => ORDER.indexOf(level)

export function statusOf(object: KubeObject): ObjectStatus {
  if (object.metadata.deletionTimestamp !== undefined && object.kind !== 'Pod') {
    const { finalizers = [] } = object.metadata
    return is('terminating', finalizers.length > 0 ? own('waitsFor', { what: finalizers.join(', ') }) : undefined)
  }
  const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0] : ''
  return (OF_KIND[`${group}/${object.kind}`] ?? byConditions)(object)
}

const OF_KIND: Readonly<Record<string, (object: KubeObject) => ObjectStatus>> = {
  '/Pod': podStatus,
  '/Node': nodeStatus,
  '/Namespace': phaseStatus,
  '/PersistentVolumeClaim': phaseStatus,
  '/PersistentVolume': phaseStatus,
  'apps/Deployment': deploymentStatus,
  'apps/StatefulSet': replicasStatus,
  'apps/ReplicaSet': replicasStatus,
  '/ReplicationController': replicasStatus,
  'apps/DaemonSet': daemonSetStatus,
  'batch/Job': jobStatus,
  'batch/CronJob': (object) => (specOf(object).suspend === true ? is('suspended') : is('active')),
}

/** Reasons for which a container waits that do not go away by waiting. https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#container-states */
const STUCK =
  /^(CrashLoopBackOff|ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName|ImageInspectError|RegistryUnavailable|Create\w+Error|Run\w+Error|PreStartHookError|PostStartHookError)$/

function podStatus(object: KubeObject): ObjectStatus {
  const status = statusFieldsOf(object)
  const phase = text(status.phase)
  const reason = text(status.reason)
  if (object.metadata.deletionTimestamp !== undefined) return reason === 'NodeLost' ? is('unknown', 'NodeLost') : is('terminating')
  if (phase === 'Succeeded') return is('completed')
  const containers = [...records(status.initContainerStatuses), ...records(status.containerStatuses)]
  if (phase === 'Failed') return is('failed', reason || endOf(containers), text(status.message))
  const stuck = containers.map((one) => ({ one, waiting: record(record(one.state).waiting) })).find(({ waiting }) => STUCK.test(text(waiting.reason)))
  if (stuck) {
    const before = record(record(stuck.one.lastState).terminated)
    const how = text(before.reason)
    const code = String(before.exitCode)
    const ended = before.exitCode === undefined ? '' : how ? own('ended', { how, code }) : own('exit', { code })
    return is('failing', text(stuck.waiting.reason), ended || text(stuck.waiting.message))
  }
  if (phase === 'Unknown' || reason === 'NodeLost') return is('unknown', reason, text(status.message))
  if (phase === 'Pending') {
    const scheduled = conditionsOf(object).find(({ type }) => type === 'PodScheduled')
    if (scheduled?.status === 'False') return is('notReady', scheduled.reason, scheduled.message)
    const waiting = containers.map((one) => text(record(record(one.state).waiting).reason)).find(Boolean)
    return is('pending', waiting)
  }
  if (phase === 'Running') {
    const main = records(status.containerStatuses)
    const ready = main.filter((one) => one.ready === true).length
    const condition = conditionsOf(object).find(({ type }) => type === 'Ready')
    if (condition?.status === 'True') return is('running')
    if (condition === undefined) return is('unknown', own('noReady'))
    return is('notReady', own('containersReady', { there: ready, desired: main.length }), endOf(main))
  }
  return is('unknown', phase || own('noPhase'))
}

/** How the first container that ended badly did so. */
function endOf(containers: readonly Json[]): Said {
  for (const one of containers) {
    const ended = record(record(one.state).terminated)
    if (ended.exitCode !== undefined && ended.exitCode !== 0) return own('ended', { how: text(ended.reason) || 'Error', code: String(ended.exitCode) })
  }
  return ''
}

/** Has the controller seen the latest change? */
const isStale = (object: KubeObject): boolean => {
  const observed = count(statusFieldsOf(object).observedGeneration)
  return observed !== undefined && object.metadata.generation !== undefined && observed < object.metadata.generation
}
const holds = (conditions: readonly Condition[], type: string, status: string) => conditions.find((one) => one.type === type && one.status === status)

function deploymentStatus(object: KubeObject): ObjectStatus {
  const conditions = conditionsOf(object)
  const stuck = conditions.find(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded')
  if (stuck) return is('failed', stuck.reason, stuck.message)
  const failure = holds(conditions, 'ReplicaFailure', 'True')
  if (failure) return is('failing', failure.reason, failure.message)
  if (specOf(object).paused === true) return is('paused')
  const status = statusFieldsOf(object)
  const desired = count(specOf(object).replicas) ?? 1
  const updated = count(status.updatedReplicas) ?? 0
  if (!isStale(object) && updated < desired && desired > 0 && (count(status.replicas) ?? 0) > 0)
    return is('progressing', own('updated', { there: updated, desired }))
  return byReplicas(object, desired, count(status.availableReplicas) ?? 0, 'available')
}

function replicasStatus(object: KubeObject): ObjectStatus {
  const failure = holds(conditionsOf(object), 'ReplicaFailure', 'True')
  if (failure) return is('failing', failure.reason, failure.message)
  const status = statusFieldsOf(object)
  return byReplicas(object, count(specOf(object).replicas) ?? 1, count(status.readyReplicas) ?? 0, 'ready')
}

function daemonSetStatus(object: KubeObject): ObjectStatus {
  const status = statusFieldsOf(object)
  const desired = count(status.desiredNumberScheduled)
  if (desired === undefined) return is('unknown', own('noStatus'))
  return byReplicas(object, desired, count(status.numberReady) ?? 0, 'ready')
}

function byReplicas(object: KubeObject, desired: number, there: number, word: 'available' | 'ready'): ObjectStatus {
  if (object.status === undefined) return is('unknown', own('noStatus'))
  if (isStale(object)) return is('progressing', own('notSeen'))
  if (desired === 0) return is('scaledDown')
  if (there >= desired) return is('ready', own(word, { there, desired }))
  return is(there === 0 ? 'failing' : 'degraded', own(word, { there, desired }))
}

function jobStatus(object: KubeObject): ObjectStatus {
  const conditions = conditionsOf(object)
  const failed = holds(conditions, 'Failed', 'True')
  if (failed) return is('failed', failed.reason, failed.message)
  if (holds(conditions, 'Complete', 'True')) return is('completed')
  if (specOf(object).suspend === true) return is('suspended')
  const status = statusFieldsOf(object)
  return is('progressing', own('completed', { there: count(status.succeeded) ?? 0, desired: count(specOf(object).completions) ?? 1 }))
}

function nodeStatus(object: KubeObject): ObjectStatus {
  const conditions = conditionsOf(object)
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (ready === undefined || ready.status === 'Unknown') return is('unknown', ready?.reason || own('noReady'), ready?.message)
  if (ready.status !== 'True') return is('failing', ready.reason, ready.message)
  const pressed = conditions.filter(({ type, status }) => status === 'True' && type !== 'Ready')
  if (pressed.length > 0) return is('degraded', pressed.map(({ type }) => type).join(', '))
  return specOf(object).unschedulable === true ? is('notReady', own('cordoned')) : is('ready')
}

function phaseStatus(object: KubeObject): ObjectStatus {
  const phase = text(statusFieldsOf(object).phase)
  if (phase === 'Active' || phase === 'Bound' || phase === 'Available') return is('active', phase)
  if (phase === 'Pending' || phase === 'Terminating' || phase === 'Released') return is('pending', phase)
  if (phase === 'Failed' || phase === 'Lost') return is('failed', phase, text(statusFieldsOf(object).message))
  return is('unknown', phase || own('noPhase'))
}

/** Conditions that sum up an object, best known first. */
const SUMMARY = ['Ready', 'Available', 'Healthy', 'Established', 'Programmed', 'Accepted', 'Succeeded', 'Complete']

/** For every kind that nothing more is known of: its summing-up condition. */
function byConditions(object: KubeObject): ObjectStatus {
  const conditions = conditionsOf(object)
  if (isStale(object)) return is('progressing', own('notSeen'))
  for (const type of SUMMARY) {
    const found = conditions.find((one) => one.type === type)
    if (!found) continue
    const why = found.reason === found.type ? '' : found.reason
    if (found.status === 'True') return is('ready')
    if (found.status === 'False') return is('notReady', `${type}=False`, why, found.message)
    return is('unknown', `${type}=${found.status || '?'}`, why, found.message)
  }
  return is('none', text(statusFieldsOf(object).phase))
}
