import { expect, it } from 'vitest'
import { MEASURES } from '../domain/judge/limits.ts'
import { COMMANDS, PHASES } from '../resources/canary.ts'
import en from './en.json' with { type: 'json' }
import zh from './zh-CN.json' with { type: 'json' }

const flat = (catalog: object, prefix = ''): string[] =>
  Object.entries(catalog).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${prefix}${key} ${[...value.matchAll(/\{\{\w+\}\}/g)].sort().join()}`] : flat(value, `${prefix}${key}.`),
  )

it('both catalogs have the same keys, and name every phase, command and measure', () => {
  expect(flat(zh).sort()).toEqual(flat(en).sort())
  for (const catalog of [en, zh]) {
    expect(Object.keys(catalog.phases).sort()).toEqual([...PHASES].sort())
    expect(Object.keys(catalog.commands).sort()).toEqual([...COMMANDS].sort())
    expect(Object.keys(catalog.measures)).toEqual(expect.arrayContaining([...MEASURES, 'success', 'timeouts', 'bytes', 'mean', 'p9999', 'max']))
  }
})
