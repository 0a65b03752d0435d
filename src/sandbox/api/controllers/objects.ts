/** What controllers do with objects: the same writes as over HTTP, without asking whether they may. */
import { createHash } from 'node:crypto'
import { sameJson } from '#core/kube/json.ts'
import { type DeleteOptions, remove } from '../deletes.ts'
import { StatusError } from '../status.ts'
import type { Obj } from '../store.ts'
import { find, timestamp, type World } from '../world.ts'
import { create, patch, SYSTEM, type Target, update } from '../writes.ts'

export function targetOf(world: World, object: Pick<Obj, 'apiVersion' | 'kind' | 'metadata'>, subresource?: string): Target {
  const slash = object.apiVersion.indexOf('/')
  const kind = world.kinds.byKind(slash < 0 ? '' : object.apiVersion.slice(0, slash), object.kind)
  if (kind === undefined) throw new StatusError(404, 'NotFound', `no kind ${object.kind}`)
  return { kind, version: kind.versions[0]!, namespace: kind.namespaced ? object.metadata.namespace : undefined, name: object.metadata.name, subresource }
}

const as = (manager: string) => ({ ...SYSTEM, manager, warnings: [] })

export const make = (world: World, object: Obj, manager = SYSTEM.manager): Obj => create(world, targetOf(world, object), object, as(manager))

/** Makes it unless it is there. */
export function ensure(world: World, object: Obj, manager = SYSTEM.manager): void {
  try {
    make(world, object, manager)
  } catch (error) {
    if (!(error instanceof StatusError && error.code === 409)) throw error
  }
}

export function setStatus(world: World, object: Obj, status: object, manager = SYSTEM.manager): Obj {
  if (sameJson(object.status, status)) return object
  return update(world, targetOf(world, object, 'status'), { ...object, status }, as(manager))
}

export const mergeInto = (world: World, object: Obj, change: object, manager = SYSTEM.manager): Obj =>
  patch(world, targetOf(world, object), 'merge', change, as(manager))

export function discard(world: World, object: Obj, options: Partial<DeleteOptions> = {}): void {
  try {
    remove(world, targetOf(world, object), { dryRun: false, preconditions: { uid: object.metadata.uid }, ...options }, SYSTEM)
  } catch (error) {
    if (!(error instanceof StatusError && (error.code === 404 || error.code === 409))) throw error
  }
}

export const controllerRef = (owner: Obj) => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid!,
  controller: true,
  blockOwnerDeletion: true,
})

export const isOwnedBy = (object: Obj, owner: Obj): boolean =>
  (object.metadata.ownerReferences ?? []).some((one) => one.controller === true && one.uid === owner.metadata.uid)

/** Sets a condition; its time changes only with its status. */
export function withCondition(
  conditions: readonly Obj[] | undefined,
  next: { type: string; status: string; reason?: string; message?: string },
  now: string,
  more: object = {},
): object[] {
  const before = conditions?.find((one) => one.type === next.type)
  const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : now
  return [...(conditions ?? []).filter((one) => one.type !== next.type), { ...next, ...more, lastTransitionTime }]
}

/** An Event about an object; the same again is counted. */
export function report(world: World, about: Obj, type: 'Normal' | 'Warning', reason: string, message: string, component: string): void {
  const namespace = about.metadata.namespace ?? 'default'
  const name = `${about.metadata.name}.${createHash('sha1').update(`${about.kind} ${about.metadata.uid} ${reason} ${message} ${component}`).digest('hex').slice(0, 16)}`
  const now = timestamp(world.clock.now())
  const before = find(world, 'events', namespace, name)
  try {
    if (before !== undefined) mergeInto(world, before, { count: (before.count ?? 1) + 1, lastTimestamp: now }, component)
    else {
      const involvedObject = {
        apiVersion: about.apiVersion,
        kind: about.kind,
        name: about.metadata.name,
        namespace: about.metadata.namespace,
        uid: about.metadata.uid,
      }
      const source = { component }
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject,
        reason,
        message,
        type,
        source,
        reportingComponent: component,
        count: 1,
        firstTimestamp: now,
        lastTimestamp: now,
      }
      make(world, event as unknown as Obj, component)
    }
  } catch (error) {
    // An event that cannot be told (its namespace is going) is not worth a failure.
    if (!(error instanceof StatusError)) throw error
  }
}
