/** What a CronHorizontalPodAutoscaler does, run by run: nothing is missed and nothing done twice, whatever restarts and clocks do. */
import { runsOf } from '#core/kernel/cron.ts'
import { type Zone, zoneOf } from '#core/kernel/zone.ts'
import type { Job } from '../schedules.ts'

/** What is known of a job from before: kept in the object's status. */
export interface JobMemory {
  job: string
  /** As it was written then: another schedule begins anew. */
  schedule: string
  targetSize: number
  /** Up to here every run was looked at, ms since the epoch. */
  until: number
  /** A job of one run has had it. */
  over?: boolean
}

export interface LedgerEntry {
  job: string
  /** When it was due, ms since the epoch. */
  at: number
  targetSize: number
  /** `acts`: it is the latest of its target; `superseded`: a later one was due too before this was looked at. */
  outcome: 'acts' | 'superseded'
}

export interface NamedJob extends Job {
  written: string
  targetSize: number
}

/**
 * Runs due in (memory, now], in order, and what to remember. A job that is new begins at `since`. Where the clock went back, nothing is due until it comes to
 * where it was. Several missed runs: only the latest acts, all are in the ledger.
 */
export function dueRuns(
  jobs: readonly NamedJob[],
  memory: readonly JobMemory[],
  zone: Zone,
  now: number,
  since: number,
): { entries: LedgerEntry[]; memory: JobMemory[] } {
  const entries: LedgerEntry[] = []
  const next = jobs.map((job): JobMemory => {
    const known = memory.find((one) => one.job === job.job && one.schedule === job.written && one.targetSize === job.targetSize)
    const from = known?.until ?? since
    const kept: JobMemory = { job: job.job, schedule: job.written, targetSize: job.targetSize, until: from, ...(known?.over ? { over: true } : {}) }
    if (known?.over || now <= from) return kept
    const own = job.timezone === undefined ? zone : zoneOf(job.timezone)!
    for (const at of runsOf(job.schedule, own, from, now, { exclude: job.exclude, since: job.since ?? since })) {
      entries.push({ job: job.job, at, targetSize: job.targetSize, outcome: 'superseded' })
      kept.until = at
      if (job.once) return { ...kept, over: true }
    }
    return kept
  })
  entries.sort((a, b) => a.at - b.at)
  const last = entries.at(-1)
  if (last !== undefined) last.outcome = 'acts'
  return { entries, memory: next }
}

/** When the next run of any job is due, ms since the epoch; undefined: never. */
export function nextRun(jobs: readonly NamedJob[], memory: readonly JobMemory[], zone: Zone, now: number, since: number): number | undefined {
  const ahead = jobs.flatMap((job) => {
    const known = memory.find((one) => one.job === job.job && one.schedule === job.written)
    if (known?.over) return []
    const own = job.timezone === undefined ? zone : zoneOf(job.timezone)!
    const first = runsOf(job.schedule, own, Math.max(now, known?.until ?? since), now + 366 * 86_400_000, {
      exclude: job.exclude,
      since: job.since ?? since,
    }).next()
    return first.done ? [] : [first.value]
  })
  return ahead.length === 0 ? undefined : Math.min(...ahead)
}

/** Of a HorizontalPodAutoscaler and the target below it: the vendor's published table, so that manifests mean what they meant. */
export function besideHpa({ min, max }: { min: number; max: number }, current: number, wanted: number): { min: number; max: number; replicas: number } {
  const next = { min, max, replicas: current }
  if (wanted > max) next.max = wanted
  if (wanted < min) next.min = wanted
  if (wanted > current) {
    next.min = wanted
    next.replicas = wanted
  }
  return next
}
