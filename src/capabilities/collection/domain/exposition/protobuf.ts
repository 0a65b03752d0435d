/**
 * The protobuf format: `io.prometheus.client.MetricFamily`, each with its length in front
 * (https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto), native histograms among them.
 */
import { ByteReader } from '#core/telemetry/byte-reader.ts'
import { type MetricType, TAG } from '#core/telemetry/metric-batch.ts'
import { ByteSink } from '#core/telemetry/native-block.ts'
import { ExpositionError, formatSeries, parseSeries } from '#core/telemetry/series-text.ts'
import { addEntry, addSeries, DROPPED, setFamily, type TargetMemory } from './memory.ts'
import {
  allOrNothing,
  type Columns,
  LimitExceeded,
  markStale,
  newCounts,
  putNumber,
  type ReadOptions,
  reserveColumns,
  type ScrapeCounts,
  startTimes,
} from './scrape-columns.ts'
import type { Body } from './text.ts'

interface Message {
  /** Field → values in order: numbers of varints and doubles, bytes of the rest. */
  numbers(field: number): readonly number[]
  bytes(field: number): readonly Uint8Array[]
}

function fields(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes)
  const numbers = new Map<number, number[]>()
  const parts = new Map<number, Uint8Array[]>()
  const put = <T>(map: Map<number, T[]>, field: number, value: T) => {
    const list = map.get(field)
    if (list) list.push(value)
    else map.set(field, [value])
  }
  while (!reader.done()) {
    const key = reader.varint()
    const field = Math.floor(key / 8)
    const wire = key % 8
    if (wire === 0) put(numbers, field, signedVarint(reader))
    else if (wire === 1) put(numbers, field, reader.float64())
    else if (wire === 2) put(parts, field, reader.take(reader.varint()))
    else if (wire === 5) reader.take(4)
    else throw new RangeError(`there is no wire type ${wire}`)
  }
  return { numbers: (field) => numbers.get(field) ?? [], bytes: (field) => parts.get(field) ?? [] }
}

/** Int64 as varint: ten bytes when negative. */
function signedVarint(reader: ByteReader): number {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.take(1)[0]!
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return Number(BigInt.asIntN(64, value))
  }
  throw new RangeError('a number is too large')
}

const text = (bytes: Uint8Array | undefined): string => (bytes ? utf8.decode(bytes) : '')
const utf8 = new TextDecoder('utf-8', { fatal: true })
const encoder = new TextEncoder()
const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram']

/** Numbers as Go writes them into `le` and `quantile`. */
const goFloat = (value: number): string =>
  value === Infinity ? '+Inf' : Number.isInteger(value) ? value.toFixed(1).replace(/^(\d{22,}).*/, () => value.toExponential()) : String(value)

export interface ProtobufOptions extends ReadOptions {
  /** Take native histograms, and `classicToo` also their buckets. */
  native: boolean
  classicToo: boolean
}

