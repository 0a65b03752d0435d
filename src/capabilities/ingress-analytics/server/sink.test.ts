import { describe, expect, it } from 'vitest'
import { accessLogBytes } from '#bench/access-log-generator.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { LineBatch } from '#core/shapes/ports/lines.ts'
import type { LiveBucket } from '#core/shapes/ports/live-stream.ts'
import type { Batch } from '#core/shapes/ports/telemetry.ts'
import { loadCountries } from './country.ts'
import { createAccessSink } from './sink.ts'

const NOW = 1_790_000_600_000

function sinkWith(append: (batch: Batch) => Promise<void> = async () => {}) {
  const stored: Batch[] = []
  const published: LiveBucket[] = []
  const sink = createAccessSink({
    telemetry: {
      append: async (batch) => {
        await append(batch)
        stored.push(batch)
      },
    },
    live: { publish: (buckets) => void published.push(...buckets) },
    clock: { now: () => NOW },
  })
  let number = 0
  const write = (bytes: Uint8Array | string, more: Partial<LineBatch> = {}) =>
    sink.write({
      id: `batch-${number++}`,
      cluster: 'c',
      source: 'file',
      labels: {},
      bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
      receivedAt: NOW,
      ...more,
    })
  return { sink, stored, published, write }
}
const lines = (count: number, seed = 1) => accessLogBytes(count, { format: 'upstreaminfo', seed })

describe('the access sink', () => {
  it('stores each batch under its own id, then shows it', async () => {
    const { sink, stored, published, write } = sinkWith()
    const bytes = lines(3000)
    const receipts = await Promise.all([write(bytes), write(lines(10, 2)), write('garbage\n')])
    expect(receipts).toEqual([
      { accepted: 3000, rejected: 0, reasons: {} },
      { accepted: 10, rejected: 0, reasons: {} },
      { accepted: 0, rejected: 1, reasons: { format: 1 } },
    ])
    expect(stored.map(({ id, rows, table }) => ({ id, rows, table }))).toEqual([
      { id: 'batch-0', rows: 3000, table: 'access' },
      { id: 'batch-1', rows: 10, table: 'access' },
    ])
    expect(published.reduce((sum, bucket) => sum + bucket.requests, 0)).toBe(3010)
    expect(sink.sources('c')).toMatchObject([
      {
        source: 'file',
        format: 'upstreaminfo',
        accepted: 3010,
        rejected: 1,
        reasons: { format: 1 },
        lastAt: NOW,
        samples: [{ reason: 'format', line: 'garbage' }],
      },
    ])
    expect(sink.sources('other')).toEqual([])
    expect(sink.latest({ cluster: 'c' })).toHaveLength(20)
    expect(sink.latest({ cluster: 'c', service: 'nobody' })).toEqual([])
  })

  it('counts and shows nothing that was not stored', async () => {
    const { sink, published, write } = sinkWith(async () => {
      throw new CodedError('QUEUE_FULL', { bytes: '1 GiB' })
    })
    await expect(write(lines(10))).rejects.toMatchObject({ code: 'QUEUE_FULL' })
    expect(published).toEqual([])
    expect(sink.sources('c')[0]).toMatchObject({ accepted: 0, lastAt: null })
    expect(sink.latest({ cluster: 'c' })).toEqual([])
  })

  it('follows a source whose format changes, and keeps to one that is named', async () => {
    const { sink, write } = sinkWith()
    await write(lines(20))
    expect((await write(accessLogBytes(20, { format: 'json' }))).accepted).toBe(20)
    expect(sink.sources('c')[0]!.format).toBe('json')
    expect((await write(lines(20), { source: 'named', format: 'json' })).reasons).toEqual({ format: 20 })
    await expect(write(lines(1), { source: 'named', format: 'no-such' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    // a mistake of one batch holds up no other
    expect((await write(lines(5))).accepted).toBe(5)
  })

  it('gives the event loop its turn in a large batch', async () => {
    const { write } = sinkWith()
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    await write(lines(12_000))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })

  it('takes the time that the transport knows where the line has none', async () => {
    const { stored, write } = sinkWith()
    const times = Float64Array.of(NOW - 1000, Number.NaN, NOW - 3000)
    const own = new Date(NOW - 60_000).toISOString()
    const bytes = `{"status":200,"request_uri":"/a"}\n{"status":200,"request_uri":"/b"}\n{"status":200,"request_uri":"/c","time":"${own}"}\n`
    expect(await write(bytes, { times })).toEqual({ accepted: 2, rejected: 1, reasons: { time: 1 } })
    const at = Buffer.from(stored[0]!.native).indexOf('DateTime64(3)') + 'DateTime64(3)'.length
    const view = new DataView(stored[0]!.native.buffer, stored[0]!.native.byteOffset + at)
    expect([view.getBigInt64(0, true), view.getBigInt64(8, true)].map(Number)).toEqual([NOW - 1000, NOW - 60_000])
    const pattern = '$status $request_uri'
    expect((await write('200 /a\n', { times: Float64Array.of(NOW), format: pattern })).accepted).toBe(1)
    expect((await write('200 /a\n', { format: pattern, source: 'tail' })).reasons).toEqual({ time: 1 })
  })

  it('counts fields whose invalid UTF-8 it replaced, each time', async () => {
    const { sink, write } = sinkWith()
    const line = (path: string, agent: string) =>
      `192.0.2.1 - - [${new Date(NOW).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/, '$1/$2/$3:$4 +0000')}] "GET ${path} HTTP/1.1" 200 1 "-" "${agent}"\n`
    expect((await write(Buffer.from(line('/\xe9', 'a\xff') + line('/ok', 'a\xff') + line('/ok', 'fine'), 'latin1'))).accepted).toBe(3)
    expect(sink.sources('c')[0]!.repaired).toBe(3)
    await write(Buffer.from(line('/ok', 'a\xff'), 'latin1'))
    await write(line('/\\xe9', 'fine'))
    expect(sink.sources('c')[0]!.repaired).toBe(5)
  })

  it('refuses wild clocks', async () => {
    const { write } = sinkWith()
    const at = (ms: number) => accessLogBytes(1, { format: 'combined', startsAt: ms })
    expect((await write(at(NOW + 11 * 60_000))).reasons).toEqual({ clock: 1 })
    expect((await write(at(NOW - 31 * 86_400_000))).reasons).toEqual({ clock: 1 })
    expect((await write(at(NOW + 9 * 60_000))).accepted).toBe(1)
  })
})

describe('countries', () => {
  it('knows public addresses of both families, and nothing of others', () => {
    const country = loadCountries()
    expect(country('8.8.8.8')).toBe('US')
    expect(country('2001:4860:4860::8888')).toBe('US')
    for (const nowhere of ['10.0.0.1', 'unix:', '', 'not an address']) expect(country(nowhere)).toBe('')
  })
})
