/**
 * Holds a kind in memory: pages first, then a watch from there. https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 * Every change is told once, in the order of its object; what happened unseen (410) is told as the difference to what is held.
 */
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Change, Informer, InformerOptions, InformerStatus, Page, PageRequest } from '#core/shapes/ports/cluster.ts'
import { failureOf } from './failures.ts'
import { linesOf } from './lines.ts'

export interface InformerDeps {
  cluster: string
  /** For messages. */
  what: string
  page(request: PageRequest & { limit: number; signal: AbortSignal }): Promise<Page<KubeObject> & { bytes: number }>
  watch(request: { resourceVersion: string; timeoutSeconds: number; signal: AbortSignal }): Promise<Readable>
  clock: Clock
  random: () => number
  /** Pause after a failure, ms; grows with the cluster's failures. */
  pause(): number
  /** Aborted when the cluster is closed. */
  closed: AbortSignal
}

interface WatchEvent {
  type: string
  /** With `code` for ERROR, where it is a Status. */
  object: KubeObject & { code?: number }
}

interface Held<T> {
  uid: string
  version: string
  namespace: string
  value: T
}

/** Pages aim at this many bytes, so that reading one does not hold up the event loop: `bench/informers.ts` has what larger ones cost. */
const PAGE_BYTES = 64 * 1024
const FIRST_PAGE = 10
const MOST_PER_PAGE = 1000
/** etcd takes 1.5 MiB an object; as JSON and with room. */
const MOST_LINE = 16 * 1024 * 1024
const WATCH_SECONDS = 120
const FINAL_PAUSE_MS = 60_000
/** These do not go away by trying again soon. */
const FINAL = new Set(['FORBIDDEN', 'KIND_UNKNOWN', 'CLUSTER_REMOVED', 'INVALID_INPUT', 'OBJECT_REJECTED'])

/** All but `managedFields`, which are often half of an object. */
const wholeObject = (object: KubeObject): KubeObject => {
  delete object.metadata.managedFields
  return object
}

