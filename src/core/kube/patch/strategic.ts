/**
 * Strategic merge patch: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 * Lists are merged by the merge keys that a kind's shape has. The inputs are never changed.
 */
import { err, ok, type Result } from '../../kernel/result.ts'
import { isJsonObject, type Json, type JsonObject, sameJson } from '../json.ts'
import { type Shape, UNTYPED } from '../shape.ts'

const DELETE_FROM = '$deleteFromPrimitiveList/'
const SET_ORDER = '$setElementOrder/'

class PatchError extends Error {}

/** The patched object, or why the patch cannot be applied. */
export function applyStrategicPatch(target: JsonObject, patch: JsonObject, shape: Shape): Result<JsonObject, string> {
  try {
    return ok(mergeMap(target, patch, shape))
  } catch (error) {
    if (error instanceof PatchError) return err(error.message)
    throw error
  }
}

function mergeMap(target: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  const directive = patch.$patch
  if (directive === 'replace') return withoutDirectives({ ...patch, $patch: undefined }) as JsonObject
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw new PatchError(`unknown $patch directive ${JSON.stringify(directive)}`)
  const merged: JsonObject = { ...target }
  const retained = patch.$retainKeys
  if (retained !== undefined) {
    if (!Array.isArray(retained)) throw new PatchError('$retainKeys is a list of field names')
    const unknown = Object.keys(patch).find((key) => !key.startsWith('$') && patch[key] !== null && !retained.includes(key))
    if (unknown !== undefined) throw new PatchError(`"${unknown}" is in the patch and not in its $retainKeys`)
    for (const key of Object.keys(merged)) if (!retained.includes(key)) delete merged[key]
  }
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || key === '$patch' || key === '$retainKeys' || key.startsWith(SET_ORDER)) continue
    if (key.startsWith(DELETE_FROM)) {
      const field = key.slice(DELETE_FROM.length)
      const now = merged[field]
      if (!Array.isArray(value)) throw new PatchError(`${key} is a list`)
      if (Array.isArray(now)) merged[field] = now.filter((item) => !value.some((gone) => sameJson(gone, item)))
      continue
    }
    if (value === null) {
      delete merged[key]
      continue
    }
    const field = shape.field(key) ?? UNTYPED
    const now = Object.hasOwn(merged, key) ? merged[key] : undefined
    if (isJsonObject(value)) {
      if (value.$patch === 'delete' && !('$retainKeys' in value)) delete merged[key]
      else if (field.strategies.includes('replace')) merged[key] = withoutDirectives(value)
      else merged[key] = mergeMap(isJsonObject(now) ? now : {}, value, field)
    } else if (Array.isArray(value) && field.strategies.includes('merge')) merged[key] = mergeList(Array.isArray(now) ? now : [], value, field)
    else merged[key] = withoutDirectives(value)
  }
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(SET_ORDER)) continue
    const field = key.slice(SET_ORDER.length)
    const now = merged[field]
    if (!Array.isArray(order)) throw new PatchError(`${key} is a list`)
    if (!Array.isArray(now)) continue
    const mergeKey = (shape.field(field) ?? UNTYPED).mergeKey
    merged[field] = inOrder(now, order, identityOf(mergeKey), Array.isArray(target[field]) ? (target[field] as Json[]) : [])
  }
  return merged
}

const identityOf = (mergeKey: string | undefined) => (item: Json) =>
  mergeKey === undefined ? JSON.stringify(item) : isJsonObject(item) ? JSON.stringify(item[mergeKey] ?? null) : undefined

function mergeList(target: readonly Json[], patch: readonly Json[], shape: Shape): Json[] {
  const replacing = patch.some((item) => isJsonObject(item) && item.$patch === 'replace')
  const items = patch.filter((item) => !(isJsonObject(item) && item.$patch === 'replace'))
  if (replacing) return items.map(withoutDirectives)
  const primitive = items.every((item) => !isJsonObject(item)) && target.every((item) => !isJsonObject(item))
  if (primitive) return [...target, ...items.filter((item) => !target.some((have) => sameJson(have, item)))]
  const key = shape.mergeKey
  if (key === undefined) throw new PatchError('a list of objects without a merge key cannot be merged')
  let merged = [...target]
  for (const item of items) {
    if (!isJsonObject(item)) throw new PatchError('a list of objects is patched by objects')
    const id = item[key]
    if (id === undefined || id === null) throw new PatchError(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`)
    const matches = (have: Json) => isJsonObject(have) && sameJson(have[key], id)
    if (item.$patch === 'delete') {
      merged = merged.filter((have) => !matches(have))
      continue
    }
    const at = merged.findIndex(matches)
    if (at < 0) merged.push(mergeMap({}, item, shape.element))
    else merged[at] = mergeMap(merged[at] as JsonObject, item, shape.element)
  }
  return merged
}

/** Items that `order` names stand as it says; the others keep their place relative to their neighbours on the server. */
function inOrder(items: readonly Json[], order: readonly Json[], identity: (item: Json) => string | undefined, before: readonly Json[]): Json[] {
  const rank = new Map(order.map((item, i) => [identity(item), i]))
  const was = new Map(before.map((item, i) => [identity(item), i]))
  const named = items.filter((item) => rank.has(identity(item))).sort((a, b) => rank.get(identity(a))! - rank.get(identity(b))!)
  const others = items.filter((item) => !rank.has(identity(item)))
  const result: Json[] = []
  let n = 0
  for (const other of others) {
    const place = was.get(identity(other)) ?? Infinity
    while (n < named.length && (was.get(identity(named[n]!)) ?? Infinity) < place) result.push(named[n++]!)
    result.push(other)
  }
  return [...result, ...named.slice(n)]
}

/** Patches that are taken as they are may still hold directives and nulls; neither belongs into an object. */
function withoutDirectives(value: Json): Json {
  if (Array.isArray(value)) return value.filter((item) => !(isJsonObject(item) && item.$patch === 'delete')).map(withoutDirectives)
  if (!isJsonObject(value)) return value
  const kept: JsonObject = {}
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined || item === null || key === '$patch' || key === '$retainKeys' || key.startsWith(SET_ORDER) || key.startsWith(DELETE_FROM)) continue
    kept[key] = withoutDirectives(item)
  }
  return kept
}
