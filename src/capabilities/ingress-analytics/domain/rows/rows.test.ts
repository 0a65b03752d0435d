import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accessLogBytes, GENERATED } from '#bench/access-log-generator.ts'
import { FORMATS } from '../formats/catalog.ts'
import { detectFormat } from '../formats/detect.ts'
import type { LineFormat } from '../formats/line.ts'
import { createBlockBuilder } from './columns.ts'
import { splitJoined } from './origin.ts'
import { writePattern } from './path-pattern.ts'
import { createLineReader } from './read-lines.ts'
import { createRejects } from './rejects.ts'
import { createTimeReader } from './time.ts'
import { userAgentFamily } from './user-agent.ts'
import { createVocabulary, PATTERNS_PER_ROUTE } from './vocabulary.ts'
import { Interner, Words } from './words.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

function parse(bytes: Uint8Array, format: LineFormat | undefined, slice = bytes.length, bounds = { earliest: 0, latest: Number.POSITIVE_INFINITY }) {
  const plain = new Uint8Array(bytes)
  const run = { format, ...bounds, rejects: createRejects(), accepted: 0 }
  const reader = createLineReader()
  const builder = createBlockBuilder()
  builder.begin({ cluster: 'c', source: 's', receivedAt: 1_800_000_000_000, vocabulary: createVocabulary() })
  for (let at = 0; at < plain.length; ) at = reader.read(run, plain, new DataView(plain.buffer), at, Math.min(plain.length, at + slice), builder)
  return { run, block: builder.finish() }
}
const lineCount = (bytes: Uint8Array) => {
  const newlines = bytes.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0)
  return bytes.length > 0 && bytes.at(-1) !== 10 ? newlines + 1 : newlines
}

