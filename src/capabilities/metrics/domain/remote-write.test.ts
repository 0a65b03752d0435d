import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { labelsObject } from '#core/promql/labels.ts'
import { ByteSink } from '#core/telemetry/native-block.ts'
import { ProtobufError } from '#core/telemetry/protobuf.ts'
import { bucketsOf, readRemoteWrite1, readRemoteWrite2 } from './remote-write.ts'

/** Enough of protobuf to write what senders write. */
function message(fields: (readonly [number, string | number | bigint | Uint8Array | { double: number | bigint }])[]): Uint8Array {
  const sink = new ByteSink()
  for (const [field, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      sink.varint(field * 8)
      let rest = BigInt.asUintN(64, BigInt(value))
      for (; rest > 127n; rest >>= 7n) sink.raw(Uint8Array.of(Number(rest & 127n) | 128))
      sink.raw(Uint8Array.of(Number(rest)))
    } else if (typeof value === 'object' && 'double' in value) {
      sink.varint(field * 8 + 1)
      const bytes = new DataView(new ArrayBuffer(8))
      if (typeof value.double === 'bigint') bytes.setBigUint64(0, value.double, true)
      else bytes.setFloat64(0, value.double, true)
      sink.raw(new Uint8Array(bytes.buffer))
    } else {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
      sink.varint(field * 8 + 2)
      sink.varint(bytes.length)
      sink.raw(bytes)
    }
  }
  return sink.view()
}
const label = (name: string, value: string) =>
  [
    1,
    message([
      [1, name],
      [2, value],
    ]),
  ] as const
const STALE = 0x7ff0000000000002n

describe('remote write 1.0', () => {
  const histogram = message([
    [1, 7],
    [3, { double: 12.5 }],
    [4, 2],
    [5, { double: 0.001 }],
    [6, 1],
    [
      11,
      message([
        [1, 2],
        [2, 2],
      ]),
    ],
    [12, Uint8Array.of(4, 2)],
    [
      11,
      message([
        [1, 2],
        [2, 1],
      ]),
    ],
    [12, Uint8Array.of(3)],
    [14, 3],
    [15, 5_000],
  ])
  const body = message([
    [
      1,
      message([
        label('job', 'a'),
        label('__name__', 'up'),
        [
          2,
          message([
            [1, { double: 1.5 }],
            [2, 1_700_000_000_123],
          ]),
        ],
        [
          2,
          message([
            [1, { double: STALE }],
            [2, -5],
          ]),
        ],
      ]),
    ],
    [1, message([label('__name__', 'h'), [4, histogram]])],
    [
      3,
      message([
        [1, 1],
        [2, 'up'],
        [4, 'Is it?'],
      ]),
    ],
  ])
  it('gives series, samples, stale markers, histograms and metadata', () => {
    const brought = readRemoteWrite1(body)
    expect(brought.series.map(labelsObject)).toEqual([{ __name__: 'up', job: 'a' }, { __name__: 'h' }])
    expect([...brought.of, ...brought.ts, brought.values[0], ...brought.stale!]).toEqual([0, 0, 1_700_000_000_123, -5, 1.5, 0, 1])
    expect(brought.histograms).toMatchObject([{ of: 1, ts: 5_000, histogram: { schema: 1, count: 7, sum: 12.5, zeroCount: 1, hint: 'gauge' } }])
    const { positive } = brought.histograms![0]!.histogram
    expect([positive.offset, ...positive.counts]).toEqual([1, 2, 3, 0, 1])
    expect(brought.metadata).toEqual([{ metric: 'up', type: 'counter', help: 'Is it?', unit: '' }])
  })
  it('refuses what is cut off, doubled labels and senseless spans, and never fails otherwise', () => {
    for (let end = 1; end < body.length; end++) {
      try {
        readRemoteWrite1(body.subarray(0, end))
      } catch (error) {
        expect(error).toBeInstanceOf(ProtobufError)
      }
    }
    expect(() => readRemoteWrite1(message([[1, message([label('a', '1'), label('a', '2'), [2, message([[2, 1]])]])]]))).toThrow(ProtobufError)
    expect(() => bucketsOf([{ offset: 0, length: 3 }], [1], [])).toThrow(ProtobufError)
    expect(() =>
      bucketsOf(
        [
          { offset: 0, length: 1 },
          { offset: 1e6, length: 1 },
        ],
        [1, 1],
        [],
      ),
    ).toThrow(ProtobufError)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const read of [readRemoteWrite1, readRemoteWrite2]) {
          try {
            read(bytes)
          } catch (error) {
            if (!(error instanceof ProtobufError)) throw error
          }
        }
      }),
    )
  })
})

it('remote write 2.0 reads symbols wherever they stand', () => {
  const symbols = ['', '__name__', 'http_requests_total', 'job', 'shop', 'Requests.', 'trace_id', 'abc'].map((text) => [4, text] as const)
  const series = message([
    [1, Uint8Array.of(1, 2, 3, 4)],
    [
      2,
      message([
        [1, { double: 3 }],
        [2, 1000],
      ]),
    ],
    [
      4,
      message([
        [1, Uint8Array.of(6, 7)],
        [2, { double: 0.3 }],
        [3, 900],
      ]),
    ],
    [
      5,
      message([
        [1, 1],
        [3, 5],
      ]),
    ],
  ])
  const brought = readRemoteWrite2(message([[5, series], ...symbols]))
  expect(brought.series.map(labelsObject)).toEqual([{ __name__: 'http_requests_total', job: 'shop' }])
  expect(brought.exemplars).toEqual([{ of: 0, ts: 900, value: 0.3, labels: { trace_id: 'abc' } }])
  expect(brought.metadata).toEqual([{ metric: 'http_requests_total', type: 'counter', help: 'Requests.', unit: '' }])
  expect(() =>
    readRemoteWrite2(
      message([
        [
          5,
          message([
            [1, Uint8Array.of(1, 99)],
            [2, message([[2, 1]])],
          ]),
        ],
        ...symbols,
      ]),
    ),
  ).toThrow(ProtobufError)
})
