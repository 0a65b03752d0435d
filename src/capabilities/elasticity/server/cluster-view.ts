/** What of a cluster's workloads decides about their replicas, held in memory by informers, so that thousands of policies read no API. */
import { parseQuantity } from '#core/kernel/quantity.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster, Informer } from '#core/shapes/ports/cluster.ts'
import type { TargetFacts, Writer } from '../domain/decide.ts'

// biome-ignore lint/suspicious/noExplicitAny: workloads are read field by field
type Loose = any

interface Workload {
  metadata: KubeObject['metadata']
  replicas: number
  ready: number
  rolling: boolean
  writers: readonly Writer[]
  requests: Readonly<Record<string, number>>
}
interface Quota {
  metadata: KubeObject['metadata']
  free: Readonly<Record<string, number>>
}
interface Hpa {
  metadata: KubeObject['metadata']
  kind: string
  target: string
}

export interface ClusterView {
  /** Resolves when workloads are known; quotas and autoscalers that cannot be read are taken as none, for then nobody may make them known. */
  ready(): Promise<void>
  target(
    namespace: string,
    kind: string,
    name: string,
  ): { found?: NonNullable<TargetFacts['found']> & { perPod: { cpu: number; memory: number } }; hpa?: string }
  /** Deployments and StatefulSets of the cluster. */
  workloads(): readonly { namespace: string; kind: string; name: string; replicas: number; ready: number }[]
  stop(): void
}

export function viewCluster(cluster: Cluster): ClusterView {
  const kinds = new Map(
    ['Deployment', 'StatefulSet'].map(
      (kind) => [kind, cluster.informer<Workload>({ apiVersion: 'apps/v1', kind }, { keep: workloadOf, managedFields: true })] as const,
    ),
  )
  const quotas = cluster.informer<Quota>({ apiVersion: 'v1', kind: 'ResourceQuota' }, { keep: quotaOf })
  let hpas: Informer<Hpa> = cluster.informer<Hpa>({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }, { keep: hpaOf })
  let stopped = false
  const optional = [
    quotas.synced.catch(() => {}),
    hpas.synced.catch(async () => {
      if (stopped) return
      hpas = cluster.informer<Hpa>({ apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler' }, { keep: hpaOf })
      await hpas.synced.catch(() => {})
    }),
  ]
  const ready = Promise.all([...[...kinds.values()].map(({ synced }) => synced), ...optional]).then(() => {})
  ready.catch(() => {})

  return {
    ready: () => ready,
    target(namespace, kind, name) {
      const found = kinds.get(kind)?.get(name, namespace)
      const hpa = hpas.list(namespace).find((one) => one.kind === kind && one.target === name)?.metadata.name
      if (found === undefined) return hpa === undefined ? {} : { hpa }
      const { replicas, ready: up, rolling, writers, requests } = found
      const rooms = quotas
        .list(namespace)
        .flatMap(({ free }) =>
          Object.entries(free).flatMap(([what, left]) => (requests[what] === undefined || requests[what] <= 0 ? [] : [Math.floor(left / requests[what])])),
        )
      return {
        found: {
          replicas,
          ready: up,
          rolling,
          writers,
          perPod: { cpu: requests['requests.cpu'] ?? 0, memory: requests['requests.memory'] ?? 0 },
          ...(rooms.length === 0 ? {} : { room: Math.min(...rooms) }),
        },
        ...(hpa === undefined ? {} : { hpa }),
      }
    },
    workloads: () =>
      [...kinds].flatMap(([kind, informer]) =>
        informer.list().map(({ metadata, replicas, ready: up }) => ({ namespace: metadata.namespace ?? '', kind, name: metadata.name, replicas, ready: up })),
      ),
    stop() {
      stopped = true
      for (const informer of [...kinds.values(), quotas, hpas]) informer.stop()
    },
  }
}

function workloadOf(object: KubeObject): Workload {
  const { metadata, spec = {}, status = {} } = object as Loose
  const replicas = spec.replicas ?? 1
  const updated = status.updatedReplicas ?? 0
  const containers: Loose[] = spec.template?.spec?.containers ?? []
  const asked = (field: 'requests' | 'limits', resource: string) =>
    containers.reduce((sum, one) => sum + (parseQuantity(String(one.resources?.[field]?.[resource] ?? '0')) ?? 0), 0)
  return {
    metadata: { name: metadata.name, namespace: metadata.namespace, resourceVersion: metadata.resourceVersion },
    replicas,
    ready: status.readyReplicas ?? 0,
    // More old pods than new ones are there, or the controller has not looked yet.
    rolling: (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) && updated < Math.min(replicas, status.replicas ?? 0),
    writers: writersOf(metadata),
    requests: {
      pods: 1,
      'count/pods': 1,
      'requests.cpu': asked('requests', 'cpu'),
      'requests.memory': asked('requests', 'memory'),
      'limits.cpu': asked('limits', 'cpu'),
      'limits.memory': asked('limits', 'memory'),
    },
  }
}

const writersOf = ({ managedFields = [] }: KubeObject['metadata']): Writer[] =>
  managedFields
    .filter(({ fieldsV1 }) => (fieldsV1 as Loose)?.['f:spec']?.['f:replicas'] !== undefined)
    .map(({ manager, time }) => ({ manager, at: Date.parse(time ?? '') }))

function quotaOf({ metadata, status }: KubeObject): Quota {
  const { hard = {}, used = {} } = (status ?? {}) as { hard?: Record<string, string>; used?: Record<string, string> }
  const free = Object.entries(hard).flatMap(([what, text]) => {
    const most = parseQuantity(text)
    return most === undefined
      ? []
      : [[what === 'cpu' || what === 'memory' ? `requests.${what}` : what, most - (parseQuantity(used[what] ?? '0') ?? 0)] as const]
  })
  return { metadata: { name: metadata.name, namespace: metadata.namespace }, free: Object.fromEntries(free) }
}

function hpaOf({ metadata, spec }: KubeObject): Hpa {
  const { scaleTargetRef = {} } = (spec ?? {}) as { scaleTargetRef?: { kind?: string; name?: string } }
  return { metadata: { name: metadata.name, namespace: metadata.namespace }, kind: scaleTargetRef.kind ?? '', target: scaleTargetRef.name ?? '' }
}
