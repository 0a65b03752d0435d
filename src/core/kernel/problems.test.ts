import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Problem } from './errors.ts'
import { jsonPath, parseInput, pathSteps } from './problems.ts'

const problemsIn = (input: unknown, of: z.ZodType = schema): readonly Problem[] => {
  const result = parseInput(of, input)
  return result.ok ? [] : result.error
}

const schema = z.object({
  name: z.string(),
  level: z.enum(['debug', 'info']).default('info'),
  receivers: z
    .array(z.discriminatedUnion('kind', [z.object({ kind: z.literal('mail'), to: z.string() }), z.object({ kind: z.literal('webhook'), url: z.url() })]))
    .default([]),
  labels: z.record(z.string(), z.object({ value: z.number() })).optional(),
})

describe('parseInput', () => {
  it('gives the output when all is well', () => {
    expect(parseInput(schema, { name: 'a' })).toEqual({ ok: true, value: { name: 'a', level: 'info', receivers: [] } })
  })

  it('tells all problems at once, with the nearest name', () => {
    const problems = problemsIn({
      nam: 'a',
      level: 'inof',
      receivers: [
        { kind: 'webhook', url: 'no', ulr: 1 },
        { kind: 'mail', to: 3 },
      ],
      labels: { 'a b': { valeu: 1 } },
    })
    const found = Object.fromEntries(problems.map((p) => [p.path, p.suggestion]))
    expect(found).toEqual({
      name: undefined,
      nam: 'name',
      level: 'info',
      'receivers[0].url': undefined,
      'receivers[0].ulr': 'url',
      'receivers[1].to': undefined,
      'labels["a b"].value': undefined,
      'labels["a b"].valeu': 'value',
    })
  })

  it('calls missing what is not there', () => {
    expect(problemsIn({})).toEqual([{ path: 'name', message: 'is missing: expected string', zh: '缺失：应为 string' }])
    expect(problemsIn({ name: null })[0]!.message).toContain('received null')
  })

  it('lets a loose object have any key, and bounds the list', () => {
    expect(problemsIn({ x: 1 }, z.looseObject({}))).toEqual([])
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, 1]))
    expect(problemsIn(many)).toHaveLength(200)
  })

  it('quotes odd names', () => {
    expect(jsonPath(['a', 0, 'b c', 'd'])).toBe('a[0]["b c"].d')
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ minLength: 1 }), fc.nat())), (path) => {
        expect(pathSteps(jsonPath(path))).toEqual(path)
      }),
    )
  })
})
