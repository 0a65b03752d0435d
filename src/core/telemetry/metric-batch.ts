/**
 * The collector's own wire format for metrics, version 1: `application/x-sallyport-metrics`, in the queue on disk as on the wire.
 *
 * A frame is MAGIC and sections. A *pages* section names label sets, at most `PAGE_SLOTS` a page; a page's id is a hash of its content, so that it means the
 * same for ever. A *samples* section holds columns that point at pages. The reader that does not know a page says which (HTTP 409, `missing`), and the sender
 * sends the samples again with those pages in front. Section bodies are compressed by the `Codec` that the caller brings (zstd).
 *
 * All integers are LEB128 varints; signed ones zigzag; strings are length-prefixed UTF-8.
 */
import { ByteReader } from './byte-reader.ts'
import { ByteSink } from './native-block.ts'

export const METRIC_BATCH_TYPE = 'application/x-sallyport-metrics'
const MAGIC = [0x53, 0x50, 0x4d, 0x01]
export const PAGE_SLOTS = 256
export const PAGE_ID_BYTES = 16

/** What a value is. 0–22: a decimal, mantissa / 10^tag, and +32 when negative: exactly the double that its text means while the mantissa is below 2^53. */
export const TAG = { negative: 32, zero: 64, raw: 65, nan: 66, infinity: 67, minusInfinity: 68, stale: 69, histogram: 70, absent: 255 } as const
export const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

export const METRIC_TYPES = ['unknown', 'counter', 'gauge', 'histogram', 'summary', 'info', 'stateset', 'gaugehistogram'] as const
export type MetricType = (typeof METRIC_TYPES)[number]

/** What a target says of a metric family. */
export interface MetricFamily {
  name: string
  type: MetricType
  unit: string
  help: string
}

export interface MetricPage {
  families: readonly MetricFamily[]
  /** Labels that every series of the page has, besides its own. */
  shared: readonly (readonly [string, string])[]
  /** `text`: name and labels as in the text format, `name{a="b"}` (escapes: \\ \" \n); `family`: index, -1: none. */
  series: readonly { text: string; family: number }[]
}

export interface Codec {
  compress(bytes: Uint8Array): Uint8Array
  /** Throws when the bytes are broken or become more than `most`. */
  decompress(bytes: Uint8Array, most: number): Uint8Array
}

/** What one scrape found, by slot. Reused between scrapes. */
export interface SampleColumns {
  tags: Uint8Array
  /** The mantissa of a decimal; the double of a raw value. */
  values: Float64Array
  /** Milliseconds after the time of the scrape, read when `timed`. */
  times: Float64Array
  timed: boolean
  /** Slot → `io.prometheus.write.v2.Histogram` as bytes. */
  histograms: Map<number, Uint8Array>
}

export interface Exemplar {
  slot: number
  /** `{trace_id="…"}` */
  labels: string
  value: number
  /** ms since the epoch. */
  ts: number
}

/** Bytes of one page, to be hashed and then put into a section. */
export function encodePage(page: MetricPage): Uint8Array {
  const sink = new ByteSink(4096)
  sink.varint(page.families.length)
  for (const { name, type, unit, help } of page.families) {
    sink.string(name)
    sink.varint(METRIC_TYPES.indexOf(type))
    sink.string(unit)
    sink.string(help)
  }
  sink.varint(page.shared.length)
  for (const [name, value] of page.shared) {
    sink.string(name)
    sink.string(value)
  }
  sink.varint(page.series.length)
  for (const { text, family } of page.series) {
    sink.varint(family + 1)
    sink.string(text)
  }
  return sink.view()
}

/** Throws RangeError on broken bytes. */
export function decodePage(bytes: Uint8Array): MetricPage {
  const reader = new ByteReader(bytes)
  const families = Array.from({ length: reader.count(10_000) }, () => ({
    name: reader.string(),
    type: METRIC_TYPES[reader.varint()] ?? ('unknown' as const),
    unit: reader.string(),
    help: reader.string(),
  }))
  const shared = Array.from({ length: reader.count(1_000) }, () => [reader.string(), reader.string()] as const)
  const series = Array.from({ length: reader.count(PAGE_SLOTS) }, () => {
    const family = reader.varint() - 1
    if (family >= families.length) throw new RangeError('a series names a family that is not there')
    return { family, text: reader.string() }
  })
  return { families, shared, series }
}

const PAGES = 0x50
const SAMPLES = 0x53

export const frameHead = (): Uint8Array => Uint8Array.from(MAGIC)

/** One section of pages: kind, ids in the clear (so that a queue finds them without inflating), then the bodies. */
export function encodePagesSection(pages: readonly { id: Uint8Array; bytes: Uint8Array }[], codec: Codec): Uint8Array {
  const body = new ByteSink(64 << 10)
  for (const { bytes } of pages) {
    body.varint(bytes.length)
    body.raw(bytes)
  }
  const packed = codec.compress(body.view())
  const section = new ByteSink(packed.length + pages.length * PAGE_ID_BYTES + 32)
  section.varint(PAGES)
  section.varint(pages.length)
  for (const { id } of pages) section.raw(id)
  section.varint(body.length)
  section.varint(packed.length)
  section.raw(packed)
  return section.view()
}

