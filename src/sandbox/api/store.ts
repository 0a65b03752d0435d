/** Objects in memory with one revision counter, a bounded history to watch from, and consistent pages. Objects are never changed after they are stored. */
import type { KubeObject } from '#core/kube/objects.ts'

// biome-ignore lint/suspicious/noExplicitAny: what an object holds is what its kind says; whoever reads it knows the kind.
export type Obj = KubeObject & { [field: string]: any }

export interface Entry {
  /** `namespace/name`, or `name`. */
  key: string
  object: Obj
  revision: number
  /** The object as text; made when first asked for, shared by lists and watchers. */
  text?: string
}

export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  revision: number
  entry: Entry
  /** As it was before; undefined for ADDED. */
  before?: Entry
}

/** How many changes of a kind can be watched from the past. */
const HISTORY = 10_000

export interface Collection {
  readonly name: string
  readonly size: number
  get(key: string): Entry | undefined
  /** In order of key; `prefix` is a namespace with its slash, or ''. */
  entries(prefix?: string): Entry[]
  /** As it stood at `revision`, or undefined when that is too long ago. */
  entriesAt(revision: number, prefix?: string): Entry[] | undefined
  /** Changes after `revision`, or undefined when that is too long ago. */
  since(revision: number): readonly StoreEvent[] | undefined
  put(key: string, make: (revision: number) => Obj): Entry
  remove(key: string, make: (object: Obj, revision: number) => Obj): Entry | undefined
  follow(listener: (event: StoreEvent) => void): () => void
  /** Forgets the history up to now. */
  compact(): void
}

export interface Store {
  revision(): number
  collection(name: string): Collection
  names(): string[]
  drop(name: string): void
  /** Called after each change of anything. */
  onChange(listener: (name: string, event: StoreEvent) => void): () => void
}

export const keyOf = (namespace: string | undefined, name: string): string => (namespace === undefined || namespace === '' ? name : `${namespace}/${name}`)

export const textOf = (entry: Entry): string => {
  entry.text ??= JSON.stringify(entry.object)
  return entry.text
}

export function createStore(firstRevision = 1): Store {
  let revision = firstRevision
  const collections = new Map<string, Collection>()
  const listeners = new Set<(name: string, event: StoreEvent) => void>()
  const next = () => ++revision

  const create = (name: string): Collection => {
    const entries = new Map<string, Entry>()
    let keys: string[] | undefined = []
    let history: StoreEvent[] = []
    /** Everything after this revision is in the history. */
    let floor = revision
    const followers = new Set<(event: StoreEvent) => void>()

    const record = (event: StoreEvent) => {
      history.push(event)
      if (history.length > HISTORY * 1.2) {
        floor = history[history.length - HISTORY - 1]!.revision
        history = history.slice(-HISTORY)
      }
      for (const follower of followers) follower(event)
      for (const listener of listeners) listener(name, event)
    }
    const sorted = () => {
      keys ??= [...entries.keys()].sort()
      return keys
    }
    const after = (at: number) => {
      let low = 0
      let high = history.length
      while (low < high) {
        const middle = (low + high) >> 1
        if (history[middle]!.revision > at) high = middle
        else low = middle + 1
      }
      return low
    }

    const collection: Collection = {
      name,
      get size() {
        return entries.size
      },
      get: (key) => entries.get(key),
      entries(prefix = '') {
        const all = sorted()
        if (prefix === '') return all.map((key) => entries.get(key)!)
        const found: Entry[] = []
        for (let i = lowerBound(all, prefix); i < all.length && all[i]!.startsWith(prefix); i++) found.push(entries.get(all[i]!)!)
        return found
      },
      entriesAt(at, prefix = '') {
        if (at < floor || at > revision) return undefined
        const changed = new Map<string, Entry | undefined>()
        for (let i = after(at); i < history.length; i++) {
          const event = history[i]!
          if (!changed.has(event.entry.key)) changed.set(event.entry.key, event.before)
        }
        const now = collection.entries(prefix)
        if (changed.size === 0) return now
        const then = now.filter((entry) => !changed.has(entry.key))
        for (const entry of changed.values()) if (entry?.key.startsWith(prefix)) then.push(entry)
        return then.sort((a, b) => (a.key < b.key ? -1 : 1))
      },
      since: (at) => (at < floor ? undefined : history.slice(after(at))),
      put(key, make) {
        const before = entries.get(key)
        const at = next()
        const entry: Entry = { key, object: make(at), revision: at }
        entries.set(key, entry)
        if (before === undefined && keys !== undefined) {
          if (keys.length === 0 || keys[keys.length - 1]! < key) keys.push(key)
          else keys = undefined
        }
        record({ type: before === undefined ? 'ADDED' : 'MODIFIED', revision: at, entry, before })
        return entry
      },
      remove(key, make) {
        const before = entries.get(key)
        if (before === undefined) return undefined
        const at = next()
        entries.delete(key)
        keys?.splice(lowerBound(keys, key), 1)
        const entry: Entry = { key, object: make(before.object, at), revision: at }
        record({ type: 'DELETED', revision: at, entry, before })
        return entry
      },
      follow(listener) {
        followers.add(listener)
        return () => void followers.delete(listener)
      },
      compact() {
        floor = revision
        history = []
      },
    }
    return collection
  }

  return {
    revision: () => revision,
    collection(name) {
      let found = collections.get(name)
      if (found === undefined) {
        found = create(name)
        collections.set(name, found)
      }
      return found
    },
    names: () => [...collections.keys()],
    drop: (name) => void collections.delete(name),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
