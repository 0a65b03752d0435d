/** The schedules of foreign kinds, as they are: CronHorizontalPodAutoscaler (autoscaling.alibabacloud.com/v1beta1) and the cron triggers of ScaledObjects (keda.sh/v1alpha1). */
import { z } from 'zod'
import { parseSchedule, runsOf, type Schedule } from '#core/kernel/cron.ts'
import type { Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { nearestZone, type Zone, zoneOf } from '#core/kernel/zone.ts'
import type { KubeObject } from '#core/kube/objects.ts'

/** Something that happens at times. */
export interface Job {
  /** `CronHorizontalPodAutoscaler shop/web`. */
  object: string
  /** Its name in the object. */
  job: string
  schedule: Schedule
  exclude: readonly Schedule[]
  /** Undefined: the kind has no zone of its own, and the object says none. */
  timezone?: string
  /** Only the first run counts. */
  once: boolean
  /** Pods from then on; undefined when a window ends. */
  targetSize?: number
  /** From when `@every` counts, ms since the epoch. */
  since?: number
}

const scaleTargetRef = z.object({ apiVersion: z.string().min(1).max(253), kind: z.string().min(1).max(63), name: z.string().min(1).max(253) })
const text = z.string().max(500)

const cronHpa = z.object({
  scaleTargetRef,
  excludeDates: z.array(text).max(1_000).optional(),
  jobs: z
    .array(
      z.object({
        name: z.string().min(1).max(253),
        schedule: text,
        targetSize: z.int().min(0).max(2_147_483_647),
        runOnce: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(1_000),
  /** Ours: the vendor's controller has one zone for all objects. */
  timezone: z.string().max(100).optional(),
})

const cronTrigger = z.object({
  timezone: z.string().max(100),
  start: text,
  end: text,
  desiredReplicas: z.string().regex(/^\d{1,9}$/, 'must be a whole number in quotes'),
})

const KINDS: Readonly<Record<string, (object: KubeObject, found: Found) => void>> = {
  'autoscaling.alibabacloud.com/v1beta1/CronHorizontalPodAutoscaler': readCronHpa,
  'keda.sh/v1alpha1/ScaledObject': readScaledObject,
}

/** Is it of a kind that has schedules? */
export const hasSchedules = ({ apiVersion, kind }: { apiVersion?: unknown; kind?: unknown }): boolean => Object.hasOwn(KINDS, `${apiVersion}/${kind}`)

interface Found {
  jobs: Job[]
  problems: Problem[]
}

/** The jobs of one object, and all that is wrong with it (paths from the object's root). */
export function jobsOf(object: KubeObject): Found {
  const found: Found = { jobs: [], problems: [] }
  KINDS[`${object.apiVersion}/${object.kind}`]?.(object, found)
  return found
}

const nameOf = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ?? 'default'}/${metadata.name}`
const sinceOf = ({ metadata }: KubeObject): { since?: number } => {
  const { creationTimestamp } = metadata as { creationTimestamp?: unknown }
  const at = typeof creationTimestamp === 'string' ? zDate.safeParse(creationTimestamp) : undefined
  return at?.success ? { since: at.data } : {}
}
const zDate = z.iso.datetime({ offset: true }).pipe(z.coerce.date()).transform(Number)

function readCronHpa(object: KubeObject, { jobs, problems }: Found): void {
  const read = parseInput(cronHpa, object.spec)
  if (!read.ok) return void problems.push(...read.error.map((problem) => under('spec', problem)))
  const { timezone, excludeDates = [] } = read.value
  zoneProblem(timezone, 'spec.timezone', problems)
  const exclude = excludeDates.flatMap((date, i) => scheduleAt(date, [6], `spec.excludeDates[${i}]`, problems))
  const names = new Map<string, number>()
  for (const [i, { name, schedule: written, targetSize, runOnce = false }] of read.value.jobs.entries()) {
    const before = names.get(name)
    if (before !== undefined) problems.push({ path: `spec.jobs[${i}].name`, message: `"${name}" is the name of jobs[${before}] already` })
    names.set(name, before ?? i)
    for (const schedule of scheduleAt(written, [6], `spec.jobs[${i}].schedule`, problems))
      jobs.push({
        object: nameOf(object),
        job: name,
        schedule,
        exclude,
        ...(timezone === undefined ? {} : { timezone }),
        once: runOnce || schedule.kind === 'date',
        targetSize,
        ...sinceOf(object),
      })
  }
}

/** Each window is two jobs: its begin wants the replicas, its end no longer does. */
function readScaledObject(object: KubeObject, { jobs, problems }: Found): void {
  const triggers = (object.spec as { triggers?: unknown } | undefined)?.triggers
  if (!Array.isArray(triggers)) return void problems.push({ path: 'spec.triggers', message: 'must be a list' })
  for (const [i, trigger] of triggers.slice(0, 1_000).entries()) {
    if (trigger?.type !== 'cron') continue
    const path = `spec.triggers[${i}].metadata`
    const read = parseInput(cronTrigger, trigger.metadata)
    if (!read.ok) {
      problems.push(...read.error.map((problem) => under(path, problem)))
      continue
    }
    const { timezone, start, end, desiredReplicas } = read.value
    zoneProblem(timezone, `${path}.timezone`, problems)
    if (start.trim() === end.trim()) problems.push({ path: `${path}.end`, message: 'the window ends when it begins' })
    const shared = { object: nameOf(object), exclude: [], timezone, once: false, ...sinceOf(object) }
    const name = typeof trigger.name === 'string' ? trigger.name : `triggers[${i}]`
    for (const schedule of scheduleAt(start, [5], `${path}.start`, problems))
      jobs.push({ ...shared, job: `${name} start`, schedule, targetSize: Number(desiredReplicas) })
    for (const schedule of scheduleAt(end, [5], `${path}.end`, problems)) jobs.push({ ...shared, job: `${name} end`, schedule })
  }
}

const under = (path: string, problem: Problem): Problem => ({ ...problem, path: problem.path === '' ? path : `${path}.${problem.path}` })

function scheduleAt(written: string, fields: readonly (5 | 6)[], path: string, problems: Problem[]): Schedule[] {
  const parsed = parseSchedule(written, fields)
  if (parsed.ok) return [parsed.value]
  problems.push(...parsed.error.map((message) => ({ path, message })))
  return []
}

function zoneProblem(name: string | undefined, path: string, problems: Problem[]): void {
  if (name === undefined || zoneOf(name) !== undefined) return
  const suggestion = nearestZone(name)
  problems.push({ path, message: `"${name}" is no time zone of the IANA database`, ...(suggestion === undefined ? {} : { suggestion }) })
}

export interface Run {
  object: string
  job: string
  /** ms since the epoch. */
  at: number
  zone: Zone
  targetSize?: number
}

/** Every run in [from, to) in order of time, at most `most`; `more` when there are more. */
export function listRuns(jobs: readonly Job[], zone: Zone, from: number, to: number, most: number): { runs: Run[]; more: boolean } {
  const ahead = jobs.flatMap((job) => {
    const own = job.timezone === undefined ? zone : zoneOf(job.timezone)!
    const runs = runsOf(job.schedule, own, from - 1, to - 1, { exclude: job.exclude, since: job.since ?? from })
    const next = runs.next()
    return next.done ? [] : [{ job, own, runs, at: next.value }]
  })
  const runs: Run[] = []
  while (ahead.length > 0) {
    let first = 0
    for (let i = 1; i < ahead.length; i++) if (ahead[i]!.at < ahead[first]!.at) first = i
    const one = ahead[first]!
    if (runs.length === most) return { runs, more: true }
    const { object, job, targetSize, once } = one.job
    runs.push({ object, job, at: one.at, zone: one.own, ...(targetSize === undefined ? {} : { targetSize }) })
    const next = once ? ({ done: true } as const) : one.runs.next()
    if (next.done) ahead.splice(first, 1)
    else one.at = next.value
  }
  return { runs, more: false }
}
