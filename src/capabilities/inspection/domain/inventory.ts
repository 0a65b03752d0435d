/** The objects that are inspected, and the pods and containers in them, wherever they stand. */
import type { KindRef, KubeObject } from '#core/kube/objects.ts'
import { type LabelSelector, requirementsOf, selects } from '#core/kube/selectors.ts'

export type Path = readonly (string | number)[]
type Fields = Readonly<Record<string, unknown>>

/** One object and where it came from. */
export interface Item {
  object: KubeObject
  /** Of a file; '' in a cluster. */
  file: string
  /** Of its document, from 1; 0 in a cluster. */
  line: number
}

/** Pods that an object describes: itself, or what it makes. */
export interface PodTemplate {
  item: Item
  kind: string
  namespace: string
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  spec: Fields
  /** Of `spec` in the object. */
  path: Path
  containers: readonly Container[]
}

export interface Container {
  pod: PodTemplate
  role: 'container' | 'init' | 'ephemeral'
  name: string
  spec: Fields
  path: Path
}

/** Lists that people set: names and values that are secrets, registries that are trusted, … */
export type Settings = Readonly<Record<string, readonly string[]>>

/** What is known beside the objects. */
export interface Surroundings {
  settings?: Settings
  unread?: ReadonlySet<string>
  /** ms since the epoch; left out where states and ages mean nothing (files). */
  now?: number
  certificates?: readonly FoundCertificate[]
  apiState?: ApiState
  usage?: Usage
}

/** What containers used over time. */
export interface Usage {
  /** ms between the first and the last measurement. */
  span: number
  /** By `namespace/container`, an entry a pod, also of pods that are gone. */
  byContainer: ReadonlyMap<string, readonly PodUse[]>
}
export interface PodUse {
  pod: string
  /** Cores that it stayed below nineteen of twenty half hours. */
  cpu?: number
  /** Bytes, at most. */
  memory?: number
}

export interface FoundCertificate {
  item: Item
  path: Path
  subject: string
  /** ms since the epoch. */
  notAfter: number
}

/** Is a version of a kind gone in the version that is aimed at, or will it be? `use`: what there is instead. */
export type ApiState = (ref: KindRef) => { state: 'removed' | 'deprecated'; use?: string } | undefined

export interface Inventory {
  settings: Settings
  now?: number
  certificates: readonly FoundCertificate[]
  apiState?: ApiState
  usage?: Usage
  /** Kinds that could not be read: what belongs to them is not known, so nothing of them is missing. */
  unread: ReadonlySet<string>
  /** All that is judged. */
  items: Iterable<Item>
  /** What is judged of a kind; what is looked up beside it comes from `byKind` and `byPlace`. */
  subjects(kind: string): Iterable<Item>
  /** Pods that stand for themselves: in a cluster, what another object among them has made is left out. */
  pods: Iterable<PodTemplate>
  /** All of them. */
  templates: readonly PodTemplate[]
  byKind: Pick<ReadonlyMap<string, readonly Item[]>, 'get'>
  /** By kind and namespace; no namespace is the default one. */
  byPlace: Pick<ReadonlyMap<string, readonly Item[]>, 'get'>
  podsByNamespace: Pick<ReadonlyMap<string, readonly PodTemplate[]>, 'get'>
}

