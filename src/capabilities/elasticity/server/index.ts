import { randomBytes } from 'node:crypto'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError, invalidInput, isError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { zoneOf } from '#core/kernel/zone.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster, Informer } from '#core/shapes/ports/cluster.ts'
import { encodeRows } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import type { AggregatedRequest } from '#kits/server-kit/aggregation.ts'
import { clusterParams, mayRead } from '#kits/server-kit/clusters.ts'
import type { ServerDoor } from '#kits/server-kit/door.ts'
import { eventRecorder } from '#kits/server-kit/kube-events.ts'
import { manifestBody, manifestParams, type PolicyDetail, policyParams, price, type ScaleOverview, type WhatIf, whatIfBody } from '../domain/api.ts'
import { createIngressMetrics } from '../domain/ingress-metrics.ts'
import { servicesOfIngress } from '../domain/routes.ts'
import { createHeard, type Heard } from '../domain/traffic-history.ts'
import { startAdmission } from './admission.ts'
import { type ClusterView, viewCluster } from './cluster-view.ts'
import { CRON_KIND, cronReconciler } from './cron-hpas.ts'
import { manifestYaml, readForm, readManifest, writeManifest } from './manifests.ts'
import { metricsApis } from './metrics-apis.ts'
import { changesOf, cronRow, hpaRow, listed, policyDetail, policyRow, readLedger } from './overview.ts'
import { createPace, type Pace } from './pace.ts'
import { POLICY_KIND, type PolicyMemory, policyReconciler } from './policies.ts'
import { indexPolicies, type PolicyIndex, readPolicy } from './policy-index.ts'
import { askPromql, createPromqlMetrics } from './promql-metrics.ts'
import { createWhatIf, storedTrace } from './what-if.ts'

const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }
const DEMO = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'sandbox' }
const BURST_ANNOTATION = 'sandbox.sallyport.io/burst'
const HPA = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' }
const SHOWN_MS = 5 * 60_000

interface Held {
  view: ClusterView
  policies: Informer<KubeObject>
  index: PolicyIndex
  heard: Heard
  pace: Pace
  memory: Map<string, PolicyMemory>
}

