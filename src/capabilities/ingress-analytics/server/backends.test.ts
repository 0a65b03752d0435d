import { pino } from 'pino'
import { expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeCluster } from '#test/fakes/cluster.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import { createBackends } from './backends.ts'

const owner = (kind: string, name: string) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: 'u', controller: true }] })
const pod = (name: string, ip: string, more: { metadata?: object; spec?: object; status?: object } = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', ...more.metadata },
  spec: { containers: [], ...more.spec },
  status: { phase: 'Running', podIP: ip, ...more.status },
})

it('knows who is behind an address', async () => {
  const clock = fakeClock()
  const cluster = fakeCluster({ name: 'c' })
  const { clusters } = fakeClusters(cluster)
  await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } })
  await cluster.create({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'cart-1', namespace: 'shop', ...owner('Deployment', 'cart') } })
  await cluster.create(pod('cart-1-a', '10.0.0.1', { metadata: owner('ReplicaSet', 'cart-1') }))
  await cluster.create(pod('old-b', '10.0.0.2', { metadata: owner('ReplicaSet', 'gone') }))
  await cluster.create(pod('six', '10.0.0.3', { status: { podIPs: [{ ip: '10.0.0.3' }, { ip: 'fd00::3' }] } }))
  await cluster.create(pod('edge', '10.9.9.9', { spec: { hostNetwork: true } }))
  await cluster.create(pod('done', '10.0.0.4', { status: { phase: 'Succeeded' } }))
  const backends = createBackends({ clusters, clock, log: pino({ level: 'silent' }) })
  const of = (address: string) => backends.of('c', address)
  expect(of('10.0.0.1:80')).toBeUndefined()
  await backends.ready('c')
  expect(of('10.0.0.1:80')).toEqual({ pod: 'cart-1-a', workload: 'Deployment/cart' })
  expect(of('10.0.0.2:80')).toEqual({ pod: 'old-b', workload: 'ReplicaSet/gone' })
  expect(of('[fd00::3]:80')).toEqual({ pod: 'six', workload: 'Pod/six' })
  for (const nobody of ['10.9.9.9:80', '10.0.0.4:80', '10.0.0.7:80', '', '-', 'unix:/x']) expect(of(nobody)).toBeUndefined()
  expect(backends.namespaces('c')).toContain('team-a')

  // Late lines of a pod that went still find it, until another has its address.
  await cluster.delete({ apiVersion: 'v1', kind: 'Pod', name: 'cart-1-a', namespace: 'shop' })
  expect(of('10.0.0.1:80')?.pod).toBe('cart-1-a')
  await cluster.create(pod('next', '10.0.0.1'))
  await expect.poll(() => of('10.0.0.1:80')?.pod).toBe('next')

  await backends.ready('elsewhere')
  expect(backends.of('elsewhere', '10.0.0.1:80')).toBeUndefined()
  backends.stop()
})

it('lets rows through without a pod where pods may not be listed', async () => {
  const cluster = fakeCluster({ name: 'c' })
  await cluster.create(pod('a', '10.0.0.1'))
  cluster.allow((_, { resource }) => resource !== 'pods')
  const backends = createBackends({ ...fakeClusters(cluster), clock: fakeClock(), log: pino({ level: 'silent' }) })
  await backends.ready('c')
  expect(backends.of('c', '10.0.0.1:80')).toBeUndefined()
  backends.stop()
})
