import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type CustomResource, definitionOf, RESOURCE_API, readResource } from './custom-resource.ts'

const example = {
  kind: 'Example',
  plural: 'examples',
  scope: 'Namespaced',
  description: 'For this test.',
  spec: z.object({
    name: z
      .string()
      .regex(/^[a-z]+$/)
      .max(20)
      .describe('Who.'),
    count: z.int().min(0).default(3),
    weight: z.number().gt(0).optional(),
    port: z.union([z.number(), z.string()]).optional(),
    labels: z.record(z.string(), z.string()).default({}),
    mode: z.enum(['warn', 'deny']).default('warn'),
    items: z
      .array(z.strictObject({ since: z.iso.datetime().optional() }))
      .max(5)
      .default([]),
    patch: z.unknown().optional(),
    strict: z
      .string()
      .regex(/^(?!no)/)
      .optional(),
    none: z.string().nullable().optional(),
  }),
  status: z.object({ phase: z.string().optional() }),
  columns: [{ name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How far it is.' }],
} as const satisfies CustomResource

describe('definitionOf', () => {
  const version = (definitionOf(example).spec as any).versions[0]
  const spec = version.schema.openAPIV3Schema.properties.spec
  it('is a structural schema with defaults and limits', () => {
    expect(spec.required).toEqual(['name'])
    expect(spec.properties).toEqual({
      name: { type: 'string', description: 'Who.', maxLength: 20, pattern: '^[a-z]+$' },
      count: { type: 'integer', format: 'int64', minimum: 0, default: 3 },
      weight: { type: 'number', minimum: 0, exclusiveMinimum: true },
      port: { 'x-kubernetes-int-or-string': true },
      labels: { type: 'object', additionalProperties: { type: 'string' }, default: {} },
      mode: { type: 'string', enum: ['warn', 'deny'], default: 'warn' },
      items: { type: 'array', maxItems: 5, default: [], items: { type: 'object', properties: { since: { type: 'string', format: 'date-time' } } } },
      patch: { 'x-kubernetes-preserve-unknown-fields': true },
      // RE2 has no look-ahead: checked when it is read
      strict: { type: 'string' },
      none: { type: 'string', nullable: true },
    })
  })
  it('has the printer columns and the age', () => {
    expect(version.additionalPrinterColumns.map((column: any) => column.name)).toEqual(['Phase', 'Age'])
  })
  it('refuses a union that no API server takes', () => {
    expect(() => definitionOf({ ...example, spec: z.object({ a: z.union([z.string(), z.object({ b: z.string() })]) }) })).toThrow('Example.spec.a: a union')
  })
})

describe('readResource', () => {
  const object = (spec: unknown, status?: unknown) =>
    ({ apiVersion: RESOURCE_API, kind: 'Example', metadata: { name: 'a', namespace: 'b' }, spec, status }) as never
  it('fills in defaults', () => {
    expect(readResource(example, object({ name: 'x' }, { phase: 'Done' }))).toMatchObject({
      ok: true,
      value: { metadata: { name: 'a' }, spec: { name: 'x', count: 3, mode: 'warn' }, status: { phase: 'Done' } },
    })
  })
  it('tells all that is wrong, by path', () => {
    const read = readResource(example, object({ name: 'X', count: -1, mod: 'deny', strict: 'no' }))
    expect(read.ok ? [] : read.error.map(({ path, suggestion }) => [path, suggestion])).toEqual([
      ['spec.name', undefined],
      ['spec.count', undefined],
      ['spec.strict', undefined],
      ['spec.mod', 'mode'],
    ])
  })
  it('does without a status of another shape', () => {
    expect(readResource(example, object({ name: 'x' }, { phase: 3 }))).toMatchObject({ ok: true })
  })
})
