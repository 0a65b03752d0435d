/** Findings that say how, to edits of objects and of the texts in which they stand. */
import { editYaml, type YamlEdit } from '#core/yaml/edit.ts'
import { readYaml, type YamlText } from '#core/yaml/read.ts'
import type { FixEdit, Hit, InspectionCheck } from './check.ts'
import { inspect } from './inspect.ts'
import { at, type Item, isFields, nameOf, namespaceOf, type Path, type Settings, takeInventory } from './inventory.ts'

/** What would be changed in one object. */
export interface ObjectFix {
  item: Item
  /** Ids of the checks that it is for. */
  checks: readonly string[]
  edits: readonly FixEdit[]
}

/**
 * Edits for all findings that have any. Each value is set once: the first check that asks for a path has it. Guesses only of checks in `named`.
 * Items of lists are removed from the end, so that earlier places stay what they are.
 */
export function planFixes(items: readonly Item[], checks: readonly InspectionCheck[], settings: Settings, named: ReadonlySet<string>): ObjectFix[] {
  const inventory = takeInventory(items, { settings })
  const byItem = new Map<Item, { checks: Set<string>; edits: Map<string, FixEdit> }>()
  for (const check of checks)
    for (const hit of check.find(inventory)) {
      const edits = wanted(hit, named.has(check.id))
      if (edits.length === 0) continue
      const entry = byItem.get(hit.item) ?? { checks: new Set<string>(), edits: new Map<string, FixEdit>() }
      byItem.set(hit.item, entry)
      const taken = [...entry.edits.values()]
      // What another edit sets as a whole, or a part of it, is not set again.
      const free = edits.filter((edit) => !taken.some((one) => within(one.path, edit.path) || within(edit.path, one.path)))
      if (free.length === 0) continue
      entry.checks.add(check.id)
      for (const edit of free) entry.edits.set(JSON.stringify(edit.path), edit)
    }
  return [...byItem].map(([item, { checks, edits }]) => ({ item, checks: [...checks], edits: inOrder(withoutEmpty(item, [...edits.values()])) }))
}

const wanted = ({ fix }: Hit, guesses: boolean): readonly FixEdit[] => (fix ?? []).filter(({ guess }) => guesses || !guess)
const within = (outer: Path, inner: Path): boolean => outer.length <= inner.length && outer.every((step, i) => step === inner[i])

/** A list or map of which everything is taken away goes too. */
function withoutEmpty(item: Item, edits: readonly FixEdit[]): FixEdit[] {
  let all = [...edits]
  for (;;) {
    const removed = all.filter(({ value }) => value === undefined)
    const emptied = removed.find(({ path }) => {
      const holder = path.slice(0, -1)
      if (holder.length < 2 || all.some((edit) => edit.value !== undefined && within(holder, edit.path))) return false
      const inside = at(item.object, ...holder)
      const size = Array.isArray(inside) ? inside.length : isFields(inside) ? Object.keys(inside).length : 0
      return size === removed.filter((edit) => edit.path.length === path.length && within(holder, edit.path)).length
    })
    if (!emptied) return all
    const holder = emptied.path.slice(0, -1)
    all = [...all.filter((edit) => !within(holder, edit.path)), { path: holder, value: undefined }]
  }
}

const inOrder = (edits: readonly FixEdit[]): FixEdit[] => [
  ...edits.filter(({ value }) => value !== undefined),
  ...edits.filter(({ value }) => value === undefined).sort((a, b) => Number(b.path.at(-1)) - Number(a.path.at(-1)) || 0),
]

/** A copy of the object with the edits made. */
export function edited<T>(object: T, edits: readonly FixEdit[]): T {
  const copy = structuredClone(object)
  for (const { path, value } of edits) {
    let holder: unknown = copy
    for (const [i, step] of path.slice(0, -1).entries()) {
      if (typeof holder !== 'object' || holder === null) break
      const inner = (holder as Record<string | number, unknown>)[step]
      if (inner === undefined || inner === null) {
        if (value === undefined) break
        ;(holder as Record<string | number, unknown>)[step] = typeof path[i + 1] === 'number' ? [] : {}
      }
      holder = (holder as Record<string | number, unknown>)[step]
    }
    if (at(copy, ...path.slice(0, -1)) !== holder || typeof holder !== 'object' || holder === null) continue
    const last = path.at(-1)!
    if (value !== undefined) (holder as Record<string | number, unknown>)[last] = value
    else if (Array.isArray(holder)) holder.splice(last as number, 1)
    else delete (holder as Record<string | number, unknown>)[last]
  }
  return copy
}

