import { describe, expect, it } from 'vitest'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { askPromql, createPromqlMetrics, type PromqlValue } from './promql-metrics.ts'

const T = 1_800_000_000_000
const cluster = {
  name: 'c',
  list: async () => ({ items: [{ metadata: { name: 'h', annotations: { 'promql.sallyport.io/depth': 'sum(depth)' } } }] }),
} as unknown as Cluster

describe('PromQL as a metric', () => {
  it('does not sink while series of it are silent, and does when all are heard', async () => {
    let answer: PromqlValue | undefined
    const read = createPromqlMetrics(async () => answer)
    answer = { value: 90, freshnessMs: 1_000, completeness: 1 }
    expect((await read(cluster, 'n', 'depth', T)).value).toBe(90)
    answer = { value: 60, freshnessMs: 1_000, completeness: 0.66 }
    expect(await read(cluster, 'n', 'depth', T + 60_000)).toEqual({ value: 90, freshnessMs: 1_000, completeness: 0.66 })
    answer = { value: 120, freshnessMs: 1_000, completeness: 0.66 }
    expect((await read(cluster, 'n', 'depth', T + 70_000)).value).toBe(120)
    answer = { value: 60, freshnessMs: 1_000, completeness: 1 }
    expect((await read(cluster, 'n', 'depth', T + 80_000)).value).toBe(60)
    answer = undefined
    await expect(read(cluster, 'n', 'depth', T + 90_000)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('is of what it reads: as old as the stalest of it, and nothing when that is too old', async () => {
    const number = (value: number) => ({ value: { type: 'scalar', values: [value] } })
    const ask = (newest: number) =>
      askPromql({
        query: async ({ text }: { text: string }) => number(text.startsWith('max(timestamp(') ? newest / 1_000 : text.startsWith('(count') ? 0.5 : 7),
      } as never)
    expect(await ask(T - 30_000)('c', 'n', 'sum(rate(depth[5m]))', T)).toEqual({ value: 7, freshnessMs: 30_000, completeness: 0.5 })
    expect(await ask(T - 200_000)('c', 'n', 'sum(rate(depth[5m]))', T)).toBeUndefined()
  })
})
