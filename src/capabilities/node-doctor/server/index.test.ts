import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LineBatch } from '#core/shapes/ports/lines.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import type { ActiveAlert, RunningDoor, ServerContext } from '#kits/server-kit/door.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { openSettings } from '#kits/server-kit/settings.ts'
import { openTestStore, type TestStore } from '#test/builders/store.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeCluster } from '#test/fakes/cluster.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import type { NodeDetail, NodesAnswer } from '../domain/api.ts'
import { type NodeReport, REPORT_FORMAT, SILENT_MS } from '../domain/report.ts'
import { door } from './index.ts'

const NOW = Date.UTC(2026, 4, 6, 12, 0, 0)
const clock = fakeClock(NOW)
const readyNode = (name: string, conditions: object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { conditions: [{ type: 'Ready', status: 'True' }, ...conditions] },
})
const cluster = fakeCluster({
  objects: [
    readyNode('ill'),
    readyNode('bare'),
    // of a server before this one, whose agent is gone
    readyNode('lost', [{ type: 'FDPressure', status: 'False', reason: 'IsHealthy', message: '', lastHeartbeatTime: '2026-05-06T11:00:00Z' }]),
  ],
})
const alerts: ActiveAlert[][] = []
let folder: string
let store: TestStore
let http: FastifyInstance
let running: RunningDoor
let user: Record<string, string>

const trouble = {
  detector: 'open-files',
  key: 'system',
  condition: 'FDPressure',
  reason: 'SystemOpenFiles',
  severity: 'error' as const,
  message: '<b>81 of 100</b> open files',
  since: NOW,
  lastSeen: NOW,
  count: 1,
}
const reportOf = (more: Partial<NodeReport> = {}): NodeReport => ({
  version: 1,
  node: 'ill',
  at: clock.now(),
  startedAt: NOW,
  bootId: 'a',
  conditions: [{ type: 'FDPressure', status: 'True', reason: 'SystemOpenFiles', message: trouble.message, since: NOW, severity: 'error' }],
  troubles: [trouble],
  changes: [{ what: 'opened', at: NOW, trouble }],
  blind: [{ detector: 'time-sync', why: 'no chronyc', since: NOW }],
  absent: [],
  log: { lines: 3, dropped: 0, lostChanges: 0 },
  ...more,
})
let batches = 0
const send = (...lines: string[]) =>
  running.sinks![0]!.write({
    id: `018f4c8e-0000-7000-8000-${String(++batches).padStart(12, '0')}`,
    cluster: 'local',
    format: REPORT_FORMAT,
    source: 'node-doctor',
    labels: {},
    bytes: Buffer.from(`${lines.join('\n')}\n`),
    receivedAt: clock.now(),
  } as unknown as LineBatch)
