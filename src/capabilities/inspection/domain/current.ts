/**
 * Findings that are kept current: one changed object is looked at again, with what depends on it, and nothing else. What depends on what is not written down
 * anywhere: each check is watched while it runs, and what it looked up is remembered.
 */
import type { InspectionCheck } from './check.ts'
import { findingOf, type InspectionFinding, whole } from './inspect.ts'
import { type Inventory, type Item, listAt, namespaceOf, type PodTemplate, placeOf, podOf, type Surroundings } from './inventory.ts'

export interface Found {
  item: Item
  finding: InspectionFinding
}

/** What a check looked at beside the object that it judged. */
interface Lookups {
  /** `KIND\nNAMESPACE`, `pods\nNAMESPACE`, or `*KIND` and `*pods` for all namespaces. */
  keys: Set<string>
  /** Objects whose judgment looked into a namespace that is not theirs. */
  crossing: Set<Item>
  /** It looked through whole kinds by itself: it is run as a whole or not at all. */
  sweeping: boolean
}

export interface Current {
  /** Adds or replaces an object (by `idOf`), or takes it away. Says what is no longer found and what is. */
  change(id: string, item: Item | undefined): { gone: Found[]; found: Found[] }
  /** What would be found of an object if it stood there; nothing is kept. */
  tryOut(id: string, item: Item): Found[]
  all(): Found[]
  readonly size: number
}

export const idOf = ({ object }: Pick<Item, 'object'>): string => `${object.kind}\n${object.metadata?.namespace ?? ''}\n${object.metadata?.name ?? ''}`

