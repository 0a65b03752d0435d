/** Requests of one entry as the planner reads them: by the second for a quarter of an hour, by the minute for a day. */
import type { LiveStream, LiveWindow } from '#core/shapes/ports/live-stream.ts'
import type { Requests } from './planner/growth.ts'
import { say } from './words.ts'

const SECONDS = 1_020
const MINUTES = 1_500
/** As old as the newest arrival may be, ms. */
const STALE_MS = 15_000
/** A pause of all senders together that batches do not explain, ms. */
const GAP_MS = 6_000
/** After a sender was silent, what is summed up may still lack what it saw, ms. */
const SETTLE_MS = 60_000
/** Seconds whose mean stands for those that are not known. */
const BEFORE = 30
/** So much is read at most to catch up, seconds; the stream keeps 15 minutes. */
const CATCH_UP = 880

export type Traffic =
  | { known: false; why: string }
  | { known: true /** Seconds since the history began. */; now: number; requests: Requests /** Some senders are silent: at least so many. */; partial: boolean }

/** How a cluster's senders are now, asked once for all who ask at about the same time. */
export type Heard = (now: number) => Pick<LiveWindow, 'freshnessMs' | 'silent'>

/** As long as an answer about the senders stands for later ones, ms. */
const SAME_MS = 100

export function createHeard(live: Pick<LiveStream, 'window'>, cluster: string): Heard {
  let known: { at: number; freshnessMs?: number; silent: number } | undefined
  return (now) => {
    if (known === undefined || now < known.at || now >= known.at + SAME_MS) {
      const { freshnessMs, silent } = live.window({ cluster }, now - 1_000, now)
      known = { at: now, silent, ...(freshnessMs === undefined ? {} : { freshnessMs }) }
    }
    const { at, freshnessMs, silent } = known
    return { silent, ...(freshnessMs === undefined ? {} : { freshnessMs: freshnessMs + now - at }) }
  }
}

/** Of several services, added up. */
export function createTrafficHistory(
  live: Pick<LiveStream, 'window' | 'requests'>,
  cluster: string,
  selects: readonly { namespace: string; service: string }[],
  heard: Heard = createHeard(live, cluster),
): (now: number) => Traffic {
  // Counts, not sums: they fit in few bytes, and adding some hundreds of them up costs less than the memory that sums take.
  const bySecond = new Float32Array(SECONDS)
  /** Square roots, so that a thousandth of a large number is right as well. */
  const byMinute = new Float16Array(MINUTES)
  /** Begin and end of what is held, ms since the epoch. */
  let begin = 0
  let end = 0
  let minute = 0
  let silentAt = Number.NEGATIVE_INFINITY
  /** In seconds of the history; what is older than a quarter of an hour evenly within its minutes. */
  const requests: Requests = (from, to) => {
    const held = (end - begin) / 1_000
    const low = Math.max(0, Math.round(from))
    const high = Math.min(held, Math.round(to))
    let sum = 0
    if (low >= held - SECONDS) {
      for (let second = low; second < high; second++) sum += bySecond[second % SECONDS]!
      return sum
    }
    const edge = Math.max(0, Math.floor(held / 60) * 60 - SECONDS + 60)
    if (high > edge && low < edge) return requests(low, edge) + requests(edge, high)
    for (let i = Math.max(Math.floor(low / 60), Math.floor(held / 60) - MINUTES); i * 60 < high; i++)
      sum += (byMinute[i % MINUTES]! ** 2 * (Math.min(high, i * 60 + 60) - Math.max(low, i * 60))) / 60
    return sum
  }
  return (now) => {
    const { freshnessMs, silent } = heard(now)
    if (silent > 0) silentAt = now
    if (freshnessMs === undefined) return { known: false, why: say('neverSeen') }
    if (freshnessMs > STALE_MS) return { known: false, why: say('seenAgo', { seconds: Math.round(freshnessMs / 1_000) }) }
    const until = Math.floor((now - freshnessMs) / 1_000) * 1_000
    if (end === 0 || until - end > CATCH_UP * 1_000 || until < end - 1_000) {
      begin = Math.max(0, until - CATCH_UP * 1_000)
      // Only what the stream covers: before it, nothing is known.
      const covered = live.window({ cluster }, begin, until).completeness
      begin = until - Math.floor((until - begin) * covered * 0.001) * 1_000
      end = begin
      minute = 0
    }
    if (until > end) {
      const counts = selects.map((select) => live.requests({ cluster, ...select }, end, until))
      const held = (end - begin) / 1_000
      const usual = held < BEFORE ? 0 : requests(held - BEFORE, held) / BEFORE
      // Seconds in which a sender is overdue, or more of them than batches explain, are not known: at least what was before.
      const unknown = silent > 0 || (end > begin && until - end > GAP_MS)
      if (unknown) silentAt = now
      for (let second = end; second < until; second += 1_000) {
        const i = (second - end) / 1_000
        const seen = counts.reduce((total, one) => total + (one[i] ?? Number.NaN), 0)
        if (!Number.isFinite(seen)) silentAt = now
        const count = Number.isFinite(seen) ? Math.max(seen, unknown ? usual : 0) : usual
        const held = (second - begin) / 1_000
        bySecond[held % SECONDS] = count
        minute += count
        if (held % 60 !== 59) continue
        byMinute[Math.floor(held / 60) % MINUTES] = Math.sqrt(minute)
        minute = 0
      }
      end = until
    }
    const partial = now < silentAt + SETTLE_MS
    if (end === begin) return { known: false, why: say('seenJustNow') }
    return { known: true, now: (end - begin) / 1_000, requests, partial }
  }
}
