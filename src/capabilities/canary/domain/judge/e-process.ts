/**
 * Is the canary's rate of an event above a limit (or below it)? An e-process: under the null hypothesis its expectation stays ≤ 1 at every time, so it exceeds
 * 1/alpha at *any* time with a chance of at most alpha (Ville's inequality; Howard, Ramdas, McAuliffe, Sekhon 2021; Lindon, Sanden, Shirikian 2022).
 * Given how many events a block had in both arms, the canary's share of them is binomial with a known chance: shocks that both arms share cancel.
 * The mixture over alternatives spares us from guessing how large the harm is.
 */
export interface EProcess {
  /** Ratio of rates under the null hypothesis, and those of the mixture. */
  readonly nullRatio: number
  readonly ratios: readonly number[]
  /** Sums over blocks of the logarithm of the likelihood ratio, one per alternative. */
  readonly sums: Float64Array
}

/** Harm: the null hypothesis is a ratio of at most `ratio`. */
export const processAbove = (ratio: number): EProcess =>
  create(
    ratio,
    [1.1, 1.5, 2.7, 8].map((factor) => ratio * factor),
  )

/** No harm: the null hypothesis is a ratio of at least `ratio`. Its alternatives are an equal canary (`equal`: the ratio that one would have) and one half-way to the null hypothesis. */
export const processBelow = (ratio: number, equal: number): EProcess => create(ratio, belowRatios(ratio, equal))
export const belowRatios = (ratio: number, equal: number): readonly number[] => [equal, Math.sqrt(ratio * equal)]

const create = (nullRatio: number, ratios: readonly number[]): EProcess => ({ nullRatio, ratios, sums: new Float64Array(ratios.length) })

/** One block: events and requests of each arm. */
export function observe(process: EProcess, canaryEvents: number, canaryRequests: number, stableEvents: number, stableRequests: number): void {
  if (canaryRequests === 0 || stableRequests === 0 || canaryEvents + stableEvents === 0) return
  const { nullRatio, ratios, sums } = process
  const nullCanary = (nullRatio * canaryRequests) / (nullRatio * canaryRequests + stableRequests)
  for (let i = 0; i < sums.length; i++) {
    const canary = (ratios[i]! * canaryRequests) / (ratios[i]! * canaryRequests + stableRequests)
    sums[i]! += canaryEvents * Math.log(canary / nullCanary) + stableEvents * Math.log((1 - canary) / (1 - nullCanary))
  }
}

/** Natural logarithm of the evidence against the null hypothesis; `variance`: of the counts, in multiples of the binomial's. */
export function logEvidence({ sums }: EProcess, variance: number): number {
  let top = Number.NEGATIVE_INFINITY
  for (const sum of sums) if (sum > top) top = sum
  let total = 0
  for (const sum of sums) total += Math.exp((sum - top) / variance)
  return top / variance + Math.log(total / sums.length)
}

/**
 * Expected growth of the evidence that a ratio is below `nullRatio`, of the alternative `bet`, per canary request and in units of stable's rate, when the ratio
 * really is `truth`.
 */
export function growthOfBet(nullRatio: number, bet: number, truth: number, stablePerCanary: number): number {
  const canary = bet / (bet + stablePerCanary)
  const nullCanary = nullRatio / (nullRatio + stablePerCanary)
  return truth * Math.log(canary / nullCanary) + stablePerCanary * Math.log((1 - canary) / (1 - nullCanary))
}
