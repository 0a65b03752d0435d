/** Compensated sums of numbers after Kahan and Neumaier. */

/** What rounding took when `add` went onto `sum` and gave `total`. */
export const lost = (sum: number, add: number, total: number): number =>
  total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY ? 0 : Math.abs(sum) >= Math.abs(add) ? sum - total + add : add - total + sum
const infinite = (v: number): boolean => v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY

export function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  let c = 0
  for (let i = from; i < to; i++) {
    const t = sum + values[i]!
    c = infinite(t) ? 0 : c + lost(sum, values[i]!, t)
    sum = t
  }
  return infinite(sum) ? sum : sum + c
}

/** The mean of the sum, or weighted step by step once the sum overflows. */
export function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = values[from]!
  let mean = 0
  let c = 0
  let incremental = false
  for (let i = from + 1; i < to; i++) {
    const count = i - from + 1
    const v = values[i]!
    if (!incremental) {
      const t = sum + v
      if (!infinite(t)) {
        c += lost(sum, v, t)
        sum = t
        continue
      }
      incremental = true
      mean = sum / (count - 1)
      c /= count - 1
    }
    const q = (count - 1) / count
    const scaled = q * mean
    const t = scaled + v / count
    c = infinite(t) ? 0 : q * c + lost(scaled, v / count, t)
    mean = t
  }
  const n = to - from
  return incremental ? mean + c : sum / n + c / n
}

/** Population variance after Welford. */
export function varianceOf(values: Float64Array, from: number, to: number): number {
  let mean = 0
  let cMean = 0
  let aux = 0
  let cAux = 0
  for (let i = from; i < to; i++) {
    const delta = values[i]! - (mean + cMean)
    let add = delta / (i - from + 1)
    let t = mean + add
    cMean = infinite(t) ? 0 : cMean + lost(mean, add, t)
    mean = t
    add = delta * (values[i]! - (mean + cMean))
    t = aux + add
    cAux = infinite(t) ? 0 : cAux + lost(aux, add, t)
    aux = t
  }
  return (aux + cAux) / (to - from)
}

/** The quantile of sorted numbers by linear interpolation; NaN counts as the smallest. */
export function quantileOf(q: number, unsorted: Float64Array): number {
  const n = unsorted.length
  if (n === 0 || Number.isNaN(q)) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  if (q > 1) return Number.POSITIVE_INFINITY
  const sorted = unsorted.slice().sort((a, b) => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : a - b))
  const rank = q * (n - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(n - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return sorted[lower]! * (1 - weight) + sorted[upper]! * weight
}
