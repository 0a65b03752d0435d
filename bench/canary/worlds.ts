/** Streams of requests to two arms with a known truth: what a canary judge is measured on. Every stream can be drawn again from its seed. */
import { seededRandom } from '#core/kernel/random.ts'
import { type Block, countRequest, emptyCounts, type PodCounts } from '../../src/capabilities/canary/domain/judge/blocks.ts'
import { BUCKETS, bucketOf, edge } from '../../src/capabilities/canary/domain/judge/latency-buckets.ts'

export interface World {
  /** Requests a second of both arms together. */
  rps: number
  /** Of the canary. */
  share: number
  pods: number
  canaryPods: number
  medianMs: number
  /** Of the logarithm of the latency. */
  sigma: number
  errorRate: number
  /** Standard deviation of a pod-minute's factor on latency (logarithm), and how much of it the next minute keeps. */
  noise: number
  keeps: number
  /** Share of the errors that come in sessions of about 5 on one pod within a minute. */
  sessions: number
}

export const PILOT: World = { rps: 100, share: 0.1, pods: 10, canaryPods: 1, medianMs: 80, sigma: 0.6, errorRate: 0.002, noise: 0, keeps: 0, sessions: 0 }

/** What differs from the world's ordinary requests at a minute of the run. */
export interface Effect {
  errorRate?: number
  latency?: number
  /** Share of requests that take so many ms longer. */
  slow?: { share: number; ms: number }
}

export interface Scenario {
  id: string
  title: string
  good: boolean
  world?: Partial<World>
  /** `pod`: its number; those of the canary come first. */
  effect(minute: number, arm: 'stable' | 'canary', world: World, pod: number): Effect
}

const onCanary =
  (effect: (minute: number, world: World) => Effect): Scenario['effect'] =>
  (minute, arm, world) =>
    arm === 'canary' ? effect(minute, world) : {}

/** The scenarios of the study that set the bars: S0 to S13. */
export const SCENARIOS: readonly Scenario[] = [
  { id: 'S0', title: 'identical', good: true, effect: () => ({}) },
  { id: 'S0L', title: 'identical, 2 rps', good: true, world: { rps: 2 }, effect: () => ({}) },
  { id: 'S0Z', title: 'identical, 10 rps, few errors', good: true, world: { rps: 10, errorRate: 0.0002 }, effect: () => ({}) },
  { id: 'S1', title: 'both arms slow and failing in minutes 1 to 6', good: true, effect: (m) => (m >= 1 && m < 7 ? { latency: 2.2, errorRate: 0.03 } : {}) },
  { id: 'S2', title: 'both arms 1.2 % errors', good: true, effect: () => ({ errorRate: 0.012 }) },
  { id: 'S10', title: 'canary ×3 latency in its first 2 minutes', good: true, effect: onCanary((m) => (m < 2 ? { latency: 3 } : {})) },
  { id: 'S11', title: 'noise between pod-minutes', good: true, world: { noise: 0.15 }, effect: () => ({}) },
  { id: 'S4', title: 'errors ×3', good: false, effect: onCanary((_, w) => ({ errorRate: w.errorRate * 3 })) },
  { id: 'S5', title: 'errors ×10', good: false, effect: onCanary((_, w) => ({ errorRate: Math.min(0.9, w.errorRate * 10) })) },
  { id: 'S6', title: '2 % of requests +1 s', good: false, effect: onCanary(() => ({ slow: { share: 0.02, ms: 1000 } })) },
  { id: 'S7', title: '0.5 % of requests +2 s', good: false, effect: onCanary(() => ({ slow: { share: 0.005, ms: 2000 } })) },
  { id: 'S8', title: 'latency ×1.10', good: false, effect: onCanary(() => ({ latency: 1.1 })) },
  { id: 'S9', title: 'latency +1 % a minute', good: false, effect: onCanary((m) => ({ latency: 1 + 0.01 * m })) },
  { id: 'S12', title: '10 rps, errors 0.02 → 0.2 %', good: false, world: { rps: 10, errorRate: 0.0002 }, effect: onCanary(() => ({ errorRate: 0.002 })) },
  { id: 'S13', title: '50 % errors for 3 minutes at minute 12', good: false, effect: onCanary((m) => (m >= 12 && m < 15 ? { errorRate: 0.5 } : {})) },
]

