/** What is: workloads, Services, routes and evidence of one Canary. */
import { createHash } from 'node:crypto'
import { CodedError } from '#core/kernel/errors.ts'
import { describeRef, type KubeObject, type ObjectRef } from '#core/kube/objects.ts'
import { RESOURCE_API, readResource } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { SplitRoute, TrafficRouter } from '#core/shapes/ports/traffic-router.ts'
import type { Facts, WorkloadFacts } from '../domain/release/facts.ts'
import { candidateOf, isClone, stableOf } from '../domain/release/spec.ts'
import { type CanaryObject, type CanarySpec, canaryResource, FINALIZER } from '../resources/canary.ts'
import type { EvidenceReader } from './evidence.ts'
import type { HookRunner } from './hooks.ts'

// biome-ignore lint/suspicious/noExplicitAny: workloads are read field by field
type Loose = any

export interface Ports {
  cluster: Cluster
  router: TrafficRouter
  evidence: EvidenceReader
  hooks: HookRunner
  /** ms since the epoch. */
  now(): number
}

export const refOfKey = (key: string): ObjectRef & { namespace: string } => {
  const [namespace = '', name = ''] = key.split('/')
  return { apiVersion: RESOURCE_API, kind: canaryResource.kind, namespace, name }
}

export async function gather(key: string, ports: Ports): Promise<Facts> {
  const { cluster, router } = ports
  const nothing = {
    cluster: cluster.name,
    key,
    services: { stable: false, canary: false },
    routes: [],
    evidence: { state: 'none' as const },
    calls: ports.hooks.outcomes(key),
  }
  const object = await maybe(cluster.get(refOfKey(key)))
  if (object === undefined) return { ...nothing, gone: true }
  const read = readResource(canaryResource, object)
  if (!read.ok) {
    const canary = rescued(object)
    const routes = canary === undefined ? [] : await readRoutes(canary, router)
    return { ...nothing, problems: read.error, routes, ...(canary ? { canary } : {}) }
  }
  const canary = read.value
  const { namespace } = refOfKey(key)
  const names = candidateOf(canary.spec)
  const byService = canary.spec.mode === 'judge'
  const [stableDeployment, canaryDeployment, stableService, canaryService, routes] = await Promise.all([
    byService ? undefined : readWorkload(cluster, namespace, stableOf(canary.spec).deployment, canary.spec),
    byService ? undefined : readWorkload(cluster, namespace, names.deployment, canary.spec),
    maybe(cluster.get({ apiVersion: 'v1', kind: 'Service', namespace, name: canary.spec.stable.service })),
    maybe(cluster.get({ apiVersion: 'v1', kind: 'Service', namespace, name: names.service })),
    readRoutes(canary, router),
  ])
  const [stable, candidate] = byService
    ? await Promise.all([stableService, canaryService].map((service) => (service ? podsBehind(cluster, service) : undefined)))
    : [stableDeployment, canaryDeployment]
  const facts: Facts = {
    ...nothing,
    canary,
    services: { stable: stableService !== undefined, canary: canaryService !== undefined },
    routes,
    ...(stable ? { stable } : {}),
    ...(candidate ? { candidate } : {}),
  }
  return { ...facts, evidence: await ports.evidence(facts, ports.now()) }
}

/** Of a spec that is not valid, what is needed to give the traffic back. */
function rescued(object: KubeObject): CanaryObject | undefined {
  const spec = object.spec as Loose
  const named = typeof spec?.stable?.service === 'string' && typeof spec?.stable?.deployment === 'string' && Array.isArray(spec.routes)
  const status = canaryResource.status.safeParse(object.status)
  const base = {
    apiVersion: RESOURCE_API as typeof RESOURCE_API,
    kind: 'Canary',
    metadata: object.metadata,
    ...(status.success ? { status: status.data as Loose } : {}),
  }
  const routes = named ? spec.routes.filter((route: Loose) => typeof route?.name === 'string') : []
  const service =
    typeof spec?.canary?.service === 'string' ? { canary: { service: spec.canary.service, deployment: String(spec.canary.deployment ?? '') } } : {}
  return {
    ...base,
    spec: {
      mode: 'release',
      hooks: [],
      stable: named ? spec.stable : { deployment: '', service: '' },
      ...service,
      routes: routes.map((route: Loose) => ({
        apiVersion: String(route.apiVersion ?? 'networking.k8s.io/v1'),
        kind: String(route.kind ?? 'Ingress'),
        name: route.name,
      })),
    } as unknown as CanarySpec,
  }
}

