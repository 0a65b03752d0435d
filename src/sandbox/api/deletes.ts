/** Deletion: at once, or by finalizers; with preconditions and propagation. https://kubernetes.io/docs/concepts/architecture/garbage-collection/ */
import { isJsonObject } from '#core/kube/json.ts'
import { collectionOf } from './kinds.ts'
import { badRequest, conflict, invalid } from './status.ts'
import type { Obj } from './store.ts'
import { objectsOf, timestamp, type World } from './world.ts'
import { current, type Target, type WriteContext } from './writes.ts'

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun: boolean
}

/** From the body and the query of a request. */
export function readDeleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const from = isJsonObject(body) ? body : {}
  const policy = from.propagationPolicy ?? query.get('propagationPolicy') ?? undefined
  const orphan = from.orphanDependents ?? (query.has('orphanDependents') ? query.get('orphanDependents') === 'true' : undefined)
  if (policy !== undefined && !['Orphan', 'Background', 'Foreground'].includes(String(policy)))
    throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', [
      { type: 'NotSupported', field: 'propagationPolicy', value: policy, message: 'supported values: "Background", "Foreground", "Orphan", "nil"' },
    ])
  const grace = from.gracePeriodSeconds ?? (query.has('gracePeriodSeconds') ? Number(query.get('gracePeriodSeconds')) : undefined)
  if (grace !== undefined && (typeof grace !== 'number' || !Number.isInteger(grace))) throw badRequest('gracePeriodSeconds is a whole number')
  const dryRun = (Array.isArray(from.dryRun) && from.dryRun.length > 0) || query.has('dryRun')
  return {
    gracePeriodSeconds: grace,
    propagationPolicy: (policy as DeleteOptions['propagationPolicy']) ?? (orphan === undefined ? undefined : orphan ? 'Orphan' : 'Background'),
    preconditions: isJsonObject(from.preconditions) ? (from.preconditions as DeleteOptions['preconditions']) : undefined,
    dryRun,
  }
}

const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'

/** The object as it is now, and whether it is gone. */
export function remove(world: World, target: Target, options: DeleteOptions, _context: Pick<WriteContext, 'user'>): { object: Obj; gone: boolean } {
  const { kind, name } = target
  const entry = current(world, target)
  const object = entry.object
  const { uid, resourceVersion } = options.preconditions ?? {}
  if (uid !== undefined && uid !== object.metadata.uid)
    throw conflict(
      kind,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${object.metadata.uid}). The object might have been deleted and then recreated`,
    )
  if (resourceVersion !== undefined && resourceVersion !== object.metadata.resourceVersion)
    throw conflict(
      kind,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${object.metadata.resourceVersion}). The object might have been modified`,
    )
  const finalizers = (object.metadata.finalizers ?? []).filter((one) => options.propagationPolicy === undefined || (one !== ORPHAN && one !== FOREGROUND))
  if (options.propagationPolicy === 'Orphan') finalizers.push(ORPHAN)
  if (options.propagationPolicy === 'Foreground') finalizers.push(FOREGROUND)
  const grace = graceOf(target, object, options)
  const waits = finalizers.length > 0 || grace > 0 || (kind.kind === 'Namespace' && (object.spec?.finalizers ?? []).length > 0)
  if (options.dryRun) return { object, gone: !waits }
  const collection = objectsOf(world, kind)
  const now = world.clock.now()
  if (!waits)
    return {
      object: collection.remove(entry.key, (last, revision) => ({ ...last, metadata: { ...last.metadata, resourceVersion: String(revision) } }))!.object,
      gone: true,
    }
  const before = object.metadata
  const again = before.deletionTimestamp !== undefined
  const shorter = !again || grace < (before.deletionGracePeriodSeconds ?? 0)
  if (again && !shorter && finalizers.length === (before.finalizers ?? []).length) return { object, gone: false }
  const metadata = {
    ...before,
    finalizers: finalizers.length === 0 ? undefined : finalizers,
    deletionTimestamp: shorter ? timestamp(now + grace * 1000) : before.deletionTimestamp,
    deletionGracePeriodSeconds: shorter ? grace : before.deletionGracePeriodSeconds,
    generation: before.generation === undefined || again ? before.generation : before.generation + 1,
  }
  const status = kind.kind === 'Namespace' ? { status: { ...object.status, phase: 'Terminating' } } : {}
  return {
    object: collection.put(entry.key, (revision) => ({ ...object, ...status, metadata: { ...metadata, resourceVersion: String(revision) } })).object,
    gone: false,
  }
}

/** Only pods on a node are given time; their node says when they are gone. */
function graceOf(target: Target, pod: Obj, options: DeleteOptions): number {
  if (collectionOf(target.kind) !== 'pods') return 0
  if ((pod.spec?.nodeName ?? '') === '' || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return 0
  return Math.max(0, options.gracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30)
}
