/** Samples of selected series out of the store, as the columns that the evaluator takes. */
import { CodedError } from '#core/kernel/errors.ts'
import { histogramOf } from '#core/promql/histogram/bytes.ts'
import type { Histogram } from '#core/promql/histogram/histogram.ts'
import { detectReset } from '#core/promql/histogram/reconcile.ts'
import type { Labels } from '#core/promql/labels.ts'
import type { Columns } from '#core/promql/value.ts'
import type { Query, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { readNative } from '#core/telemetry/native-read.ts'
import { STALE_HIGH, STALE_LOW } from './blocks.ts'
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

/** Samples in (from, to] of the series, which are in order of id; series without samples are left out. */
export async function fetchColumns(
  options: FetchOptions,
  selected: readonly { series: KnownSeries; labels: Labels }[],
  from: number,
  to: number,
): Promise<Columns[]> {
  const out: Columns[] = []
  for (let first = 0; first < selected.length; first += IDS) {
    const some = selected.slice(first, first + IDS)
    const withHistograms = some.some(({ series }) => series.histograms)
    const early = withHistograms ? from - HINT_MS : from
    const [floats, histograms] = await Promise.all([
      readSamples(options, some, early, to),
      withHistograms ? readHistograms(options, some, early, to) : new Map<bigint, StoredHistograms>(),
    ])
    for (const { series, labels } of some) {
      const columns = merged(labels, floats.get(series.id), histograms.get(series.id))
      if (columns) out.push(...(withHistograms ? after(columns, from) : [columns]))
    }
  }
  return out
}

/** The samples later than `from`; nothing where there are none. */
function after(columns: Columns, from: number): Columns[] {
  const { ts, values, stale, histograms } = columns
  const first = ts.findIndex((t) => t > from)
  if (first === 0) return [columns]
  if (first < 0) return []
  return [
    { ...columns, ts: ts.subarray(first), values: values.subarray(first), stale: stale?.subarray(first) ?? null, histograms: histograms?.slice(first) ?? null },
  ]
}

async function ask(options: FetchOptions, what: string, table: string, selected: readonly { series: KnownSeries }[], from: number, to: number) {
  const bytes = await options.telemetry.columns({
    sql: `SELECT id, toFloat64(toUnixTimestamp64Milli(ts)) AS t, ${what} FROM ${table}
WHERE cluster = {cluster:String} AND id IN (${selected.map(({ series }) => series.id).join(',')})
AND ts > fromUnixTimestamp64Milli(toInt64({from:Int64}), 'UTC') AND ts <= fromUnixTimestamp64Milli(toInt64({to:Int64}), 'UTC') ORDER BY cluster, id, ts`,
    params: { cluster: options.cluster, from: Math.floor(from), to: Math.floor(to) },
    scope: [{ cluster: options.cluster, signals: ['metrics'] }],
    limits: { seconds: SECONDS, memoryBytes: MEMORY, rows: options.samples },
    lane: options.lane,
  })
  return readNative(bytes)
}

interface StoredFloats {
  ts: Float64Array
  values: Float64Array
  stale: Uint8Array | null
}

/** Rows [from, to) of one series each. */
function* runsOf(ids: BigUint64Array): Generator<[id: bigint, from: number, to: number]> {
  const words = new Uint32Array(ids.buffer)
  for (let from = 0; from < ids.length; ) {
    let to = from + 1
    while (to < ids.length && words[to * 2] === words[from * 2] && words[to * 2 + 1] === words[from * 2 + 1]) to++
    yield [ids[from]!, from, to]
    from = to
  }
}

async function readSamples(options: FetchOptions, selected: readonly { series: KnownSeries }[], from: number, to: number) {
  const answer = await ask(options, 'value', 'samples', selected, from, to)
  const ts = new Float64Array(answer.numbers('t'))
  const values = new Float64Array(answer.numbers('value'))
  const words = new Uint32Array(values.buffer)
  const isStale = (i: number) => words[i * 2] === STALE_LOW && words[i * 2 + 1] === STALE_HIGH
  const out = new Map<bigint, StoredFloats>()
  for (const [id, start, end] of runsOf(new BigUint64Array(answer.numbers('id')))) {
    let n = start
    let stale = false
    for (let i = start; i < end; i++) {
      // Of samples with one time the greatest counts: the same whatever the order in which they came.
      if (n > start && ts[n - 1] === ts[i]) {
        if (isStale(n - 1) || values[i]! > values[n - 1]! || (Number.isNaN(values[n - 1]) && !isStale(i))) {
          words[(n - 1) * 2] = words[i * 2]!
          words[(n - 1) * 2 + 1] = words[i * 2 + 1]!
        }
        continue
      }
      if (n !== i) {
        ts[n] = ts[i]!
        words[n * 2] = words[i * 2]!
        words[n * 2 + 1] = words[i * 2 + 1]!
      }
      n++
    }
    for (let i = start; i < n && !stale; i++) stale = Number.isNaN(values[i]) && isStale(i)
    const marks = stale ? Uint8Array.from({ length: n - start }, (_, i) => Number(isStale(start + i))) : null
    out.set(id, { ts: ts.subarray(start, n), values: values.subarray(start, n), stale: marks })
  }
  return out
}

interface StoredHistograms {
  ts: Float64Array
  histograms: Histogram[]
}

async function readHistograms(options: FetchOptions, selected: readonly { series: KnownSeries }[], from: number, to: number) {
  const answer = await ask(options, 'histogram', 'histograms', selected, from, to)
  const ts = new Float64Array(answer.numbers('t'))
  const texts = answer.texts('histogram')
  const out = new Map<bigint, StoredHistograms>()
  for (const [id, start, end] of runsOf(new BigUint64Array(answer.numbers('id')))) {
    const kept: number[] = []
    for (let i = start; i < end; i++) if (i === start || ts[i] !== ts[i - 1]) kept.push(i)
    out.set(id, { ts: Float64Array.from(kept, (i) => ts[i]!), histograms: kept.map((i) => histogramOf(texts[i]!)) })
  }
  return out
}

/** Floats and histograms of a series in one order of time. */
function merged(labels: Labels, floats: StoredFloats | undefined, stored: StoredHistograms | undefined): Columns | undefined {
  if (!stored) return floats && { labels, ...floats, histograms: null, starts: null }
  const n = (floats?.ts.length ?? 0) + stored.ts.length
  const ts = new Float64Array(n)
  const values = new Float64Array(n).fill(Number.NaN)
  const stale = floats?.stale ? new Uint8Array(n) : null
  const histograms: (Histogram | null)[] = []
  let previous: Histogram | undefined
  let [f, h, at] = [0, 0, 0]
  while (histograms.length < n) {
    at = histograms.length
    if (floats && f < floats.ts.length && !(stored.ts[h]! < floats.ts[f]!)) {
      ts[at] = floats.ts[f]!
      values[at] = floats.values[f]!
      if (stale) stale[at] = floats.stale![f]!
      f++
      previous = undefined
      histograms.push(null)
    } else {
      ts[at] = stored.ts[h]!
      const told = withHint(stored.histograms[h++]!, previous)
      previous = told.hint === 'gauge' ? undefined : told
      histograms.push(told)
    }
  }
  return { labels, ts, values, stale, histograms, starts: null }
}

/** A reset is told from the sample before; what came first says nothing. */
function withHint(h: Histogram, previous: Histogram | undefined): Histogram {
  if (h.hint === 'gauge') return h
  const continues = previous !== undefined && h.schema === previous.schema && h.zeroThreshold === previous.zeroThreshold && !detectReset(h, previous)
  return { ...h, hint: continues ? 'not_reset' : 'unknown' }
}

/** Throws PROMQL_LIMIT for what would be too much to look at. */
export function checkSeries(count: number, limit: number): void {
  if (count > limit) throw new CodedError('PROMQL_LIMIT', { what: 'series', limit })
}
