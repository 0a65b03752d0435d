/**
 * What a ready pod answers well, learned from what it was seen to answer: the highest load at which the objective was met again and again, and below the lowest
 * at which it was not. It never says more than was shown, so that nothing is tried out on users.
 */

export interface SafeLoad {
  /** Requests per second of one pod. */
  load: number
  /** From 0 to 1: how often about this load was seen. */
  confidence: number
}

/** As certain at least to be used. */
export const CONFIDENT_LOAD = 0.7
/** Loads that differ by less are one. */
const STEP = Math.log(1.1)
const BINS = 160
const LEAST = 0.01
/** Looks after which as much weight as this share of it is left: half of it after about two days of looks each ten seconds. */
const KEEP = 0.99996
/** Looks at or above a load that show it. */
const SHOWN = 12
const ENOUGH = 30
/** A load fails when this share of the looks at about it did not meet the objective, and it were so many. */
const BAD_SHARE = 0.1
const BAD_LOOKS = 3
/** Below a load that failed, this much is left. */
const BELOW = 0.9

const binOf = (load: number) => Math.max(0, Math.min(BINS - 1, Math.floor(Math.log(load / LEAST) / STEP)))
const loadOf = (bin: number) => LEAST * Math.exp((bin + 0.5) * STEP)

export function createSafeLoad(known?: SafeLoad) {
  const good = new Float32Array(BINS)
  const bad = new Float32Array(BINS)
  /** Sums of loads, so that what is said is what was seen and not the middle of a bin. */
  const sums = new Float32Array(BINS)
  const add = (load: number, looks: number) => {
    good[binOf(load)]! += looks
    sums[binOf(load)]! += looks * load
  }
  if (known && known.confidence > 0) add(known.load, known.confidence * ENOUGH)
  return {
    /** A look: requests per second of one ready pod, and whether the objective was met. */
    learn(load: number, met: boolean): void {
      if (!Number.isFinite(load) || load < LEAST) return
      for (let i = 0; i < BINS; i++) {
        good[i]! *= KEEP
        bad[i]! *= KEEP
        sums[i]! *= KEEP
      }
      if (met) add(load, 1)
      else bad[binOf(load)]!++
    },
    /** Undefined: nothing was shown yet. */
    read(): SafeLoad | undefined {
      let failed = BINS
      for (let i = 0; i < BINS && failed === BINS; i++) if (bad[i]! >= BAD_LOOKS && bad[i]! > BAD_SHARE * (bad[i]! + good[i]!)) failed = i
      let looks = 0
      for (let i = failed - 1; i >= 0; i--) {
        looks += good[i]!
        if (looks < SHOWN) continue
        const seen = good[i]! > 0 ? sums[i]! / good[i]! : loadOf(i)
        const load = failed < BINS ? Math.min(seen, BELOW * loadOf(failed)) : seen
        for (let j = i - 1; j >= Math.max(0, i - 2); j--) looks += good[j]!
        return { load, confidence: Math.min(1, looks / ENOUGH) }
      }
      return undefined
    },
  }
}