export function startInformer<T>(deps: InformerDeps, options: InformerOptions<T>): Informer<T> {
  const { clock } = deps
  const keep = options.keep ?? (wholeObject as unknown as (object: KubeObject) => T)
  const stop = new AbortController()
  const signal = AbortSignal.any([stop.signal, deps.closed])
  const held = new Map<string, Held<T>>()
  const listeners = new Set<(change: Change<T>) => void>()
  const synced = Promise.withResolvers<void>()
  synced.promise.catch(() => {})
  let status: InformerStatus = { state: 'starting', relists: -1 }
  let pageSize = FIRST_PAGE
  let version: string | undefined

  const tell = (change: Change<T>) => {
    for (const listener of listeners) listener(change)
  }
  const put = (object: KubeObject) => {
    const { name, namespace = '', uid = '', resourceVersion = '' } = object.metadata
    const key = `${namespace}/${name}`
    const before = held.get(key)
    if (before?.uid === uid && before.version === resourceVersion) return
    // Another object of the same name: the first one's end was not seen.
    if (before && before.uid !== uid) drop(key, before)
    const value = keep(object)
    held.set(key, { uid, version: resourceVersion, namespace, value })
    tell(before?.uid === uid ? { type: 'modified', object: value, before: before.value } : { type: 'added', object: value })
  }
  const drop = (key: string, before: Held<T>) => {
    held.delete(key)
    tell({ type: 'deleted', object: before.value, before: before.value })
  }

  /** Reads everything and tells what is other than before. Returns the version to watch from. */
  const relist = async (): Promise<string> => {
    const seen = new Set<string>()
    let next: string | undefined
    let listed = ''
    let most = MOST_PER_PAGE
    for (;;) {
      const limit = Math.min(pageSize, most)
      let page: Page<KubeObject> & { bytes: number }
      try {
        page = await deps.page({ ...selection(options), limit, continue: next, signal })
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'TOO_LARGE' || limit === 1) throw error
        most = Math.ceil(limit / 4)
        continue
      }
      // Other work comes between two pages.
      await setImmediate()
      for (const object of page.items) {
        seen.add(`${object.metadata.namespace ?? ''}/${object.metadata.name}`)
        put(object)
      }
      if (page.items.length > 0) pageSize = Math.min(MOST_PER_PAGE, Math.max(1, Math.floor(PAGE_BYTES / (page.bytes / page.items.length))))
      listed = page.resourceVersion
      next = page.continue
      if (next === undefined) break
    }
    for (const [key, before] of [...held]) if (!seen.has(key)) drop(key, before)
    status = { ...status, state: 'following', currentAt: clock.now(), error: undefined, relists: status.relists + 1 }
    return listed
  }

  /** Follows changes until the connection ends, whatever ended it; `version` is that of the last whole event, or undefined when it is too old to go on from. */
  const follow = async (from: string): Promise<void> => {
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + deps.random()))
    const body = await deps.watch({ resourceVersion: from, timeoutSeconds, signal })
    status = { ...status, state: 'following', error: undefined }
    const lines = linesOf(body, MOST_LINE)
    try {
      for (;;) {
        const line = await lines.next().catch((error: unknown) => {
          if (error instanceof RangeError || signal.aborted) throw error
          return { done: true, value: undefined } as const
        })
        if (line.done) return
        take(JSON.parse(line.value) as WatchEvent)
        if (version === undefined) return
      }
    } finally {
      body.destroy()
    }
  }
  const take = ({ type, object }: WatchEvent) => {
    if (type === 'ERROR') {
      version = undefined
      if (object.code !== 410) throw failureOf(object.code ?? 500, JSON.stringify(object), { cluster: deps.cluster, what: deps.what })
      return
    }
    if (type === 'ADDED' || type === 'MODIFIED') put(object)
    else if (type === 'DELETED') {
      const key = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
      const before = held.get(key)
      if (before) drop(key, before)
    }
    // After the listeners: what one of them failed at is told again. Bookmarks have nothing but a version.
    version = object.metadata.resourceVersion ?? version
    status.currentAt = clock.now()
  }

  const run = async () => {
    let quick = 0
    while (!signal.aborted) {
      try {
        if (version === undefined) {
          version = await relist()
          synced.resolve()
        }
        const began = clock.now()
        const before = version
        await follow(before)
        // A server that ends each watch at once is not asked in a tight loop.
        quick = clock.now() - began < 1_000 && version === before ? quick + 1 : 0
        if (quick > 2) await clock.sleep(deps.pause(), signal)
      } catch (thrown) {
        if (signal.aborted) break
        const error =
          thrown instanceof CodedError ? thrown : new CodedError('CLUSTER_FAILED', { cluster: deps.cluster, status: 200, reason: String(thrown).slice(0, 300) })
        status = { ...status, state: status.currentAt === undefined ? 'starting' : 'behind', error }
        if (FINAL.has(error.code)) synced.reject(error)
        if (error.code === 'LIST_EXPIRED') version = undefined
        await clock.sleep(FINAL.has(error.code) ? FINAL_PAUSE_MS : deps.pause(), signal).catch(() => {})
      }
    }
    const error = deps.closed.aborted ? new CodedError('CLUSTER_REMOVED', { cluster: deps.cluster }) : undefined
    status = { ...status, state: 'stopped', error }
    synced.reject(error ?? new CodedError('TIMED_OUT', { what: deps.what, limit: 'the time it was wanted' }))
  }
  run().catch((error) => synced.reject(error))

  return {
    synced: synced.promise,
    get: (name, namespace = '') => held.get(`${namespace}/${name}`)?.value,
    list: (namespace) => {
      const all: T[] = []
      for (const one of held.values()) if (namespace === undefined || one.namespace === namespace) all.push(one.value)
      return all
    },
    get size() {
      return held.size
    },
    status: () => status,
    onChange(listener) {
      for (const { value } of held.values()) listener({ type: 'added', object: value })
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop: () => stop.abort(),
  }
}

const selection = <T>({ namespace, labels, fields }: InformerOptions<T>) => ({ namespace, labels, fields })
