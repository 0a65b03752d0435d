/**
 * Sets of fields as `metadata.managedFields[].fieldsV1` writes them: `f:name` a field, `k:{…}` an item of a list by its keys, `v:…` an item of a set,
 * `.` the thing itself. https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */
import { isJsonObject, type Json, type JsonObject, sameJson } from '../json.ts'
import { type Shape, UNTYPED } from '../shape.ts'

/** A set of paths as a tree: a node with `member` is in the set, its children are paths below it. */
export interface FieldSet {
  member: boolean
  children: Map<string, FieldSet>
}

export const emptySet = (): FieldSet => ({ member: false, children: new Map() })

export const isEmptySet = (set: FieldSet | undefined): boolean => set === undefined || (!set.member && [...set.children.values()].every(isEmptySet))

/** The set that a `fieldsV1` says; anything that is no object is an empty set. */
export function readFields(fields: unknown): FieldSet {
  const set = emptySet()
  if (!isJsonObject(fields)) return set
  for (const [key, value] of Object.entries(fields)) {
    if (key === '.') set.member = true
    else if (!isJsonObject(value) || Object.keys(value).length === 0) set.children.set(key, { member: true, children: new Map() })
    else set.children.set(key, readFields(value))
  }
  return set
}

export function writeFields(set: FieldSet): JsonObject {
  const fields: JsonObject = {}
  if (set.member && set.children.size > 0) fields['.'] = {}
  for (const key of [...set.children.keys()].sort()) {
    const child = set.children.get(key)!
    if (!isEmptySet(child)) fields[key] = writeFields(child)
  }
  return fields
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map(a.children)
  for (const [key, child] of b.children) {
    const own = children.get(key)
    children.set(key, own === undefined ? child : union(own, child))
  }
  return { member: a.member || b.member, children }
}

export function difference(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>()
  for (const [key, child] of a.children) {
    const other = b.children.get(key)
    const left = other === undefined ? child : difference(child, other)
    if (!isEmptySet(left)) children.set(key, left)
  }
  return { member: a.member && !b.member, children }
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>()
  for (const [key, child] of a.children) {
    const other = b.children.get(key)
    if (other === undefined) continue
    const both = intersection(child, other)
    if (!isEmptySet(both)) children.set(key, both)
  }
  return { member: a.member && b.member, children }
}

/** Without these paths and all below them. */
export function withoutPaths(set: FieldSet, paths: readonly (readonly string[])[]): FieldSet {
  return paths.reduce(without, set)
}
function without(set: FieldSet, [key, ...rest]: readonly string[]): FieldSet {
  const child = key === undefined ? undefined : set.children.get(key)
  if (child === undefined) return set
  const children = new Map(set.children)
  const left = rest.length === 0 ? emptySet() : without(child, rest)
  if (isEmptySet(left)) children.delete(key!)
  else children.set(key!, left)
  return { member: set.member, children }
}

/** Paths for people, as kube-apiserver prints them in conflicts: `.spec.template.spec.containers[name="web"].image`. */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const paths = set.member && prefix !== '' ? [prefix] : []
  for (const [key, child] of set.children) paths.push(...pathsOf(child, prefix + printStep(key)))
  return paths
}

function printStep(step: string): string {
  if (step.startsWith('f:')) return `.${step.slice(2)}`
  if (step.startsWith('k:'))
    return `[${Object.entries(JSON.parse(step.slice(2)) as JsonObject)
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join(',')}]`
  return `[${step.startsWith('v:') ? '=' : ''}${step.slice(2)}]`
}

/** The step of an item of a merged list; undefined when it has none of the keys. */
export function stepOfItem(item: Json, list: Shape): string | undefined {
  if (list.set) return `v:${JSON.stringify(item)}`
  if (!isJsonObject(item)) return undefined
  const keys: JsonObject = {}
  for (const key of [...list.keys].sort()) {
    const value = item[key] ?? (list.keyDefaults[key] as Json | undefined)
    if (value !== undefined && value !== null) keys[key] = value
  }
  return Object.keys(keys).length === 0 ? undefined : `k:${JSON.stringify(keys)}`
}

/** Is this value merged part by part, and how? Values that do not fit their shape are leaves. */
export function composite(value: Json | undefined, shape: Shape): 'map' | 'list' | undefined {
  if (shape.atomic) return undefined
  if (isJsonObject(value)) return shape.kind === 'map' || shape.kind === 'untyped' ? 'map' : undefined
  if (Array.isArray(value)) return shape.kind === 'list' ? 'list' : undefined
  return undefined
}

export const shapeOfField = (shape: Shape, name: string): Shape => shape.field(name) ?? UNTYPED

/** What an apply configuration says: its leaves, the keys of its maps, the items of its lists. */
export function fieldsOf(value: Json, shape: Shape): FieldSet {
  const set = emptySet()
  const how = composite(value, shape)
  if (how === 'map') {
    for (const [name, child] of Object.entries(value as JsonObject)) {
      if (child === undefined) continue
      const sub = fieldsOf(child, shapeOfField(shape, name))
      if (child === null || (isJsonObject(child) && Object.keys(child).length === 0) || !shape.named(name)) sub.member = true
      set.children.set(`f:${name}`, sub)
    }
  } else if (how === 'list') {
    for (const item of value as Json[]) {
      const step = stepOfItem(item, shape)
      if (step === undefined) continue
      const sub = fieldsOf(item, shape.element)
      sub.member = true
      set.children.set(step, sub)
    }
  } else set.member = true
  return set
}

export interface Changes {
  added: FieldSet
  modified: FieldSet
  removed: FieldSet
}

/** Which fields two objects differ in. */
export function compare(before: Json | undefined, after: Json | undefined, shape: Shape): Changes {
  const changes: Changes = { added: emptySet(), modified: emptySet(), removed: emptySet() }
  const child = (name: string, left: Json | undefined, right: Json | undefined, of: Shape) => {
    if (left === undefined && right === undefined) return
    const sub = compare(left, right, of)
    for (const kind of ['added', 'modified', 'removed'] as const) if (!isEmptySet(sub[kind])) changes[kind].children.set(name, sub[kind])
  }
  const left = composite(before, shape)
  const right = composite(after, shape)
  const empty = (value: Json | undefined) => value === undefined || value === null || Object.keys(value).length === 0
  const how = before === undefined ? right : after === undefined ? left : left === right ? left : undefined
  if (before === undefined) changes.added.member = true
  else if (after === undefined) changes.removed.member = true
  else if ((how === undefined || (empty(before) && empty(after))) && !sameJson(before, after)) changes.modified.member = true
  if (how === 'map') {
    const a = (before ?? {}) as JsonObject
    const b = (after ?? {}) as JsonObject
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) child(`f:${name}`, a[name], b[name], shapeOfField(shape, name))
  } else if (how === 'list') {
    const a = itemsByStep((before ?? []) as Json[], shape)
    const b = itemsByStep((after ?? []) as Json[], shape)
    for (const step of new Set([...a.keys(), ...b.keys()])) child(step, a.get(step), b.get(step), shape.element)
  }
  return changes
}

export function itemsByStep(items: readonly Json[], shape: Shape): Map<string, Json> {
  const found = new Map<string, Json>()
  for (const [i, item] of items.entries()) found.set(stepOfItem(item, shape) ?? `i:${i}`, item)
  return found
}
