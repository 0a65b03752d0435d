/**
 * What merging has to know of a type: where lists are merged by keys, and what is taken whole. Made from OpenAPI schemas with the
 * `x-kubernetes-` words (https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy).
 */

/** The part of a schema that this reads; built-in types and CRDs write the same words. */
export interface SchemaNode {
  $ref?: string
  allOf?: readonly SchemaNode[]
  type?: string
  properties?: Readonly<Record<string, SchemaNode>>
  items?: SchemaNode
  additionalProperties?: SchemaNode | boolean
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: readonly string[]
  'x-kubernetes-map-type'?: string
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-embedded-resource'?: boolean
}

export interface Shape {
  kind: 'scalar' | 'map' | 'list' | 'untyped'
  /** Taken whole by server-side apply. */
  atomic: boolean
  /** The shape of a named field; undefined when the type has no such field. */
  field(name: string): Shape | undefined
  /** Is `name` a field of a struct (and not the key of a map)? */
  named(name: string): boolean
  /** Items of a list, values of a map. */
  element: Shape
  /** Server-side apply: keys that identify an item of a list; empty for sets. */
  keys: readonly string[]
  /** Defaults of key fields, such as `protocol: TCP`. */
  keyDefaults: Readonly<Record<string, unknown>>
  set: boolean
  /** Strategic merge: the key that identifies an item, and what to do. */
  mergeKey: string | undefined
  strategies: readonly string[]
}

const none = (): undefined => undefined
const never = (): boolean => false

/** Of what nothing is known: maps are merged field by field, lists are taken whole. */
export const UNTYPED: Shape = {
  kind: 'untyped',
  atomic: false,
  field: none,
  named: never,
  get element() {
    return UNTYPED
  },
  keys: [],
  keyDefaults: {},
  set: false,
  mergeKey: undefined,
  strategies: [],
}

const SCALAR: Shape = { ...UNTYPED, kind: 'scalar', element: UNTYPED }

/** A schema seen as a shape. Nothing is computed before it is asked for: schemas refer to themselves. `resolve` finds what a `$ref` names. */
export function shapeOf(schema: SchemaNode | undefined, resolve: (ref: string) => SchemaNode | undefined): Shape {
  const made = new Map<SchemaNode, Shape>()
  const make = (node: SchemaNode | undefined): Shape => {
    if (node === undefined) return UNTYPED
    const before = made.get(node)
    if (before !== undefined) return before
    const shape = build(node)
    made.set(node, shape)
    return shape
  }
  const build = (node: SchemaNode): Shape => {
    const ref = node.$ref ?? (node.allOf?.length === 1 ? node.allOf[0]!.$ref : undefined)
    const target = ref === undefined ? node : resolve(ref)
    if (target === undefined) return UNTYPED
    // Words beside a $ref are about its use here.
    const strategies = (node['x-kubernetes-patch-strategy'] ?? '').split(',').filter((word) => word !== '')
    const own = { mergeKey: node['x-kubernetes-patch-merge-key'], strategies }
    if (ref !== undefined) {
      const base = make(target)
      const atomic = node['x-kubernetes-map-type'] === 'atomic' || node['x-kubernetes-list-type'] === 'atomic' || base.atomic
      return Object.assign(Object.create(base) as Shape, { ...own, atomic })
    }
    if (node['x-kubernetes-int-or-string']) return SCALAR
    if (node.type === 'array' || node.items !== undefined) {
      const type = node['x-kubernetes-list-type'] ?? 'atomic'
      const keys = node['x-kubernetes-list-map-keys'] ?? []
      const items = node.items
      return {
        ...UNTYPED,
        ...own,
        kind: 'list',
        atomic: type === 'atomic' || (type === 'map' && keys.length === 0),
        set: type === 'set',
        keys,
        get element() {
          return make(items)
        },
        get keyDefaults() {
          return defaultsOf(items, keys)
        },
      }
    }
    const values = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
    if (node.properties !== undefined || values !== undefined) {
      const loose = node['x-kubernetes-preserve-unknown-fields'] === true || node.additionalProperties === true
      return {
        ...UNTYPED,
        ...own,
        kind: 'map',
        atomic: node['x-kubernetes-map-type'] === 'atomic',
        named: (name) => node.properties !== undefined && Object.hasOwn(node.properties, name),
        field: (name) => {
          if (node.properties !== undefined && Object.hasOwn(node.properties, name)) return make(node.properties[name])
          return values !== undefined ? make(values) : loose ? UNTYPED : undefined
        },
        get element() {
          return make(values)
        },
      }
    }
    if (node.type === undefined || node.type === 'object') return { ...UNTYPED, ...own, atomic: node['x-kubernetes-map-type'] === 'atomic', element: UNTYPED }
    return SCALAR
  }
  const defaultsOf = (items: SchemaNode | undefined, keys: readonly string[]): Record<string, unknown> => {
    const target = items?.$ref === undefined ? items : resolve(items.$ref)
    const found: Record<string, unknown> = {}
    for (const key of keys) {
      const value = (target?.properties?.[key] as { default?: unknown } | undefined)?.default
      if (value !== undefined) found[key] = value
    }
    return found
  }
  return make(schema)
}
