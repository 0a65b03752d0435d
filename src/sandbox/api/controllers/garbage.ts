/** What goes when something else went: dependents of owners, contents of namespaces, old events. */
import { collectionOf } from '../kinds.ts'
import type { Obj } from '../store.ts'
import { find, listOf, type World } from '../world.ts'
import { patch, SYSTEM, update } from '../writes.ts'
import { discard, ensure, targetOf } from './objects.ts'
import type { Controller } from './queue.ts'

const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'

/** Owners by uid and back: https://kubernetes.io/docs/concepts/architecture/garbage-collection/ Keys are `collection key`. */
export function garbageCollector(world: World): Controller {
  /** uid → places of dependents, `collection key`. */
  const dependents = new Map<string, Set<string>>()
  const at = (place: string): Obj | undefined => {
    const space = place.indexOf(' ')
    return world.store.collection(place.slice(0, space)).get(place.slice(space + 1))?.object
  }

  const dropFinalizer = (object: Obj, finalizer: string) => {
    const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== finalizer)
    patch(world, targetOf(world, object), 'merge', { metadata: { finalizers: finalizers.length === 0 ? null : finalizers } }, SYSTEM)
  }
  const childrenOf = (object: Obj): [string, Obj][] =>
    [...(dependents.get(object.metadata.uid!) ?? [])].flatMap((place): [string, Obj][] => {
      const child = at(place)
      return child?.metadata.ownerReferences?.some((one) => one.uid === object.metadata.uid) ? [[place, child]] : []
    })
  /** Undefined: its kind is not served, so nothing is known of it. */
  const ownerExists = (child: Obj, owner: { apiVersion: string; kind: string; name: string; uid: string }): boolean | undefined => {
    const slash = owner.apiVersion.indexOf('/')
    const kind = world.kinds.byKind(slash < 0 ? '' : owner.apiVersion.slice(0, slash), owner.kind)
    if (kind === undefined) return undefined
    return find(world, collectionOf(kind), kind.namespaced ? child.metadata.namespace : undefined, owner.name)?.metadata.uid === owner.uid
  }

  return {
    name: 'garbage-collector',
    watches: {
      '*': ({ type, entry, before }) => {
        const { object } = entry
        const kind = object.kind
        if (kind === 'Event' || kind === 'Lease') return []
        const owners = object.metadata.ownerReferences ?? []
        const known = world.kinds.byKind(object.apiVersion.includes('/') ? object.apiVersion.slice(0, object.apiVersion.indexOf('/')) : '', kind)
        if (known === undefined) return []
        const place = `${collectionOf(known)} ${entry.key}`
        for (const owner of [...owners, ...(before?.object.metadata.ownerReferences ?? [])]) {
          const places = dependents.get(owner.uid) ?? new Set()
          if (type === 'DELETED' || !owners.includes(owner)) places.delete(place)
          else places.add(place)
          if (places.size === 0) dependents.delete(owner.uid)
          else dependents.set(owner.uid, places)
        }
        if (type === 'DELETED') {
          const orphans = [...(dependents.get(object.metadata.uid ?? '') ?? [])]
          // A parent that waits for its dependents looks again.
          const parents = owners.flatMap((owner) => {
            const parent = world.kinds.byKind(owner.apiVersion.includes('/') ? owner.apiVersion.slice(0, owner.apiVersion.indexOf('/')) : '', owner.kind)
            return parent === undefined ? [] : [`${collectionOf(parent)} ${parent.namespaced ? `${object.metadata.namespace}/` : ''}${owner.name}`]
          })
          return [...orphans, ...parents]
        }
        return owners.length > 0 || object.metadata.deletionTimestamp !== undefined ? [place] : []
      },
    },
    reconcile(place) {
      const object = at(place)
      if (object === undefined) return undefined
      const { deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata
      if (deletionTimestamp !== undefined && finalizers.includes(ORPHAN)) {
        for (const [, child] of childrenOf(object)) {
          const left = child.metadata.ownerReferences!.filter((one) => one.uid !== object.metadata.uid)
          patch(world, targetOf(world, child), 'merge', { metadata: { ownerReferences: left.length === 0 ? null : left } }, SYSTEM)
        }
        dropFinalizer(object, ORPHAN)
      } else if (deletionTimestamp !== undefined && finalizers.includes(FOREGROUND)) {
        const children = childrenOf(object)
        for (const [, child] of children) if (child.metadata.deletionTimestamp === undefined) discard(world, child, { propagationPolicy: 'Foreground' })
        const blocking = childrenOf(object).filter(([, child]) =>
          child.metadata.ownerReferences!.some((one) => one.uid === object.metadata.uid && one.blockOwnerDeletion === true),
        )
        if (blocking.length === 0) dropFinalizer(object, FOREGROUND)
      }
      if (ownerReferences.length > 0 && deletionTimestamp === undefined) {
        const standing = ownerReferences.map((owner) => ownerExists(object, owner))
        if (standing.every((exists) => exists === false)) discard(world, object, { propagationPolicy: finalizers.includes(ORPHAN) ? 'Orphan' : 'Background' })
      }
      return undefined
    },
  }
}

/** Empties a namespace that is going, then lets it go. */
export function namespaceController(world: World): Controller {
  return {
    name: 'namespace-controller',
    watches: {
      namespaces: ({ entry }) => [entry.key],
      '*': ({ type, entry }) => {
        const namespace = entry.object.metadata.namespace
        return type === 'DELETED' && namespace !== undefined && find(world, 'namespaces', undefined, namespace)?.metadata.deletionTimestamp !== undefined
          ? [namespace]
          : []
      },
    },
    reconcile(name) {
      const namespace = find(world, 'namespaces', undefined, name)
      if (namespace === undefined) return undefined
      if (namespace.metadata.deletionTimestamp === undefined) {
        if (find(world, 'serviceaccounts', name, 'default') === undefined)
          ensure(world, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } })
        return undefined
      }
      let left = 0
      for (const kind of world.kinds.all()) {
        if (!kind.namespaced || kind.virtual) continue
        for (const object of listOf(world, collectionOf(kind), name)) {
          if (object.metadata.deletionTimestamp === undefined) discard(world, object, { propagationPolicy: 'Background' })
          if (find(world, collectionOf(kind), name, object.metadata.name) !== undefined) left++
        }
      }
      if (left > 0) return 1_000
      update(world, targetOf(world, namespace, 'finalize'), { ...namespace, spec: { finalizers: [] } }, SYSTEM)
      return undefined
    },
  }
}

/** As kube-apiserver's default. */
const EVENT_LIFE = 3_600_000

export function eventCleaner(world: World): Controller {
  return {
    name: 'event-cleaner',
    watches: { namespaces: ({ entry }) => (entry.key === 'default' ? ['events'] : []) },
    reconcile() {
      const before = world.clock.now() - EVENT_LIFE
      for (const event of listOf(world, 'events'))
        if (Date.parse(event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp) < before) discard(world, event)
      return 60_000
    },
  }
}