/** Builds samples sections, one block (at most a page of one scrape) after the other. */
export interface SamplesWriter {
  /** Samples so far. */
  readonly samples: number
  /** Bytes so far, before compression. */
  readonly bytes: number
  /** The slots `from` to `to` of the columns, of which those that are absent are left out; `ts` in ms since the epoch. Returns how many samples it took. */
  block(pageId: Uint8Array, ts: number, from: number, to: number, columns: SampleColumns, exemplars: readonly Exemplar[]): number
  /** The section; the writer is empty after it. */
  take(codec: Codec): Uint8Array
}

export function createSamplesWriter(): SamplesWriter {
  const heads = new ByteSink(4 << 10)
  const tags = new ByteSink(64 << 10)
  const values = new ByteSink(256 << 10)
  const times = new ByteSink(1 << 10)
  const extra = new ByteSink(1 << 10)
  const bitmap = new Uint8Array(PAGE_SLOTS / 8)
  const raw = new DataView(new ArrayBuffer(8))
  const rawBytes = new Uint8Array(raw.buffer)
  let blocks = 0
  let samples = 0
  let base = 0

  return {
    get samples() {
      return samples
    },
    get bytes() {
      return heads.length + tags.length + values.length + times.length + extra.length
    },
    block(pageId, ts, from, to, columns, exemplars) {
      const slots = to - from
      tags.reserve(slots)
      values.reserve(slots * 9)
      let present = 0
      bitmap.fill(0)
      for (let i = 0; i < slots; i++) {
        const slot = from + i
        const tag = columns.tags[slot]!
        if (tag === TAG.absent) continue
        bitmap[i >> 3]! |= 1 << (i & 7)
        present++
        tags.bytes[tags.length++] = tag
        if (tag < TAG.zero) values.length = writeVarint(values.bytes, values.length, columns.values[slot]!)
        else if (tag === TAG.raw) {
          raw.setFloat64(0, columns.values[slot]!, true)
          values.raw(rawBytes)
        } else if (tag === TAG.histogram) {
          const bytes = columns.histograms.get(slot)!
          values.varint(bytes.length)
          values.raw(bytes)
          values.reserve((slots - i) * 9)
        }
      }
      if (present === 0) return 0
      if (blocks === 0) base = ts
      blocks++
      samples += present
      heads.raw(pageId)
      heads.varint(zigzag(ts - base))
      heads.varint(slots)
      heads.varint((present < slots ? 1 : 0) | (columns.timed ? 2 : 0))
      if (present < slots) heads.raw(bitmap, 0, (slots + 7) >> 3)
      if (columns.timed) for (let slot = from; slot < to; slot++) if (columns.tags[slot] !== TAG.absent) times.varint(zigzag(columns.times[slot]!))
      for (const { slot, labels, value, ts: at } of exemplars) {
        if (slot < from || slot >= to) continue
        extra.varint(blocks - 1)
        extra.varint(slot - from)
        extra.string(labels)
        raw.setFloat64(0, value, true)
        extra.raw(rawBytes)
        extra.varint(zigzag(at - base))
      }
      return present
    },
    take(codec) {
      const body = new ByteSink(heads.length + tags.length + values.length + times.length + extra.length + 64)
      body.varint(base)
      body.varint(blocks)
      for (const part of [heads, tags, values, times, extra]) {
        body.varint(part.length)
        body.raw(part.bytes, 0, part.length)
        part.length = 0
      }
      const packed = codec.compress(body.view())
      const section = new ByteSink(packed.length + 32)
      section.varint(SAMPLES)
      section.varint(samples)
      section.varint(body.length)
      section.varint(packed.length)
      section.raw(packed)
      blocks = 0
      samples = 0
      return section.view()
    },
  }
}

const zigzag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1)
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2)

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let to = at
  let rest = value
  while (rest >= 0x80000000) {
    const next = Math.floor(rest / 128)
    bytes[to++] = (rest - next * 128) | 128
    rest = next
  }
  let small = rest | 0
  while (small > 127) {
    bytes[to++] = (small & 127) | 128
    small >>>= 7
  }
  bytes[to++] = small
  return to
}

export interface Section {
  kind: 'pages' | 'samples'
  /** Hex ids of the pages of a pages section. */
  ids: readonly string[]
  /** Samples of a samples section, as its writer counted them. */
  samples: number
  rawLength: number
  packed: Uint8Array
}

