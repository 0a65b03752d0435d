/** Built-in kinds as OpenAPI schemas, made of the API facts type by type when they are asked for. */
import type { ApiFacts, FieldFacts, ValueType } from './api-facts/facts.ts'
import type { Json } from './json.ts'
import type { Resolve, Schema } from './structural.ts'

function schemaOfValue(value: ValueType): Schema {
  switch (value.is) {
    case 'string':
      return value.format === undefined || value.format === 'quantity' ? { type: 'string' } : { type: 'string', format: value.format }
    case 'int-or-string':
      return { type: 'string', format: 'int-or-string', 'x-kubernetes-int-or-string': true }
    case 'any':
      return { 'x-kubernetes-preserve-unknown-fields': true }
    case 'integer':
      return { type: 'integer', format: value.format }
    case 'list':
      return { type: 'array', items: schemaOfValue(value.of) }
    case 'map':
      return { type: 'object', additionalProperties: schemaOfValue(value.of) }
    case 'object':
      return { $ref: value.type }
    default:
      return { type: value.is }
  }
}

function schemaOfField(field: FieldFacts): Schema {
  const strategies = [...(field.patch?.retainKeys ? ['retainKeys'] : []), ...(field.patch?.merge ? ['merge'] : [])]
  return {
    ...schemaOfValue(field.value),
    ...(field.list === undefined ? {} : { 'x-kubernetes-list-type': field.list.kind }),
    ...(field.list?.kind === 'map' ? { 'x-kubernetes-list-map-keys': field.list.keys } : {}),
    ...(field.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    ...(field.patch?.key === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patch.key }),
    ...(strategies.length === 0 ? {} : { 'x-kubernetes-patch-strategy': strategies.join(',') }),
    ...(field.default === undefined ? {} : { default: field.default as Json }),
    ...(field.values === undefined ? {} : { enum: field.values }),
  }
}

/** Finds the schema of a type by its name in the facts; a type without fields takes anything. */
export function factSchemas(facts: ApiFacts): Resolve {
  const made = new Map<string, Schema>()
  return (name) => {
    const before = made.get(name)
    if (before !== undefined) return before
    const type = facts.type(name)
    if (type === undefined) return undefined
    const fields = [...type.fields.values()]
    const required = fields.filter((field) => field.required).map((field) => field.name)
    const schema: Schema =
      fields.length === 0
        ? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
        : {
            type: 'object',
            properties: Object.fromEntries(fields.map((field) => [field.name, schemaOfField(field)])),
            ...(required.length === 0 ? {} : { required }),
          }
    made.set(name, schema)
    return schema
  }
}
