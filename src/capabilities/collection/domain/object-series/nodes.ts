import type { KubeObject } from '#core/kube/objects.ts'
import { type Amounts, putAmounts } from './resources.ts'
import { type Condition, type Put, putStates } from './text.ts'

interface Spec {
  podCIDR?: string
  providerID?: string
  unschedulable?: boolean
  taints?: readonly { key: string; value?: string; effect: string }[]
}
interface Status {
  capacity?: Amounts
  allocatable?: Amounts
  addresses?: readonly { type: string; address: string }[]
  conditions?: readonly Condition[]
  nodeInfo?: Readonly<Record<string, string>>
}

export function keptNode(object: KubeObject): object {
  const { podCIDR, providerID, unschedulable, taints } = (object.spec ?? {}) as Spec
  const { capacity, allocatable, addresses, conditions, nodeInfo } = (object.status ?? {}) as Status
  // The heartbeat of a condition changes every few seconds and says nothing here.
  return {
    spec: { podCIDR, providerID, unschedulable, taints },
    status: { capacity, allocatable, addresses, nodeInfo, conditions: conditions?.map(({ type, status }) => ({ type, status })) },
  }
}

const ROLE = 'node-role.kubernetes.io/'

export function nodeSeries({ metadata, spec: rawSpec, status: rawStatus }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as Spec
  const { nodeInfo = {}, addresses = [], conditions = [], capacity, allocatable } = (rawStatus ?? {}) as Status
  put(
    'kube_node_info',
    1,
    ...['kernel_version', nodeInfo.kernelVersion, 'os_image', nodeInfo.osImage, 'container_runtime_version', nodeInfo.containerRuntimeVersion],
    ...['kubelet_version', nodeInfo.kubeletVersion, 'kubeproxy_version', nodeInfo.kubeProxyVersion, 'provider_id', spec.providerID],
    ...['pod_cidr', spec.podCIDR, 'system_uuid', nodeInfo.systemUUID],
    ...['internal_ip', addresses.find(({ type }) => type === 'InternalIP')?.address],
  )
  for (const key of Object.keys(metadata.labels ?? {})) if (key.startsWith(ROLE)) put('kube_node_role', 1, 'role', key.slice(ROLE.length))
  put('kube_node_spec_unschedulable', spec.unschedulable ?? false)
  for (const { key, value, effect } of spec.taints ?? []) put('kube_node_spec_taint', 1, 'key', key, 'value', value, 'effect', effect)
  putAmounts(put, 'kube_node_status_capacity', capacity)
  putAmounts(put, 'kube_node_status_allocatable', allocatable)
  for (const { type, address } of addresses) put('kube_node_status_addresses', 1, 'type', type, 'address', address)
  for (const { type, status } of conditions) putStates(put, 'kube_node_status_condition', status, 'status', 'condition', type)
}
