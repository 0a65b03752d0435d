/** JSON Patch (RFC 6902) on JSON values. The input is never changed. */
import { err, ok, type Result } from '../../kernel/result.ts'
import { isJsonObject, type Json, sameJson } from '../json.ts'

export interface JsonPatchStep {
  op: 'add' | 'remove' | 'replace' | 'move' | 'copy' | 'test'
  path: string
  from?: string
  value?: Json
}

const OPS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test'])
/** As kube-apiserver: more is refused. */
export const MAX_JSON_PATCH_STEPS = 10_000

/** Checks the form of a patch, as a whole. */
export function parseJsonPatch(value: unknown): Result<readonly JsonPatchStep[], string> {
  if (!Array.isArray(value)) return err('a JSON patch is an array of operations')
  if (value.length > MAX_JSON_PATCH_STEPS) return err(`a JSON patch has at most ${MAX_JSON_PATCH_STEPS} operations, this one has ${value.length}`)
  for (const [i, step] of value.entries()) {
    if (!isJsonObject(step) || typeof step.op !== 'string' || !OPS.has(step.op)) return err(`operation ${i}: "op" is one of ${[...OPS].join(', ')}`)
    if (typeof step.path !== 'string' || (step.path !== '' && !step.path.startsWith('/'))) return err(`operation ${i}: "path" is a JSON pointer`)
    if ((step.op === 'move' || step.op === 'copy') && typeof step.from !== 'string') return err(`operation ${i}: "${step.op}" needs "from"`)
    if ((step.op === 'add' || step.op === 'replace' || step.op === 'test') && step.value === undefined) return err(`operation ${i}: "${step.op}" needs "value"`)
  }
  return ok(value as JsonPatchStep[])
}

const steps = (pointer: string): string[] =>
  pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** The patched value, or which operation failed and why. */
export function applyJsonPatch(document: Json, patch: readonly JsonPatchStep[]): Result<Json, string> {
  let root: Json = structuredClone(document)
  const fail = (i: number, step: JsonPatchStep, why: string) => err(`operation ${i} (${step.op} ${step.path}): ${why}`)
  for (const [i, step] of patch.entries()) {
    if (step.op === 'test') {
      const found = read(root, steps(step.path))
      // A missing value passes a test for null, as the library of kube-apiserver has it.
      if (!sameJson(found ?? null, step.value ?? null)) return fail(i, step, 'testing value failed')
      continue
    }
    let value = step.value as Json
    if (step.op === 'move' || step.op === 'copy') {
      const from = read(root, steps(step.from!))
      if (from === undefined) return fail(i, step, `there is nothing at ${step.from}`)
      value = structuredClone(from)
      if (step.op === 'move') {
        if (step.path.startsWith(`${step.from}/`)) return fail(i, step, 'a value cannot be moved into itself')
        const removed = write(root, steps(step.from!), undefined, 'remove')
        if (!removed.ok) return fail(i, step, removed.error)
        root = removed.value
      }
    }
    const written = write(
      root,
      steps(step.path),
      step.op === 'remove' ? undefined : structuredClone(value),
      step.op === 'replace' || step.op === 'remove' ? step.op : 'add',
    )
    if (!written.ok) return fail(i, step, written.error)
    root = written.value
  }
  return ok(root)
}

function read(root: Json, path: readonly string[]): Json | undefined {
  let at: Json | undefined = root
  for (const key of path) {
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(key) ? at[Number(key)] : undefined
    else if (isJsonObject(at)) at = Object.hasOwn(at, key) ? at[key] : undefined
    else return undefined
  }
  return at
}

function write(root: Json, path: readonly string[], value: Json | undefined, how: 'add' | 'replace' | 'remove'): Result<Json, string> {
  if (path.length === 0) return how === 'remove' ? err('the whole document cannot be removed') : ok(value as Json)
  const parent = read(root, path.slice(0, -1))
  const key = path.at(-1)!
  if (Array.isArray(parent)) {
    const index = key === '-' && how === 'add' ? parent.length : /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1
    if (index < 0 || index > parent.length || (how !== 'add' && index === parent.length)) return err(`index ${key} is out of range`)
    if (how === 'remove') parent.splice(index, 1)
    else parent.splice(index, how === 'add' ? 0 : 1, value as Json)
    return ok(root)
  }
  if (!isJsonObject(parent)) return err('the parent does not exist')
  if (how !== 'add' && !Object.hasOwn(parent, key)) return err(`there is nothing to ${how}`)
  if (how === 'remove') delete parent[key]
  else Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true })
  return ok(root)
}
