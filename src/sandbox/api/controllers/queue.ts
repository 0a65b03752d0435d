/** Runs controllers: changes become keys, a key is reconciled once however many changes named it. */
import { StatusError } from '../status.ts'
import type { StoreEvent } from '../store.ts'
import type { World } from '../world.ts'

export interface Controller {
  name: string
  /** By collection: which keys a change concerns. */
  watches: Readonly<Record<string, (event: StoreEvent) => readonly string[]>>
  /** Makes what is be what is wanted for one key; returns ms after which to look again. */
  reconcile(key: string): number | undefined
}

/** At most this long at a stretch, ms, so that the API stays quick. */
const SLICE = 8
const RETRY = 200

/** All collections are looked at once at the start. Returns how to stop. */
export function runControllers(world: World, controllers: readonly Controller[]): { stop(): void } {
  const waiting = controllers.map(() => new Set<string>())
  const timers = new Map<string, NodeJS.Timeout>()
  let scheduled = false
  let stopped = false

  /** One timer for a key: the latest word counts. */
  const later = (i: number, key: string, ms: number) => {
    const id = `${i} ${key}`
    clearTimeout(timers.get(id))
    const timer = setTimeout(() => {
      timers.delete(id)
      add(i, key)
    }, ms)
    timers.set(id, timer.unref())
  }
  const work = () => {
    scheduled = false
    const until = performance.now() + SLICE
    for (const [i, controller] of controllers.entries())
      for (const key of waiting[i]!) {
        if (stopped) return
        if (performance.now() > until) return schedule()
        waiting[i]!.delete(key)
        try {
          const again = controller.reconcile(key)
          if (again !== undefined) later(i, key, again)
        } catch (error) {
          if (!(error instanceof StatusError)) process.stderr.write(`sandbox: ${controller.name} ${key}: ${(error as Error).stack}\n`)
          later(i, key, RETRY)
        }
      }
    if (waiting.some((keys) => keys.size > 0)) schedule()
  }
  const schedule = () => {
    if (scheduled || stopped) return
    scheduled = true
    setImmediate(work)
  }
  const add = (i: number, key: string) => {
    waiting[i]!.add(key)
    schedule()
  }

  const unfollow = world.store.onChange((name, event) => {
    for (const [i, { watches }] of controllers.entries()) for (const key of watches[name]?.(event) ?? watches['*']?.(event) ?? []) add(i, key)
  })
  for (const name of world.store.names())
    for (const entry of world.store.collection(name).entries()) {
      const event: StoreEvent = { type: 'ADDED', revision: entry.revision, entry }
      for (const [i, { watches }] of controllers.entries()) for (const key of watches[name]?.(event) ?? watches['*']?.(event) ?? []) add(i, key)
    }
  return {
    stop() {
      stopped = true
      unfollow()
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

export const ownKey = (event: StoreEvent): readonly string[] => [event.entry.key]

/** The key of the controller of a kind that owns the object, before or after the change. */
export const ownerKey =
  (kind: string) =>
  (event: StoreEvent): readonly string[] =>
    [event.entry.object, event.before?.object].flatMap((object) => {
      const owner = object?.metadata.ownerReferences?.find((one) => one.controller === true && one.kind === kind)
      return owner === undefined ? [] : [`${object!.metadata.namespace}/${owner.name}`]
    })
