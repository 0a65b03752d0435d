/**
 * Objects against the schemas of their kinds: unknown fields dropped or named, defaults filled in, values validated. For CustomResourceDefinitions
 * (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema) and built-in kinds.
 * CEL rules (`x-kubernetes-validations`) are not evaluated.
 */
import { isJsonObject, type Json, type JsonObject, sameJson } from './json.ts'
import type { SchemaNode } from './shape.ts'

/** A schema as CRDs and OpenAPI v3 have it. */
export interface Schema extends SchemaNode {
  default?: Json
  nullable?: boolean
  required?: readonly string[]
  enum?: readonly Json[]
  format?: string
  pattern?: string
  minimum?: number
  maximum?: number
  exclusiveMinimum?: boolean
  exclusiveMaximum?: boolean
  multipleOf?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  minProperties?: number
  maxProperties?: number
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  not?: Schema
}

export type Resolve = (ref: string) => SchemaNode | undefined

/** One problem of an object that is refused, with its field as messages of the API name it: `spec.replicas`, `spec.ports[0].name`. */
export interface FieldProblem {
  type: 'Required' | 'Invalid' | 'NotSupported' | 'Forbidden' | 'Duplicate' | 'TooLong' | 'TypeInvalid'
  field: string
  /** What was given, where the message shows it. */
  value?: unknown
  message: string
}

const none: Resolve = () => undefined

function target(node: SchemaNode | undefined, resolve: Resolve): Schema | undefined {
  const ref = node?.$ref ?? (node?.allOf?.length === 1 ? node.allOf[0]!.$ref : undefined)
  return (ref === undefined ? node : (resolve(ref) ?? {})) as Schema | undefined
}

const child = (schema: Schema, name: string): SchemaNode | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, name)
    ? schema.properties[name]
    : typeof schema.additionalProperties === 'object'
      ? schema.additionalProperties
      : undefined

const EMBEDDED = new Set(['apiVersion', 'kind', 'metadata'])
const open = (schema: Schema) =>
  schema['x-kubernetes-preserve-unknown-fields'] === true ||
  schema.additionalProperties === true ||
  // A schema that says nothing of an object allows all of it.
  (schema.properties === undefined && schema.additionalProperties === undefined && schema.items === undefined)

/**
 * The value without fields that the schema does not have. `unknown` collects their paths.
 * @param root the value is a whole object: `apiVersion`, `kind` and `metadata` are its own
 */
