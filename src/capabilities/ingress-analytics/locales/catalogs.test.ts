import { describe, expect, it } from 'vitest'
import { FIELDS } from '../console/filters.ts'
import { INCOMPLETE, NUMBERS, OPERATORS } from '../domain/api.ts'
import en from './en.json' with { type: 'json' }
import zh from './zh-CN.json' with { type: 'json' }

const flat = (catalog: object, prefix = ''): Map<string, string> =>
  new Map(
    Object.entries(catalog).flatMap(([key, value]) =>
      typeof value === 'string' ? [[`${prefix}${key}`, value] as const] : [...flat(value as object, `${prefix}${key}.`)],
    ),
  )
const gaps = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).sort()

describe('catalogs', () => {
  const english = flat(en)
  const chinese = flat(zh)
  it('have the same keys, and the same values to fill in', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
    for (const [key, text] of english) expect(gaps(chinese.get(key) ?? ''), key).toEqual(gaps(text))
  })
  it('name every field, number, operator and reason', () => {
    for (const catalog of [english, chinese]) {
      for (const field of FIELDS) expect(catalog.get(`field.${field}`), field).toBeTruthy()
      for (const number of NUMBERS) expect(catalog.get(`number.${number}`), number).toBeTruthy()
      for (const op of OPERATORS) expect(catalog.get(`op.${op}`), op).toBeTruthy()
      for (const reason of INCOMPLETE) expect(catalog.get(`incomplete.${reason}`), reason).toBeTruthy()
    }
  })
})
