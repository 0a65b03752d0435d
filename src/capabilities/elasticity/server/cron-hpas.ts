/** CronHorizontalPodAutoscalers of the vendor's group, unchanged: each run once, with a ledger. What is remembered is in the object's status, so that a restart goes on where it was. */
import { randomBytes } from 'node:crypto'
import { CodedError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { Zone } from '#core/kernel/zone.ts'
import type { KubeObject, ObjectRef } from '#core/kube/objects.ts'
import type { Plan, Step } from '#core/shapes/plan.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'
import type { EventRecorder } from '#kits/server-kit/kube-events.ts'
import { MANAGER } from '../domain/decide.ts'
import { CRON_API } from '../domain/foreign.ts'
import { jobsOf } from '../domain/schedules.ts'
import { besideHpa, dueRuns, type JobMemory, type LedgerEntry, type NamedJob, nextRun } from '../domain/time/cron-hpa.ts'

export const CRON_KIND = { apiVersion: CRON_API, kind: 'CronHorizontalPodAutoscaler' }
export const LEDGER = 'cron-hpa'
/** Worth another try: nothing is remembered before it. */
const FOR_NOW = new Set(['CLUSTER_UNREACHABLE', 'CLUSTER_BUSY', 'CLUSTER_FAILED', 'CONFLICT', 'TIMED_OUT'])
/** Runs before the object was first seen count for so long, ms. */
const BACK_MS = 86_400_000
/** Runs of one look that the ledger takes. */
const MOST_ROWS = 1_000
/** The clock is looked at this often at the latest, ms: it may have jumped. */
const LOOK_MS = 10_000

// biome-ignore lint/suspicious/noExplicitAny: objects of foreign kinds are read field by field
type Loose = any

interface Facts {
  id: string
  cluster: string
  key: string
  object?: KubeObject
  problems: readonly string[]
  jobs: readonly NamedJob[]
  memory: readonly JobMemory[]
  zone: Zone
  /** ms: when the object was made. */
  since: number
  /** What the target is now; undefined: it is not there or cannot be read. */
  target?: { ref: ObjectRef; replicas: number; hpa?: { ref: ObjectRef; min: number; max: number } }
  fault?: string
}
interface CronPlan extends Plan {
  entries: readonly LedgerEntry[]
  memory: readonly JobMemory[]
  next?: number
}

export interface CronPorts {
  cluster: Cluster
  events: EventRecorder
  now(): number
  /** Zone of objects that name none. */
  zone(): Zone
  /** Rows of the table `plans`. */
  record(rows: readonly Row[]): Promise<void>
}

export const cronReconciler: Reconciler<Facts, CronPorts> = {
  name: 'cron-hpa',
  watches: [CRON_KIND],
  keysOf: ({ metadata }) => [`${metadata.namespace}/${metadata.name}`],

  async gather(key, { cluster, now, zone }) {
    const [namespace = '', name = ''] = key.split('/')
    const facts: Facts = { id: uuidv7(now(), randomBytes(10)), cluster: cluster.name, key, problems: [], jobs: [], memory: [], zone: zone(), since: now() }
    const object = await maybe(cluster.get({ ...CRON_KIND, namespace, name }))
    if (object === undefined) return facts
    const found = jobsOf(object)
    const { spec, status } = object as Loose
    const jobs = found.jobs.map((job, i): NamedJob => ({ ...job, written: String(spec.jobs[i]?.schedule), targetSize: job.targetSize ?? 0 }))
    const own = {
      ...facts,
      object,
      jobs,
      problems: found.problems.map(({ path, message }) => `${path}: ${message}`),
      memory: memoryOf(status, spec),
      since: Math.max(Date.parse(object.metadata.creationTimestamp ?? '') || now(), now() - BACK_MS),
    }
    if (own.problems.length > 0 || spec.suspend === true) return own
    try {
      return { ...own, target: await readTarget(cluster, namespace, spec.scaleTargetRef) }
    } catch (error) {
      if (error instanceof CodedError && (error.code === 'NOT_FOUND' || error.code === 'KIND_UNKNOWN' || error.code === 'FORBIDDEN'))
        return { ...own, fault: error.message }
      throw error
    }
  },

  decide(facts, now): CronPlan {
    const { object, jobs, memory, zone, since, target } = facts
    const base = {
      id: facts.id,
      by: 'cron-hpa',
      cluster: facts.cluster,
      subject: `CronHorizontalPodAutoscaler ${facts.key}`,
      decidedAt: now,
      memory,
      entries: [],
    }
    if (object === undefined || facts.problems.length > 0) return { ...base, steps: [], idle: facts.problems.join('; ') || 'it is gone' }
    const due = dueRuns(jobs, memory, zone, now, since)
    const next = nextRun(jobs, due.memory, zone, now, since)
    const acting = due.entries.find(({ outcome }) => outcome === 'acts')
    const steps: Step[] = []
    if (acting !== undefined && target !== undefined) {
      const after = besideHpa(target.hpa ?? { min: 0, max: Number.MAX_SAFE_INTEGER }, target.replicas, acting.targetSize)
      const replicas = target.hpa === undefined ? acting.targetSize : after.replicas
      const why = `job ${acting.job} of ${new Date(acting.at).toISOString()} wants ${acting.targetSize} pods`
      const evidence = [{ name: 'run', value: acting.job, at: acting.at, source: `CronHorizontalPodAutoscaler ${facts.key}` }]
      const step = (what: string, action: Step['action']): Step => ({ what, why, evidence, reversible: true, action })
      if (target.hpa !== undefined && (after.min !== target.hpa.min || after.max !== target.hpa.max))
        steps.push(
          step(`set the bounds of ${target.hpa.ref.kind} ${target.hpa.ref.name} from ${target.hpa.min}/${target.hpa.max} to ${after.min}/${after.max}`, {
            do: 'bounds',
            min: after.min,
            max: after.max,
          }),
        )
      if (replicas !== target.replicas)
        steps.push(
          step(`scale ${target.ref.kind} ${target.ref.name} from ${target.replicas} to ${replicas}`, { do: 'scale', from: target.replicas, to: replicas }),
        )
    }
    return {
      ...base,
      entries: due.entries,
      memory: due.memory,
      steps,
      ...(steps.length === 0 ? { idle: 'nothing is due' } : {}),
      ...(next === undefined ? {} : { next }),
    }
  },

  async apply(made, facts, ports) {
    const plan = made as CronPlan
    const { object, target, key } = facts
    if (object === undefined) return undefined
    const { cluster, events, now } = ports
    const [namespace = '', name = ''] = key.split('/')
    let fault = facts.fault
    for (const { action } of plan.steps as readonly { action: Loose }[]) {
      try {
        if (action.do === 'bounds')
          await cluster.patch(target!.hpa!.ref, 'merge', { spec: { minReplicas: action.min, maxReplicas: action.max } }, { fieldManager: MANAGER })
        else await cluster.patch(target!.ref, 'merge', { spec: { replicas: action.to } }, { subresource: 'scale', fieldManager: MANAGER })
      } catch (error) {
        if (!(error instanceof CodedError) || FOR_NOW.has(error.code)) throw error
        fault = error.message
      }
    }
    if (plan.entries.length > 0) await ports.record(plan.entries.slice(-MOST_ROWS).map((entry) => ledgerRow(plan, facts, entry, fault)))
    const status = statusOf(facts, plan, fault)
    if (JSON.stringify((object as Loose).status ?? {}) !== JSON.stringify(status)) await writeStatus(cluster, { ...CRON_KIND, namespace, name }, status)
    const acting = plan.entries.find(({ outcome }) => outcome === 'acts')
    if (acting !== undefined)
      await events.record(
        object,
        fault === undefined
          ? { type: 'Normal', reason: 'Succeed', message: `${acting.job}: ${plan.steps.map(({ what }) => what).join(', ') || 'nothing had to change'}` }
          : { type: 'Warning', reason: 'Failed', message: `${acting.job}: ${fault}` },
      )
    return facts.problems.length > 0 ? undefined : Math.max(0, Math.min(LOOK_MS, (plan.next ?? now() + LOOK_MS) - now()))
  },
}

/** Undefined when it is not there. */
export async function maybe<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof CodedError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

async function readTarget(cluster: Cluster, namespace: string, ref: { apiVersion: string; kind: string; name: string }): Promise<NonNullable<Facts['target']>> {
  let scaled = { ...ref, namespace }
  let hpa: NonNullable<Facts['target']>['hpa']
  if (ref.kind === 'HorizontalPodAutoscaler') {
    const object = (await cluster.get(scaled)) as Loose
    hpa = { ref: scaled, min: object.spec.minReplicas ?? 1, max: object.spec.maxReplicas }
    const { apiVersion, kind, name } = object.spec.scaleTargetRef
    scaled = { apiVersion: apiVersion ?? 'apps/v1', kind, name, namespace }
  }
  const object = (await cluster.get(scaled)) as Loose
  return { ref: scaled, replicas: object.spec?.replicas ?? 1, ...(hpa === undefined ? {} : { hpa }) }
}

/** The vendor's form of the status; `lastProbeTime` is up to where a job was looked at. */
function statusOf({ object, fault: _, problems, jobs }: Facts, { memory, entries }: CronPlan, fault: string | undefined): object {
  const { spec, status } = object as Loose
  const before: Loose[] = status?.conditions ?? []
  const conditions = jobs.map((job) => {
    const { until, over } = memory.find((one) => one.job === job.job) ?? { until: 0, over: false }
    const ran = entries.filter((entry) => entry.job === job.job).at(-1)
    const old = before.find((one) => one.name === job.job && one.schedule === job.written)
    const state = ran === undefined ? (old?.state ?? 'Submitted') : fault === undefined ? 'Succeed' : 'Failed'
    return {
      name: job.job,
      jobId: old?.jobId ?? `${object!.metadata.uid}-${job.job}`,
      schedule: job.written,
      targetSize: job.targetSize,
      runOnce: job.once,
      state: problems.length > 0 ? 'Failed' : state,
      lastProbeTime: new Date(until).toISOString().replace(/\.\d+Z$/, 'Z'),
      message:
        ran === undefined
          ? (old?.message ?? '')
          : (fault ??
            `cron hpa job ${job.job} executed: run of ${new Date(ran.at).toISOString()}${ran.outcome === 'superseded' ? ', superseded by a later one' : ''}`),
      ...(over ? { message: `ran once at ${new Date(until).toISOString()}` } : {}),
    }
  })
  if (problems.length > 0)
    return {
      ...status,
      conditions: [
        {
          name: '',
          jobId: '',
          schedule: '',
          targetSize: 0,
          runOnce: false,
          state: 'Failed',
          lastProbeTime: before[0]?.lastProbeTime ?? object!.metadata.creationTimestamp,
          message: problems.join('; '),
        },
      ],
    }
  return { ...(status ?? {}), conditions, scaleTargetRef: spec.scaleTargetRef, ...(spec.excludeDates ? { excludeDates: spec.excludeDates } : {}) }
}

function memoryOf(status: Loose, spec: Loose): JobMemory[] {
  const once = new Set(
    (spec?.jobs ?? []).filter((job: Loose) => job?.runOnce === true || String(job?.schedule).startsWith('@date')).map((job: Loose) => job.name),
  )
  return (status?.conditions ?? []).flatMap((one: Loose) => {
    const until = Date.parse(one?.lastProbeTime ?? '')
    return Number.isNaN(until) || !one.name
      ? []
      : [
          {
            job: one.name,
            schedule: one.schedule,
            targetSize: one.targetSize,
            until,
            ...(once.has(one.name) && one.state !== 'Submitted' ? { over: true } : {}),
          },
        ]
  })
}

async function writeStatus(cluster: Cluster, ref: ObjectRef, status: object): Promise<void> {
  try {
    await cluster.patch(ref, 'merge', { status }, { subresource: 'status', fieldManager: MANAGER })
  } catch (error) {
    // The vendor's definition declares no status subresource.
    if (!(error instanceof CodedError && error.code === 'NOT_FOUND')) throw error
    await maybe(cluster.patch(ref, 'merge', { status }, { fieldManager: MANAGER }))
  }
}

const ledgerRow = (plan: CronPlan, { cluster, key }: Facts, entry: LedgerEntry, fault: string | undefined): Row => ({
  ts: entry.at,
  cluster,
  id: `${key}/${entry.job}/${entry.at}`,
  capability: LEDGER,
  namespace: key.slice(0, key.indexOf('/')),
  subject: `${key} ${entry.job}`,
  state: entry.outcome === 'superseded' ? 'superseded' : fault === undefined ? 'applied' : 'failed',
  plan: JSON.stringify({ job: entry.job, at: entry.at, targetSize: entry.targetSize, decidedAt: plan.decidedAt }),
  outcome: JSON.stringify(fault === undefined ? { steps: entry.outcome === 'acts' ? plan.steps.map(({ what }) => what) : [] } : { error: fault }),
})
