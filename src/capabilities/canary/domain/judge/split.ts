/** Does the canary get the share of the traffic that was asked for? If not, the arms are not what they are taken for, and nothing is judged. */

/** Chance of calling a right split wrong, over the whole run. */
const FALSE_ALARM = 0.001

export interface Split {
  readonly asked: number
  readonly shares: readonly number[]
  readonly sums: Float64Array
  canary: number
  stable: number
  /** Of the blocks, around the share realized so far: sessions that stick to an arm make it vary more than draws per request. */
  squares: number
  variance: number
  blocks: number
}

export const createSplit = (asked: number): Split => {
  // Alternatives by odds, so that they stay below 1.
  const odds = asked / (1 - asked)
  const shares = [0.1, 0.4, 0.6, 0.75, 0.88, 1.13, 1.33, 1.7, 2.5, 10].map((factor) => (odds * factor) / (1 + odds * factor))
  return { asked, shares, sums: new Float64Array(shares.length), canary: 0, stable: 0, squares: 0, variance: 0, blocks: 0 }
}

export function observeSplit(split: Split, canary: number, stable: number): void {
  const requests = canary + stable
  if (requests === 0) return
  const { asked, shares, sums } = split
  for (let i = 0; i < shares.length; i++) sums[i]! += canary * Math.log(shares[i]! / asked) + stable * Math.log((1 - shares[i]!) / (1 - asked))
  split.canary += canary
  split.stable += stable
  const share = split.canary / (split.canary + split.stable)
  split.squares += (canary - requests * share) ** 2
  split.variance += requests * share * (1 - share)
  split.blocks++
}

export function splitLeaks(split: Split): boolean {
  const { sums, squares, variance, blocks } = split
  const noise = variance === 0 ? 1 : Math.max(1, (3 + blocks * (squares / variance)) / (3 + blocks))
  let evidence = 0
  for (const sum of sums) evidence += Math.exp(Math.min(700, sum / noise)) / sums.length
  return evidence >= 1 / FALSE_ALARM
}
