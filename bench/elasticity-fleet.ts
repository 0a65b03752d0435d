/** 5,000 policies looked at once a second, as the server does it: how long a round takes, what memory, how many writes. Traffic through the real live stream. */
import { decide, type Facts } from '#capabilities/elasticity/domain/decide.ts'
import { createForecast } from '#capabilities/elasticity/domain/forecast.ts'
import { createTrafficHistory } from '#capabilities/elasticity/domain/traffic-history.ts'
import { scalePolicySpec } from '#capabilities/elasticity/resources/scale-policy.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { createLiveStream } from '#edges/telemetry/live/live-stream.ts'

const TARGETS = 5_000
const SECONDS = 240
const random = seededRandom(9)
let now = 1_800_000_000_000
const clock: Clock = { now: () => now, sleep: async () => {} }
const live = createLiveStream({ clock, maxSeries: 2 * TARGETS })
const targets = Array.from({ length: TARGETS }, (_, i) => {
  const spec = scalePolicySpec.parse({ target: { name: `s${i}` }, mode: 'active', max: 100, loadPerPod: 10 })
  return {
    name: `s${i}`,
    rate: 5 + 40 * random(),
    replicas: 4,
    policy: {
      apiVersion: 'sallyport.io/v1alpha1',
      kind: 'ScalePolicy',
      metadata: { name: `s${i}`, namespace: 'n' },
      spec,
      status: {},
    } as unknown as NonNullable<Facts['policy']>,
    history: createTrafficHistory(live, 'c', [{ namespace: 'n', service: `s${i}` }]),
    forecast: createForecast({ quantile: 0.965, loadPerPod: 10, callsPerRequest: 1, podStart: 45, keep: 300, since: now }),
  }
})
const rounds: number[] = []
const writes: number[] = []
for (let second = 0; second < SECONDS; second++) {
  now += 1_000
  const buckets = targets.map(({ name, rate }) => ({
    ...emptyBucket({ cluster: 'c', route: `n/${name}`, namespace: 'n', service: name, arm: '', second: now - 500 }),
    requests: Math.round(rate * (0.8 + 0.4 * random())),
  }))
  live.publish(buckets, 'agent')
  const before = process.cpuUsage()
  let written = 0
  for (const target of targets) {
    const traffic = target.history(now)
    const found = { replicas: target.replicas, ready: target.replicas }
    const proposal = target.forecast(traffic, found, now)
    const facts: Facts = {
      id: 'x',
      cluster: 'c',
      key: `n/${target.name}`,
      policy: target.policy,
      open: [],
      targets: [
        { kind: 'Deployment', name: target.name, min: 1, max: 100, found: { ...found, rolling: false, writers: [] }, ...(proposal ? { proposal } : {}) },
      ],
    }
    const { desired } = decide(facts, now).status
    if (desired !== undefined && desired !== target.replicas) {
      target.replicas = desired
      written++
    }
  }
  const { user, system } = process.cpuUsage(before)
  rounds.push((user + system) / 1_000)
  if (second >= 60) writes.push(written)
}
const at = (values: number[], q: number) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]!
console.log(`${TARGETS} targets, ${SECONDS} rounds: CPU of a round p50 ${at(rounds, 0.5).toFixed(0)} ms, p99 ${at(rounds, 0.99).toFixed(0)} ms`)
console.log(
  `memory ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB; scales after the first minute: mean ${(writes.reduce((sum, one) => sum + one, 0) / writes.length).toFixed(1)}/s, most ${Math.max(...writes)}/s`,
)
