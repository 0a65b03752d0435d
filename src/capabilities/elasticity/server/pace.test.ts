import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPace } from './pace.ts'

describe('API writes', () => {
  it('are never more than so many in any second, whoever asks', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            pause: fc.integer({ min: 0, max: 300 }),
            grow: fc.boolean(),
            spare: fc.integer({ min: 0, max: 10 }),
            urgency: fc.double({ min: 0, max: 9, noNaN: true }),
          }),
          {
            maxLength: 400,
          },
        ),
        (asked) => {
          const pace = createPace(20)
          let now = 1_000_000
          const made: number[] = []
          asked.forEach(({ pause, grow, spare, urgency }, i) => {
            now += pause
            if (grow ? pace.grow(now, `w${i}`, urgency) : pace.take(now, spare)) made.push(now)
          })
          made.forEach((at, i) => {
            expect(made.filter((other) => other > at - 1_000 && other <= at).length, `write ${i}`).toBeLessThanOrEqual(20)
          })
        },
      ),
    )
  })

  it('lets the most urgent of thousands grow first, and all within their time', () => {
    const pace = createPace(20)
    const grown: number[] = []
    const left = new Set(Array.from({ length: 400 }, (_, i) => i))
    let now = 0
    for (; left.size > 0 && now < 60_000; now += 1_000)
      // Those asked last are the most urgent.
      for (const who of [...left])
        if (pace.grow(now + who, `w${who}`, who)) {
          grown.push(who)
          left.delete(who)
        }
    expect(left.size).toBe(0)
    // The first round does not know yet who will ask.
    const second = grown.slice(20, 120)
    expect(Math.min(...second)).toBeGreaterThan(200)
    expect(now).toBeLessThan(45_000)
  })

  it('leaves room to who scales: statuses do not take the last of it', () => {
    const pace = createPace(20)
    let told = 0
    while (pace.take(0, 8)) told++
    expect(told).toBe(12)
    expect(pace.grow(0, 'a', 1)).toBe(true)
  })
})
