import type { KubeObject } from '#core/kube/objects.ts'
import { type Amounts, amount } from './resources.ts'
import { type Condition, type Put, putStates, seconds } from './text.ts'

export function claimSeries({ spec: rawSpec, status: rawStatus }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as {
    storageClassName?: string
    volumeName?: string
    volumeMode?: string
    accessModes?: readonly string[]
    resources?: { requests?: Amounts }
  }
  const { phase, conditions = [] } = (rawStatus ?? {}) as { phase?: string; conditions?: readonly Condition[] }
  put('kube_persistentvolumeclaim_info', 1, 'storageclass', spec.storageClassName, 'volumename', spec.volumeName, 'volumemode', spec.volumeMode)
  for (const mode of spec.accessModes ?? []) put('kube_persistentvolumeclaim_access_mode', 1, 'access_mode', mode)
  put('kube_persistentvolumeclaim_resource_requests_storage_bytes', amount(spec.resources?.requests?.storage))
  if (phase) for (const each of ['Lost', 'Bound', 'Pending']) put('kube_persistentvolumeclaim_status_phase', phase === each, 'phase', each)
  for (const { type, status, lastTransitionTime } of conditions) {
    putStates(put, 'kube_persistentvolumeclaim_status_condition', status, 'status', 'condition', type)
    const since = seconds(lastTransitionTime)
    put('kube_persistentvolumeclaim_status_condition_last_transition_timestamp_seconds', since, 'condition', type, 'status', status.toLowerCase())
  }
}

interface VolumeSpec {
  capacity?: Amounts
  storageClassName?: string
  persistentVolumeReclaimPolicy?: string
  volumeMode?: string
  accessModes?: readonly string[]
  claimRef?: { namespace?: string; name?: string }
  csi?: { driver?: string; volumeHandle?: string }
  nfs?: { server?: string; path?: string }
  hostPath?: { path?: string; type?: string }
  local?: { path?: string; fsType?: string }
  awsElasticBlockStore?: { volumeID?: string }
  gcePersistentDisk?: { pdName?: string }
  azureDisk?: { diskName?: string }
  iscsi?: { targetPortal?: string; iqn?: string; lun?: number; initiatorName?: string }
  fc?: { targetWWNs?: readonly string[]; lun?: number; wwids?: readonly string[] }
}

export function volumeSeries({ spec: rawSpec, status }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as VolumeSpec
  const { phase } = (status ?? {}) as { phase?: string }
  put(
    'kube_persistentvolume_info',
    1,
    ...['storageclass', spec.storageClassName, 'reclaim_policy', spec.persistentVolumeReclaimPolicy],
    ...['gce_persistent_disk_name', spec.gcePersistentDisk?.pdName, 'ebs_volume_id', spec.awsElasticBlockStore?.volumeID],
    ...['azure_disk_name', spec.azureDisk?.diskName, 'csi_driver', spec.csi?.driver, 'csi_volume_handle', spec.csi?.volumeHandle],
    ...['nfs_server', spec.nfs?.server, 'nfs_path', spec.nfs?.path, 'host_path', spec.hostPath?.path, 'host_path_type', spec.hostPath?.type],
    ...['local_path', spec.local?.path, 'local_fs', spec.local?.fsType],
    ...['iscsi_target_portal', spec.iscsi?.targetPortal, 'iscsi_iqn', spec.iscsi?.iqn, 'iscsi_lun', spec.iscsi?.lun],
    ...['iscsi_initiator_name', spec.iscsi?.initiatorName],
    ...['fc_target_wwns', spec.fc?.targetWWNs?.join(','), 'fc_lun', spec.fc?.lun, 'fc_wwids', spec.fc?.wwids?.join(',')],
  )
  put('kube_persistentvolume_capacity_bytes', amount(spec.capacity?.storage))
  if (phase)
    for (const each of ['Pending', 'Available', 'Bound', 'Released', 'Failed']) put('kube_persistentvolume_status_phase', phase === each, 'phase', each)
  if (spec.claimRef) put('kube_persistentvolume_claim_ref', 1, 'claim_namespace', spec.claimRef.namespace, 'name', spec.claimRef.name)
  if (spec.volumeMode) put('kube_persistentvolume_volume_mode', 1, 'volumemode', spec.volumeMode)
  for (const mode of spec.accessModes ?? []) put('kube_persistentvolume_access_mode', 1, 'access_mode', mode)
}

export function storageClassSeries(object: KubeObject, put: Put): void {
  const { provisioner, reclaimPolicy, volumeBindingMode } = object as { provisioner?: string; reclaimPolicy?: string; volumeBindingMode?: string }
  put(
    'kube_storageclass_info',
    1,
    'provisioner',
    provisioner,
    'reclaim_policy',
    reclaimPolicy ?? 'Delete',
    'volume_binding_mode',
    volumeBindingMode ?? 'Immediate',
  )
}

export function quotaSeries({ status }: KubeObject, put: Put): void {
  const { hard = {}, used = {} } = (status ?? {}) as { hard?: Amounts; used?: Amounts }
  for (const [resource, value] of Object.entries(hard)) put('kube_resourcequota', amount(value), 'resource', resource, 'type', 'hard')
  for (const [resource, value] of Object.entries(used)) put('kube_resourcequota', amount(value), 'resource', resource, 'type', 'used')
}
