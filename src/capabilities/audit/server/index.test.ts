import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { LineBatch } from '#core/shapes/ports/lines.ts'
import type { Batch, QueryResult, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import type { ActiveAlert, RunningDoor, ServerContext } from '#kits/server-kit/door.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { openSettings } from '#kits/server-kit/settings.ts'
import { auditEventLines } from '#test/builders/audit-events.ts'
import { openTestStore, type TestStore } from '#test/builders/store.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import { createIdentities } from '../domain/access/identities.ts'
import type { AuditStatus, EventRow, EventsAnswer, PersonAnswer, VerifyAnswer } from '../domain/api.ts'
import { eventOfRow } from '../domain/rows.ts'
import { door } from './index.ts'
import { verifyChain } from './verify.ts'

const NOW = Date.UTC(2026, 4, 6, 12, 0, 0)
const MINUTE = 60_000
const clock = fakeClock(NOW)
let folder: string
let store: TestStore
let http: FastifyInstance
let running: RunningDoor
let user: Record<string, string>
let sender: Record<string, string>
let refuse: CodedError | undefined
let refused = 0
const alerts: ActiveAlert[][] = []

async function open() {
  const log = pino({ level: 'silent' })
  const auth = await openAuth(folder, clock)
  const app = await createHttp({ log, clock, auth, version: '0' })
  const telemetry: Telemetry = {
    ...store.telemetry,
    append: async (batch: Batch) => {
      if (refuse) {
        refused++
        throw refuse
      }
      await store.telemetry.append(batch)
    },
  }
  const settings = await openSettings(folder)
  await app.register(
    async (api) => {
      running = await door.start({
        http: api,
        metricStore: undefined as unknown as ServerContext['metricStore'],
        telemetry,
        live: undefined as unknown as ServerContext['live'],
        clock,
        log,
        metrics: new Registry(),
        settings,
        alerts: { report: async (_, __, firing) => void alerts.push([...firing]) },
        ...fakeClusters(),
        dataFolder: join(folder, 'audit'),
      })
    },
    { prefix: '/api/v1' },
  )
  const { token } = await auth.tokens.issue({ name: 'apiserver', cluster: 'local', signals: ['audit'] }, { replace: true })
  sender = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  user = { authorization: `Bearer ${(await readFile(join(folder, 'cli-token'), 'utf8')).trim()}` }
  return app
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-audit-'))
  store = await openTestStore(clock)
  http = await open()
}, 60_000)
afterAll(async () => {
  await running?.stop()
  await http?.close()
  await store?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const post = async (payload: string, headers = sender, url = '/api/v1/audit/webhook') => {
  const answer = await http.inject({ method: 'POST', url, headers, payload })
  return { status: answer.statusCode, body: answer.json() }
}
const get = async <T>(path: string): Promise<T> => {
  // a query sees what was appended up to 3 s before
  await store.fill([])
  const answer = await http.inject({ method: 'GET', url: `/api/v1/clusters/local/audit${path}`, headers: user })
  expect(answer.statusCode, answer.body).toBe(200)
  return answer.json() as T
}
const range = `from=${NOW - 60 * MINUTE}&to=${NOW + MINUTE}`
const listOf = (lines: readonly string[]) => `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[${lines.join(',')}]}`
const some = (count: number, seed: number) => [...auditEventLines(count, { seed, startsAt: NOW - 10 * MINUTE, eventsPerSecond: 10 })]
const exec = (id: string, stage: string, over: object = {}) =>
  JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: id,
    stage,
    verb: 'get',
    requestURI: '/api/v1/namespaces/shop/pods/cart-1/exec?command=sh',
    user: { username: 'kubernetes-admin', groups: ['system:masters'] },
    sourceIPs: ['1.1.1.1', '10.0.0.9'],
    objectRef: { resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'cart-1' },
    responseStatus: { code: 101 },
    requestReceivedTimestamp: new Date(NOW - 1000).toISOString(),
    stageTimestamp: new Date(NOW - 900).toISOString(),
    ...over,
  })

