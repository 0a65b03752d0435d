import { describe, expect, it } from 'vitest'
import { labelsOf } from '#core/promql/labels.ts'
import { MemorySource } from '#core/promql/memory-source.ts'
import { runQuery } from '#core/promql/query.ts'
import { type UsageOf, usageObject, usageQueries, usagesOf } from './usage.ts'

const AT = 1_700_000_000_000
const source = new MemorySource()
function series(labels: Record<string, string>, cpuPerSecond: number, memory: number) {
  for (let t = AT - 300_000; t <= AT; t += 30_000) {
    source.add(labelsOf(Object.entries({ __name__: 'container_cpu_usage_seconds_total', ...labels })), t, (cpuPerSecond * (t - AT + 300_000)) / 1000)
    source.add(labelsOf(Object.entries({ __name__: 'container_memory_working_set_bytes', ...labels })), t, memory)
  }
}
series({ id: '/', node: 'n1' }, 1.5, 4096 * 1024)
series({ id: '/kubepods/a/1', node: 'n1', namespace: 'shop', pod: 'cart-1', container: 'app' }, 0.25, 2048)
series({ id: '/kubepods/a/2', node: 'n1', namespace: 'shop', pod: 'cart-1', container: 'proxy' }, 0.05, 1000)
series({ id: '/kubepods/a', node: 'n1', namespace: 'shop', pod: 'cart-1' }, 0.3, 4000)
series({ id: '/kubepods/a/3', node: 'n1', namespace: 'shop', pod: 'cart-1', container: 'POD' }, 0.01, 10)
// Only just started: nothing can be said of its CPU.
source.add(labelsOf(Object.entries({ __name__: 'container_memory_working_set_bytes', namespace: 'shop', pod: 'new-1', container: 'app' })), AT, 5)

async function usages(of: UsageOf) {
  const [a, b, c] = await Promise.all(usageQueries(of).map((text) => runQuery(source, text, { start: AT, end: AT, step: 1000 })))
  return usagesOf(of.what, [a!, b!, c!])
}

describe('metrics.k8s.io', () => {
  it('of nodes', async () => {
    const [node, ...others] = await usages({ what: 'nodes' })
    expect(others).toEqual([])
    expect(usageObject('nodes', node!, undefined)).toEqual({
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'NodeMetrics',
      metadata: { name: 'n1', creationTimestamp: '2023-11-14T22:13:20Z' },
      timestamp: '2023-11-14T22:13:20Z',
      window: '2m0s',
      usage: { cpu: '1500000000n', memory: '4096Ki' },
    })
    expect(await usages({ what: 'nodes', name: 'n2' })).toEqual([])
  })
  it('of pods: each container once, and nothing of what is not known', async () => {
    const [pod, ...others] = await usages({ what: 'pods', namespace: 'shop' })
    expect(others).toEqual([])
    expect(usageObject('pods', pod!, { app: 'cart' })).toMatchObject({
      metadata: { name: 'cart-1', namespace: 'shop', labels: { app: 'cart' } },
      containers: [
        { name: 'app', usage: { cpu: '250000000n', memory: '2Ki' } },
        { name: 'proxy', usage: { cpu: '50000000n', memory: '1Ki' } },
      ],
    })
    expect(await usages({ what: 'pods', namespace: 'shop', name: 'new-1' })).toEqual([])
    expect(await usages({ what: 'pods', namespace: 'other' })).toEqual([])
  })
})
