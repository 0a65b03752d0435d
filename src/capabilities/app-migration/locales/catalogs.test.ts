import { expect, it } from 'vitest'
import { MOVE_STATES } from '../domain/move-states.ts'
import en from './en.json' with { type: 'json' }
import zh from './zh-CN.json' with { type: 'json' }

const flat = (catalog: object, prefix = ''): [string, string][] =>
  Object.entries(catalog).flatMap(([key, value]) => (typeof value === 'string' ? [[`${prefix}${key}`, value]] : flat(value as object, `${prefix}${key}.`)))
const gaps = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort()

it('have the same keys, and the same values to fill in', () => {
  const chinese = new Map(flat(zh))
  expect([...chinese.keys()].sort()).toEqual(
    flat(en)
      .map(([key]) => key)
      .sort(),
  )
  for (const [key, text] of flat(en)) expect(gaps(chinese.get(key)!), key).toEqual(gaps(text))
  for (const state of MOVE_STATES) expect(en.states[state], state).toBeTruthy()
})