/** @param around `now` and the like; certificates are those of the beginning, for a certificate that changes is a matter of the next run */
export function createCurrent(items: readonly Item[], checks: readonly InspectionCheck[], around: Surroundings): Current {
  const byId = new Map<string, Item>()
  const byKind = new Map<string, Set<Item>>()
  const byPlace = new Map<string, Set<Item>>()
  const templates = new Map<Item, PodTemplate>()
  const templatesIn = new Map<string, Set<PodTemplate>>()
  /** Who has made what: by uid of the maker. */
  const owned = new Map<string, Set<Item>>()
  const makers = new Set<string>()
  const lookups = new Map<InspectionCheck, Lookups>(checks.map((check) => [check, { keys: new Set(), crossing: new Set(), sweeping: false }]))
  const findings = new Map<InspectionCheck, Map<Item, Found[]>>(checks.map((check) => [check, new Map()]))

  const ownersOf = (item: Item): string[] => listAt(item.object, 'metadata', 'ownerReferences').flatMap((owner) => (owner as { uid?: string }).uid ?? [])
  const standsAlone = (item: Item): boolean => !ownersOf(item).some((uid) => makers.has(uid))
  const into = <Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value) => {
    const set = map.get(key)
    if (set) set.add(value)
    else map.set(key, new Set([value]))
  }
  const add = (id: string, item: Item) => {
    byId.set(id, item)
    into(byKind, item.object.kind, item)
    into(byPlace, placeOf(item.object.kind, namespaceOf(item)), item)
    for (const uid of ownersOf(item)) into(owned, uid, item)
    const pod = podOf(item)
    if (!pod) return
    templates.set(item, pod)
    into(templatesIn, pod.namespace || 'default', pod)
    if (item.object.metadata.uid !== undefined) makers.add(item.object.metadata.uid)
  }
  const remove = (id: string, item: Item) => {
    byId.delete(id)
    byKind.get(item.object.kind)?.delete(item)
    byPlace.get(placeOf(item.object.kind, namespaceOf(item)))?.delete(item)
    for (const uid of ownersOf(item)) owned.get(uid)?.delete(item)
    const pod = templates.get(item)
    if (!pod) return
    templates.delete(item)
    templatesIn.get(pod.namespace || 'default')?.delete(pod)
    if (item.object.metadata.uid !== undefined) makers.delete(item.object.metadata.uid)
  }

  /** The inventory as one check sees it: only `focus` is judged, everything can be looked up, and what was is remembered in `seen`. */
  function inventoryFor(focus: Iterable<Item> | undefined, seen: Lookups): Inventory {
    let judged: Item | undefined
    const looked = (key: string, namespace: string | undefined) => {
      seen.keys.add(key)
      if (judged === undefined) {
        // Everything of a kind, before any object was taken up: the check goes through it by itself.
        if (namespace === undefined) seen.sweeping = true
      } else if (namespace !== undefined && namespace !== (namespaceOf(judged) || 'default')) seen.crossing.add(judged)
    }
    const meant = focus === undefined ? undefined : new Set(focus)
    function* over<Value>(values: Iterable<Value>, itemOf: (value: Value) => Item): Generator<Value> {
      for (const value of values) {
        judged = itemOf(value)
        yield value
      }
      judged = undefined
    }
    const self = (item: Item) => item
    const listed = new Map<string, readonly Item[]>()
    const keep = (key: string, make: () => readonly Item[]) => {
      const known = listed.get(key) ?? make()
      listed.set(key, known)
      return known
    }
    const podsKept = new Map<string, readonly PodTemplate[]>()
    const standing = (pods: Iterable<PodTemplate>) => [...pods].filter(({ item }) => standsAlone(item))
    return {
      ...around,
      settings: around.settings ?? {},
      unread: around.unread ?? new Set(),
      certificates: (around.certificates ?? []).filter(({ item }) => (meant?.has(item) ?? true) && byId.get(idOf(item)) === item),
      get items() {
        return over(meant ?? byId.values(), self)
      },
      subjects: (kind) => over(meant ? [...meant].filter(({ object }) => object.kind === kind) : (byKind.get(kind) ?? []), self),
      get pods() {
        const pods = meant ? [...meant].flatMap((item) => templates.get(item) ?? []) : templates.values()
        return over(standing(pods), ({ item }) => item)
      },
      get templates() {
        looked('*pods', undefined)
        return [...templates.values()]
      },
      byKind: {
        get(kind) {
          looked(`*${kind}`, undefined)
          return keep(`*${kind}`, () => [...(byKind.get(kind) ?? [])])
        },
      },
      byPlace: {
        get(place) {
          looked(place, place.slice(place.indexOf('\n') + 1))
          return keep(place, () => [...(byPlace.get(place) ?? [])])
        },
      },
      podsByNamespace: {
        get(namespace) {
          looked(`pods\n${namespace}`, namespace)
          const known = podsKept.get(namespace) ?? standing(templatesIn.get(namespace) ?? [])
          podsKept.set(namespace, known)
          return known
        },
      },
    }
  }

  const judge = (check: InspectionCheck, focus: Iterable<Item> | undefined, seen = lookups.get(check)!): Found[] => {
    const found: Found[] = []
    for (const hit of check.find(inventoryFor(focus, seen))) found.push({ item: hit.item, finding: findingOf(check, hit) })
    return found
  }
  const put = (check: InspectionCheck, found: readonly Found[]) => {
    const own = findings.get(check)!
    for (const one of found) own.set(one.item, [...(own.get(one.item) ?? []), one])
  }

  for (const item of items) add(idOf(item), whole(item))
  for (const check of checks) put(check, judge(check, undefined))

  /** Objects that this check has to look at again because of what was touched; undefined: all of them. */
  function affected(check: InspectionCheck, touched: readonly Item[]): Iterable<Item> | undefined {
    const { keys, crossing, sweeping } = lookups.get(check)!
    const again = new Set<Item>()
    for (const item of touched) {
      const namespace = namespaceOf(item) || 'default'
      const isPod = podOf(item) !== undefined
      if (keys.has(`*${item.object.kind}`) || (isPod && keys.has('*pods'))) return undefined
      if (keys.has(placeOf(item.object.kind, namespaceOf(item))) || (isPod && keys.has(`pods\n${namespace}`))) {
        if (sweeping) return undefined
        for (const other of inNamespace(namespace)) again.add(other)
        for (const other of inNamespace('default')) if (namespaceOf(other) === '') again.add(other)
        for (const other of crossing) if (byId.get(idOf(other)) === other) again.add(other)
      }
      if (!sweeping && byId.get(idOf(item)) === item) again.add(item)
    }
    return again
  }
  function* inNamespace(namespace: string): Generator<Item> {
    for (const kind of byKind.keys()) yield* byPlace.get(placeOf(kind, namespace)) ?? []
  }

  return {
    change(id, next) {
      const old = byId.get(id)
      const touched: Item[] = []
      const made = (item: Item) => owned.get(item.object.metadata?.uid ?? '') ?? []
      if (old) {
        touched.push(old, ...made(old))
        remove(id, old)
      }
      const item = next && whole(next)
      if (item) {
        add(id, item)
        touched.push(item, ...made(item))
      }
      const gone: Found[] = []
      const found: Found[] = []
      for (const check of checks) {
        const focus = affected(check, touched)
        const own = findings.get(check)!
        const again = focus === undefined ? [...own.keys()] : [...focus, ...touched]
        for (const one of again) {
          gone.push(...(own.get(one) ?? []))
          own.delete(one)
        }
        if (focus !== undefined && [...focus].length === 0) continue
        const fresh = judge(check, focus)
        put(check, fresh)
        found.push(...fresh)
      }
      return { gone, found }
    },

    tryOut(id, next) {
      const old = byId.get(id)
      const item = whole(next)
      if (old) remove(id, old)
      add(id, item)
      try {
        // A check that goes through everything by itself is for the next look, not for whoever waits for an answer.
        return checks.flatMap((check) => (lookups.get(check)!.sweeping ? [] : judge(check, [item], { keys: new Set(), crossing: new Set(), sweeping: false })))
      } finally {
        remove(id, item)
        if (old) add(id, old)
      }
    },

    all: () => [...findings.values()].flatMap((own) => [...own.values()].flat()),
    get size() {
      return byId.size
    },
  }
}

/** What is found of one object when nothing else is known: only by checks that looked at nothing else. */
export function tryAlone(item: Item, checks: readonly InspectionCheck[], around: Surroundings): Found[] {
  return checks.flatMap((check) => {
    const seen = { looked: false }
    const look = {
      get: () => {
        seen.looked = true
        return undefined
      },
    }
    const one = whole(item)
    const pod = podOf(one)
    const inventory: Inventory = {
      ...around,
      settings: around.settings ?? {},
      unread: new Set(),
      certificates: [],
      items: [one],
      subjects: (kind) => (one.object.kind === kind ? [one] : []),
      pods: pod ? [pod] : [],
      get templates() {
        seen.looked = true
        return []
      },
      byKind: look,
      byPlace: look,
      podsByNamespace: look,
    }
    const found = [...check.find(inventory)].map((hit) => ({ item: hit.item, finding: findingOf(check, hit) }))
    return seen.looked ? [] : found
  })
}