/** Reads a body as `readText` does. Throws ExpositionError (line: number of the family), LimitExceeded. */
export function readProtobuf(memory: TargetMemory, body: Body, columns: Columns, options: ProtobufOptions): ScrapeCounts {
  return allOrNothing(memory, columns, () => {
    const counts = newCounts()
    const known = new Map<string, number>()
    for (const entry of memory.order) known.set(keyOf(memory, entry), entry)
    const seen = new Set<number>()
    const order: number[] = []

    const slotOf = (name: string, labels: readonly (readonly [string, string])[]): number => {
      const series = formatSeries([['__name__', name], ...labels])
      let entry = known.get(series)
      if (entry === undefined) {
        const bytes = encoder.encode(series)
        entry = addEntry(memory, bytes, 0, bytes.length, DROPPED)
        const count = memory.slotCount
        memory.slots[entry] = addSeries(memory, entry, parseSeries(series))
        reserveColumns(columns, memory.slotCount)
        if (memory.slotCount > count) columns.tags[count] = TAG.absent
        known.set(series, entry)
      }
      counts.scraped++
      if (seen.has(entry)) {
        counts.duplicates++
        return DROPPED
      }
      seen.add(entry)
      order.push(entry)
      return memory.slots[entry]!
    }
    const take = (slot: number, ts: number | undefined): boolean => {
      if (slot < 0) return false
      if (columns.tags[slot] !== TAG.absent) {
        counts.duplicates++
        return false
      }
      if (memory.alive[slot] === 0) counts.added++
      const timed = ts !== undefined && options.honorTimestamps
      memory.alive[slot] = timed ? 2 : 1
      if (timed && !columns.timed) startTimes(columns)
      if (columns.timed) columns.times[slot] = timed ? ts - options.now : 0
      counts.kept++
      if (options.sampleLimit > 0 && counts.kept > options.sampleLimit) throw new LimitExceeded(`more than sample_limit: ${options.sampleLimit} samples`)
      return true
    }

    const reader = new ByteReader(body.bytes, 0, body.length)
    for (let line = 1; !reader.done(); line++) {
      const start = reader.at
      try {
        const family = fields(reader.take(reader.varint()))
        const name = text(family.bytes(1)[0])
        if (name === '') throw new RangeError('a family has no name')
        const type = TYPES[family.numbers(3)[0] ?? 0] ?? 'unknown'
        setFamily(memory, name, { type, help: text(family.bytes(2)[0]), unit: text(family.bytes(5)[0]) })
        for (const each of family.bytes(4)) {
          const metric = fields(each)
          const labels = metric.bytes(1).map((pair) => {
            const { bytes } = fields(pair)
            return [text(bytes(1)[0]), text(bytes(2)[0])] as const
          })
          const ts = metric.numbers(6)[0]
          const put = (suffix: string, value: number, more: readonly (readonly [string, string])[] = [], exemplar?: Uint8Array) => {
            const slot = slotOf(`${name}${suffix}`, [...labels, ...more])
            if (!take(slot, ts)) return
            putNumber(columns, slot, value)
            if (exemplar) putExemplar(columns, slot, exemplar, options.now)
          }
          const simple = metric.bytes(2)[0] ?? metric.bytes(3)[0] ?? metric.bytes(5)[0]
          const summary = metric.bytes(4)[0]
          const histogram = metric.bytes(7)[0]
          if (simple) {
            const { numbers, bytes } = fields(simple)
            put('', numbers(1)[0] ?? 0, [], metric.bytes(3)[0] ? bytes(2)[0] : undefined)
          } else if (summary) {
            const { numbers, bytes } = fields(summary)
            for (const q of bytes(3)) {
              const quantile = fields(q)
              put('', quantile.numbers(2)[0] ?? 0, [['quantile', goFloat(quantile.numbers(1)[0] ?? 0)]])
            }
            put('_sum', numbers(2)[0] ?? 0)
            put('_count', numbers(1)[0] ?? 0)
          } else if (histogram) {
            const h = fields(histogram)
            const native =
              options.native &&
              (h.numbers(5).length > 0 || h.numbers(6).length > 0) &&
              (h.bytes(9).length > 0 || h.bytes(12).length > 0 || h.numbers(6).length > 0)
            if (native) {
              const slot = slotOf(name, labels)
              if (take(slot, ts)) {
                columns.tags[slot] = TAG.histogram
                columns.histograms.set(slot, nativeHistogram(h, type === 'gaugehistogram'))
              }
            }
            if (!native || options.classicToo) {
              const total = h.numbers(4)[0] ?? h.numbers(1)[0] ?? 0
              let infinite = false
              for (const b of h.bytes(3)) {
                const { numbers, bytes } = fields(b)
                const bound = numbers(2)[0] ?? 0
                if (bound === Infinity) infinite = true
                put('_bucket', numbers(4)[0] ?? numbers(1)[0] ?? 0, [['le', goFloat(bound)]], bytes(3)[0])
              }
              if (!infinite) put('_bucket', total, [['le', '+Inf']])
              put('_sum', h.numbers(2)[0] ?? 0)
              put('_count', total)
            }
          }
        }
      } catch (error) {
        if (error instanceof LimitExceeded) throw error
        throw new ExpositionError((error as Error).message, line, reader.at - start + 1)
      }
    }
    markStale(memory, columns, memory.order, (entry) => seen.has(entry), options.trackTimestamps)
    memory.order = Int32Array.from(order)
    return counts
  })
}

