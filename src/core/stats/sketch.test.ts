import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../kernel/random.ts'
import { enoughFor, Sketch } from './sketch.ts'

const exact = (sorted: number[], q: number) => sorted[Math.floor(q * (sorted.length - 1))]!

describe('Sketch', () => {
  it('is within 1 % of the exact quantile on latencies of any spread', () => {
    for (const spread of [0.1, 1, 2.5]) {
      const random = seededRandom(7)
      const values = Array.from({ length: 50_000 }, () => 0.02 * Math.exp(spread * (random() + random() + random() - 1.5) * 2))
      const sketch = new Sketch()
      for (const v of values) sketch.add(v)
      values.sort((a, b) => a - b)
      for (const q of [0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1]) {
        expect(Math.abs(sketch.quantile(q)! / exact(values, q) - 1)).toBeLessThanOrEqual(0.01)
      }
    }
  })

  it('merges to the same answer as one sketch of everything', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1 }), fc.nat(), (values, cut) => {
        const whole = new Sketch()
        const left = new Sketch()
        const right = new Sketch()
        values.forEach((v, i) => {
          whole.add(v)
          ;(i < cut % values.length ? left : right).add(v)
        })
        left.merge(right)
        for (const q of [0, 0.3, 0.5, 0.99, 1]) expect(left.quantile(q)).toBe(whole.quantile(q))
        expect(left.count).toBe(values.length)
      }),
    )
  })

  it('comes back the same from its keys', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e7, noNaN: true })), (values) => {
        const sketch = new Sketch()
        const copy = new Sketch()
        for (const v of values) sketch.add(v)
        sketch.each((key, times) => {
          expect(key >= 0 && key < 4096 && times > 0).toBe(true)
          copy.addKey(key, times)
        })
        expect(copy.count).toBe(values.length)
        for (const q of [0, 0.5, 0.99, 1]) expect(copy.quantile(q)).toBe(sketch.quantile(q))
      }),
    )
  })

  it('has no quantile when empty, and zero is a value', () => {
    const sketch = new Sketch()
    expect(sketch.quantile(0.5)).toBeUndefined()
    sketch.add(0)
    expect(sketch.quantile(0.5)).toBe(0)
  })

  it('refuses what is no latency', () => {
    expect(() => new Sketch().add(Number.NaN)).toThrow(RangeError)
    expect(() => new Sketch().add(-1)).toThrow(RangeError)
  })
})

describe('enoughFor', () => {
  it('wants 10,000 requests before it speaks of P9999', () => {
    expect(enoughFor(0.9999, 9_999)).toBe(false)
    expect(enoughFor(0.9999, 10_000)).toBe(true)
    expect(enoughFor(0.5, 2)).toBe(true)
  })
})
