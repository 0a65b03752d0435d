import { describe, expect, it } from 'vitest'
import { filterConditions, filtersOf, matchesAll, type Params, parseFilter } from './filters.ts'

describe('parseFilter', () => {
  it('takes dimensions and number fields with their operators', () => {
    expect(parseFilter('host:eq:shop.example')).toEqual({ ok: true, value: { field: 'host', operator: 'eq', value: 'shop.example' } })
    expect(parseFilter('request_time:gte:0.5')).toEqual({ ok: true, value: { field: 'request_time', operator: 'gte', value: 0.5 } })
    expect(parseFilter('path:contains:a:b')).toMatchObject({ ok: true, value: { value: 'a:b' } })
    expect(parseFilter('country:eq:')).toMatchObject({ ok: true, value: { value: '' } })
  })

  it('says what is wrong, and what was probably meant', () => {
    for (const [text, said] of [
      ['host', 'dimension:operator:value'],
      ['hots:eq:a', 'did you mean host?'],
      ['host:eql:a', 'did you mean eq?'],
      ['host:gte:a', 'is text'],
      ['status:contains:5', 'is a number'],
      ['status:eq:ok', 'from 0 up'],
      ['status:eq:', 'from 0 up'],
      ['cluster:eq:other', 'no dimension'],
    ] as const) {
      const parsed = parseFilter(text)
      expect(parsed.ok ? '' : parsed.error).toContain(said)
    }
  })
})

describe('filterConditions', () => {
  it('joins equal ones on one dimension by OR and all else by AND, and puts no text into the SQL', () => {
    const params: Params = {}
    const conditions = filterConditions(
      filtersOf(['host:eq:a', 'host:eq:b', "host:contains:x' OR 1", 'path:ne:/health', 'status:gte:500', 'status:lte:599']),
      params,
    )
    expect(conditions).toEqual([
      '(host IN {f0:Array(String)} OR positionCaseInsensitiveUTF8(host, {f1:String}) > 0)',
      'NOT has({f2:Array(String)}, path)',
      'status >= {f3:Float64}',
      'status <= {f4:Float64}',
    ])
    expect(params).toEqual({ f0: ['a', 'b'], f1: "x' OR 1", f2: ['/health'], f3: 500, f4: 599 })
  })
})

describe('conditions on codes', () => {
  it('compare whole numbers, and none with what is no code', () => {
    const params: Params = {}
    expect(filterConditions(filtersOf(['status:eq:502', 'status:eq:499.5', 'upstream_status:ne:70000']), params)).toEqual([
      'status IN {f0:Array(UInt16)}',
      'upstream_status NOT IN {f1:Array(UInt16)}',
    ])
    expect(params).toEqual({ f0: [502], f1: [] })
  })
})

describe('matchesAll', () => {
  it('judges rows as the SQL does', () => {
    const row = { host: 'Shop.example', status: 502, request_time: null }
    const judge = (...texts: string[]) => matchesAll(filtersOf(texts), row)
    expect(judge()).toBe(true)
    expect(judge('host:contains:SHOP', 'status:gte:500')).toBe(true)
    expect(judge('host:eq:a', 'host:contains:shop')).toBe(true)
    expect(judge('host:eq:a')).toBe(false)
    expect(judge('status:ne:502')).toBe(false)
    expect(judge('status:lte:499')).toBe(false)
    expect(judge('request_time:gte:0')).toBe(false)
  })
})
