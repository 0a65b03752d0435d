/** Requests of one entry as the planner reads them: by the second for a quarter of an hour, by the minute for a day. */
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { Requests } from './planner/growth.ts'

const SECONDS = 1_200
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

/** `sum` of several services' requests per second. */
export function createTrafficHistory(
  live: Pick<LiveStream, 'window'>,
  cluster: string,
  selects: readonly { namespace: string; service: string }[],
): (now: number) => Traffic {
  const bySecond = new Float64Array(SECONDS + 1)
  const byMinute = new Float64Array(MINUTES + 1)
  /** Begin and end of what is held, ms since the epoch. */
  let begin = 0
  let end = 0
  let sum = 0
  let silentAt = Number.NEGATIVE_INFINITY
  const at = (second: number): number => {
    if (second <= 0) return 0
    const held = (end - begin) / 1_000
    if (second >= held) return sum
    if (second >= held - SECONDS) return bySecond[second % (SECONDS + 1)]!
    const minute = Math.floor(second / 60)
    if (minute < Math.floor(held / 60) - MINUTES + 1) return byMinute[(Math.floor(held / 60) + 2) % (MINUTES + 1)]!
    const low = byMinute[minute % (MINUTES + 1)]!
    const high = byMinute[(minute + 1) % (MINUTES + 1)]!
    return low + ((high - low) * (second % 60)) / 60
  }
  return (now) => {
    const { freshnessMs, silent } = live.window({ cluster }, now - 1_000, now)
    if (silent > 0) silentAt = now
    if (freshnessMs === undefined) return { known: false, why: 'no request of the ingress was seen yet' }
    if (freshnessMs > STALE_MS) return { known: false, why: `the last request of the ingress was seen ${Math.round(freshnessMs / 1_000)} s ago` }
    const until = Math.floor((now - freshnessMs) / 1_000) * 1_000
    if (end === 0 || until - end > CATCH_UP * 1_000 || until < end - 1_000) {
      begin = Math.max(0, until - CATCH_UP * 1_000)
      // Only what the stream covers: before it, nothing is known.
      const covered = live.window({ cluster }, begin, until).completeness
      begin = until - Math.floor((until - begin) * covered * 0.001) * 1_000
      end = begin
      sum = 0
    }
    if (until > end) {
      const windows = selects.map((select) => live.window({ cluster, ...select }, end, until))
      const held = (end - begin) / 1_000
      const usual = held < BEFORE ? 0 : (at(held) - at(held - BEFORE)) / BEFORE
      // Seconds in which a sender is overdue, or more of them than batches explain, are not known: at least what was before.
      const unknown = silent > 0 || (end > begin && until - end > GAP_MS)
      if (unknown) silentAt = now
      for (let second = end; second < until; second += 1_000) {
        const i = (second - end) / 1_000
        const seen = windows.reduce((total, { perSecond }) => total + (perSecond[i]?.requests ?? 0), 0)
        if (!Number.isFinite(seen)) silentAt = now
        sum += Number.isFinite(seen) ? Math.max(seen, unknown ? usual : 0) : usual
        const held = (second - begin) / 1_000 + 1
        bySecond[held % (SECONDS + 1)] = sum
        if (held % 60 === 0) byMinute[(held / 60) % (MINUTES + 1)] = sum
      }
      end = until
    }
    const partial = now < silentAt + SETTLE_MS
    if (end === begin) return { known: false, why: 'the traffic is seen since a moment only' }
    return { known: true, now: (end - begin) / 1_000, requests: (from, to) => at(Math.round(to)) - at(Math.round(from)), partial }
  }
}
