import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutManagedFields } from './managed-fields.ts'

const fields = fc.array(
  fc.record({
    manager: fc.string(),
    operation: fc.constantFrom('Update', 'Apply'),
    fieldsV1: fc.dictionary(fc.string(), fc.dictionary(fc.constantFrom('f:a', '.', 'k:{"name":"main"}'), fc.jsonValue({ maxDepth: 2 }))),
  }),
  { minLength: 1, maxLength: 3 },
)
const text = fc.oneof(fc.string(), fc.constantFrom('"managedFields":[{"manager":"', '],"managedFields":[', '\\"managedFields":[{"manager":"x"}]'))
const object = fc.record({
  before: fc.option(text, { nil: undefined }),
  managedFields: fc.option(fields, { nil: undefined }),
  after: fc.option(fc.dictionary(text, fc.oneof(text, fc.jsonValue({ maxDepth: 2 }))), { nil: undefined }),
})

describe('managedFields', () => {
  it('are cut out of any JSON, and nothing else is', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 4 }), (items) => {
        const without = items.map(({ managedFields: _, ...rest }) => ({ metadata: rest }))
        const json = JSON.stringify({ items: items.map((metadata) => ({ metadata })) })
        const cut = withoutManagedFields(json)
        expect(JSON.parse(cut)).toEqual(JSON.parse(JSON.stringify({ items: without })))
        expect(cut).not.toMatch(/[^\\]"managedFields":\[\{"manager":"/)
      }),
    )
  })
  it('stay where they are written otherwise, or cut off', () => {
    for (const json of ['{"managedFields": [{"manager":"a"}]}', '{"managedFields":[]}', '{"a":{"managedFields":[{"manager":"a","fieldsV1":{"f:x', '[1]'])
      expect(withoutManagedFields(json)).toBe(json)
  })
})
