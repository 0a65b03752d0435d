/**
 * Remote write 1.0 and 2.0 (https://prometheus.io/docs/specs/prw/), made from queued batches. The label bytes of a page are made once and kept.
 */
import { decodePage, METRIC_TYPES, type MetricFamily, type SampleBlock, TAG } from '#core/telemetry/metric-batch.ts'
import { ByteSink } from '#core/telemetry/native-block.ts'
import { NAME_LABEL, parseSeries } from '#core/telemetry/series-text.ts'

export type RemoteWriteVersion = '1.0' | '2.0'

/** The series of a page, labels sorted, ready to be put into messages. */
export interface WritePage {
  /** 1.0: the encoded labels of each series. */
  labels: readonly Uint8Array[]
  /** 2.0: texts, name and value in turn. */
  pairs: readonly (readonly string[])[]
  families: readonly (MetricFamily | undefined)[]
}

export function writePage(bytes: Uint8Array, version: RemoteWriteVersion): WritePage {
  const page = decodePage(bytes)
  const labels: Uint8Array[] = []
  const pairs: string[][] = []
  for (const { text } of page.series) {
    const all = new Map(page.shared)
    for (const [name, value] of parseSeries(text)) {
      if (value === '') all.delete(name)
      else all.set(name, value)
    }
    const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1))
    if (version === '2.0') {
      pairs.push(sorted.flat())
      continue
    }
    const sink = new ByteSink(256)
    for (const [name, value] of sorted) {
      const label = new ByteSink(64)
      label.varint(0x0a)
      label.string(name)
      label.varint(0x12)
      label.string(value)
      sink.varint(0x0a)
      sink.varint(label.length)
      sink.raw(label.view())
    }
    labels.push(sink.view().slice())
  }
  return { labels, pairs, families: page.series.map(({ family }) => page.families[family]) }
}

/** NaN with the payload that means "gone": https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers */
const STALE = Uint8Array.of(2, 0, 0, 0, 0, 0, 0xf0, 0x7f)
const number = new DataView(new ArrayBuffer(8))
const numberBytes = new Uint8Array(number.buffer)
const message = new ByteSink(1024)
const inner = new ByteSink(256)

function double(sink: ByteSink, value: number): void {
  number.setFloat64(0, value, true)
  sink.raw(numberBytes)
}

/** An int64, which may be negative. */
function int64(sink: ByteSink, value: number): void {
  if (value >= 0) {
    sink.varint(value)
    return
  }
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 127n; rest >>= 7n) sink.raw(Uint8Array.of(Number(rest & 127n) | 128))
  sink.raw(Uint8Array.of(Number(rest)))
}

export interface WriteOptions {
  exemplars: boolean
  histograms: boolean
}

/** Messages of at most `most` samples each, not compressed yet. */
export function* writeRequests(
  blocks: readonly SampleBlock[],
  pageOf: (id: string) => WritePage | undefined,
  version: RemoteWriteVersion,
  most: number,
  options: WriteOptions,
): Generator<{ bytes: Uint8Array; samples: number }> {
  let request = new ByteSink(256 << 10)
  let samples = 0
  let symbols = new Map<string, number>([['', 0]])
  const ref = (text: string): number => {
    let at = symbols.get(text)
    if (at === undefined) {
      at = symbols.size
      symbols.set(text, at)
    }
    return at
  }
  const finish = () => {
    if (version === '2.0') {
      for (const text of symbols.keys()) {
        request.varint(0x22)
        request.string(text)
      }
      symbols = new Map([['', 0]])
    }
    const done = { bytes: request.view(), samples }
    request = new ByteSink(256 << 10)
    samples = 0
    return done
  }
  for (const block of blocks) {
    const page = pageOf(block.pageId)
    if (!page) continue
    for (let i = 0; i < block.slots.length; i++) {
      const tag = block.tags[i]!
      const slot = block.slots[i]!
      if (tag === TAG.histogram && !options.histograms) continue
      message.length = 0
      if (version === '1.0') message.raw(page.labels[slot]!)
      else {
        inner.length = 0
        for (const text of page.pairs[slot]!) inner.varint(ref(text))
        part(message, 0x0a, inner)
      }
      inner.length = 0
      if (tag === TAG.histogram) {
        inner.raw(block.histograms.get(i)!)
        inner.varint(0x78)
        int64(inner, block.times[i]!)
        part(message, version === '1.0' ? 0x22 : 0x1a, inner)
      } else {
        inner.varint(0x09)
        if (tag === TAG.stale) inner.raw(STALE)
        else double(inner, block.values[i]!)
        inner.varint(0x10)
        int64(inner, block.times[i]!)
        part(message, 0x12, inner)
      }
      if (options.exemplars)
        for (const exemplar of block.exemplars) {
          if (exemplar.slot !== slot) continue
          inner.length = 0
          const labels = parseSeries(`x${exemplar.labels}`)
          labels.delete(NAME_LABEL)
          const refs = new ByteSink(64)
          for (const [name, value] of labels) {
            if (version === '2.0') {
              refs.varint(ref(name))
              refs.varint(ref(value))
              continue
            }
            const label = new ByteSink(64)
            label.varint(0x0a)
            label.string(name)
            label.varint(0x12)
            label.string(value)
            part(inner, 0x0a, label)
          }
          if (version === '2.0') part(inner, 0x0a, refs)
          inner.varint(0x11)
          double(inner, exemplar.value)
          inner.varint(0x18)
          int64(inner, exemplar.ts)
          part(message, version === '1.0' ? 0x1a : 0x22, inner)
        }
      const family = version === '2.0' ? page.families[slot] : undefined
      if (family) {
        inner.length = 0
        inner.varint(0x08)
        inner.varint(METADATA_TYPES[METRIC_TYPES.indexOf(family.type)]!)
        inner.varint(0x18)
        inner.varint(ref(family.help))
        inner.varint(0x20)
        inner.varint(ref(family.unit))
        part(message, 0x2a, inner)
      }
      part(request, version === '1.0' ? 0x0a : 0x2a, message)
      if (++samples >= most) yield finish()
    }
  }
  if (samples > 0) yield finish()
}

/** `Metadata.MetricType` of 2.0 for each of METRIC_TYPES. */
const METADATA_TYPES = [0, 1, 2, 3, 5, 6, 7, 4]

function part(sink: ByteSink, tag: number, body: ByteSink): void {
  sink.varint(tag)
  sink.varint(body.length)
  sink.raw(body.bytes, 0, body.length)
}
