/** StatefulSets, DaemonSets and Jobs over the API alone: the test is the kubelet. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from '../pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from '../start.ts'
import type { Obj } from '../store.ts'
import { find, listOf } from '../world.ts'
import { discard, make, mergeInto, setStatus } from './objects.ts'

/** The wall clock, later by what a test says. */
let later = 0
const clock = { ...systemClock, now: () => systemClock.now() + later }
const folder = mkdtempSync(join(tmpdir(), 'sallyport-controllers-'))
let api: SandboxApi
beforeAll(async () => {
  api = await startSandboxApi({ folder, clock, runtime: noPods })
  for (const name of ['n1', 'n2']) node(name)
})
afterAll(async () => {
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

const node = (name: string, taints?: object[]) =>
  make(api.world, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: { taints },
    status: { allocatable: { pods: '50', cpu: '4', memory: '8Gi' }, conditions: [{ type: 'Ready', status: 'True' }] },
  } as unknown as Obj)
const template = (app: string, image = 'i:1') => ({ metadata: { labels: { app } }, spec: { containers: [{ name: 'c', image }] } })
const workload = (kind: string, name: string, spec: object) =>
  make(api.world, { apiVersion: kind.endsWith('Job') ? 'batch/v1' : 'apps/v1', kind, metadata: { name, namespace: 'default' }, spec } as unknown as Obj)
const get = (collection: string, name: string): Obj => find(api.world, collection, 'default', name)!
const podsOf = (app: string): Obj[] => listOf(api.world, 'pods', 'default').filter(({ metadata }) => metadata.labels?.app === app)
const names = (app: string) =>
  podsOf(app)
    .map(({ metadata }) => metadata.name)
    .sort()
const phase = (pod: Obj, value: string) =>
  setStatus(api.world, find(api.world, 'pods', 'default', pod.metadata.name)!, {
    ...pod.status,
    phase: value,
    conditions: [{ type: 'Ready', status: value === 'Running' ? 'True' : 'False' }],
  })
/** All pods run; those that are to go are gone. */
const kubelet = (app: string) => {
  for (const pod of podsOf(app)) {
    if (pod.metadata.deletionTimestamp !== undefined) discard(api.world, pod, { gracePeriodSeconds: 0 })
    else if (pod.status?.phase === 'Pending') phase(pod, 'Running')
  }
}
const settled = (check: () => void) => vi.waitFor(check, { timeout: 20_000, interval: 20 })

describe('StatefulSets', () => {
  it('make one pod after the other, replace them from the last one, and take the last one first', async () => {
    workload('StatefulSet', 'db', { serviceName: 'db', replicas: 3, selector: { matchLabels: { app: 'db' } }, template: template('db') })
    await settled(() => expect(names('db')).toEqual(['db-0']))
    expect(get('pods', 'db-0').spec).toMatchObject({ hostname: 'db-0', subdomain: 'db' })
    phase(get('pods', 'db-0'), 'Running')
    await settled(() => expect(names('db')).toEqual(['db-0', 'db-1']))
    await settled(() => {
      kubelet('db')
      expect(get('statefulsets.apps', 'db').status).toMatchObject({ replicas: 3, readyReplicas: 3, updatedReplicas: 3 })
    })
    const before = get('statefulsets.apps', 'db').status.currentRevision
    mergeInto(api.world, get('statefulsets.apps', 'db'), { spec: { template: { spec: { containers: [{ name: 'c', image: 'i:2' }] } } } })
    await settled(() => expect(podsOf('db').filter(({ metadata }) => metadata.deletionTimestamp !== undefined || metadata.name === 'db-2').length).toBe(1))
    expect(
      podsOf('db')
        .filter(({ spec }) => spec.containers[0].image === 'i:1')
        .map(({ metadata }) => metadata.name),
    ).toEqual(expect.arrayContaining(['db-0', 'db-1']))
    await settled(() => {
      kubelet('db')
      expect(podsOf('db').map(({ spec }) => spec.containers[0].image)).toEqual(['i:2', 'i:2', 'i:2'])
      expect(get('statefulsets.apps', 'db').status.currentRevision).not.toBe(before)
    })
    mergeInto(api.world, get('statefulsets.apps', 'db'), { spec: { replicas: 1 } })
    await settled(() => {
      kubelet('db')
      expect(names('db')).toEqual(['db-0'])
    })
  })
})

describe('DaemonSets', () => {
  it('have one pod on every node that takes it, also on those that come later', async () => {
    node('tainted', [{ key: 'only', effect: 'NoSchedule' }])
    workload('DaemonSet', 'agent', { selector: { matchLabels: { app: 'agent' } }, template: template('agent') })
    const nodes = () =>
      podsOf('agent')
        .map(({ spec }) => spec.nodeName)
        .sort()
    await settled(() => expect(nodes()).toEqual(['n1', 'n2']))
    node('n3')
    await settled(() => expect(nodes()).toEqual(['n1', 'n2', 'n3']))
    mergeInto(api.world, get('daemonsets.apps', 'agent'), { spec: { template: { spec: { containers: [{ name: 'c', image: 'i:2' }] } } } })
    await settled(() => {
      kubelet('agent')
      expect(podsOf('agent').map(({ spec }) => spec.containers[0].image)).toEqual(['i:2', 'i:2', 'i:2'])
      expect(get('daemonsets.apps', 'agent').status).toMatchObject({ desiredNumberScheduled: 3, numberReady: 3, updatedNumberScheduled: 3 })
    })
    discard(api.world, find(api.world, 'nodes', undefined, 'n3')!)
    await settled(() => {
      kubelet('agent')
      expect(nodes()).toEqual(['n1', 'n2'])
    })
  })
})

describe('Jobs', () => {
  it('run pods until enough ended well, and no longer', async () => {
    workload('Job', 'sum', { completions: 3, parallelism: 2, template: { ...template('sum'), spec: { ...template('sum').spec, restartPolicy: 'Never' } } })
    await settled(() => expect(podsOf('sum').length).toBe(2))
    expect(get('jobs.batch', 'sum').status).toMatchObject({ active: 2 })
    phase(podsOf('sum')[0]!, 'Succeeded')
    await settled(() => expect(podsOf('sum').length).toBe(3))
    for (const pod of podsOf('sum')) phase(pod, 'Succeeded')
    await settled(() => expect(get('jobs.batch', 'sum').status).toMatchObject({ succeeded: 3, conditions: [{ type: 'Complete', status: 'True' }] }))
    expect(podsOf('sum').length).toBe(3)
  })

  it('give up after as many failures as they are allowed, and go when their time is over', async () => {
    workload('Job', 'bad', { backoffLimit: 1, ttlSecondsAfterFinished: 1, template: template('bad') })
    await settled(() => {
      for (const pod of podsOf('bad')) if (pod.status?.phase === 'Pending') phase(pod, 'Failed')
      expect(find(api.world, 'jobs.batch', 'default', 'bad')?.status.conditions ?? []).toMatchObject([{ type: 'Failed', reason: 'BackoffLimitExceeded' }])
    })
    expect(podsOf('bad').length).toBe(2)
    await settled(() => expect(find(api.world, 'jobs.batch', 'default', 'bad')).toBeUndefined())
    await settled(() => expect(podsOf('bad')).toEqual([]))
  })
})

describe('CronJobs', () => {
  const HOUR = 3_600_000
  const cronJob = (name: string, more: object = {}) =>
    workload('CronJob', name, {
      schedule: '0 * * * *',
      jobTemplate: { spec: { template: { ...template(name), spec: { ...template(name).spec, restartPolicy: 'Never' } } } },
      ...more,
    })
  const jobsOf = (name: string) =>
    listOf(api.world, 'jobs.batch', 'default').filter(({ metadata }) =>
      metadata.ownerReferences?.some((owner) => owner.kind === 'CronJob' && owner.name === name),
    )
  /** An hour passes; controllers look when something changes. */
  const hour = (name: string) => {
    later += HOUR
    mergeInto(api.world, get('cronjobs.batch', name), { metadata: { annotations: { seen: String(later) } } })
  }
  const end = (name: string) => {
    for (const pod of podsOf(name)) if (pod.status?.phase !== 'Succeeded') phase(pod, 'Succeeded')
  }

  it('make a Job at each time, once, and keep the last three that ended well', async () => {
    cronJob('report')
    await settled(() => expect(get('cronjobs.batch', 'report').status).toEqual({}))
    expect(jobsOf('report')).toEqual([])
    for (let n = 1; n <= 5; n++) {
      hour('report')
      await settled(() => expect(get('cronjobs.batch', 'report').status.active).toHaveLength(1))
      await settled(() => {
        end('report')
        expect(get('cronjobs.batch', 'report').status).toMatchObject({
          lastSuccessfulTime: expect.any(String),
          lastScheduleTime: expect.stringMatching(/:00:00Z$/),
        })
        expect(get('cronjobs.batch', 'report').status.active).toBeUndefined()
      })
    }
    await settled(() => expect(jobsOf('report').filter(({ metadata }) => metadata.deletionTimestamp === undefined)).toHaveLength(3))
    mergeInto(api.world, get('cronjobs.batch', 'report'), { spec: { suspend: true } })
    const before = jobsOf('report').length
    hour('report')
    await settled(() => expect(get('cronjobs.batch', 'report').metadata.annotations!.seen).toBe(String(later)))
    expect(jobsOf('report').length).toBeLessThanOrEqual(before)
  })

  it('do not run beside themselves, or instead, as they say; a schedule that cannot be read is told', async () => {
    cronJob('alone', { concurrencyPolicy: 'Forbid' })
    cronJob('fresh', { concurrencyPolicy: 'Replace' })
    hour('alone')
    hour('fresh')
    await settled(() => expect([jobsOf('alone').length, jobsOf('fresh').length]).toEqual([1, 1]))
    const [first] = jobsOf('fresh')
    hour('alone')
    hour('fresh')
    await settled(() =>
      expect(
        jobsOf('fresh')
          .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
          .map(({ metadata }) => metadata.uid),
      ).not.toContain(first!.metadata.uid),
    )
    expect(jobsOf('alone')).toHaveLength(1)
    cronJob('broken', { schedule: '61 * * * *' })
    await settled(() => expect(listOf(api.world, 'events', 'default').some((event) => event.reason === 'UnparseableSchedule')).toBe(true))
    expect(jobsOf('broken')).toEqual([])
  })
})