export const door: ServerDoor = {
  id: 'elasticity',

  async start(context) {
    const { http, clock, live, telemetry, log } = context
    const ask = askPromql(context.metricStore)
    const read = createIngressMetrics(live)
    const servicesOf = async ({ cluster, namespace = '', name = '' }: AggregatedRequest): Promise<readonly string[]> =>
      servicesOfIngress(await cluster.get({ ...INGRESS, namespace, name }))
    for (const api of metricsApis(read, createPromqlMetrics(ask), clock.now, servicesOf)) context.aggregate(api)

    const whatIf = createWhatIf()
    const held = new Map<Cluster, Held>()
    /** Followed from the first policy on. */
    const hold = (cluster: Cluster): Held => {
      const known = held.get(cluster)
      if (known !== undefined) return known
      const policies = cluster.informer<KubeObject>(POLICY_KIND)
      policies.synced.catch((err: unknown) => log.warn({ err, cluster: cluster.name }, 'scale policies cannot be followed'))
      const made: Held = {
        view: viewCluster(cluster),
        policies,
        index: indexPolicies(policies),
        heard: createHeard(live, cluster.name),
        pace: createPace(),
        memory: new Map(),
      }
      held.set(cluster, made)
      return made
    }
    const unfollow = context.clusters.onChange(({ type, name }) => {
      if (type !== 'removed') return
      for (const [cluster, { view, policies }] of held)
        if (cluster.name === name) {
          view.stop()
          policies.stop()
          held.delete(cluster)
        }
    })
    context.reconcile(policyReconciler, (cluster) => ({
      cluster,
      get view() {
        return hold(cluster).view
      },
      get policies() {
        return hold(cluster).policies
      },
      get index() {
        return hold(cluster).index
      },
      get heard() {
        return hold(cluster).heard
      },
      get pace() {
        return hold(cluster).pace
      },
      get memory() {
        return hold(cluster).memory
      },
      live,
      ask,
      now: () => clock.now(),
      events: eventRecorder(cluster, 'sallyport-elasticity', clock),
    }))
    const settings = context.settings.section('elasticity', { schema: settingsSchema, initial: {} })
    context.reconcile(cronReconciler, (cluster) => ({
      cluster,
      now: () => clock.now(),
      zone: () => zoneOf(settings.read().cronTimezone)!,
      events: eventRecorder(cluster, 'sallyport-elasticity', clock),
      async record(rows) {
        await telemetry.append({ id: uuidv7(clock.now(), randomBytes(10)), table: 'plans', ...encodeRows(TABLES.plans, rows) })
      },
    }))

    const admission = await startAdmission(context, async (name, policy) => {
      const { policies, index } = hold(context.clusters.get(name))
      await Promise.race([policies.synced.catch(() => {}), clock.sleep(2_000)])
      return index.othersOf(policy)
    })
    const routes = http.withTypeProvider<ZodTypeProvider>()
    const base = '/clusters/:cluster/scale'
    const memoryOf = (name: string, key: string) => [...held].find(([cluster]) => cluster.name === name)?.[1].memory.get(key)

    routes.get(base, { schema: { summary: 'What scales, and why', params: clusterParams } }, async (request): Promise<ScaleOverview> => {
      const { cluster: name } = request.params
      const cluster = context.clusterOf(request, name)
      const [policies, cron, v2, demo] = await Promise.all([listed(cluster, POLICY_KIND), listed(cluster, CRON_KIND), hpasOf(cluster), there(cluster)])
      const now = clock.now()
      let traffic: ScaleOverview['traffic'] = []
      let freshnessMs: number | null = null
      if (sees(() => mayRead(request, name, 'access'))) {
        const window = live.window({ cluster: name }, now - SHOWN_MS, now)
        freshnessMs = window.freshnessMs ?? null
        // Seconds after the newest arrival are not empty but unknown.
        const known = freshnessMs === null ? 0 : Math.floor((now - freshnessMs) / 1_000) * 1_000
        traffic = window.perSecond.filter(({ second }) => second < known).map(({ second, requests }) => ({ second, requests }))
      }
      // Nothing is followed where there is nothing to show.
      const view = policies && policies.items.length > 0 ? hold(context.clusters.get(name)).view : { target: () => ({}) }
      const rows = (policies?.items ?? []).map((object) => policyRow(object, memoryOf(name, `${object.metadata.namespace}/${object.metadata.name}`), view, now))
      const byTarget = new Map(rows.flatMap((row) => row.targets.map((target) => [`${row.namespace} ${target.kind} ${target.name}`, row.name] as const)))
      return {
        installed: policies !== undefined,
        policies: rows,
        more: policies?.more ?? false,
        cron: (cron?.items ?? []).map(cronRow),
        cronInstalled: cron !== undefined,
        hpas: (v2?.items ?? []).map((object) => hpaRow(object, byTarget)),
        ledger: cron !== undefined && cron.items.length > 0 ? await readLedger(telemetry, request.scope, name) : [],
        traffic,
        freshnessMs,
        apis: context.aggregated().filter((one) => one.cluster === name && /\.metrics\.k8s\.io$/.test(one.name)),
        price: settings.read().price ?? null,
        demo,
      }
    })
    routes.get(
      `${base}/policies/:namespace/:name`,
      { schema: { summary: 'One policy: what it saw, what it did, and why', params: clusterParams.extend(policyParams.shape) } },
      async (request): Promise<PolicyDetail> => {
        const { cluster: name, namespace, name: policy } = request.params
        const object = await context.clusterOf(request, name).get({ ...POLICY_KIND, namespace, name: policy })
        const key = `${namespace}/${policy}`
        const changes = await changesOf(telemetry, request.scope, name, key)
        return policyDetail(object, memoryOf(name, key), hold(context.clusters.get(name)).view, changes, clock.now())
      },
    )
    routes.get(
      `${base}/manifests/:kind/:namespace/:name`,
      { schema: { summary: 'A policy, an autoscaler or a schedule as YAML, to edit', params: clusterParams.extend(manifestParams.shape) } },
      async (request) => {
        const { cluster: name, kind, namespace, name: object } = request.params
        return { yaml: manifestYaml(await readForm(context.clusterOf(request, name), kind, namespace, object)) }
      },
    )
    routes.post(
      `${base}/manifests`,
      {
        config: { access: 'user' },
        bodyLimit: 1_000_000,
        schema: { summary: 'Create or change a policy, an autoscaler or a schedule; dryRun only checks', params: clusterParams, body: manifestBody },
      },
      async (request) => {
        const { yaml, ...how } = request.body
        request.auditDetail = how
        return { yaml: manifestYaml(await writeManifest(context.clusterOf(request, request.params.cluster), yaml, how)) }
      },
    )
    routes.post(
      `${base}/what-if`,
      {
        config: { access: 'user' },
        bodyLimit: 1_000_000,
        schema: { summary: 'What a policy would have done with the traffic of the last days', params: clusterParams, body: whatIfBody },
      },
      async (request): Promise<WhatIf> => {
        const { yaml, days, compare, target } = request.body
        const { cluster } = request.params
        mayRead(request, cluster, 'access')
        const read = readPolicy(readManifest(yaml))
        if (!read.ok) throw invalidInput(read.error)
        const { metadata, spec } = read.value
        if (spec.traffic?.promql !== undefined)
          throw invalidInput([{ path: 'spec.traffic.promql', message: 'only the traffic of services is stored and can be replayed' }])
        const said = memoryOf(cluster, `${metadata.namespace}/${metadata.name}`)?.plan?.status.loads?.find(({ name }) => name === spec.target!.name)
        const loadPerPod = spec.loadPerPod ?? said?.load
        if (loadPerPod === undefined) throw invalidInput([{ path: 'spec.loadPerPod', message: 'is missing, and was not learned yet' }])
        const now = clock.now()
        const services = spec.traffic?.services ?? [spec.target!.name]
        const asked = { cluster, namespace: metadata.namespace ?? '', services, from: now - days * 86_400_000, to: now - 60_000 }
        const trace = await storedTrace(telemetry, request.scope, asked)
        if (trace === undefined) throw new CodedError('NOT_FOUND', { what: `stored traffic of ${services.join(', ')} in ${asked.namespace}` })
        const sample = Math.max(60, Math.ceil((trace.counts.length * 60) / 1_000 / 60) * 60)
        const report = await whatIf({ ...spec, loadPerPod }, trace, ['planner', ...compare], target, sample)
        const at = Array.from({ length: Math.ceil((trace.counts.length * 60) / sample) }, (_, i) => trace.begin + i * sample * 1_000)
        // What is not known is drawn as a gap.
        return { ...report, at, load: at.map((_, i) => trace.counts[(i * sample) / 60]! / 60) }
      },
    )
    routes.post(
      `${base}/policies/:namespace/:name/mode`,
      {
        config: { access: 'user' },
        schema: { summary: 'Let a policy act, or only show what it would do', params: clusterParams.extend(policyParams.shape), body: modeBody },
      },
      async (request) => {
        const { cluster: name, namespace, name: policy } = request.params
        request.auditDetail = request.body
        await context
          .clusterOf(request, name)
          .patch({ ...POLICY_KIND, namespace, name: policy }, 'merge', { spec: { mode: request.body.mode } }, { fieldManager: 'sallyport' })
        return { mode: request.body.mode }
      },
    )
    routes.post(
      `${base}/burst`,
      { config: { access: 'user' }, schema: { summary: 'Ten times the traffic of the demo, for a while', params: clusterParams, body: burstBody } },
      async (request) => {
        const until = clock.now() + request.body.seconds * 1_000
        request.auditDetail = request.body
        const annotations = { [BURST_ANNOTATION]: `${request.body.factor} ${until}` }
        await context.clusterOf(request, request.params.cluster).patch(DEMO, 'merge', { metadata: { annotations } }, { fieldManager: 'sallyport' })
        return { until }
      },
    )

    return {
      async stop() {
        unfollow()
        await admission.stop()
        for (const { view, policies } of held.values()) {
          view.stop()
          policies.stop()
        }
      },
    }
  },
}

