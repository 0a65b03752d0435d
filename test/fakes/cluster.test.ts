import { clusterContract } from '#test/contracts/cluster.ts'
import { fakeCluster } from './cluster.ts'

clusterContract('fake', async () => {
  const cluster = fakeCluster()
  cluster.allow((actor) => actor.kind === 'self')
  const stranger = cluster.as({ kind: 'impersonated', user: 'mallory', groups: [] })
  return { cluster, stranger, namespace: 'shop', [Symbol.asyncDispose]: async () => {} }
})
