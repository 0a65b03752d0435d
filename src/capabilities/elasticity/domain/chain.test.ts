/** Four tiers behind one entry, traffic that grows tenfold at once: linked scaling beside an HPA for each tier. What finds no place is refused and does not wait. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { createForecast } from './forecast.ts'
import { emptyHpaState, hpaDecide } from './hpa.ts'

const TIERS = 4
const POD_START = 30
const POD = 100
const STEP_AT = 1_300
const END = STEP_AT + 400
/** From a request to what is decided about it, seconds: lines are collected, seen, and looked at once a second. */
const DELAY = 2

interface Outcome {
  violated: number
  most: number
}

/** `wanted` gets what the entry and each tier were sent until a while ago. */
function run(base: number, wanted: (now: number, sent: (tier: number, from: number, to: number) => number, pods: readonly number[]) => number[]): Outcome {
  const needed = Math.ceil((base * 10) / POD)
  const tiers = Array.from({ length: TIERS }, () => ({
    pods: Math.ceil(base / POD) + 1,
    ready: Math.ceil(base / POD) + 1,
    starting: [] as { at: number; count: number }[],
  }))
  const sent = tiers.map(() => new Float64Array(END + 1))
  let violated = 0
  let most = 0
  for (let now = 0; now < END; now++) {
    let load = now < STEP_AT ? base : base * 10
    let short = false
    for (const [i, tier] of tiers.entries()) {
      tier.ready += tier.starting.filter(({ at }) => at === now).reduce((sum, { count }) => sum + count, 0)
      sent[i]![now + 1] = sent[i]![now]! + load
      if (load > tier.ready * POD) short = true
      load = Math.min(load, tier.ready * POD)
    }
    if (short && now >= STEP_AT) violated++
    const seen = Math.max(0, now - DELAY)
    const at = (i: number, second: number) => sent[i]![Math.min(seen, Math.max(0, second))]!
    const counts = wanted(
      seen,
      (tier, from, to) => at(tier, to) - at(tier, from),
      tiers.map(({ pods }) => pods),
    )
    for (const [i, tier] of tiers.entries()) {
      const more = counts[i]! - tier.pods
      if (more > 0) tier.starting.push({ at: now + POD_START, count: more })
      else tier.ready += more
      tier.pods = counts[i]!
      most = Math.max(most, tier.pods / needed)
    }
  }
  return { violated, most }
}

describe('a chain of four tiers', () => {
  const random = seededRandom(4)
  const bases = Array.from({ length: 12 }, () => 200 + Math.floor(random() * 1_500))

  it('violates at most 45 seconds and takes at most a tenth more pods than are needed', () => {
    for (const base of bases) {
      const forecasts = Array.from({ length: TIERS }, () => createForecast({ quantile: 0.965, loadPerPod: POD, podStart: POD_START, keep: 300, since: 0 }))
      const { violated, most } = run(base, (now, sent, pods) =>
        forecasts.map((forecast, i) => {
          const requests = (from: number, to: number) => sent(0, from, to)
          return forecast({ known: true, now, requests, partial: false }, { replicas: pods[i]!, ready: pods[i]! }, now * 1_000)?.replicas ?? pods[i]!
        }),
      )
      expect(violated, `from ${base} requests/s`).toBeLessThanOrEqual(45)
      expect(most, `from ${base} requests/s`).toBeLessThanOrEqual(1.1)
    }
  })
  it('takes HPAs that know nothing of one another minutes', () => {
    const states = Array.from({ length: TIERS }, emptyHpaState)
    const { violated } = run(500, (now, sent, pods) =>
      pods.map((current, i) => {
        if (now % 15 !== 0 || now < 60) return current
        const value = sent(i, now - 60, now) / 60
        return hpaDecide(
          { minReplicas: 1, maxReplicas: 500 },
          { current, ready: current, readings: [{ type: 'averageValue', value, target: POD * 0.7 }] },
          states[i]!,
          now,
        ).replicas
      }),
    )
    expect(violated).toBeGreaterThan(120)
  })
})
