/** What Flagger and Argo Rollouts send, as their documentation says it, and what they are told. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESOURCE_API } from '#core/shapes/custom-resource.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import type { CanaryStatus } from '../resources/canary.ts'
import { exportVerdicts, verdictRoutes } from './verdict.ts'

const NOW = Date.UTC(2026, 4, 6, 12)
const clock = fakeClock(NOW)
const CANARY = { apiVersion: RESOURCE_API, kind: 'Canary', namespace: 'test', name: 'podinfo' }
const kinds = [{ ...FAKE_KINDS[3]!, apiVersion: RESOURCE_API, group: 'sallyport.io', version: 'v1alpha1', kind: 'Canary', plural: 'canaries' }]
const cluster = fakeCluster({ objects: [{ ...CANARY, metadata: { name: 'podinfo', namespace: 'test' }, spec: {} }], kinds })
let folder: string
let http: FastifyInstance
let token: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-verdict-'))
  const auth = await openAuth(folder, clock)
  http = await createHttp({ log: pino({ level: 'silent' }), clock, auth, version: '0' })
  await http.register(async (api) => verdictRoutes({ http: api, clock, ...fakeClusters(cluster) } as unknown as ServerContext), { prefix: '/api/v1' })
  token = (await readFile(join(folder, 'cli-token'), 'utf8')).trim()
})
afterAll(async () => {
  await http.close()
  await rm(folder, { recursive: true, force: true })
})

const judging = (verdict: CanaryStatus['verdict'], more: CanaryStatus = {}): CanaryStatus => ({
  phase: 'Progressing',
  verdict,
  requests: 4_200,
  startedAt: NOW - 600_000,
  message: 'why',
  conditions: [{ type: 'Evidence', status: 'True', reason: 'Seen', message: '', lastTransitionTime: '' }],
  ...more,
})
const is = (status: CanaryStatus) => cluster.patch(CANARY, 'merge', { status: { ...status, conditions: status.conditions ?? [] } })
const base = '/api/v1/clusters/local/canaries/test/podinfo'

describe("Flagger's webhook", () => {
  // https://docs.flagger.app/usage/webhooks: the payload, and the type of its body; later releases add fields.
  const later = { buildId: '16', type: 'rollout', failedChecks: 1, canaryWeight: 20, iterations: 0, remainingTime: 3_600_000_000 }
  const payload = { name: 'podinfo', namespace: 'test', phase: 'Progressing', checksum: '85d557f47b', metadata: { test: 'all' }, ...later }
  const call = async (gate = '', authorization = `Basic ${Buffer.from(`judge:${token}`).toString('base64')}`) => {
    const answer = await http.inject({
      method: 'POST',
      url: `${base}/flagger${gate}`,
      headers: { 'content-type': 'application/json', authorization },
      payload: JSON.stringify(payload),
    })
    return answer.statusCode
  }

  it('goes on while no harm is proven, and ends with it', async () => {
    await is(judging('inconclusive'))
    expect([await call(), await call('?gate=promote')]).toEqual([200, 412])
    await is(judging('promote'))
    expect([await call(), await call('?gate=promote')]).toEqual([200, 200])
    await is(judging('rollback'))
    expect([await call(), await call('?gate=promote')]).toEqual([412, 412])
  })

  it('lets nothing pass that is not known: no canary, no evidence, a wrong split, a metric that is gone', async () => {
    await is({ phase: 'Waiting', verdict: 'promote', conditions: [] })
    expect([await call(), await call('?gate=promote')]).toEqual([412, 412])
    const gone = [{ type: 'Evidence', status: 'False', reason: 'MetricGone', message: '', lastTransitionTime: '' }]
    await is(judging('promote', { conditions: gone }))
    expect([await call(), await call('?gate=promote')]).toEqual([412, 412])
    await is(judging('promote', { phase: 'RolledBack' }))
    expect(await call()).toBe(412)
  })

  it('needs a token, and a body of its kind', async () => {
    expect(await call('', 'Bearer nonsense')).toBe(401)
    expect(await call('?gate=both')).toBe(400)
    const answer = await http.inject({ method: 'POST', url: `${base}/flagger`, headers: { authorization: `Bearer ${token}` }, payload: { name: 1 } })
    expect(answer.statusCode).toBe(400)
  })
})

describe("Argo Rollouts' web metric", () => {
  // https://argo-rollouts.readthedocs.io/en/stable/analysis/web/: GET with headers, JSON, and a jsonPath into it.
  it.each(['promote', 'rollback', 'inconclusive'])('is told %s at {$.verdict}', async (verdict) => {
    await is(judging(verdict))
    const answer = await http.inject({ method: 'GET', url: `${base}/verdict`, headers: { authorization: `Bearer ${token}` } })
    expect(answer.statusCode).toBe(200)
    expect(answer.json()).toMatchObject({ verdict, known: true, blind: false, requests: 4_200, reason: 'why' })
  })
})

it('is a metric while there is a verdict', async () => {
  const registry = new Registry()
  const tell = exportVerdicts(registry)
  tell('local', 'test/podinfo', judging('promote'))
  expect(await registry.metrics()).toContain('sallyport_canary_verdict{cluster="local",namespace="test",canary="podinfo",verdict="promote"} 1')
  expect(await registry.metrics()).toContain('sallyport_canary_verdict{cluster="local",namespace="test",canary="podinfo",verdict="rollback"} 0')
  tell('local', 'test/podinfo', { phase: 'Waiting' })
  expect(await registry.metrics()).not.toContain('podinfo')
})
