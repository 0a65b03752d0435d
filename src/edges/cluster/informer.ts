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
import { withoutManagedFields } from './managed-fields.ts'

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
/** Of an object that was not read yet: was it there when the first page was made, its latest change, and what it is now, if it is. */
interface Ahead<T> {
  existed: boolean
  version: string
  now?: Held<T>
}

/** Pages aim at this many bytes, so that reading one does not hold up the event loop: `bench/informers.ts` has what larger ones cost. */
const PAGE_BYTES = 64 * 1024
const FIRST_PAGE = 10
const MOST_PER_PAGE = 1000
/** What somebody waits for is read in one page up to so many. */
const MOST_AT_ONCE = 100
/** etcd takes 1.5 MiB an object; as JSON and with room. */
const MOST_LINE = 16 * 1024 * 1024
const WATCH_SECONDS = 120
const FINAL_PAUSE_MS = 60_000
/** These do not go away by trying again soon. */
const FINAL = new Set(['FORBIDDEN', 'KIND_UNKNOWN', 'CLUSTER_REMOVED', 'INVALID_INPUT', 'OBJECT_REJECTED'])

/** Those of a server that writes them in another way were not cut out. */
const wholeObject = (object: KubeObject): KubeObject => {
  delete object.metadata.managedFields
  return object
}

