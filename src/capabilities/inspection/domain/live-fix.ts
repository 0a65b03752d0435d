/** Fixes of objects that run: patches that can be taken back, what starts anew, and how a rollout goes. Pure. */
import type { KubeObject } from '#core/kube/objects.ts'
import type { LabelSelector } from '#core/kube/selectors.ts'
import type { FixEdit } from './check.ts'
import { at, isFields, listAt, type Path, selectsLabels } from './inventory.ts'

/** RFC 6902. */
export type PatchStep = { op: 'add' | 'replace' | 'test'; path: string; value: unknown } | { op: 'remove'; path: string }

const pointer = (path: Path): string => path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** `path` with a value around which everything that is missing is made: the part that exists, and what to put behind it. */
function nested(object: unknown, path: Path, value: unknown): { path: Path; value: unknown } {
  for (let depth = 1; depth < path.length; depth++) {
    const inner = at(object, ...path.slice(0, depth))
    if (typeof inner === 'object' && inner !== null) continue
    let made = value
    for (const step of path.slice(depth).toReversed()) made = typeof step === 'number' ? [made] : { [step]: made }
    return { path: path.slice(0, depth), value: made }
  }
  return { path, value }
}

/**
 * Steps that make the edits, and those that take them back. Both refuse to run on something else: `forward` on another version of the object,
 * `back` when somebody has since changed what was set.
 */
export function patchesOf(object: KubeObject, edits: readonly FixEdit[]): { forward: PatchStep[]; back: PatchStep[] } {
  const forward: PatchStep[] = []
  const back: PatchStep[][] = []
  let now: unknown = structuredClone(object)
  const act = (step: PatchStep, undo: PatchStep[]) => {
    forward.push(step)
    back.push(undo)
  }
  for (const edit of edits) {
    const existing = at(now, ...edit.path)
    const path = pointer(edit.path)
    if (edit.value === undefined) {
      if (existing === undefined) continue
      act({ op: 'remove', path }, [{ op: 'add', path, value: existing }])
    } else if (existing !== undefined && !(existing === null && edit.value === null)) {
      act({ op: 'replace', path, value: edit.value }, [
        { op: 'test', path, value: edit.value },
        { op: 'replace', path, value: existing },
      ])
    } else {
      const { path: place, value } = nested(now, edit.path, edit.value)
      const where = pointer(place)
      const before = at(now, ...place)
      act(
        { op: 'add', path: where, value },
        before === null
          ? [
              { op: 'test', path: where, value },
              { op: 'replace', path: where, value: null },
            ]
          : [
              { op: 'test', path: where, value },
              { op: 'remove', path: where },
            ],
      )
    }
    now = applied(now, edit, forward.at(-1)!)
  }
  const { resourceVersion } = object.metadata
  return {
    forward: [...(resourceVersion === undefined ? [] : [{ op: 'test' as const, path: '/metadata/resourceVersion', value: resourceVersion }]), ...forward],
    back: back.toReversed().flat(),
  }
}

function applied(object: unknown, { path, value }: FixEdit, step: PatchStep): unknown {
  if (step.op === 'remove') {
    const holder = at(object, ...path.slice(0, -1))
    if (Array.isArray(holder)) holder.splice(path.at(-1) as number, 1)
    else if (isFields(holder)) delete (holder as Record<string, unknown>)[String(path.at(-1))]
    return object
  }
  const { path: place, value: made } = nested(object, path, value)
  const holder = at(object, ...place.slice(0, -1)) as Record<string | number, unknown>
  holder[place.at(-1)!] = made
  return object
}

const TEMPLATE: Readonly<Record<string, readonly string[]>> = {
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate'],
  Job: ['spec', 'template'],
}
const inTemplate = ({ kind }: KubeObject, edits: readonly FixEdit[]): boolean => {
  const path = TEMPLATE[kind]
  return path !== undefined && edits.some((edit) => path.every((step, i) => edit.path[i] === step))
}

export type Restart = { kind: 'none' | 'next-run' | 'by-hand' } | { kind: 'rolling'; pods: number; atOnce: string }

/** What starts anew because of these edits. */
export function restartOf(object: KubeObject, edits: readonly FixEdit[]): Restart {
  if (!inTemplate(object, edits)) return { kind: 'none' }
  if (object.kind === 'CronJob') return { kind: 'next-run' }
  const onDelete = at(object, 'spec', 'updateStrategy', 'type') === 'OnDelete'
  if (onDelete || object.kind === 'ReplicaSet' || object.kind === 'ReplicationController') return { kind: 'by-hand' }
  const pods = Number(object.kind === 'DaemonSet' ? (at(object, 'status', 'desiredNumberScheduled') ?? 0) : (at(object, 'spec', 'replicas') ?? 1))
  const rolling = at(object, 'spec', object.kind === 'Deployment' ? 'strategy' : 'updateStrategy')
  if (at(rolling, 'type') === 'Recreate') return { kind: 'rolling', pods, atOnce: 'all' }
  const given = at(rolling, 'rollingUpdate', 'maxUnavailable')
  return { kind: 'rolling', pods, atOnce: String(given ?? (object.kind === 'Deployment' ? '25%' : 1)) }
}

