import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extremes, hasData, seriesColors, stack } from './chart-data.ts'

test('a name has the same color alone and among others, and compared ones share it', () => {
  const [alone] = seriesColors([{ name: 'p99' }])
  const colors = seriesColors([{ name: 'p99', compared: true }, { name: 'mean', color: 'ok' }, { name: 'p99' }])
  expect(colors).toEqual([alone, '--sp-tone-ok', alone])
})

test('up to eight names never share a color', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 8 }), (names) => {
      expect(new Set(seriesColors(names.map((name) => ({ name })))).size).toBe(names.length)
    }),
  )
})

test('stacks skip what is hidden and keep gaps as gaps', () => {
  const values = [
    [1, null, 3],
    [10, 20, 30],
    [100, 200, null],
  ]
  expect(stack(values, [true, true, true])).toEqual([
    [1, null, 3],
    [11, 20, 33],
    [111, 220, null],
  ])
  expect(stack(values, [true, false, true])[2]).toEqual([101, 200, null])
})

test('extremes skip gaps; only gaps is no data', () => {
  expect(extremes([null, 4, 2, null])).toEqual({ last: 2, min: 2, max: 4 })
  expect(extremes([null])).toEqual({ last: null, min: null, max: null })
  expect([hasData([{ name: 'a', label: 'a', values: [null, null] }]), hasData([{ name: 'a', label: 'a', values: [null, 0] }])]).toEqual([false, true])
})