/** The last pod of stable fails, or hangs, while the canary is judged; besides, the canary is what `canary` says. */
const broken =
  (failing: (minute: number) => Effect, canary: (world: World) => Effect = () => ({})): Scenario['effect'] =>
  (minute, arm, world, pod) =>
    arm === 'canary' ? canary(world) : pod === world.pods - 1 ? failing(minute) : {}
const down = (minute: number): Effect => (minute >= 8 && minute < 18 ? { errorRate: 1, latency: 0.05 } : {})
const timesOut = (minute: number): Effect => (minute >= 8.5 && minute < 18.5 ? { errorRate: 1, latency: 100 } : {})
/** Half a minute of every two. */
const flaps = (minute: number): Effect => (minute % 2 < 0.5 ? { errorRate: 0.9, latency: 0.05 } : {})
const partly = (): Effect => ({ errorRate: 0.3 })
const hangs = (minute: number): Effect => (minute >= 8.5 && minute < 18.5 ? { latency: 12 } : {})

/** A pod of stable that fails is no measure for the canary: neither may it keep a good one open, nor let a bad one pass. */
export const BROKEN_STABLE: readonly Scenario[] = [
  { id: 'F1', title: 'a stable pod is down for 10 minutes', good: true, effect: broken(down) },
  { id: 'F2', title: 'a stable pod times out for 10 minutes', good: true, effect: broken(timesOut) },
  { id: 'F3', title: 'a stable pod flaps', good: true, effect: broken(flaps) },
  { id: 'F4', title: 'a stable pod fails 30 % of its requests', good: true, effect: broken(partly) },
  { id: 'F5', title: 'a stable pod hangs for 10 minutes', good: true, effect: broken(hangs) },
  { id: 'F6', title: 'a stable pod flaps, canary errors ×3', good: false, effect: broken(flaps, (w) => ({ errorRate: w.errorRate * 3 })) },
  { id: 'F7', title: 'a stable pod is down, canary errors ×10', good: false, effect: broken(down, (w) => ({ errorRate: Math.min(0.9, w.errorRate * 10) })) },
  { id: 'F8', title: 'a stable pod times out, 0.5 % of the canary +2 s', good: false, effect: broken(timesOut, () => ({ slow: { share: 0.005, ms: 2000 } })) },
  { id: 'F9', title: 'a stable pod hangs, canary latency ×1.10', good: false, effect: broken(hangs, () => ({ latency: 1.1 })) },
]

export const MINUTES = 60
export const BLOCKS_A_MINUTE = 4

/** The blocks of one run of a scenario, in order, `BLOCKS_A_MINUTE` a minute. */
export function* run(scenario: Scenario, base: World, seed: number): Generator<Block> {
  const world = { ...base, ...scenario.world }
  const random = seededRandom(seed)
  const gauss = gaussian(random)
  const blockMs = 60_000 / BLOCKS_A_MINUTE
  const pods = Array.from({ length: world.pods }, (_, i) => ({
    name: `pod-${i}`,
    number: i,
    arm: i < world.canaryPods ? ('canary' as const) : ('stable' as const),
    rate: ((world.rps * 60) / BLOCKS_A_MINUTE) * (i < world.canaryPods ? world.share / world.canaryPods : (1 - world.share) / (world.pods - world.canaryPods)),
    drift: gauss() * world.noise,
  }))
  for (let minute = 0; minute < MINUTES; minute++) {
    if (minute > 0) for (const pod of pods) pod.drift = world.keeps * pod.drift + Math.sqrt(1 - world.keeps ** 2) * gauss() * world.noise
    for (let quarter = 0; quarter < BLOCKS_A_MINUTE; quarter++) {
      const from = (minute * BLOCKS_A_MINUTE + quarter) * blockMs
      const block = { from, to: from + blockMs, stable: new Map<string, PodCounts>(), canary: new Map<string, PodCounts>() }
      for (const pod of pods) {
        const counts = emptyCounts()
        const effect = scenario.effect(minute + quarter / BLOCKS_A_MINUTE, pod.arm, world, pod.number)
        const errorRate = effect.errorRate ?? world.errorRate
        const log = Math.log(world.medianMs * (effect.latency ?? 1)) + pod.drift
        const requests = poisson(pod.rate, random, gauss)
        // A failing session fails about 5 times; alone 1 - sessions of the errors are left.
        let failed = 0
        if (world.sessions > 0)
          for (let k = poisson((pod.rate * errorRate * world.sessions) / 5, random, gauss); k > 0; k--) failed += poisson(5, random, gauss)
        failed = Math.min(requests, failed)
        failed += binomial(requests - failed, errorRate * (1 - world.sessions), random)
        // Most latencies are drawn as buckets: that is all that is counted of them, but their mean.
        const [first, perSd] = [(log - LOG_FIRST) / LOG_GROWTH, world.sigma / LOG_GROWTH]
        for (let i = 0; i < requests; i++) {
          let bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(first + perSd * quickGauss(random))))
          let ms = MIDDLES[bucket]!
          if (effect.slow && random() < effect.slow.share) {
            ms += effect.slow.ms
            bucket = bucketOf(ms)
          }
          countRequest(counts, i < failed ? 500 : 200, ms, bucket)
        }
        if (requests > 0) block[pod.arm].set(pod.name, counts)
      }
      yield block
    }
  }
}

