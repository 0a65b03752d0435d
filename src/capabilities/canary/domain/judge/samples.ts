/**
 * A metric of both arms, sampled at the same times: is the canary worse than its budget, or proven to stay within its margin? Nothing is assumed of the values but that
 * samples so far apart are about independent: what is counted is at how many times the canary was beyond the limit. Under the null hypothesis that is at most every
 * second time; the e-process bets against that (Howard, Ramdas 2022: sign tests; Waudby-Smith, Ramdas 2023: betting), so it may be looked at after each sample.
 */
import type { Estimate } from './intervals.ts'

/** Values at one time; null: there was none. */
export interface Sample {
  at: number
  stable: number | null
  canary: number | null
}
export interface SampleLimit {
  times: number
  plus: number
}
export interface SampleConfig {
  better: 'lower' | 'higher'
  budget: SampleLimit
  margin: SampleLimit
}
export interface SampleFinding {
  /** Natural logarithms of the evidence. */
  harm: number
  kept: number
  /** Times at which both arms had a value, and at which one had none. */
  pairs: number
  missing: number
  /** Medians. */
  stable: Estimate | null
  canary: Estimate | null
}

/** Stakes of which the evidence is the mean. */
const STAKES = [0.3, 0.6, 0.9]

/** Is the canary worse than stable by more than the limit? */
export function beyondLimit(stable: number, canary: number, better: SampleConfig['better'], { times, plus }: SampleLimit): boolean {
  const worse = better === 'lower' ? canary - stable : stable - canary
  return worse > Math.max(Math.abs(stable) * (times - 1), plus)
}

export function judgeSamples(samples: readonly Sample[], { better, budget, margin }: SampleConfig): SampleFinding {
  const harm = STAKES.map(() => 0)
  const kept = STAKES.map(() => 0)
  const values = { stable: [] as number[], canary: [] as number[] }
  for (const { stable, canary } of samples) {
    if (stable === null || canary === null) continue
    values.stable.push(stable)
    values.canary.push(canary)
    const exceeds = beyondLimit(stable, canary, better, budget)
    const keeps = !beyondLimit(stable, canary, better, margin)
    STAKES.forEach((stake, i) => {
      harm[i]! += Math.log(exceeds ? 1 + stake : 1 - stake)
      kept[i]! += Math.log(keeps ? 1 + stake : 1 - stake)
    })
  }
  return {
    harm: mean(harm),
    kept: mean(kept),
    pairs: values.stable.length,
    missing: samples.length - values.stable.length,
    stable: medianOf(values.stable),
    canary: medianOf(values.canary),
  }
}

/** Logarithm of the mean of what has these logarithms. */
function mean(logs: readonly number[]): number {
  const top = Math.max(...logs)
  return top + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - top), 0) / logs.length)
}

/** With the ranks between which it lies with 95 %. */
function medianOf(values: number[]): Estimate | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const half = 0.98 * Math.sqrt(sorted.length)
  const [low, high] = [sorted[Math.floor(sorted.length / 2 - half)], sorted[Math.ceil(sorted.length / 2 + half)]]
  return { value: sorted[sorted.length >> 1]!, ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }), n: sorted.length }
}
