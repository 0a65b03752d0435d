/** Whatever byte a connection is cut at, no event is lost and none is told twice. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as pause, setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Clock } from '#core/kernel/clock.ts'
import { eventually } from '#test/contracts/cluster.ts'
import { fakeApiServer } from '#test/fakes/api-server.ts'
import { openCluster } from './client.ts'

/** A thousand times as fast as ours, so that pauses after failures cost nothing. */
const clock: Clock = {
  now: () => performance.now() * 1000,
  sleep: (ms, signal) => pause(ms / 1000, undefined, { signal }),
}

/** Cuts each connection after as many bytes towards the client as `next` says. */
async function flakyProxy(port: number, next: () => number) {
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let left = next()
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (bytes) => {
      if (bytes.length < left) {
        left -= bytes.length
        client.write(bytes)
      } else client.write(bytes.subarray(0, left), () => client.destroy())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}

type Step = { kind: 'put' | 'remove' | 'breathe' | 'forget'; name: string }
const steps = (kinds: readonly Step['kind'][]) =>
  fc.array(fc.record({ kind: fc.constantFrom(...kinds), name: fc.constantFrom('a', 'b', 'c', 'd') }), { minLength: 5, maxLength: 40 })
const cuts = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 12 })

/** Plays the steps behind a proxy that cuts, and hands over what happened and what was told. */
async function play(script: readonly Step[], cutAt: readonly number[]) {
  const api = await fakeApiServer()
  let connection = 0
  let cutting = false
  const proxy = await flakyProxy(Number(new URL(api.url).port), () => (cutting && connection < cutAt.length ? cutAt[connection++]! : Infinity))
  const access = { context: 'c', server: proxy.url, namespace: 'default', user: 'u', tls: {}, credentials: { kind: 'none' as const } }
  const { cluster, close } = openCluster({ name: 'c', access, clock, random: () => 0.5 })
  try {
    const informer = cluster.informer(
      { apiVersion: 'v1', kind: 'Pod' },
      { keep: ({ metadata }) => ({ name: metadata.name, version: metadata.resourceVersion! }) },
    )
    const told: [string, string, string][] = []
    informer.onChange(({ type, object }) => told.push([type, object.name, object.version]))
    await informer.synced
    cutting = true
    const happened: [string, string][] = []
    const there = new Set<string>()
    const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' }, spec: { text: 'é'.repeat(50) } })
    for (const { kind, name } of script) {
      if (kind === 'put') {
        happened.push([there.has(name) ? 'modified' : 'added', name])
        there.add(name)
        api.put(pod(name))
      } else if (kind === 'remove' && there.delete(name)) {
        happened.push(['deleted', name])
        api.remove(pod(name))
      } else if (kind === 'forget') api.forget()
      else await setImmediate()
    }
    // A last object that nothing else touches: when it is seen, so is all before it.
    cutting = false
    api.put(pod('last'))
    await eventually(() => expect(informer.get('last', 'shop')).toBeDefined())
    return { happened: [...happened, ['added', 'last']], told, held: new Set(informer.list().map(({ name }) => name)), there: there.add('last') }
  } finally {
    await close()
    await proxy.close()
    await api.close()
  }
}

it('tells every event once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(steps(['put', 'put', 'remove', 'breathe']), cuts, async (script, cutAt) => {
      const { happened, told } = await play(script, cutAt)
      expect(told.map(([type, name]) => [type, name])).toEqual(happened)
    }),
    { numRuns: 40 },
  )
}, 60_000)

it('tells the difference once when events were forgotten meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(steps(['put', 'put', 'remove', 'breathe', 'forget']), cuts, async (script, cutAt) => {
      const { told, held, there } = await play(script, cutAt)
      expect(held).toEqual(there)
      const present = new Map<string, string>()
      for (const [type, name, version] of told) {
        if (type === 'added') expect(present.has(name)).toBe(false)
        else expect(present.has(name)).toBe(true)
        if (type === 'modified') expect(present.get(name)).not.toBe(version)
        if (type === 'deleted') present.delete(name)
        else present.set(name, version)
      }
      expect(new Set(present.keys())).toEqual(there)
    }),
    { numRuns: 40 },
  )
}, 60_000)

const NAMES = Array.from({ length: 12 }, (_, i) => `pod-${String(i).padStart(2, '0')}`)
const demands = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('put' as const, 'remove' as const), name: fc.constantFrom(...NAMES) }),
    fc.record({ kind: fc.constant('reach' as const), count: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ kind: fc.constantFrom('forget' as const, 'breathe' as const) }),
  ),
  { minLength: 5, maxLength: 40 },
)

it('on demand: what is held is what there is, up to the last of it; the rest is counted, and not read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.subarray(NAMES), demands, async (first, script) => {
      const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' } })
      const api = await fakeApiServer({ objects: first.map(pod) })
      const access = { context: 'c', server: api.url, namespace: 'default', user: 'u', tls: {}, credentials: { kind: 'none' as const } }
      const { cluster, close } = openCluster({ name: 'c', access, clock, random: () => 0.5 })
      try {
        const informer = cluster.informer({ apiVersion: 'v1', kind: 'Pod' }, { onDemand: 2, keep: ({ metadata }) => metadata.name })
        const there = new Set(first)
        const truth = () => [...there].sort()
        const held = () => [...informer.list()].sort()
        await informer.reach(2)
        expect(api.listed).toHaveLength(Math.min(2, first.length))
        let forgotten = 0
        for (const step of script) {
          if (step.kind === 'put') {
            there.add(step.name)
            api.put(pod(step.name))
          } else if (step.kind === 'remove' && there.delete(step.name)) api.remove(pod(step.name))
          else if (step.kind === 'reach') await informer.reach(step.count).catch(() => {})
          else if (step.kind === 'forget' && forgotten++ === 0) api.forget()
          else await setImmediate()
        }
        // Before all others: when it is seen, so is everything before it.
        there.add('a-last')
        api.put(pod('a-last'))
        await eventually(() => expect(held()).toContain('a-last'))
        expect(held()).toEqual(truth().slice(0, informer.size))
        expect(informer.extent().total).toBe(there.size)
        await informer.reach(Number.POSITIVE_INFINITY)
        expect(held()).toEqual(truth())
        expect(informer.extent()).toEqual({ whole: true, total: there.size })
      } finally {
        await close()
        await api.close()
      }
    }),
    { numRuns: 60 },
  )
}, 60_000)
