/** Intervals of 95 % for what people read; the verdict does not use them. */
import { edge, quantileOf } from './latency-buckets.ts'

const Z = 1.96

export interface Estimate {
  value: number
  /** Of 95 %. Left out: this many requests do not bound it. */
  low?: number
  high?: number
  /** Requests (of a metric: moments) that it stands on. */
  n: number
}

/** Of a share (Wilson 1927); undefined when nothing was counted. */
export function shareEstimate(events: number, requests: number): Estimate | undefined {
  if (requests === 0) return undefined
  const share = events / requests
  const center = (share + (Z * Z) / (2 * requests)) / (1 + (Z * Z) / requests)
  const half = (Z / (1 + (Z * Z) / requests)) * Math.sqrt((share * (1 - share)) / requests + (Z * Z) / (4 * requests * requests))
  return { value: share, low: Math.max(0, center - half), high: Math.min(1, center + half), n: requests }
}

/** Of a latency quantile in ms, by order statistics: the ranks between which it lies with 95 %, whatever the distribution. */
export function quantileEstimate(q: number, latency: Uint32Array, timed: number): Estimate | undefined {
  // Fewer than one request is expected beyond it: it would be the maximum by another name.
  if (timed * (1 - q) < 1) return undefined
  const half = Z * Math.sqrt(timed * q * (1 - q))
  const [low, high] = [(timed * q - half) / timed, (timed * q + half) / timed]
  return {
    value: quantileOf(q, latency, timed)!,
    ...(low > 0 ? { low: quantileOf(low, latency, timed)! } : {}),
    ...(high < 1 ? { high: quantileOf(high, latency, timed)! } : {}),
    n: timed,
  }
}

/** Of a mean, by the sum and the sum of the squares; undefined when nothing was counted. */
export function meanEstimate(sum: number, squares: number, n: number): Estimate | undefined {
  if (n === 0) return undefined
  const mean = sum / n
  if (n < 2) return { value: mean, n }
  const half = Z * Math.sqrt(Math.max(0, squares / n - mean * mean) / (n - 1))
  return { value: mean, low: Math.max(0, mean - half), high: mean + half, n }
}

/** Sum of the squares of latencies, ms². */
export const squaresOf = (latency: Uint32Array): number =>
  latency.reduce((sum, count, bucket) => (count === 0 ? sum : sum + count * edge(bucket + 0.5) ** 2), 0)