/** Checks that say more about an object after its fix than before: the fix is left out then, and told. */
function worse(before: readonly Item[], after: readonly Item[], checks: readonly InspectionCheck[], settings: Settings): Set<Item> {
  const count = (items: readonly Item[]) => {
    const counts = new Map<string, number>()
    for (const { check, object, file, line } of inspect(items, checks, { settings }).findings) {
      const key = `${check}\n${object}\n${file}\n${line}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return counts
  }
  const [old, now] = [count(before), count(after)]
  const grown = new Set([...now].filter(([key, n]) => n > (old.get(key) ?? 0)).map(([key]) => key.slice(key.indexOf('\n') + 1)))
  return new Set(before.filter((item) => [...grown].some((key) => key === `${objectKey(item)}\n${item.file}\n${item.line}`)))
}
const objectKey = (item: Item): string => `${item.object.kind} ${namespaceOf(item) === '' ? '' : `${namespaceOf(item)}/`}${nameOf(item)}`

export interface FixPlan {
  fixes: readonly ObjectFix[]
  /** Objects whose fix would raise another finding. */
  refused: readonly ObjectFix[]
}

/** Plans until nothing more can be set (one fix may make room for another), and leaves out what makes things worse. @param all the checks that must not find more */
export function settleFixes(
  items: readonly Item[],
  checks: readonly InspectionCheck[],
  all: readonly InspectionCheck[],
  settings: Settings,
  named: ReadonlySet<string>,
): FixPlan {
  const fixes = planFixes(items, checks, settings, named)
  const byItem = new Map(fixes.map((fix) => [fix.item, fix]))
  const after = items.map((item) => {
    const fix = byItem.get(item)
    return fix ? { ...item, object: edited(item.object, fix.edits) } : item
  })
  const bad = worse(items, after, all, settings)
  return { fixes: fixes.filter(({ item }) => !bad.has(item)), refused: fixes.filter(({ item }) => bad.has(item)) }
}

/** Where the objects of a text stand, in the order in which `readManifests` gives them. */
function placesIn({ documents }: YamlText): { document: number; path: Path }[] {
  const places: { document: number; path: Path }[] = []
  const add = (data: unknown, document: number, path: Path, depth: number): void => {
    const items = at(data, 'items')
    if (isFields(data) && Array.isArray(items) && typeof data.kind === 'string' && data.kind.endsWith('List') && depth < 4)
      for (const [i, item] of items.entries()) add(item, document, [...path, 'items', i], depth + 1)
    else if (data !== null && data !== undefined) places.push({ document, path })
  }
  for (const [i, { data }] of documents.entries()) add(data, i, [], 0)
  return places
}

/** `securityContext:` with nothing behind it is a null: what goes into it is set together with it. */
function aroundNulls(object: unknown, edits: readonly FixEdit[]): FixEdit[] {
  const inside = new Map<string, FixEdit>()
  const out: FixEdit[] = []
  for (const edit of edits) {
    const depth = edit.path.findIndex((_, i) => i > 0 && at(object, ...edit.path.slice(0, i)) === null)
    if (depth < 0 || edit.value === undefined) {
      out.push(edit)
      continue
    }
    const path = edit.path.slice(0, depth)
    const before = inside.get(JSON.stringify(path))?.value ?? {}
    inside.set(JSON.stringify(path), { path, value: edited(before, [{ path: edit.path.slice(depth), value: edit.value }]) })
  }
  return [...inside.values(), ...out]
}

/** The text with the fixes of its objects (by their index in it); undefined when it cannot be edited without changing more. */
export function fixedText(text: string, fixes: ReadonlyMap<number, readonly FixEdit[]>): string | undefined {
  const read = readYaml(text, Number.POSITIVE_INFINITY)
  if (!read.ok) return undefined
  const places = placesIn(read.value)
  const edits: YamlEdit[] = []
  for (const [index, list] of fixes) {
    const place = places[index]
    if (!place) return undefined
    for (const { path, value } of aroundNulls(at(read.value.documents[place.document]!.data, ...place.path), list))
      edits.push({ document: place.document, path: [...place.path, ...path], value })
  }
  return editYaml(read.value, edits)
}

/** Lines that differ, with `-` and `+`, as `diff -U2` shows them. */
export function lineDiff(before: string, after: string, file: string): string {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  return [`--- ${file}`, `+++ ${file}`, ...hunks(a.slice(start, a.length - end), b.slice(start, b.length - end), start, a, b)].join('\n')
}

/** Longest common lines of the part that differs; a part too long for that is shown whole. */
function hunks(a: readonly string[], b: readonly string[], offset: number, wholeA: readonly string[], wholeB: readonly string[]): string[] {
  const marks = a.length * b.length > 4_000_000 ? [...a.map((line) => `-${line}`), ...b.map((line) => `+${line}`)] : common(a, b)
  const out: string[] = []
  let [i, j] = [offset, offset]
  let open = false
  const all = [
    ...wholeA.slice(Math.max(0, offset - 2), offset).map((line) => ` ${line}`),
    ...marks,
    ...wholeA.slice(offset + a.length, offset + a.length + 2).map((line) => ` ${line}`),
  ]
  i = j = Math.max(0, offset - 2)
  for (const [at, line] of all.entries()) {
    const near = all.slice(Math.max(0, at - 2), at + 3).some((one) => !one.startsWith(' '))
    if (near && !open) out.push(`@@ -${i + 1} +${j + 1} @@`)
    open = near
    if (near) out.push(line)
    if (!line.startsWith('+')) i++
    if (!line.startsWith('-')) j++
  }
  return wholeB.length === 0 ? [] : out
}

function common(a: readonly string[], b: readonly string[]): string[] {
  const width = b.length + 1
  const table = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1]! + 1 : Math.max(table[(i + 1) * width + j]!, table[i * width + j + 1]!)
  const out: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push(` ${a[i++]}`)
      j++
    } else if (j >= b.length || (i < a.length && table[(i + 1) * width + j]! >= table[i * width + j + 1]!)) out.push(`-${a[i++]}`)
    else out.push(`+${b[j++]}`)
  }
  return out
}
