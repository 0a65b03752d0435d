import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { evaluators, outcome } from './agree.ts'
import { randomQuery, randomSamples } from './generate.ts'

const START = 1_700_000_000_000

describe('aggregations that add as they read', () => {
  it('give the bits of the plain way on generated queries (all of them: npm run soak -- promql)', async () => {
    let some = 0
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed)
      const { plain, streamed } = evaluators(randomSamples(random, START))
      for (let i = 0; i < 60; i++) {
        const { text, range } = randomQuery(random, START)
        const wanted = await outcome(() => plain(text, range))
        expect(await outcome(() => streamed(text, range)), text).toBe(wanted)
        if (/^\["vector",\[\[/.test(wanted)) some++
      }
    }
    // Most of them must have something to compare.
    expect(some).toBeGreaterThan(500)
  })
})
