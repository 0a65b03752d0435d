import { expect, it } from 'vitest'
import en from './en.json' with { type: 'json' }
import zh from './zh-CN.json' with { type: 'json' }

const flat = (catalog: object, prefix = ''): string[] =>
  Object.entries(catalog).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${prefix}${key} ${[...value.matchAll(/\{\{\w+\}\}/g)].sort().join()}`] : flat(value, `${prefix}${key}.`),
  )

it('both catalogs have the same keys', () => {
  expect(flat(zh).sort()).toEqual(flat(en).sort())
})
