import { expect, it } from 'vitest'
import { masked, patternsOf } from './patterns.ts'

const sample = (body: string, severity = 9) => ({ body, severity, service: 's', at: 1 })

it('puts records together that differ in their values only', () => {
  const bodies = [
    ...Array.from({ length: 30 }, (_, i) => `user ${i} paid ${i * 3}.50 EUR in ${i}ms from 10.0.0.${i}:80`),
    ...Array.from({ length: 20 }, (_, i) => `connection to db-${i % 3} lost after ${i}s`),
    ...Array.from({ length: 5 }, (_, i) => `{"level":"info","msg":"order ${i} shipped","id":"${i}"}`),
    'started',
  ]
  expect(
    patternsOf(
      bodies.map((body) => sample(body)),
      10,
    ).map(({ pattern, count }) => [count, pattern]),
  ).toEqual([
    [30, 'user <*> paid <*> EUR in <*> from <*>'],
    [20, 'connection to db-<*> lost after <*>'],
    [5, '{… order <*> shipped}'],
    [1, 'started'],
  ])
})

it('makes one of sentences with one word changed, and keeps others apart', () => {
  const words = ['alpha', 'beta', 'gamma'].map((name) => sample(`volume ${name} attached to node without any trouble`))
  expect(patternsOf(words, 10).map(({ pattern }) => pattern)).toEqual(['volume <*> attached to node without any trouble'])
  expect(patternsOf([sample('cache hit'), sample('cache miss')], 10)).toHaveLength(2)
})

it('masks ids, numbers and colors', () => {
  expect(masked('\u001b[32mok\u001b[0m 4f0c2f2e-1b9d-4c55-9a38-8c1f0b2a6f11 0xdeadbeef 2026-05-06T11:00:00Z')).toBe('ok <*> <*> <*>')
  expect(masked('v1 of utf8 stays readable')).toContain('stays readable')
})
