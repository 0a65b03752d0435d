import type { Clock } from '#core/kernel/clock.ts'
import { type LiveBucket, type LiveStream, OTHER_ROUTE, type RouteSelector } from '#core/shapes/ports/live-stream.ts'
import { addBucket, emptyBucket } from '#core/telemetry/live-bucket.ts'
import { type PackedSecond, packSecond, requestsOf, unpackInto } from './packed-second.ts'

export interface LiveStreamOptions {
  clock: Clock
  /** How long seconds are kept, ms. */
  keepMs?: number
  /** Series (route, namespace, service, arm of a cluster) at one time; the requests of further ones count under the route `{other}`. */
  maxSeries?: number
  /** Bytes of packed seconds; the oldest go first. */
  maxBytes?: number
}

export interface LiveStreamUse {
  series: number
  seconds: number
  bytes: number
  /** Requests that were counted under `{other}` since the start. */
  overflowed: number
}

interface Series {
  id: number
  key: string
  cluster: string
  route: string
  namespace: string
  service: string
  arm: string
  lastSecond: number
}

/** Who sends lines, and how long it usually pauses, ms. */
interface Sender {
  cluster: string
  at: number
  pause: number
}

const serviceOf = ({ cluster, namespace, service }: Pick<Series, 'cluster' | 'namespace' | 'service'>) => [cluster, namespace, service].join('\u0000')

interface Second {
  /** Buckets of a second that may still grow, by series id. */
  open: Map<number, LiveBucket>
  packed: PackedSecond[]
  bytes: number
}

/** Seconds behind the newest one that stay unpacked, because batches still add to them. */
const OPEN_SECONDS = 3
/** Senders that are remembered, of all clusters. */
const MOST_SENDERS = 10_000
/** A sender is overdue after so many of its usual pauses, and not before so many ms. */
const OVERDUE_PAUSES = 6
const OVERDUE_MS = 5_000

/**
 * The live stream in this process' memory. Seconds are packed into bytes once they are over (about 65 kB for 1,000 routes and 20,000 requests),
 * so that 15 minutes of a busy site take tens of megabytes and nothing for the garbage collector to walk.
 */
