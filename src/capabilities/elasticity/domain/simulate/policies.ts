/** Policies to replay beside one another. */
import { emptyHpaState, hpaDecide } from '../hpa.ts'
import { createPlanner } from '../planner/planner.ts'
import type { Policy } from './fluid.ts'

export const POLICIES = ['planner', 'hpa', 'keda', 'oracle'] as const
export type PolicyName = (typeof POLICIES)[number]

/** Ours. */
export function plannerPolicy(quantile: number): Policy {
  const every = 2
  const plan = createPlanner({ every, quantile })
  return { name: 'planner', every, decide: (view) => plan(view).replicas }
}

/**
 * The HorizontalPodAutoscaler on requests per second from Prometheus: `rate` over `window` seconds of a counter that is scraped every `scrape` seconds,
 * as an average value of `target` of what a pod can do.
 */
export function hpaPolicy({ target, window, scrape, name = 'hpa' }: { target: number; window: number; scrape: number; name?: string }): Policy {
  const state = emptyHpaState()
  return {
    name,
    every: 15,
    decide({ now, replicas, ready, podRps, min, max, requests }) {
      const last = Math.floor(now / scrape) * scrape
      const first = Math.ceil((now - window + 1e-9) / scrape) * scrape
      // Two samples make a rate; without them the metric is missing.
      const value = last - first < scrape ? undefined : requests(first, last) / (last - first)
      const readings = [{ type: 'averageValue' as const, value, target: podRps * target }]
      return hpaDecide({ minReplicas: min, maxReplicas: max }, { current: replicas, ready, readings }, state, now).replicas
    },
  }
}

/** KEDA's defaults: the HPA acts at its own pace on a metric that KEDA asks Prometheus for; `pollingInterval` only wakes from zero. */
export const kedaPolicy = (target: number): Policy => hpaPolicy({ target, window: 60, scrape: 15, name: 'keda' })

/** Knows the load one pod start ahead; keeps pods for 300 s as the HPA does. A bound to compare with, no policy. */
export function oraclePolicy(load: Float64Array): Policy {
  let kept: { at: number; pods: number }[] = []
  return {
    name: 'oracle',
    every: 1,
    decide({ now, replicas, podRps, podStart }) {
      let highest = 0
      for (let t = now; t <= Math.min(load.length - 1, now + podStart + 1); t++) highest = Math.max(highest, load[t]!)
      const pods = Math.ceil(highest / podRps)
      kept = kept.filter(({ at }) => at > now - 300)
      while (kept.length > 0 && kept.at(-1)!.pods <= pods) kept.pop()
      kept.push({ at: now, pods })
      return Math.max(pods, Math.min(replicas, kept[0]!.pods))
    },
  }
}