const keyOf = (memory: TargetMemory, entry: number): string => utf8.decode(memory.arena.subarray(memory.starts[entry]!, memory.ends[entry]!))

function putExemplar(columns: Columns, slot: number, bytes: Uint8Array, now: number): void {
  const exemplar = fields(bytes)
  const labels = exemplar.bytes(1).map((pair) => {
    const part = fields(pair)
    return [text(part.bytes(1)[0]), text(part.bytes(2)[0])] as const
  })
  const time = exemplar.bytes(3)[0]
  const stamp = time && fields(time)
  const ts = stamp ? (stamp.numbers(1)[0] ?? 0) * 1000 + Math.floor((stamp.numbers(2)[0] ?? 0) / 1e6) : now
  columns.exemplars.push({ slot, labels: formatSeries(labels), value: exemplar.numbers(2)[0] ?? 0, ts })
}

/** `io.prometheus.client.Histogram` → `io.prometheus.write.v2.Histogram`: the same numbers under other field numbers. */
function nativeHistogram(h: Message, gauge: boolean): Uint8Array {
  const sink = new ByteSink(256)
  const number = new DataView(new ArrayBuffer(8))
  const double = (field: number, value: number) => {
    sink.varint(field * 8 + 1)
    number.setFloat64(0, value, true)
    sink.raw(new Uint8Array(number.buffer))
  }
  const integer = (field: number, value: number) => {
    sink.varint(field * 8)
    sink.varint(value)
  }
  const part = (field: number, bytes: Uint8Array) => {
    sink.varint(field * 8 + 2)
    sink.varint(bytes.length)
    sink.raw(bytes)
  }
  const float = (h.numbers(4)[0] ?? 0) > 0 || (h.numbers(8)[0] ?? 0) > 0
  if (float) double(2, h.numbers(4)[0] ?? 0)
  else integer(1, h.numbers(1)[0] ?? 0)
  double(3, h.numbers(2)[0] ?? 0)
  // sint32, zigzag already, and read as an unsigned varint
  integer(4, h.numbers(5)[0] ?? 0)
  double(5, h.numbers(6)[0] ?? 0)
  if (float) double(7, h.numbers(8)[0] ?? 0)
  else integer(6, h.numbers(7)[0] ?? 0)
  for (const span of h.bytes(9)) part(8, span)
  packed(h, 10, 9, false, part)
  packed(h, 11, 10, true, part)
  for (const span of h.bytes(12)) part(11, span)
  packed(h, 13, 12, false, part)
  packed(h, 14, 13, true, part)
  if (gauge) integer(14, 3)
  return sink.view().slice()
}

/** Repeated numbers, which proto2 does not pack (one field each) and proto3 does. Zigzag values keep their bytes. */
function packed(h: Message, from: number, to: number, doubles: boolean, part: (field: number, bytes: Uint8Array) => void): void {
  for (const bytes of h.bytes(from)) part(to, bytes)
  const loose = h.numbers(from)
  if (loose.length === 0) return
  const sink = new ByteSink(loose.length * 9)
  const number = new DataView(new ArrayBuffer(8))
  for (const value of loose) {
    if (!doubles) sink.varint(value)
    else {
      number.setFloat64(0, value, true)
      sink.raw(new Uint8Array(number.buffer))
    }
  }
  part(to, sink.view())
}
