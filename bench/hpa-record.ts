/**
 * Records what a real HPA controller decides on numbers that it reads through our metrics API, as states for `hpaDecide` to repeat.
 *   node bench/hpa-record.ts KUBECONFIG ADDRESS [SECONDS] > src/capabilities/elasticity/domain/hpa-recorded.json
 * ADDRESS is that of this machine as the cluster's API server reaches it. Nothing needs a node: readiness of the pods is written here.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { pino } from 'pino'
import { keepApiServices } from '#apps/server/api-services.ts'
import { listenForClusters } from '#apps/server/cluster-listener.ts'
import type { HpaSpec } from '#capabilities/elasticity/domain/hpa.ts'
import { metricsApis } from '#capabilities/elasticity/server/metrics-apis.ts'
import { createPromqlMetrics } from '#capabilities/elasticity/server/promql-metrics.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { createAggregation } from '#kits/server-kit/aggregation.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'

interface Seen {
  at: number
  readings: (number | null)[]
  current: number
  ready: number
}
interface Workload {
  name: string
  spec: HpaSpec
  targets: { type: 'value' | 'averageValue'; target: number }[]
  /** Share of its pods that are ready. */
  ready: number
  seen: Seen[]
  values: (number | null)[]
}

const [kubeconfig, address, seconds = '110'] = process.argv.slice(2)
if (kubeconfig === undefined || address === undefined) throw new Error('KUBECONFIG and ADDRESS are needed')
const random = seededRandom(5)
const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
const of = <T>(...values: T[]): T => values[between(0, values.length - 1)]!
const namespace = `record-${randomBytes(3).toString('hex')}`
const folder = mkdtempSync(join(tmpdir(), 'sallyport-record-'))
const log = pino({ level: 'warn' }, pino.destination(2))

const rules = (up: boolean) => ({
  // No multiple of the controller's pace, so that the end of a window is never a matter of milliseconds.
  stabilizationWindowSeconds: up ? of(0, 0, 7) : of(0, 12, 22),
  selectPolicy: of('Max' as const, 'Max' as const, 'Min' as const, ...(up ? [] : ['Disabled' as const])),
  policies: of(
    [{ type: 'Percent' as const, value: of(20, 50, 100), periodSeconds: of(7, 17) }],
    [{ type: 'Pods' as const, value: of(1, 3, 6), periodSeconds: of(7, 17) }],
    [
      { type: 'Percent' as const, value: of(10, 100), periodSeconds: 12 },
      { type: 'Pods' as const, value: of(2, 4), periodSeconds: 7 },
    ],
  ),
})
const workloads = Array.from({ length: 24 }, (_, i): Workload => {
  const min = between(1, 3)
  return {
    name: `w${i}`,
    spec: { minReplicas: min, maxReplicas: min + between(5, 25), ...(i % 2 === 0 ? {} : { behavior: { scaleUp: rules(true), scaleDown: rules(false) } }) },
    targets: Array.from({ length: of(1, 1, 2) }, () => ({
      type: of('value' as const, 'averageValue' as const, 'averageValue' as const),
      target: between(5, 50),
    })),
    ready: of(1, 1, 0.5),
    seen: [],
    values: [],
  }
})
/** New numbers, now and then unknown. */
const turn = () => {
  for (const one of workloads)
    one.values = one.targets.map(({ type, target }) =>
      random() < 0.12
        ? null
        : Math.round((type === 'value' ? target * (0.2 + 1.6 * random()) : target * (0.5 + one.spec.maxReplicas * random())) * 1_000) / 1_000,
    )
}

const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
const { cluster, close } = openCluster({ name: 'real', access, clock: systemClock })
const { clusters } = fakeClusters(cluster)
const aggregation = createAggregation({ clusters, clock: systemClock, log })
const now = () => Date.now()
const scales = new Map<string, { replicas: number; ready: number }>()
const read = (_metric: string, _cluster: string, { candidates }: { candidates: readonly { service?: string }[] }) => {
  const [name = '', index = '0'] = (candidates[0]?.service ?? '').split('-')
  const one = workloads.find((workload) => workload.name === name)
  const scale = scales.get(name)
  const i = Number(index)
  const value = one?.values[i] ?? null
  if (one !== undefined && scale !== undefined) {
    // The metrics of one look are asked in order.
    if (i === 0) one.seen.push({ at: now(), readings: one.targets.map(() => null), current: scale.replicas, ready: scale.ready })
    if (one.seen.length > 0) one.seen.at(-1)!.readings[i] = value
  }
  return value === null ? undefined : { value, at: now(), window: 15, completeness: 1, freshnessMs: 0 }
}
for (const api of metricsApis(
  read,
  createPromqlMetrics(async () => undefined),
  now,
  async () => [],
))
  aggregation.add(api)
