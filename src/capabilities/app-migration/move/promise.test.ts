/** Random apps on random targets: what the plan promised is what apply makes, and nothing is made before what it needs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { fakeClock } from '../../../../test/fakes/clock.ts'
import { fakeCluster } from '../../../../test/fakes/cluster.ts'
import { graphOf, wavesOf } from '../domain/graph.ts'
import { keyOfObject } from '../domain/parts.ts'
import { applyWaves, type Journal, type JournalEntry, undo } from './apply.ts'
import { type Existing, judge } from './target.ts'

/** ConfigMaps that need one another by owner references, for the graph; `data` tells versions of one apart. */
const map = (i: number, data: string, needs: readonly number[] = []): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    name: `m${i}`,
    namespace: 'shop',
    ...(needs.length > 0 ? { ownerReferences: needs.map((n) => ({ apiVersion: 'v1', kind: 'ConfigMap', name: `m${n}`, uid: 'u' })) } : {}),
  },
  data: { data },
})
const memory = (entries: JournalEntry[] = []): Journal => ({ entries, write: async (entry) => void entries.push(entry) })

const worlds = fc.integer({ min: 1, max: 25 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    edges: fc.array(fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 })), { maxLength: 60 }),
    there: fc.dictionary(fc.nat({ max: count - 1 }).map(String), fc.constantFrom('same', 'old')),
    existing: fc.constantFrom<Existing>('skip', 'update'),
    parallel: fc.integer({ min: 1, max: 8 }),
  }),
)

describe('what the plan promises', () => {
  it('is what apply does, in an order in which nothing comes before what it needs, and undone nothing is left', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async ({ count, edges, there, existing, parallel }) => {
        const objects = Array.from({ length: count }, (_, i) =>
          map(i, `new ${i}`, [...new Set(edges.filter(([from, to]) => from === i && to !== i).map(([, to]) => to))]),
        )
        const before = Object.entries(there).map(([i, state]) => (state === 'same' ? objects[Number(i)]! : map(Number(i), 'old')))
        const cluster = fakeCluster({ objects: before })
        const kept = async () => (await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap' })).items.map(({ metadata, data }) => [metadata.name, data])
        const first = await kept()
        const graph = graphOf(objects)
        const { waves, cycles } = wavesOf(graph)
        const promised = await judge(cluster, waves, existing)
        expect(cluster.writes).toEqual([])

        const journal = memory()
        const done = await applyWaves(cluster, waves, journal, fakeClock(), { existing, parallel, waitMs: 1000 })
        const counted = (action: string) => promised.filter((one) => one.action === action).length
        expect(done).toEqual({ created: counted('create'), updated: counted('update') + counted('same'), skipped: counted('skip'), resumed: 0 })
        for (const { object, action } of promised) {
          const { data } = await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: object.metadata.name })
          if (action !== 'skip') expect(data).toEqual(object.data)
        }

        const order = cluster.writes.map(({ ref }) => keyOfObject({ ...ref, metadata: { name: ref.name, namespace: 'shop' } }))
        const circle = new Map(cycles.flatMap((members, i) => members.map((name) => [name, i] as const)))
        for (const [key, needed] of graph.before)
          for (const other of needed) {
            const [a, b] = [key, other].map((one) => circle.get(`ConfigMap shop/${graph.objects.get(one)!.metadata.name}`))
            if (order.includes(key) && order.includes(other) && (a === undefined || a !== b)) expect(order.indexOf(other)).toBeLessThan(order.indexOf(key))
          }
        expect(await undo(cluster, journal)).toBe(true)
        expect(new Map((await kept()) as [string, unknown][])).toEqual(new Map(first as [string, unknown][]))
      }),
      { numRuns: 80 },
    )
  })
})
