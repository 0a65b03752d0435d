/** What conversion between versions of a kind is made of. */
import type { KubeObject } from '../objects.ts'

/** `lost`: the target cannot hold it. `changed`: written otherwise, the meaning is another or must be looked at. `kept`: written down explicitly because the versions' defaults differ. */
export interface ConversionNote {
  kind: 'lost' | 'changed' | 'kept'
  /** In the newest version of the kind, where it has the field. */
  path: string
  reason: string
}
export type Note = (kind: ConversionNote['kind'], path: string, reason: string) => void

/** Any object or part of one. */
export type Body = Record<string, unknown>

/** Changes its argument, which is a copy. */
export type Step = (object: KubeObject, note: Note) => void

/** Versions of one kind. The hub is the newest; each other version says how it gets there and back, or nothing where only `apiVersion` differs. */
export interface Family {
  kinds: readonly string[]
  /** apiVersion of the hub. */
  hub: string
  versions: Readonly<Record<string, { up?: Step; down?: Step }>>
}

export const same = {} as const

export const isBody = (value: unknown): value is Body => typeof value === 'object' && value !== null && !Array.isArray(value)
export const bodyOf = (value: unknown): Body => (isBody(value) ? value : {})
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
/** The objects of a list, with their paths. */
export const bodies = (value: unknown, path: string): [Body, string][] =>
  listOf(value).flatMap((item, i) => (isBody(item) ? [[item, `${path}[${i}]`] as [Body, string]] : []))

/** Renames a field where it is set. An entry keeps no place in order: order of fields has no meaning. */
export function rename(body: Body, from: string, to: string): void {
  if (!(from in body)) return
  body[to] = body[from]
  delete body[from]
}

/** Takes a field out and returns it. */
export function take(body: Body, field: string): unknown {
  const value = body[field]
  delete body[field]
  return value
}

/** Writes a default down where the field is not set. `body` is an object in the copy; missing objects on the way are made. */
export function keepDefault(root: Body, path: readonly string[], value: unknown, note: Note, reason: string): void {
  let body = root
  for (const step of path.slice(0, -1)) {
    const next = body[step]
    if (isBody(next)) body = next
    else if (next === undefined || next === null) {
      const made: Body = {}
      body[step] = made
      body = made
    } else return
  }
  const last = path.at(-1)!
  if (body[last] !== undefined && body[last] !== null) return
  body[last] = structuredClone(value)
  note('kept', path.join('.'), reason)
}

export function annotation(object: KubeObject, key: string): string | undefined {
  return object.metadata?.annotations?.[key]
}
export function annotate(object: KubeObject, key: string, value: string | undefined): void {
  if (value === undefined) {
    if (object.metadata?.annotations === undefined) return
    delete object.metadata.annotations[key]
    if (Object.keys(object.metadata.annotations).length === 0) delete object.metadata.annotations
    return
  }
  // Objects of a template may have no name.
  object.metadata ??= {} as KubeObject['metadata']
  object.metadata.annotations = { ...object.metadata.annotations, [key]: value }
}
