import { expect, test } from 'vitest'
import { changeOf } from './stat.tsx'

test('change has a direction, and a judgment only where one was said', () => {
  expect(changeOf(110, 100, 'number')).toMatchObject({ direction: 'up', amount: 0.1, judgment: 'neutral' })
  expect(changeOf(0.98, 0.99, 'share', 'higher')).toMatchObject({ direction: 'down', points: true, judgment: 'bad' })
  expect(changeOf(0.1, 0.2, 'seconds', 'lower')).toMatchObject({ direction: 'down', judgment: 'good' })
})

test('what is smaller than can be seen is no change; from nothing is new; missing has none', () => {
  expect(changeOf(0.99591, 0.9959, 'share', 'higher')?.direction).toBe('same')
  expect(changeOf(5, 0, 'number')?.direction).toBe('new')
  expect(changeOf(null, 5, 'number')).toBeUndefined()
  expect(changeOf(5, Number.NaN, 'number')).toBeUndefined()
})