const http = Fastify()
const listener = await listenForClusters({
  address: { host: address, port: 0 },
  names: ['sallyport-aggregation.default.svc'],
  data: folder,
  http,
  aggregation,
  clock: systemClock,
  log,
})
const services = keepApiServices({
  clusters,
  apis: aggregation.list,
  listener: { host: address, port: listener.port, bundle: listener.bundle },
  address,
  namespace: 'default',
  clock: systemClock,
  log,
})
const rbac = 'rbac.authorization.k8s.io'
let stop = false
let looking = Promise.resolve()
try {
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await cluster.create({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: namespace },
    rules: [{ apiGroups: ['external.metrics.k8s.io'], resources: ['*'], verbs: ['get', 'list'] }],
  })
  const subjects = [{ kind: 'ServiceAccount', name: 'horizontal-pod-autoscaler', namespace: 'kube-system' }]
  await cluster.create({
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: namespace },
    subjects,
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: namespace },
  })
  for (const { name } of workloads) {
    const labels = { app: name }
    await cluster.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec: {
        replicas: between(2, 5),
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'registry.invalid/none:1' }] } },
      },
    })
  }
  // A stand-in for kubelets: some of each workload's pods are ready. And what the scales are, before the controller looks again.
  looking = (async () => {
    while (!stop) {
      const [{ items: deployments }, { items: pods }] = await Promise.all([
        cluster.list({ apiVersion: 'apps/v1', kind: 'Deployment' }, { namespace }),
        cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace }),
      ])
      // biome-ignore lint/suspicious/noExplicitAny: read field by field
      const isReady = (pod: any) => pod.status?.phase === 'Running'
      for (const { name, ready } of workloads) {
        const own = pods.filter(({ metadata }) => metadata.labels?.app === name && metadata.deletionTimestamp === undefined)
        const wish = Math.ceil(own.length * ready)
        const up = own.filter(isReady).length
        for (const pod of own.filter((one) => !isReady(one)).slice(0, Math.max(0, wish - up)))
          await cluster
            .patch(
              { apiVersion: 'v1', kind: 'Pod', namespace, name: pod.metadata.name },
              'merge',
              { status: { phase: 'Running', startTime: new Date().toISOString(), conditions: [{ type: 'Ready', status: 'True' }] } },
              { subresource: 'status' },
            )
            .catch(() => {})
        const deployment = deployments.find(({ metadata }) => metadata.name === name) as { spec?: { replicas?: number } } | undefined
        if (deployment) scales.set(name, { replicas: deployment.spec?.replicas ?? 1, ready: up })
      }
      await systemClock.sleep(400)
    }
  })()
  await systemClock.sleep(12_000)
  turn()
  for (const { name, spec, targets } of workloads)
    await cluster.create({
      apiVersion: 'autoscaling/v2beta2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        ...spec,
        metrics: targets.map(({ type, target }, i) => ({
          type: 'External',
          external: {
            metric: { name: 'sallyport_ingress_requests_per_second', selector: { matchLabels: { service: `${name}-${i}` } } },
            target: type === 'value' ? { type: 'Value', value: String(target) } : { type: 'AverageValue', averageValue: String(target) },
          },
        })),
      },
    })
  const end = now() + Number(seconds) * 1_000
  while (now() < end) {
    await systemClock.sleep(13_000)
    turn()
  }
  stop = true
  await looking
  const states = workloads.map(({ name, spec, targets, seen }) => ({
    name,
    spec,
    targets,
    // Each look with what came of it; the last has not been seen to its end.
    looks: seen.slice(0, -1).map(({ at, ...look }, i) => ({ at: (at - seen[0]!.at) / 1_000, ...look, replicas: seen[i + 1]!.current })),
  }))
  console.log(JSON.stringify({ controller: 'kube-controller-manager v1.20.2', workloads: states }))
  console.error(`${states.reduce((sum, { looks }) => sum + looks.length, 0)} states`)
} finally {
  stop = true
  await looking.catch(() => {})
  await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace }).catch(() => {})
  for (const kind of ['ClusterRole', 'ClusterRoleBinding']) await cluster.delete({ apiVersion: `${rbac}/v1`, kind, name: namespace }).catch(() => {})
  for (const api of ['v1beta1.external.metrics.k8s.io', 'v1beta2.custom.metrics.k8s.io'])
    await cluster.delete({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: api }).catch(() => {})
  await services.stop()
  await listener.close()
  await close()
  rmSync(folder, { recursive: true, force: true })
}
