/** Asks a Prometheus API for both arms, and keeps what it said until there can be more. */
import { parseDuration } from '#core/kernel/duration.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { MetricSeries, MetricSource } from '#core/shapes/ports/metric-source.ts'
import type { Outbound } from '#core/shapes/ports/outbound.ts'
import type { Sample } from '../domain/judge/samples.ts'
import { type ArmWords, type Metric, queryOf, type Readings } from '../domain/release/metrics.ts'
import { readSecret } from './secret.ts'

const TIMEOUT_MS = 10_000
const MOST_BYTES = 4 * 1024 * 1024
/** Prometheus answers 11,000 points at most; older ones of a very long analysis are left out. */
const MOST_POINTS = 2_000

export const everyMsOf = ({ every }: Metric): number => parseDuration(every) ?? 60_000

/** A Prometheus by its HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries */
export function prometheusAt(url: string, token: string | undefined, outbound: Outbound): MetricSource {
  return {
    async range({ promql, from, to, step }) {
      const query = new URLSearchParams({ query: promql, start: String(from / 1000), end: String(to / 1000), step: String(step / 1000) })
      const answer = await outbound.send({
        method: 'POST',
        url: `${url.replace(/\/$/, '')}/api/v1/query_range`,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
        body: query.toString(),
        timeoutMs: TIMEOUT_MS,
        maxBytes: MOST_BYTES,
      })
      return answer.ok ? readMatrix(answer.value.status, answer.value.body) : answer
    },
  }
}

function readMatrix(status: number, body: string): Result<MetricSeries[], string> {
  try {
    const { status: said, error, data } = JSON.parse(body)
    if (said !== 'success') return err(`HTTP ${status}: ${String(error ?? 'no success').slice(0, 200)}`)
    return ok(
      data.result.map(({ metric, values }: { metric: Record<string, string>; values: [number, string][] }) => ({
        labels: metric,
        points: values.map(([at, value]) => [at * 1000, Number(value)] as const),
      })),
    )
  } catch {
    return err(`HTTP ${status}: this is no answer of a Prometheus`)
  }
}

export interface MetricsOf {
  cluster: Cluster
  namespace: string
  metrics: readonly Metric[]
  stable: ArmWords
  canary: ArmWords
  /** ms: from when and to when. */
  since: number
  now: number
}

/** `own`: the metrics of this server, where it keeps any. */
export function metricReader(outbound: Outbound, own: MetricSource | undefined) {
  /** By Canary and metric: what was said, and until when there can be nothing new. */
  const kept = new Map<string, { until: number; asked: string; readings: Readings }>()
  const sourceOf = async ({ source }: Metric, { cluster, namespace }: MetricsOf): Promise<Result<MetricSource, string>> => {
    if (source === undefined) return own ? ok(own) : err('this server keeps no metrics: name a source')
    if (source.secretRef === undefined) return ok(prometheusAt(source.url, undefined, outbound))
    const token = await readSecret(cluster, namespace, source.secretRef)
    return token.ok ? ok(prometheusAt(source.url, token.value.trim(), outbound)) : token
  }
  const ask = async (metric: Metric, of: MetricsOf): Promise<Readings> => {
    const source = await sourceOf(metric, of)
    if (!source.ok) return { fault: source.error }
    const step = everyMsOf(metric)
    const steps = Math.floor((of.now - of.since) / step)
    if (steps < 1) return { samples: [] }
    const times = Array.from({ length: Math.min(steps, MOST_POINTS) }, (_, i, all = Math.min(steps, MOST_POINTS)) => of.since + (steps - all + i + 1) * step)
    const range = { from: times[0]!, to: times.at(-1)!, step }
    const [stable, canary] = await Promise.all([of.stable, of.canary].map((words) => source.value.range({ promql: queryOf(metric.query, words), ...range })))
    for (const [arm, answer] of [
      ['stable', stable!],
      ['canary', canary!],
    ] as const) {
      if (!answer.ok) return { fault: answer.error }
      if (answer.value.length > 1) return { fault: `the query gives ${answer.value.length} series for ${arm}, not one: aggregate it` }
    }
    const valuesOf = (answer: typeof stable) => new Map(answer!.ok ? (answer!.value[0]?.points ?? []).map(([at, value]) => [Math.round(at), value]) : [])
    const [a, b] = [valuesOf(stable), valuesOf(canary)]
    const at = (values: Map<number, number>, time: number) => (Number.isFinite(values.get(time)) ? values.get(time)! : null)
    const samples: Sample[] = times.map((time) => ({ at: time, stable: at(a, Math.round(time)), canary: at(b, Math.round(time)) }))
    return { samples }
  }
  return async (key: string, of: MetricsOf): Promise<ReadonlyMap<string, Readings>> => {
    const all = new Map<string, Readings>()
    await Promise.all(
      of.metrics.map(async (metric) => {
        const id = `${key} ${metric.name}`
        const asked = JSON.stringify([metric, of.stable, of.canary, of.since])
        const before = kept.get(id)
        const fresh = before !== undefined && before.asked === asked && of.now < before.until
        const readings = fresh ? before.readings : await ask(metric, of)
        // A fault is asked again at the next look.
        if (!fresh) kept.set(id, { until: 'fault' in readings ? 0 : of.now + Math.min(everyMsOf(metric), 15_000), asked, readings })
        all.set(metric.name, readings)
      }),
    )
    return all
  }
}
