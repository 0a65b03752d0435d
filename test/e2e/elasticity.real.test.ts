/** A real HPA controller scales on numbers of the ingress, through the aggregation layer of a real API server; and holds when they are not known. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { startTestServer } from '#test/builders/started-server.ts'
import { describeCluster } from '#test/real.ts'
import { nameFor } from '../../src/apps/server/cluster-sources.ts'
import type { RunningServer } from '../../src/apps/server/main.ts'
import { addressTowards } from './address-towards.ts'
import { until } from './until.ts'

describeCluster('a real HPA controller and the numbers of the ingress', (kubeconfig) => {
  const namespace = `elastic-${randomBytes(3).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-elastic-'))
  let cluster: Cluster
  let name: string
  let close: () => Promise<void>
  let server: RunningServer
  let rate = 0
  let stop = false
  let sending: Promise<void>

  beforeAll(async () => {
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    const opened = openCluster({ name: 'real', access, clock: systemClock })
    cluster = opened.cluster
    close = opened.close
    name = nameFor(access.context)
    const address = await addressTowards(access.server)
    server = await startTestServer({
      data: folder,
      kubeconfig: [{ file: kubeconfig }],
      clusterListen: { host: address, port: 0 },
      ...(address.startsWith('127.') ? {} : { clusterAddress: address }),
    })
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    const { token } = await server.tokens.issue({ name: 'agent', cluster: name, signals: ['access'] }, { replace: true })
    sending = (async () => {
      while (!stop) {
        await systemClock.sleep(500)
        if (rate === 0) continue
        const line = () =>
          JSON.stringify({ time: new Date().toISOString(), method: 'GET', path: '/', status: 200, request_time: 0.02, namespace, service: 'web' })
        const body = `${Array.from({ length: rate / 2 }, line).join('\n')}\n`
        const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
        await fetch(`${server.url}/api/v1/ingest/ndjson`, { method: 'POST', headers, body }).then((answer) => answer.text())
      }
    })()
    // As the chart has it.
    const rbac = 'rbac.authorization.k8s.io'
    const rules = [{ apiGroups: ['external.metrics.k8s.io', 'custom.metrics.k8s.io'], resources: ['*'], verbs: ['get', 'list'] }]
    const subjects = [{ kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' }]
    await cluster.create({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: namespace }, rules })
    const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: namespace }
    await cluster.create({ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: namespace }, subjects, roleRef })
    await until(async () => {
      const { status } = (await cluster.get({
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        name: 'v1beta1.external.metrics.k8s.io',
      })) as KubeObject & {
        status?: { conditions?: { type: string; status: string }[] }
      }
      return status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') === true
    })
  }, 120_000)
  afterAll(async () => {
    stop = true
    await sending
    await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace })
    for (const kind of ['ClusterRole', 'ClusterRoleBinding']) await cluster.delete({ apiVersion: 'rbac.authorization.k8s.io/v1', kind, name: namespace })
    for (const api of ['v1beta1.external.metrics.k8s.io', 'v1beta2.custom.metrics.k8s.io', 'v1beta1.metrics.k8s.io'])
      await cluster.delete({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: api }).catch(() => {})
    await server?.close()
    await close?.()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('scale out with the traffic, and hold when the source falls silent', async () => {
    const labels = { app: 'web' }
    await cluster.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.invalid/none:1' }] } },
      },
    })
    const { kinds } = await cluster.discover({ fresh: true })
    const apiVersion = kinds.some((one) => one.apiVersion === 'autoscaling/v2') ? 'autoscaling/v2' : 'autoscaling/v2beta2'
    const metric = {
      name: 'sls_ingress_qps',
      selector: { matchLabels: { 'sls.project': 'p', 'sls.logstore': 'l', 'sls.ingress.route': `${namespace}-web-http` } },
    }
    await cluster.create({
      apiVersion,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        minReplicas: 1,
        maxReplicas: 9,
        metrics: [{ type: 'External', external: { metric, target: { type: 'AverageValue', averageValue: '10' } } }],
      },
    })
    const replicas = async () =>
      ((await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name: 'web' })).spec as { replicas: number }).replicas
    rate = 50
    await until(async () => (await replicas()) === 5, 150)
    rate = 0
    const condition = async () => {
      const { status } = (await cluster.get({ apiVersion, kind: 'HorizontalPodAutoscaler', namespace, name: 'web' })) as KubeObject & {
        status?: { conditions?: { type: string; status: string; reason: string }[] }
      }
      return status?.conditions?.find(({ type }) => type === 'ScalingActive')
    }
    await until(async () => (await condition())?.status === 'False', 90)
    expect((await condition())?.reason).toBe('FailedGetExternalMetric')
    expect(await replicas()).toBe(5)
  }, 280_000)
})
