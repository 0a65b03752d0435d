/** Every version of every built-in kind that is known: objects drawn from its own schema go to each other version and come back. */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../kernel/random.ts'
import { loadApiFacts, type ValueType } from '../api-facts/facts.ts'
import type { KindRef, KubeObject } from '../objects.ts'
import { validateObject } from '../validate.ts'
import { convertObject, versionsOf } from './convert.ts'

const facts = await loadApiFacts()
const versioned = facts.kinds.filter((kind) => versionsOf(kind).filter((apiVersion) => facts.kind({ apiVersion, kind: kind.kind })).length > 1)

/** An object with so much of the optional fields (1: all). Text is four digits: also base64, a quantity and a port, where an older schema says less of a field than a newer one. */
function draw(ref: KindRef, schema: string, share: number, random: () => number): KubeObject {
  const below = (most: number): number => Math.floor(random() * most)
  const digits = (): string => String(1000 + below(9000))
  const value = (of: ValueType, inside: readonly string[], closed?: readonly string[]): unknown => {
    if (closed !== undefined) return closed[below(closed.length)]
    switch (of.is) {
      case 'string':
        return of.format === 'date-time' ? `2026-01-${10 + below(20)}T12:00:00Z` : digits()
      case 'boolean':
        return random() < 0.5
      case 'any':
        return digits()
      case 'int-or-string':
        return random() < 0.5 ? below(100) : `${below(100)}%`
      case 'integer':
      case 'number':
        return below(100)
      case 'list':
        return Array.from({ length: 1 + below(2) }, () => value(of.of, inside)).filter((item) => item !== undefined)
      case 'map':
        return { [`k${below(9)}`]: value(of.of, inside) ?? {} }
      case 'object':
        return object(of.type, inside)
    }
  }
  const object = (type: string, inside: readonly string[]): Record<string, unknown> | undefined => {
    if (inside.filter((name) => name === type).length > 1) return undefined
    const made: Record<string, unknown> = {}
    for (const [name, field] of facts.type(type)?.fields ?? []) {
      if (!field.required && random() >= share) continue
      const drawn = value(field.value, [...inside, type], field.values)
      if (drawn !== undefined) made[name] = drawn
    }
    return made
  }
  return { ...object(schema, []), ...ref } as unknown as KubeObject
}

/** Paths at which two values differ. */
function differences(a: unknown, b: unknown, path = ''): string[] {
  if (Object.is(a, b)) return []
  // Each part of what is there on one side only.
  if (a === undefined && typeof b === 'object') return differences(Array.isArray(b) ? [] : {}, b, path)
  if (b === undefined && typeof a === 'object') return differences(a, Array.isArray(a) ? [] : {}, path)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return [path]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) => {
    const at = Array.isArray(a) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    return differences((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], at)
  })
}

describe.each([
  ['all fields', 1, 2],
  ['half of the fields', 0.5, 40],
  ['few fields', 0.2, 40],
])('every kind with %s', (_, share, times) => {
  it.each(versioned.map((kind) => [`${kind.apiVersion} ${kind.kind}`, kind] as const))('%s', (_, { apiVersion, kind, schema }) => {
    const random = seededRandom(11)
    const [hub = ''] = versionsOf({ apiVersion, kind })
    for (let i = 0; i < times; i++) {
      const object = draw({ apiVersion, kind }, schema, share, random)
      expect(validateObject(object, facts)).toEqual([])
      for (const other of versionsOf({ apiVersion, kind })) {
        const there = convertObject(object, other)!
        const named = (notes: typeof there.notes) => notes.map(({ path }) => path)
        // Fields that the other version does not know stay where they are and are told by its schema, as are fields that it asks for and the object never had.
        const told = share === 1 ? ['unknown field'] : ['unknown field', 'is required']
        const wrong = validateObject(there.object, facts)?.filter(
          ({ path, message }) => !told.includes(message) && !named(there.notes).some((known) => path.startsWith(known)),
        )
        expect(wrong ?? [], `${apiVersion} to ${other}`).toEqual([])
        const back = convertObject(there.object, apiVersion)!
        const found = differences(convertObject(object, hub)!.object, convertObject(back.object, hub)!.object)
        const known = [...named(there.notes), ...named(back.notes)]
        expect(
          found.filter((path) => !known.some((one) => path.startsWith(one))),
          `${apiVersion} to ${other} and back`,
        ).toEqual([])
      }
    }
  })
})

it('is asked of every kind that has several versions', () => {
  expect(new Set(versioned.map(({ kind }) => kind)).size).toBeGreaterThan(50)
})
