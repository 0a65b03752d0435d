import { expect, it } from 'vitest'
import { fill, translator } from './sentences.ts'

const say = translator([
  ['waiting for {what}', '等待 {what}'],
  ['{n} of {all} pods', '{all} 个 Pod 中的 {n} 个'],
  ['made by them', '由其创建'],
])

it('finds the template that made a text, also within another and beside another', () => {
  expect(say(fill('waiting for {what}', { what: fill('{n} of {all} pods', { n: 1, all: 2 }) }))).toBe('等待 2 个 Pod 中的 1 个')
  expect(say('made by them; waiting for rain')).toBe('由其创建；等待 rain')
})

it('leaves what nobody made, and texts with signs of patterns', () => {
  expect(say('')).toBe('')
  expect(say('no such (thing)')).toBe('no such (thing)')
  expect(translator([['a (b) {c}?', 'x {c}']])('a (b) $1?')).toBe('x $1')
})
