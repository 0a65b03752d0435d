import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessLogBytes } from '#bench/access-log-generator.ts'
import type { LineSink } from '#core/shapes/ports/lines.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import type { ActiveAlert, RunningDoor, ServerContext } from '#kits/server-kit/door.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { openSettings } from '#kits/server-kit/settings.ts'
import { accessBatch, seededAccessRows } from '#test/builders/access-rows.ts'
import { openTestLive } from '#test/builders/live.ts'
import { openTestStore, type TestStore } from '#test/builders/store.ts'
import { type FakeClock, fakeClock } from '#test/fakes/clock.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import type { AlertRulesAnswer, LiveTick, PreviewAnswer, SourcesAnswer, StatsAnswer } from '../domain/api.ts'
import { door } from './index.ts'

const NOW = Date.UTC(2026, 4, 6, 12, 0, 0)
const MINUTE = 60_000
let folder: string
let store: TestStore
let http: FastifyInstance
let clock: FakeClock
let running: RunningDoor
let sink: LineSink
let headers: Record<string, string>
const reports: { cluster: string; firing: readonly ActiveAlert[] }[] = []
const rows = seededAccessRows(20_000, NOW - 120 * MINUTE, NOW - MINUTE)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-door-'))
  clock = fakeClock(NOW)
  store = await openTestStore(clock)
  await store.fill([accessBatch(rows.map((row) => ({ ...row, cluster: 'local' })))])
  const log = pino({ level: 'silent' })
  http = await createHttp({ log, clock, auth: await openAuth(folder, clock), version: '0' })
  const settings = await openSettings(folder)
  await http.register(
    async (api) => {
      running = await door.start({
        http: api,
        metricStore: undefined as unknown as ServerContext['metricStore'],
        telemetry: store.telemetry,
        live: openTestLive(clock),
        clock,
        log,
        metrics: new Registry(),
        settings,
        alerts: { report: async (_, cluster, firing) => void reports.push({ cluster, firing }) },
        ...fakeClusters(),
        dataFolder: join(folder, 'ingress-analytics'),
      })
    },
    { prefix: '/api/v1' },
  )
  await http.listen({ host: '127.0.0.1', port: 0 })
  sink = running.sinks![0]!
  headers = { authorization: `Bearer ${(await readFile(join(folder, 'cli-token'), 'utf8')).trim()}` }
}, 60_000)
afterAll(async () => {
  await running?.stop()
  await http?.close()
  await store?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const call = async (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, payload?: object) => {
  const answer = await http.inject({ method, url: `/api/v1/clusters/local/ingress${path}`, headers, ...(payload ? { payload } : {}) })
  return { status: answer.statusCode, body: answer.body === '' ? undefined : answer.json() }
}
const range = `from=${NOW - 60 * MINUTE}&to=${NOW}`

describe('routes', () => {
  it('answer what is asked', async () => {
    const stats = await call('GET', `/stats?${range}&filter=status:gte:500&compare=${60 * MINUTE}`)
    const wanted = rows.filter((row) => row.ts >= NOW - 60 * MINUTE && row.status >= 500).length
    expect(stats).toMatchObject({ status: 200, body: { stats: { requests: wanted }, incomplete: [] } satisfies DeepPartial<StatsAnswer> })
    expect((await call('GET', `/series?${range}`)).body.ts.length).toBeGreaterThan(100)
    expect((await call('GET', `/top?${range}&by=host`)).body.rows.length).toBe(2)
    expect((await call('GET', `/requests?${range}&limit=3`)).body.rows.length).toBe(3)
    expect((await call('GET', `/marks?${range}`)).body.marks).toEqual([])
  })

  it('tell everything that is wrong with a question, with the nearest valid name', async () => {
    const { status, body } = await call('GET', `/top?from=5&to=4&by=hots&filter=statsu:eq:500&filter=path:like:x&limit=0&colour=red`)
    expect(status).toBe(400)
    const problems = Object.fromEntries(
      body.error.problems.map((p: { path: string; message: string; suggestion?: string }) => [p.path, p.suggestion ?? p.message]),
    )
    expect(problems).toMatchObject({ by: 'host', colour: 'unknown key', limit: expect.any(String) })
    expect(problems['filter[0]']).toContain('did you mean status?')
    expect(problems['filter[1]']).toContain('operator')
  })
})

describe('lines', () => {
  it('are counted by source, and the rejected ones are shown', async () => {
    const batch = { id: '0190a5e0-0000-7000-8000-000000000001', cluster: 'local', source: 'edge', labels: {}, receivedAt: NOW }
    const bytes = Buffer.concat([accessLogBytes(50, { format: 'upstreaminfo', seed: 1, startsAt: NOW - MINUTE, linesPerSecond: 10 }), Buffer.from('garbage\n')])
    const receipt = await sink.write({ ...batch, bytes })
    expect(receipt).toMatchObject({ accepted: 50, rejected: 1 })
    const { body } = await call('GET', '/sources')
    expect(body).toMatchObject({
      since: NOW,
      sources: [{ source: 'edge', accepted: 50, rejected: 1, samples: [{ line: 'garbage' }] }],
    } satisfies DeepPartial<SourcesAnswer>)
    expect((await call('GET', `/stats?from=${NOW - MINUTE}&to=${NOW + 1}`)).body.incomplete).toContain('rejected:edge')
  })

  it('are seen live within a tick, and the stream ends with the server', async () => {
    const { port } = http.server.address() as AddressInfo
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/clusters/local/ingress/live`, { headers })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const tick = async (): Promise<LiveTick> => {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end >= 0) {
          const event = text.slice(0, end)
          text = text.slice(end + 2)
          if (event.startsWith('event: tick')) return JSON.parse(event.slice(event.indexOf('data: ') + 6))
          continue
        }
        const { value, done } = await reader.read()
        if (done) throw new Error('ended')
        text += value
      }
    }
    expect((await tick()).latest.length).toBe(20)
    const batch = { id: '0190a5e0-0000-7000-8000-000000000002', cluster: 'local', source: 'edge', labels: {}, receivedAt: clock.now() }
    await sink.write({ ...batch, bytes: accessLogBytes(7, { format: 'upstreaminfo', seed: 2, startsAt: NOW - MINUTE, linesPerSecond: 10 }) })
    await clock.advance(1000)
    const next = await tick()
    expect(next.total.requests).toBe(57)
    expect(next.latest.length).toBe(7)
    expect(next.freshnessMs).toBe(500)
    await clock.advance(1000)
    expect((await tick()).latest).toEqual([])
    expect((await call('GET', '/live?filter=status:eq:500')).status).toBe(400)
  })
})

describe('formats', () => {
  it('are tried on sample lines: rows, or the reason for each that is refused', async () => {
    const tried = await call('POST', '/formats/try', {
      format: '(?P<time_iso8601>\\S+) (?P<request_uri>\\S+) (?P<status>\\d+)',
      lines: ['2026-05-06T11:00:00Z /a/42 200', 'yesterday /b 200', 'nonsense', ''],
    })
    expect(tried).toMatchObject({
      status: 200,
      body: {
        format: 'custom',
        accepted: 1,
        rejected: 3,
        lines: [{ row: { ts: NOW - 60 * MINUTE, path_pattern: '/a/{id}', status: 200 } }, { reason: 'time' }, { reason: 'format' }, { reason: 'empty' }],
      },
    })
    const line = accessLogBytes(1, { format: 'upstreaminfo', seed: 3 }).toString().trim()
    expect((await call('POST', '/formats/try', { format: 'auto', lines: [line] })).body).toMatchObject({ format: 'upstreaminfo', accepted: 1 })
    const wrong = await call('POST', '/formats/try', { format: '$remote_addr$tme_local $sttus', lines: ['a\nb'] })
    expect(wrong).toMatchObject({ status: 400, body: { error: { problems: [{ path: 'lines[0]' }] } } })
    const broken = await call('POST', '/formats/try', { format: '$remote_addr$tme_local $sttus', lines: ['a'] })
    expect(broken.body.error.problems).toHaveLength(4)
  })
})

describe('alert rules', () => {
  const rule = { name: 'errors', number: 'error_rate', threshold: 0.01, window: 600_000 }

  it('are kept, checked, changed and removed', async () => {
    expect((await call('POST', '/alert-rules', { ...rule, treshold: 1, number: 'eror_rate', filter: ['hots:eq:x'] })).body.error.problems.length).toBe(3)
    expect((await call('POST', '/alert-rules', rule)).status).toBe(201)
    expect((await call('POST', '/alert-rules', rule)).body.error.problems[0].path).toBe('name')
    expect((await call('PUT', '/alert-rules/errors', { ...rule, severity: 'critical' })).body.severity).toBe('critical')
    expect((await call('PUT', '/alert-rules/nothing', rule)).status).toBe(404)
    expect(await readFile(join(folder, 'settings.yaml'), 'utf8')).toContain('critical')
    await clock.advance(11_000)
    await expect.poll(() => reports.at(-1)?.firing[0]?.labels).toMatchObject({ alertname: 'errors', severity: 'critical' })
    const { body } = await call('GET', '/alert-rules')
    expect(body.rules).toMatchObject([{ rule: { name: 'errors' }, states: [{ state: 'firing', group: '' }] }] satisfies DeepPartial<AlertRulesAnswer>['rules'])
    expect((await call('DELETE', '/alert-rules/errors')).status).toBe(204)
    await clock.advance(11_000)
    await expect.poll(() => reports.at(-1)?.firing).toEqual([])
  })

  it('are rehearsed before they are kept', async () => {
    const { body } = (await call('POST', '/alert-rules/preview', { rule, hours: 2 })) as { body: PreviewAnswer }
    expect(body).toMatchObject({ fired: 1, incomplete: [] })
    expect(body.values.filter((value) => value !== null).every((value) => value! > 0.01 && value! < 0.2)).toBe(true)
    const quiet = (await call('POST', '/alert-rules/preview', { rule: { ...rule, threshold: 0.5 }, hours: 2 })).body as PreviewAnswer
    expect(quiet).toMatchObject({ fired: 0, firingMs: 0 })
    const grouped = (await call('POST', '/alert-rules/preview', { rule: { ...rule, groupBy: 'namespace' }, hours: 2 })).body as PreviewAnswer
    expect(grouped.episodes.map(({ group }) => group)).toEqual(expect.arrayContaining(['n0', 'n1', 'n2']))
  })
})

type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T
