/** Reads an OpenAPI v2 document of a Kubernetes API server. */
import { readFileSync } from 'node:fs'
import type { Field, Operation, Release, Types } from './model.ts'

interface Schema {
  type?: string
  format?: string
  $ref?: string
  items?: Schema
  additionalProperties?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: string
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-patch-merge-key'?: string
}
interface Document {
  info: { version: string }
  definitions: Record<string, Schema>
  paths: Record<
    string,
    Record<string, { parameters?: { in: string; schema?: Schema }[]; responses?: Record<string, { schema?: Schema }>; operationId?: string }>
  >
}

/** Definitions get the names that the JavaScript client has for them: the kind with its version, and with its group where `known` (newer) types have the plain one elsewhere. */
export function readOpenApi(file: string, known: Types): Release {
  const document = JSON.parse(readFileSync(file, 'utf8')) as Document
  const plain = new Map<string, number>()
  for (const definition of Object.keys(document.definitions)) plain.set(plainName(definition), (plain.get(plainName(definition)) ?? 0) + 1)
  const nameOf = (definition: string): string => {
    const short = plainName(definition)
    const long = groupName(definition) + short
    if (known.has(long)) return long
    return plain.get(short) === 1 ? short : long
  }
  const types: Types = new Map()
  for (const [definition, schema] of Object.entries(document.definitions)) {
    if (schema.properties === undefined) continue
    const required = new Set(schema.required)
    const fields = new Map<string, Field>()
    for (const [name, value] of Object.entries(schema.properties))
      fields.set(name, { type: typeOf(value, document, nameOf), required: required.has(name), marks: marksOf(value) })
    types.set(nameOf(definition), fields)
  }
  const operations: Operation[] = []
  for (const [path, methods] of Object.entries(document.paths)) {
    if (path.includes('/watch/')) continue
    for (const [method, operation] of Object.entries(methods)) {
      if (method === 'parameters') continue
      const body = operation.parameters?.find((parameter) => parameter.in === 'body')?.schema?.$ref
      const answer = operation.responses?.['200']?.schema?.$ref
      operations.push({
        path,
        method: method.toUpperCase(),
        // createAppsV1NamespacedDeployment → createNamespacedDeployment
        name: (operation.operationId ?? '').replace(
          /^(create|read|list|replace|patch|delete|connect)[A-Z][a-z]+(?:[A-Z][a-z]+)??V\d+(?:(?:alpha|beta)\d+)?/,
          '$1',
        ),
        ...(body === undefined ? {} : { body: nameOf(refName(body)) }),
        ...(answer === undefined ? {} : { answer: nameOf(refName(answer)) }),
      })
    }
  }
  return { minor: Number(/^v1\.(\d+)/.exec(document.info.version)?.[1]), types, operations }
}

const refName = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)
/** `io.k8s.api.apps.v1beta1.Deployment` → `V1beta1Deployment`. */
const plainName = (definition: string): string => definition.split('.').slice(-2).map(capital).join('')
const groupName = (definition: string): string => capital(definition.split('.').at(-3) ?? '')

function typeOf(schema: Schema, document: Document, nameOf: (definition: string) => string): string {
  if (schema.$ref !== undefined) {
    const name = refName(schema.$ref)
    const target = document.definitions[name]
    if (name.endsWith('.Quantity')) return 'quantity'
    if (name.endsWith('.Time') || name.endsWith('.MicroTime')) return 'time'
    if (target?.format === 'int-or-string') return 'int-or-string'
    if (target?.properties === undefined) return 'any'
    return nameOf(name)
  }
  if (schema.type === 'array') return `[]${typeOf(schema.items ?? {}, document, nameOf)}`
  if (schema.type === 'object') return schema.additionalProperties === undefined ? 'any' : `{}${typeOf(schema.additionalProperties, document, nameOf)}`
  if (schema.type === 'integer') return schema.format === 'int32' ? 'int32' : 'int64'
  if (schema.type === 'string') return schema.format === 'byte' ? 'byte' : schema.format === 'date-time' ? 'time' : 'string'
  return schema.type ?? 'any'
}

function marksOf(schema: Schema): string[] {
  const marks: string[] = []
  const strategy = schema['x-kubernetes-patch-strategy']?.split(',') ?? []
  if (strategy.includes('merge')) marks.push(`~${schema['x-kubernetes-patch-merge-key'] ?? ''}`)
  if (strategy.includes('retainKeys')) marks.push('^')
  if (schema['x-kubernetes-list-type'] === 'set') marks.push('set')
  if (schema['x-kubernetes-list-type'] === 'map') marks.push(`map=${(schema['x-kubernetes-list-map-keys'] ?? []).join(',')}`)
  if (schema['x-kubernetes-map-type'] === 'atomic') marks.push('atomic')
  return marks
}