/** In the order of these the API server lists: they are the keys of etcd. */
const keyOf = ({ metadata: { namespace = '', name } }: KubeObject) => `${namespace}/${name}`
/** Versions of one server grow. Those that are no numbers are taken as they come. */
const isLater = (a: string, b: string) => !/^\d+$/.test(a + b) || (a.length === b.length ? a > b : a.length > b.length)

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
  let mostPerPage = MOST_PER_PAGE
  let version: string | undefined
  /** At least so many are to be read. */
  let want = options.onDemand ?? Number.POSITIVE_INFINITY
  /** Does the server list in the order of keys? If not, there is no reading on demand. */
  let ordered = options.onDemand !== undefined
  /** How far the list was read: to the end, or up to and with the key `last`, in the server's order; the rest begins at `next`. */
  let whole = false
  let last = ''
  let next: string | undefined
  /** Objects after `last` when the page was made, where the server says. */
  let remaining: number | undefined
  /** Changes of objects that were not read yet: what is known of them is newer than the pages to come. */
  const ahead = new Map<string, Ahead<T>>()
  /** Was a page read that is later than the first one? */
  let mixed = false
  let reading: Promise<unknown> | undefined
  let paged = Promise.withResolvers<void>()
  let stream: Readable | undefined

  const tell = (change: Change<T>) => {
    for (const listener of listeners) listener(change)
  }
  const heldOf = ({ metadata: { namespace = '', uid = '', resourceVersion = '' } }: KubeObject, value: T): Held<T> => ({
    uid,
    version: resourceVersion,
    namespace,
    value,
  })
  const put = (object: KubeObject) => {
    const before = held.get(keyOf(object))
    if (before?.uid !== object.metadata.uid || before?.version !== object.metadata.resourceVersion) hold(keyOf(object), heldOf(object, keep(object)))
  }
  const hold = (key: string, one: Held<T>) => {
    const before = held.get(key)
    // Another object of the same name: the first one's end was not seen.
    if (before && before.uid !== one.uid) drop(key, before)
    held.set(key, one)
    tell(before?.uid === one.uid ? { type: 'modified', object: one.value, before: before.value } : { type: 'added', object: one.value })
  }
  const drop = (key: string, before: Held<T>) => {
    held.delete(key)
    tell({ type: 'deleted', object: before.value, before: before.value })
  }

  /** `need`: so many more are waited for. Few are one page, whatever their size. */
  const readPage = async (from: string | undefined, need: number): Promise<Page<KubeObject> & { bytes: number }> => {
    for (;;) {
      const few = Number.isFinite(need) && need > 0 ? Math.min(need, Math.max(pageSize, MOST_AT_ONCE)) : pageSize
      const limit = Math.min(mostPerPage, few)
      try {
        const page = await deps.page({ ...selection(options), limit, continue: from, signal })
        if (page.items.length > 0) pageSize = Math.min(MOST_PER_PAGE, Math.max(1, Math.floor(PAGE_BYTES / (page.bytes / page.items.length))))
        // Other work comes between two pages.
        await setImmediate()
        return page
      } catch (error) {
        if (!(error instanceof CodedError) || error.code !== 'TOO_LARGE' || limit === 1) throw error
        mostPerPage = Math.ceil(limit / 4)
      }
    }
  }
  /** Takes in a page; of two states of an object the later one counts. False: not taken in, for it is not in order. */
  const absorb = (page: Page<KubeObject>): boolean => {
    const keys = page.items.map(keyOf)
    if (ordered && page.continue !== undefined && keys.some((key, i) => key <= (keys[i - 1] ?? last))) {
      ordered = false
      want = Number.POSITIVE_INFINITY
      return false
    }
    for (const [i, object] of page.items.entries()) {
      const known = ahead.get(keys[i]!)
      if (known === undefined || !isLater(known.version, page.resourceVersion)) put(object)
      else if (known.now) hold(keys[i]!, known.now)
    }
    last = keys.at(-1) ?? last
    next = page.continue
    whole = next === undefined
    remaining = page.remaining
    for (const [key, known] of ahead) {
      const later = isLater(known.version, page.resourceVersion)
      if (!later || whole || key <= last) ahead.delete(key)
      if (later && (whole || key <= last) && known.now && !held.has(key)) hold(key, known.now)
    }
    paged.resolve()
    paged = Promise.withResolvers()
    return true
  }

  /** Reads what is wanted from the start and tells what is other than before. Returns the version to watch from. */
  const relist = async (): Promise<string> => {
    const seen = new Set<string>()
    // What was held is read again, so that its absence means something.
    const upTo = whole ? undefined : last
    ahead.clear()
    mixed = false
    last = ''
    whole = false
    next = undefined
    for (;;) {
      const page = await readPage(next, want - seen.size)
      if (!absorb(page)) absorb(page)
      for (const object of page.items) seen.add(keyOf(object))
      if (whole || (seen.size >= want && upTo !== undefined && last >= upTo)) {
        for (const [key, one] of [...held]) if (!seen.has(key)) drop(key, one)
        status = { ...status, state: 'following', currentAt: clock.now(), error: undefined, relists: status.relists + 1 }
        return page.resourceVersion
      }
    }
  }
  /** Reads on, while the watch tells what changed since the first page. */
  const readOn = async () => {
    while (!whole && held.size < want && version !== undefined) {
      const from = next
      const page = await readPage(from, want - held.size).catch((error: unknown) => {
        // The server offers to go on with what is there now: what changed in between, the watch tells.
        if (!(error instanceof CodedError) || error.code !== 'LIST_EXPIRED') throw error
        mixed = true
        if (typeof error.details.continue === 'string') return readPage(error.details.continue, want - held.size)
        return undefined
      })
      // Read anew meanwhile.
      if (next !== from || version === undefined) return
      if (page && absorb(page)) continue
      // There is no going on from here: from the start.
      version = undefined
      stream?.destroy()
    }
  }
  const alone = <R>(work: () => Promise<R>): Promise<R> => {
    const mine = work().finally(() => {
      if (reading === mine) reading = undefined
    })
    mine.catch(() => {})
    reading = mine
    return mine
  }

  /** Follows changes until the connection ends, whatever ended it; `version` is that of the last whole event, or undefined when it is too old to go on from. */
  const follow = async (from: string): Promise<void> => {
    const timeoutSeconds = Math.round(WATCH_SECONDS * (1 + deps.random()))
    const body = await deps.watch({ resourceVersion: from, timeoutSeconds, signal })
    stream = body
    status = { ...status, state: 'following', error: undefined }
    const lines = linesOf(body, MOST_LINE)
    try {
      for (;;) {
        const line = await lines.next().catch((error: unknown) => {
          if (error instanceof RangeError || signal.aborted) throw error
          return { done: true, value: undefined } as const
        })
        if (line.done) return
        take(JSON.parse(options.managedFields ? line.value : withoutManagedFields(line.value)) as WatchEvent)
        if (version === undefined) return
      }
    } finally {
      body.destroy()
    }
  }
  const apply = (type: string, object: KubeObject) => {
    const key = keyOf(object)
    const version = object.metadata.resourceVersion ?? ''
    if (!whole && key > last) {
      const existed = ahead.get(key)?.existed ?? type !== 'ADDED'
      ahead.set(key, { existed, version, ...(type === 'DELETED' ? {} : { now: heldOf(object, keep(object)) }) })
      return
    }
    const before = held.get(key)
    // A page that was made after the watch began had it already.
    if (mixed && before && !isLater(version, before.version)) return
    if (type !== 'DELETED') put(object)
    else if (before) drop(key, before)
  }
  const take = ({ type, object }: WatchEvent) => {
    if (type === 'ERROR') {
      version = undefined
      if (object.code !== 410) throw failureOf(object.code ?? 500, JSON.stringify(object), { cluster: deps.cluster, what: deps.what })
      return
    }
    if (type !== 'BOOKMARK') apply(type, object)
    // After the listeners: what one of them failed at is told again.
    version = object.metadata.resourceVersion ?? version
    status.currentAt = clock.now()
  }

  const run = async () => {
    let quick = 0
    while (!signal.aborted) {
      try {
        if (version === undefined) {
          const from = alone(relist)
          version = await from
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
    async reach(count) {
      want = Math.max(want, count)
      while (!whole && held.size < count) {
        if (reading === undefined && version === undefined)
          throw status.error ?? new CodedError('TIMED_OUT', { what: deps.what, limit: 'the time it was wanted' })
        await Promise.race([reading ?? alone(readOn), paged.promise])
      }
    },
    extent() {
      let more = 0
      for (const { existed, now } of ahead.values()) more += Number(now !== undefined) - Number(existed)
      if (whole) return { whole, total: held.size }
      return { whole, ...(remaining === undefined ? {} : { total: Math.max(held.size, held.size + remaining + more) }) }
    },
    onChange(listener) {
      for (const { value } of held.values()) listener({ type: 'added', object: value })
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    stop: () => stop.abort(),
  }
}

const selection = <T>({ namespace, labels, fields }: InformerOptions<T>) => ({ namespace, labels, fields })
