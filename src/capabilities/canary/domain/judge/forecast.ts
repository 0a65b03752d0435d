/** How many more requests a promotion needs, if the canary is as good as stable; told before the start and whenever there is not enough evidence yet. */
import { growthBelow } from './e-process.ts'
import type { JudgeConfig, Measure } from './limits.ts'

/** What is known of one measure. */
export interface Prospect {
  /** Events per request of stable. */
  rate: number
  /** Stable requests for each one of the canary. */
  stablePerCanary: number
  /** Variance in multiples of chance alone. */
  variance: number
  /** Canary events per request where the margin allows it to be slower, against stable's. */
  equal: number
  /** Natural logarithm of the evidence so far. */
  evidence: number
}

/** What a mixture of alternatives costs against the right one alone. */
const MIXTURE = Math.log(2)

/** Canary requests until the margin of `measure` is expected to be proven kept; Infinity when this traffic can never prove it. */
export function requestsToKeep(config: JudgeConfig, measure: Measure, { rate, stablePerCanary, variance, equal, evidence }: Prospect): number {
  const { margin } = config.measures[measure]
  const missing = Math.log(1 / config.falsePromotion) + MIXTURE - evidence
  if (missing <= 0) return 0
  const byDifference = margin.plus > rate * (margin.times - 1)
  const growth = byDifference ? rate * Math.log(rate / (rate + margin.plus)) + margin.plus : rate * growthBelow(margin.times, equal, stablePerCanary)
  return growth > 0 ? (missing * variance) / growth : Number.POSITIVE_INFINITY
}