describe('ingest', () => {
  it('takes batches of the webhook, once, and counts by reason what it cannot read', async () => {
    const lines = some(500, 1)
    expect(await post(listOf([...lines, '{"kind":"Event","apiVersion":"audit.k8s.io/v7","auditID":"x"}', '7']))).toEqual({
      status: 200,
      body: { accepted: 500, rejected: 2, reasons: { version: 1, format: 1 } },
    })
    expect((await post(listOf(lines.slice(0, 100)))).body).toEqual({ accepted: 0, rejected: 100, reasons: { duplicate: 100 } })
    expect((await post(lines[0]!.slice(0, 50))).body).toMatchObject({ reasons: { json: 1 } })
    expect(await get<AuditStatus>('/status')).toMatchObject({
      accepted: 500,
      rejected: { version: 1, format: 1, duplicate: 100, json: 1 },
      dropped: 0,
      chain: { number: 1 },
    })
  })

  it('refuses who has no token, and one that is not for audit', async () => {
    expect((await post('{}', { 'content-type': 'application/json' })).status).toBe(401)
    expect((await post('{}', user)).status).toBe(403)
  })

  it('finds a person, as whom they acted, and any text', async () => {
    const lines = [
      exec('search-1', 'ResponseComplete', {
        user: { username: 'mallory' },
        impersonatedUser: { username: 'bob', groups: [] },
        objectRef: { resource: 'pods', name: 'needle' },
        requestURI: '/x?token=abc',
      }),
    ]
    await post(listOf(lines))
    for (const question of ['filter=user:eq:mallory', 'filter=user:eq:bob', 'search=NEEDLE', 'filter=name:contains:need&filter=verb:eq:get']) {
      const { events } = await get<EventsAnswer>(`/events?${range}&${question}`)
      expect(events.map(({ id, user, impersonated }) => [id, user, impersonated])).toEqual([['search-1', 'mallory', 'bob']])
      expect(events[0]!.detail).not.toContain('token=abc')
    }
    const top = await get<{ rows: { key: string; events: number }[] }>(`/top?${range}&by=user&limit=100`)
    expect(top.rows.reduce((sum, { events }) => sum + events, 0)).toBe(501)
    const series = await get<{ points: number[][] }>(`/series?${range}`)
    expect(series.points.reduce((sum, [, events]) => sum + events!, 0)).toBe(501)
    expect((await get<{ rows: object[] }>(`/first-seen?${range}`)).rows.length).toBeGreaterThan(10)
  })

  it('keeps no value of a secret', async () => {
    const request = { kind: 'Secret', type: 'Opaque', metadata: { name: 's' }, data: { key: 'c2VjcmV0LXZhbHVl' }, stringData: { other: 'secret-value' } }
    await post(
      listOf([
        exec('secret-1', 'ResponseComplete', { verb: 'create', objectRef: { resource: 'secrets', name: 's' }, requestObject: request, level: 'Request' }),
      ]),
    )
    const pod = { kind: 'Pod', spec: { containers: [{ image: 'a', env: [{ name: 'DB_PASSWORD', value: 'secret-value' }] }] } }
    await post(
      listOf([exec('secret-2', 'ResponseComplete', { verb: 'create', objectRef: { resource: 'pods', name: 'p' }, requestObject: pod, level: 'Request' })]),
    )
    const { events } = await get<EventsAnswer>(`/events?${range}&filter=id:contains:secret-`)
    expect(events).toHaveLength(2)
    for (const { detail } of events) expect(detail).not.toMatch(/c2VjcmV0|secret-value/)
    expect(events.map(({ detail }) => detail).join()).toMatch(/"key":"\*\*\*".*|DB_PASSWORD/)
  })

  it('takes lines that the agent follows', async () => {
    const sink = running.sinks![0]!
    const batch: LineBatch = {
      id: '0190a5e0-0000-7000-8000-000000000001',
      cluster: 'local',
      source: '/var/log/audit.log',
      format: 'audit',
      labels: {},
      receivedAt: NOW,
      bytes: Buffer.from(`${some(20, 9).join('\n')}\n`),
    }
    expect(sink.accepts({ ...batch, format: undefined })).toBe(false)
    expect(await sink.write(batch)).toEqual({ accepted: 20, rejected: 0, reasons: {} })
    expect(await sink.write(batch)).toEqual({ accepted: 0, rejected: 0, reasons: {} })
  })

  it('raises one alarm for one exec, with what was done around it', async () => {
    alerts.length = 0
    await post(listOf([exec('exec-1', 'ResponseStarted')]))
    await post(listOf([exec('exec-1', 'ResponseComplete', { responseStatus: { code: 200 } })]))
    const alarms = alerts.at(-1)!.filter(({ labels }) => labels.alertname === 'audit:pod-exec' && labels.user === 'kubernetes-admin')
    expect(alarms).toHaveLength(1)
    expect(alarms[0]).toMatchObject({ labels: { user: 'kubernetes-admin', namespace: 'shop', object: 'pods/exec/cart-1' }, severity: 'warning', value: 1 })
    expect(alarms[0]!.annotations.session).toContain('[pod-exec]')
    expect(alarms[0]!.annotations.origin).toContain('10.0.0.9')
  })

  it('keeps on disk what the store cannot take now, in its order, and takes it when it can', async () => {
    const before = await get<AuditStatus>('/status')
    refuse = new CodedError('QUEUE_FULL', { bytes: '1 B' })
    expect(await post(listOf(some(9, 78)))).toEqual({ status: 200, body: { accepted: 0, rejected: 0, reasons: {}, waiting: 9 } })
    // once when it came, once from the disk; from then on it waits for its next turn
    await expect.poll(() => refused).toBe(2)
    refuse = undefined
    // also what could be taken now waits for what came before
    expect((await post(listOf(some(4, 79)))).body).toMatchObject({ waiting: 4 })
    expect((await get<AuditStatus>('/status')).waiting.batches).toBe(2)
    await expect
      .poll(
        async () => {
          await clock.advance(10_000)
          return get<AuditStatus>('/status')
        },
        { timeout: 20_000 },
      )
      .toMatchObject({ accepted: before.accepted + 13, dropped: before.dropped, waiting: { batches: 0, bytes: 0 } })
  })

  it('answers the API server with success when nothing can be kept, and counts what is lost', async () => {
    refuse = new CodedError('QUEUE_FULL', { bytes: '1 B' })
    await rm(join(folder, 'audit', 'spool'), { recursive: true })
    const lines = some(7, 77)
    expect(await post(listOf(lines))).toEqual({ status: 200, body: { accepted: 0, rejected: 7, reasons: { full: 7 } } })
    refuse = undefined
    expect((await get<AuditStatus>('/status')).dropped).toBe(7)
    await clock.advance(20_000)
    const found = async () => {
      await store.fill([])
      return (await store.telemetry.query({ sql: "SELECT check_id, state, severity FROM findings WHERE cluster = 'local'", scope: 'all' })).rows
    }
    await expect.poll(found, { timeout: 10_000 }).toContainEqual(['audit/dropped', 'open', 'error'])
    await expect.poll(() => alerts.flat().map(({ labels }) => labels.alertname)).toContain('audit/dropped')
    // nothing of it counts as seen
    expect((await post(listOf(lines))).body).toMatchObject({ accepted: 7 })
  })

  it('takes nothing on trust: size, order, ids, names, headers', async () => {
    const at = (seconds: number) => new Date(NOW - seconds * 1000).toISOString()
    const bad = (id: string, seconds: number, more: object = {}) =>
      exec(id, 'ResponseComplete', {
        verb: 'patch',
        user: { username: 'bad-input' },
        requestReceivedTimestamp: at(seconds),
        stageTimestamp: at(seconds),
        ...more,
      })
    const markup = '<script>alert(1)</script>\u202e\u0000'
    const lines = [
      bad('bad-late', 10),
      // older than the one before, and out of any order
      bad('bad-early', 300),
      bad('bad-large', 200, { level: 'Request', requestObject: { data: 'x'.repeat(300_000) } }),
      bad('bad-markup', 100, { objectRef: { resource: 'pods', namespace: markup, name: markup }, userAgent: markup }),
      // one id for two requests is two; the same request twice is one
      bad('bad-late', 11),
      bad('bad-late', 10),
      bad('bad-old', 400 * 86_400),
      bad('bad-future', -3_600),
    ]
    const before = (await get<AuditStatus>('/status')).rejected
    const forged = { ...sender, 'x-forwarded-for': '198.51.100.9', 'x-remote-user': 'root', 'impersonate-user': 'root' }
    expect((await post(listOf(lines), forged)).body).toEqual({ accepted: 5, rejected: 3, reasons: { duplicate: 1, old: 1, clock: 1 } })
    expect((await get<AuditStatus>('/status')).rejected).toEqual({
      ...before,
      duplicate: (before.duplicate ?? 0) + 1,
      old: (before.old ?? 0) + 1,
      clock: (before.clock ?? 0) + 1,
    })
    const { events } = await get<EventsAnswer>(`/events?${range}&filter=user:eq:bad-input&order=asc`)
    expect(events.map(({ id }) => id)).toEqual(['bad-early', 'bad-large', 'bad-markup', 'bad-late', 'bad-late'])
    expect(events[1]!.detail).toContain('request of 300')
    expect(events[2]).toMatchObject({ name: markup, namespace: markup, userAgent: markup })
    expect(events.every(({ sourceIp, detail }) => sourceIp === '10.0.0.9' && detail.includes('"claimedIps":["1.1.1.1"]'))).toBe(true)
  })

  it('exports everything that answers, over its pages, as lines and as CSV that no spreadsheet runs', async () => {
    const many = [...auditEventLines(10_500, { seed: 91, startsAt: NOW - 10 * MINUTE, eventsPerSecond: 100 })]
    await post(listOf(many.map((line) => line.replaceAll('"userAgent":"', '"userAgent":"=cmd|bulk '))))
    await store.fill([])
    const exported = async (format: string) => {
      const url = `/api/v1/clusters/local/audit/export?${range}&filter=user_agent:contains:bulk&format=${format}`
      const answer = await http.inject({ method: 'GET', url, headers: user })
      expect([answer.statusCode, answer.headers['content-disposition']]).toEqual([200, `attachment; filename="audit.${format}"`])
      return answer.body.trim().split(/\r?\n/)
    }
    const lines = (await exported('ndjson')).map((line) => JSON.parse(line) as EventRow)
    expect([lines.length, new Set(lines.map(({ id, stage, at }) => `${id} ${stage} ${at}`)).size]).toEqual([10_500, 10_500])
    expect(lines.every(({ at }, i) => i === 0 || at >= lines[i - 1]!.at)).toBe(true)
    const csv = await exported('csv')
    expect([csv.length, csv[0]!.split(',').slice(0, 3)]).toEqual([10_501, ['at', 'plane', 'user']])
    expect(csv[1]).toContain(",'=cmd|bulk ")
    expect((await http.inject({ method: 'GET', url: `/api/v1/clusters/local/audit/export?${range}` })).statusCode).toBe(401)
  })

  it('gives what one person did under all names, with who made what they touched', async () => {
    const by = (id: string, username: string, verb: string, name: string, more: object = {}) =>
      exec(id, 'ResponseComplete', {
        verb,
        user: { username },
        objectRef: { resource: 'deployments', namespace: 'shop', name },
        responseStatus: { code: 200 },
        ...more,
      })
    const extra = { arn: ['arn:aws:iam::1:user/lee'] }
    await post(
      listOf([
        by('p-1', 'kim', 'create', 'web'),
        by('p-2', 'lee-1', 'patch', 'web', { user: { username: 'lee-1', extra } }),
        by('p-3', 'kim', 'create', 'other'),
        by('p-4', 'kim', 'get', 'web'),
        by('p-5', 'boss', 'get', 'web', { impersonatedUser: { username: 'lee-1' } }),
      ]),
    )
    const names = await get<PersonAnswer>('/person?what=names&name=lee-1')
    expect(names.events.map(({ id }) => id).sort()).toEqual(['p-1', 'p-2', 'p-5'])
    const facts = await get<PersonAnswer>('/person?what=facts')
    const people = createIdentities()
    for (const row of facts.events) people.event(eventOfRow(row))
    expect([...people.resolve(['lee-1']).names]).toEqual(['lee-1', 'arn:aws:iam::1:user/lee'])
    expect((await http.inject({ method: 'GET', url: "/api/v1/clusters/local/audit/person?what=facts&after=1'_x_1", headers: user })).statusCode).toBe(400)
  })

  it('loads recorded events once', async () => {
    const payload = { text: some(30, 33).join('\n') }
    const replay = () => http.inject({ method: 'POST', url: '/api/v1/clusters/local/audit/replay', headers: user, payload })
    expect((await replay()).json()).toMatchObject({ accepted: 30 })
    expect((await replay()).json()).toMatchObject({ accepted: 0 })
  })
})

