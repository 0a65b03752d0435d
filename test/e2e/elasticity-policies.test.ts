/** Policies and schedules act on the sandbox's cluster: real server, lines as an agent sends them; time is real, so facts are waited for. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cronHpaDefinition } from '#capabilities/elasticity/resources/cron-hpa.ts'
import { scalePolicyResource } from '#capabilities/elasticity/resources/scale-policy.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { startTestServer } from '#test/builders/started-server.ts'
import type { RunningServer } from '../../src/apps/server/main.ts'
import { noPods } from '../../src/sandbox/api/pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from '../../src/sandbox/api/start.ts'
import { until } from './until.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects are read field by field
type Loose = any
const folder = mkdtempSync(join(tmpdir(), 'sallyport-policies-'))
const NS = 'shop'
let api: SandboxApi
let server: RunningServer
let cluster: Cluster
let closeCluster: () => Promise<void>
let rate = 0
let stop = false
let sending: Promise<void>

const ref = (kind: string, name: string, apiVersion = 'apps/v1') => ({ apiVersion, kind, namespace: NS, name })
const replicas = async (name: string) => ((await cluster.get(ref('Deployment', name))) as Loose).spec.replicas as number
const policy = async (name: string) => ((await cluster.get(ref('ScalePolicy', name, 'sallyport.io/v1alpha1'))) as Loose).status ?? {}
const deployment = (name: string, count = 1) =>
  cluster.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NS },
    spec: {
      replicas: count,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  })
const scalePolicy = (name: string, spec: object) =>
  cluster.create({ apiVersion: 'sallyport.io/v1alpha1', kind: 'ScalePolicy', metadata: { name, namespace: NS }, spec })

beforeAll(async () => {
  api = await startSandboxApi({ folder: join(folder, 'cluster'), clock: systemClock, runtime: noPods })
  const kubeconfig = await readFile(api.kubeconfig, 'utf8')
  ;({ cluster, close: closeCluster } = openCluster({
    name: 'test',
    access: await parseKubeconfig({ text: kubeconfig, path: 'k' }).select(),
    clock: systemClock,
  }))
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } })
  for (const definition of [definitionOf(scalePolicyResource), cronHpaDefinition]) await cluster.create(definition)
  server = await startTestServer({ data: join(folder, 'data') })
  await server.connectSandbox(kubeconfig)
  const { token } = await server.tokens.issue({ name: 'agent', cluster: 'local', signals: ['access'] }, { replace: true })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
  sending = (async () => {
    let last = performance.now()
    while (!stop) {
      await systemClock.sleep(250)
      // By the time that passed: on a busy machine the loop is slower, and the traffic must not be.
      const due = Math.round((rate * (performance.now() - last)) / 1_000)
      last = performance.now()
      if (due === 0) continue
      const line = JSON.stringify({ time: new Date().toISOString(), method: 'GET', path: '/', status: 200, request_time: 0.02, namespace: NS, service: 'web' })
      await fetch(`${server.url}/api/v1/ingest/ndjson`, { method: 'POST', headers, body: `${Array.from({ length: due }, () => line).join('\n')}\n` }).then(
        (answer) => answer.text(),
      )
    }
  })()
  for (const name of ['web', 'cart', 'orders', 'fought', 'timed']) await deployment(name)
}, 60_000)
afterAll(async () => {
  stop = true
  await sending
  await server?.close()
  await closeCluster?.()
  await api?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('a ScalePolicy', () => {
  it('scales all tiers with the traffic of the entry, explains it, and keeps what there is when the source falls silent', async () => {
    rate = 20
    const behind = (name: string, callsPerRequest: number, max = 20) => ({ target: { name }, max, loadPerPod: 10, callsPerRequest })
    await scalePolicy('web', {
      target: { name: 'web' },
      mode: 'active',
      max: 20,
      loadPerPod: 10,
      podStart: '5s',
      services: [behind('cart', 2), behind('orders', 0.5, 3)],
    })
    await until(async () => (await replicas('web')) >= 2)
    rate = 100
    await until(async () => (await replicas('web')) >= 10 && (await replicas('cart')) >= 18 && (await replicas('orders')) === 3)
    // A status may wait for room among the writes.
    await until(async () => (await policy('web')).services?.[2]?.why.includes('ceiling'))
    const status = await policy('web')
    expect(status).toMatchObject({ phase: 'Active' })
    expect(status.services.map(({ name }: Loose) => name)).toEqual(['web', 'cart', 'orders'])
    expect(status.services[2].why).toContain('ceiling')
    const before = await replicas('web')
    rate = 0
    await until(async () => (await policy('web')).phase === 'Blind')
    expect(await replicas('web')).toBe(before)
    expect((await policy('web')).message).toContain('keeps')
  }, 100_000)

  it('leaves a scale by hand as it is', async () => {
    rate = 40
    await until(async () => (await policy('web')).phase === 'Active')
    await cluster.patch(ref('Deployment', 'web'), 'merge', { spec: { replicas: 15 } }, { subresource: 'scale', fieldManager: 'kubectl' })
    await until(async () => (await policy('web')).phase === 'Manual')
    expect((await policy('web')).manual).toMatchObject([{ name: 'web', replicas: 15, by: 'kubectl' }])
    expect(await replicas('web')).toBe(15)
  }, 60_000)

  it('fights nobody: an HPA, an older policy, and says what is wrong by field', async () => {
    await cluster.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'fought', namespace: NS },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'fought' }, maxReplicas: 3 },
    })
    await scalePolicy('fought', { target: { name: 'fought' }, mode: 'active', min: 5, max: 9, loadPerPod: 10 })
    await until(async () => (await policy('fought')).phase === 'Conflict')
    expect((await policy('fought')).message).toContain('HorizontalPodAutoscaler fought')
    expect(await replicas('fought')).toBe(1)
    await scalePolicy('web-2', { target: { name: 'web' }, max: 9, loadPerPod: 10 })
    await until(async () => (await policy('web-2')).phase === 'Conflict')
    expect((await policy('web-2')).message).toContain('ScalePolicy web')
    await scalePolicy('wrong', {
      target: { name: 'timed' },
      max: 2,
      min: 9,
      loadPerPod: 10,
      timezone: 'Europe/Berlln',
      bounds: [{ name: 'x', start: '0 0 31 2 *', end: '61 * * * *' }],
    })
    await until(async () => (await policy('wrong')).phase === 'Invalid')
    const { message } = await policy('wrong')
    for (const part of ['spec.timezone', 'Europe/Berlin', 'spec.bounds[0]', 'min']) expect(message).toContain(part)
  }, 60_000)

  it('shows and does not act in preview', async () => {
    await scalePolicy('timed', { target: { name: 'timed' }, min: 4, max: 9, loadPerPod: 10 })
    await until(async () => (await policy('timed')).phase === 'Preview')
    expect((await policy('timed')).desired).toBe(4)
    expect(await replicas('timed')).toBe(1)
    await cluster.delete(ref('ScalePolicy', 'timed', 'sallyport.io/v1alpha1'))
  }, 60_000)
})

describe('a CronHorizontalPodAutoscaler', () => {
  it('runs as it is, and says so in status and events', async () => {
    const second = new Date(Date.now() + 4_000).getUTCSeconds()
    await cluster.create({
      apiVersion: 'autoscaling.alibabacloud.com/v1beta1',
      kind: 'CronHorizontalPodAutoscaler',
      metadata: { name: 'timed', namespace: NS },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'timed' },
        jobs: [{ name: 'up', schedule: `${second} * * * * *`, targetSize: 3 }],
      },
    })
    await until(async () => (await replicas('timed')) === 3)
    const status = async () => ((await cluster.get(ref('CronHorizontalPodAutoscaler', 'timed', 'autoscaling.alibabacloud.com/v1beta1'))) as Loose).status
    await until(async () => (await status())?.conditions?.[0]?.state === 'Succeed')
    expect(await status()).toMatchObject({ conditions: [{ name: 'up', targetSize: 3, runOnce: false }] })
    const events = (await cluster.list({ apiVersion: 'v1', kind: 'Event' }, { namespace: NS })).items as Loose[]
    expect(events.some(({ reason, involvedObject }) => reason === 'Succeed' && involvedObject.kind === 'CronHorizontalPodAutoscaler')).toBe(true)
  }, 60_000)
})
