/** CronJobs: a Job at each time of the schedule. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */
import { parseSchedule, runsOf, type Schedule } from '#core/kernel/cron.ts'
import { type Zone, zoneOf } from '#core/kernel/zone.ts'
import type { Obj } from '../store.ts'
import { listOf, timestamp, type World } from '../world.ts'
import { controllerRef, discard, ensure, isOwnedBy, report, setStatus } from './objects.ts'
import { type Controller, ownerKey, ownKey } from './queue.ts'

const COLLECTION = 'cronjobs.batch'
const COMPONENT = 'cronjob-controller'
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The last time in (from, to]; near ones are looked for first. */
function lastRun(schedule: Schedule, zone: Zone, from: number, to: number, since: number): number | undefined {
  for (const back of [HOUR, DAY, 366 * DAY]) {
    const start = Math.max(from, to - back)
    const last = [...runsOf(schedule, zone, start, to, { since })].at(-1)
    if (last !== undefined || start === from) return last
  }
  return undefined
}

const endOf = (job: Obj): 'Complete' | 'Failed' | undefined =>
  (job.status?.conditions ?? []).find((one: Obj) => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True')?.type

export function cronJobController(world: World): Controller {
  const jobsOf = (cronJob: Obj): Obj[] => listOf(world, 'jobs.batch', cronJob.metadata.namespace).filter((job) => isOwnedBy(job, cronJob))

  const start = (cronJob: Obj, at: number) => {
    const { metadata = {}, spec } = cronJob.spec.jobTemplate
    // The time is in the name: the same run is never made twice.
    const name = `${cronJob.metadata.name}-${Math.floor(at / 60_000)}`
    const annotations = { ...metadata.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(at) }
    const { namespace } = cronJob.metadata
    ensure(world, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace, labels: metadata.labels, annotations, ownerReferences: [controllerRef(cronJob)] },
      spec: structuredClone(spec),
    } as unknown as Obj)
    report(world, cronJob, 'Normal', 'SuccessfulCreate', `Created job ${name}`, COMPONENT)
  }

  return {
    name: COMPONENT,
    watches: { [COLLECTION]: ownKey, 'jobs.batch': ownerKey('CronJob') },
    reconcile(key) {
      const cronJob = world.store.collection(COLLECTION).get(key)?.object
      if (cronJob === undefined || cronJob.metadata.deletionTimestamp !== undefined) return undefined
      const now = world.clock.now()
      const { schedule: text, timeZone = 'UTC', suspend, concurrencyPolicy = 'Allow', startingDeadlineSeconds } = cronJob.spec
      const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec
      const parsed = parseSchedule(text, [5])
      const zone = zoneOf(timeZone)
      if (!parsed.ok || zone === undefined) {
        const why = parsed.ok ? `unknown time zone ${timeZone}` : parsed.error.join('; ')
        report(world, cronJob, 'Warning', parsed.ok ? 'UnknownTimeZone' : 'UnparseableSchedule', `${JSON.stringify(text)}: ${why}`, COMPONENT)
        return undefined
      }
      const made = Date.parse(cronJob.metadata.creationTimestamp!)
      let jobs = jobsOf(cronJob)
      for (const [type, most] of [
        ['Complete', successfulJobsHistoryLimit],
        ['Failed', failedJobsHistoryLimit],
      ] as const) {
        const ended = jobs.filter((job) => endOf(job) === type).sort((a, b) => (a.metadata.creationTimestamp! < b.metadata.creationTimestamp! ? 1 : -1))
        for (const job of ended.slice(most)) discard(world, job, { propagationPolicy: 'Background' })
      }
      let lastScheduleTime: string | undefined = cronJob.status?.lastScheduleTime
      const from = Math.max(lastScheduleTime === undefined ? made : Date.parse(lastScheduleTime), now - (startingDeadlineSeconds ?? Infinity) * 1000)
      const due = suspend ? undefined : lastRun(parsed.value, zone, from, now, made)
      if (due !== undefined) {
        const active = jobs.filter((job) => endOf(job) === undefined)
        if (concurrencyPolicy === 'Forbid' && active.length > 0)
          report(
            world,
            cronJob,
            'Normal',
            'JobAlreadyActive',
            'Not starting job because prior execution is running and concurrency policy is Forbid',
            COMPONENT,
          )
        else {
          if (concurrencyPolicy === 'Replace') for (const job of active) discard(world, job, { propagationPolicy: 'Background' })
          start(cronJob, due)
          lastScheduleTime = timestamp(due)
        }
      }
      jobs = jobsOf(cronJob)
      const active = jobs.filter((job) => endOf(job) === undefined && job.metadata.deletionTimestamp === undefined)
      const successes = jobs.flatMap((job) => (endOf(job) === 'Complete' ? [String(job.status.completionTime)] : []))
      const lastSuccessfulTime = [...successes, cronJob.status?.lastSuccessfulTime ?? ''].sort().at(-1)
      setStatus(world, world.store.collection(COLLECTION).get(key)!.object, {
        ...(active.length === 0
          ? {}
          : {
              active: active.map(({ metadata: { name, namespace, uid, resourceVersion } }) => ({
                apiVersion: 'batch/v1',
                kind: 'Job',
                name,
                namespace,
                uid,
                resourceVersion,
              })),
            }),
        ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
        ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}),
      })
      if (suspend) return undefined
      const next = runsOf(parsed.value, zone, now, now + 366 * DAY, { since: made }).next().value
      return Math.min(DAY, (next ?? Infinity) - now)
    },
  }
}
