import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { compressSync } from 'snappy'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { LineBatch, LineReceipt, LineSink } from '#core/shapes/ports/lines.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import { MAX_BODY } from '#kits/server-kit/body.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { openSettings } from '#kits/server-kit/settings.ts'
import { registerReceivers } from './receivers.ts'

const ID = '0192f5a0-7c00-7abc-8def-0123456789ab'
const LINES = 'one\ntwo\n'

let received: LineBatch[]
let refuse: CodedError | undefined
const sink: LineSink = {
  name: 'test',
  accepts: (batch) => batch.format !== 'unknown',
  async write(batch): Promise<LineReceipt> {
    if (refuse) throw refuse
    received.push({ ...batch, bytes: Buffer.from(batch.bytes) })
    return { accepted: batch.bytes.filter((byte) => byte === 10).length, rejected: 0, reasons: {} }
  },
}

let folder: string
let other: string
let http: FastifyInstance
let headers: Record<string, string>

beforeEach(async () => {
  received = []
  refuse = undefined
  folder = await mkdtemp(join(tmpdir(), 'sallyport-receivers-'))
  const clock = { now: () => 1_700_000_000_000, sleep: async () => {} }
  const log = pino({ level: 'silent' })
  const auth = await openAuth(folder, clock)
  http = await createHttp({ log, clock, auth, version: 'test' })
  registerReceivers({ http, sinks: [sink], clock, log, metrics: new Registry(), settings: await openSettings(folder) })
  const { token } = await auth.tokens.issue({ name: 'test', cluster: 'demo' })
  other = (await auth.tokens.issue({ name: 'other', cluster: 'demo', signals: ['metrics'] })).token
  headers = { authorization: `Bearer ${token}`, 'sallyport-batch': ID, 'sallyport-source': 'web', 'content-type': 'application/octet-stream' }
})
afterEach(async () => {
  await http.close()
  await rm(folder, { recursive: true, force: true })
})

const post = (url: string, payload: Buffer | string, more: Record<string, string> = {}) =>
  http.inject({ method: 'POST', url, payload, headers: { ...headers, ...more } })

describe('lines', () => {
  it('hands a batch on with the cluster of the token', async () => {
    const answer = await post('/api/v1/ingest/lines', LINES, { 'sallyport-format': 'nginx', 'sallyport-labels': 'file=%2Fvar%2Flog%2Fa%2Cb.log,pod=web-0' })
    expect(answer.json()).toEqual({ accepted: 2, rejected: 0, reasons: {} })
    expect(received).toEqual([
      {
        id: ID,
        cluster: 'demo',
        source: 'web',
        format: 'nginx',
        labels: { file: '/var/log/a,b.log', pod: 'web-0' },
        bytes: Buffer.from(LINES),
        receivedAt: 1_700_000_000_000,
      },
    ])
  })

  it.each([
    ['gzip', gzipSync(LINES)],
    ['zstd', zstdCompressSync(LINES)],
    ['snappy', compressSync(LINES)],
    ['identity', Buffer.from(LINES)],
  ])('decodes %s', async (encoding, body) => {
    expect((await post('/api/v1/ingest/lines', body, { 'content-encoding': encoding })).statusCode).toBe(200)
    expect(String(received[0]!.bytes)).toBe(LINES)
  })

  it('takes a batch of more than 1 MiB', async () => {
    expect((await post('/api/v1/ingest/lines', Buffer.alloc(MAX_BODY, 'x'))).statusCode).toBe(200)
    expect(received[0]!.bytes.length).toBe(MAX_BODY)
  })

  it.each([
    ['plain', Buffer.alloc(MAX_BODY + 1), 'identity'],
    ['gzip bomb', gzipSync(Buffer.alloc(MAX_BODY * 4)), 'gzip'],
    ['zstd bomb', zstdCompressSync(Buffer.alloc(MAX_BODY * 4)), 'zstd'],
    ['snappy bomb', compressSync(Buffer.alloc(MAX_BODY * 2)), 'snappy'],
  ])('refuses what is too large: %s', async (_name, body, encoding) => {
    const answer = await post('/api/v1/ingest/lines', body, { 'content-encoding': encoding })
    expect([answer.statusCode, answer.json().error.code]).toEqual([413, 'TOO_LARGE'])
    expect(received).toEqual([])
  })

  it.each(['gzip', 'zstd', 'snappy'])('refuses broken %s', async (encoding) => {
    const answer = await post('/api/v1/ingest/lines', Buffer.from([0x20, 1, 2, 3]), { 'content-encoding': encoding })
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'INVALID_INPUT'])
  })

  it('names every problem of the headers at once', async () => {
    const answer = await post('/api/v1/ingest/lines', LINES, {
      'sallyport-batch': '1',
      'sallyport-source': '%zz',
      'sallyport-format': 'No Such',
      'sallyport-labels': 'cluster=other,=x,ok=1,bad=%e',
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().error.problems.map((problem: { path: string }) => problem.path)).toEqual([
      'Sallyport-Batch',
      'Sallyport-Format',
      'Sallyport-Source',
      'Sallyport-Labels.cluster',
      'Sallyport-Labels.',
      'Sallyport-Labels.bad',
    ])
  })

  it('counts a batch that is sent again once', async () => {
    const first = await post('/api/v1/ingest/lines', LINES)
    const [second, third] = await Promise.all([post('/api/v1/ingest/lines', LINES), post('/api/v1/ingest/lines', LINES)])
    expect([second.json(), third.json()]).toEqual([first.json(), first.json()])
    expect(received.length).toBe(1)
  })

  it('asks to come again when the queue is full, and takes the batch then', async () => {
    refuse = new CodedError('QUEUE_FULL', { bytes: '1 GiB' })
    const answer = await post('/api/v1/ingest/lines', LINES)
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([429, '2'])
    refuse = undefined
    expect((await post('/api/v1/ingest/lines', LINES)).json().accepted).toBe(2)
  })

  it.each([
    ['no token', { authorization: 'Bearer none' }, 401, 'UNAUTHENTICATED'],
    ['encoding', { 'content-encoding': 'br' }, 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['no sink', { 'sallyport-format': 'unknown' }, 422, 'NO_SINK'],
  ])('answers with a code: %s', async (_name, more, status, code) => {
    const answer = await post('/api/v1/ingest/lines', LINES, more)
    expect([answer.statusCode, answer.json().error.code]).toEqual([status, code])
  })

  it('says 507 when the disk is full', async () => {
    refuse = new CodedError('DISK_FULL', { path: '/data' })
    expect((await post('/api/v1/ingest/lines', LINES)).statusCode).toBe(507)
  })

  it('refuses a token without the signal', async () => {
    expect((await post('/api/v1/ingest/lines', LINES, { authorization: `Bearer ${other}` })).statusCode).toBe(403)
  })
})

describe('ndjson', () => {
  it('needs no batch id and says the format', async () => {
    const { 'sallyport-batch': _, 'sallyport-source': __, ...rest } = headers
    await http.inject({ method: 'POST', url: '/api/v1/ingest/ndjson', payload: '{"status":200}\n', headers: rest })
    expect(received[0]).toMatchObject({ source: 'ndjson', format: 'json', bytes: Buffer.from('{"status":200}\n') })
    expect(received[0]!.id).toMatch(/^[0-9a-f-]{14}-?7/)
  })
})
