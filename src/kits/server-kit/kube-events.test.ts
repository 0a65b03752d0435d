import { expect, it } from 'vitest'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeCluster } from '#test/fakes/cluster.ts'
import { eventRecorder } from './kube-events.ts'

const EVENT = { apiVersion: 'v1', kind: 'Event' }
const about = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cart', namespace: 'shop', uid: 'u1' } }

it('counts what is said again, says it anew after ten minutes, and does not mind being refused', async () => {
  const clock = fakeClock()
  const cluster = fakeCluster()
  const events = eventRecorder(cluster, 'sallyport', clock)
  const scaled = { type: 'Normal', reason: 'Scaled', message: 'from 3 to 5' } as const
  for (let i = 0; i < 3; i++) {
    expect(await events.record(about, scaled)).toBe(true)
    await clock.advance(1000)
  }
  const first = await cluster.list(EVENT, { namespace: 'shop' })
  expect(first.items).toMatchObject([
    {
      involvedObject: { kind: 'Deployment', name: 'cart', uid: 'u1' },
      reason: 'Scaled',
      count: 3,
      firstTimestamp: '2026-01-05T12:00:00Z',
      lastTimestamp: '2026-01-05T12:00:02Z',
    },
  ])
  await events.record(about, { ...scaled, message: 'from 5 to 3' })
  await clock.advance(11 * 60_000)
  await events.record(about, scaled)
  expect((await cluster.list(EVENT)).items.map(({ count }) => count)).toEqual([3, 1, 1])
  cluster.allow(() => false)
  expect(await events.record(about, { ...scaled, reason: 'Other' })).toBe(false)
})
