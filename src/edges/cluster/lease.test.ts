import { expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeCluster } from '#test/fakes/cluster.ts'
import { takePart } from './lease.ts'

const base = { namespace: 'ops', name: 'sallyport' }

it('has one leader at a time, hands over at once when one stops, and after the duration when one dies', async () => {
  const clock = fakeClock()
  const cluster = fakeCluster()
  const leaders = new Set<string>()
  let most = 0
  const join = (identity: string, at: Cluster = cluster) =>
    takePart({
      ...base,
      cluster: at,
      identity,
      clock,
      onChange(leading) {
        if (leading) leaders.add(identity)
        else leaders.delete(identity)
        most = Math.max(most, leaders.size)
      },
    })
  let cut = false
  const flaky: Cluster = {
    ...cluster,
    get: (ref) => (cut ? Promise.reject(new CodedError('CLUSTER_UNREACHABLE', { cluster: 'c', server: 's', reason: 'r' })) : cluster.get(ref)),
  }
  const a = join('a', flaky)
  await clock.advance(1)
  const b = join('b')
  const c = join('c')
  await clock.advance(60_000)
  expect([...leaders]).toEqual(['a'])

  // Cut off, it stops by itself before another one begins.
  cut = true
  await clock.advance(12_000)
  expect([[...leaders], a.leading()]).toEqual([[], false])
  await clock.advance(10_000)
  expect(leaders.size).toBe(1)
  const [second] = leaders
  cut = false
  await clock.advance(30_000)
  expect([...leaders]).toEqual([second])

  const stopping = (second === 'b' ? b : c).stop()
  await clock.advance(10)
  await stopping
  expect(leaders.size).toBe(0)
  await clock.advance(5_000)
  expect(leaders.size).toBe(1)
  expect(most).toBe(1)
  const lease = await cluster.get({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...base })
  expect(lease.spec).toMatchObject({ holderIdentity: [...leaders][0], leaseTransitions: 2, renewTime: expect.stringMatching(/\.\d{6}Z$/) })
  for (const one of [a, b, c]) {
    const stopped = one.stop()
    await clock.advance(10)
    await stopped
  }
})

it('stops leading while an attempt hangs', async () => {
  const clock = fakeClock()
  const cluster = fakeCluster()
  let hang = false
  const changes: boolean[] = []
  const part = takePart({
    ...base,
    cluster: { ...cluster, get: (ref) => (hang ? new Promise(() => {}) : cluster.get(ref)) },
    identity: 'a',
    clock,
    onChange: (leading) => changes.push(leading),
  })
  await clock.advance(5_000)
  hang = true
  await clock.advance(30_000)
  expect([changes, part.leading()]).toEqual([[true, false], false])
})
