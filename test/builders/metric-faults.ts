/** Steady traffic whose numbers go wrong for a while, through the real live stream: what policies and the cluster's own HPA make of it. */
import { decide, type Facts } from '#capabilities/elasticity/domain/decide.ts'
import { createForecast } from '#capabilities/elasticity/domain/forecast.ts'
import { emptyHpaState, hpaDecide } from '#capabilities/elasticity/domain/hpa.ts'
import { createIngressMetrics } from '#capabilities/elasticity/domain/ingress-metrics.ts'
import { createTrafficHistory } from '#capabilities/elasticity/domain/traffic-history.ts'
import { scalePolicySpec } from '#capabilities/elasticity/resources/scale-policy.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { fakeClock } from '../fakes/clock.ts'
import { openTestLive } from './live.ts'

export const FAULTS = ['absent', 'NaN', 'frozen', 'spike', 'partial', 'skewed'] as const

/** Fewer pods than the traffic needs, by fault and run: none is right. */
export async function runFaults(runs: number, seed: number): Promise<string[]> {
  const random = seededRandom(seed)
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const wrong: string[] = []
  for (let run = 0; run < runs; run++) {
    const fault = FAULTS[run % FAULTS.length]!
    const senders = between(fault === 'partial' ? 2 : 1, 4)
    const needed = between(2, 40)
    const loadPerPod = between(20, 200)
    const rate = (needed - 0.5) * loadPerPod
    const from = between(35, 60)
    const until = from + between(1, 90)
    const clock = fakeClock(1_800_000_000_000 + between(0, 999))
    const live = openTestLive(clock)
    const history = createTrafficHistory(live, 'c', [{ namespace: 'shop', service: 'web' }])
    const forecast = createForecast({ quantile: 0.965, loadPerPod, podStart: 45, keep: 0, since: clock.now() })
    const spec = scalePolicySpec.parse({ target: { name: 'web' }, mode: 'active', min: 1, max: 500, loadPerPod, keep: '0s' })
    const policy = {
      apiVersion: 'sallyport.io/v1alpha1',
      kind: 'ScalePolicy',
      metadata: { name: 'web', namespace: 'shop' },
      spec,
      status: {},
    } as Facts['policy']
    const metrics = createIngressMetrics(live)
    const hpa = emptyHpaState()
    const hpaSpec = { minReplicas: 1, maxReplicas: 500 }
    let replicas = needed
    let byHpa = needed
    let least = Number.POSITIVE_INFINITY
    let leastOfHpa = Number.POSITIVE_INFINITY
    for (let second = 0; second < until + 90; second++) {
      await clock.advance(1_000)
      const bad = second >= from && second < until
      for (let sender = 0; sender < senders; sender++) {
        const share = Math.round((rate / senders) * (0.97 + 0.06 * random()))
        if (bad && (fault === 'absent' || (fault === 'partial' && sender === 0))) continue
        const requests = !bad ? share : fault === 'NaN' ? Number.NaN : fault === 'spike' ? share * 10 : share
        // Buckets are of the time of arrival, so a sender's clock only shows as lateness; a frozen one sends what it sent.
        const lateness = bad && (fault === 'skewed' || fault === 'frozen') ? (random() - 0.5) * 1_200_000 : 100
        const key = { cluster: 'c', route: 'shop/web', namespace: 'shop', service: 'web', arm: '', second: Math.floor((clock.now() - 300) / 1_000) * 1_000 }
        live.publish([{ ...emptyBucket(key), requests, lateness }], `s${sender}`)
      }
      const now = clock.now()
      const traffic = history(now)
      const proposal = forecast(traffic, { replicas, ready: replicas }, now)
      const target = {
        kind: 'Deployment',
        name: 'web',
        min: 1,
        max: 500,
        found: { replicas, ready: replicas, rolling: false, writers: [] },
        ...(proposal ? { proposal } : {}),
      }
      const plan = decide(
        { id: 'x', cluster: 'c', key: 'shop/web', policy: policy!, open: [], targets: [target], ...(traffic.known ? {} : { blind: traffic.why }) },
        now,
      )
      replicas = plan.status.desired ?? replicas
      if (second % 15 === 14) {
        const value = metrics('sallyport_ingress_requests_per_second', 'c', { candidates: [{ namespace: 'shop', service: 'web' }], window: 15 }, now)?.value
        byHpa = hpaDecide(hpaSpec, { current: byHpa, ready: byHpa, readings: [{ type: 'averageValue', value, target: loadPerPod }] }, hpa, now / 1_000).replicas
      }
      if (second >= from) {
        least = Math.min(least, replicas)
        leastOfHpa = Math.min(leastOfHpa, byHpa)
      }
    }
    if (!(least >= needed)) wrong.push(`${fault} run ${run} of ${senders} senders for ${until - from} s: ${least} pods of ${needed}`)
    if (!(leastOfHpa >= needed)) wrong.push(`${fault} run ${run} of ${senders} senders for ${until - from} s: the HPA ${leastOfHpa} of ${needed}`)
  }
  return wrong
}
