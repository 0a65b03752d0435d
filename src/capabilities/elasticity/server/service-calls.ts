/** What a service behind the entry gets for each request: given, learned from what its metrics count, or its own traffic of now while that is not certain. */
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import { CONFIDENT, createCalls } from '../domain/calls.ts'
import type { Traffic } from '../domain/traffic-history.ts'
import type { AskPromql } from './promql-metrics.ts'

const EVERY_MS = 10_000
/** Rates are of so many seconds. */
const WINDOW = 30
/** As long as what was counted stands, ms. */
const STALE_MS = 45_000

export interface ServiceCalls {
  look(now: number, traffic: Traffic): Promise<void>
  /** Calls for each request of the traffic of now; undefined: not known. */
  now(now: number): { calls: number; how: 'given' | 'learned' | 'own traffic' } | undefined
  /** For people: what was learned. */
  learned(): { entry: string; calls: number; confidence: number }[]
}

export function followCalls(options: {
  cluster: string
  namespace: string
  /** Services at the entry; none: its traffic is of a query. */
  entries: readonly string[]
  given: number | undefined
  /** PromQL: requests per second that the service gets. */
  requests: string | undefined
  live: Pick<LiveStream, 'requests'>
  ask: AskPromql
}): ServiceCalls {
  const { cluster, namespace, entries, given, requests, live, ask } = options
  const names = entries.length === 0 ? ['promql'] : entries
  const learner = createCalls(names.length)
  let askedAt = Number.NEGATIVE_INFINITY
  let last: { at: number; rates: readonly number[]; calls: number } | undefined
  return {
    async look(now, traffic) {
      if (requests === undefined || now < askedAt + EVERY_MS || !traffic.known) return
      askedAt = now
      const found = await ask(cluster, namespace, requests, now).catch(() => undefined)
      if (found === undefined || found.value < 0 || found.completeness < 1 || traffic.partial || traffic.now < WINDOW) return
      const calls = found.value
      const until = Math.floor(now / 1_000) * 1_000 - 2_000
      const rates =
        entries.length === 0
          ? [traffic.requests(traffic.now - WINDOW, traffic.now) / WINDOW]
          : entries.map((service) => live.requests({ cluster, namespace, service }, until - WINDOW * 1_000, until).reduce((sum, one) => sum + one, 0) / WINDOW)
      if (!rates.every(Number.isFinite)) return
      learner.learn(rates, calls)
      last = { at: now, rates, calls }
    },
    now(now) {
      if (given !== undefined || requests === undefined) return { calls: given ?? 1, how: 'given' }
      const total = last?.rates.reduce((sum, one) => sum + one, 0) ?? 0
      if (last === undefined || total <= 0) return undefined
      const { perRequest, confidence } = learner.read()
      if (confidence >= CONFIDENT) return { calls: Math.max(1e-6, last.rates.reduce((sum, one, i) => sum + one * perRequest[i]!, 0) / total), how: 'learned' }
      return now > last.at + STALE_MS ? undefined : { calls: Math.max(1e-6, last.calls / total), how: 'own traffic' }
    },
    learned() {
      if (last === undefined) return []
      const { perRequest, confidence } = learner.read()
      return names.map((entry, i) => ({ entry, calls: Math.round(perRequest[i]! * 1_000) / 1_000, confidence: Math.round(confidence * 100) / 100 }))
    },
  }
}