const conditionOf = async (node: string, type: string) => {
  const { status } = await cluster.get({ apiVersion: 'v1', kind: 'Node', name: node })
  return (status as { conditions: { type: string; status: string; reason: string; message: string }[] }).conditions.find((one) => one.type === type)
}
/** What was appended can be asked for. */
const settled = () => vi.waitFor(async () => expect((await store.telemetry.status()).queue.batches).toBe(0), { timeout: 10_000 })
const ask = async <T>(url: string): Promise<T> => (await http.inject({ url: `/api/v1/clusters/local/node-doctor${url}`, headers: user })).json() as T

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-nodes-'))
  store = await openTestStore(clock)
  const log = pino({ level: 'silent' })
  const auth = await openAuth(folder, clock)
  http = await createHttp({ log, clock, auth, version: '0' })
  const settings = await openSettings(folder)
  await http.register(
    async (api) => {
      running = await door.start({
        http: api,
        metricStore: undefined as unknown as ServerContext['metricStore'],
        telemetry: store.telemetry,
        live: undefined as unknown as ServerContext['live'],
        clock,
        log,
        metrics: new Registry(),
        settings,
        alerts: { report: async (_, __, firing) => void alerts.push([...firing]) },
        ...fakeClusters(cluster),
        clusterOf: () => cluster.as({ kind: 'impersonated', user: 'alice', groups: [] }),
        dataFolder: join(folder, 'node-doctor'),
      })
    },
    { prefix: '/api/v1' },
  )
  user = { authorization: `Bearer ${(await readFile(join(folder, 'cli-token'), 'utf8')).trim()}` }
}, 60_000)
afterAll(async () => {
  await running?.stop()
  await http?.close()
  await store?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

describe('reports of nodes', () => {
  it('become conditions, Events, alarms and findings; what is no report is rejected and said why', async () => {
    const told = await send(JSON.stringify(reportOf()), '{"node":', JSON.stringify({ ...reportOf(), node: '../etc' }))
    expect(told).toMatchObject({ accepted: 1, rejected: 2 })
    expect(Object.keys(told.reasons!)).toEqual(['no JSON', expect.stringContaining('node')])
    await vi.waitFor(async () => expect(await conditionOf('ill', 'FDPressure')).toMatchObject({ status: 'True', reason: 'SystemOpenFiles' }))
    await vi.waitFor(async () =>
      expect((await cluster.list({ apiVersion: 'v1', kind: 'Event' })).items.map(({ reason }) => reason)).toContain('SystemOpenFiles'),
    )
    expect(alerts.at(-1)).toMatchObject([{ labels: { alertname: 'node:FDPressure', node: 'ill' }, severity: 'error' }])
  })

  it('are listed beside the nodes without an agent, which are not called healthy', async () => {
    await settled()
    await clock.advance(16_000)
    const { nodes, kinds, trend, listed } = await ask<NodesAnswer>('/nodes')
    expect(listed).toEqual({ ok: true })
    expect(nodes.map(({ name, reportedAt, worst, ready }) => [name, reportedAt, worst, ready])).toEqual([
      ['bare', undefined, undefined, 'True'],
      ['ill', NOW, 'error', 'True'],
      ['lost', undefined, undefined, 'True'],
    ])
    expect(kinds.SystemOpenFiles!.at(-1)).toBe(1)
    expect(trend.ill!.at(-1)).toBe(1)
    const one = await ask<NodeDetail>('/nodes/ill')
    expect(one.timeline).toMatchObject([{ state: 'open', reason: 'SystemOpenFiles', message: trouble.message }])
    expect((await ask<NodeDetail>('/nodes/bare')).timeline).toEqual([])
    expect(await ask<object>('/nodes/nobody')).toMatchObject({ error: { code: 'NOT_FOUND' } })
  })

  it('shows only nodes with an agent to those who may not list nodes, and says so', async () => {
    cluster.allow((actor, { resource }) => actor.kind === 'self' || resource !== 'nodes')
    await clock.advance(16_000)
    const { nodes, listed } = await ask<NodesAnswer>('/nodes')
    cluster.allow(() => true)
    expect(listed).toEqual({ ok: false, code: 'FORBIDDEN' })
    expect(nodes.map(({ name }) => name)).toEqual(['ill'])
  })

  it('are over with the proof, and an agent that fell silent leaves nothing known', async () => {
    const closed = reportOf({
      conditions: [{ type: 'FDPressure', status: 'False', reason: 'IsHealthy', message: 'well', since: clock.now() }],
      troubles: [],
      changes: [{ what: 'closed', at: clock.now(), trouble, proof: 'looked again' }],
    })
    await send(JSON.stringify(closed))
    await vi.waitFor(async () => expect(await conditionOf('ill', 'FDPressure')).toMatchObject({ status: 'False' }))
    expect(alerts.at(-1)).toEqual([])
    await settled()
    const { timeline } = await ask<NodeDetail>('/nodes/ill')
    expect(timeline[0]).toMatchObject({ state: 'cleared', proof: 'looked again' })

    await clock.advance(SILENT_MS + 31_000)
    await vi.waitFor(async () => expect(await conditionOf('ill', 'FDPressure')).toMatchObject({ status: 'Unknown', reason: 'AgentSilent' }))
    await vi.waitFor(() => expect(alerts.at(-1)).toMatchObject([{ labels: { alertname: 'node:silent' } }]))
    // also where another server heard the agent last
    await vi.waitFor(async () =>
      expect(await conditionOf('lost', 'FDPressure')).toMatchObject({ status: 'Unknown', message: expect.stringContaining('11:00') }),
    )
    expect(await conditionOf('lost', 'Ready')).toMatchObject({ status: 'True' })
  })
})
