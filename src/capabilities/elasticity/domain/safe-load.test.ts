import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { CONFIDENT_LOAD, createSafeLoad } from './safe-load.ts'

describe('the safe load of a pod', () => {
  it('is not known before it was shown', () => {
    const learner = createSafeLoad()
    expect(learner.read()).toBeUndefined()
    for (let i = 0; i < 5; i++) learner.learn(40, true)
    expect(learner.read()).toBeUndefined()
    for (let i = 0; i < 10; i++) learner.learn(40, true)
    const { load, confidence } = learner.read()!
    expect(load).toBeCloseTo(40, 0)
    expect(confidence).toBeLessThan(CONFIDENT_LOAD)
  })

  it('is never more than was seen to be answered well, and near where it ends', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = seededRandom(seed)
      const real = 20 + 200 * random()
      const learner = createSafeLoad()
      for (let i = 0; i < 8_000; i++) {
        const load = real * (0.2 + 1.1 * random())
        learner.learn(load, load <= real || random() < 0.05)
      }
      const { load, confidence } = learner.read()!
      expect(load / real, `seed ${seed}`).toBeGreaterThan(0.75)
      expect(load / real, `seed ${seed}`).toBeLessThanOrEqual(1)
      expect(confidence).toBe(1)
    }
  })

  it('stays where it was shown when more was never tried, and a single slow moment changes nothing', () => {
    const learner = createSafeLoad()
    for (let i = 0; i < 500; i++) learner.learn(30, true)
    learner.learn(12, false)
    expect(learner.read()!.load).toBeCloseTo(30, 0)
  })

  it('goes down when what was answered well no longer is', () => {
    const learner = createSafeLoad({ load: 100, confidence: 1 })
    for (let i = 0; i < 300; i++) learner.learn(60, true)
    for (let i = 0; i < 60; i++) learner.learn(90, false)
    expect(learner.read()!.load).toBeLessThanOrEqual(81)
  })

  it('goes on from what was known', () =>
    expect(createSafeLoad({ load: 55, confidence: 0.9 }).read()).toEqual({ load: expect.closeTo(55, 3), confidence: expect.closeTo(0.9, 2) }))
})
