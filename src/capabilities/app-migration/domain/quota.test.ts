import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { quotaObstacles } from './quota.ts'

const at = (apiVersion: string, kind: string, name: string, rest: object): KubeObject => ({ apiVersion, kind, metadata: { name, namespace: 'shop' }, ...rest })
const container = (name: string, requests?: object, limits?: object) => ({
  name,
  image: 'a',
  resources: { ...(requests ? { requests } : {}), ...(limits ? { limits } : {}) },
})
const deployment = (replicas: number, containers: object[], more: object = {}) =>
  at('apps/v1', 'Deployment', 'cart', { spec: { replicas, template: { spec: { containers, ...more } } } })
const quota = (hard: object, used: object = {}, more: object = {}) => at('v1', 'ResourceQuota', 'q', { spec: { hard, ...more }, status: { used } })
const range = (limit: object) => at('v1', 'LimitRange', 'r', { spec: { limits: [{ type: 'Container', ...limit }] } })
const run = (objects: KubeObject[], quotas: KubeObject[], ranges: KubeObject[] = []) =>
  quotaObstacles(objects, { quotas, ranges, nodes: 3, pluralOf: ({ kind }) => `${kind.toLowerCase()}s` }).map(({ kind, details }) => [
    kind,
    details.resource,
    details.wanted ?? details.container,
  ])

describe('quotas', () => {
  const two = deployment(2, [container('a', { cpu: '300m', memory: '64Mi' }, { cpu: '1', memory: '128Mi' })])
  it.each([
    [{ 'requests.cpu': '600m' }, {}, []],
    [{ 'requests.cpu': '500m' }, {}, [['quota-small', 'requests.cpu', '0.6']]],
    [{ cpu: '1' }, { cpu: '500m' }, [['quota-small', 'cpu', '0.6']]],
    [{ 'limits.memory': '200Mi' }, {}, [['quota-small', 'limits.memory', String(256 * 2 ** 20)]]],
    [{ pods: '1' }, {}, [['quota-small', 'pods', '2']]],
    [{ 'count/deployments.apps': '0' }, {}, [['quota-small', 'count/deployments.apps', '1']]],
    [{ services: '0', configmaps: '0' }, {}, []],
  ])('%o with %o used', (hard, used, expected) => {
    expect(run([two], [quota(hard, used)])).toEqual(expected)
  })

  it('demand what containers do not name, unless a limit range names it', () => {
    const bare = deployment(1, [container('a')])
    expect(run([bare], [quota({ 'requests.cpu': '1', 'limits.memory': '1Gi' })])).toEqual([
      ['quota-demands', 'requests.cpu', 'a'],
      ['quota-demands', 'limits.memory', 'a'],
    ])
    expect(run([bare], [quota({ 'requests.cpu': '1' })], [range({ defaultRequest: { cpu: '100m' } })])).toEqual([])
    // A limit stands in for a request.
    expect(run([deployment(1, [container('a', undefined, { cpu: '2' })])], [quota({ 'requests.cpu': '1' })])).toEqual([['quota-small', 'requests.cpu', '2']])
  })

  it('count the largest init container, autoscalers, nodes of DaemonSets, claims of StatefulSets and node ports', () => {
    const init = deployment(1, [container('a', { cpu: '1' })], { initContainers: [container('i', { cpu: '3' })] })
    expect(run([init], [quota({ 'requests.cpu': '2' })])).toEqual([['quota-small', 'requests.cpu', '3']])
    const scaled = at('autoscaling/v2', 'HorizontalPodAutoscaler', 'h', { spec: { minReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'cart' } } })
    expect(run([two, scaled], [quota({ pods: '4' })])).toEqual([['quota-small', 'pods', '5']])
    expect(run([at('apps/v1', 'DaemonSet', 'd', { spec: { template: { spec: { containers: [] } } } })], [quota({ pods: '2' })])).toEqual([
      ['quota-small', 'pods', '3'],
    ])
    const claims = { volumeClaimTemplates: [{ spec: { storageClassName: 'fast', resources: { requests: { storage: '5Gi' } } } }] }
    const stateful = at('apps/v1', 'StatefulSet', 's', { spec: { replicas: 2, template: { spec: { containers: [] } }, ...claims } })
    expect(run([stateful], [quota({ 'fast.storageclass.storage.k8s.io/requests.storage': '9Gi', persistentvolumeclaims: '2' })])).toEqual([
      ['quota-small', 'fast.storageclass.storage.k8s.io/requests.storage', String(10 * 2 ** 30)],
    ])
    const service = at('v1', 'Service', 's', { spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] } })
    expect(run([service], [quota({ 'services.nodeports': '1', services: '1' })])).toEqual([['quota-small', 'services.nodeports', '2']])
  })

  it('say when they were not computed, and bind their own namespace only', () => {
    expect(run([two], [quota({ pods: '0' }, {}, { scopes: ['BestEffort'] })])).toEqual([['quota-scoped', undefined, undefined]])
    expect(run([two], [{ ...quota({ pods: '0' }), metadata: { name: 'q', namespace: 'other' } }])).toEqual([])
  })

  it('limit ranges refuse what is too large, too small or not limited', () => {
    expect(run([two], [], [range({ max: { cpu: '500m' } })])).toEqual([['limit-range', 'cpu', 'a']])
    expect(run([two], [], [range({ min: { memory: '128Mi' } })])).toEqual([['limit-range', 'memory', 'a']])
    expect(run([deployment(1, [container('a')])], [], [range({ max: { cpu: '1' } })])).toEqual([])
    expect(run([two], [], [range({ min: { cpu: '100m' }, max: { cpu: '1' } })])).toEqual([])
  })
})
