/** What the store answers with, as the columns that the evaluator takes. Pure: runs in the threads that evaluate. */
import { histogramOf } from '#core/promql/histogram/bytes.ts'
import type { Histogram } from '#core/promql/histogram/histogram.ts'
import { detectReset } from '#core/promql/histogram/reconcile.ts'
import { type Labels, labelsFromKey } from '#core/promql/labels.ts'
import type { Columns } from '#core/promql/value.ts'
import { readNative } from '#core/telemetry/native-read.ts'
import { readRuns, type StoredFloats } from './runs.ts'

/** Some series of a fetch, with the engine's answers as they are. */
export interface Part {
  /** Only samples later than this count, ms; those from `early` on are there to tell resets of histograms. */
  from: number
  early: number
  to: number
  ids: BigUint64Array
  /** `Labels.key` of each. */
  keys: readonly string[]
  samples: Uint8Array
  histograms: Uint8Array | null
  starts: Uint8Array | null
}

/** One for each series that has samples. */
export function columnsOf({ from, early, to, ids, keys, samples, histograms, starts }: Part): Columns[] {
  const floats = readRuns(samples, ids, early, to)
  const stored = histograms ? readHistograms(histograms) : new Map<bigint, StoredHistograms>()
  const begun = starts ? readStarts(starts) : new Map<bigint, StoredStarts>()
  return keys.flatMap((key, i) => {
    const id = ids[i]!
    const columns = merged(labelsFromKey(key), floats[i], stored.get(id))
    if (!columns) return []
    const known = starts ? { ...columns, starts: startsAt(columns.ts, begun.get(id)) } : columns
    return histograms ? after(known, from) : [known]
  })
}

/** The samples later than `from`; nothing where there are none. */
function after(columns: Columns, from: number): Columns[] {
  const { ts, values, stale, histograms, starts } = columns
  const first = ts.findIndex((t) => t > from)
  if (first === 0) return [columns]
  if (first < 0) return []
  return [
    {
      ...columns,
      ts: ts.subarray(first),
      values: values.subarray(first),
      stale: stale?.subarray(first) ?? null,
      histograms: histograms?.slice(first) ?? null,
      starts: starts?.subarray(first) ?? null,
    },
  ]
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

interface StoredHistograms {
  ts: Float64Array
  histograms: Histogram[]
}

function readHistograms(bytes: Uint8Array): Map<bigint, StoredHistograms> {
  const answer = readNative(bytes)
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

interface StoredStarts {
  ts: Float64Array
  starts: Float64Array
}

function readStarts(bytes: Uint8Array): Map<bigint, StoredStarts> {
  const answer = readNative(bytes)
  const ts = new Float64Array(answer.numbers('t'))
  const starts = new Float64Array(answer.numbers('start_ms'))
  const out = new Map<bigint, StoredStarts>()
  for (const [id, start, end] of runsOf(new BigUint64Array(answer.numbers('id'))))
    out.set(id, { ts: ts.subarray(start, end), starts: starts.subarray(start, end) })
  return out
}

/** For each time when counting began; 0 where nothing was said of it. Both are in order of time. */
function startsAt(ts: Float64Array, stored: StoredStarts | undefined): Float64Array | null {
  if (!stored) return null
  const out = new Float64Array(ts.length)
  for (let i = 0, k = 0; i < ts.length; i++) {
    while (k < stored.ts.length && stored.ts[k]! < ts[i]!) k++
    if (stored.ts[k] === ts[i]) out[i] = stored.starts[k]!
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
