/** "This app and everything it needs", and the order in which to create it. */
import { describeRef, groupVersionOf, type KubeObject } from '#core/kube/objects.ts'
import { type Body, bodiesOf, bodyOf, isBody, keyOf, keyOfObject, selects, templateOf } from './parts.ts'
import { type Need, needsOf } from './references.ts'

export interface Missing extends Need {
  /** Who needs it: `Deployment shop/cart`. */
  by: string
}

export interface Graph {
  objects: ReadonlyMap<string, KubeObject>
  /** Key → keys that must be there before it. */
  before: ReadonlyMap<string, ReadonlySet<string>>
  /** Named by an object and not in the set. */
  missing: readonly Missing[]
}

/** What every cluster has. */
const isEverywhere = ({ kind, name }: Need): boolean =>
  (kind === 'ClusterRole' && /^(?:system:.*|cluster-admin|admin|edit|view)$/.test(name)) ||
  (kind === 'Namespace' && /^(?:default|kube-system|kube-public)$/.test(name))

/** Who serves pods of whom, by selector: not a need of its own, but a webhook works only when the pods behind its Service do. */
const isService = (object: KubeObject): boolean => object.kind === 'Service' && object.apiVersion === 'v1'
const podLabels = (object: KubeObject): unknown => bodyOf(templateOf(object)?.metadata).labels ?? (object.kind === 'Pod' ? object.metadata.labels : undefined)

/** Workloads of a Service, in its namespace. */
function behind(service: KubeObject, objects: Iterable<KubeObject>): KubeObject[] {
  const selector = bodyOf(service.spec).selector
  if (!isBody(selector) || Object.keys(selector).length === 0) return []
  return [...objects].filter(
    (object) =>
      templateOf(object) !== undefined && object.metadata.namespace === service.metadata.namespace && selects({ matchLabels: selector }, podLabels(object)),
  )
}

/** `namespace/template-set`: claims of a StatefulSet are called so, with a number. */
const claimSetsOf = ({ kind, metadata, spec }: KubeObject): string[] =>
  kind === 'StatefulSet'
    ? bodiesOf(bodyOf(spec).volumeClaimTemplates).map((claim) => `${metadata.namespace}/${String(bodyOf(claim.metadata).name)}-${metadata.name}`)
    : []

export function graphOf(list: readonly KubeObject[]): Graph {
  const objects = new Map(list.map((object) => [keyOfObject(object), object]))
  const definitions = new Map<string, string>()
  for (const [key, object] of objects)
    if (object.kind === 'CustomResourceDefinition')
      definitions.set(`${String(bodyOf(object.spec).group)} ${String(bodyOf(bodyOf(object.spec).names).kind)}`, key)
  /** Claims that a StatefulSet made belong to it by their names only. */
  const claims = new Map<string, string[]>()
  for (const [key, { kind, metadata }] of objects) {
    const [, set] = (kind === 'PersistentVolumeClaim' && /^(.+)-\d+$/.exec(metadata?.name ?? '')) || []
    if (set !== undefined) claims.set(`${metadata.namespace}/${set}`, [...(claims.get(`${metadata.namespace}/${set}`) ?? []), key])
  }
  const before = new Map<string, ReadonlySet<string>>()
  const missing: Missing[] = []
  for (const [key, object] of objects) {
    const needed = new Set<string>()
    for (const need of needsOf(object)) {
      const other = keyOf(need)
      if (other === key) continue
      if (objects.has(other)) needed.add(other)
      else if (!isEverywhere(need)) missing.push({ ...need, by: nameOf(object) })
    }
    for (const set of claimSetsOf(object)) for (const other of claims.get(set) ?? []) needed.add(other)
    const definition = definitions.get(`${groupVersionOf(object.apiVersion).group} ${object.kind}`)
    if (definition !== undefined && definition !== key) needed.add(definition)
    if (object.kind.endsWith('WebhookConfiguration') || object.kind === 'APIService')
      for (const other of [...needed].map((one) => objects.get(one)!).filter(isService))
        for (const workload of behind(other, objects.values())) needed.add(keyOfObject(workload))
    needed.delete(key)
    before.set(key, needed)
  }
  return { objects, before, missing }
}

