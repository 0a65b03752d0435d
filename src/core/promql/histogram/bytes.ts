/** Native histograms as bytes: version, schema, hint, then little-endian doubles and counts. */
import { type Buckets, CUSTOM, type Histogram, type ResetHint } from './histogram.ts'

const HINTS: readonly ResetHint[] = ['unknown', 'reset', 'not_reset', 'gauge']
const VERSION = 1
const HEAD = 3 + 4 * 8 + 5 * 4

export function histogramBytes(h: Histogram): Uint8Array {
  const custom = h.custom ?? []
  const bytes = new Uint8Array(HEAD + 8 * (h.positive.counts.length + h.negative.counts.length + custom.length))
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION)
  view.setInt8(1, h.schema)
  view.setUint8(2, HINTS.indexOf(h.hint))
  ;[h.zeroThreshold, h.zeroCount, h.count, h.sum].forEach((value, i) => void view.setFloat64(3 + i * 8, value, true))
  view.setInt32(35, h.positive.offset, true)
  view.setUint32(39, h.positive.counts.length, true)
  view.setInt32(43, h.negative.offset, true)
  view.setUint32(47, h.negative.counts.length, true)
  view.setUint32(51, custom.length, true)
  let at = HEAD
  for (const list of [h.positive.counts, h.negative.counts, custom]) {
    for (const value of list) {
      view.setFloat64(at, value, true)
      at += 8
    }
  }
  return bytes
}

/** Of what `histogramBytes` made; throws a RangeError for anything else. */
export function histogramOf(bytes: Uint8Array): Histogram {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint8(0) !== VERSION) throw new RangeError(`histogram of version ${view.getUint8(0)}`)
  const double = (i: number) => view.getFloat64(3 + i * 8, true)
  let at = HEAD
  const doubles = (n: number) => {
    const list = new Float64Array(n)
    for (let i = 0; i < n; i++, at += 8) list[i] = view.getFloat64(at, true)
    return list
  }
  const buckets = (place: number): Buckets => ({ offset: view.getInt32(place, true), counts: doubles(view.getUint32(place + 4, true)) })
  const schema = view.getInt8(1)
  const positive = buckets(35)
  const negative = buckets(43)
  return {
    schema,
    hint: HINTS[view.getUint8(2)]!,
    zeroThreshold: double(0),
    zeroCount: double(1),
    count: double(2),
    sum: double(3),
    positive,
    negative,
    custom: schema === CUSTOM ? [...doubles(view.getUint32(51, true))] : null,
  }
}
