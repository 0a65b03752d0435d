/** Jobs: pods until enough of them ended well. https://kubernetes.io/docs/concepts/workloads/controllers/job/ */
import type { Obj } from '../store.ts'
import { isReady } from '../subresources.ts'
import { timestamp, type World } from '../world.ts'
import { discard, report, setStatus, withCondition } from './objects.ts'
import { makePod, podsOf } from './pods.ts'
import { type Controller, ownerKey, ownKey } from './queue.ts'
import { isActive } from './replicas.ts'

const COLLECTION = 'jobs.batch'

export function jobController(world: World): Controller {
  return {
    name: 'job-controller',
    watches: { [COLLECTION]: ownKey, pods: ownerKey('Job') },
    reconcile(key) {
      const job = world.store.collection(COLLECTION).get(key)?.object
      if (job === undefined || job.metadata.deletionTimestamp !== undefined) return undefined
      const now = world.clock.now()
      const { parallelism = 1, completions, backoffLimit = 6, activeDeadlineSeconds, ttlSecondsAfterFinished, suspend } = job.spec
      const ended = (job.status?.conditions ?? []).find((one: Obj) => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True')
      if (ended !== undefined) {
        const left = ttlSecondsAfterFinished === undefined ? undefined : Date.parse(ended.lastTransitionTime) + ttlSecondsAfterFinished * 1000 - now
        if (left !== undefined && left <= 0) discard(world, job, { propagationPolicy: 'Background' })
        return left === undefined || left <= 0 ? undefined : left
      }
      const pods = podsOf(world, job)
      const succeeded = pods.filter((pod) => pod.status?.phase === 'Succeeded').length
      const failed = pods.filter((pod) => pod.status?.phase === 'Failed').length
      const active = pods.filter(isActive)
      const startTime = job.status?.startTime ?? (suspend ? undefined : timestamp(now))
      const late = activeDeadlineSeconds !== undefined && startTime !== undefined && now - Date.parse(startTime) >= activeDeadlineSeconds * 1000
      // Without a number of completions one that ended well is enough, when no other runs any more.
      const done = completions === undefined || completions === null ? succeeded > 0 && active.length === 0 : succeeded >= completions
      const why = late
        ? { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }
        : failed > backoffLimit
          ? { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
          : undefined
      let conditions = job.status?.conditions
      let running = active
      const finish = (type: 'Complete' | 'Failed', more: object) => {
        conditions = withCondition(conditions, { type, status: 'True', ...more }, timestamp(now), { lastProbeTime: timestamp(now) })
        for (const pod of active) discard(world, pod)
        running = []
        report(
          world,
          job,
          type === 'Complete' ? 'Normal' : 'Warning',
          type === 'Complete' ? 'Completed' : (why?.reason ?? 'Failed'),
          type === 'Complete' ? 'Job completed' : (why?.message ?? ''),
          'job-controller',
        )
      }
      if (done) finish('Complete', { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' })
      else if (why !== undefined) finish('Failed', why)
      else {
        const room = suspend
          ? 0
          : completions === undefined || completions === null
            ? succeeded > 0
              ? active.length
              : parallelism
            : Math.min(parallelism, completions - succeeded)
        for (const pod of active.slice(room)) discard(world, pod)
        for (let n = active.length; n < room; n++) {
          const pod = makePod(world, job)
          report(world, job, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, 'job-controller')
        }
        running = podsOf(world, job).filter(isActive)
      }
      setStatus(world, world.store.collection(COLLECTION).get(key)!.object, {
        ...(startTime === undefined ? {} : { startTime }),
        ...(running.length === 0 ? {} : { active: running.length }),
        ready: running.filter(isReady).length,
        ...(succeeded === 0 ? {} : { succeeded }),
        ...(failed === 0 ? {} : { failed }),
        ...(conditions === undefined ? {} : { conditions }),
        ...(done ? { completionTime: timestamp(now) } : {}),
      })
      return activeDeadlineSeconds !== undefined && startTime !== undefined
        ? Math.max(0, Date.parse(startTime) + activeDeadlineSeconds * 1000 - now)
        : undefined
    },
  }
}