const nameOf = (object: KubeObject): string =>
  describeRef({
    kind: object.kind,
    name: object.metadata?.name ?? '?',
    ...(object.metadata?.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  })

export interface Waves {
  /** Each may be created at once, after all before it. */
  waves: KubeObject[][]
  /** Objects that need one another; they stand in one wave. */
  cycles: string[][]
}

/** Objects in the fewest waves: each stands in the first wave after all that it needs. */
export function wavesOf({ objects, before }: Graph): Waves {
  const groups = components(objects.keys(), before)
  const groupOf = new Map(groups.flatMap((keys, i) => keys.map((key) => [key, i] as const)))
  // `components` gives what is needed first.
  const level: number[] = []
  const waves: KubeObject[][] = []
  for (const [i, keys] of groups.entries()) {
    const needed = keys.flatMap((key) => [...(before.get(key) ?? [])].map((other) => groupOf.get(other)!)).filter((other) => other !== i)
    level[i] = needed.reduce((most, other) => Math.max(most, level[other]! + 1), 0)
    const wave = waves[level[i]] ?? []
    waves[level[i]] = wave
    for (const key of keys) wave.push(objects.get(key)!)
  }
  for (const wave of waves) wave.sort((a, b) => (keyOfObject(a) < keyOfObject(b) ? -1 : 1))
  return { waves, cycles: groups.filter((keys) => keys.length > 1).map((keys) => keys.map((key) => nameOf(objects.get(key)!)).sort()) }
}

/** Strongly connected components, what is needed before what needs it. R. Tarjan, Depth-first search and linear graph algorithms (1972); with a stack of its own. */
function components(keys: Iterable<string>, before: Graph['before']): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const open: string[] = []
  const isOpen = new Set<string>()
  const found: string[][] = []
  for (const start of keys) {
    if (index.has(start)) continue
    const work: { key: string; rest: Iterator<string> }[] = []
    const enter = (key: string): void => {
      index.set(key, index.size)
      low.set(key, index.get(key)!)
      open.push(key)
      isOpen.add(key)
      work.push({ key, rest: (before.get(key) ?? new Set<string>()).values() })
    }
    enter(start)
    while (work.length > 0) {
      const { key, rest } = work.at(-1)!
      const next = rest.next()
      if (!next.done) {
        if (!index.has(next.value)) enter(next.value)
        else if (isOpen.has(next.value)) low.set(key, Math.min(low.get(key)!, index.get(next.value)!))
        continue
      }
      work.pop()
      const parent = work.at(-1)
      if (parent) low.set(parent.key, Math.min(low.get(parent.key)!, low.get(key)!))
      if (low.get(key) !== index.get(key)) continue
      const component: string[] = []
      let member: string
      do {
        member = open.pop()!
        isOpen.delete(member)
        component.push(member)
      } while (member !== key)
      found.push(component)
    }
  }
  return found
}

/** The objects that pass `isSeed`, all that they need, and what serves, scales, guards or routes to them. */
export function closure(list: readonly KubeObject[], isSeed: (object: KubeObject) => boolean): KubeObject[] {
  const graph = graphOf(list)
  const taken = new Set<string>()
  const work = [...graph.objects].filter(([, object]) => isSeed(object)).map(([key]) => key)
  const pointers = pointersOf(graph)
  while (work.length > 0) {
    const key = work.pop()!
    if (taken.has(key)) continue
    taken.add(key)
    work.push(...(graph.before.get(key) ?? []), ...(pointers.get(key) ?? []))
  }
  return [...graph.objects].filter(([key]) => taken.has(key)).map(([, object]) => object)
}

/** Kinds that belong to what they point at: they come along with it. A Namespace, a class or a shared ConfigMap brings nobody along. */
const FOLLOWERS = new Set([
  'Ingress',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
  'HorizontalPodAutoscaler',
  'VerticalPodAutoscaler',
  'ScaledObject',
  'RoleBinding',
  'ClusterRoleBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'APIService',
])
const FOLLOWED = new Set(['Service', 'ServiceAccount', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'CustomResourceDefinition'])

function pointersOf({ objects, before }: Graph): Map<string, string[]> {
  const pointers = new Map<string, string[]>()
  const point = (to: string, from: string): void => void pointers.set(to, [...(pointers.get(to) ?? []), from])
  for (const [key, needed] of before)
    if (FOLLOWERS.has(objects.get(key)!.kind)) for (const other of needed) if (FOLLOWED.has(objects.get(other)!.kind)) point(other, key)
  const workloads = [...objects].filter(([, object]) => templateOf(object) !== undefined)
  for (const [key, object] of objects) {
    const spec = bodyOf(object.spec)
    const selector = selectorOf(object, spec)
    const within = (other: KubeObject): boolean => other.metadata.namespace === object.metadata.namespace
    if (selector !== undefined) for (const [other, workload] of workloads) if (within(workload) && selects(selector, podLabels(workload))) point(other, key)
    if (object.kind === 'ServiceMonitor')
      for (const [other, service] of objects)
        if (isService(service) && monitors(object, spec, service) && selects(spec.selector, service.metadata.labels)) point(other, key)
    // A Service without selector has its endpoints by hand, under its name.
    if (isService(object) && !isBody(spec.selector))
      for (const [other, endpoints] of objects)
        if (endpoints.kind === 'Endpoints' && within(endpoints) && endpoints.metadata.name === object.metadata.name) point(key, other)
  }
  return pointers
}

function monitors(monitor: KubeObject, spec: Body, service: KubeObject): boolean {
  const { any, matchNames } = bodyOf(spec.namespaceSelector)
  return (
    any === true || (Array.isArray(matchNames) ? matchNames.includes(service.metadata.namespace) : service.metadata.namespace === monitor.metadata.namespace)
  )
}

/** The selector by which an object takes pods; undefined for kinds that take none, or all of a namespace. */
function selectorOf(object: KubeObject, spec: Body): unknown {
  if (isService(object)) return isBody(spec.selector) && Object.keys(spec.selector).length > 0 ? { matchLabels: spec.selector } : undefined
  if (object.kind === 'PodDisruptionBudget' || object.kind === 'PodMonitor') return spec.selector
  return object.kind === 'NetworkPolicy' ? spec.podSelector : undefined
}
