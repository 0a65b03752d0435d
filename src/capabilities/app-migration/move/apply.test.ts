import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { fakeClock } from '../../../../test/fakes/clock.ts'
import { fakeCluster } from '../../../../test/fakes/cluster.ts'
import { type ApplyOptions, applyWaves, type Journal, type JournalEntry, undo } from './apply.ts'
import { judge } from './target.ts'

const map = (name: string, data = name): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, data: { data } })
const WAVES = [[map('a'), map('b')], [map('c'), map('d')], [map('e')]]
const OPTIONS: ApplyOptions = { existing: 'fail', parallel: 2, waitMs: 1000 }

const memory = (entries: JournalEntry[] = [], stopAfter = Number.POSITIVE_INFINITY): Journal & { entries: JournalEntry[] } => ({
  entries,
  write: async (entry) => {
    if (entries.length >= stopAfter) throw new Error('killed')
    entries.push(entry)
  },
})
const held = async (cluster: Cluster) =>
  (await cluster.list({ apiVersion: 'v1', kind: 'ConfigMap' })).items.map(({ metadata, data }) => [metadata.name, (data as { data: string }).data])
/** The cluster, with one call that fails. */
const failing = (cluster: Cluster, name: string): Cluster => ({
  ...cluster,
  create: (object, options) =>
    object.metadata.name === name ? Promise.reject(new CodedError('OBJECT_REJECTED', { cluster: 'x', what: name, count: 1 })) : cluster.create(object, options),
})

describe('apply', () => {
  it('makes every wave, and says what it did', async () => {
    const cluster = fakeCluster()
    const result = await applyWaves(cluster, WAVES, memory(), fakeClock(), OPTIONS)
    expect(result).toEqual({ created: 5, updated: 0, skipped: 0, resumed: 0 })
    expect(cluster.writes.map(({ ref }) => ref.name)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('undoes the wave that failed, and only that', async () => {
    const cluster = fakeCluster()
    const journal = memory()
    const result = await applyWaves(failing(cluster, 'd'), WAVES, journal, fakeClock(), OPTIONS)
    expect(result).toMatchObject({ created: 3, failed: { wave: 1, object: 'ConfigMap shop/d', undone: true } })
    expect((await held(cluster)).map(([name]) => name)).toEqual(['a', 'b'])
    expect(await applyWaves(cluster, WAVES, journal, fakeClock(), OPTIONS)).toEqual({ created: 3, updated: 0, skipped: 0, resumed: 2 })
    expect(await undo(cluster, journal)).toBe(true)
    expect(await held(cluster)).toEqual([])
  })

  it('skips, updates or refuses what is there, and gives it back', async () => {
    const old = map('c', 'old')
    const skipping = fakeCluster({ objects: [old] })
    const journal = memory()
    expect(await applyWaves(skipping, WAVES, journal, fakeClock(), { ...OPTIONS, existing: 'skip' })).toMatchObject({ created: 4, skipped: 1 })
    await undo(skipping, journal)
    expect(await held(skipping)).toEqual([['c', 'old']])
    const updating = fakeCluster({ objects: [old] })
    const second = memory()
    expect(await applyWaves(updating, WAVES, second, fakeClock(), { ...OPTIONS, existing: 'update' })).toMatchObject({ created: 4, updated: 1 })
    expect(await held(updating)).toContainEqual(['c', 'c'])
    expect(await undo(updating, second)).toBe(true)
    expect(await held(updating)).toEqual([['c', 'old']])
    expect(await applyWaves(fakeCluster({ objects: [old] }), WAVES, memory(), fakeClock(), OPTIONS)).toMatchObject({
      failed: { error: { code: 'ALREADY_EXISTS' }, undone: true },
    })
  })

  it('ends in the same state wherever it is killed and run again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 9 }), { maxLength: 4 }), fc.integer({ min: 1, max: 4 }), async (kills, parallel) => {
        const cluster = fakeCluster()
        const entries: JournalEntry[] = []
        for (const more of kills)
          await applyWaves(cluster, WAVES, memory(entries, entries.length + more), fakeClock(), { ...OPTIONS, parallel }).catch(() => {})
        const last = await applyWaves(cluster, WAVES, memory(entries), fakeClock(), { ...OPTIONS, parallel })
        expect(last.failed).toBeUndefined()
        expect((await held(cluster)).map(([name]) => name).sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
      }),
      { numRuns: 60 },
    )
  })

  it('waits for a wave to be ready, and undoes it when it never is', async () => {
    const deployment: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'w', namespace: 'shop' }, spec: { replicas: 1 } }
    const cluster = fakeCluster()
    const clock = fakeClock()
    const running = applyWaves(cluster, [[deployment], [map('z')]], memory(), clock, OPTIONS)
    const result = await Promise.race([
      running,
      (async () => {
        for (;;) await clock.advance(500)
      })(),
    ])
    expect(result).toMatchObject({ failed: { wave: 0, error: { code: 'TIMED_OUT' }, undone: true } })
    expect(cluster.writes.some(({ ref }) => ref.name === 'z')).toBe(false)
  })

  it('knows after a crash what was somebody else’s, and leaves or gives it back', async () => {
    for (const existing of ['skip', 'update'] as const) {
      // Every point at which the journal may end.
      for (let stopAfter = 0; stopAfter < 12; stopAfter++) {
        const cluster = fakeCluster({ objects: [map('c', 'old')] })
        const { entries } = await (async (journal) => {
          await applyWaves(cluster, WAVES, journal, fakeClock(), { ...OPTIONS, existing, parallel: 1 }).catch(() => {})
          return journal
        })(memory([], stopAfter))
        const journal = memory(entries)
        await applyWaves(cluster, WAVES, journal, fakeClock(), { ...OPTIONS, existing })
        expect(await held(cluster), `${existing} ${stopAfter}`).toContainEqual(['c', existing === 'skip' ? 'old' : 'c'])
        await undo(cluster, journal)
        expect(await held(cluster), `${existing} ${stopAfter}`).toEqual([['c', 'old']])
      }
    }
  })

  it('gives the old form back to kinds that are updated only with the version of now', async () => {
    const cluster = fakeCluster({ objects: [map('c', 'old')] })
    const strict: Cluster = {
      ...cluster,
      update: (object, options) =>
        object.metadata.resourceVersion === undefined
          ? Promise.reject(new CodedError('OBJECT_REJECTED', { cluster: 'x', what: 'c', reason: 'metadata.resourceVersion: must be specified for an update' }))
          : cluster.update(object, options),
    }
    const journal = memory()
    await applyWaves(strict, WAVES, journal, fakeClock(), { ...OPTIONS, existing: 'update' })
    const failed: string[] = []
    expect(
      await undo(
        strict,
        journal,
        () => true,
        (object) => void failed.push(object),
      ),
    ).toBe(true)
    expect([await held(cluster), failed]).toEqual([[['c', 'old']], []])
    // What cannot be undone is named.
    const second = memory()
    await applyWaves(cluster, WAVES, second, fakeClock(), { ...OPTIONS, existing: 'update' })
    const refusing: Cluster = {
      ...cluster,
      update: () => Promise.reject(new CodedError('FORBIDDEN', { verb: 'update', resource: 'configmaps', cluster: 'x' })),
    }
    expect(
      await undo(
        refusing,
        second,
        () => true,
        (object) => void failed.push(object),
      ),
    ).toBe(false)
    expect(failed).toEqual(['ConfigMap shop/c'])
  })

  it('does again what belongs to a wave that was undone', async () => {
    const cluster = fakeCluster()
    const journal = memory()
    const moved: string[] = []
    const work = (fail: boolean): Pick<ApplyOptions, 'beforeWave' | 'afterWave'> => ({
      beforeWave: async ({ objects, make }) => {
        if (objects.some(({ metadata }) => metadata.name === 'c')) await make(map('source'))
      },
      afterWave: async ({ objects, recorded, record }) => {
        for (const { metadata } of objects) {
          if (recorded(`data ${metadata.name}`)) continue
          if (fail && metadata.name === 'd') throw new CodedError('VOLUME_NOT_MOVED', { claim: 'd', reason: 'test' })
          moved.push(metadata.name)
          await record(`data ${metadata.name}`)
        }
      },
    })
    expect(await applyWaves(cluster, WAVES, journal, fakeClock(), { ...OPTIONS, ...work(true) })).toMatchObject({ failed: { wave: 1, undone: true } })
    expect((await held(cluster)).map(([name]) => name)).toEqual(['a', 'b'])
    await applyWaves(cluster, WAVES, journal, fakeClock(), { ...OPTIONS, ...work(false) })
    expect(moved).toEqual(['a', 'b', 'c', 'c', 'd', 'e'])
    expect(cluster.writes.map(({ ref }) => ref.name).slice(-4)).toEqual(['source', 'c', 'd', 'e'])
    await undo(cluster, journal)
    expect(await held(cluster)).toEqual([])
  })
})

