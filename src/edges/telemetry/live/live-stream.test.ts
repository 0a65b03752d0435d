import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { OTHER_ROUTE } from '#core/shapes/ports/live-stream.ts'
import { liveBucket, liveStreamContract } from '#test/contracts/live-stream.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { createLiveStream } from './live-stream.ts'

liveStreamContract('in memory', (clock) => createLiveStream({ clock }))

describe('createLiveStream', () => {
  it('counts the requests of routes beyond its bound under {other}, and then claims nothing about routes it does not know', async () => {
    const clock = fakeClock()
    const t = clock.now()
    const live = createLiveStream({ clock, maxSeries: 10 })
    for (let i = 0; i < 50; i++) live.publish([liveBucket({ second: t, route: `r${i}` }, [1, 1])])
    await clock.advance(1000)
    expect(live.window({ cluster: 'c' }, t, t + 1000).total.requests).toBe(100)
    expect(live.window({ cluster: 'c', route: 'r1' }, t, t + 1000)).toMatchObject({ completeness: 1, total: { requests: 2 } })
    expect(live.window({ cluster: 'c', route: 'r45' }, t, t + 1000)).toMatchObject({ completeness: 0, total: { requests: 0 } })
    const other = live.window({ cluster: 'c', route: OTHER_ROUTE }, t, t + 1000).total.requests
    expect(other).toBe(live.use().overflowed)
    expect(other).toBeGreaterThan(70)
  })

  it('gives the room of routes that are gone to new ones', async () => {
    const clock = fakeClock()
    const live = createLiveStream({ clock, maxSeries: 10, keepMs: 60_000 })
    for (let i = 0; i < 20; i++) {
      live.publish([liveBucket({ second: clock.now(), route: `r${i}` }, [1])])
      await clock.advance(30_000)
    }
    expect(live.use().overflowed).toBe(0)
    expect(live.use().series).toBeLessThanOrEqual(11)
  })

  it('stays within its bytes by dropping the oldest seconds, and says that they are not covered', async () => {
    const clock = fakeClock()
    const t = clock.now()
    const live = createLiveStream({ clock, maxBytes: 20_000 })
    for (let s = 0; s < 300; s++) {
      live.publish(Array.from({ length: 10 }, (_, r) => liveBucket({ second: clock.now(), route: `r${r}` }, [0.1, 0.2, 0.3])))
      await clock.advance(1000)
    }
    expect(live.use().bytes).toBeLessThanOrEqual(22_000)
    expect(live.window({ cluster: 'c' }, t, t + 60_000).completeness).toBe(0)
    expect(live.window({ cluster: 'c' }, clock.now() - 5000, clock.now())).toMatchObject({ completeness: 1, total: { requests: 150 } })
  })

  it('is flat at 20,000 requests a second over 1,000 routes: less than 80 kB a second, no growth once full', async () => {
    const clock = fakeClock()
    const live = createLiveStream({ clock, keepMs: 20_000 })
    const random = seededRandom(1)
    let full = 0
    for (let s = 0; s < 45; s++) {
      const buckets = Array.from({ length: 1000 }, (_, r) =>
        liveBucket(
          { second: clock.now(), route: `ns/route-${r}` },
          Array.from({ length: 20 }, () => 0.02 * Math.exp(2 * (random() + random() + random() - 1.5))),
          { bytesIn: 12_000, bytesOut: 480_000 },
        ),
      )
      live.publish(buckets)
      await clock.advance(1000)
      if (s === 24) full = live.use().bytes
    }
    expect(full / live.use().seconds).toBeLessThan(80_000)
    expect(live.use().bytes).toBeLessThan(full * 1.1)
    expect(live.use().seconds).toBeLessThanOrEqual(21)
  })
})
