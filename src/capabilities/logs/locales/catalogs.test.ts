import { expect, test } from 'vitest'
import { FIELDS } from '../domain/api.ts'
import { LEVELS } from '../domain/severity.ts'
import en from './en.json' with { type: 'json' }
import zh from './zh-CN.json' with { type: 'json' }

const keysOf = (value: object, path = ''): string[] =>
  Object.entries(value).flatMap(([key, inner]) => (typeof inner === 'object' && inner !== null ? keysOf(inner, `${path}${key}.`) : [`${path}${key}`]))

test('both catalogs have the same keys, and every word that is made of data', () => {
  expect(keysOf(zh).sort()).toEqual(keysOf(en).sort())
  expect(keysOf(en)).toEqual(expect.arrayContaining([...LEVELS.map((level) => `levels.${level}`), ...FIELDS.map((field) => `column.${field}`)]))
})
