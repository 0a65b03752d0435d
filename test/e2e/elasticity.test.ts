/** The metrics APIs through the aggregation layer of the sandbox: real server, real TLS, lines as an agent sends them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
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

const folder = mkdtempSync(join(tmpdir(), 'sallyport-elastic-'))
let api: SandboxApi
let server: RunningServer

const call = (path: string, token: string | undefined = api.tokens.admin, url = api.url, ca = api.ca): Promise<{ status: number; body: Record<string, any> }> =>
  new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    request(url + path, { ca, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => resolve({ status: incoming.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString()) }))
    })
      .on('error', reject)
      .end()
  })
const send = async (count: number, route = 'shop-catalog-http') => {
  const { token } = await server.tokens.issue({ name: 'agent', cluster: 'local', signals: ['access'] }, { replace: true })
  const body = Array.from({ length: count }, () =>
    JSON.stringify({
      time: new Date().toISOString(),
      method: 'GET',
      path: '/x',
      status: 200,
      request_time: 0.03,
      route,
      namespace: 'shop',
      service: 'catalog',
    }),
  ).join('\n')
  const answer = await fetch(`${server.url}/api/v1/ingest/ndjson`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: `${body}\n`,
  })
  expect(await answer.text()).toContain(`"accepted":${count}`)
}
let cluster: Cluster
let closeCluster: () => Promise<void>
const EXTERNAL = '/apis/external.metrics.k8s.io/v1beta1/namespaces/shop'

beforeAll(async () => {
  api = await startSandboxApi({ folder: join(folder, 'cluster'), clock: systemClock, runtime: noPods })
  const kubeconfig = await readFile(api.kubeconfig, 'utf8')
  ;({ cluster, close: closeCluster } = openCluster({
    name: 'test',
    access: await parseKubeconfig({ text: kubeconfig, path: 'k' }).select(),
    clock: systemClock,
  }))
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  for (const definition of [definitionOf(scalePolicyResource), cronHpaDefinition]) await cluster.create(definition)
  server = await startTestServer({ data: join(folder, 'data'), clusterListen: { host: '127.0.0.1', port: 0 } })
  await server.connectSandbox(await readFile(api.kubeconfig, 'utf8'))
  await until(async () => (await call('/apis')).body.groups.some(({ name }: { name: string }) => name === 'external.metrics.k8s.io'))
}, 60_000)
afterAll(async () => {
  await server?.close()
  await closeCluster?.()
  await api?.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('metrics of the ingress, as the cluster sees them', () => {
  it('are registered, and found by discovery in both forms', async () => {
    const service = await call('/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io')
    expect(service.body.status.conditions).toMatchObject([{ type: 'Available', status: 'True' }])
    expect(Buffer.from(service.body.spec.caBundle, 'base64').toString()).toBe(await readFile(join(folder, 'data/ca/ca-bundle.pem'), 'utf8'))
    const { body } = await call('/apis/external.metrics.k8s.io/v1beta1')
    expect(body.resources.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['sls_ingress_qps', 'sls_ingress_latency_p9999', 'sallyport_ingress_requests_per_second']),
    )
  })

  it('have no value before anything arrived, and never 0', async () => {
    const { status, body } = await call(`${EXTERNAL}/sls_ingress_qps?labelSelector=${encodeURIComponent('sls.ingress.route=shop-catalog-http')}`)
    expect(status).toBe(404)
    expect(body).toMatchObject({ kind: 'Status', reason: 'NotFound' })
    expect(body.message).toContain('not zero')
  })

  it('have a value within moments of the lines, with its freshness and completeness', async () => {
    const from = Date.now()
    const selector = encodeURIComponent('sls.project=p,sls.logstore=l,sls.ingress.route=shop-catalog-http,sls.query.interval=2')
    let body: Record<string, any> = {}
    await until(async () => {
      await send(50)
      const answer = await call(`${EXTERNAL}/sls_ingress_qps?labelSelector=${selector}`)
      body = answer.body
      return answer.status === 200 && Number.parseInt(body.items[0].value, 10) > 0
    })
    expect(body).toMatchObject({
      kind: 'ExternalMetricValueList',
      items: [{ metricName: 'sls_ingress_qps', windowSeconds: 2, metricLabels: { completeness: '1.00' } }],
    })
    expect(Date.parse(body.items[0].timestamp)).toBeGreaterThan(from - 10_000)
    const custom = await call(
      '/apis/custom.metrics.k8s.io/v1beta2/namespaces/shop/services/catalog/sallyport_ingress_requests_per_second?metricLabelSelector=window%3D2',
    )
    expect(custom.body).toMatchObject({ kind: 'MetricValueList', items: [{ describedObject: { kind: 'Service', name: 'catalog' } }] })
    // Requests that came do not make a latency of a route that nobody asked for.
    expect((await call(`${EXTERNAL}/sls_ingress_latency_p99?labelSelector=sls.ingress.route%3Dother`)).status).toBe(404)
  })

  it('are shown to who may see them only, and only by who is known', async () => {
    expect((await call(`${EXTERNAL}/sls_ingress_qps`, api.tokens.alice)).status).toBe(403)
    const bundle = await readFile(join(folder, 'data/ca/ca-bundle.pem'), 'utf8')
    const direct = (token?: string) => call(`${EXTERNAL}/sls_ingress_qps?labelSelector=window%3D2`, token ?? '', server.clusterUrl!, bundle)
    expect((await direct('nobody')).status).toBe(401)
    expect((await direct(api.tokens.alice)).status).toBe(403)
    expect([200, 404]).toContain((await direct(api.tokens.admin)).status)
  })

  it('say what is wrong with a selector', async () => {
    const { status, body } = await call(`${EXTERNAL}/sls_ingress_qps?labelSelector=${encodeURIComponent('sls.ingress.rout=x')}`)
    expect(status).toBe(400)
    expect(body.message).toBeTruthy()
  })
})

describe('PromQL that an HPA names in an annotation', () => {
  const hpa = (name: string, queries: Record<string, string>) =>
    cluster.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name,
        namespace: 'shop',
        annotations: Object.fromEntries(Object.entries(queries).map(([key, text]) => [`promql.sallyport.io/${key}`, text])),
      },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 9 },
    })

  it('is an external metric when it has one number, and none when it has not', async () => {
    await hpa('one', { answer: '6 * vector(7)', none: 'sum(rate(nobody_counts_this[1m]))', nan: 'vector(0) / 0', wrong: 'sum(rate(x[1m])', torn: 'vector(1)' })
    await hpa('other', { torn: 'vector(2)' })
    const { status, body } = await call(`${EXTERNAL}/answer`)
    expect([status, body.items?.[0]]).toMatchObject([200, { metricName: 'answer', value: '42', metricLabels: { source: 'promql' } }])
    for (const [name, why] of Object.entries({ none: 'not zero', nan: 'not zero', wrong: 'no PromQL', torn: 'to several', unheard: 'annotation' })) {
      const answer = await call(`${EXTERNAL}/${name}`)
      expect([name, answer.status, answer.body.message]).toEqual([name, 404, expect.stringContaining(why)])
    }
  })
})

describe('what is written', () => {
  const policy = (name: string, target: string, more: object = {}) =>
    cluster.create({
      apiVersion: 'sallyport.io/v1alpha1',
      kind: 'ScalePolicy',
      metadata: { name, namespace: 'shop' },
      spec: { target: { name: target }, max: 9, loadPerPod: 10, ...more },
    })
  const bounds = { name: 'night', start: '0 23 30 2 *', end: '0 6 * * *', timezone: 'Europe/Berln', min: 20 }

  it('is refused with all that is wrong, by field', async () => {
    await until(async () => {
      const { webhooks } = (await cluster
        .get({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', name: 'sallyport-elasticity' })
        .catch(() => ({ webhooks: [] }))) as unknown as { webhooks: unknown[] }
      return webhooks.length === 2
    }, 60)
    const bad = await policy('bad', 'web', { min: 12, bounds: [bounds], traffic: { promql: 'sum(' } }).catch((error: unknown) => error)
    const problems = (bad as { problems?: { path: string }[] }).problems?.map(({ path }) => path)
    expect(problems).toEqual(expect.arrayContaining(['spec.min', 'spec.bounds[0].start', 'spec.bounds[0].timezone', 'spec.traffic.promql']))
    await policy('good', 'web')
    await until(async () => {
      const second = await policy('second', 'web').catch((error: unknown) => error)
      return (second as { problems?: { path: string; message: string }[] }).problems?.some(({ message }) => message.includes('ScalePolicy good')) === true
    })
    const cron = await cluster
      .create({
        apiVersion: 'autoscaling.alibabacloud.com/v1beta1',
        kind: 'CronHorizontalPodAutoscaler',
        metadata: { name: 'bad', namespace: 'shop' },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          jobs: [
            { name: 'a', schedule: '0 0 0 31 2 *', targetSize: 1 },
            { name: 'a', schedule: '0 99 * * * *', targetSize: 1 },
          ],
        },
      })
      .catch((error: unknown) => error)
    expect((cron as { problems?: { path: string }[] }).problems?.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['spec.jobs[0].schedule', 'spec.jobs[1].name', 'spec.jobs[1].schedule']),
    )
  })
})
