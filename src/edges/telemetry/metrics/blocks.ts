/** Samples as Native blocks for `samples` and `histograms`: a few typed arrays, no object for a row. */

import { histogramBytes } from '#core/promql/histogram/bytes.ts'
import type { Histogram } from '#core/promql/histogram/histogram.ts'
import { ByteSink, bytesOf, lowCardinality, nativeBlock } from '#core/telemetry/native-block.ts'

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

/** @param stale 1 where the value is a stale marker: the NaN of Prometheus, whose bits are kept. */
export function samplesBlock(cluster: string, ids: BigUint64Array, ts: Float64Array, values: Float64Array, stale: Uint8Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  for (let i = 0; i < stale.length; i++) {
    if (stale[i] !== 1) continue
    words[i * 2] = STALE_LOW
    words[i * 2 + 1] = STALE_HIGH
  }
  return nativeBlock(ts.length, [
    clusterOf(cluster, ts.length),
    idsOf(ids),
    timesOf(ts),
    { name: 'value', type: 'Float64', data: bytesOf(values) },
    { name: 'flags', type: 'UInt8', data: stale },
  ])
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