/** Budgets over the pods of an object, and how many pods may go now; null: not known. */
export function budgetsOver(object: KubeObject, budgets: readonly KubeObject[]): { name: string; allowed: number | null }[] {
  const labels = object.kind === 'Pod' ? object.metadata.labels : at(object, 'spec', 'template', 'metadata', 'labels')
  return budgets
    .filter(({ metadata, spec }) => metadata.namespace === object.metadata.namespace && selectsLabels((spec as { selector?: LabelSelector })?.selector, labels))
    .map(({ metadata, status }) => {
      const { disruptionsAllowed, observedGeneration } = (status ?? {}) as { disruptionsAllowed?: number; observedGeneration?: number }
      const current = observedGeneration !== undefined && observedGeneration >= (metadata.generation ?? 0)
      return { name: metadata.name, allowed: current && disruptionsAllowed !== undefined ? disruptionsAllowed : null }
    })
}

export type Rollout = { state: 'done' } | { state: 'waiting'; why: string } | { state: 'failed'; why: string }

const BROKEN = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'InvalidImageName',
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])

/** How the rollout of a workload goes; `pods` are its newest ones. Kinds without a rollout are done. */
export function rolloutOf(object: KubeObject, pods: readonly KubeObject[]): Rollout {
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(object.kind)) return { state: 'done' }
  const status = (field: string) => Number(at(object, 'status', field) ?? 0)
  const stuck = listAt(object, 'status', 'conditions').find((one) => at(one, 'type') === 'Progressing' && at(one, 'reason') === 'ProgressDeadlineExceeded')
  if (stuck) return { state: 'failed', why: String(at(stuck, 'message') ?? 'its progress deadline is over') }
  for (const pod of pods)
    for (const field of ['initContainerStatuses', 'containerStatuses'])
      for (const one of listAt(pod, 'status', field)) {
        const reason = at(one, 'state', 'waiting', 'reason')
        if (typeof reason === 'string' && BROKEN.has(reason))
          return {
            state: 'failed',
            why: `pod ${pod.metadata.name}: ${at(one, 'name')}: ${reason}: ${String(at(one, 'state', 'waiting', 'message') ?? '').slice(0, 300)}`,
          }
      }
  if (status('observedGeneration') < (object.metadata.generation ?? 0)) return { state: 'waiting', why: 'its controller has not seen the change yet' }
  const daemon = object.kind === 'DaemonSet'
  const wanted = daemon ? status('desiredNumberScheduled') : Number(at(object, 'spec', 'replicas') ?? 1)
  const updated = status(daemon ? 'updatedNumberScheduled' : 'updatedReplicas')
  const ready = status(daemon ? 'numberAvailable' : object.kind === 'Deployment' ? 'availableReplicas' : 'readyReplicas')
  const all = daemon ? wanted : status('replicas')
  if (updated >= wanted && ready >= wanted && all <= wanted) return { state: 'done' }
  return { state: 'waiting', why: `${updated} of ${wanted} updated, ${ready} available` }
}

/** What one sees of an object: without what the server keeps for itself. */
export function shown({ status: _, ...object }: KubeObject): Record<string, unknown> {
  const { managedFields: _m, resourceVersion: _r, generation: _g, uid: _u, creationTimestamp: _c, ...metadata } = object.metadata
  return { ...object, metadata }
}

/** Who will put it back as it was, if anybody. */
export function keeperOf({ metadata }: KubeObject): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  if (owner) return `${owner.kind} ${owner.name}`
  const { labels = {}, annotations = {} } = metadata
  if (labels['app.kubernetes.io/managed-by'] === 'Helm')
    return `Helm release ${annotations['meta.helm.sh/release-name'] ?? labels['app.kubernetes.io/instance'] ?? '?'}`
  const argo = annotations['argocd.argoproj.io/tracking-id'] ?? labels['argocd.argoproj.io/instance']
  if (argo !== undefined) return `Argo CD ${argo.split(':')[0]}`
  const flux = labels['kustomize.toolkit.fluxcd.io/name'] ?? labels['helm.toolkit.fluxcd.io/name']
  return flux === undefined ? undefined : `Flux ${flux}`
}
