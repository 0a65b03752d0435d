import { describe, expect, it } from 'vitest'
import { relationGraph } from './relation-graph.ts'
import type { Related, Relation } from './relations.ts'

const one = (relation: Relation, kind: string, name: string, more: Partial<Related> = {}): Related => ({
  relation,
  distance: 1,
  apiVersion: 'v1',
  kind,
  namespace: 'shop',
  name,
  uid: `${kind}-${name}`,
  ...more,
})
const arrows = (related: readonly Related[]) => relationGraph(related).edges.map(({ from, to, relation }) => `${from} -${relation}-> ${to}`)

describe('the graph of relations', () => {
  it('has owners and routes before the object, what it owns and uses behind it, each below its own', () => {
    expect(
      arrows([
        one('owns', 'Pod', 'a', { distance: 2, via: 'ReplicaSet-set' }),
        one('owns', 'ReplicaSet', 'set'),
        one('owner', 'App', 'top', { distance: 2 }),
        one('owner', 'Release', 'mid'),
        one('uses', 'Secret', 'key'),
        one('selectedBy', 'Service', 'web'),
        one('routedBy', 'Ingress', 'in'),
      ]),
    ).toEqual([
      'self -owns-> ReplicaSet/shop/set',
      'Release/shop/mid -owner-> self',
      'self -uses-> Secret/shop/key',
      'Service/shop/web -selectedBy-> self',
      'Ingress/shop/in -routedBy-> self',
      'ReplicaSet/shop/set -owns-> Pod/shop/a',
      'App/shop/top -owner-> Release/shop/mid',
    ])
  })

  it('draws an object once, and says how many it does not draw', () => {
    const { nodes, edges } = relationGraph([one('uses', 'Secret', 'key'), one('selects', 'Secret', 'key')])
    expect([nodes.length, edges.length]).toEqual([2, 2])
    const many = relationGraph(Array.from({ length: 100 }, (_, i) => one('selects', 'Pod', `p${i}`)))
    expect(many.nodes).toHaveLength(10)
    expect(many.nodes.at(-1)).toMatchObject({ more: 92 })
    expect(many.edges).toHaveLength(9)
    expect(relationGraph([])).toEqual({ nodes: [{ id: 'self' }], edges: [] })
  })
})
