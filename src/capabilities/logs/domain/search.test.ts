import { describe, expect, it } from 'vitest'
import { parseSearch, searcher } from './search.ts'

const terms = (text: string) => {
  const parsed = parseSearch(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.value
}
const finds = (text: string, body: string, attributes = {}) => searcher(terms(text))(body, attributes)

describe('what is looked for', () => {
  it('is words, phrases and fields, each also negated', () => {
    expect(terms('Timeout "connection reset" -healthz status=500 -level=debug msg="two words" a.b=c')).toEqual([
      { not: false, kind: 'text', text: 'Timeout', exact: true },
      { not: false, kind: 'text', text: 'connection reset', exact: false },
      { not: true, kind: 'text', text: 'healthz', exact: false },
      { not: false, kind: 'field', name: 'status', value: '500' },
      { not: true, kind: 'field', name: 'level', value: 'debug' },
      { not: false, kind: 'field', name: 'msg', value: 'two words' },
      { not: false, kind: 'field', name: 'a.b', value: 'c' },
    ])
    expect(terms('')).toEqual([])
    expect(terms('"a=b" - x')).toEqual([
      { not: false, kind: 'text', text: 'a=b', exact: false },
      { not: false, kind: 'text', text: '-', exact: false },
      { not: false, kind: 'text', text: 'x', exact: false },
    ])
  })

  it('is refused with what is wrong', () => {
    expect(parseSearch('"open')).toMatchObject({ ok: false, error: 'a quotation mark is not closed' })
    expect(parseSearch('x'.repeat(2000))).toMatchObject({ ok: false })
    expect(parseSearch('a '.repeat(20))).toMatchObject({ ok: false, error: 'at most 16 terms' })
  })
})

it('finds what is there and nothing else', () => {
  expect(finds('timeout', 'Timeout of x')).toBe(true)
  expect(finds('Timeout', 'timeout of x')).toBe(false)
  expect(finds('-healthz', 'GET /healthz')).toBe(false)
  expect(finds('status=500', '{"status":500}')).toBe(true)
  expect(finds('status=500', '{"status":"500","x":1}')).toBe(true)
  expect(finds('status=500', '{"status":5000}')).toBe(false)
  expect(finds('http.status=500', '{"http":{"status":500}}')).toBe(true)
  expect(finds('http.status=500', '{"http.status":500}')).toBe(true)
  expect(finds('status=500', 'ts=1 status=500 x')).toBe(true)
  expect(finds('status=500', 'oldstatus=500 status=5001')).toBe(false)
  expect(finds('msg="two words"', 'level=info msg="two words" x=1')).toBe(true)
  expect(finds('team=shop', 'nothing', { team: 'shop' })).toBe(true)
  expect(finds('-team=shop', 'nothing', { team: 'shop' })).toBe(false)
})
