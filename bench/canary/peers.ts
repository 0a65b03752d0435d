/**
 * Judges in the manner of other tools, by their published rules and defaults, on the same streams as ours.
 * Kayenta: per metric a Mann-Whitney U test on one-minute points against one stable pod, interval of the Hodges-Lehmann shift at 98 %, tolerance a quarter of
 * the shift; any metric High is a rollback. Flagger: a threshold on the canary alone at each minute, 5 failed checks roll back, weight steps of 10 up to 50.
 */
import { type Block, type PodCounts, totalOf } from '../../src/capabilities/canary/domain/judge/blocks.ts'
import { quantileOf } from '../../src/capabilities/canary/domain/judge/latency-buckets.ts'
import { BLOCKS_A_MINUTE } from './worlds.ts'

export interface PeerVerdict {
  verdict: 'promote' | 'rollback' | 'inconclusive'
  minute: number
}

/** One minute of one arm or pod: errors in percent, mean and P99 in ms. */
interface Point {
  errors: number
  mean: number
  p99: number
}

export interface Minute {
  canary: Point
  /** One stable pod, of the canary's size. */
  control: Point
  canaryRequests: number
}

/** Minutes from blocks, as a metrics system would have stored them. */
export function minutesOf(blocks: readonly Block[]): Minute[] {
  const minutes: Minute[] = []
  for (let i = 0; i + BLOCKS_A_MINUTE <= blocks.length; i += BLOCKS_A_MINUTE) {
    const part = blocks.slice(i, i + BLOCKS_A_MINUTE)
    const canary = totalOf(part.flatMap((block) => [...block.canary.values()]))
    const pod = [...(part[0]!.stable.keys() as Iterable<string>)][0]
    const control = totalOf(part.flatMap((block) => (pod !== undefined && block.stable.has(pod) ? [block.stable.get(pod)!] : [])))
    minutes.push({ canary: pointOf(canary), control: pointOf(control), canaryRequests: canary.requests })
  }
  return minutes
}

const pointOf = ({ requests, errors, timed, sumMs, latency }: PodCounts): Point => ({
  errors: requests > 0 ? (100 * errors) / requests : Number.NaN,
  mean: timed > 0 ? sumMs / timed : Number.NaN,
  p99: quantileOf(0.99, latency, timed) ?? Number.NaN,
})

/** One analysis at minute `at`. */
export const kayentaOnce = (minutes: readonly Minute[], at: number): PeerVerdict => ({
  verdict: kayenta(minutes.slice(0, at)) ? 'rollback' : 'promote',
  minute: at,
})

/** Analyses on a growing window from minute 10, every 5. */
export function kayentaRepeated(minutes: readonly Minute[]): PeerVerdict {
  for (let at = 10; at <= minutes.length; at += 5) if (kayenta(minutes.slice(0, at))) return { verdict: 'rollback', minute: at }
  return { verdict: 'promote', minute: minutes.length }
}

const kayenta = (minutes: readonly Minute[]): boolean =>
  (['errors', 'mean', 'p99'] as const).some((metric) => {
    const canary = minutes.map((minute) => minute.canary[metric]).filter((value) => !Number.isNaN(value))
    const control = minutes.map((minute) => minute.control[metric]).filter((value) => !Number.isNaN(value))
    return canary.length > 0 && control.length > 0 && isHigh(canary, control)
  })

/** Interval of the shift between the samples: order statistics of all differences, by the normal approximation of the rank sum. */
function isHigh(canary: readonly number[], control: readonly number[]): boolean {
  const differences = Float64Array.from(canary.flatMap((a) => control.map((b) => a - b))).sort()
  const n = differences.length
  const spread = Math.sqrt((n * (canary.length + control.length + 1)) / 12)
  const low = Math.max(0, Math.floor(n / 2 - 2.326 * spread))
  const shift = differences[n >> 1]!
  const tolerance = 0.25 * Math.abs(shift)
  return differences[low]! > tolerance && shift > 0
}

/** `metric`: the P99 that its documentation speaks of, or the mean that its query for NGINX gives. */
export function flagger(minutes: readonly Minute[], metric: 'p99' | 'mean'): PeerVerdict {
  let failed = 0
  let weight = 10
  for (const [i, { canary }] of minutes.entries()) {
    const good = 100 - canary.errors >= 99 && canary[metric] <= 500
    if (!good) {
      failed++
      if (failed >= 5) return { verdict: 'rollback', minute: i + 1 }
      continue
    }
    if (weight >= 50) return { verdict: 'promote', minute: i + 1 }
    weight += 10
  }
  return { verdict: 'inconclusive', minute: minutes.length }
}