describe('lines to rows', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom(
      ...[
        '\n',
        '\r\n',
        '1.2.3.4 - - [23/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"\n',
        '"] "',
        '\\x',
        '\\u12',
        '{"status":200,"time":"',
        '{"log":"',
        '2026-11-23T10:00:00Z stdout F ',
        '[2026-11-23T10:00:00.310Z] "POST /a HTTP/2" 204 - 154 0 226 100 ',
      ].map(encode),
    ),
  )
  const bytes = fc.array(piece, { maxLength: 30 }).map((pieces) => new Uint8Array(pieces.flatMap((p) => [...p])))

  it('never throws, and accepts or rejects every line, whatever the bytes and the format', () => {
    fc.assert(
      fc.property(bytes, fc.constantFrom(undefined, ...FORMATS), (input, format) => {
        const { run, block } = parse(input, format)
        expect(run.accepted + run.rejects.total).toBe(lineCount(input))
        expect(block.rows).toBe(run.accepted)
        expect(Object.values(run.rejects.reasons).reduce((a, b) => a + b, 0)).toBe(run.rejects.total)
      }),
      { numRuns: 500 },
    )
  })

  it('gives the same block however it is sliced', () => {
    for (const format of GENERATED) {
      const input = accessLogBytes(300, { format, seed: 5 })
      const whole = parse(input, detectFormat(input))
      expect(whole.run.accepted).toBe(300)
      for (const slice of [1, 7, 100, 263, 4096, 65_536]) {
        const sliced = parse(input, detectFormat(input), slice)
        expect(Buffer.compare(sliced.block.native, whole.block.native)).toBe(0)
        expect(sliced.block.live).toEqual(whole.block.live)
      }
    }
  })

  it('gives back what was written into a line', () => {
    const word = fc.stringMatching(/^[a-z0-9._~%-]{1,20}$/)
    fc.assert(
      fc.property(
        fc.record({
          path: fc.array(word, { maxLength: 5 }).map((parts) => `/${parts.join('/')}`),
          query: fc.option(word),
          status: fc.integer({ min: 100, max: 599 }),
          sent: fc.integer({ min: 0, max: 2 ** 40 }),
          time: fc.integer({ min: 0, max: 600_000 }),
          second: fc.integer({ min: 0, max: 4_000_000_000 }),
          agent: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => !/[\r\n\\"]|^-$|\ufffd/.test(text)),
        }),
        ({ path, query, status, sent, time, second, agent }) => {
          const when = new Date(second * 1000).toISOString().replace('.000Z', '+00:00')
          const [, month, year, clock] = [0, new Date(second * 1000).toUTCString().slice(8, 11), when.slice(0, 4), when.slice(11, 19)]
          const line = `::1 - - [${when.slice(8, 10)}/${month}/${year}:${clock} +0000] "GET ${path}${query === null ? '' : `?${query}`} HTTP/1.1" ${status} ${sent} "-" "${agent}" 10 ${(time / 1000).toFixed(3)} [a-b-80] [] - - - - -\n`
          const { block, run } = parse(encode(line), FORMATS[0])
          expect(run.rejects.samples).toEqual([])
          expect(block.latest[0]).toMatchObject({
            ts: second * 1000,
            path,
            status,
            bytes_out: sent,
            request_time: Math.fround(time / 1000),
            user_agent: agent,
            client: '::1',
            service: 'b',
          })
          expect(block.live[0]).toMatchObject({ requests: 1, bytesOut: sent, route: 'a/b', timed: 1 })
        },
      ),
    )
  })

  it('rejects with a reason, counts all and keeps some', () => {
    const good = '1.2.3.4 - - [23/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 1 "-" "x"'
    const lines = [
      good,
      '',
      'garbage \u0000\u001b[31m',
      `${good.slice(0, 40)}${'y'.repeat(1_000_000)}`,
      good.replace('2026', '2020'),
      good.replace('2026', '2030'),
      good.replace('Nov', 'Nix'),
      good.replace(' 200 ', ' 9999 '),
    ]
    const now = Date.parse('2026-11-23T10:00:00Z')
    const { run } = parse(
      encode(lines.join('\n')),
      FORMATS.find((format) => format.name === 'combined'),
      undefined,
      { earliest: now - 86_400_000, latest: now + 600_000 },
    )
    expect(run.accepted).toBe(1)
    expect(run.rejects.reasons).toEqual({ empty: 1, format: 2, 'too-long': 1, clock: 2, time: 1 })
    expect(run.rejects.samples.find((sample) => sample.reason === 'format')!.line).toBe('garbage ␀␛[31m')
    for (const sample of run.rejects.samples) expect(sample.line.length).toBeLessThanOrEqual(300)
    const flood = parse(encode('x\n'.repeat(5000)), FORMATS[0])
    expect(flood.run.rejects.total).toBe(5000)
    expect(flood.run.rejects.samples.length).toBeLessThanOrEqual(20)
  })

  it('replaces invalid UTF-8 and says how often', () => {
    const [before, after] = ['1.2.3.4 - - [23/Nov/2026:10:00:00 +0000] "GET /a', 'b HTTP/1.1" 200 1 "-" "x"\n'].map(encode) as [Uint8Array, Uint8Array]
    const { block } = parse(
      new Uint8Array([...before, 0xff, 0xc3, ...after]),
      FORMATS.find((format) => format.name === 'combined'),
    )
    expect(block.latest[0]!.path).toBe('/a\ufffd\ufffdb')
    expect(block.repaired).toBe(1)
  })
})

describe('path patterns', () => {
  const pattern = (path: string) => {
    const out = new Uint8Array(256)
    const length = writePattern(encode(path), 0, encode(path).length, out)
    return length < 0 ? undefined : decode(out.subarray(0, length))
  }
  it.each([
    ['/', '/'],
    ['/orders/17', '/orders/{id}'],
    ['/orders/17/items/3/', '/orders/{id}/items/{id}/'],
    ['/u/0af76519-16cd-43dd-8448-eb211c80319c', '/u/{id}'],
    ['/blob/8f3a2b1c9d', '/blob/{id}'],
    ['/img/12.png', '/img/{id}.png'],
    ['/static/main.8f3a2b1c.js', '/static/main.{id}.js'],
    ['/day/2026-11-23', '/day/{id}'],
    ['/t/eyJhbGciOiJIUzI1NiIsInR5cCI6', '/t/{id}'],
    ['/v1/cart', '/v1/cart'],
    ['/api/v2/facade/deadbeef', '/api/v2/facade/deadbeef'],
    ['/lib/jquery-3.6.0.min.js', '/lib/jquery-3.6.0.min.js'],
    ['/caf%C3%A9', '/caf%C3%A9'],
  ])('%s → %s', (path, expected) => expect(pattern(path)).toBe(expected))

  it('gives up on what is too long or too deep', () => {
    expect(pattern('/a'.repeat(40))).toBeUndefined()
    expect(pattern(`/${'word/'.repeat(15)}${'z_'.repeat(60)}`)).toBeDefined()
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (path) => void pattern(`/${path}`)))
  })

  it('bounds the patterns of one route', () => {
    const word = (i: number) => String.fromCharCode(97 + (i % 26), 97 + ((i / 26) % 26), 97 + ((i / 676) % 26))
    const lines = Array.from({ length: PATTERNS_PER_ROUTE + 50 }, (_, i) => `1.2.3.4 - - [23/Nov/2026:10:00:00 +0000] "GET /${word(i)} HTTP/1.1" 200 1\n`)
    const { block } = parse(
      encode(lines.join('')),
      FORMATS.find((format) => format.name === 'common'),
    )
    expect(block.latest[0]!.path_pattern).toBe('{other}')
    expect(block.latest[0]!.path).not.toBe('{other}')
  })
})

