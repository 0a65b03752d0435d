/** Does an object fit the schema of its kind? Everything that is wrong with it at once. */
import type { Problem } from '../kernel/errors.ts'
import { nearest } from '../kernel/nearest.ts'
import type { ApiFacts, FieldFacts, TypeFacts, ValueType } from './api-facts/facts.ts'

export interface ValidateOptions {
  /** Also look at closed lists of values, as the API server does after decoding. */
  values?: boolean
}

/** What is said of a field that the kind does not have. */
export const UNKNOWN_FIELD = 'unknown field'
/** More problems than this are not told. */
const MOST = 200
const DEEPEST = 64

/**
 * Problems of a built-in object with their paths (`spec.containers[0].ports[1].protocol`), at most 200: unknown fields with the nearest known name, missing fields, wrong types and formats.
 * `undefined` when the kind is not a built-in one: then nothing is known, which is not the same as no problems.
 */
export function validateObject(object: unknown, facts: ApiFacts, options: ValidateOptions = {}): readonly Problem[] | undefined {
  if (!isRecord(object)) return [{ path: '', message: 'must be an object' }]
  const { apiVersion, kind } = object
  const missing = (['apiVersion', 'kind'] as const).filter((key) => typeof object[key] !== 'string' || object[key] === '')
  if (missing.length > 0) return missing.map((path) => ({ path, message: 'must be a non-empty string' }))
  const known = facts.kind({ apiVersion: apiVersion as string, kind: kind as string })
  return known && validateType(object, known.schema, facts, options)
}

/** The same for any type of the facts; paths are relative to `value`. */
export function validateType(value: unknown, type: string, facts: ApiFacts, options: ValidateOptions = {}): readonly Problem[] {
  const problems: Problem[] = []
  const say = (path: string, message: string, suggestion?: string): void => {
    if (problems.length < MOST) problems.push({ path, message, ...(suggestion === undefined ? {} : { suggestion }) })
  }

  const object = (found: unknown, type: TypeFacts, path: string, depth: number): void => {
    if (!isRecord(found)) {
      say(path, `must be an object, not ${nameOf(found)}`)
      return
    }
    for (const [name, field] of type.fields) {
      const inner = found[name]
      if (inner !== undefined && inner !== null) fieldOf(inner, field, join(path, name), depth)
      else if (field.required) say(join(path, name), 'is required')
    }
    for (const name of Object.keys(found)) if (!type.fields.has(name)) say(join(path, name), UNKNOWN_FIELD, nearest(name, type.fields.keys()))
  }

  const fieldOf = (found: unknown, field: FieldFacts, path: string, depth: number): void => {
    check(found, field.value, path, depth)
    if (options.values && field.values !== undefined && typeof found === 'string' && !field.values.includes(found))
      say(path, `must be one of ${field.values.map((word) => JSON.stringify(word)).join(', ')}`, nearest(found, field.values))
  }

  const check = (found: unknown, expected: ValueType, path: string, depth: number): void => {
    if (problems.length >= MOST || expected.is === 'any') return
    const type = expected.is === 'object' ? facts.type(expected.type) : undefined
    if (depth > DEEPEST) say(path, `is nested more than ${DEEPEST} deep`)
    else if (type !== undefined) object(found, type, path, depth + 1)
    else if (expected.is === 'list') {
      if (Array.isArray(found)) for (const [i, item] of found.entries()) check(item, expected.of, `${path}[${i}]`, depth + 1)
      else say(path, `must be a list, not ${nameOf(found)}`)
    } else if (expected.is === 'map') {
      // A null in a map is the empty value, as in a field.
      if (isRecord(found)) for (const [key, item] of Object.entries(found)) if (item !== null) check(item, expected.of, join(path, key), depth + 1)
      if (!isRecord(found)) say(path, `must be an object, not ${nameOf(found)}`)
    } else {
      const wrong = scalar(found, expected)
      if (wrong !== undefined) say(path, wrong)
    }
  }

  const root = facts.type(type)
  if (root === undefined) throw new RangeError(`no such type: ${type}`)
  object(value, root, '', 0)
  return problems
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const TIME = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/
/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
const QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

function scalar(found: unknown, expected: ValueType): string | undefined {
  switch (expected.is) {
    case 'string': {
      // The API takes a bare number for a quantity.
      if (expected.format === 'quantity' && typeof found === 'number') return Number.isFinite(found) ? undefined : 'must be a quantity'
      if (typeof found !== 'string') return `must be a string, not ${nameOf(found)}`
      if (expected.format === 'byte' && !BASE64.test(found.replace(/[\r\n]/g, ''))) return 'must be base64'
      if (expected.format === 'date-time' && !TIME.test(found)) return 'must be a time such as 2026-01-31T12:00:00Z'
      if (expected.format === 'quantity' && !QUANTITY.test(found)) return 'must be a quantity such as 500m or 1Gi'
      return undefined
    }
    case 'boolean':
      return typeof found === 'boolean' ? undefined : `must be true or false, not ${nameOf(found)}`
    case 'integer':
      if (typeof found !== 'number' || !Number.isInteger(found)) return `must be a whole number, not ${nameOf(found)}`
      return expected.format === 'int32' && (found < -(2 ** 31) || found >= 2 ** 31) ? 'must fit 32 bits' : undefined
    case 'number':
      return typeof found === 'number' ? undefined : `must be a number, not ${nameOf(found)}`
    case 'int-or-string':
      return typeof found === 'string' || (typeof found === 'number' && Number.isInteger(found))
        ? undefined
        : `must be a whole number or a string, not ${nameOf(found)}`
    default:
      return undefined
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const nameOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'an object'
        : typeof value === 'number'
          ? `the number ${value}`
          : `a ${typeof value}`
/** Keys that are no plain word are quoted, so that a path is never ambiguous. */
const join = (path: string, key: string): string => (/^[\w-]+$/.test(key) ? (path === '' ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`)