const settingsSchema = z.object({
  /** Of CronHorizontalPodAutoscalers that name no zone: the vendor's controller had one for all. */
  cronTimezone: z
    .string()
    .max(100)
    .refine((name) => zoneOf(name) !== undefined, 'is no time zone of the IANA database')
    .default('UTC'),
  /** What pods cost, by what they request. */
  price: price.optional(),
})
const modeBody = z.strictObject({ mode: z.enum(['preview', 'active']) })
const burstBody = z.strictObject({ factor: z.int().min(2).max(50).default(10), seconds: z.int().min(5).max(600).default(60) })

/** Of version 2, else none are shown: what version 1 says of metrics stands in annotations. */
const hpasOf = (cluster: Cluster) =>
  listed(cluster, HPA).catch((error: unknown) => {
    // Who may not see them has policies to look at.
    if (isError(error, 'FORBIDDEN')) return undefined
    throw error
  })

async function there(cluster: Cluster): Promise<boolean> {
  try {
    return ((await cluster.get(DEMO)) as { data?: { shop?: string } }).data?.shop === 'made'
  } catch (error) {
    if (error instanceof CodedError) return false
    throw error
  }
}

function sees(check: () => void): boolean {
  try {
    check()
    return true
  } catch (error) {
    if (error instanceof CodedError && error.code === 'FORBIDDEN') return false
    throw error
  }
}
