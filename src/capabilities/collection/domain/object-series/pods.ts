import type { KubeObject, OwnerReference } from '#core/kube/objects.ts'
import { type Amounts, amount, putAmounts } from './resources.ts'
import { type Condition, type Put, putStates, seconds } from './text.ts'

interface State {
  waiting?: { reason?: string }
  running?: { startedAt?: string }
  terminated?: { reason?: string; exitCode?: number; startedAt?: string; finishedAt?: string }
}
interface ContainerStatus {
  name: string
  image?: string
  imageID?: string
  containerID?: string
  ready?: boolean
  restartCount?: number
  state?: State
  lastState?: State
}
interface Container {
  name: string
  image?: string
  restartPolicy?: string
  resources?: { requests?: Amounts; limits?: Amounts }
}
interface Claimed {
  name: string
  persistentVolumeClaim?: { claimName: string; readOnly?: boolean }
}
interface Spec {
  nodeName?: string
  priorityClassName?: string
  hostNetwork?: boolean
  restartPolicy?: string
  serviceAccountName?: string
  schedulerName?: string
  runtimeClassName?: string
  overhead?: Amounts
  containers?: readonly Container[]
  initContainers?: readonly Container[]
  volumes?: readonly Claimed[]
}
interface Status {
  phase?: string
  reason?: string
  qosClass?: string
  hostIP?: string
  podIP?: string
  podIPs?: readonly { ip: string }[]
  startTime?: string
  conditions?: readonly Condition[]
  containerStatuses?: readonly ContainerStatus[]
  initContainerStatuses?: readonly ContainerStatus[]
}

const keptContainers = (list: readonly Container[] | undefined) =>
  list?.map(({ name, image, restartPolicy, resources }) => ({ name, image, restartPolicy, resources }))
const keptStatuses = (list: readonly ContainerStatus[] | undefined) =>
  list?.map(({ name, image, imageID, containerID, ready, restartCount, state, lastState }) => ({
    ...{ name, image, imageID, containerID, ready, restartCount, state, lastState },
  }))

export function keptPod(object: KubeObject): object {
  const spec = (object.spec ?? {}) as Spec
  const status = (object.status ?? {}) as Status
  const { nodeName, priorityClassName, hostNetwork, restartPolicy, serviceAccountName, schedulerName, runtimeClassName, overhead } = spec
  const { phase, reason, qosClass, hostIP, podIP, podIPs, startTime, conditions } = status
  return {
    spec: {
      ...{ nodeName, priorityClassName, hostNetwork, restartPolicy, serviceAccountName, schedulerName, runtimeClassName, overhead },
      containers: keptContainers(spec.containers),
      initContainers: keptContainers(spec.initContainers),
      volumes: spec.volumes
        ?.filter(({ persistentVolumeClaim }) => persistentVolumeClaim)
        .map(({ name, persistentVolumeClaim }) => ({ name, persistentVolumeClaim })),
    },
    status: {
      ...{ phase, reason, qosClass, hostIP, podIP, podIPs, startTime },
      conditions: conditions?.map(({ type, status: state, reason: why, lastTransitionTime }) => ({ type, status: state, reason: why, lastTransitionTime })),
      containerStatuses: keptStatuses(status.containerStatuses),
      initContainerStatuses: keptStatuses(status.initContainerStatuses),
    },
  }
}

const PHASES = ['Pending', 'Succeeded', 'Failed', 'Unknown', 'Running'] as const
const QOS_CLASSES = ['BestEffort', 'Burstable', 'Guaranteed'] as const
const REASONS = ['Evicted', 'NodeAffinity', 'NodeLost', 'Shutdown', 'UnexpectedAdmissionError'] as const

/** Series of owners: of one that has none, a series without labels of an owner. */
export function putOwners(put: Put, name: string, owners: readonly OwnerReference[] | undefined): void {
  if (!owners?.length) put(name, 1)
  else for (const owner of owners) put(name, 1, 'owner_kind', owner.kind, 'owner_name', owner.name, 'owner_is_controller', owner.controller ?? false)
}

