/** What people do to an object: which verb each act needs, and what it does, said before it is done. Pure. */
import { z } from 'zod'
import { describeRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import type { Plan, Step } from '#core/shapes/plan.ts'
import type { Access, ServedKind } from '#core/shapes/ports/cluster.ts'
import { count, record, records, specOf, text } from './fields.ts'

export const ACTS = ['scale', 'restart', 'edit', 'delete'] as const
export type Act = (typeof ACTS)[number]
/** What is asked about a person's rights on one object. */
export const RIGHTS = ['get', ...ACTS, 'logs', 'exec'] as const
export type Right = (typeof RIGHTS)[number]

const SCALABLE = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'])
const RESTARTABLE = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

/** What can be done to a kind at all. */
export function rightsOfKind(kind: ServedKind): readonly Right[] {
  const can: Record<Right, boolean> = {
    get: true,
    scale: 'scale' in kind.subresources || (SCALABLE.has(kind.kind) && Object.keys(kind.subresources).length === 0),
    restart: RESTARTABLE.has(kind.kind) && kind.group === 'apps',
    edit: kind.verbs.includes('update'),
    delete: kind.verbs.includes('delete'),
    logs: kind.kind === 'Pod' && kind.group === '',
    exec: kind.kind === 'Pod' && kind.group === '',
  }
  return RIGHTS.filter((right) => can[right])
}

/** The verb and resource that a right is, as RBAC sees it. */
export function accessFor(right: Right, kind: ServedKind, namespace: string | undefined, name: string): Access {
  const base = { group: kind.group, resource: kind.plural, ...(namespace === undefined ? {} : { namespace }), name }
  const VERBS: Record<Right, { verb: string; subresource?: string }> = {
    get: { verb: 'get' },
    scale: { verb: 'patch', subresource: 'scale' },
    restart: { verb: 'patch' },
    edit: { verb: 'update' },
    delete: { verb: 'delete' },
    logs: { verb: 'get', subresource: 'log' },
    exec: { verb: 'create', subresource: 'exec' },
  }
  return { ...base, ...VERBS[right] }
}

/** `patch deployments/scale.apps` */
export const accessText = ({ verb, group, resource, subresource }: Access): string =>
  `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`

const MOST_REPLICAS = 100_000
/** Body of POST …/{act}. `dryRun` asks what would happen. An edit carries its resourceVersion in the YAML; a deletion the uid, so that no other object of the name goes. */
export const actBody = z
  .object({
    dryRun: z.boolean(),
    uid: z.string().max(64).optional(),
    replicas: z.int().min(0).max(MOST_REPLICAS).optional(),
    yaml: z.string().max(3_000_000).optional(),
  })
  .strict()
export type ActBody = z.output<typeof actBody>

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'
/** As `kubectl rollout restart` does it. */
// biome-ignore lint/style/noRestrictedGlobals: writes the moment that was handed in.
export const restartPatch = (now: number) => ({ spec: { template: { metadata: { annotations: { [RESTARTED_AT]: new Date(now).toISOString() } } } } })

export interface PlanFacts {
  object: KubeObject
  cluster: string
  id: string
  now: number
}

/** The act as a Plan. `changed`: paths that an edit changes. */
export function planOf(act: Act, body: ActBody, { object, cluster, id, now }: PlanFacts, changed: readonly string[] = []): Plan {
  const subject = describeRef(refOf(object))
  const replicas = count(specOf(object).replicas)
  const evidence: Step['evidence'] = [{ name: 'resourceVersion', value: object.metadata.resourceVersion ?? '', at: now, source: 'kube-apiserver' }]
  const step = (what: string, why: string, reversible: boolean): Step => ({ what, why, evidence, reversible, action: { act } })
  const steps: Record<Act, () => readonly Step[]> = {
    scale: () =>
      body.replicas === replicas ? [] : [step(`scale ${subject} from ${replicas ?? 'unset'} to ${body.replicas}`, 'asked for in the console', true)],
    restart: () => [step(`restart ${subject}: its pods are replaced one after another, by its own strategy`, 'asked for in the console', false)],
    edit: () => changed.map((path) => step(`change ${path} of ${subject}`, 'asked for in the console', true)),
    delete: () => [step(`delete ${subject}${owns(object)}`, 'asked for in the console', false)],
  }
  const made = steps[act]()
  return { id, by: 'console', cluster, subject, decidedAt: now, steps: made, ...(made.length === 0 ? { idle: 'nothing is different' } : {}) }
}

const owns = (object: KubeObject) =>
  ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'CronJob'].includes(object.kind)
    ? ' and the pods it owns'
    : object.kind === 'Namespace'
      ? ' and everything in it'
      : ''

const MOST_PATHS = 50
/** Paths at which two objects differ, outermost first; at most 50. */
export function changedPaths(before: unknown, after: unknown, path = ''): readonly string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject(before) || !isObject(after)) return [path || '(all)']
  const [a, b] = [record(before), record(after)]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .flatMap((name) => changedPaths(a[name], b[name], path === '' ? name : `${path}.${name}`))
    .slice(0, MOST_PATHS)
}

/** As people read and edit it: without what only machines need. */
export function forReading(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Of an edit, what no server compares: its own bookkeeping. */
export function comparable(object: KubeObject): Record<string, unknown> {
  const { managedFields: _, resourceVersion: __, generation: ___, ...metadata } = object.metadata
  const { status: ____, ...rest } = object
  return { ...rest, metadata }
}

/** Containers of a pod by name, for logs and exec. */
export const containersOf = (pod: KubeObject): readonly string[] =>
  [...records(specOf(pod).containers), ...records(specOf(pod).initContainers), ...records(specOf(pod).ephemeralContainers)]
    .map(({ name }) => text(name))
    .filter(Boolean)