describe('the plan', () => {
  it('promises what apply then does, and writes nothing', async () => {
    const cluster = fakeCluster({ objects: [map('a', 'old'), map('b')] })
    const promised = await judge(cluster, WAVES, 'update')
    expect(cluster.writes).toEqual([])
    expect(promised.map(({ object, action, changes }) => [object.metadata.name, action, ...changes.map(({ path }) => path)])).toEqual([
      ['a', 'update', 'data.data'],
      ['b', 'same'],
      ['c', 'create'],
      ['d', 'create'],
      ['e', 'create'],
    ])
    await applyWaves(cluster, WAVES, memory(), fakeClock(), { ...OPTIONS, existing: 'update' })
    expect((await judge(cluster, WAVES, 'update')).every(({ action }) => action === 'same')).toBe(true)
  })

  it('blocks on names that are taken, kinds that are not served, and what the server refuses', async () => {
    const cluster = fakeCluster({ objects: [map('a')] })
    const odd: KubeObject = { apiVersion: 'shop.io/v1', kind: 'Cart', metadata: { name: 'x' } }
    expect((await judge(cluster, [[map('a')], [odd]], 'fail')).map(({ action, error }) => [action, error?.code])).toEqual([
      ['blocked', 'ALREADY_EXISTS'],
      ['blocked', 'KIND_UNKNOWN'],
    ])
    const definition: KubeObject = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'carts.shop.io' } }
    expect((await judge(cluster, [[definition], [odd]], 'fail')).at(-1)).toMatchObject({ action: 'later' })
  })
})
