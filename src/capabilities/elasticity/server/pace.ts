/** API writes of one cluster: what is urgent goes at once and counts, what can wait goes when there is room. */
export interface Pace {
  /** Counts a write that is made in any case. */
  spend(now: number): void
  /** Takes room for so many writes, when there is and so much more is left to others; `now` in ms. */
  take(now: number, writes: number, spare?: number): boolean
}

/** At most `perSecond` + `atOnce` writes that can wait in any second. */
export function createPace(perSecond = 10, atOnce = 10): Pace {
  let room = atOnce
  let at = 0
  const fill = (now: number) => {
    room = Math.min(atOnce, room + (Math.max(0, now - at) / 1_000) * perSecond)
    at = now
  }
  return {
    spend(now) {
      fill(now)
      // A great surge must not silence everything for minutes.
      room = Math.max(-2 * perSecond, room - 1)
    },
    take(now, writes, spare = 0) {
      fill(now)
      if (room < writes + spare) return false
      room -= writes
      return true
    },
  }
}
