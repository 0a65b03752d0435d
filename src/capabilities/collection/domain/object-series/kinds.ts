/**
 * What the cluster's objects say as series, with the names, labels and values of kube-state-metrics 2:
 * https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics. Pure: an object in, lines out.
 */
import type { KubeObject } from '#core/kube/objects.ts'
import { autoscalerSeries } from './autoscalers.ts'
import { ingressSeries, serviceSeries } from './network.ts'
import { keptNode, nodeSeries } from './nodes.ts'
import { keptPod, podSeries } from './pods.ts'
import { claimSeries, quotaSeries, storageClassSeries, volumeSeries } from './storage.ts'
import { labelName, type Put, pairs, type SeriesText, seconds } from './text.ts'
import { budgetSeries, cronJobSeries, daemonSetSeries, deploymentSeries, jobSeries, namespaceSeries, replicaSetSeries, statefulSetSeries } from './workloads.ts'

export interface ObjectKind {
  kind: string
  /** Those that are understood; the first that the cluster serves is read. */
  versions: readonly string[]
  /** Of the names of its series, and the label that has the object's name. */
  prefix: string
  label: string
  namespaced: boolean
  /** `uid` is among the labels. */
  uid?: true
  /** Series of objects that are being deleted. */
  deletion?: true
  /** What is held of an object besides its metadata. Left out: all but `spec.template`. */
  keep?(object: KubeObject): object
  series(object: KubeObject, put: Put, now: number): void
}

const simple = (kind: string, version: string, label: string, series: ObjectKind['series'], more: Partial<ObjectKind> = {}): ObjectKind => ({
  kind,
  versions: [version],
  prefix: `kube_${label}`,
  label,
  namespaced: true,
  series,
  ...more,
})

/** By plural, as configurations name them. */
export const OBJECT_KINDS = {
  pods: simple('Pod', 'v1', 'pod', podSeries, { uid: true, deletion: true, keep: keptPod }),
  nodes: simple('Node', 'v1', 'node', nodeSeries, { namespaced: false, deletion: true, keep: keptNode }),
  namespaces: simple('Namespace', 'v1', 'namespace', namespaceSeries, { namespaced: false }),
  deployments: simple('Deployment', 'apps/v1', 'deployment', deploymentSeries, { deletion: true }),
  statefulsets: simple('StatefulSet', 'apps/v1', 'statefulset', statefulSetSeries),
  daemonsets: simple('DaemonSet', 'apps/v1', 'daemonset', daemonSetSeries, { deletion: true }),
  replicasets: simple('ReplicaSet', 'apps/v1', 'replicaset', replicaSetSeries),
  jobs: simple('Job', 'batch/v1', 'job_name', jobSeries, { prefix: 'kube_job' }),
  cronjobs: simple('CronJob', 'batch/v1', 'cronjob', cronJobSeries, { versions: ['batch/v1', 'batch/v1beta1'] }),
  horizontalpodautoscalers: simple('HorizontalPodAutoscaler', 'autoscaling/v2', 'horizontalpodautoscaler', autoscalerSeries, {
    versions: ['autoscaling/v2', 'autoscaling/v2beta2'],
  }),
  poddisruptionbudgets: simple('PodDisruptionBudget', 'policy/v1', 'poddisruptionbudget', budgetSeries, {
    versions: ['policy/v1', 'policy/v1beta1'],
    deletion: true,
  }),
  services: simple('Service', 'v1', 'service', serviceSeries, { uid: true }),
  ingresses: simple('Ingress', 'networking.k8s.io/v1', 'ingress', ingressSeries),
  persistentvolumeclaims: simple('PersistentVolumeClaim', 'v1', 'persistentvolumeclaim', claimSeries, { deletion: true }),
  persistentvolumes: simple('PersistentVolume', 'v1', 'persistentvolume', volumeSeries, { namespaced: false, deletion: true }),
  storageclasses: simple('StorageClass', 'storage.k8s.io/v1', 'storageclass', storageClassSeries, { namespaced: false }),
  resourcequotas: simple('ResourceQuota', 'v1', 'resourcequota', quotaSeries),
} as const satisfies Record<string, ObjectKind>
export type ObjectPlural = keyof typeof OBJECT_KINDS
export const OBJECT_PLURALS = Object.keys(OBJECT_KINDS) as [ObjectPlural, ...ObjectPlural[]]

/** For informers: what the series of a kind need, and those labels that are wanted (`*`: all). */
export function keptObject(of: ObjectKind, wanted: readonly string[]): (object: KubeObject) => KubeObject {
  const all = wanted.includes('*')
  return (object) => {
    const { name, namespace, uid, generation, resourceVersion, creationTimestamp, deletionTimestamp, ownerReferences, labels } = object.metadata
    const chosen =
      all || of.kind === 'Node'
        ? labels
        : wanted.length === 0 || !labels
          ? undefined
          : Object.fromEntries(Object.entries(labels).filter(([key]) => wanted.includes(key)))
    const metadata = { name, namespace, uid, generation, resourceVersion, creationTimestamp, deletionTimestamp, ownerReferences, labels: chosen }
    if (of.keep) return { ...of.keep(object), apiVersion: object.apiVersion, kind: of.kind, metadata }
    const { metadata: _, spec, ...rest } = object
    const { template: _template, jobTemplate: _jobTemplate, volumeClaimTemplates: _claims, ...kept } = (spec ?? {}) as Record<string, unknown>
    return { ...rest, ...(spec === undefined ? {} : { spec: kept }), metadata }
  }
}

/** Writes all series of an object. @param now ms since the epoch */
export function putObject(text: SeriesText, of: ObjectKind, object: KubeObject, wanted: readonly string[], now: number): void {
  const { name, namespace, uid, labels = {}, creationTimestamp, deletionTimestamp } = object.metadata
  const { prefix, label } = of
  const put = text.of(pairs('namespace', of.namespaced ? namespace : undefined, label, name, 'uid', of.uid && uid))
  put(`${prefix}_created`, seconds(creationTimestamp))
  if (of.deletion) put(`${prefix}_deletion_timestamp`, seconds(deletionTimestamp))
  if (wanted.length > 0) {
    const chosen = new Map<string, string>()
    for (const [key, value] of Object.entries(labels)) if (wanted.includes('*') || wanted.includes(key)) chosen.set(`label_${labelName(key)}`, value)
    put(`${prefix}_labels`, 1, ...[...chosen].flat())
  }
  of.series(object, put, now)
}