export function prune(value: Json, node: SchemaNode | undefined, resolve: Resolve = none, unknown: string[] = [], path = '', root = false): Json {
  const schema = target(node, resolve)
  if (schema === undefined) return value
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map((item, i) => prune(item, schema.items, resolve, unknown, `${path}[${i}]`))
  if (!isJsonObject(value)) return value
  const embedded = root || schema['x-kubernetes-embedded-resource'] === true
  const kept: JsonObject = {}
  for (const [name, item] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`
    if (embedded && EMBEDDED.has(name)) kept[name] = item
    else {
      const known = child(schema, name)
      if (known !== undefined) kept[name] = prune(item!, known, resolve, unknown, at)
      else if (open(schema)) kept[name] = item
      else unknown.push(at)
    }
  }
  return kept
}

/** The value with the schema's defaults where nothing is said; a null that may not be null counts as nothing. */
export function withDefaults(value: Json, node: SchemaNode | undefined, resolve: Resolve = none): Json {
  const schema = target(node, resolve)
  if (schema === undefined) return value
  if (Array.isArray(value)) return schema.items === undefined ? value : value.map((item) => withDefaults(item, schema.items, resolve))
  if (!isJsonObject(value)) return value
  const filled: JsonObject = { ...value }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const fallback = (property as Schema).default
    if (fallback === undefined) continue
    if (filled[name] === undefined || (filled[name] === null && (property as Schema).nullable !== true)) filled[name] = structuredClone(fallback)
  }
  for (const [name, item] of Object.entries(filled)) {
    const known = child(schema, name)
    if (known !== undefined && item !== undefined) filled[name] = withDefaults(item, known, resolve)
  }
  return filled
}

const typeOf = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value

function fits(type: string | undefined, value: Json): boolean {
  const is = typeOf(value)
  return type === undefined || type === '' || is === type || (type === 'number' && is === 'integer')
}

const patterns = new Map<string, RegExp | undefined>()
function patternOf(source: string): RegExp | undefined {
  if (!patterns.has(source)) {
    if (patterns.size > 1_000) patterns.clear()
    let made: RegExp | undefined
    try {
      made = new RegExp(source, 'u')
    } catch {
      try {
        made = new RegExp(source)
      } catch {}
    }
    patterns.set(source, made)
  }
  return patterns.get(source)
}

const FORMATS: Record<string, RegExp> = {
  'date-time': /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  email: /^[^@\s]+@[^@\s]+$/,
  ipv4: /^(\d{1,3}\.){3}\d{1,3}$/,
  uuid: /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i,
  byte: /^[A-Za-z0-9+/]*={0,2}$/,
  duration: /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/,
}

/** All that is wrong with a value. At most 100 problems. */
export function validate(value: Json, node: SchemaNode | undefined, resolve: Resolve = none, path = ''): FieldProblem[] {
  const problems: FieldProblem[] = []
  check(value, node, resolve, path, problems)
  return problems.slice(0, 100)
}

function check(value: Json, node: SchemaNode | undefined, resolve: Resolve, path: string, problems: FieldProblem[]): void {
  const schema = target(node, resolve)
  if (schema === undefined || problems.length > 100) return
  const say = (type: FieldProblem['type'], message: string, given?: unknown, field = path) =>
    problems.push({ type, field: field === '' ? '<nil>' : field, value: given, message })
  const bodyOf = (field: string) => `${field === '' ? '' : field} in body`
  if (value === null && ((schema as Schema).nullable === true || (node as Schema).nullable === true)) return
  if (schema['x-kubernetes-int-or-string'] === true) {
    if (typeof value !== 'string' && !Number.isInteger(value))
      say('TypeInvalid', `${bodyOf(path)} must be of type integer,string: "${typeOf(value)}"`, typeOf(value))
  } else if (!fits(schema.type, value)) {
    say('TypeInvalid', `${bodyOf(path)} must be of type ${schema.type}: "${typeOf(value)}"`, typeOf(value))
    return
  }
  if (schema.enum !== undefined && !schema.enum.some((one) => sameJson(one, value)))
    say('NotSupported', `supported values: ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`, value)
  if (typeof value === 'string') {
    const length = [...value].length
    if (schema.maxLength !== undefined && length > schema.maxLength) say('TooLong', `may not be longer than ${schema.maxLength}`, undefined)
    if (schema.minLength !== undefined && length < schema.minLength) say('Invalid', `${bodyOf(path)} should be at least ${schema.minLength} chars long`, value)
    if (schema.pattern !== undefined && patternOf(schema.pattern)?.test(value) === false)
      say('Invalid', `${bodyOf(path)} should match '${schema.pattern}'`, value)
    if (schema.format !== undefined && FORMATS[schema.format]?.test(value) === false)
      say('Invalid', `${bodyOf(path)} must be of type ${schema.format}: ${JSON.stringify(value)}`, value)
  } else if (typeof value === 'number') {
    const { minimum, maximum, multipleOf } = schema
    if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum))
      say('Invalid', `${bodyOf(path)} should be greater than ${schema.exclusiveMinimum === true ? '' : 'or equal to '}${minimum}`, value)
    if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum))
      say('Invalid', `${bodyOf(path)} should be less than ${schema.exclusiveMaximum === true ? '' : 'or equal to '}${maximum}`, value)
    if (multipleOf !== undefined && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9)
      say('Invalid', `${bodyOf(path)} should be a multiple of ${multipleOf}`, value)
  } else if (Array.isArray(value)) checkList(value, schema, resolve, path, problems, say)
  else if (isJsonObject(value)) {
    const names = Object.keys(value)
    for (const name of schema.required ?? []) if (value[name] === undefined) say('Required', '', undefined, path === '' ? name : `${path}.${name}`)
    if (schema.maxProperties !== undefined && names.length > schema.maxProperties)
      say('Invalid', `must have at most ${schema.maxProperties} items`, names.length)
    if (schema.minProperties !== undefined && names.length < schema.minProperties)
      say('Invalid', `${bodyOf(path)} should have at least ${schema.minProperties} properties`, names.length)
    for (const name of names) check(value[name]!, child(schema, name), resolve, path === '' ? name : `${path}.${name}`, problems)
  }
  const passes = (option: Schema) => validate(value, option, resolve, path).length === 0
  for (const part of schema.allOf ?? []) if (part.$ref === undefined || schema.allOf!.length > 1) check(value, part, resolve, path, problems)
  if (schema.anyOf !== undefined && !schema.anyOf.some(passes)) say('Invalid', `${bodyOf(path)} must validate at least one schema (anyOf)`, value)
  if (schema.oneOf !== undefined && schema.oneOf.filter(passes).length !== 1)
    say('Invalid', `${bodyOf(path)} must validate one and only one schema (oneOf)`, value)
  if (schema.not !== undefined && passes(schema.not)) say('Invalid', `${bodyOf(path)} must not validate the schema (not)`, value)
}

type Say = (type: FieldProblem['type'], message: string, given?: unknown, field?: string) => void

function checkList(value: Json[], schema: Schema, resolve: Resolve, path: string, problems: FieldProblem[], say: Say): void {
  if (schema.maxItems !== undefined && value.length > schema.maxItems) say('Invalid', `must have at most ${schema.maxItems} items`, value.length)
  if (schema.minItems !== undefined && value.length < schema.minItems)
    say('Invalid', `${path} in body should have at least ${schema.minItems} items`, value.length)
  for (const [i, item] of value.entries()) check(item, schema.items, resolve, `${path}[${i}]`, problems)
  const type = schema['x-kubernetes-list-type']
  if (type !== 'set' && type !== 'map') return
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const seen = new Set<string>()
  for (const [i, item] of value.entries()) {
    const id = type === 'set' ? item : Object.fromEntries(keys.map((key) => [key, isJsonObject(item) ? item[key] : undefined]))
    const text = JSON.stringify(id)
    if (seen.has(text)) say('Duplicate', '', id, `${path}[${i}]`)
    seen.add(text)
  }
}
