/** Rows of the page: policies as they were last decided, schedules with their ledger, the cluster's own autoscalers. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { CronJobRow, HpaRow, LedgerRow, PolicyDetail, ScalePolicyRow } from '../domain/api.ts'
import { boundsNow, openWindows } from '../domain/time/windows.ts'
import { scalePolicyResource } from '../resources/scale-policy.ts'
import type { ClusterView } from './cluster-view.ts'
import { LEDGER } from './cron-hpas.ts'
import type { PolicyMemory } from './policies.ts'
import { readPolicy } from './policy-index.ts'

/** Objects of a kind that a page shows. */
const MOST = 5_000
const PAGE = 500
const MOST_CHANGES = 100

// biome-ignore lint/suspicious/noExplicitAny: of foreign kinds, read field by field
type Loose = any

/** Undefined: the cluster does not have the kind. */
export async function listed(cluster: Cluster, kind: { apiVersion: string; kind: string }): Promise<{ items: KubeObject[]; more: boolean } | undefined> {
  const items: KubeObject[] = []
  let next: string | undefined
  try {
    do {
      const page = await cluster.list(kind, { limit: PAGE, ...(next === undefined ? {} : { continue: next }) })
      items.push(...page.items)
      next = page.continue
    } while (next !== undefined && items.length < MOST)
    return { items, more: next !== undefined }
  } catch (error) {
    if (error instanceof CodedError && error.code === 'KIND_UNKNOWN') return undefined
    throw error
  }
}

export function policyRow(object: KubeObject, memory: PolicyMemory | undefined, view: Pick<ClusterView, 'target'>, now: number): ScalePolicyRow {
  const { metadata } = object
  const namespace = metadata.namespace ?? ''
  const said = scalePolicyResource.status.safeParse(object.status ?? {})
  // What was decided a second ago is newer than what was written.
  const status = memory?.plan?.status ?? (said.success ? said.data : {})
  const read = readPolicy(object)
  const about = { namespace, name: metadata.name, requestsPerSecond: status.requestsPerSecond ?? null }
  if (!read.ok) {
    const message = read.error.map(({ path, message }) => `${path}: ${message}`).join('; ')
    return { ...about, phase: 'Invalid', mode: null, message, windows: [], ahead: null, targets: [] }
  }
  const { spec } = read.value
  const open = openWindows(spec, now)
  const targets = [{ target: spec.target, min: spec.min, max: spec.max }, ...spec.services].flatMap(({ target, min, max }, i) => {
    if (target === undefined) return []
    const { kind, name } = target
    const wish = status.services?.find((one) => one.name === name)
    const { found } = view.target(namespace, kind, name)
    return [
      {
        kind,
        name,
        wanted: found?.replicas ?? null,
        ready: found?.ready ?? null,
        desired: wish?.desired ?? null,
        predicted: memory?.facts?.targets[i]?.proposal?.replicas ?? null,
        ...(i === 0 ? pick(boundsNow({ min, max }, open)) : { min, max }),
        perPod: found?.perPod ?? null,
        why: wish?.why ?? '',
      },
    ]
  })
  return {
    ...about,
    phase: status.phase ?? 'Preview',
    mode: spec.mode,
    message: status.message ?? '',
    windows: open.map((window) => window.name),
    ahead: memory?.facts?.targets[0]?.proposal?.ahead ?? null,
    targets,
  }
}
const pick = ({ min, max }: { min: number; max: number }) => ({ min, max })

export function policyDetail(
  object: KubeObject,
  memory: PolicyMemory | undefined,
  view: Pick<ClusterView, 'target'>,
  changes: PolicyDetail['changes'],
  now: number,
): PolicyDetail {
  const read = readPolicy(object)
  const said = scalePolicyResource.status.safeParse(object.status ?? {})
  return {
    ...policyRow(object, memory, view, now),
    spec: read.ok ? read.value.spec : null,
    status: memory?.plan?.status ?? (said.success ? said.data : {}),
    problems: read.ok ? [] : read.error.map(({ path, message }) => ({ path, message })),
    history: memory?.history.read() ?? null,
    changes,
    resourceVersion: object.metadata.resourceVersion ?? '',
  }
}

