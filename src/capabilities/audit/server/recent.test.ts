import { expect, it } from 'vitest'
import { createRecent } from './recent.ts'

it('knows what was seen, also when everything has one id, and forgets the oldest', () => {
  const recent = createRecent(100)
  recent.add('a', 'x')
  expect([recent.has('a', 'x'), recent.has('a', 'y'), recent.has('b', 'x')]).toEqual([true, false, false])
  for (let i = 0; i < 99; i++) recent.add('same', `ResponseComplete ${i} of many requests`)
  for (let i = 0; i < 99; i++) expect(recent.has('same', `ResponseComplete ${i} of many requests`)).toBe(true)
  expect(recent.has('same', 'ResponseComplete 99 of many requests')).toBe(false)
  for (let i = 0; i < 300; i++) recent.add(`id-${i}`, 'x')
  expect([recent.has('a', 'x'), recent.has('id-299', 'x'), recent.has('id-220', 'x')]).toEqual([false, true, true])
})
