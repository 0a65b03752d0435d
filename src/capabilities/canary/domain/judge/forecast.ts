/** How many more requests a promotion needs, if the canary is as good as stable; told before the start and whenever there is not enough evidence yet. */
import { belowRatios, growthOfBet } from './e-process.ts'
import { equalRatio, type JudgeConfig, type Measure } from './limits.ts'

/** What is known of one measure. */
export interface Prospect {
  /** Events per request of stable. */
  rate: number
  /** Stable requests for each one of the canary. */
  stablePerCanary: number
  /** Variance in multiples of chance alone. */
  variance: number
  /** Canary events against stable's that an equal canary has: below 1 where the margin allows it to be slower. */
  ratio: number
}

/** What a mixture of alternatives costs against the right one alone. */
export const MIXTURE = Math.log(2)

/** How much evidence that the margin of `measure` is kept each canary request is expected to add, if the canary equals stable. */
export function growthPerRequest(config: JudgeConfig, measure: Measure, { rate, stablePerCanary, variance, ratio }: Prospect): number {
  const { margin } = config.measures[measure]
  const byDifference = margin.plus > rate * (margin.times - 1)
  const growth = byDifference
    ? rate * Math.log(rate / (rate + margin.plus)) + margin.plus
    : rate * Math.max(...belowRatios(margin.times, equalRatio(measure, margin)).map((bet) => growthOfBet(margin.times, bet, ratio, stablePerCanary)))
  return growth / variance
}

/** Canary requests until the margin of `measure` is expected to be proven kept; Infinity when this traffic can never prove it. */
export function requestsToKeep(config: JudgeConfig, measure: Measure, prospect: Prospect, evidence: number): number {
  const missing = Math.log(1 / config.falsePromotion) + MIXTURE - evidence
  if (missing <= 0) return 0
  const growth = growthPerRequest(config, measure, prospect)
  return growth > 0 ? missing / growth : Number.POSITIVE_INFINITY
}
