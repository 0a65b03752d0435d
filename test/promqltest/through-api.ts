/** The whole way: samples through the store on disk, questions through the query API over HTTP. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { queryRoutes } from '#capabilities/metrics/server/query.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { Answer } from '#core/promql/evaluate.ts'
import { type Histogram, NO_BUCKETS } from '#core/promql/histogram/histogram.ts'
import { labelsOf } from '#core/promql/labels.ts'
import { parse } from '#core/promql/parser.ts'
import type { QueryRange } from '#core/promql/plan.ts'
import { typeOf } from '#core/promql/types.ts'
import { newSeries, type Series, setFloat, setHistogram } from '#core/promql/value.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { openMetrics } from '#edges/telemetry/metrics/open.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { type LoadedSample, numberOf, type Target, type ToldHistogram } from './script.ts'

const YEAR = 365 * 86_400_000

/** A server of its own whose clock stands where scripts live: decades may lie between 1970 and the latest sample. */
export async function openApiTarget(): Promise<{ target: Target; close(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-promqltest-'))
  const clock = { now: () => 40 * YEAR, sleep: (ms: number, signal?: AbortSignal) => pause(ms, undefined, { ...(signal && { signal }) }) }
  const telemetry = await openTelemetry({ dir: join(dir, 'store'), clock })
  await telemetry.configure('metrics', { retentionDays: 100 * 365 })
  const metricStore = await openMetrics({ telemetry, clock })
  const log = pino({ level: 'silent' })
  const http = await createHttp({ log, clock, auth: await openAuth(dir, clock), version: '0' })
  queryRoutes(http, { metricStore, clock, version: '0' })
  await http.ready()
  const headers = { authorization: `Bearer ${(await readFile(join(dir, 'cli-token'), 'utf8')).trim()}`, 'content-type': 'application/x-www-form-urlencoded' }
  let clusters = 0

  const target: Target = async (lists) => {
    const names = lists.map(() => `t${++clusters}`)
    for (const [i, samples] of lists.entries()) if (samples.length > 0) await metricStore.append(batchOf(names[i]!, samples, clock.now()))
    while ((await telemetry.status()).queue.batches > 0) await pause(20)
    return names.map((cluster) => async (query, range) => {
      const instant = range.start === range.end
      const form = new URLSearchParams(
        instant
          ? { query, time: String(range.start / 1000) }
          : { query, start: String(range.start / 1000), end: String(range.end / 1000), step: String(range.step / 1000) },
      )
      const path = `/clusters/${cluster}/prometheus/api/v1/${instant ? 'query' : 'query_range'}`
      const answer = await http.inject({ method: 'POST', url: path, headers, payload: form.toString() })
      return answerOf(answer.json(), query, range)
    })
  }
  return {
    target,
    async close() {
      await http.close()
      await metricStore.close()
      await telemetry.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export function batchOf(cluster: string, samples: readonly LoadedSample[], now: number) {
  const series = [...new Map(samples.map(({ labels }) => [labels.key, labels])).values()]
  const index = new Map(series.map(({ key }, i) => [key, i]))
  // Of samples with one time, a script means the last.
  const latest = [...new Map(samples.map((one) => [`${one.labels.key} ${one.at}`, one])).values()]
  const floats = latest.filter(({ sample }) => typeof sample !== 'object')
  const of = ({ labels }: LoadedSample) => index.get(labels.key)!
  return {
    id: uuidv7(now, randomBytes(10)),
    cluster,
    series,
    of: Uint32Array.from(floats, of),
    ts: Float64Array.from(floats, ({ at }) => at),
    values: Float64Array.from(floats, ({ sample }) => (typeof sample === 'number' ? sample : Number.NaN)),
    stale: Uint8Array.from(floats, ({ sample }) => Number(sample === 'stale')),
    starts: Float64Array.from(floats, ({ start = 0 }) => start),
    histograms: latest.flatMap((one) =>
      typeof one.sample === 'object' ? [{ of: of(one), ts: one.at, histogram: one.sample, ...(one.start !== undefined && { start: one.start }) }] : [],
    ),
  }
}

type Point = [number, string]
type HistogramPoint = [number, ToldHistogram['told']]
interface ResponseBody {
  status: 'success' | 'error'
  error?: string
  warnings?: string[]
  infos?: string[]
  data?: { resultType: string; result: unknown }
}
interface Row {
  metric: Record<string, string>
  value?: Point
  values?: Point[]
  histogram?: HistogramPoint
  histograms?: HistogramPoint[]
}

function answerOf({ status, error, warnings = [], infos = [], data }: ResponseBody, query: string, { start, end, step }: QueryRange): Answer {
  if (status === 'error') throw new CodedError('PROMQL_FAILED', { reason: error!.replace(/^invalid parameter "query": \d+:\d+: parse error: /, '') })
  const n = start === end ? 1 : Math.floor((end - start) / step) + 1
  const grid = { start, step, n }
  const done = (value: Answer['value']): Answer => ({ value, grid, warnings, infos, samples: 0 })
  const { resultType, result } = data!
  if (resultType === 'string') return done({ type: 'string', value: (result as Point)[1] })
  if (resultType === 'scalar') return done({ type: 'scalar', values: Float64Array.of(numberOf((result as Point)[1])) })
  const series = (result as Row[]).map((row): Series => {
    const one = newSeries(labelsOf(Object.entries(row.metric)), false, n)
    const at = (seconds: number) => Math.round((seconds * 1000 - start) / step)
    for (const [t, value] of row.values ?? (row.value ? [row.value] : [])) setFloat(one, at(t), numberOf(value))
    for (const [t, told] of row.histograms ?? (row.histogram ? [row.histogram] : [])) setHistogram(one, at(t), toldHistogram(told))
    return one
  })
  // Over a range, a scalar is a series without labels.
  if (typeOf(parse(query)) === 'scalar') return done({ type: 'scalar', values: series[0]!.values })
  return done({ type: 'vector', series })
}

const toldHistogram = (told: ToldHistogram['told']): Histogram => {
  const known = { count: numberOf(told.count), sum: numberOf(told.sum) }
  const unknown = { schema: 0, zeroThreshold: 0, zeroCount: 0, positive: NO_BUCKETS, negative: NO_BUCKETS, custom: null, hint: 'unknown' } as const
  return { ...unknown, ...known, told } as ToldHistogram
}