/** What was done for a policy, the newest first. */
export async function changesOf(telemetry: Pick<Telemetry, 'query'>, scope: Scope, cluster: string, key: string): Promise<PolicyDetail['changes']> {
  const sql = `SELECT toUnixTimestamp64Milli(ts), state, plan FROM plans
    WHERE cluster = {cluster:String} AND capability = 'elasticity' AND subject = {subject:String} ORDER BY ts DESC LIMIT ${MOST_CHANGES}`
  const { rows } = await telemetry.query({ sql, params: { cluster, subject: `ScalePolicy ${key}` }, scope })
  return rows.flatMap(([at, state, text]) => {
    const { steps = [] } = JSON.parse(String(text)) as { steps?: { what: string; why: string }[] }
    return steps.map(({ what, why }) => ({ at: Number(at), what, why, state: String(state) }))
  })
}

/** Runs of schedules, the newest first. */
export async function readLedger(telemetry: Pick<Telemetry, 'query'>, scope: Scope, cluster: string): Promise<LedgerRow[]> {
  // A run that was written twice over a crash is one run. Plans of the same reconciler have ids without a slash.
  const sql = `SELECT any(formatDateTime(ts, '%Y-%m-%dT%H:%i:%SZ', 'UTC')) AS at, any(subject) AS subject, argMax(state, ts) AS state, any(JSONExtractInt(plan, 'targetSize')) AS size, max(ts) AS due
    FROM plans WHERE cluster = {cluster:String} AND capability = {ledger:String} AND position(id, '/') > 0 GROUP BY id ORDER BY due DESC LIMIT 200`
  const { rows } = await telemetry.query({ sql, params: { cluster, ledger: LEDGER }, scope })
  return rows.map(([at, subject, state, size]) => ({ at: String(at), subject: String(subject), state: String(state), targetSize: Number(size) }))
}

export function cronRow({ metadata, spec, status }: KubeObject): CronJobRow {
  const { scaleTargetRef = {}, jobs = [] } = (spec ?? {}) as Loose
  const conditions: Loose[] = (status as Loose)?.conditions ?? []
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

/** Of autoscaling/v2. `policies`: targets of ScalePolicies, as `namespace kind name`. */
export function hpaRow({ metadata, spec, status }: KubeObject, policies: ReadonlyMap<string, string>): HpaRow {
  const { scaleTargetRef = {}, minReplicas = 1, maxReplicas = 0, metrics = [] } = (spec ?? {}) as Loose
  const { currentReplicas, desiredReplicas, conditions = [], currentMetrics = [] } = (status ?? {}) as Loose
  const namespace = metadata.namespace ?? ''
  const bad = conditions.find(
    ({ type, status: is }: Loose) => (type === 'ScalingLimited' && is === 'True') || ((type === 'AbleToScale' || type === 'ScalingActive') && is === 'False'),
  )
  return {
    namespace,
    name: metadata.name,
    target: `${scaleTargetRef.kind} ${scaleTargetRef.name}`,
    min: minReplicas,
    max: maxReplicas,
    current: currentReplicas ?? null,
    desired: desiredReplicas ?? null,
    metrics: metrics.map((metric: Loose, i: number) => metricText(metric, currentMetrics[i])),
    trouble: bad === undefined ? '' : String(bad.message ?? bad.reason),
    policy: policies.get(`${namespace} ${scaleTargetRef.kind} ${scaleTargetRef.name}`) ?? null,
  }
}

function metricText(metric: Loose, current: Loose): string {
  const own = metric?.[Object.keys(metric ?? {}).find((key) => typeof metric[key] === 'object') ?? '']
  const now = current?.[Object.keys(current ?? {}).find((key) => typeof current[key] === 'object') ?? '']?.current
  const value = (one: Loose) => (one?.averageUtilization === undefined ? (one?.averageValue ?? one?.value) : `${one.averageUtilization} %`)
  return `${own?.metric?.name ?? own?.name ?? metric?.type} ${value(now) ?? '–'}/${value(own?.target) ?? '–'}`
}
