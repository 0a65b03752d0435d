import { randomBytes } from 'node:crypto'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
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
import { type CronJobRow, type LedgerRow, policyParams, type ScaleOverview, type ScalePolicyRow } from '../domain/api.ts'
import { createIngressMetrics } from '../domain/ingress-metrics.ts'
import { servicesOfIngress } from '../domain/routes.ts'
import { boundsNow, openWindows } from '../domain/time/windows.ts'
import { createHeard, type Heard } from '../domain/traffic-history.ts'
import { scalePolicyResource } from '../resources/scale-policy.ts'
import { startAdmission } from './admission.ts'
import { type ClusterView, viewCluster } from './cluster-view.ts'
import { CRON_KIND, cronReconciler, LEDGER } from './cron-hpas.ts'
import { metricsApis } from './metrics-apis.ts'
import { createPace, type Pace } from './pace.ts'
import { POLICY_KIND, type PolicyMemory, policyReconciler } from './policies.ts'
import { indexPolicies, type PolicyIndex, readPolicy } from './policy-index.ts'
import { askPromql, createPromqlMetrics } from './promql-metrics.ts'

const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }
const DEMO = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'sandbox' }
const BURST_ANNOTATION = 'sandbox.sallyport.io/burst'
const MOST = 500
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
      const [policies, cron, demo] = await Promise.all([listed(cluster, POLICY_KIND), listed(cluster, CRON_KIND), there(cluster)])
      const now = clock.now()
      let traffic: ScaleOverview['traffic'] = []
      let freshnessMs: number | null = null
      let ledger: LedgerRow[] = []
      if (sees(() => mayRead(request, name, 'access'))) {
        const window = live.window({ cluster: name }, now - SHOWN_MS, now)
        freshnessMs = window.freshnessMs ?? null
        // Seconds after the newest arrival are not empty but unknown.
        const known = freshnessMs === null ? 0 : Math.floor((now - freshnessMs) / 1_000) * 1_000
        traffic = window.perSecond.filter(({ second }) => second < known).map(({ second, requests }) => ({ second, requests }))
      }
      if (cron !== undefined && cron.length > 0) ledger = await readLedger(name, request.scope)
      return {
        installed: policies !== undefined,
        policies: (policies ?? []).map((object) => rowOf(object, memoryOf(name, `${object.metadata.namespace}/${object.metadata.name}`), now)),
        cron: (cron ?? []).map(cronRowOf),
        ledger,
        traffic,
        freshnessMs,
        apis: context.aggregated().filter((one) => one.cluster === name && /\.metrics\.k8s\.io$/.test(one.name)),
        demo,
      }
    })
    const readLedger = async (name: string, scope: Parameters<typeof telemetry.query>[0]['scope']): Promise<LedgerRow[]> => {
      // A run that was written twice over a crash is one run. Plans of the same reconciler have ids without a slash.
      const sql = `SELECT any(formatDateTime(ts, '%Y-%m-%dT%H:%i:%SZ', 'UTC')) AS at, any(subject) AS subject, argMax(state, ts) AS state, any(JSONExtractInt(plan, 'targetSize')) AS size, max(ts) AS due
        FROM plans WHERE cluster = {cluster:String} AND capability = {ledger:String} AND position(id, '/') > 0 GROUP BY id ORDER BY due DESC LIMIT 200`
      const { rows } = await telemetry.query({ sql, params: { cluster: name, ledger: LEDGER }, scope })
      return rows.map(([at, subject, state, size]) => ({ at: String(at), subject: String(subject), state: String(state), targetSize: Number(size) }))
    }

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
})
const modeBody = z.strictObject({ mode: z.enum(['preview', 'active']) })
const burstBody = z.strictObject({ factor: z.int().min(2).max(50).default(10), seconds: z.int().min(5).max(600).default(60) })

/** Undefined: the cluster does not have the kind. */
async function listed(cluster: Cluster, kind: { apiVersion: string; kind: string }): Promise<readonly KubeObject[] | undefined> {
  try {
    return (await cluster.list(kind, { limit: MOST })).items
  } catch (error) {
    if (error instanceof CodedError && error.code === 'KIND_UNKNOWN') return undefined
    throw error
  }
}

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

function rowOf(object: KubeObject, memory: PolicyMemory | undefined, now: number): ScalePolicyRow {
  const { metadata } = object
  const about = { namespace: metadata.namespace ?? '', name: metadata.name, changes: memory?.changes.slice(0, 50) ?? [] }
  const said = scalePolicyResource.status.safeParse(object.status ?? {})
  // What was decided a second ago is newer than what was written.
  const status = memory?.plan?.status ?? (said.success ? said.data : {})
  const read = readPolicy(object)
  if (!read.ok)
    return { ...about, spec: null, status, problems: read.error.map(({ path, message }) => ({ path, message })), min: 0, max: 0, windows: [], targets: [] }
  const { spec } = read.value
  const open = openWindows(spec, now)
  const { min, max } = boundsNow(spec, open)
  const targets = [spec.target, ...spec.services.map(({ target }) => target)].flatMap((target) => {
    if (target === undefined) return []
    const wish = status.services?.find((one) => one.name === target.name)
    const found = memory?.facts?.targets.find((one) => one.name === target.name)?.found
    return [
      {
        kind: target.kind,
        name: target.name,
        wanted: found?.replicas ?? null,
        ready: found?.ready ?? null,
        desired: wish?.desired ?? null,
        why: wish?.why ?? '',
      },
    ]
  })
  return { ...about, spec, status, problems: [], min, max, windows: open.map((window) => window.name), targets }
}

function cronRowOf({ metadata, spec, status }: KubeObject): CronJobRow {
  // biome-ignore lint/suspicious/noExplicitAny: of a foreign kind, read field by field
  const { scaleTargetRef = {}, jobs = [] } = (spec ?? {}) as any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const conditions: any[] = (status as any)?.conditions ?? []
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    target: `${scaleTargetRef.kind} ${scaleTargetRef.name}`,
    jobs: jobs.map((job: Record<string, unknown>) => {
      const said = conditions.find((one) => one?.name === job.name)
      return {
        name: String(job.name),
        schedule: String(job.schedule),
        targetSize: Number(job.targetSize),
        state: String(said?.state ?? (conditions.length > 0 ? 'Failed' : '')),
        message: String(said?.message ?? conditions[0]?.message ?? ''),
        last: String(said?.lastProbeTime ?? ''),
      }
    }),
  }
}
