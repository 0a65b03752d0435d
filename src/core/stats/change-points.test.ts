import { describe, expect, it } from 'vitest'
import { seededRandom } from '../kernel/random.ts'
import { type ChangeOptions, changePoints, median, withoutSeason } from './change-points.ts'

/** Standard normal (Box-Muller). */
const normal = (random: () => number) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const counts = (random: () => number, mean: number) => Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
/** Requests per bucket over `days` days, with the curve of a day. */
const day = (random: () => number, i: number, n: number, days = 1) => 400 * (1 + 0.8 * Math.sin((2 * Math.PI * days * i) / n)) * (1 + 0.05 * normal(random))
const series = (seed: number, n: number, value: (random: () => number, i: number) => number) => {
  const random = seededRandom(seed)
  return Array.from({ length: n }, (_, i) => value(random, i))
}
const COUNT: ChangeOptions = { scale: 'sqrt' }

describe('changePoints must fire', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it(`on a level that doubles, within two points of the moment (seed ${seed})`, () => {
      const found = changePoints(
        series(seed, 240, (random, i) => counts(random, i < 130 ? 100 : 200)),
        COUNT,
      )
      expect(found.length).toBe(1)
      expect(Math.abs(found[0]!.index - 130)).toBeLessThanOrEqual(2)
      expect(Math.abs(found[0]!.before - 100)).toBeLessThan(12)
      expect(found[0]!.after / found[0]!.before).toBeCloseTo(2, 0)
    })

    it(`on an incident of forty points: its begin and its end (seed ${seed})`, () => {
      const found = changePoints(
        series(seed, 300, (random, i) => (i >= 120 && i < 160 ? 0.08 : 0.01) * (1 + 0.3 * normal(random))),
        { scale: 'asin', step: 0.01 },
      )
      expect(found.map(({ index }) => Math.round(index / 10))).toEqual([12, 16])
    })

    it(`on a step in the middle of the curve of a day (seed ${seed})`, () => {
      const found = changePoints(
        series(seed, 288, (random, i) => day(random, i, 288) * (i >= 200 ? 2.5 : 1)),
        COUNT,
      )
      expect(found.some(({ index }) => Math.abs(index - 200) <= 2)).toBe(true)
    })

    it(`on times that doubled a short while ago (seed ${seed})`, () => {
      const found = changePoints(
        series(seed, 180, (random, i) => (i >= 168 ? 0.4 : 0.2) * Math.exp(0.1 * normal(random))),
        { scale: 'log' },
      )
      expect(found.length).toBe(1)
      expect(Math.abs(found[0]!.index - 168)).toBeLessThanOrEqual(2)
    })
  }

  it('on a series without noise', () => {
    expect(changePoints([...Array(50).fill(1), ...Array(50).fill(3)]).map(({ index }) => index)).toEqual([50])
  })

  it('where the series has gaps, by the index in the series', () => {
    const values: (number | null)[] = series(3, 240, (random, i) => counts(random, i < 130 ? 100 : 200))
    for (let i = 20; i < 40; i++) values[i] = null
    const found = changePoints(values, COUNT)
    expect(found.length).toBe(1)
    expect(Math.abs(found[0]!.index - 130)).toBeLessThanOrEqual(2)
  })
})

describe('changePoints must not fire', () => {
  it('on nothing, few points, or a constant', () => {
    expect(changePoints([])).toEqual([])
    expect(changePoints([1, 9, 1])).toEqual([])
    expect(changePoints(Array(200).fill(0))).toEqual([])
    expect(changePoints(Array(200).fill(null))).toEqual([])
  })

  it('on single spikes and dips', () => {
    const values = series(4, 240, (random) => counts(random, 100))
    for (const i of [40, 41, 90, 170]) values[i] = 2000
    for (const i of [60, 200]) values[i] = 0
    expect(changePoints(values, COUNT)).toEqual([])
  })

  it('on steps too small to matter', () => {
    const values = series(5, 240, (random, i) => (i < 120 ? 1000 : 1100) + random())
    expect(changePoints(values, COUNT)).toEqual([])
  })

  const quiet: Record<string, { value: (random: () => number, i: number) => number; options: ChangeOptions }> = {
    'steady counts': { value: (random) => counts(random, 60), options: COUNT },
    'few counts': { value: (random) => counts(random, 4), options: COUNT },
    'the curve of a day': { value: (random, i) => day(random, i, 288), options: COUNT },
    'the curve of three days': { value: (random, i) => day(random, i, 288, 3), options: COUNT },
    'times with a heavy tail': { value: (random) => 0.2 * Math.exp(0.5 * normal(random)), options: { scale: 'log' } },
    'rare errors': { value: (random) => (random() < 0.1 ? 0.01 * random() : 0), options: { scale: 'asin', step: 0.005 } },
  }
  for (const [name, { value, options }] of Object.entries(quiet)) {
    it(`more than once in 100 series of 288 points of ${name}`, () => {
      let alarms = 0
      for (let seed = 0; seed < 200; seed++) alarms += changePoints(series(1000 + seed, 288, value), options).length
      expect(alarms / 200).toBeLessThanOrEqual(0.01)
    })
  }
})

describe('withoutSeason', () => {
  const week = (seed: number, after: number) => series(seed, 168, (random, i) => day(random, i, 168, 7) * (i >= 100 ? after : 1))
  it('keeps steps and takes days out of a week by the hour', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      expect(changePoints(withoutSeason(week(seed, 1), 24), COUNT)).toEqual([])
      const found = changePoints(withoutSeason(week(seed, 2), 24), COUNT)
      expect(found.map(({ index }) => Math.round((index - 100) / 4))).toEqual([0])
    }
  })

  it('does nothing with less than three periods, and keeps gaps', () => {
    expect(withoutSeason([1, 2, 3, 4, 5], 2)).toEqual([1, 2, 3, 4, 5])
    expect(withoutSeason([1, 2, null, 2, 1, 2], 2)).toEqual([2, 2, null, 2, 2, 2].map((v) => v && 2))
  })
})

describe('median', () => {
  it('is the middle, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
  })
})
