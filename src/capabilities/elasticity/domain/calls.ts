/** How many calls a service gets for each request of each entry: non-negative least squares on what was counted, forgetting slowly (Lawson and Hanson, Solving Least Squares Problems, ch. 23; here by coordinate descent). */

export interface Calls {
  /** Calls for one request of each entry. */
  perRequest: readonly number[]
  /** From 0 to 1: how well they explain what was counted. 0.7 is an error of 15 %. */
  confidence: number
}

/** As certain at least to be used. */
export const CONFIDENT = 0.7
/** Looks after which as much weight as this share of it is left. */
const KEEP = 0.998
/** Looks that are needed for full confidence. */
const ENOUGH = 30

/** `learn` takes rates of the entries and of the service at one time. */
export function createCalls(entries: number): { learn(rates: readonly number[], calls: number): void; read(): Calls } {
  const square = new Float64Array(entries * entries)
  const product = new Float64Array(entries)
  const found = new Float64Array(entries)
  let total = 0
  let looks = 0
  return {
    learn(rates, calls) {
      if (![...rates, calls].every((one) => Number.isFinite(one) && one >= 0)) return
      if (rates.every((one) => one === 0)) return
      for (let i = 0; i < entries; i++) {
        for (let j = 0; j < entries; j++) square[i * entries + j] = KEEP * square[i * entries + j]! + rates[i]! * rates[j]!
        product[i] = KEEP * product[i]! + rates[i]! * calls
      }
      total = KEEP * total + calls * calls
      looks++
      for (let round = 0; round < 20; round++)
        for (let i = 0; i < entries; i++) {
          const own = square[i * entries + i]!
          if (own === 0) continue
          let rest = product[i]!
          for (let j = 0; j < entries; j++) if (j !== i) rest -= square[i * entries + j]! * found[j]!
          found[i] = Math.max(0, rest / own)
        }
    },
    read() {
      let left = total
      for (let i = 0; i < entries; i++) {
        left -= 2 * found[i]! * product[i]!
        for (let j = 0; j < entries; j++) left += found[i]! * found[j]! * square[i * entries + j]!
      }
      const error = total === 0 ? 1 : Math.sqrt(Math.max(0, left) / total)
      return { perRequest: [...found], confidence: Math.max(0, 1 - 2 * error) * Math.min(1, looks / ENOUGH) }
    },
  }
}
