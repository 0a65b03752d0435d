/** JSON Merge Patch (RFC 7386). The inputs are never changed. */
import { isJsonObject, type Json } from '../json.ts'

export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch
  const merged = isJsonObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else if (value !== undefined) merged[key] = applyMergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, value)
  }
  return merged
}

/** The patch that makes `to` of `from`, or undefined when they are equal. */
export function createMergePatch(from: Json, to: Json): Json | undefined {
  if (!isJsonObject(from) || !isJsonObject(to)) return JSON.stringify(from) === JSON.stringify(to) ? undefined : to
  const patch: { [key: string]: Json } = {}
  for (const key of Object.keys(from)) if (to[key] === undefined) patch[key] = null
  for (const [key, value] of Object.entries(to)) {
    if (value === undefined) continue
    const change = from[key] === undefined ? value : createMergePatch(from[key], value)
    if (change !== undefined) patch[key] = change
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}
