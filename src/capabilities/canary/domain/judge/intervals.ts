/** Intervals of 95 % for what people read; the verdict does not use them. */
import { quantileOf } from './latency-buckets.ts'

const Z = 1.96

export interface Estimate {
  value: number
  /** Of 95 %. Left out: this many requests do not bound it. */
  low?: number
  high?: number
}

/** Of a share (Wilson 1927); undefined when nothing was counted. */
export function shareEstimate(events: number, requests: number): Estimate | undefined {
  if (requests === 0) return undefined
  const share = events / requests
  const center = (share + (Z * Z) / (2 * requests)) / (1 + (Z * Z) / requests)
  const half = (Z / (1 + (Z * Z) / requests)) * Math.sqrt((share * (1 - share)) / requests + (Z * Z) / (4 * requests * requests))
  return { value: share, low: Math.max(0, center - half), high: Math.min(1, center + half) }
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
  }
}