export function podSeries({ metadata, spec: rawSpec, status: rawStatus }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as Spec
  const status = (rawStatus ?? {}) as Status
  const creator = metadata.ownerReferences?.find(({ controller }) => controller)
  put(
    'kube_pod_info',
    1,
    ...['host_ip', status.hostIP, 'pod_ip', status.podIP, 'node', spec.nodeName, 'created_by_kind', creator?.kind, 'created_by_name', creator?.name],
    ...['priority_class', spec.priorityClassName, 'host_network', spec.hostNetwork ?? false],
  )
  for (const { ip } of status.podIPs ?? []) put('kube_pod_ips', 1, 'ip', ip, 'ip_family', ip.includes(':') ? '6' : '4')
  putOwners(put, 'kube_pod_owner', metadata.ownerReferences)
  put('kube_pod_start_time', seconds(status.startTime))
  put('kube_pod_completion_time', completion(status.containerStatuses))
  if (status.phase) for (const phase of PHASES) put('kube_pod_status_phase', status.phase === phase, 'phase', phase)
  if (status.qosClass) for (const qos of QOS_CLASSES) put('kube_pod_status_qos_class', status.qosClass === qos, 'qos_class', qos)
  for (const reason of REASONS) put('kube_pod_status_reason', status.reason === reason, 'reason', reason)
  for (const { type, status: state, lastTransitionTime } of status.conditions ?? []) {
    const since = seconds(lastTransitionTime)
    const whenTrue = state === 'True' ? since : undefined
    if (type === 'Ready') {
      putStates(put, 'kube_pod_status_ready', state, 'condition')
      put('kube_pod_status_ready_time', whenTrue)
    } else if (type === 'PodScheduled') {
      putStates(put, 'kube_pod_status_scheduled', state, 'condition')
      put('kube_pod_status_scheduled_time', whenTrue)
      if (state === 'False') put('kube_pod_status_unschedulable', 1)
    } else if (type === 'Initialized') put('kube_pod_status_initialized_time', whenTrue)
    else if (type === 'ContainersReady') put('kube_pod_status_container_ready_time', whenTrue)
  }
  put('kube_pod_restart_policy', 1, 'type', spec.restartPolicy)
  put('kube_pod_service_account', 1, 'service_account', spec.serviceAccountName)
  put('kube_pod_scheduler', 1, 'name', spec.schedulerName)
  if (spec.runtimeClassName) put('kube_pod_runtimeclass_name_info', 1, 'runtimeclass_name', spec.runtimeClassName)
  put('kube_pod_overhead_cpu_cores', amount(spec.overhead?.cpu))
  put('kube_pod_overhead_memory_bytes', amount(spec.overhead?.memory))
  for (const { name, persistentVolumeClaim: claim } of spec.volumes ?? []) {
    if (!claim) continue
    const labels = ['volume', name, 'persistentvolumeclaim', claim.claimName]
    put('kube_pod_spec_volumes_persistentvolumeclaims_info', 1, ...labels)
    put('kube_pod_spec_volumes_persistentvolumeclaims_readonly', claim.readOnly ?? false, ...labels)
  }
  putContainers(put, 'kube_pod_container', spec.containers, status.containerStatuses, spec.nodeName)
  putContainers(put, 'kube_pod_init_container', spec.initContainers, status.initContainerStatuses, spec.nodeName)
}

/** When the last container ended, once all have. */
function completion(statuses: readonly ContainerStatus[] | undefined): number | undefined {
  const ends = statuses?.map(({ state }) => seconds(state?.terminated?.finishedAt)) ?? []
  return ends.length > 0 && ends.every((end) => end !== undefined) ? Math.max(...ends) : undefined
}

function putContainers(
  put: Put,
  prefix: string,
  containers: readonly Container[] | undefined,
  statuses: readonly ContainerStatus[] | undefined,
  node: string | undefined,
): void {
  const init = prefix.includes('init')
  for (const { name, image, imageID, containerID, ready, restartCount, state = {}, lastState = {} } of statuses ?? []) {
    const spec = containers?.find((one) => one.name === name)
    const of = (what: string, value: number | boolean | undefined, ...more: readonly (string | undefined)[]) =>
      put(`${prefix}_${what}`, value, 'container', name, ...more)
    of(
      'info',
      1,
      ...['image_spec', spec?.image, 'image', image, 'image_id', imageID, 'container_id', containerID],
      ...(init ? ['restart_policy', spec?.restartPolicy] : []),
    )
    of('status_waiting', state.waiting !== undefined)
    if (state.waiting?.reason) of('status_waiting_reason', 1, 'reason', state.waiting.reason)
    of('status_running', state.running !== undefined)
    of('status_terminated', state.terminated !== undefined)
    if (state.terminated?.reason) of('status_terminated_reason', 1, 'reason', state.terminated.reason)
    const last = lastState.terminated
    if (last?.reason) of('status_last_terminated_reason', 1, 'reason', last.reason)
    if (!init) {
      of('state_started', seconds(state.running?.startedAt ?? state.terminated?.startedAt))
      of('status_last_terminated_exitcode', last?.exitCode)
      of('status_last_terminated_timestamp', seconds(last?.finishedAt))
    }
    of('status_ready', ready ?? false)
    of('status_restarts_total', restartCount ?? 0)
  }
  for (const { name, resources } of containers ?? []) {
    putAmounts(put, `${prefix}_resource_requests`, resources?.requests, 'container', name, 'node', node)
    putAmounts(put, `${prefix}_resource_limits`, resources?.limits, 'container', name, 'node', node)
  }
}
