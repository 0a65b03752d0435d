import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fieldsSelect, parseFieldSelector, parseLabelSelector, printLabelSelector, type Requirement, requirementsOf, selects } from './selectors.ts'

const pod = { app: 'cart', tier: 'web', weight: '5', empty: '' }

it.each([
  ['', true],
  ['app=cart', true],
  ['app==cart,tier in (db, web)', true],
  ['app!=cart', false],
  ['missing!=x', true],
  ['missing notin (x,y)', true],
  ['tier notin (web)', false],
  ['app', true],
  ['!app', false],
  ['!canary', true],
  ['weight>4,weight<6', true],
  ['weight>5', false],
  ['app>1', false],
  ['empty=', true],
  ['toString', false],
  ['!toString', true],
])('%s selects %s', (text, expected) => expect(selects(parseLabelSelector(text), pod)).toBe(expected))

it.each(['app=a b', 'x in', 'x in (a', '=', 'a=b,,=c', 'a ~ b'])('%j is refused with the part that is wrong', (text) => {
  expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
})

it('reads what it prints', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
  const requirement: fc.Arbitrary<Requirement> = fc.oneof(
    fc.record({ key: word, operator: fc.constantFrom('in' as const, 'notin' as const), values: fc.array(word, { minLength: 1, maxLength: 3 }) }),
    fc.record({ key: word, operator: fc.constantFrom('exists' as const, 'absent' as const), values: fc.constant([]) }),
    fc.record({ key: word, operator: fc.constantFrom('gt' as const, 'lt' as const), values: fc.nat().map((n) => [String(n)]) }),
  )
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 5 }), (all) => {
      expect(parseLabelSelector(printLabelSelector(all))).toEqual(all)
    }),
  )
})

it('takes LabelSelectors of objects', () => {
  const selector = { matchLabels: { app: 'cart' }, matchExpressions: [{ key: 'tier', operator: 'NotIn' as const, values: ['db'] }] }
  expect(selects(requirementsOf(selector), pod)).toBe(true)
  expect(selects(requirementsOf({ ...selector, matchLabels: { app: 'x' } }), pod)).toBe(false)
})

it('selects by fields, escapes included', () => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a,b' }, status: { phase: 'Running' } }
  expect(fieldsSelect(parseFieldSelector('metadata.name=a\\,b,status.phase!=Failed'), object)).toBe(true)
  expect(fieldsSelect(parseFieldSelector('status.phase=Failed'), object)).toBe(false)
  expect(fieldsSelect(parseFieldSelector('spec.nodeName='), object)).toBe(true)
  expect(() => parseFieldSelector('status.phase')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
})
