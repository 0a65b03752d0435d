import type { FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { RESOURCE_API, RESOURCE_GROUP, readResource } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { clusterParams, mayRead } from '#kits/server-kit/clusters.ts'
import type { ActiveAlert, ServerDoor } from '#kits/server-kit/door.ts'
import { eventRecorder } from '#kits/server-kit/kube-events.ts'
import { type CanaryDetail, type CanaryList, type CanaryRow, canaryParams, commandBody, listQuery } from '../domain/api.ts'
import type { JudgeReport } from '../domain/judge/report.ts'
import { COMMAND_ANNOTATION, canaryResource } from '../resources/canary.ts'
import { evidenceReader } from './evidence.ts'
import { refOfKey } from './gather.ts'
import { hookRunner } from './hooks.ts'
import { metricReader } from './metrics.ts'
import { canaryReconciler } from './reconciler.ts'
import { exportVerdicts, verdictRoutes } from './verdict.ts'

const KIND = { apiVersion: RESOURCE_API, kind: canaryResource.kind }
/** Of a list, and of a page of it. */
const MOST = 5_000
const PAGE = 500
const TELL_MS = 30_000

export const door: ServerDoor = {
  id: 'canary',

  async start(context) {
    const { http, clock, telemetry, alerts, log } = context
    /** By cluster and key. */
    const reports = new Map<string, JudgeReport>()
    const firing = new Map<string, Map<string, ActiveAlert>>()
    const stopping = new AbortController()

    const tell = async (cluster: string) => {
      await alerts
        .report('canary', cluster, [...(firing.get(cluster)?.values() ?? [])])
        .catch((err: unknown) => log.warn({ err }, 'a notification about a release is given again'))
    }
    const verdicts = exportVerdicts(context.metrics)
    context.reconcile(canaryReconciler, (cluster) => ({
      cluster,
      router: context.trafficRouter(cluster),
      evidence: evidenceReader(telemetry, cluster, metricReader(context.outbound, context.metricSource?.(cluster.name))),
      hooks: hookRunner(context.outbound, () => clock.now()),
      now: () => clock.now(),
      events: eventRecorder(cluster, 'sallyport-canary', clock),
      told(key, plan, { evidence }) {
        const id = `${cluster.name} ${key}`
        if (evidence.state === 'known') reports.set(id, evidence.report)
        else if (evidence.state === 'none' && evidence.past) reports.set(id, evidence.past)
        if (plan === undefined) reports.delete(id)
        verdicts(cluster.name, key, plan?.status)
        const told = firing.get(cluster.name) ?? new Map<string, ActiveAlert>()
        firing.set(cluster.name, told)
        const alert = plan && alertOf(key, plan.status, clock.now())
        const changed = JSON.stringify(alert?.labels) !== JSON.stringify(told.get(key)?.labels)
        if (alert) told.set(key, alert)
        else told.delete(key)
        if (changed) void tell(cluster.name)
      },
    }))
    const telling = (async () => {
      while (!stopping.signal.aborted) {
        await clock.sleep(TELL_MS, stopping.signal).catch(() => {})
        if (!stopping.signal.aborted) for (const cluster of firing.keys()) await tell(cluster)
      }
    })()

    const routes = http.withTypeProvider<ZodTypeProvider>()
    const base = '/clusters/:cluster/canaries'
    const params = clusterParams
    const one = clusterParams.extend(canaryParams.shape)
    const rowOf = ({ metadata, status }: KubeObject): CanaryRow => {
      const read = canaryResource.status.safeParse(status ?? {})
      return { namespace: metadata.namespace ?? '', name: metadata.name, status: read.success ? read.data : {} }
    }
    /** Of a list: without what only one release shows. */
    const shortRowOf = (object: KubeObject): CanaryRow => {
      const { namespace, name, status } = rowOf(object)
      const { addresses: _, weights: __, hooks: ___, decisions: ____, ...short } = status
      return { namespace, name, status: short }
    }
    const mayAct = (cluster: Cluster, namespace: string, name: string) =>
      cluster.may({ verb: 'patch', group: RESOURCE_GROUP, resource: canaryResource.plural, namespace, name })

    routes.get(base, { schema: { summary: 'Releases by canary', params, querystring: listQuery } }, async (request): Promise<CanaryList> => {
      const cluster = context.clusterOf(request, request.params.cluster)
      try {
        const canaries: CanaryRow[] = []
        let next: string | undefined
        do {
          const { namespace } = request.query
          const page = await cluster.list(KIND, { limit: PAGE, ...(namespace ? { namespace } : {}), ...(next === undefined ? {} : { continue: next }) })
          canaries.push(...page.items.map(shortRowOf))
          next = page.continue
        } while (next !== undefined && canaries.length < MOST)
        return { canaries, installed: true, more: next !== undefined }
      } catch (error) {
        if (error instanceof CodedError && error.code === 'KIND_UNKNOWN') return { canaries: [], installed: false, more: false }
        throw error
      }
    })
    routes.get(`${base}/:namespace/:name`, { schema: { summary: 'One release, with its evidence', params: one } }, async (request): Promise<CanaryDetail> => {
      const { cluster: name, namespace, name: canary } = request.params
      const cluster = context.clusterOf(request, name)
      const object = await cluster.get(refOfKey(`${namespace}/${canary}`))
      const read = readResource(canaryResource, object)
      const { allowed } = await mayAct(cluster, namespace, canary)
      return {
        ...rowOf(object),
        spec: read.ok ? read.value.spec : null,
        problems: read.ok ? [] : read.error.map(({ path, message }) => ({ path, message })),
        report: seesRequests(request, name) ? (reports.get(`${name} ${namespace}/${canary}`) ?? null) : null,
        mayAct: allowed,
      }
    })
    routes.post(
      `${base}/:namespace/:name/command`,
      { schema: { summary: 'Promote, abort, pause, resume or restart a release', params: one, body: commandBody } },
      async (request): Promise<CanaryRow> => {
        const { cluster: name, namespace, name: canary } = request.params
        const { command } = request.body
        request.auditDetail = { command }
        const cluster = context.clusterOf(request, name)
        const patch = { metadata: { annotations: { [COMMAND_ANNOTATION]: `${command} ${clock.now()}` } } }
        return rowOf(await cluster.patch(refOfKey(`${namespace}/${canary}`), 'merge', patch, { fieldManager: 'sallyport' }))
      },
    )

    verdictRoutes(context)

    return {
      async stop() {
        stopping.abort()
        await telling
      },
    }
  },
}

/** The evidence is made of requests: who may not see those does not see it. */
function seesRequests(request: FastifyRequest, cluster: string): boolean {
  try {
    mayRead(request, cluster, 'access')
    return true
  } catch (error) {
    if (error instanceof CodedError && error.code === 'FORBIDDEN') return false
    throw error
  }
}

const LEVEL = {
  RolledBack: 'error',
  RollingBack: 'error',
  Invalid: 'warning',
  Paused: 'warning',
  Progressing: 'advice',
  Promoting: 'advice',
  Promoted: 'advice',
} as const
/** What is over is told for so long. */
const OVER_MS = 3_600_000

function alertOf(key: string, status: CanaryRow['status'], now: number): ActiveAlert | undefined {
  const { phase = 'Waiting', step = 0, since = now } = status
  const severity = (LEVEL as Record<string, ActiveAlert['severity']>)[phase]
  if (severity === undefined || ((phase === 'Promoted' || phase === 'RolledBack') && now - since > OVER_MS)) return undefined
  const [namespace = '', name = ''] = key.split('/')
  return {
    labels: { alertname: `Canary${phase}`, namespace, canary: name, run: String(status.run ?? 0), ...(phase === 'Progressing' ? { step: String(step) } : {}) },
    severity,
    annotations: { summary: `Canary ${key}: ${phase}`, description: status.message ?? '' },
    value: status.weight ?? 0,
    activeSince: since,
    path: `/releases?canary=${encodeURIComponent(key)}`,
  }
}
