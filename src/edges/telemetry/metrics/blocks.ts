/** Samples as Native blocks for `samples` and `histograms`: a few typed arrays, no object for a row. */

import { histogramBytes } from '#core/promql/histogram/bytes.ts'
import type { Histogram } from '#core/promql/histogram/histogram.ts'
import { ByteSink, bytesOf, lowCardinality, type NativeColumn, nativeBlock } from '#core/telemetry/native-block.ts'
import { RUN_MS } from '#core/telemetry/tables/metrics.ts'

const TWO_32 = 2 ** 32
const text = new TextEncoder()

const clusterOf = (cluster: string, rows: number) => ({
  name: 'cluster',
  type: 'LowCardinality(String)',
  data: lowCardinality([text.encode(cluster)], new Uint32Array(rows)),
})
const idsOf = (ids: BigUint64Array) => ({ name: 'id', type: 'UInt64', data: bytesOf(ids) })

/** Milliseconds as 64-bit integers, without a bigint for each. */
function timesOf(ts: Float64Array, name = 'ts') {
  const words = new Uint32Array(ts.length * 2)
  for (let i = 0; i < ts.length; i++) {
    const high = Math.floor(ts[i]! / TWO_32)
    words[i * 2] = ts[i]! - high * TWO_32
    words[i * 2 + 1] = high
  }
  return { name, type: 'DateTime64(3)', data: bytesOf(words) }
}

/** Samples on their way into `sample_runs`, in columns. */
export interface FloatRows {
  ids: BigUint64Array
  ts: Float64Array
  values: Float64Array
  /** 1 where the value is a stale marker: the NaN of Prometheus, whose bits are kept. */
  stale: Uint8Array
  /** 1 where the value is a whole number of a series that counts in such. */
  whole: Uint8Array
}

export function runsBlock(cluster: string, floats: FloatRows): { rows: number; native: Uint8Array } {
  const { rows, columns } = runColumns(floats)
  return { rows, native: nativeBlock(rows, [clusterOf(cluster, rows), ...columns]) }
}

/** Samples of one series that stand together and lie in one half hour are one row. */
export function runColumns({ ids, ts, values, stale, whole }: FloatRows): { rows: number; columns: NativeColumn[] } {
  const n = ts.length
  const idWords = new Uint32Array(ids.buffer, ids.byteOffset, n * 2)
  const valueWords = new Uint32Array(values.buffer, values.byteOffset, n * 2)
  for (let i = 0; i < n; i++) {
    if (stale[i] !== 1) continue
    valueWords[i * 2] = STALE_LOW
    valueWords[i * 2 + 1] = STALE_HIGH
  }
  const rowIds = new Uint32Array(n * 2)
  const slots = new Uint32Array(n)
  const lists = [list(n), list(n)] as const
  let rows = 0
  for (let i = 0; i < n; i++) {
    const slot = Math.floor(ts[i]! / RUN_MS)
    const seconds = slot * (RUN_MS / 1000)
    if (rows === 0 || slots[rows - 1] !== seconds || rowIds[rows * 2 - 2] !== idWords[i * 2] || rowIds[rows * 2 - 1] !== idWords[i * 2 + 1]) {
      rowIds[rows * 2] = idWords[i * 2]!
      rowIds[rows * 2 + 1] = idWords[i * 2 + 1]!
      slots[rows++] = seconds
    }
    const into = lists[whole[i] === 1 ? 1 : 0]!
    const at = into.size++
    into.at[at] = ts[i]! - slot * RUN_MS
    if (whole[i] === 1) {
      const high = Math.floor(values[i]! / TWO_32)
      into.words[at * 2] = values[i]! - high * TWO_32
      into.words[at * 2 + 1] = high
    } else {
      into.words[at * 2] = valueWords[i * 2]!
      into.words[at * 2 + 1] = valueWords[i * 2 + 1]!
    }
    for (const one of lists) one.ends[(rows - 1) * 2] = one.size
  }
  const columns = (['value', 'whole'] as const).flatMap((name, k) => {
    const { ends, at, words, size } = lists[k]!
    const offsets = bytesOf(ends.subarray(0, rows * 2))
    return [
      { name: name === 'value' ? 'at' : 'whole_at', type: 'Array(UInt32)', data: joined(offsets, bytesOf(at.subarray(0, size))) },
      { name, type: name === 'value' ? 'Array(Float64)' : 'Array(Int64)', data: joined(offsets, bytesOf(words.subarray(0, size * 2))) },
    ]
  })
  return {
    rows,
    columns: [
      { name: 'slot', type: 'DateTime', data: bytesOf(slots.subarray(0, rows)) },
      { name: 'id', type: 'UInt64', data: bytesOf(rowIds.subarray(0, rows * 2)) },
      ...columns,
    ],
  }
}

/** Elements of all arrays of a column one after the other; `ends` (64 bits each) says where those of a row end. */
const list = (n: number) => ({ size: 0, ends: new Uint32Array(n * 2), at: new Uint32Array(n), words: new Uint32Array(n * 2) })

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

/** https://github.com/prometheus/prometheus/blob/main/model/value/value.go: StaleNaN */
export const STALE_LOW = 2
export const STALE_HIGH = 0x7ff00000

/** When the counting of samples began. */
export const startsBlock = (cluster: string, ids: BigUint64Array, ts: Float64Array, starts: Float64Array): Uint8Array =>
  nativeBlock(ts.length, [clusterOf(cluster, ts.length), idsOf(ids), timesOf(ts), timesOf(starts, 'start')])

export function histogramsBlock(cluster: string, ids: BigUint64Array, ts: Float64Array, histograms: readonly Histogram[]): Uint8Array {
  const body = new ByteSink()
  for (const histogram of histograms) {
    const bytes = histogramBytes(histogram)
    body.varint(bytes.length)
    body.raw(bytes)
  }
  return nativeBlock(ts.length, [clusterOf(cluster, ts.length), idsOf(ids), timesOf(ts), { name: 'histogram', type: 'String', data: body.view() }])
}
