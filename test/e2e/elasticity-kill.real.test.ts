/** Requests go through nginx, the real HPA controller scales on them, a schedule runs each ten seconds; then the server is killed and started again: nothing is lost, and nothing is done twice. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ScaleOverview } from '#capabilities/elasticity/domain/api.ts'
import { cronHpaDefinition } from '#capabilities/elasticity/resources/cron-hpa.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { describeCluster, program } from '#test/real.ts'
import { nameFor } from '../../src/apps/server/cluster-sources.ts'
import { addressTowards } from './address-towards.ts'
import { freePort, type NginxSite, startNginx } from './nginx-site.ts'
import { until } from './until.ts'

const SALLYPORT = join(import.meta.dirname, '../../bin/sallyport')
const API = 'external.metrics.k8s.io'

describeCluster('the server is killed while a real cluster scales', (kubeconfig) => {
  if (program('nginx') === undefined) return it.skip('needs nginx', () => {})
  // The name that nginx logs for its upstream.
  const namespace = 'shop'
  const role = `elastic-${randomBytes(3).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kill-'))
  let cluster: Cluster
  let close: () => Promise<void>
  let name: string
  let url: string
  let flags: string[]
  let server: ChildProcess
  let agent: ChildProcess
  let site: NginxSite
  let stop = false
  let rate = 0
  let asking: Promise<void>

  const start = () => {
    server = spawn(SALLYPORT, ['server', '--data', join(folder, 'data'), ...flags], { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const ended = (child: ChildProcess | undefined) =>
    new Promise<void>((resolve) => (!child || child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve())))
  async function ask<T>(path: string, body?: object): Promise<T> {
    const headers = { authorization: `Bearer ${readFileSync(join(folder, 'data/cli-token'), 'utf8').trim()}`, 'content-type': 'application/json' }
    const answer = await fetch(`${url}/api/v1${path}`, { headers, ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  const available = () =>
    until(async () => {
      const { status } = (await cluster.get({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: `v1beta1.${API}` })) as KubeObject & {
        status?: { conditions?: { type: string; status: string }[] }
      }
      return status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') === true
    }, 60)
  const replicas = async (of: string) =>
    ((await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: of })).spec as { replicas: number }).replicas

  beforeAll(async () => {
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    ;({ cluster, close } = openCluster({ name: 'real', access, clock: systemClock }))
    name = nameFor(access.context)
    const address = await addressTowards(access.server)
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    // A server that comes back is found where it was.
    const listener = `${address}:${await freePort()}`
    flags = ['--kubeconfig', kubeconfig, '--port', String(port), '--cluster-listen', listener, '--log-level', 'error']
    if (!address.startsWith('127.')) flags.push('--cluster-address', address)
    start()
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    await cluster.create(cronHpaDefinition)
    const rbac = 'rbac.authorization.k8s.io'
    await cluster.create({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: [{ apiGroups: [API], resources: ['*'], verbs: ['get', 'list'] }],
    })
    await cluster.create({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: role },
      subjects: [{ kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' }],
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
    })
    await until(async () => (await fetch(`${url}/readyz`)).ok, 60)
    const { token } = await ask<{ token: string }>('/ingest-tokens', { name: 'agent', cluster: name, signals: ['access'] })
    writeFileSync(join(folder, 'token'), `${token}\n`, { mode: 0o600 })
    site = await startNginx(folder, 1)
    agent = spawn(
      SALLYPORT,
      [
        'agent',
        '--server',
        url,
        '--token-file',
        join(folder, 'token'),
        '--data',
        join(folder, 'agent'),
        '--file',
        `${site.log}:upstreaminfo`,
        '--parent-watch',
      ],
      { stdio: ['pipe', 'ignore', 'inherit'] },
    )
    asking = (async () => {
      while (!stop) {
        await systemClock.sleep(250)
        await Promise.all(Array.from({ length: rate / 4 }, () => fetch(`${site.url}/products/1`).then((answer) => answer.text())))
      }
    })()
    await available()
  }, 180_000)
  afterAll(async () => {
    stop = true
    await asking
    agent?.kill('SIGKILL')
    await ended(agent)
    server?.kill('SIGTERM')
    await ended(server)
    await site?.stop()
    await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace })
    await cluster.delete({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: cronHpaDefinition.metadata.name })
    for (const kind of ['ClusterRole', 'ClusterRoleBinding']) await cluster.delete({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, name: role })
    for (const api of [`v1beta1.${API}`, 'v1beta2.custom.metrics.k8s.io', 'v1beta1.metrics.k8s.io'])
      await cluster.delete({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: api }).catch(() => {})
    await cluster
      .delete({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', name: 'sallyport-elasticity' })
      .catch(() => {})
    await close?.()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('goes on where it was', async () => {
    for (const of of ['catalog', 'timed']) {
      const labels = { app: of }
      await cluster.create({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: of, namespace },
        spec: {
          replicas: 1,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'registry.invalid/none:1' }] } },
        },
      })
    }
    const { kinds } = await cluster.discover({ fresh: true })
    const hpa = kinds.some((one) => one.apiVersion === 'autoscaling/v2') ? 'autoscaling/v2' : 'autoscaling/v2beta2'
    const metric = { name: 'sls_ingress_qps', selector: { matchLabels: { 'sls.ingress.route': 'shop-catalog-80' } } }
    await cluster.create({
      apiVersion: hpa,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'catalog', namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'catalog' },
        minReplicas: 1,
        maxReplicas: 20,
        metrics: [{ type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '10' } } }],
      },
    })
    await cluster.create({
      apiVersion: 'autoscaling.alibabacloud.com/v1beta1',
      kind: 'CronHorizontalPodAutoscaler',
      metadata: { name: 'timed', namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'timed' },
        jobs: [
          { name: 'up', schedule: '0/20 * * * * *', targetSize: 3 },
          { name: 'down', schedule: '10/20 * * * * *', targetSize: 2 },
        ],
      },
    })
    const ledger = async () => (await ask<ScaleOverview>(`/clusters/${name}/scale`)).ledger
    rate = 40
    await until(async () => (await replicas('catalog')) >= 4, 90)
    await until(async () => (await ledger()).length >= 3, 60)
    const before = await replicas('catalog')

    server.kill('SIGKILL')
    await ended(server)
    const killedAt = Date.now()
    await systemClock.sleep(22_000)
    // Nobody knows the traffic: nothing shrinks.
    expect(await replicas('catalog')).toBeGreaterThanOrEqual(before)
    start()
    const startedAt = Date.now()
    await available()
    rate = 80
    await until(async () => (await replicas('catalog')) >= 8, 120)
    await until(async () => (await ledger()).some(({ at }) => Date.parse(at) > startedAt), 60)
    const rows = (await ledger()).toSorted((a, b) => a.at.localeCompare(b.at))
    const times = rows.map(({ at }) => Date.parse(at))
    // Each run of ten seconds once: those while it was dead as well.
    expect(times).toEqual(Array.from({ length: times.length }, (_, i) => times[0]! + i * 10_000))
    expect(times.filter((at) => at > killedAt && at < startedAt).length).toBeGreaterThanOrEqual(2)
    expect(rows.every(({ state }) => state === 'applied' || state === 'superseded')).toBe(true)
    expect([2, 3]).toContain(await replicas('timed'))
  }, 400_000)
})
