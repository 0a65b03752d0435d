/** Samples of selected series out of the store, as the bytes that the engine answers with: what they mean is read where the query is evaluated. */
import { CodedError } from '#core/kernel/errors.ts'
import type { Query, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { RUN_MS } from '#core/telemetry/tables/metrics.ts'
import type { Part } from './columns.ts'
import type { KnownSeries } from './registry.ts'

/** Series in one statement. */
const IDS = 20_000
/** From this share on all series of a metric are read and the others passed over: cheaper than to name them one by one. */
const MOST_OF = 0.5
/** Whether a histogram continues the one before is told from that one, which may lie so long before the window, ms. */
const HINT_MS = 300_000
const SECONDS = 60
const MEMORY = 2 ** 30

export interface FetchOptions {
  telemetry: Pick<Telemetry, 'columns'>
  cluster: string
  lane: NonNullable<Query['lane']>
  /** Samples that all of the query may read. */
  samples: number
  /** How many series there are whose ids have this high half. */
  sizeOf(high: number): number
}

/** Samples in (from, to] of the series, which are in order of id. */
export async function fetchParts(options: FetchOptions, selected: readonly KnownSeries[], from: number, to: number): Promise<Part[]> {
  const out: Part[] = []
  for (let first = 0; first < selected.length; first += IDS) {
    const some = selected.slice(first, first + IDS)
    const histograms = some.filter((series) => series.histograms)
    const starts = some.filter((series) => series.starts)
    const early = histograms.length > 0 ? from - HINT_MS : from
    const [samples, histogramBytes, startBytes] = await Promise.all([
      askRuns(options, some, early, to),
      histograms.length > 0 ? ask(options, 'histogram', 'histograms', histograms, early, to) : null,
      starts.length > 0 ? ask(options, 'toFloat64(toUnixTimestamp64Milli(start)) AS start_ms', 'starts', starts, early, to) : null,
    ])
    const ids = BigUint64Array.from(some, (series) => series.id)
    out.push({ from, early, to, ids, keys: some.map((series) => series.key), samples, histograms: histogramBytes, starts: startBytes })
  }
  return out
}

/** Seconds, as far as the column goes. */
const slotOf = (ms: number) => Math.min(2 ** 32 - 1, Math.max(0, Math.floor(ms / RUN_MS) * (RUN_MS / 1000)))

/** Whole half hours, in no order. */
const askRuns = (options: FetchOptions, selected: readonly KnownSeries[], from: number, to: number): Promise<Uint8Array> =>
  run(
    options,
    `SELECT id, slot, at, value, whole_at, whole FROM sample_runs
WHERE cluster = {cluster:String} AND slot >= toDateTime({first:Int64}, 'UTC') AND slot <= toDateTime({last:Int64}, 'UTC') AND (${idCondition(selected, options.sizeOf)})`,
    { first: slotOf(from), last: slotOf(to) },
  )

const ask = (options: FetchOptions, what: string, table: string, selected: readonly KnownSeries[], from: number, to: number): Promise<Uint8Array> =>
  run(
    options,
    `SELECT id, toFloat64(toUnixTimestamp64Milli(ts)) AS t, ${what} FROM ${table}
WHERE cluster = {cluster:String} AND (${idCondition(selected, options.sizeOf)})
AND ts > fromUnixTimestamp64Milli(toInt64({from:Int64}), 'UTC') AND ts <= fromUnixTimestamp64Milli(toInt64({to:Int64}), 'UTC') ORDER BY cluster, id, ts`,
    { from: Math.floor(from), to: Math.floor(to) },
  )

/** The ids of the series, and of others of a metric where most of it is meant. */
function idCondition(selected: readonly KnownSeries[], sizeOf: (high: number) => number): string {
  const byHigh = Map.groupBy(selected, ({ id }) => Number(id >> 32n))
  const ranges: string[] = []
  const single: bigint[] = []
  for (const [high, some] of byHigh) {
    if (some.length > 16 && some.length >= sizeOf(high) * MOST_OF) ranges.push(`id BETWEEN ${some[0]!.id} AND ${some.at(-1)!.id}`)
    else for (const { id } of some) single.push(id)
  }
  return [...(single.length > 0 ? [`id IN (${single.join(',')})`] : []), ...ranges].join(' OR ')
}

const run = (options: FetchOptions, sql: string, params: Record<string, number>): Promise<Uint8Array> =>
  options.telemetry.columns({
    sql,
    params: { cluster: options.cluster, ...params },
    scope: [{ cluster: options.cluster, signals: ['metrics'] }],
    limits: { seconds: SECONDS, memoryBytes: MEMORY, rows: options.samples },
    lane: options.lane,
  })

/** Throws PROMQL_LIMIT for what would be too much to look at. */
export function checkSeries(count: number, limit: number): void {
  if (count > limit) throw new CodedError('PROMQL_LIMIT', { what: 'series', limit })
}