describe('the chain', () => {
  it('goes on where it stopped when the server comes again', async () => {
    const before = (await get<AuditStatus>('/status')).chain!
    await running.stop()
    await http.close()
    http = await open()
    await post(listOf(some(5, 55)))
    expect((await get<AuditStatus>('/status')).chain!.number).toBe(before.number + 1)
    await running.recordOwn!({ ts: NOW, cluster: 'local', plane: 'sallyport', user: 'admin', verb: 'update', resource: 'settings', status: 200 })
    expect(await get<VerifyAnswer>('/verify')).toMatchObject({ faults: [], batches: before.number + 2, unsealed: 0, first: 1 })
  })

  const verify = (bend: (sql: string, result: QueryResult) => QueryResult, head?: { number: number; hash: string }) =>
    verifyChain({ query: async (query) => bend(query.sql, await store.telemetry.query(query)) }, 'local', head, 0)
  const isRows = (sql: string) => sql.includes('ORDER BY batch, seq')
  const isSeals = (sql: string) => sql.includes('JSONExtractUInt')

  it.each([
    ['one changed letter', 'changed-rows', isRows, (rows: unknown[][]) => rows.map((row, i) => (i === 3 ? row.with(6, `${row[6]}x`) : row))],
    [
      'a letter moved to the next column',
      'changed-rows',
      isRows,
      (rows: unknown[][]) => rows.map((row, i) => (i === 3 ? row.with(11, `${row[11]}e`).with(12, String(row[12]).slice(1)) : row)),
    ],
    ['a row taken', 'missing-rows', isRows, (rows: unknown[][]) => rows.slice(1)],
    ['a row added', 'added-rows', isRows, (rows: unknown[][]) => [rows[0]!, ...rows]],
    ['a batch dropped', 'missing-batches', isSeals, (rows: unknown[][]) => rows.filter((_, i) => i !== 2)],
    ['a seal dropped', 'missing-seal', isSeals, (rows: unknown[][]) => rows.filter((_, i) => i !== 2)],
  ])('tells %s', async (_, kind, which, bend) => {
    const { faults } = await verify((sql, result) => (which(sql) ? { ...result, rows: bend(result.rows as unknown[][]) } : result))
    expect(faults.map((fault) => fault.kind)).toContain(kind)
  })

  it('tells an end that was cut off', async () => {
    const { number, hash } = (await get<AuditStatus>('/status')).chain!
    expect((await verify((_, result) => result, { number: number + 2, hash })).faults).toEqual([{ kind: 'cut-off', number: number + 1, count: 2 }])
  })
})
