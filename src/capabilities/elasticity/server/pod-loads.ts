/** Learns what a pod of each workload of a policy answers well, where nobody said it: from the latency and the errors of the entry. */
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import { CONFIDENT_LOAD, createSafeLoad, type SafeLoad } from '../domain/safe-load.ts'

const EVERY_MS = 10_000
/** Of what an entry answers, this share may fail. */
const MOST_ERRORS = 0.02
/** Fewer requests say nothing about a quantile. */
const LEAST_REQUESTS = 20

export interface PodLoads {
  /** `pods` are ready pods of each workload, undefined while not known or in a rollout; `calls` what each gets for one request of the entry. */
  look(now: number, pods: readonly (number | undefined)[], calls: readonly (number | undefined)[]): void
  /** Of one workload; undefined: it was given. */
  read(i: number): { known?: SafeLoad; sure: boolean /** The objective was not met at the last look. */; missed: boolean } | undefined
}

export function followLoads(options: {
  cluster: string
  namespace: string
  /** Services at the entry; none: its latency is not seen. */
  entries: readonly string[]
  /** Seconds. */
  objective: number
  /** Of each workload, the entry first; what was known before, where it was not given. */
  workloads: readonly { given: boolean; known?: SafeLoad }[]
  live: Pick<LiveStream, 'window'>
}): PodLoads {
  const { cluster, namespace, entries, objective, workloads, live } = options
  const learners = workloads.map(({ given, known }) => (given ? undefined : createSafeLoad(known)))
  let lookedAt = Number.NEGATIVE_INFINITY
  let missed = false
  return {
    look(now, pods, calls) {
      if (now < lookedAt + EVERY_MS || learners.every((one) => one === undefined) || entries.length === 0) return
      lookedAt = now
      const until = Math.floor(now / 1_000) * 1_000 - 2_000
      const windows = entries.map((service) => live.window({ cluster, namespace, service }, until - EVERY_MS, until))
      if (windows.some(({ silent, freshnessMs, completeness }) => silent > 0 || freshnessMs === undefined || freshnessMs > EVERY_MS || completeness < 1)) return
      const requests = windows.reduce((sum, { total }) => sum + total.requests, 0)
      if (requests < LEAST_REQUESTS) return
      const failed = windows.reduce((sum, { total }) => sum + total.classes[4]!, 0)
      const slow = windows.some(({ total }) => total.timed > 0 && (total.times.quantile(0.95) ?? 0) > objective)
      missed = slow || failed > MOST_ERRORS * requests
      for (const [i, learner] of learners.entries()) {
        const [ready, share] = [pods[i], i === 0 ? 1 : calls[i]]
        if (learner === undefined || ready === undefined || ready === 0 || share === undefined) continue
        const load = ((requests * 1_000) / EVERY_MS / ready) * share
        // Of several workloads, those that have shown that they can do it are not to blame.
        if (missed && learners.length > 1 && load <= (learner.read()?.load ?? 0)) continue
        learner.learn(load, !missed)
      }
    },
    read(i) {
      const learner = learners[i]
      if (learner === undefined) return undefined
      const known = learner.read()
      return { sure: known !== undefined && known.confidence >= CONFIDENT_LOAD, missed, ...(known === undefined ? {} : { known }) }
    },
  }
}