describe('times', () => {
  it.each([
    ['23/Nov/2026:10:00:00 +0000', '2026-11-23T10:00:00Z'],
    ['29/Feb/2028:23:59:59 -0330', '2028-03-01T03:29:59Z'],
    ['2026-11-23T10:00:00+08:00', '2026-11-23T02:00:00Z'],
    ['2026-11-23T10:00:00.5Z', '2026-11-23T10:00:00.500Z'],
    ['2026-11-23T10:00:00.123456789Z', '2026-11-23T10:00:00.123Z'],
    ['1795428000.25', '2026-11-23T10:00:00.250Z'],
    ['1795428000250', '2026-11-23T10:00:00.250Z'],
  ])('%s is %s', (text, iso) => {
    const read = createTimeReader()
    for (let twice = 0; twice < 2; twice++) expect(read(encode(text), 0, encode(text).length)).toBe(Date.parse(iso))
  })
  it('refuses what is no time', () => {
    for (const text of ['', '-', '32/Nov/2026:10:00:00 +0000', '23/Nov/2026:25:00:00 +0000', '2026-13-01T00:00:00Z', '2026-11-23T10:00:00+8', 'yesterday']) {
      expect(createTimeReader()(encode(text), 0, encode(text).length)).toBeNaN()
    }
  })
})

describe('words', () => {
  it('numbers equal bytes equally, and keeps them apart from all others', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 400 }), (words) => {
        const table = new Interner()
        const seen = new Map<string, number>()
        for (const word of words) {
          const found = table.intern(new DataView(word.buffer), word, 0, word.length)
          const key = word.join()
          const known = seen.get(key)
          if (known === undefined) {
            expect(found).toBe(-1 - seen.size)
            seen.set(key, seen.size)
          } else expect(found).toBe(known)
          expect(table.bytesOf(seen.get(key)!)).toEqual(word)
        }
      }),
    )
  })
  it('shares a number between spellings, and bounds what it keeps', () => {
    const id = (words: Words, text: string) => words.id(new DataView(encode(text).buffer), encode(text), 0, encode(text).length)
    const lower = new Words({ lowerCase: true, limit: 4 })
    expect(id(lower, 'ABC')).toBe(id(lower, 'abc'))
    expect(lower.text(id(lower, 'aBc'))).toBe('abc')
    for (const text of ['d', 'e', 'f', 'g', 'h']) id(lower, text)
    expect(lower.text(id(lower, 'zz'))).toBe('{other}')
    expect(lower.text(id(lower, 'abc'))).toBe('abc')
  })
})

describe('names', () => {
  it('takes the longest known namespace', () => {
    expect(splitJoined('shop-cart-80', [])).toEqual({ namespace: 'shop', service: 'cart' })
    expect(splitJoined('shop-eu-cart-api-http', ['shop-eu'])).toEqual({ namespace: 'shop-eu', service: 'cart-api' })
    expect(splitJoined('my-backend', [])).toBeUndefined()
    expect(splitJoined('backend', [])).toBeUndefined()
  })
  it.each([
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0', 'Edge'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1', 'Safari'],
    ['Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0', 'WeChat'],
    ['Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)', 'Baiduspider'],
    ['python-requests/2.31.0', 'Python'],
    ['something else', 'Other'],
    ['', ''],
  ])('%s is %s', (text, family) => expect(userAgentFamily(text)).toBe(family))
})
