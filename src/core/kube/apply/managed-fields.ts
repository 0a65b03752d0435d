/** `metadata.managedFields`: who set what, for updates and for server-side apply. Pure; the time is handed in. */
import { err, ok, type Result } from '../../kernel/result.ts'
import { type Json, sameJson } from '../json.ts'
import type { KubeObject, ManagedFields } from '../objects.ts'
import type { Shape } from '../shape.ts'
import {
  compare,
  difference,
  emptySet,
  type FieldSet,
  fieldsOf,
  intersection,
  isEmptySet,
  pathsOf,
  readFields,
  union,
  withoutPaths,
  writeFields,
} from './field-set.ts'
import { dropUnowned, mergeConfig } from './merge.ts'

/** Fields that belong to the server: nobody manages them. */
const UNMANAGED = [
  ['f:apiVersion'],
  ['f:kind'],
  ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation', 'managedFields', 'resourceVersion'].map((name) => [
    'f:metadata',
    `f:${name}`,
  ]),
]

export interface Writer {
  manager: string
  /** `status`, `scale` …; left out for the object itself. */
  subresource?: string
  /** RFC 3339, to the second. */
  time: string
  /** Paths that writes of this kind leave alone, such as `['f:status']`. */
  ignore?: readonly (readonly string[])[]
}

export interface ApplyConflict {
  manager: string
  operation: string
  apiVersion: string
  subresource?: string
  time?: string
  /** `.spec.replicas` … */
  fields: readonly string[]
}

/** An object's fields without those that say who manages them. */
const comparable = (object: KubeObject): Json => {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata } as unknown as Json
}

type EntryId = Pick<ManagedFields, 'manager' | 'operation' | 'apiVersion' | 'subresource' | 'time'>

const sameEntry = (a: ManagedFields, b: EntryId) =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  (a.subresource ?? '') === (b.subresource ?? '') &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion)

/** Entries in the order in which the API writes them: appliers first, then by time. */
function inOrder(entries: readonly ManagedFields[]): ManagedFields[] {
  const key = (entry: ManagedFields) => `${entry.operation}\0${entry.time ?? ''}\0${entry.manager}\0${entry.apiVersion}`
  return [...entries].sort((a, b) => (key(a) < key(b) ? -1 : 1))
}

const entryOf = (set: FieldSet, { manager, operation, apiVersion, time, subresource }: EntryId): ManagedFields => ({
  manager,
  operation,
  apiVersion,
  ...(time === undefined ? {} : { time }),
  fieldsType: 'FieldsV1',
  fieldsV1: writeFields(set),
  ...(subresource === undefined ? {} : { subresource }),
})

const reduced = (entries: readonly ManagedFields[], lost: FieldSet): ManagedFields[] =>
  entries.flatMap((entry) => {
    const left = difference(readFields(entry.fieldsV1), lost)
    return isEmptySet(left) ? [] : [entryOf(left, entry)]
  })

/**
 * The entries after `writer` replaced `before` by `after` (create, update, patch).
 * @param before for a new object: its empty frame, the parts that every object of the kind has
 */
export function fieldsAfterUpdate(before: KubeObject, after: KubeObject, shape: Shape, writer: Writer): ManagedFields[] {
  const entries = before.metadata.managedFields ?? []
  const changes = compare(comparable(before), comparable(after), shape)
  const ignore = [...UNMANAGED, ...(writer.ignore ?? [])]
  const set = withoutPaths(union(changes.added, changes.modified), ignore)
  const removed = withoutPaths(changes.removed, ignore)
  if (isEmptySet(set) && isEmptySet(removed)) return [...entries]
  const id: EntryId = { manager: writer.manager, operation: 'Update', apiVersion: after.apiVersion, subresource: writer.subresource }
  const own = entries.find((entry) => sameEntry(entry, id))
  const others = reduced(
    entries.filter((entry) => entry !== own),
    union(changes.modified, removed),
  )
  const mine = difference(union(own === undefined ? emptySet() : readFields(own.fieldsV1), set), removed)
  return inOrder(isEmptySet(mine) ? others : [...others, entryOf(mine, { ...id, time: writer.time })])
}

/** Server-side apply: the object with `config` applied, or with whom it conflicts. `live` undefined: it is made. */
export function applyConfig(
  live: KubeObject | undefined,
  config: KubeObject,
  shape: Shape,
  writer: Writer & { force: boolean },
): Result<KubeObject, readonly ApplyConflict[]> {
  const before = live === undefined ? undefined : comparable(live)
  const entries = live?.metadata.managedFields ?? []
  const id: EntryId = { manager: writer.manager, operation: 'Apply', apiVersion: config.apiVersion, subresource: writer.subresource }
  const own = entries.find((entry) => sameEntry(entry, id))
  const wanted = withoutPaths(fieldsOf(comparable(config), shape), [...UNMANAGED, ...(writer.ignore ?? [])])
  // Of an object from before anybody kept count, all that is there belongs to one manager of this name.
  const others =
    before !== undefined && entries.length === 0
      ? [
          entryOf(withoutPaths(fieldsOf(before, shape), UNMANAGED), {
            manager: 'before-first-apply',
            operation: 'Update',
            apiVersion: config.apiVersion,
            time: writer.time,
          }),
        ]
      : entries.filter((entry) => entry !== own)

  const last = own === undefined ? emptySet() : readFields(own.fieldsV1)
  const owned = others.reduce((sum, entry) => union(sum, readFields(entry.fieldsV1)), union(wanted, readFields({ 'f:metadata': { 'f:name': {} } })))
  const merged = dropUnowned(mergeConfig(before, comparable(config), shape), shape, last, owned)

  const changes = compare(before ?? {}, merged, shape)
  const changed = union(changes.modified, changes.added)
  const conflicts: ApplyConflict[] = []
  let lost = changes.removed
  for (const entry of others) {
    const taken = intersection(readFields(entry.fieldsV1), changed)
    if (isEmptySet(taken)) continue
    lost = union(lost, taken)
    const { manager, operation, apiVersion, subresource, time } = entry
    conflicts.push({ manager, operation, apiVersion, subresource, time, fields: pathsOf(taken) })
  }
  if (conflicts.length > 0 && !writer.force) return err(conflicts)
  const time = own !== undefined && sameJson(own.fieldsV1, writeFields(wanted)) ? own.time : writer.time
  const object = merged as unknown as KubeObject
  const managedFields = inOrder([...reduced(others, lost), ...(isEmptySet(wanted) ? [] : [entryOf(wanted, { ...id, time })])])
  return ok({ ...object, metadata: { ...object.metadata, managedFields } })
}
