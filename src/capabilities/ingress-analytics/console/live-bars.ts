import type { LiveTick, RequestRow } from '../domain/api.ts'

const WINDOW = 60

export interface LiveBars {
  /** Start of each of the last 60 seconds, ms. */
  ts: number[]
  ok: (number | null)[]
  c4xx: (number | null)[]
  c5xx: (number | null)[]
  p99: (number | null)[]
  /** Highest count in one second. */
  peak: number
}

/**
 * The last 60 whole seconds, oldest first. A second without an entry is 0 where the stream covers it, and a gap where it does not
 * (before the first arrival, or before the server started).
 */
export function liveBars(tick: LiveTick): LiveBars {
  const last = Math.floor(tick.now / 1000) * 1000 - 1000
  const covered = Math.round(tick.completeness * WINDOW)
  const known = new Map(tick.seconds.map((s) => [s.second, s]))
  const bars: LiveBars = { ts: [], ok: [], c4xx: [], c5xx: [], p99: [], peak: 0 }
  for (let i = WINDOW - 1; i >= 0; i--) {
    const second = last - i * 1000
    const found = known.get(second)
    const blank = tick.freshnessMs === null || i >= covered ? null : 0
    bars.ts.push(second)
    bars.ok.push(found ? found.requests - found.c4xx - found.c5xx : blank)
    bars.c4xx.push(found ? found.c4xx : blank)
    bars.c5xx.push(found ? found.c5xx : blank)
    bars.p99.push(found ? found.p99 : null)
    bars.peak = Math.max(bars.peak, found?.requests ?? 0)
  }
  return bars
}

/** A view older than this is shown greyed with its age. */
export const STALE_MS = 5_000

/** How the live view stands. `quiet`: connected, but the newest line is old. */
export function liveState(tick: LiveTick | undefined, sinceTick: number): 'waiting' | 'fresh' | 'quiet' | 'stale' {
  if (!tick) return 'waiting'
  if (sinceTick > STALE_MS) return 'stale'
  return tick.freshnessMs === null || tick.freshnessMs + sinceTick > STALE_MS ? 'quiet' : 'fresh'
}

const KEPT = 50

/** A tick brings the lines that came since the last one, newest first: they go before those that are shown. */
export const withLatest = (shown: readonly RequestRow[], latest: readonly RequestRow[]): readonly RequestRow[] =>
  latest.length === 0 ? shown : [...latest, ...shown].slice(0, KEPT)
