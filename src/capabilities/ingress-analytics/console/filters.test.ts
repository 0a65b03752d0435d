import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addFilter, addStatusClass, chips, FIELDS, type Filter, finer, formatFilter, MEASURES, parseFilter, removeFilters, turnFilter } from './filters.ts'

const is = (field: Filter['field'], value: string): Filter => ({ field, op: 'eq', value })
const words = FIELDS.filter((f) => !['status', 'upstream_status', ...MEASURES].includes(f))
const numbers = FIELDS.filter((f) => !words.includes(f))
const filter: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ field: fc.constantFrom(...words), op: fc.constantFrom('eq', 'ne', 'contains'), value: fc.string({ minLength: 1, maxLength: 60 }) }),
  fc.record({ field: fc.constantFrom(...numbers), op: fc.constantFrom('eq', 'ne', 'gte', 'lte'), value: fc.nat().map(String) }),
)

describe('filters', () => {
  it('come back from their text', () => {
    fc.assert(
      fc.property(filter, (f) => {
        expect(parseFilter(formatFilter(f))).toEqual(f)
      }),
    )
    expect(parseFilter('host:eq:a:b:c')).toEqual(is('host', 'a:b:c'))
    expect(parseFilter('upstream_addr:eq:')).toEqual(is('upstream_addr', ''))
  })

  it('refuse text that is none', () => {
    for (const text of ['', 'host', 'host:gte:5', 'host:contains:', 'host:like:x', 'nosuch:eq:x', 'Host:eq:x', 'status:eq:', `host:eq:${'x'.repeat(600)}`])
      expect(parseFilter(text), text).toBeUndefined()
  })

  it('are added once, in place of their opposite and of an older bound', () => {
    expect(addFilter([is('host', 'a')], is('host', 'a'))).toEqual([is('host', 'a')])
    expect(addFilter([is('host', 'a')], { field: 'host', op: 'ne', value: 'a' })).toEqual([{ field: 'host', op: 'ne', value: 'a' }])
    expect(addFilter([{ field: 'request_time', op: 'gte', value: '1' }], { field: 'request_time', op: 'gte', value: '2' })).toEqual([
      { field: 'request_time', op: 'gte', value: '2' },
    ])
    expect(addFilter([is('host', 'a')], is('host', 'b'))).toHaveLength(2)
  })

  it('turning twice is nothing, and never leaves a double', () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 6 }), (all) => {
        const unique = all.reduce<Filter[]>((kept, f) => addFilter(kept, f), [])
        const [first] = unique
        if (!first) return
        const turned = turnFilter(unique, first)
        expect(new Set(turned.map(formatFilter)).size).toBe(turned.length)
        const back: Filter = first.op === 'eq' ? { ...first, op: 'ne' } : first.op === 'ne' ? { ...first, op: 'eq' } : first
        expect(turnFilter(turned, back).map(formatFilter)).toEqual(unique.map(formatFilter))
      }),
    )
  })

  it('show a status class as one chip that is removed whole', () => {
    const filters = addStatusClass([is('host', 'a'), is('status', '404')], 5)
    const shown = chips(filters)
    expect(shown.map((c) => [c.field, c.op, c.value])).toEqual([
      ['host', 'eq', 'a'],
      ['status', 'class', '5xx'],
    ])
    expect(removeFilters(filters, shown[1]!.filters)).toEqual([is('host', 'a')])
  })

  it('stand together by dimension and say "or" between equals only', () => {
    const shown = chips([is('host', 'a'), is('status', '200'), { field: 'host', op: 'ne', value: 'c' }, is('host', 'b')])
    expect(shown.map((c) => [c.field, c.op, c.value, c.or])).toEqual([
      ['host', 'eq', 'a', false],
      ['host', 'eq', 'b', true],
      ['host', 'ne', 'c', false],
      ['status', 'eq', '200', false],
    ])
  })

  it('lead to a finer dimension that is not narrowed yet', () => {
    expect(finer('route', [is('route', 'x')])).toBe('path_pattern')
    expect(finer('route', [is('route', 'x'), is('path_pattern', '/')])).toBe('status')
    expect(finer('pod', [])).toBe('pod')
    // status and upstream lead to each other: it must end.
    expect(finer('status', [is('status', '502'), is('upstream_addr', 'a')])).toBe('status')
  })
})
