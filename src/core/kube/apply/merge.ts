/** Merging an apply configuration into an object, and taking away what an applier no longer says and nobody else owns. Inputs are never changed. */
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { Shape } from '../shape.ts'
import { composite, type FieldSet, isEmptySet, itemsByStep, shapeOfField, stepOfItem } from './field-set.ts'

/** `config` over `live`: maps by field, lists by key; the rest is `config`'s. */
export function mergeConfig(live: Json | undefined, config: Json, shape: Shape): Json {
  const how = composite(config, shape)
  if (how === 'map') {
    const merged: JsonObject = isJsonObject(live) ? { ...live } : {}
    for (const [name, value] of Object.entries(config as JsonObject))
      if (value !== undefined) merged[name] = mergeConfig(merged[name], value, shapeOfField(shape, name))
    return merged
  }
  if (how === 'list' && Array.isArray(live)) {
    const mine = itemsByStep(live, shape)
    const theirs = itemsByStep(config as Json[], shape)
    const merged: Json[] = []
    const queue = [...theirs.keys()]
    const emit = (step: string) => merged.push(mergeConfig(mine.get(step), theirs.get(step)!, shape.element))
    // The order of the configuration holds among its items; items that it does not name keep their place.
    for (const [step, item] of mine) {
      if (!theirs.has(step)) merged.push(item)
      else
        while (queue.length > 0) {
          const next = queue.shift()!
          emit(next)
          if (mine.has(next)) break
        }
    }
    for (const step of queue) emit(step)
    return merged
  }
  return config
}

/** `value` without the fields of `last` that nobody in `owned` has. */
export function dropUnowned(value: Json, shape: Shape, last: FieldSet, owned: FieldSet | undefined): Json {
  const how = composite(value, shape)
  if (how === 'map') {
    const kept: JsonObject = { ...(value as JsonObject) }
    for (const [step, child] of last.children) {
      const name = step.slice(2)
      if (!step.startsWith('f:') || !Object.hasOwn(kept, name)) continue
      const owners = owned?.children.get(step)
      if (isEmptySet(owners)) delete kept[name]
      else kept[name] = dropUnowned(kept[name]!, shapeOfField(shape, name), child, owners)
    }
    return kept
  }
  if (how === 'list')
    return (value as Json[]).flatMap((item) => {
      const step = stepOfItem(item, shape)
      const child = step === undefined ? undefined : last.children.get(step)
      if (child === undefined) return [item]
      const owners = owned?.children.get(step!)
      return isEmptySet(owners) ? [] : [dropUnowned(item, shape.element, child, owners)]
    })
  return value
}
