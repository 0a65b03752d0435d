/** Samples of selected series out of the store, as the bytes that the engine answers with: what they mean is read where the query is evaluated. */
import { CodedError } from '#core/kernel/errors.ts'
import type { Query, Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { Part } from './columns.ts'
import type { KnownSeries } from './registry.ts'

/** Ids in one statement. */
const IDS = 8_000
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
}

/** Samples in (from, to] of the series, which are in order of id. */
export async function fetchParts(options: FetchOptions, selected: readonly { series: KnownSeries }[], from: number, to: number): Promise<Part[]> {
  const out: Part[] = []
  for (let first = 0; first < selected.length; first += IDS) {
    const some = selected.slice(first, first + IDS)
    const histograms = some.filter(({ series }) => series.histograms)
    const starts = some.filter(({ series }) => series.starts)
    const early = histograms.length > 0 ? from - HINT_MS : from
    const [samples, histogramBytes, startBytes] = await Promise.all([
      ask(options, 'value', 'samples', some, early, to),
      histograms.length > 0 ? ask(options, 'histogram', 'histograms', histograms, early, to) : null,
      starts.length > 0 ? ask(options, 'toFloat64(toUnixTimestamp64Milli(start)) AS start_ms', 'starts', starts, early, to) : null,
    ])
    const ids = BigUint64Array.from(some, ({ series }) => series.id)
    out.push({ from, ids, keys: some.map(({ series }) => series.key), samples, histograms: histogramBytes, starts: startBytes })
  }
  return out
}

async function ask(
  options: FetchOptions,
  what: string,
  table: string,
  selected: readonly { series: KnownSeries }[],
  from: number,
  to: number,
): Promise<Uint8Array> {
  const bytes = await options.telemetry.columns({
    sql: `SELECT id, toFloat64(toUnixTimestamp64Milli(ts)) AS t, ${what} FROM ${table}
WHERE cluster = {cluster:String} AND id IN (${selected.map(({ series }) => series.id).join(',')})
AND ts > fromUnixTimestamp64Milli(toInt64({from:Int64}), 'UTC') AND ts <= fromUnixTimestamp64Milli(toInt64({to:Int64}), 'UTC') ORDER BY cluster, id, ts`,
    params: { cluster: options.cluster, from: Math.floor(from), to: Math.floor(to) },
    scope: [{ cluster: options.cluster, signals: ['metrics'] }],
    limits: { seconds: SECONDS, memoryBytes: MEMORY, rows: options.samples },
    lane: options.lane,
  })
  // A buffer of its own, which can be handed to another thread without a copy.
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}

/** Throws PROMQL_LIMIT for what would be too much to look at. */
export function checkSeries(count: number, limit: number): void {
  if (count > limit) throw new CodedError('PROMQL_LIMIT', { what: 'series', limit })
}