/** Cuts a frame, or sections without a head (as they lie in a queue). Throws RangeError on broken bytes. */
export function readSections(bytes: Uint8Array, head = true): Section[] {
  if (head && MAGIC.some((byte, i) => bytes[i] !== byte)) throw new RangeError('this is no batch of metrics, or of a newer version')
  const reader = new ByteReader(bytes, head ? MAGIC.length : 0)
  const sections: Section[] = []
  while (!reader.done()) {
    const kind = reader.varint()
    if (kind !== PAGES && kind !== SAMPLES) throw new RangeError(`there is no section of kind ${kind}`)
    const count = reader.count(1 << 26)
    const ids = kind === PAGES ? Array.from({ length: count }, () => hex(reader.take(PAGE_ID_BYTES))) : []
    const rawLength = reader.count(1 << 30)
    sections.push({ kind: kind === PAGES ? 'pages' : 'samples', ids, samples: kind === SAMPLES ? count : 0, rawLength, packed: reader.take(reader.varint()) })
  }
  return sections
}

/** The pages of a section, by id. Throws RangeError on broken bytes or beyond `most` bytes. */
export function readPages(section: Section, codec: Codec, most = 64 << 20): { id: string; bytes: Uint8Array }[] {
  const reader = new ByteReader(inflate(section, codec, most))
  return section.ids.map((id) => ({ id, bytes: reader.take(reader.varint()) }))
}

/** One block of a samples section, as columns. */
export interface SampleBlock {
  pageId: string
  /** Which series of the page, one for each sample. */
  slots: Uint16Array
  /** ms since the epoch. */
  times: Float64Array
  /** NaN where `tags` says stale or histogram. */
  values: Float64Array
  tags: Uint8Array
  /** Index of the sample → `io.prometheus.write.v2.Histogram` as bytes. */
  histograms: ReadonlyMap<number, Uint8Array>
  exemplars: readonly Exemplar[]
}

/** Every block of a samples section. Throws RangeError on broken bytes or beyond `most` bytes. */
export function readSamples(section: Section, codec: Codec, most = 64 << 20): SampleBlock[] {
  const reader = new ByteReader(inflate(section, codec, most))
  const base = reader.varint()
  const count = reader.count(1 << 22)
  const [heads, tags, values, times, extra] = Array.from({ length: 5 }, () => new ByteReader(reader.take(reader.varint()))) as [
    ByteReader,
    ByteReader,
    ByteReader,
    ByteReader,
    ByteReader,
  ]
  const blocks: (SampleBlock & { exemplars: Exemplar[] })[] = []
  for (let b = 0; b < count; b++) {
    const pageId = hex(heads.take(PAGE_ID_BYTES))
    const ts = base + unzigzag(heads.varint())
    const width = heads.count(PAGE_SLOTS)
    const flags = heads.varint()
    const bitmap = flags & 1 ? heads.take((width + 7) >> 3) : undefined
    const slots: number[] = []
    for (let i = 0; i < width; i++) if (!bitmap || bitmap[i >> 3]! & (1 << (i & 7))) slots.push(i)
    const block = {
      pageId,
      slots: Uint16Array.from(slots),
      times: new Float64Array(slots.length).fill(ts),
      values: new Float64Array(slots.length),
      tags: tags.take(slots.length),
      histograms: new Map<number, Uint8Array>(),
      exemplars: [] as Exemplar[],
    }
    for (let i = 0; i < slots.length; i++) {
      if (flags & 2) block.times[i] = ts + unzigzag(times.varint())
      block.values[i] = readValue(block.tags[i]!, values, i, block.histograms)
    }
    blocks.push(block)
  }
  while (!extra.done()) {
    const block = blocks[extra.varint()]
    const exemplar = { slot: extra.varint(), labels: extra.string(), value: extra.float64(), ts: base + unzigzag(extra.varint()) }
    if (!block) throw new RangeError('an exemplar of a block that is not there')
    block.exemplars.push(exemplar)
  }
  return blocks
}

function readValue(tag: number, values: ByteReader, at: number, histograms: Map<number, Uint8Array>): number {
  if (tag < TAG.zero) {
    const power = POWERS_OF_TEN[tag & 31]
    if (power === undefined) throw new RangeError(`there is no value of kind ${tag}`)
    const value = values.varint() / power
    return tag & TAG.negative ? -value : value
  }
  switch (tag) {
    case TAG.zero:
      return 0
    case TAG.raw:
      return values.float64()
    case TAG.infinity:
      return Number.POSITIVE_INFINITY
    case TAG.minusInfinity:
      return Number.NEGATIVE_INFINITY
    case TAG.histogram:
      histograms.set(at, values.take(values.varint()))
      return Number.NaN
    case TAG.nan:
    case TAG.stale:
      return Number.NaN
    default:
      throw new RangeError(`there is no value of kind ${tag}`)
  }
}

function inflate(section: Section, codec: Codec, most: number): Uint8Array {
  if (section.rawLength > most) throw new RangeError(`a section of more than ${most} bytes`)
  const bytes = codec.decompress(section.packed, section.rawLength)
  if (bytes.length !== section.rawLength) throw new RangeError('a section is shorter than it says')
  return bytes
}

const HEX = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'))
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += HEX[byte]
  return text
}
