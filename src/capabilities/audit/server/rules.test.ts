import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { RESOURCE_API } from '#core/shapes/custom-resource.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import { createRuleBook } from './rules.ts'

const kind = {
  ...FAKE_KINDS[0]!,
  apiVersion: RESOURCE_API,
  group: 'sallyport.io',
  version: 'v1alpha1',
  kind: 'AuditRule',
  plural: 'auditrules',
  namespaced: false,
}
const object = (name: string, spec: object): KubeObject =>
  ({ apiVersion: RESOURCE_API, kind: 'AuditRule', metadata: { name, generation: 1 }, spec }) as KubeObject

describe('rules of a cluster', () => {
  it('judge once they are right, are told why when not, and go with their object', async () => {
    const cluster = fakeCluster({
      kinds: [kind],
      objects: [object('good', { title: 'Good', condition: 'verb == "get"' }), object('bad', { title: 'Bad', condition: 'verb ==' })],
    })
    const changed: string[] = []
    const book = createRuleBook(
      (name) => void changed.push(name),
      () => {},
    )
    const reconcile = async (name: string) => {
      const facts = await book.reconciler.gather(name, cluster)
      await book.reconciler.apply(book.reconciler.decide(facts, 0), facts, cluster)
    }
    const status = async (name: string) => (await cluster.get({ apiVersion: RESOURCE_API, kind: 'AuditRule', name })).status
    await reconcile('good')
    await reconcile('bad')
    expect(book.of('local').map(({ id }) => id)).toEqual(['user/good'])
    expect(await status('good')).toMatchObject({ state: 'Active', observedGeneration: 1, problems: [] })
    expect(await status('bad')).toMatchObject({ state: 'Refused', problems: [expect.stringContaining('spec.condition')] })
    const writes = cluster.writes.length
    await reconcile('good')
    expect(cluster.writes).toHaveLength(writes)
    await cluster.delete({ apiVersion: RESOURCE_API, kind: 'AuditRule', name: 'good' })
    await reconcile('good')
    expect(book.of('local')).toEqual([])
    expect(changed).toHaveLength(4)
  })
})
