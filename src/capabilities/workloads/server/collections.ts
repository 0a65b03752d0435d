/** What is held in memory while somebody looks at it: informers with the asker's rights, given back when nobody does. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Informer } from '#core/shapes/ports/cluster.ts'

/** After the last look. */
const IDLE_MS = 30_000
const SWEEP_MS = 5_000
/** Of all collections together; the one that was looked at longest ago goes first. */
const MOST_ROWS = 400_000
const MOST_COLLECTIONS = 200

export interface Collection<T> {
  informer: Informer<T>
  /** Grows with every change. */
  version: number
  /** Is the first list whole? */
  whole: boolean
  /** How many there are, as last told. */
  total?: number
  /** Why it cannot be. */
  failure?: unknown
  usedAt: number
  watchers: number
  /** Derived from the rows of a version: sorted lists and the like. */
  derived: Map<string, { version: number; value: unknown }>
}

export interface Collections {
  /** `key` says whose and what; `start` is called when it is not held. */
  hold<T>(key: string, start: () => Informer<T>): Collection<T>
  stop(): void
}

export function createCollections(clock: Clock): Collections {
  const held = new Map<string, Collection<unknown>>()
  const stopping = new AbortController()
  let sweeping = false

  const drop = (key: string) => {
    held.get(key)?.informer.stop()
    held.delete(key)
  }
  const sweep = async () => {
    while (held.size > 0 && !stopping.signal.aborted) {
      await clock.sleep(SWEEP_MS, stopping.signal).catch(() => {})
      for (const [key, one] of held) if (one.watchers === 0 && clock.now() - one.usedAt > IDLE_MS) drop(key)
      let rows = [...held.values()].reduce((sum, { informer }) => sum + informer.size, 0)
      for (const [key, one] of [...held].sort(([, a], [, b]) => a.usedAt - b.usedAt)) {
        if (rows <= MOST_ROWS) break
        rows -= one.informer.size
        drop(key)
      }
    }
    sweeping = false
  }

  return {
    hold<T>(key: string, start: () => Informer<T>): Collection<T> {
      const found = held.get(key) as Collection<T> | undefined
      // One that failed or was stopped with its cluster is begun anew.
      if (found && found.failure === undefined && found.informer.status().state !== 'stopped') {
        found.usedAt = clock.now()
        return found
      }
      if (held.size >= MOST_COLLECTIONS) throw new CodedError('RATE_LIMITED')
      drop(key)
      const informer = start()
      const collection: Collection<T> = { informer, version: 0, whole: false, usedAt: clock.now(), watchers: 0, derived: new Map() }
      informer.onChange(() => {
        collection.version++
      })
      informer.synced.then(
        () => {
          collection.whole = true
          collection.version++
        },
        (error: unknown) => {
          collection.failure = error
          collection.version++
        },
      )
      held.set(key, collection as Collection<unknown>)
      if (!sweeping) {
        sweeping = true
        void sweep()
      }
      return collection
    },
    stop() {
      stopping.abort(new Error('the server stops'))
      for (const key of [...held.keys()]) drop(key)
    },
  }
}

/** Its version, which also grows when what was not read becomes more or less. */
export function versionOf(collection: Collection<unknown>): number {
  const { total } = collection.informer.extent()
  if (total !== collection.total) collection.version++
  collection.total = total
  return collection.version
}

const MOST_DERIVED = 16
/** A value made from the rows of this version, once. */
export function derive<T, V>(collection: Collection<T>, key: string, make: () => V): V {
  const found = collection.derived.get(key)
  if (found?.version === collection.version) return found.value as V
  const value = make()
  if (collection.derived.size >= MOST_DERIVED) collection.derived.clear()
  collection.derived.set(key, { version: collection.version, value })
  return value
}
