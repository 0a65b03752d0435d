import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Column, chosenColumns, haystackOf, rowsAsText, searchRows, sortRows } from './table-rows.ts'

interface Row {
  name: string | null
  size: number | null
}
const columns: Column<Row>[] = [
  { id: 'name', title: 'Name' },
  { id: 'size', title: 'Size', unit: 'number', hidden: true },
]
const rows: Row[] = [
  { name: 'pod-10', size: 3 },
  { name: 'pod-9', size: null },
  { name: null, size: 12 },
  { name: 'Pod-1', size: 3 },
]

test('all words must be found, none of those with !', () => {
  const haystack = haystackOf(rows, columns)
  expect(searchRows(haystack, '  ')).toBeUndefined()
  expect([...(searchRows(haystack, 'POD 3') ?? [])]).toEqual([0, 3])
  expect([...(searchRows(haystack, 'pod !10') ?? [])]).toEqual([1, 3])
  expect([...(searchRows(haystack, 'pod-93') ?? [])]).toEqual([])
})

test('texts by number in them, missing last both ways, equal ones as they came', () => {
  const [name, size] = columns as [Column<Row>, Column<Row>]
  expect([...sortRows(rows, undefined, name, 'asc')]).toEqual([3, 1, 0, 2])
  expect([...sortRows(rows, undefined, name, 'desc')]).toEqual([0, 1, 3, 2])
  expect([...sortRows(rows, undefined, size, 'desc')]).toEqual([2, 0, 3, 1])
  expect([...sortRows(rows, Uint32Array.from([3, 2]), size, 'asc')]).toEqual([3, 2])
})

test('sorting loses and doubles no row', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.oneof(fc.integer(), fc.string(), fc.constant(Number.NaN)))), (values) => {
      const index = sortRows(values, undefined, { id: 'v', title: 'V', value: (v) => v }, 'asc')
      expect([...index].sort((a, b) => a - b)).toEqual(values.map((_, i) => i))
    }),
  )
})

test('chosen columns keep the order chosen; unknown ones are ignored', () => {
  expect(chosenColumns(columns, []).map(({ id }) => id)).toEqual(['name'])
  expect(chosenColumns(columns, ['size', 'gone', 'name']).map(({ id }) => id)).toEqual(['size', 'name'])
})

test('rows as text for a spreadsheet', () => {
  expect(rowsAsText(columns, [{ name: 'a\tb', size: 1234.5 }])).toBe('Name\tSize\na b\t1234.5')
})
