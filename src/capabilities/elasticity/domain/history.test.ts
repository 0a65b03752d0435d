import { describe, expect, it } from 'vitest'
import { createHistory } from './history.ts'

describe('what was seen of a policy', () => {
  it('is kept every five seconds, the oldest first, and what was not known stays unknown', () => {
    const history = createHistory(2)
    for (let second = 0; second < 1_000; second++)
      history.record(second * 1_000, {
        min: 1,
        max: 9,
        rate: second,
        ...(second < 990 ? {} : { ahead: 2 * second }),
        targets: [{ actual: 3, ready: 2, desired: 4, predicted: 5 }, { actual: 1 }],
      })
    const { at, rate, ahead, targets, max } = history.read()
    expect(at).toHaveLength(180)
    expect(at.at(-1)).toBe(995_000)
    expect(at[0]).toBe(100_000)
    expect(rate.at(-1)).toBe(995)
    expect(ahead.slice(-2)).toEqual([1_980, 1_990])
    expect(ahead[0]).toBeNull()
    expect(max[0]).toBe(9)
    expect(targets[0]).toMatchObject({ actual: Array(180).fill(3), predicted: Array(180).fill(5) })
    expect(targets[1]!.ready[0]).toBeNull()
  })

  it('goes on when the clock was set back', () => {
    const history = createHistory(1)
    history.record(100_000, { min: 1, max: 2, targets: [] })
    history.record(50_000, { min: 1, max: 2, targets: [] })
    expect(history.read().at).toEqual([100_000, 50_000])
  })
})
