/** Result rows as answers: gaps stay gaps, and what an answer may lack is said. Pure. */
import type { IncompleteReason, RequestRow, SeriesAnswer, SourceStatus } from './api.ts'
import { numberOf, readTotals, type Totals } from './measures.ts'
import { type Range, REQUEST_COLUMNS } from './queries.ts'

interface Rows {
  columns: readonly string[]
  rows: readonly (readonly unknown[])[]
}

/** Bucket start (ms) → its measures. */
export const readBuckets = (result: Rows): Map<number, Totals> => new Map(result.rows.map((row) => [Number(row[0]), readTotals(result.columns, row)]))

/** Events reach the store up to this much later, ms: the newest moments are not judged. */
export const SETTLE = 2000
const MINUTE = 60_000

type SeriesName = keyof SeriesAnswer['series']
const COUNTS: Partial<Record<SeriesName, keyof Totals>> = {
  requests: 'requests',
  c2xx: 's2xx',
  c3xx: 's3xx',
  c4xx: 's4xx',
  c5xx: 's5xx',
  bytes_in: 'bytes_in',
  bytes_out: 'bytes_out',
  visitors: 'visitors',
  s499: 's499',
  s502: 's502',
  s503: 's503',
  s504: 's504',
}
const RATES = ['success_rate', 'mean', 'p50', 'p90', 'p95', 'p99', 'max', 'upstream_mean', 'upstream_p99'] as const satisfies readonly SeriesName[]

/**
 * Columns over whole buckets of `range`. A bucket without rows is zero where `known` says that the cluster sent something then, else a gap;
 * a bucket of up to a minute that is not over yet is a gap too, because its counts would look like a drop.
 */
export function seriesColumns(
  buckets: ReadonlyMap<number, Totals>,
  range: Range,
  step: number,
  known: (bucket: number) => boolean,
  now: number,
): Pick<SeriesAnswer, 'ts' | 'series'> {
  const ts: number[] = []
  const series = {} as SeriesAnswer['series']
  const names = [...(Object.keys(COUNTS) as SeriesName[]), 'qps', ...RATES] as const
  for (const name of names) series[name] = []
  const empty = readTotals([], [])
  for (let at = range.from; at < range.to; at += step) {
    ts.push(at)
    const open = at >= now || (step <= MINUTE && at + step > now - SETTLE)
    const totals = open ? undefined : (buckets.get(at) ?? (known(at) ? empty : undefined))
    const seconds = (Math.min(at + step, now) - at) / 1000
    for (const [name, measure] of Object.entries(COUNTS)) series[name as SeriesName].push(totals ? (totals[measure] as number) : null)
    series.qps.push(totals ? totals.requests / seconds : null)
    for (const name of RATES) series[name].push(totals ? numberOf(name, totals, seconds) : null)
  }
  return { ts, series }
}

/** Raw rows by the names of their columns. */
export const requestRows = (result: Rows): RequestRow[] =>
  result.rows.map((row) => Object.fromEntries(REQUEST_COLUMNS.map((name, i) => [name, row[i] as string | number | null])) as RequestRow)

export interface Circumstances {
  /** Event time of the oldest row. */
  oldestAt?: number
  queue: { batches: number; oldestAt?: number }
  sources: readonly Pick<SourceStatus, 'source' | 'samples'>[]
  /** Parts that exceeded their limit. */
  limited: readonly string[]
  now: number
}

/** How long a batch may wait for the engine before answers call themselves incomplete, ms. */
const QUEUE_GRACE = 5000

/** Why an answer about `range` may be short of the truth. */
export function incompleteReasons(range: Range, { oldestAt, queue, sources, limited, now }: Circumstances): IncompleteReason[] {
  const reasons: IncompleteReason[] = []
  if (oldestAt !== undefined && range.from < oldestAt) reasons.push(`retention:${oldestAt}`)
  for (const { source, samples } of sources) {
    if (samples.some(({ at }) => at >= range.from && at < range.to)) reasons.push(`rejected:${source}`)
  }
  if (queue.batches > 0 && queue.oldestAt !== undefined && queue.oldestAt < now - QUEUE_GRACE) reasons.push(`queue:${queue.batches}`)
  for (const part of limited) reasons.push(`limit:${part}`)
  return reasons
}
