/** PromQL as external metrics and as the traffic of a policy. Whoever may write objects of a namespace sees the series of that namespace, and no others. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { Metrics } from '#core/shapes/ports/metrics.ts'
import { PROMQL_ANNOTATION } from '../domain/foreign.ts'
import { oneNumber, promqlProblem } from '../domain/promql.ts'

/** Samples older than this are not known any more, ms. */
const LOOKBACK_MS = 120_000
const TIMEOUT_MS = 5_000
/** As long as the queries that HPAs of a namespace name are taken as known, ms. */
const NAMED_MS = 10_000
const MOST_NAMED = 5_000
/** A policy's query is asked this often, ms. */
const EVERY_MS = 5_000

export type AskPromql = (cluster: string, namespace: string, text: string, now: number) => Promise<number | undefined>

/** The number now; undefined when there is none. Rejects as `Metrics.query` does. */
export const askPromql =
  (metrics: Pick<Metrics, 'query'>): AskPromql =>
  async (cluster, namespace, text, now) =>
    oneNumber(
      await metrics.query({
        view: { cluster, namespaces: [namespace] },
        text,
        start: now,
        end: now,
        step: 1_000,
        lookback: LOOKBACK_MS,
        timeoutMs: TIMEOUT_MS,
        lane: 'rules',
      }),
    )

/** Queries by the names that HPAs of a namespace give them. Two HPAs that mean other things by one name: neither is served. */
export function createNamedQueries() {
  const known = new Map<string, { until: number; queries: Promise<ReadonlyMap<string, string | undefined>> }>()
  return async (cluster: Cluster, namespace: string, name: string, now: number): Promise<string | undefined> => {
    const key = `${cluster.name}/${namespace}`
    let held = known.get(key)
    if (held === undefined || held.until <= now) {
      if (known.size >= MOST_NAMED) known.clear()
      held = { until: now + NAMED_MS, queries: readNamed(cluster, namespace) }
      known.set(key, held)
      held.queries.catch(() => known.delete(key))
    }
    const queries = await held.queries
    if (queries.has(name) && queries.get(name) === undefined)
      throw new CodedError('NOT_FOUND', { what: `one query of ${name}: HorizontalPodAutoscalers of ${namespace} give this name to several` })
    return queries.get(name)
  }
}

async function readNamed(cluster: Cluster, namespace: string): Promise<ReadonlyMap<string, string | undefined>> {
  const list = (version: string) => cluster.list({ apiVersion: `autoscaling/${version}`, kind: 'HorizontalPodAutoscaler' }, { namespace, limit: 500 })
  const { items } = await list('v2').catch((error: unknown) => {
    if (error instanceof CodedError && error.code === 'KIND_UNKNOWN') return list('v1')
    throw error
  })
  const queries = new Map<string, string | undefined>()
  for (const { metadata } of items as readonly KubeObject[])
    for (const [key, query] of Object.entries(metadata.annotations ?? {})) {
      if (!key.startsWith(PROMQL_ANNOTATION)) continue
      const name = key.slice(PROMQL_ANNOTATION.length)
      queries.set(name, queries.has(name) && queries.get(name) !== query ? undefined : query)
    }
  return queries
}

/** The value of a query that an HPA names. NOT_FOUND: there is no such name, or no number now. */
export function createPromqlMetrics(ask: AskPromql) {
  const named = createNamedQueries()
  return async (cluster: Cluster, namespace: string, name: string, now: number): Promise<number> => {
    const query = await named(cluster, namespace, name, now)
    if (query === undefined)
      throw new CodedError('NOT_FOUND', {
        what: `a metric ${name}: it is none of the ingress, and no HorizontalPodAutoscaler of ${namespace} has the annotation ${PROMQL_ANNOTATION}${name}`,
      })
    const wrong = promqlProblem(query)
    if (wrong !== undefined) throw new CodedError('NOT_FOUND', { what: `a value of ${name}: ${PROMQL_ANNOTATION}${name} ${wrong}` })
    const value = await ask(cluster.name, namespace, query, now)
    if (value === undefined) throw new CodedError('NOT_FOUND', { what: `a value of ${name}: its query has not one number now, which is not zero` })
    return value
  }
}

/** Traffic that a query tells, as the live stream would: requests per second, NaN where it was not known. `look` asks when it is time. */
export function createQueriedTraffic(ask: AskPromql, cluster: string, namespace: string, query: string) {
  const bySecond = new Map<number, number>()
  let askedAt = Number.NEGATIVE_INFINITY
  let knownAt: number | undefined
  const stream: Pick<LiveStream, 'window' | 'requests'> = {
    requests: (_select, from, to) => Array.from({ length: Math.ceil((to - from) / 1_000) }, (_, i) => bySecond.get(from + i * 1_000) ?? Number.NaN),
    window: (_select, from, to) =>
      ({
        silent: 0,
        senders: 1,
        completeness: knownAt === undefined ? 0 : Math.max(0, Math.min(1, (to - Math.max(from, Math.min(...bySecond.keys()))) / (to - from))),
        ...(knownAt === undefined ? {} : { freshnessMs: to - knownAt }),
      }) as ReturnType<LiveStream['window']>,
  }
  return {
    stream,
    async look(now: number): Promise<void> {
      if (now < askedAt + EVERY_MS) return
      askedAt = now
      const value = await ask(cluster, namespace, query, now).catch(() => undefined)
      if (value === undefined || value < 0) return
      const second = Math.floor(now / 1_000) * 1_000
      // What was asked last stands for the seconds since; longer pauses are not known.
      for (let at = second; at > second - EVERY_MS - 2_000 && !bySecond.has(at); at -= 1_000) bySecond.set(at, value)
      knownAt = now
      for (const at of bySecond.keys()) {
        if (at > now - 960_000) break
        bySecond.delete(at)
      }
    },
  }
}
