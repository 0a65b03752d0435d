/** PromQL as external metrics and as the traffic of a policy. Whoever may write objects of a namespace sees the series of that namespace, and no others. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { Metrics } from '#core/shapes/ports/metrics.ts'
import { PROMQL_ANNOTATION } from '../domain/foreign.ts'
import { freshnessQueries, oneNumber, promqlProblem } from '../domain/promql.ts'

/** Samples older than this are not known any more, ms. */
const LOOKBACK_MS = 120_000
const TIMEOUT_MS = 5_000
/** Series that were seen within it and are silent now make a value incomplete, ms. */
const MISSED_MS = 600_000
/** As long as the queries that HPAs of a namespace name are taken as known, ms. */
const NAMED_MS = 10_000
const MOST_NAMED = 5_000
/** A policy's query is asked this often, ms. */
const EVERY_MS = 5_000

export interface PromqlValue {
  value: number
  /** Age of the newest sample of the stalest thing that it reads, ms. */
  freshnessMs: number
  /** Share of the series that it reads which are not silent, 0 to 1. */
  completeness: number
}
export type AskPromql = (cluster: string, namespace: string, text: string, now: number) => Promise<PromqlValue | undefined>

/** The number now; undefined when there is none, or what it reads is stale. Rejects as `Metrics.query` does. */
export const askPromql =
  (metrics: Pick<Metrics, 'query'>): AskPromql =>
  async (cluster, namespace, text, now) => {
    const ask = async (query: string, lookback: number) =>
      oneNumber(
        await metrics.query({
          view: { cluster, namespaces: [namespace] },
          text: query,
          start: now,
          end: now,
          step: 1_000,
          lookback,
          timeoutMs: TIMEOUT_MS,
          lane: 'rules',
        }),
      )
    const value = await ask(text, LOOKBACK_MS)
    if (value === undefined) return undefined
    let freshnessMs = 0
    let completeness = 1
    for (const { newest, share } of freshnessQueries(text, LOOKBACK_MS / 1_000)) {
      const at = await ask(newest, MISSED_MS)
      // Nothing of it was ever seen: `or vector(0)` and the like mean that.
      if (at === undefined) continue
      freshnessMs = Math.max(freshnessMs, now - at * 1_000)
      completeness = Math.min(completeness, (await ask(share, MISSED_MS)) ?? 0)
    }
    return freshnessMs > LOOKBACK_MS ? undefined : { value, freshnessMs, completeness }
  }

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
  /** Values that were whole. */
  const whole = new Map<string, { at: number; value: number }>()
  return async (cluster: Cluster, namespace: string, name: string, now: number): Promise<PromqlValue> => {
    const query = await named(cluster, namespace, name, now)
    if (query === undefined)
      throw new CodedError('NOT_FOUND', {
        what: `a metric ${name}: it is none of the ingress, and no HorizontalPodAutoscaler of ${namespace} has the annotation ${PROMQL_ANNOTATION}${name}`,
      })
    const wrong = promqlProblem(query)
    if (wrong !== undefined) throw new CodedError('NOT_FOUND', { what: `a value of ${name}: ${PROMQL_ANNOTATION}${name} ${wrong}` })
    const found = await ask(cluster.name, namespace, query, now)
    if (found === undefined)
      throw new CodedError('NOT_FOUND', { what: `a value of ${name}: its query has not one number now, or what it reads is stale, which is not zero` })
    const key = `${cluster.name}/${namespace}/${query}`
    if (found.completeness < 1) {
      // What is missing is not less: series that fell silent scale nothing in.
      const last = whole.get(key)
      return last !== undefined && last.at > now - MISSED_MS ? { ...found, value: Math.max(found.value, last.value) } : found
    }
    if (whole.size >= MOST_NAMED) whole.clear()
    whole.set(key, { at: now, value: found.value })
    return found
  }
}

/** Traffic that a query tells, as the live stream would: requests per second, NaN where it was not known. `look` asks when it is time. */
export function createQueriedTraffic(ask: AskPromql, cluster: string, namespace: string, query: string) {
  const bySecond = new Map<number, number>()
  let askedAt = Number.NEGATIVE_INFINITY
  let knownAt: number | undefined
  let whole = true
  const stream: Pick<LiveStream, 'window' | 'requests'> = {
    requests: (_select, from, to) => Array.from({ length: Math.ceil((to - from) / 1_000) }, (_, i) => bySecond.get(from + i * 1_000) ?? Number.NaN),
    window: (_select, from, to) =>
      ({
        silent: whole ? 0 : 1,
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
      const found = await ask(cluster, namespace, query, now).catch(() => undefined)
      if (found === undefined || found.value < 0) return
      const { value } = found
      whole = found.completeness === 1
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
