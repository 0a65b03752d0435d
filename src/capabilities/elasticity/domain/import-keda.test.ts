import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { importScaledObject } from './import-keda.ts'

const scaled = (spec: object): KubeObject => ({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'web', namespace: 'shop' }, spec })
const cron = (start: string, end: string, desiredReplicas: string, timezone = 'Europe/Berlin') => ({
  type: 'cron',
  metadata: { timezone, start, end, desiredReplicas },
})
const prometheus = (more: object = {}) => ({ type: 'prometheus', metadata: { serverAddress: 'http://p', query: 'sum(rate(x[1m]))', threshold: '50', ...more } })

describe('a ScaledObject', () => {
  it('of windows only becomes a schedule of the workload', () => {
    const { objects, differences, problems } = importScaledObject(
      scaled({ scaleTargetRef: { name: 'web' }, minReplicaCount: 1, triggers: [cron('0 8 * * *', '0 18 * * *', '9')] }),
    )
    expect(problems).toEqual([])
    expect(objects).toMatchObject([
      {
        kind: 'CronHorizontalPodAutoscaler',
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          timezone: 'Europe/Berlin',
          jobs: [
            { schedule: '0 0 8 * * *', targetSize: 9 },
            { schedule: '0 0 18 * * *', targetSize: 1 },
          ],
        },
      },
    ])
    expect(differences.map(({ kind }) => kind)).toEqual(['fixed'])
  })
  it('with numbers becomes an HPA, and its windows move the bounds; each zone has its object', () => {
    const { objects, differences } = importScaledObject(
      scaled({
        scaleTargetRef: { name: 'web' },
        maxReplicaCount: 20,
        triggers: [
          { type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } },
          { type: 'memory', metadata: { type: 'AverageValue', value: '1Gi', containerName: 'app' } },
          prometheus(),
          cron('0 8 * * *', '0 18 * * *', '9'),
          cron('0 8 * * *', '0 18 * * *', '5', 'Asia/Shanghai'),
        ],
      }),
    )
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'HorizontalPodAutoscaler keda-hpa-web',
      'CronHorizontalPodAutoscaler web',
      'CronHorizontalPodAutoscaler web-2',
    ])
    expect(objects[0]).toMatchObject({
      metadata: { annotations: { 'promql.sallyport.io/keda-2-web': 'sum(rate(x[1m]))' } },
      spec: {
        minReplicas: 1,
        maxReplicas: 20,
        metrics: [
          { resource: { name: 'cpu', target: { averageUtilization: 60 } } },
          { containerResource: { name: 'memory', container: 'app', target: { averageValue: '1Gi' } } },
          { external: { metric: { name: 'keda-2-web' }, target: { averageValue: '50' } } },
        ],
      },
    })
    const of = (kind: string) => differences.filter((one) => one.kind === kind).map(({ path }) => path)
    expect(of('left out')).toEqual(['spec.triggers[2].metadata.serverAddress'])
    expect(of('differs')).toEqual(expect.arrayContaining(['spec.minReplicaCount', 'spec.triggers', 'spec.triggers[2].metadata.query']))
  })
  it('says what has no meaning here', () => {
    const { objects, differences } = importScaledObject(scaled({ scaleTargetRef: { name: 'web' }, idleReplicaCount: 0, triggers: [{ type: 'kafka' }] }))
    expect(objects).toEqual([])
    expect(differences).toMatchObject([
      { path: 'spec.triggers[0]', kind: 'left out' },
      { path: 'spec.idleReplicaCount', kind: 'left out' },
    ])
  })
  it('lists all that is wrong', () => {
    const { objects, problems } = importScaledObject(
      scaled({
        scaleTargetRef: { name: 'web' },
        minReplicaCount: 5,
        maxReplicaCount: 2,
        triggers: [{ type: 'cpu', metadata: { value: 'x' } }, prometheus({ query: 'sum(', threshold: '-1' }), cron('61 8 * * *', '0 18 * * *', '9', 'Nowhere')],
      }),
    )
    expect(objects).toEqual([])
    expect(problems.map(({ path }) => path)).toEqual([
      'spec.minReplicaCount',
      'spec.triggers[0].metricType',
      'spec.triggers[0].metadata.value',
      'spec.triggers[1].metadata.query',
      'spec.triggers[1].metadata.threshold',
      'spec.triggers[2].metadata.timezone',
      'spec.triggers[2].metadata.start',
    ])
    expect(importScaledObject(scaled({})).problems.map(({ path }) => path)).toEqual(['spec.scaleTargetRef', 'spec.triggers'])
  })
})