export function createLiveStream({
  clock,
  keepMs = 15 * 60_000,
  maxSeries = 4096,
  maxBytes = 128 << 20,
}: LiveStreamOptions): LiveStream & { use(): LiveStreamUse } {
  const startedAt = clock.now()
  const seconds = new Map<number, Second>()
  const byKey = new Map<string, Series>()
  /** Series of a service: the traffic of one is asked for thousands of times a second. */
  const byService = new Map<string, Set<Series>>()
  const freeIds: number[] = []
  const newestArrival = new Map<string, number>()
  const senders = new Map<string, Sender>()
  const listeners = new Set<(changed: readonly number[]) => void>()
  const changed = new Set<number>()
  let nextId = 0
  let newest = 0
  let bytes = 0
  let overflowed = 0
  /** Nothing before this was kept although it is younger than keepMs. */
  let droppedBefore = 0
  let sweptAt = 0
  let notifiedAt = 0
  let scheduled = false

  const floor = (ms: number) => Math.floor(ms / 1000) * 1000
  const coveredFrom = () => Math.max(startedAt, droppedBefore, clock.now() - keepMs)

  const keyOf = (cluster: string, route: string, namespace = '', service = '', arm = '') => [cluster, route, namespace, service, arm].join('\u0000')
  /** Route of the series that holds a whole cluster, so that it is read without merging all routes; no other series has an empty route. */
  const WHOLE = ''

  function intern(cluster: string, route: string, namespace: string, service: string, arm: string, always: boolean): Series | undefined {
    const key = keyOf(cluster, route, namespace, service, arm)
    let series = byKey.get(key)
    if (series) return series
    if (!always && byKey.size >= maxSeries) {
      sweep()
      if (byKey.size >= maxSeries) return undefined
    }
    series = { id: freeIds.pop() ?? nextId++, key, cluster, route, namespace, service, arm, lastSecond: 0 }
    byKey.set(key, series)
    const others = byService.get(serviceOf(series))
    if (others) others.add(series)
    else byService.set(serviceOf(series), new Set([series]))
    return series
  }

  /** Forgets series whose last second is gone; at most once a second, because a full table is asked again for every new route. */
  function sweep(): void {
    const now = clock.now()
    if (now - sweptAt < 1000) return
    sweptAt = now
    expire()
    const oldest = floor(coveredFrom())
    for (const series of byKey.values()) {
      if (series.lastSecond >= oldest) continue
      byKey.delete(series.key)
      const others = byService.get(serviceOf(series))
      others?.delete(series)
      if (others?.size === 0) byService.delete(serviceOf(series))
      freeIds.push(series.id)
    }
  }

  function drop(at: number, second: Second): void {
    bytes -= second.bytes
    seconds.delete(at)
  }

  function expire(): void {
    const oldest = floor(coveredFrom())
    for (const [at, second] of seconds) if (at < oldest) drop(at, second)
    if (bytes <= maxBytes) return
    for (const at of [...seconds.keys()].sort((a, b) => a - b)) {
      if (bytes <= maxBytes || at === newest) break
      drop(at, seconds.get(at)!)
      droppedBefore = at + 1000
    }
  }

  function pack(): void {
    for (const [at, second] of seconds) {
      if (second.open.size === 0 || at > newest - OPEN_SECONDS * 1000) continue
      const packed = packSecond(second.open)
      second.open.clear()
      second.packed.push(packed)
      second.bytes += packed.size
      bytes += packed.size
    }
  }

  function add(second: Second, series: Series, at: number, bucket: LiveBucket): void {
    let open = second.open.get(series.id)
    if (!open) {
      open = emptyBucket({ ...series, second: at })
      second.open.set(series.id, open)
    }
    addBucket(open, bucket)
    series.lastSecond = Math.max(series.lastSecond, at)
  }

  function notify(): void {
    if (scheduled || listeners.size === 0) return
    scheduled = true
    void clock.sleep(Math.max(0, notifiedAt + 1000 - clock.now())).then(() => {
      scheduled = false
      notifiedAt = clock.now()
      const list = [...changed].sort((a, b) => a - b)
      changed.clear()
      for (const listener of [...listeners]) listener(list)
    })
  }

  const isWhole = ({ route, namespace, service, arm }: RouteSelector) =>
    route === undefined && namespace === undefined && service === undefined && arm === undefined

  function idsOf(select: RouteSelector): Set<number> {
    const all = byKey.get(keyOf(select.cluster, WHOLE))
    return isWhole(select) ? new Set(all ? [all.id] : []) : matching(select)
  }

  function matching(select: RouteSelector): Set<number> {
    const ids = new Set<number>()
    const { cluster, namespace, service } = select
    const some = namespace === undefined || service === undefined ? byKey.values() : (byService.get(serviceOf({ cluster, namespace, service })) ?? [])
    for (const series of some) {
      if (series.route === WHOLE || series.cluster !== select.cluster) continue
      if (select.route !== undefined && series.route !== select.route) continue
      if (select.namespace !== undefined && series.namespace !== select.namespace) continue
      if (select.service !== undefined && series.service !== select.service) continue
      if (select.arm !== undefined && series.arm !== select.arm) continue
      ids.add(series.id)
    }
    return ids
  }

  function heard(cluster: string, name: string, now: number): void {
    const key = `${cluster}\u0000${name}`
    const known = senders.get(key)
    senders.delete(key)
    for (const oldest of senders.keys()) {
      if (senders.size < MOST_SENDERS) break
      senders.delete(oldest)
    }
    const back = known === undefined || now - known.at > keepMs
    senders.set(key, { cluster, at: now, pause: back ? OVERDUE_MS : known.pause + (now - known.at - known.pause) / 4 })
  }

  function sendersOf(cluster: string, now: number): { senders: number; silent: number } {
    let count = 0
    let silent = 0
    for (const sender of senders.values()) {
      if (sender.cluster !== cluster || now - sender.at > keepMs) continue
      count++
      if (now - sender.at > Math.max(OVERDUE_MS, OVERDUE_PAUSES * sender.pause)) silent++
    }
    return { senders: count, silent }
  }

  return {
    publish(buckets, sender) {
      const now = clock.now()
      if (sender !== undefined && buckets[0] !== undefined) heard(buckets[0].cluster, sender, now)
      for (const bucket of buckets) {
        const at = Math.min(floor(bucket.second), floor(now))
        if (at + 1000 <= coveredFrom() || bucket.requests === 0) continue
        newestArrival.set(bucket.cluster, now)
        let second = seconds.get(at)
        if (!second) {
          second = { open: new Map(), packed: [], bytes: 0 }
          seconds.set(at, second)
          if (at > newest) {
            newest = at
            pack()
            expire()
          }
        }
        let series = intern(bucket.cluster, bucket.route || OTHER_ROUTE, bucket.namespace, bucket.service, bucket.arm, false)
        if (!series) {
          series = intern(bucket.cluster, OTHER_ROUTE, '', '', '', true)
          overflowed += bucket.requests
        }
        add(second, series!, at, bucket)
        add(second, intern(bucket.cluster, WHOLE, '', '', '', true)!, at, bucket)
        if (listeners.size > 0) changed.add(at)
      }
      if (changed.size > 0) notify()
    },

    window(select, from, to) {
      const now = clock.now()
      const whole = isWhole(select)
      const ids = idsOf(select)
      const label = {
        cluster: select.cluster,
        route: select.route ?? '',
        namespace: select.namespace ?? '',
        service: select.service ?? '',
        arm: select.arm ?? '',
      }
      const total = emptyBucket({ ...label, second: floor(from) })
      const perSecond: LiveBucket[] = []
      const since = coveredFrom()
      for (let at = Math.max(floor(from), floor(since)); at < to && at <= now; at += 1000) {
        const merged = emptyBucket({ ...label, second: at })
        const second = seconds.get(at)
        if (second) {
          for (const packed of second.packed) unpackInto(packed, ids, merged)
          for (const id of ids) {
            const open = second.open.get(id)
            if (open) addBucket(merged, open)
          }
        }
        perSecond.push(merged)
        addBucket(total, merged)
      }
      const arrival = newestArrival.get(select.cluster)
      const covered = Math.max(0, Math.min(to, now) - Math.max(from, since)) / (to - from)
      return {
        total,
        perSecond,
        ...sendersOf(select.cluster, now),
        ...(arrival === undefined ? {} : { freshnessMs: Math.max(0, now - arrival) }),
        completeness: hidden(select, whole, ids, from) ? 0 : covered,
      }
    },

    requests(select, from, to) {
      const ids = idsOf(select)
      const counts: number[] = []
      const since = floor(coveredFrom())
      const unknown = hidden(select, isWhole(select), ids, from)
      for (let at = floor(from); at < to; at += 1000) {
        const second = seconds.get(at)
        let count = unknown || at < since || at > clock.now() ? Number.NaN : 0
        if (second) {
          for (const packed of second.packed) count += requestsOf(packed, ids)
          for (const id of ids) count += second.open.get(id)?.requests ?? 0
        }
        counts.push(count)
      }
      return counts
    },

    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) changed.clear()
      }
    },

    use: () => ({ series: byKey.size, seconds: seconds.size, bytes, overflowed }),
  }

  /** Could requests of the asked traffic have been counted under `{other}`? Then nothing is known about it. */
  function hidden(select: RouteSelector, whole: boolean, ids: Set<number>, from: number): boolean {
    if (whole || select.route === OTHER_ROUTE || (select.route !== undefined && ids.size > 0)) return false
    const other = byKey.get(keyOf(select.cluster, OTHER_ROUTE))
    return other !== undefined && other.lastSecond >= floor(from)
  }
}
