import fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { urlFlag, urlList, urlNumber } from './url-fields.ts'
import { parseSearch, readState, stringifySearch, writeState } from './url-state.ts'

const schema = z.object({ by: z.enum(['route', 'host']).default('route'), filter: urlList, wide: urlFlag, size: urlNumber(10, 1, 100) })

test('reads what it can and takes the default for the rest', () => {
  expect(readState(schema, { by: 'nonsense', filter: 'a:eq:b', wide: 'true', size: '5000' })).toEqual({ by: 'route', filter: ['a:eq:b'], wide: true, size: 10 })
})

test('defaults leave the address, other names stay', () => {
  const search = writeState(schema, { from: 'now-6h' }, { by: 'host', filter: ['x', 'y'], wide: false })
  expect(search).toEqual({ from: 'now-6h', by: 'host', filter: ['x', 'y'] })
  expect(writeState(schema, search, { by: 'route', filter: [] })).toEqual({ from: 'now-6h' })
})

test('prefixes keep two tables apart', () => {
  expect(readState(schema, writeState(schema, {}, { size: 20 }, 'a.'), 'b.').size).toBe(10)
})

test('any search reads back as it was written', () => {
  const texts = fc.string({ minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z.]{1,8}$/), fc.oneof(texts, fc.array(texts, { minLength: 2, maxLength: 4 }))), (search) => {
      expect(parseSearch(stringifySearch(search))).toEqual({ ...search })
    }),
  )
})
