import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { CONFIDENT, createCalls } from './calls.ts'

describe('calls for each request', () => {
  const learned = (matrix: readonly number[], noise: number, looks = 200) => {
    const random = seededRandom(4)
    const calls = createCalls(matrix.length)
    for (let look = 0; look < looks; look++) {
      const rates = matrix.map((_, i) => 50 + 40 * Math.sin(look / (7 + 5 * i)) + 20 * random())
      calls.learn(rates, rates.reduce((sum, rate, i) => sum + rate * matrix[i]!, 0) * (1 + noise * (2 * random() - 1)))
    }
    return calls.read()
  }
  it('are found for several entries, and never below 0', () => {
    const { perRequest, confidence } = learned([0.4, 0, 2.5], 0.05)
    for (const [i, wanted] of [0.4, 0, 2.5].entries()) expect(Math.abs(perRequest[i]! - wanted)).toBeLessThan(0.05)
    expect(Math.min(...perRequest)).toBeGreaterThanOrEqual(0)
    expect(confidence).toBeGreaterThan(0.9)
  })
  it('are not trusted when little was seen, or when the entries do not explain what was counted', () => {
    expect(learned([0.4], 0.02, 5).confidence).toBeLessThan(CONFIDENT)
    const random = seededRandom(7)
    const calls = createCalls(1)
    for (let look = 0; look < 200; look++) calls.learn([50 + 30 * Math.sin(look / 9)], random() < 0.5 ? 1 : 100)
    expect(calls.read().confidence).toBeLessThan(CONFIDENT)
  })
  it('follow a change, and take no numbers that are none', () => {
    const calls = createCalls(1)
    for (let look = 0; look < 300; look++) calls.learn([100], 40)
    for (let look = 0; look < 1500; look++) calls.learn([100], 80)
    calls.learn([Number.NaN], 1)
    calls.learn([1], Number.NaN)
    expect(calls.read().perRequest[0]).toBeCloseTo(0.78, 1)
    expect(createCalls(2).read()).toEqual({ perRequest: [0, 0], confidence: 0 })
  })
})