/** Parameters drawn at random: 10 to 500 rps, 5 to 30 % share, errors 0 to 2 %, sigma 0.3 to 1. */
export function randomWorld(random: () => number): World {
  const share = 0.05 + 0.25 * random()
  const pods = 10
  return {
    ...PILOT,
    rps: 10 * 50 ** random(),
    share,
    pods,
    canaryPods: Math.max(1, Math.round(pods * share)),
    errorRate: 0.02 * random(),
    sigma: 0.3 + 0.7 * random(),
  }
}

/** Standard normal numbers (Marsaglia's polar method). */
export function gaussian(random: () => number): () => number {
  let spare: number | undefined
  return () => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    for (;;) {
      const u = 2 * random() - 1
      const v = 2 * random() - 1
      const s = u * u + v * v
      if (s > 0 && s < 1) {
        const factor = Math.sqrt((-2 * Math.log(s)) / s)
        spare = v * factor
        return u * factor
      }
    }
  }
}

const MIDDLES = Float64Array.from({ length: BUCKETS }, (_, bucket) => edge(bucket + 0.5))
const LOG_FIRST = Math.log(edge(0))
const LOG_GROWTH = Math.log(edge(1)) - LOG_FIRST

const QUICK = 1 << 16
/** Standard normal quantiles at so many equal shares (Simpson's rule over the density). */
const quantiles = ((): Float64Array => {
  const table = new Float64Array(QUICK + 1)
  const step = 1e-4
  const density = (z: number) => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)
  let below = 0
  let z = -8
  for (let i = 0; i <= QUICK; i++) {
    const wanted = Math.min(1 - 0.25 / QUICK, Math.max(0.25 / QUICK, i / QUICK))
    let next = below
    while (next < wanted) {
      below = next
      next += (step / 6) * (density(z) + 4 * density(z + step / 2) + density(z + step))
      z += step
    }
    table[i] = next > below ? z - (step * (next - wanted)) / (next - below) : z
    below = next
  }
  return table
})()

/** Standard normal numbers by their quantiles, between which it is linear: one in 100,000 is drawn within 4.3 standard deviations, none beyond. */
function quickGauss(random: () => number): number {
  const at = random() * QUICK
  const cell = Math.floor(at)
  const low = quantiles[cell]!
  return low + (at - cell) * (quantiles[cell + 1]! - low)
}

/** By the gaps between successes: quick where they are rare. */
function binomial(n: number, p: number, random: () => number): number {
  if (p <= 0) return 0
  if (p >= 1) return n
  const rest = Math.log1p(-p)
  let count = -1
  for (let at = 0; at <= n; count++) at += 1 + Math.floor(Math.log(1 - random()) / rest)
  return count
}

/** Exact below a mean of 30, by the normal approximation above. */
function poisson(mean: number, random: () => number, gauss: () => number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gauss()))
  const floor = Math.exp(-mean)
  let count = 0
  for (let product = random(); product > floor; product *= random()) count++
  return count
}
