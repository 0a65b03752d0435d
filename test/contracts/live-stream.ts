import { describe, expect, it } from 'vitest'
import type { Clock } from '#core/kernel/clock.ts'
import { seededRandom } from '#core/kernel/random.ts'
import type { LiveBucket, LiveStream } from '#core/shapes/ports/live-stream.ts'
import { addBucket, emptyBucket } from '#core/telemetry/live-bucket.ts'
import { fakeClock } from '#test/fakes/clock.ts'

/** A bucket of `times.length` requests with status 200 and the given request times. */
export function liveBucket(key: Partial<LiveBucket> & { second: number }, times: readonly number[], more: Partial<LiveBucket> = {}): LiveBucket {
  const bucket = emptyBucket({ cluster: 'c', route: 'shop/web', namespace: 'shop', service: 'web', arm: '', ...key })
  for (const time of times) {
    bucket.times.add(time)
    bucket.timeSum += time
    bucket.timeMax = Math.max(bucket.timeMax, time)
  }
  bucket.requests = times.length
  bucket.timed = times.length
  bucket.classes[1] = times.length
  return Object.assign(bucket, more)
}

/** What every live stream must do. `make` gives one that keeps 15 minutes. */
export function liveStreamContract(name: string, make: (clock: Clock) => LiveStream): void {
  describe(`LiveStream contract: ${name}`, () => {
    const begin = () => {
      const clock = fakeClock()
      return { clock, live: make(clock), t: clock.now() }
    }

    it('knows nothing before the first arrival, and says so', async () => {
      const { clock, live, t } = begin()
      await clock.advance(60_000)
      const window = live.window({ cluster: 'c' }, t, t + 60_000)
      expect(window.total.requests).toBe(0)
      expect(window.freshnessMs).toBeUndefined()
      expect(window.total.times.quantile(0.5)).toBeUndefined()
      expect(live.requests({ cluster: 'c' }, t - 2_000, t + 2_000)).toEqual([Number.NaN, Number.NaN, 0, 0])
    })

    it('adds what arrives for the same route and second, and leaves what it was given alone', async () => {
      const { clock, live, t } = begin()
      await clock.advance(500)
      const first = liveBucket({ second: t }, [0.1, 0.3], { bytesOut: 10, lateness: 7, s499: 1 })
      live.publish([first])
      live.publish([liveBucket({ second: t }, [0.2], { bytesOut: 5, lateness: 3 })])
      const { total, perSecond } = live.window({ cluster: 'c' }, t, t + 1000)
      expect(total).toMatchObject({ requests: 3, bytesOut: 15, lateness: 7, s499: 1, timed: 3, timeMax: 0.3 })
      expect(total.timeSum).toBeCloseTo(0.6, 12)
      expect(perSecond.length).toBe(1)
      expect(first.requests).toBe(2)
    })

    it('gives the same totals as adding every bucket by hand, whatever the selector', async () => {
      const { clock, live, t } = begin()
      const random = seededRandom(3)
      const expected = new Map<string, LiveBucket>()
      for (let s = 0; s < 120; s++) {
        for (let i = 0; i < 10; i++) {
          const namespace = `n${Math.floor(random() * 3)}`
          const route = `${namespace}/r${Math.floor(random() * 4)}`
          const bucket = liveBucket(
            { second: t + s * 1000, route, namespace, service: 's', arm: i % 5 === 0 ? 'canary' : 'primary' },
            Array.from({ length: 1 + Math.floor(random() * 5) }, () => random() ** 4 * 3),
            { bytesIn: Math.floor(random() * 1e9), bytesOut: Math.floor(random() * 1e12) },
          )
          live.publish([bucket])
          if (s < 30 || s >= 90) continue
          for (const key of ['', namespace, route, bucket.arm]) {
            const sum = expected.get(key) ?? emptyBucket({ ...bucket, second: 0 })
            addBucket(sum, bucket)
            expected.set(key, sum)
          }
        }
        await clock.advance(1000)
      }
      for (const [key, sum] of expected) {
        const select = key === '' ? {} : key.includes('/') ? { route: key } : key.startsWith('n') ? { namespace: key } : { arm: key }
        const { total, perSecond, completeness } = live.window({ cluster: 'c', ...select }, t + 30_000, t + 90_000)
        expect(live.requests({ cluster: 'c', ...select }, t + 30_000, t + 90_000)).toEqual(perSecond.map(({ requests }) => requests))
        expect(completeness).toBe(1)
        expect(perSecond.map((b) => b.second)).toEqual(Array.from({ length: 60 }, (_, i) => t + (30 + i) * 1000))
        expect({ ...total, classes: [...total.classes] }).toMatchObject({
          requests: sum.requests,
          classes: [...sum.classes],
          bytesIn: sum.bytesIn,
          bytesOut: sum.bytesOut,
          timed: sum.timed,
          timeMax: sum.timeMax,
        })
        expect(total.timeSum).toBeCloseTo(sum.timeSum, 9)
        for (const q of [0.01, 0.5, 0.9, 0.99, 1]) expect(total.times.quantile(q)).toBe(sum.times.quantile(q))
      }
    })

    it('keeps clusters apart', async () => {
      const { clock, live, t } = begin()
      live.publish([liveBucket({ second: t, cluster: 'a' }, [1])])
      await clock.advance(2000)
      expect(live.window({ cluster: 'a' }, t, t + 1000).total.requests).toBe(1)
      const other = live.window({ cluster: 'b' }, t, t + 1000)
      expect(other.total.requests).toBe(0)
      expect(other.freshnessMs).toBeUndefined()
    })

    it('takes a late batch into a second that is long over', async () => {
      const { clock, live, t } = begin()
      live.publish([liveBucket({ second: t }, [1])])
      for (let s = 1; s <= 30; s++) {
        await clock.advance(1000)
        live.publish([liveBucket({ second: t + s * 1000 }, [1])])
      }
      live.publish([liveBucket({ second: t }, [1, 1], { lateness: 30_000 })])
      expect(live.window({ cluster: 'c' }, t, t + 1000).total).toMatchObject({ requests: 3, lateness: 30_000 })
    })

    it('tells age of the newest arrival and share of the window that it covers', async () => {
      const { clock, live, t } = begin()
      live.publish([liveBucket({ second: t }, [1])])
      await clock.advance(10_000)
      const window = live.window({ cluster: 'c' }, t - 10_000, t + 10_000)
      expect(window.freshnessMs).toBe(10_000)
      expect(window.completeness).toBeCloseTo(0.5, 6)
      expect(live.window({ cluster: 'c' }, t, t + 20_000).completeness).toBeCloseTo(0.5, 6)
      expect(window.perSecond.every((b) => b.second >= t)).toBe(true)
    })

    it('forgets what is older than it keeps, and says that it no longer covers it', async () => {
      const { clock, live, t } = begin()
      for (let s = 0; s <= 1000; s += 5) {
        live.publish([liveBucket({ second: t + s * 1000 }, [1])])
        await clock.advance(5000)
      }
      const window = live.window({ cluster: 'c' }, t, t + 60_000)
      expect(window.total.requests).toBe(0)
      expect(window.completeness).toBe(0)
    })

    it('tells subscribers at most once a second which seconds changed, until they stop', async () => {
      const { clock, live, t } = begin()
      const calls: { at: number; seconds: readonly number[] }[] = []
      const stop = live.subscribe((seconds) => calls.push({ at: clock.now(), seconds }))
      for (let i = 0; i < 50; i++) {
        live.publish([liveBucket({ second: Math.floor(clock.now() / 1000) * 1000 }, [1])])
        await clock.advance(100)
      }
      await clock.advance(2000)
      expect(new Set(calls.flatMap((call) => call.seconds))).toEqual(new Set([0, 1, 2, 3, 4].map((s) => t + s * 1000)))
      for (let i = 1; i < calls.length; i++) expect(calls[i]!.at - calls[i - 1]!.at).toBeGreaterThanOrEqual(1000)
      const before = calls.length
      expect(before).toBeGreaterThanOrEqual(5)
      stop()
      live.publish([liveBucket({ second: Math.floor(clock.now() / 1000) * 1000 }, [1])])
      await clock.advance(5000)
      expect(calls.length).toBe(before)
    })
  })
}