export function targetsOf(canary: CanaryObject): SplitRoute[] {
  const { spec, metadata } = canary
  const namespace = metadata.namespace ?? ''
  return spec.routes.map((route) => ({
    route: { ...route, namespace },
    stable: spec.stable.service,
    canary: candidateOf(spec).service,
    owner: `${namespace}/${metadata.name}`,
    ...(spec.canaryPort === undefined ? {} : { canaryPort: spec.canaryPort }),
    ...(spec.sticky ? { sticky: true } : {}),
    ownerReference: ownerReferenceOf(canary),
  }))
}

export const ownerReferenceOf = ({ metadata }: CanaryObject) => ({
  apiVersion: RESOURCE_API,
  kind: canaryResource.kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
  controller: true,
})

const readRoutes = (canary: CanaryObject, router: TrafficRouter): Promise<Facts['routes']> =>
  Promise.all(
    targetsOf(canary).map(async (target) => {
      try {
        const found = await router.read(target)
        return found.ok ? { split: found.value } : { fault: found.error }
      } catch (error) {
        if (error instanceof CodedError && error.code === 'KIND_UNKNOWN')
          return { fault: { reason: 'unsupported' as const, message: `${describeRef(target.route)}: the cluster does not know this kind` } }
        throw error
      }
    }),
  )

async function readWorkload(cluster: Cluster, namespace: string, name: string, spec: CanarySpec): Promise<WorkloadFacts | undefined> {
  const deployment = (await maybe(cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }))) as Loose
  if (deployment === undefined) return undefined
  const pods = await podsOf(cluster, namespace, deployment.spec?.selector?.matchLabels)
  const { status = {}, metadata } = deployment
  const replicas = deployment.spec.replicas ?? 1
  const updated = status.updatedReplicas ?? 0
  const stuck = (status.conditions ?? []).find((one: Loose) => one.type === 'Progressing' && one.status === 'False')
  // Two Deployments have labels of their own; what is compared is what runs.
  const template = isClone(spec) ? deployment.spec.template : deployment.spec.template?.spec
  return {
    version: hashOf(template),
    rolledOut:
      (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
      updated >= replicas &&
      (status.replicas ?? 0) <= updated &&
      (status.availableReplicas ?? 0) >= updated,
    ...(stuck ? { stuck: String(stuck.message ?? stuck.reason) } : {}),
    paused: deployment.spec.paused === true,
    ...placesOf(pods),
  }
}

/** Where another tool shifts the traffic, versions are told by what its Services select. */
async function podsBehind(cluster: Cluster, { metadata, spec }: KubeObject): Promise<WorkloadFacts> {
  const pods = await podsOf(cluster, metadata.namespace ?? '', (spec as Loose).selector)
  const hashes = pods.map(
    ({ metadata: { labels = {}, ownerReferences } }) => labels['rollouts-pod-template-hash'] ?? labels['pod-template-hash'] ?? ownerReferences?.[0]?.uid,
  )
  return { version: hashOf([...new Set(hashes)].toSorted()), rolledOut: true, paused: false, ...placesOf(pods) }
}

/** None without labels: everything would match. */
async function podsOf(cluster: Cluster, namespace: string, matchLabels: Readonly<Record<string, string>> = {}): Promise<Loose[]> {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  if (labels.length === 0) return []
  const { items } = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labels: labels.join(',') })
  return (items as Loose[]).filter((pod) => pod.metadata.deletionTimestamp === undefined)
}

function placesOf(pods: readonly Loose[]): Pick<WorkloadFacts, 'ready' | 'nodes' | 'addresses'> {
  const ready = pods.filter((pod) => pod.status?.conditions?.some((one: Loose) => one.type === 'Ready' && one.status === 'True'))
  return {
    ready: ready.length,
    nodes: new Set(ready.map((pod) => pod.spec?.nodeName)).size,
    addresses: pods.flatMap((pod) => (pod.status?.podIP ? [`${pod.status.podIP}=${pod.metadata.name}`] : [])),
  }
}

const hashOf = (value: unknown): string => createHash('sha256').update(canonical(value)).digest('hex').slice(0, 10)

/** The same text for the same content, whatever the order of the fields. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  ) ?? ''

/** Undefined when it is not there. */
export async function maybe<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof CodedError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

export const withFinalizer = (finalizers: readonly string[] = [], on: boolean): string[] => [
  ...finalizers.filter((one) => one !== FINALIZER),
  ...(on ? [FINALIZER] : []),
]
