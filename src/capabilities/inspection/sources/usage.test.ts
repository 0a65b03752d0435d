import { describe, expect, it } from 'vitest'
import { err, ok } from '#core/kernel/result.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { RangeQuery } from '#core/shapes/ports/metric-source.ts'
import { checksNamed } from '../domain/catalog.ts'
import { inspect } from '../domain/inspect.ts'
import type { Item } from '../domain/inventory.ts'
import { DAY, usageOf } from './usage.ts'

const NOW = Date.UTC(2026, 10, 24)
const item = (object: Record<string, unknown>): Item => ({ object: { apiVersion: 'v1', ...object } as unknown as KubeObject, file: '', line: 0 })
const pod = (name: string) => item({ kind: 'Pod', metadata: { name, namespace: 'shop', labels: { app: 'cart' }, ownerReferences: [{ uid: 'd' }] }, spec: {} })
const deployment = item({
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop', uid: 'd' },
  spec: {
    template: {
      metadata: { labels: { app: 'cart' } },
      spec: { containers: [{ name: 'main', resources: { requests: { cpu: '2', memory: '4Gi' } } }] },
    },
  },
})
/** Three days of half hours of one container; one half hour in thirty is a burst of the CPU. */
const source = (name: string, cpu: number, memory: number) => ({
  asked: [] as RangeQuery[],
  async range(query: RangeQuery) {
    this.asked.push(query)
    const points: [number, number][] = []
    for (let at = query.from; at <= query.to; at += query.step)
      if (at > NOW - 3 * DAY) points.push([at, query.promql.includes('cpu') ? (Math.round(at / query.step) % 30 === 0 ? 10 * cpu : cpu) : memory])
    return ok([{ labels: { namespace: 'shop', pod: name, container: 'main' }, points }])
  },
})
const said = async (name: string, live: Item[]) => {
  const read = await usageOf(source(name, 0.2, 2 ** 30), NOW - 7 * DAY, NOW)
  const checks = checksNamed(['cpu-over-requested', 'memory-over-requested'])
  if (!read.ok || !checks.ok || !read.value) throw new Error('no usage')
  return inspect([deployment, ...live], checks.value, {
    now: NOW,
    usage: read.value,
    settings: { corePerHour: ['1'], gibPerHour: ['1'], currency: ['EUR'] },
  }).findings.map(({ what, fix }) => [what, fix?.[0]?.value])
}

describe('usage over days', () => {
  it('sizes what asks for more than twice of it, bursts left out, at the prices that are given', async () => {
    // 2 - 0.2 · 1.3 cores and 4 - 1.3 GiB, 730 hours a month, in two pods.
    const right = [
      ['main: 200m of 2 over 3 days, in 2 pods; about 2540 EUR a month (3.48 cores)', '260m'],
      ['main: 1024Mi of 4Gi over 3 days, in 2 pods; about 3942 EUR a month (5.4 GiB)', '1332Mi'],
    ]
    expect(await said('cart-5d4f8c7b9-x2v4z', [pod('cart-5d4f8c7b9-x2v4z'), pod('cart-5d4f8c7b9-aaaaa')])).toEqual(right)
    // Of a pod that is gone since: its name is of this Deployment.
    expect(await said('cart-6c8b9d7f5-hj4k2', [pod('cart-5d4f8c7b9-x2v4z'), pod('cart-5d4f8c7b9-q8n6c')])).toEqual(right)
  })

  it('leaves alone what it knows nothing of: pods of others, and workloads that do not run', async () => {
    expect(await said('cart-worker-6c8b9d7f5-hj4k2', [pod('cart-5d4f8c7b9-x2v4z')])).toEqual([])
    expect(await said('cart-5d4f8c7b9-x2v4z', [])).toEqual([])
  })

  it('asks for a day at a time, of one namespace where that is what is inspected', async () => {
    const asked = source('x', 1, 1)
    await usageOf(asked, NOW - 7 * DAY, NOW, 'a"b')
    expect(asked.asked).toHaveLength(14)
    for (const { from, to, promql } of asked.asked) {
      expect(to - from).toBeLessThan(DAY)
      expect(promql).toContain('namespace="a\\"b"')
    }
    expect(asked.asked.at(-1)!.to).toBe(NOW)
  })

  it('is unknown, not zero, without series; and says why it could not be read', async () => {
    expect(await usageOf({ range: async () => ok([]) }, NOW - DAY, NOW)).toEqual(ok(undefined))
    expect(await usageOf({ range: async () => err('the engine is away') }, NOW - DAY, NOW)).toEqual(err('the engine is away'))
  })
})
