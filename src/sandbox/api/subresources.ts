/** Scale, eviction, binding, tokens: parts of objects with a shape of their own. */
import { type LabelSelector, printLabelSelector, requirementsOf, selects } from '#core/kube/selectors.ts'
import { readDeleteOptions, remove } from './deletes.ts'
import type { ServedVersion } from './kinds.ts'
import { atJsonPath } from './printers.ts'
import { badRequest, conflict, invalid, StatusError } from './status.ts'
import type { Obj } from './store.ts'
import { listOf, timestamp, type World } from './world.ts'
import { current, type PatchKind, patch, patched, type Target, type WriteContext } from './writes.ts'

const scaleOf = (version: ServedVersion) =>
  version.scale ?? { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: undefined }

/** The Scale of an object. */
export function readScale(world: World, target: Target): Obj {
  const { object } = current(world, target)
  const paths = scaleOf(target.version)
  const selector =
    target.version.scale === undefined
      ? printLabelSelector(requirementsOf((object.spec?.selector ?? {}) as LabelSelector))
      : paths.labelSelectorPath === undefined
        ? undefined
        : atJsonPath(object, paths.labelSelectorPath)
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = atJsonPath(object, paths.specReplicasPath)
  if (target.kind.crd !== undefined && replicas === undefined)
    throw new StatusError(500, 'InternalError', `Internal error occurred: the spec replicas field "${paths.specReplicasPath}" does not exist`)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === undefined || replicas === 0 ? {} : { replicas },
    status: { replicas: atJsonPath(object, paths.statusReplicasPath) ?? 0, ...(selector === undefined || selector === '' ? {} : { selector }) },
  } as unknown as Obj
}

/** Takes a Scale (or, with `type`, a patch of one) and sets the replicas of the object. */
export function writeScale(world: World, target: Target, body: unknown, context: WriteContext, type?: PatchKind): Obj {
  const before = readScale(world, target)
  const scaleTarget = { ...target, version: { ...target.version, shape: () => target.version.shape() } }
  const next = (type === undefined ? body : patched({ ...scaleTarget, kind: { ...target.kind, crd: undefined } }, before, type, body)) as Obj
  const replicas = next?.spec?.replicas ?? 0
  if (next?.kind !== undefined && next.kind !== 'Scale') throw badRequest(`expected a Scale, not ${next.kind}`)
  if (!Number.isInteger(replicas)) throw badRequest('spec.replicas is a whole number')
  if (replicas < 0)
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, target.name, [
      { type: 'Invalid', field: 'spec.replicas', value: replicas, message: 'must be greater than or equal to 0' },
    ])
  const version = next?.metadata?.resourceVersion
  const change: Record<string, unknown> = {}
  let at = change
  const steps = scaleOf(target.version).specReplicasPath.replace(/^\./, '').split('.')
  for (const step of steps.slice(0, -1)) {
    at[step] = {}
    at = at[step] as Record<string, unknown>
  }
  at[steps.at(-1)!] = replicas
  const metadata = version === undefined || version === '' || type !== undefined ? {} : { metadata: { resourceVersion: version } }
  patch(world, { ...target, subresource: undefined }, 'merge', { ...change, ...metadata }, context)
  const after = readScale(world, target)
  return context.dryRun ? ({ ...after, spec: replicas === 0 ? {} : { replicas } } as unknown as Obj) : after
}

const tooMany = (message: string) =>
  new StatusError(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
  })

/** Deletes a pod when the disruption budgets allow it. */
export function evict(world: World, target: Target, body: unknown, context: WriteContext): void {
  const pod = current(world, target).object
  const running = pod.status?.phase === 'Running' || pod.status?.phase === 'Pending'
  for (const budget of running ? listOf(world, 'poddisruptionbudgets.policy', target.namespace) : []) {
    if (!selects(requirementsOf((budget.spec?.selector ?? {}) as LabelSelector), pod.metadata.labels)) continue
    const healthy = listOf(world, 'pods', target.namespace).filter(
      (other) => selects(requirementsOf(budget.spec.selector), other.metadata.labels) && other.metadata.deletionTimestamp === undefined && isReady(other),
    ).length
    const total = listOf(world, 'pods', target.namespace).filter((other) => selects(requirementsOf(budget.spec.selector), other.metadata.labels)).length
    const part = (value: unknown, round: (n: number) => number) =>
      typeof value === 'string' && value.endsWith('%') ? round((Number.parseFloat(value) / 100) * total) : Number(value)
    const needed = budget.spec.minAvailable !== undefined ? part(budget.spec.minAvailable, Math.ceil) : total - part(budget.spec.maxUnavailable ?? 0, Math.ceil)
    if (isReady(pod) && healthy - 1 < needed)
      throw tooMany(`The disruption budget ${budget.metadata.name} needs ${needed} healthy pods and has ${healthy} currently`)
  }
  const options = readDeleteOptions((body as { deleteOptions?: unknown } | undefined)?.deleteOptions, new URLSearchParams())
  remove(world, { ...target, subresource: undefined }, { ...options, dryRun: options.dryRun || context.dryRun }, context)
}

export const isReady = (pod: Obj): boolean => (pod.status?.conditions ?? []).some((one: Obj) => one.type === 'Ready' && one.status === 'True')

/** Puts a pod on a node, once. */
export function bind(world: World, target: Target, body: unknown, context: WriteContext): void {
  const pod = current(world, target).object
  const node = (body as Obj | undefined)?.target?.name
  if (typeof node !== 'string' || node === '') throw badRequest('target.name: the name of a node is needed')
  if ((pod.spec.nodeName ?? '') !== '') throw conflict(target.kind, target.name, `pod ${target.name} is already assigned to node "${pod.spec.nodeName}"`)
  if (context.dryRun) return
  const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(world.clock.now()) }
  world.store.collection('pods').put(`${target.namespace}/${target.name}`, (revision) => ({
    ...pod,
    metadata: { ...pod.metadata, resourceVersion: String(revision) },
    spec: { ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: [...(pod.status?.conditions ?? []).filter((one: Obj) => one.type !== 'PodScheduled'), condition] },
  }))
}

export const success = (kind: { group: string; plural: string }, name: string, uid?: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, ...(uid === undefined ? {} : { uid }) },
})
