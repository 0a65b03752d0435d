import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Codec,
  createSamplesWriter,
  decodePage,
  encodePage,
  encodePagesSection,
  frameHead,
  type MetricPage,
  PAGE_SLOTS,
  readPages,
  readSamples,
  readSections,
  type SampleColumns,
  TAG,
} from './metric-batch.ts'

const codec: Codec = { compress: (bytes) => zstdCompressSync(bytes), decompress: (bytes, most) => zstdDecompressSync(bytes, { maxOutputLength: most + 1 }) }
const id = (seed: number) => new Uint8Array(16).fill(seed)

const sample = fc.oneof(
  fc.record({ tag: fc.integer({ min: 0, max: 22 }), negative: fc.boolean(), value: fc.maxSafeNat() }).map(({ tag, negative, value }) => ({
    tag: negative ? tag | TAG.negative : tag,
    value,
    means: (negative ? -1 : 1) * (value / Number(`1e${tag}`)),
  })),
  fc.double().map((value) => ({ tag: TAG.raw as number, value, means: value })),
  fc.constantFrom(
    { tag: TAG.zero as number, value: 0, means: 0 },
    { tag: TAG.stale as number, value: 0, means: Number.NaN },
    { tag: TAG.infinity as number, value: 0, means: Number.POSITIVE_INFINITY },
    { tag: TAG.histogram as number, value: 0, means: Number.NaN },
    { tag: TAG.absent as number, value: 0, means: Number.NaN },
  ),
)

describe('batches of metrics', () => {
  test('what was written is read, at the place and time where it was', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: PAGE_SLOTS }), fc.integer({ min: 0, max: 4e12 }), fc.boolean(), (rows, ts, timed) => {
        const columns: SampleColumns = {
          tags: Uint8Array.from(rows, ({ tag }) => tag),
          values: Float64Array.from(rows, ({ value }) => value),
          times: Float64Array.from(rows, (_, i) => i * 7 - 500),
          timed,
          histograms: new Map(rows.flatMap(({ tag }, i) => (tag === TAG.histogram ? [[i, Uint8Array.of(i, 1, 2)] as const] : []))),
        }
        const writer = createSamplesWriter()
        const exemplars = rows.length > 0 && rows[0]!.tag !== TAG.absent ? [{ slot: 0, labels: '{trace_id="é"}', value: -1.5, ts: ts - 3 }] : []
        writer.block(id(1), ts, 0, rows.length, columns, exemplars)
        const section = writer.take(codec)
        expect(writer.samples).toBe(0)
        const frame = Buffer.concat([frameHead(), section])
        const blocks = readSamples(readSections(frame)[0]!, codec)
        const there = rows.map((row, slot) => ({ ...row, slot })).filter(({ tag }) => tag !== TAG.absent)
        expect(blocks.length).toBe(there.length === 0 ? 0 : 1)
        const block = blocks[0]
        if (!block) return
        expect([...block.slots]).toEqual(there.map(({ slot }) => slot))
        expect([...block.values]).toEqual(there.map(({ means }) => means))
        expect([...block.tags]).toEqual(there.map(({ tag }) => tag))
        expect([...block.times]).toEqual(there.map(({ slot }) => (timed ? ts + slot * 7 - 500 : ts)))
        expect(block.exemplars).toEqual(exemplars)
        for (const [i, bytes] of block.histograms) expect([...bytes]).toEqual([there[i]!.slot, 1, 2])
      }),
    )
  })

  test('pages keep label sets and metadata', () => {
    const page: MetricPage = {
      families: [{ name: 'a_total', type: 'counter', unit: '', help: 'What "a" is\nin two lines' }],
      shared: [['job', 'node']],
      series: [
        { text: 'a_total{path="/\\"x"}', family: 0 },
        { text: 'up', family: -1 },
      ],
    }
    const section = encodePagesSection([{ id: id(7), bytes: encodePage(page) }], codec)
    const [read] = readPages(readSections(section, false)[0]!, codec)
    expect(read!.id).toBe('07'.repeat(16))
    expect(decodePage(read!.bytes)).toEqual(page)
  })

  test('broken bytes are a RangeError, never a crash', () => {
    const writer = createSamplesWriter()
    const columns = { tags: Uint8Array.of(0, 65), values: Float64Array.of(5, 1.5), times: new Float64Array(2), timed: false, histograms: new Map() }
    writer.block(id(1), 1000, 0, 2, columns, [])
    const plain: Codec = { compress: (bytes) => bytes.slice(), decompress: (bytes) => bytes }
    const whole = Buffer.concat([frameHead(), writer.take(plain)])
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, cut) => {
        const bytes = Uint8Array.from(whole.subarray(0, cut))
        if (at < cut) bytes[at] = byte
        try {
          for (const section of readSections(bytes)) if (section.kind === 'samples') readSamples(section, plain)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
