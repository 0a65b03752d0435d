import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import { decodeLokiJson, decodeLokiProtobuf, lokiBatches, parseLabels } from './loki.ts'

/** An encoder written from push.proto alone, for the tests. */
const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))])
const field = (number: number, bytes: Buffer) => Buffer.concat([Buffer.from(varint(number * 8 + 2)), Buffer.from(varint(bytes.length)), bytes])
const number = (at: number, value: number) => Buffer.from([...varint(at * 8), ...varint(value)])
interface Entry {
  ms: number
  line: string
}
const encode = (streams: { labels: string; entries: Entry[] }[]) =>
  Buffer.concat(
    streams.map((stream) =>
      field(
        1,
        Buffer.concat([
          field(1, Buffer.from(stream.labels)),
          ...stream.entries.map(({ ms, line }) =>
            field(
              2,
              Buffer.concat([
                field(1, Buffer.concat([number(1, Math.floor(ms / 1000)), number(2, (ms % 1000) * 1e6)])),
                field(2, Buffer.from(line)),
                field(3, Buffer.concat([field(1, Buffer.from('trace')), field(2, Buffer.from('1'))])),
              ]),
            ),
          ),
          number(3, 77),
        ]),
      ),
    ),
  )
const toJson = (streams: { labels: Record<string, string>; entries: Entry[] }[]) =>
  Buffer.from(JSON.stringify({ streams: streams.map((s) => ({ stream: s.labels, values: s.entries.map((e) => [`${e.ms}000000`, e.line]) })) }))

const entries = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 2e12 }), line: fc.string({ unit: 'binary', maxLength: 300 }) }), { maxLength: 20 })

describe('Loki push', () => {
  it('reads the same from protobuf and JSON', () => {
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 4 }), (lists) => {
        const fromProtobuf = decodeLokiProtobuf(encode(lists.map((list, i) => ({ labels: `{job="j", n="${i}"}`, entries: list }))))
        const fromJson = decodeLokiJson(toJson(lists.map((list, i) => ({ labels: { job: 'j', n: String(i) }, entries: list }))))
        expect(fromProtobuf.map((s) => ({ ...s, times: [...s.times] }))).toHaveLength(lists.length)
        lists.forEach((list, i) => {
          for (const stream of [fromProtobuf[i]!, fromJson[i]!]) {
            expect(stream.labels).toEqual({ job: 'j', n: String(i) })
            expect([...stream.times]).toEqual(list.map((entry) => entry.ms))
            expect(stream.lines.filter((byte) => byte === 10).length).toBe(list.length)
          }
        })
      }),
    )
  })

  it('keeps a line a line', () => {
    const [stream] = decodeLokiProtobuf(
      encode([
        {
          labels: '{}',
          entries: [
            { ms: 1, line: 'a\nb\n' },
            { ms: 2, line: 'c' },
          ],
        },
      ]),
    )
    expect(stream!.lines.toString()).toBe('a b\nc\n')
    expect(decodeLokiJson(toJson([{ labels: {}, entries: [{ ms: 1, line: 'a\nb\n' }] }]))[0]!.lines.toString()).toBe('a b\n')
  })

  it('gives a repeated push the same ids, and another push others', () => {
    const push = (line: string) =>
      lokiBatches(decodeLokiProtobuf(encode([{ labels: '{job="nginx", format="json"}', entries: [{ ms: 1_700_000_000_000, line }] }])), 'c', 1)
    const [first] = push('x')
    expect(push('x')[0]!.id).toBe(first!.id)
    expect(push('y')[0]!.id).not.toBe(first!.id)
    expect(first).toMatchObject({ source: 'nginx', format: 'json', cluster: 'c', labels: { job: 'nginx', transport: 'loki' } })
    expect(first!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  })

  it('never takes the cluster from the sender', () => {
    const [batch] = lokiBatches(decodeLokiProtobuf(encode([{ labels: '{cluster="other"}', entries: [{ ms: 1, line: 'x' }] }])), 'mine', 1)
    expect([batch!.cluster, batch!.labels.cluster]).toEqual(['mine', undefined])
  })

  it('refuses arbitrary bytes with a code or reads them, and never crashes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const decode of [decodeLokiProtobuf, decodeLokiJson]) {
          try {
            decode(Buffer.from(bytes))
          } catch (error) {
            expect(error).toBeInstanceOf(CodedError)
          }
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('names the problems of JSON', () => {
    const problems = (text: string) => {
      try {
        decodeLokiJson(Buffer.from(text))
      } catch (error) {
        return (error as CodedError).problems.map((problem) => problem.path)
      }
      return []
    }
    expect(problems('{"streams":[{"stream":{"a":1},"values":[["x","y"],["1"]]},null]}')).toEqual([
      'streams[0].stream',
      'streams[0].values[0]',
      'streams[0].values[1]',
      'streams[1].stream',
      'streams[1].values',
    ])
  })
})

describe('labels', () => {
  it.each([
    ['{}', {}],
    ['{job="a"}', { job: 'a' }],
    ['{ job = "a" , path="/x,}\\"\\\\y", u="\\u00e9\\x41\\n", }', { job: 'a', path: '/x,}"\\y', u: 'éA\n' }],
  ])('%s', (text, labels) => expect(parseLabels(text)).toEqual(labels))
  it.each(['', 'job="a"', '{job=a}', '{job="a"', '{job="a" x="b"}', '{="a"}'])('refuses %j', (text) => expect(() => parseLabels(text)).toThrow(CodedError))
})
