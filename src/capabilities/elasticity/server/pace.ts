/** API writes of one cluster: never more than so many in any second. The most urgent growth goes first, then other scaling, then what only tells. */
export interface Pace {
  /** Room for a scale that cannot wait: granted when nothing more urgent waits. Who is refused asks again within two seconds, or is forgotten. `urgency`: the greater, the sooner. */
  grow(now: number, who: string, urgency: number): boolean
  /** Room for a write that can wait, when there is and `spare` more is left to others; `now` in ms. */
  take(now: number, spare: number): boolean
}

export const WRITES_PER_SECOND = 20
const SECOND = 1_000
const FORGOTTEN_MS = 2_000
/** Who waits is ranked again after so long, ms. */
const RANK_MS = 250

/** By construction: a write is allowed when the one `perSecond` writes before it is a second ago. */
export function createPace(perSecond = WRITES_PER_SECOND): Pace {
  const times = new Float64Array(perSecond).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  const waiting = new Map<string, { urgency: number; at: number }>()
  let least = Number.NEGATIVE_INFINITY
  let rankedAt = Number.NEGATIVE_INFINITY
  const room = (now: number) => times.reduce((free, at) => free + (at <= now - SECOND || at > now ? 1 : 0), 0)
  const use = (now: number) => {
    times[next] = now
    next = (next + 1) % perSecond
  }
  const rank = (now: number) => {
    rankedAt = now
    for (const [who, { at }] of waiting) if (at < now - FORGOTTEN_MS || at > now) waiting.delete(who)
    const urgencies = Float64Array.from([...waiting.values()], ({ urgency }) => urgency).sort()
    least = urgencies.length <= perSecond ? Number.NEGATIVE_INFINITY : urgencies[urgencies.length - perSecond]!
  }
  return {
    grow(now, who, urgency) {
      waiting.set(who, { urgency, at: now })
      if (now >= rankedAt + RANK_MS || now < rankedAt) rank(now)
      if (urgency < least || room(now) === 0) return false
      waiting.delete(who)
      use(now)
      return true
    },
    take(now, spare) {
      if (room(now) <= spare) return false
      use(now)
      return true
    },
  }
}
