/**
 * Client-side apply, as `kubectl apply` does it without `--server-side`: what was applied last stands in an annotation, and the patch is made of three objects.
 * https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes
 */
import { isJsonObject, type Json, type JsonObject, sameJson } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import { type Shape, UNTYPED } from '../shape.ts'

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const annotated = (object: KubeObject, annotations: Record<string, string>): KubeObject => ({ ...object, metadata: { ...object.metadata, annotations } })

/** The object with itself in the annotation, as kubectl writes it (Go's JSON: fields in order, markup escaped, a line end behind), so that neither finds the other's text changed. */
export function withLastApplied(object: KubeObject): KubeObject {
  const { [LAST_APPLIED]: _, ...annotations } = object.metadata.annotations ?? {}
  const text = JSON.stringify(sorted(annotated(object, annotations) as unknown as Json))
  const escaped = text.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
  return annotated(object, { ...annotations, [LAST_APPLIED]: `${escaped}\n` })
}

/** What was applied last; undefined when nothing was, or it cannot be read. */
export function lastApplied(object: KubeObject): JsonObject | undefined {
  try {
    const value = JSON.parse(object.metadata.annotations?.[LAST_APPLIED] ?? '') as unknown
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

export interface ThreeWay {
  /** As applied last: what is in it and no longer in `modified` goes. */
  original: JsonObject | undefined
  modified: JsonObject
  /** As it is on the server: what is in neither of the others stays. */
  current: JsonObject
}

/**
 * The patch that brings `current` to what `modified` says; `{}` when nothing is to do. With the shape of a built-in kind a strategic merge patch, which keeps
 * items of lists that others added; without one (custom resources) a JSON merge patch.
 */
export const threeWayPatch = ({ original, modified, current }: ThreeWay, shape: Shape | undefined): JsonObject =>
  diffMap(original ?? {}, modified, current, shape)

function diffMap(original: JsonObject, modified: JsonObject, current: JsonObject, shape: Shape | undefined): JsonObject {
  const patch: JsonObject = {}
  for (const key of Object.keys({ ...original, ...modified })) {
    const wanted = modified[key]
    const now = Object.hasOwn(current, key) ? current[key] : undefined
    if (wanted === undefined || wanted === null) {
      if (now !== undefined && (wanted === null || original[key] !== undefined)) patch[key] = null
      continue
    }
    const field = shape && (shape.field(key) ?? UNTYPED)
    const before = original[key]
    if (isJsonObject(wanted) && isJsonObject(now)) {
      const change = diffMap(isJsonObject(before) ? before : {}, wanted, now, field)
      if (Object.keys(change).length === 0) continue
      // Fields that exclude one another, such as the source of a volume: only these stay.
      patch[key] = field?.strategies.includes('retainKeys') ? { ...change, $retainKeys: Object.keys(wanted).sort() } : change
    } else if (Array.isArray(wanted) && Array.isArray(now) && field?.strategies.includes('merge'))
      Object.assign(patch, diffList(key, Array.isArray(before) ? before : [], wanted, now, field))
    else if (!sameJson(wanted, now)) patch[key] = wanted
  }
  return patch
}

/** Items are found by the merge key of a list of objects, else by their value. */
function diffList(name: string, original: readonly Json[], modified: readonly Json[], current: readonly Json[], shape: Shape): JsonObject {
  const { mergeKey } = shape
  const idOf = (item: Json): string => JSON.stringify(mergeKey === undefined ? item : isJsonObject(item) ? (item[mergeKey] ?? null) : null)
  const byId = (items: readonly Json[]) => new Map(items.map((item) => [idOf(item), item]))
  const [before, wanted, now] = [byId(original), byId(modified), byId(current)]
  // Two ports of one number, TCP and UDP, share their key: a merge would lose one, so the list is taken whole.
  if (wanted.size < modified.length || now.size < current.length)
    return sameJson(modified, current) ? {} : { [name]: mergeKey === undefined ? [...modified] : [{ $patch: 'replace' }, ...modified] }
  const changes: Json[] = []
  const gone: Json[] = []
  for (const [id, item] of wanted) {
    const there = now.get(id)
    const past = before.get(id)
    if (there === undefined) changes.push(item)
    else if (mergeKey !== undefined && isJsonObject(item) && isJsonObject(there)) {
      const change = diffMap(isJsonObject(past) ? past : {}, item, there, shape.element)
      if (Object.keys(change).length === 0) continue
      const retained = shape.strategies.includes('retainKeys') ? { $retainKeys: Object.keys(item).sort() } : {}
      changes.push({ ...change, [mergeKey]: item[mergeKey]!, ...retained })
    }
  }
  for (const [id, item] of before) if (!wanted.has(id) && now.has(id)) gone.push(item)
  const order = [...now.keys()].filter((id) => wanted.has(id))
  const moved = order.some((id, i) => id !== [...wanted.keys()].filter((one) => now.has(one))[i])
  if (changes.length === 0 && gone.length === 0 && !moved) return {}
  const keyOf = (item: Json): JsonObject => ({ [mergeKey!]: (item as JsonObject)[mergeKey!]! })
  const ordered = { [`$setElementOrder/${name}`]: mergeKey === undefined ? [...modified] : modified.map(keyOf) }
  if (mergeKey !== undefined) return { ...ordered, [name]: [...changes, ...gone.map((item) => ({ $patch: 'delete', ...keyOf(item) }))] }
  return { ...ordered, ...(changes.length > 0 ? { [name]: changes } : {}), ...(gone.length > 0 ? { [`$deleteFromPrimitiveList/${name}`]: gone } : {}) }
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, sorted(value[key]!)]),
  )
}
