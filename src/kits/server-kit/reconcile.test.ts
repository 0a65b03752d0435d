import pino from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'
import { type FakeClock, fakeClock } from '#test/fakes/clock.ts'
import { type FakeCluster, fakeCluster } from '#test/fakes/cluster.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import { createReconciling } from './reconcile.ts'

const config = (name: string, data: Record<string, string> = {}): KubeObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, data }) as KubeObject
const target = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop' }

interface Facts {
  key: string
  from?: string
  to?: string
}

/** Copies `data.value` of each ConfigMap to one of the same name with `-copy`. */
const copier = (more: Partial<Reconciler<Facts, Cluster>> = {}): Reconciler<Facts, Cluster> => ({
  name: 'copier',
  watches: [{ apiVersion: 'v1', kind: 'ConfigMap' }],
  keysOf: ({ metadata }) => [`shop/${metadata.name.replace(/-copy$/, '')}`],
  async gather(key, cluster) {
    const value = async (name: string) => ((await cluster.get({ ...target, name }).catch(() => undefined)) as any)?.data?.value
    const name = key.slice('shop/'.length)
    return { key, from: await value(name), to: await value(`${name}-copy`) }
  },
  decide: ({ key, from, to }, now) => ({
    id: '0',
    by: 'copier',
    cluster: 'local',
    subject: key,
    decidedAt: now,
    steps: from === undefined || from === to ? [] : [{ what: `copy ${from}`, why: `it is ${to}`, evidence: [], reversible: true, action: { from } }],
  }),
  async apply(plan, { key }, cluster) {
    for (const { action } of plan.steps)
      await cluster.apply(config(`${key.slice(5)}-copy`, { value: String(action.from) }), { fieldManager: 'copier', force: true })
    return undefined
  },
  ...more,
})

let clock: FakeClock
let cluster: FakeCluster
let rows: Row[]
let leading: boolean
let elected: ((leading: boolean) => void) | undefined
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}
const start = () =>
  createReconciling({
    clusters: fakeClusters(cluster).clusters,
    clock,
    log: pino({ level: 'silent' }),
    random: () => 1,
    lead: (_, onChange) => {
      elected = (now) => {
        leading = now
        onChange(now)
      }
      return { leading: () => leading, stop: async () => {} }
    },
    record: async (row) => void rows.push(row),
  })
const copies = () => cluster.writes.filter(({ ref }) => ref.name.endsWith('-copy')).length
const copy = async (name: string) => ((await cluster.get({ ...target, name: `${name}-copy` }).catch(() => undefined)) as any)?.data?.value

beforeEach(() => {
  clock = fakeClock()
  cluster = fakeCluster({ clock, name: 'local', objects: [config('a', { value: '1' }), config('b', { value: '2' })] } as never)
  rows = []
  leading = true
  elected = undefined
})

describe('reconciling', () => {
  it('does what is there at the start, then what changes, and keeps each plan', async () => {
    const reconciling = start()
    reconciling.run(copier(), (one) => one)
    await settle()
    expect([await copy('a'), await copy('b')]).toEqual(['1', '2'])
    await cluster.apply(config('a', { value: '3' }), { fieldManager: 'test', force: true })
    await settle()
    expect([await copy('a'), copies()]).toEqual(['3', 3])
    expect(rows.map(({ capability, namespace, subject, state }) => [capability, namespace, subject, state])).toEqual([
      ['copier', 'shop', 'shop/a', 'applied'],
      ['copier', 'shop', 'shop/b', 'applied'],
      ['copier', 'shop', 'shop/a', 'applied'],
    ])
    await reconciling.stop()
    await cluster.apply(config('a', { value: '4' }), { fieldManager: 'test', force: true })
    await settle()
    expect(await copy('a')).toBe('3')
  })

  it('acts only while it leads, and does all that was left when it begins to', async () => {
    leading = false
    const reconciling = start()
    reconciling.run(copier(), (one) => one)
    await settle()
    expect(copies()).toBe(0)
    elected!(true)
    await settle()
    expect(copies()).toBe(2)
    elected!(false)
    await cluster.apply(config('a', { value: '5' }), { fieldManager: 'test', force: true })
    await settle()
    expect(await copy('a')).toBe('1')
    await reconciling.stop()
  })

  it('does not act on what it gathered while it led', async () => {
    const gathered = Promise.withResolvers<void>()
    const reconciling = start()
    const plain = copier()
    const slow: typeof plain.gather = async (key, one) => {
      const facts = await plain.gather(key, one)
      await gathered.promise
      return facts
    }
    reconciling.run(copier({ gather: slow }), (one) => one)
    await settle()
    elected!(false)
    gathered.resolve()
    await settle()
    expect(copies()).toBe(0)
    await reconciling.stop()
  })

  it('tries again with growing pauses, and keeps the failure', async () => {
    let attempts = 0
    const reconciling = start()
    reconciling.run(
      copier({
        keysOf: ({ metadata }) => (metadata.name === 'a' ? ['shop/a'] : []),
        async apply() {
          attempts++
          throw new Error('no')
        },
      }),
      (one) => one,
    )
    await settle()
    expect([attempts, rows[0]!.state, rows[0]!.outcome]).toEqual([1, 'failed', '{"error":"no"}'])
    await clock.advance(999)
    expect(attempts).toBe(1)
    await clock.advance(2)
    await settle()
    expect(attempts).toBe(2)
    await clock.advance(1_990)
    await settle()
    expect(attempts).toBe(2)
    await clock.advance(20)
    await settle()
    expect(attempts).toBe(3)
    await reconciling.stop()
  })

  it('looks again when it was asked to, and earlier when something changes', async () => {
    let looks = 0
    const reconciling = start()
    reconciling.run(
      copier({
        keysOf: ({ metadata }) => (metadata.name === 'a' ? ['shop/a'] : []),
        async apply() {
          looks++
          return 60_000
        },
      }),
      (one) => one,
    )
    await settle()
    await clock.advance(59_000)
    expect(looks).toBe(1)
    await clock.advance(1_001)
    await settle()
    expect(looks).toBe(2)
    await cluster.apply(config('a', { value: '9' }), { fieldManager: 'test', force: true })
    await settle()
    expect(looks).toBe(3)
    await reconciling.stop()
  })

  it('never looks at one key twice at once', async () => {
    let now = 0
    let most = 0
    const reconciling = start()
    reconciling.run(
      copier({
        keysOf: () => ['shop/one'],
        async apply() {
          most = Math.max(most, ++now)
          await settle()
          now--
          return undefined
        },
      }),
      (one) => one,
    )
    for (let i = 0; i < 5; i++) {
      await cluster.apply(config('a', { value: String(i) }), { fieldManager: 'test', force: true })
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (let i = 0; i < 10; i++) await settle()
    expect(most).toBe(1)
    await reconciling.stop()
  })
})
