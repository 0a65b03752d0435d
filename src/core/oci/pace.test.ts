import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeClock } from '#test/fakes/clock.ts'
import { askedPause, createPace, type Turn } from './pace.ts'

const settle = async () => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}

describe('the pace of a host', () => {
  it('never lets more in than its limit, loses nobody and keeps their order, whatever the host says', async () => {
    const step = fc.record({ verdict: fc.constantFrom<'ok' | 'slow'>('ok', 'ok', 'slow'), pauseMs: fc.constantFrom(0, 0, 0, 500), which: fc.nat() })
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 8 }), fc.array(step, { minLength: 1, maxLength: 40 }), async (most, steps) => {
        const clock = fakeClock()
        const pace = createPace({ clock, most })
        const inside: Turn[] = []
        const order: number[] = []
        for (const [i] of steps.entries())
          void pace.enter().then((turn) => {
            order.push(i)
            inside.push(turn)
          })
        let pausedTill = 0
        for (const { verdict, pauseMs, which } of steps) {
          await settle()
          if (inside.length === 0) {
            // Only a pause that was asked for may hold all back.
            expect(clock.now()).toBeLessThan(pausedTill)
            await clock.advance(pausedTill - clock.now())
            await settle()
          }
          expect(inside.length).toBeGreaterThan(0)
          expect(inside.length).toBeLessThanOrEqual(most)
          pausedTill = Math.max(pausedTill, clock.now() + pauseMs)
          inside.splice(which % inside.length, 1)[0]!.leave(verdict, pauseMs)
          expect(pace.limit()).toBeGreaterThanOrEqual(1)
          expect(pace.limit()).toBeLessThanOrEqual(most)
        }
        expect(order).toEqual(steps.map((_, i) => i))
      }),
      { numRuns: 200 },
    )
  })
  it('halves once for a burst of refusals, and comes back by good answers', async () => {
    const pace = createPace({ clock: fakeClock(), most: 16 })
    const burst = await Promise.all(Array.from({ length: 16 }, () => pace.enter()))
    for (const turn of burst) turn.leave('slow')
    expect(pace.limit()).toBe(8)
    for (let i = 0; i < 200; i++) (await pace.enter()).leave('ok')
    expect(pace.limit()).toBe(16)
  })
  it('reads how long a host wants to be left alone', () => {
    const now = 1_800_000_000_000
    expect(askedPause({ 'retry-after': '7' }, now)).toBe(7000)
    expect(askedPause({ 'retry-after': new Date(now + 9000).toUTCString() }, now)).toBe(9000)
    expect(askedPause({ 'ratelimit-remaining': '0', 'ratelimit-reset': '30' }, now)).toBe(30_000)
    expect(askedPause({ 'ratelimit-remaining': '5', 'ratelimit-reset': '30' }, now)).toBeUndefined()
    expect(askedPause({ 'retry-after': 'soon' }, now)).toBeUndefined()
  })
})