/** Where the pod spec stands in the kinds that have one. */
const POD_SPEC: Readonly<Record<string, Path>> = {
  Pod: ['spec'],
  PodTemplate: ['template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  SandboxTemplate: ['spec', 'podTemplate', 'spec'],
  Sandbox: ['spec', 'podTemplate', 'spec'],
  ...Object.fromEntries(
    ['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet', 'DaemonSet', 'Job'].map((kind) => [kind, ['spec', 'template', 'spec']]),
  ),
}

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands at a path, or undefined. */
export const at = (value: unknown, ...path: Path): unknown =>
  path.reduce<unknown>(
    (inner, step) => (typeof step === 'number' ? (Array.isArray(inner) ? inner[step] : undefined) : isFields(inner) ? inner[step] : undefined),
    value,
  )

export const listAt = (value: unknown, ...path: Path): readonly unknown[] => {
  const list = at(value, ...path)
  return Array.isArray(list) ? list : []
}

const wordsAt = (value: unknown, ...path: Path): Readonly<Record<string, string>> => {
  const map = at(value, ...path)
  return isFields(map) ? (Object.fromEntries(Object.entries(map).filter(([, text]) => typeof text === 'string')) as Record<string, string>) : {}
}

export const namespaceOf = ({ object }: Item): string => object.metadata?.namespace ?? ''
export const nameOf = ({ object }: Item): string => object.metadata?.name ?? ''

export function takeInventory(
  items: readonly Item[],
  { settings = {}, unread = new Set(), now, certificates = [], apiState, usage }: Surroundings = {},
): Inventory {
  const byKind = new Map<string, Item[]>()
  const templates: PodTemplate[] = []
  const makers = new Set<string>()
  for (const item of items) {
    const same = byKind.get(item.object.kind)
    if (same) same.push(item)
    else byKind.set(item.object.kind, [item])
    const pod = podOf(item)
    if (!pod) continue
    templates.push(pod)
    if (item.object.metadata?.uid !== undefined) makers.add(item.object.metadata.uid)
  }
  const pods = templates.filter(({ item }) => !listAt(item.object, 'metadata', 'ownerReferences').some((owner) => makers.has(String(at(owner, 'uid')))))
  const byPlace = Map.groupBy(items, (item) => placeOf(item.object.kind, namespaceOf(item)))
  const podsByNamespace = Map.groupBy(pods, (pod) => pod.namespace || 'default')
  return {
    byPlace,
    podsByNamespace,
    settings,
    unread,
    items,
    pods,
    templates,
    byKind,
    subjects: (kind) => byKind.get(kind) ?? [],
    certificates,
    ...(now === undefined ? {} : { now }),
    ...(apiState ? { apiState } : {}),
    ...(usage ? { usage } : {}),
  }
}

export const placeOf = (kind: string, namespace: string): string => `${kind}\n${namespace || 'default'}`
/** Of one namespace: with many objects, looking through all of them for each would take for ever. */
export const ofKindIn = ({ byPlace }: Inventory, kind: string, namespace: string): readonly Item[] => byPlace.get(placeOf(kind, namespace)) ?? []
export const podsIn = ({ podsByNamespace }: Inventory, namespace: string): readonly PodTemplate[] => podsByNamespace.get(namespace || 'default') ?? []

export const ofKind = ({ byKind }: Inventory, kind: string): readonly Item[] => byKind.get(kind) ?? []

export function podOf(item: Item): PodTemplate | undefined {
  const { object } = item
  const path = Object.hasOwn(POD_SPEC, object.kind) ? POD_SPEC[object.kind]! : undefined
  const spec = path && at(object, ...path)
  if (!path || !isFields(spec)) return undefined
  const meta = [...path.slice(0, -1), 'metadata']
  const containers: Container[] = []
  const pod: PodTemplate = {
    item,
    kind: object.kind,
    namespace: namespaceOf(item),
    labels: wordsAt(object, ...meta, 'labels'),
    annotations: wordsAt(object, ...meta, 'annotations'),
    spec,
    path,
    containers,
  }
  for (const [field, role] of [
    ['containers', 'container'],
    ['initContainers', 'init'],
    ['ephemeralContainers', 'ephemeral'],
  ] as const)
    for (const [i, container] of listAt(spec, field).entries())
      if (isFields(container))
        containers.push({ pod, role, name: typeof container.name === 'string' ? container.name : `${field}[${i}]`, spec: container, path: [...path, field, i] })
  return pod
}

/** Does a LabelSelector of an object in `namespace` take these pods? One that is empty takes all pods of the namespace. */
export const takes = (selector: unknown, namespace: string, pod: PodTemplate): boolean =>
  isFields(selector) && namespace === pod.namespace && selectsLabels(selector, pod.labels)

/** Does a LabelSelector take something with these labels? */
export const selectsLabels = (selector: unknown, labels: unknown): boolean =>
  isSelector(selector) && selects(requirementsOf(selector), isFields(labels) ? (labels as Record<string, string>) : {})

const isSelector = (value: unknown): value is LabelSelector =>
  isFields(value) &&
  (value.matchLabels == null || isFields(value.matchLabels)) &&
  (value.matchExpressions == null ||
    (Array.isArray(value.matchExpressions) &&
      value.matchExpressions.every(
        (one) => isFields(one) && ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(String(one.operator)) && (one.values == null || Array.isArray(one.values)),
      )))

/** Is a scale target reference (of an HPA) this object? */
export const refersTo = (reference: unknown, from: Item, item: Item): boolean =>
  at(reference, 'kind') === item.object.kind && at(reference, 'name') === nameOf(item) && namespaceOf(from) === namespaceOf(item)
