import type { LiveBucket } from '#core/shapes/ports/live-stream.ts'
import { ByteSink } from '#core/telemetry/native-block.ts'

/** The buckets of one second as bytes: `ids[i]` is the series of the record that starts at `offsets[i]`. */
export interface PackedSecond {
  ids: Uint32Array
  offsets: Uint32Array
  bytes: Uint8Array
  size: number
}

/** Record: varints requests, classes 1-5, s499, s504, bytesIn, bytesOut, timed, lateness; float64 timeSum, timeMax; then pairs (key delta, times) of the sketch, their count first. */
export function packSecond(buckets: ReadonlyMap<number, LiveBucket>): PackedSecond {
  const ids = new Uint32Array(buckets.size)
  const offsets = new Uint32Array(buckets.size)
  const sink = new ByteSink(buckets.size * 96)
  const pairs = new ByteSink(4096)
  let i = 0
  for (const [id, bucket] of buckets) {
    ids[i] = id
    offsets[i++] = sink.length
    sink.varint(bucket.requests)
    for (const count of bucket.classes) sink.varint(count)
    for (const value of [bucket.s499, bucket.s504, bucket.bytesIn, bucket.bytesOut, bucket.timed, Math.max(0, Math.round(bucket.lateness))]) sink.varint(value)
    float64(sink, bucket.timeSum)
    float64(sink, bucket.timeMax)
    pairs.length = 0
    let count = 0
    let previous = 0
    bucket.times.each((key, times) => {
      pairs.varint(key - previous)
      pairs.varint(times)
      previous = key
      count++
    })
    sink.varint(count)
    sink.raw(pairs.bytes, 0, pairs.length)
  }
  const bytes = sink.view().slice()
  return { ids, offsets, bytes, size: bytes.length + 8 * ids.length }
}

/** Adds the records of `wanted` series to `into`. */
export function unpackInto(packed: PackedSecond, wanted: ReadonlySet<number>, into: LiveBucket): void {
  const { ids, offsets, bytes } = packed
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const varint = () => {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
  }
  const float = () => {
    at += 8
    return view.getFloat64(at - 8, true)
  }
  for (let i = 0; i < ids.length; i++) {
    if (!wanted.has(ids[i]!)) continue
    at = offsets[i]!
    into.requests += varint()
    for (let c = 0; c < 5; c++) into.classes[c]! += varint()
    into.s499 += varint()
    into.s504 += varint()
    into.bytesIn += varint()
    into.bytesOut += varint()
    into.timed += varint()
    into.lateness = Math.max(into.lateness, varint())
    into.timeSum += float()
    into.timeMax = Math.max(into.timeMax, float())
    let key = 0
    for (let left = varint(); left > 0; left--) {
      key += varint()
      into.times.addKey(key, varint())
    }
  }
}

/** Requests of the `wanted` series. */
export function requestsOf({ ids, offsets, bytes }: PackedSecond, wanted: ReadonlySet<number>): number {
  let requests = 0
  for (let i = 0; i < ids.length; i++) {
    if (!wanted.has(ids[i]!)) continue
    let at = offsets[i]!
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]!
      requests += (byte & 127) * scale
      if (byte < 128) break
    }
  }
  return requests
}

function float64(sink: ByteSink, value: number): void {
  sink.reserve(8)
  new DataView(sink.bytes.buffer).setFloat64(sink.length, value, true)
  sink.length += 8
}
