/** The YAML text of the settings: read within bounds, with a line for each problem; changed without losing its comments. */
import { isDeepStrictEqual } from 'node:util'
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { CodedError, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { pathSteps } from '#core/kernel/problems.ts'
import { counterpart } from './secrets.ts'

export const MOST_BYTES = 1024 * 1024

export interface SettingsText {
  text: string
  /** Section → what it says. */
  data: Readonly<Record<string, unknown>>
  /** Line (from 1) of the place that a problem's path names, or of what is nearest to it. */
  lineOf(path: string): number | undefined
  /** The text with one section changed; comments and order stay where the change leaves their place. */
  withSection(name: string, value: unknown): string
}

/** Throws INVALID_INPUT with every syntax error and its line, TOO_LARGE. */
export function readSettingsText(text: string, path: string): SettingsText {
  if (Buffer.byteLength(text) > MOST_BYTES) throw new CodedError('TOO_LARGE', { what: path, limit: '1 MiB' })
  const lines = new LineCounter()
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problems: Problem[] = doc.errors.map((error) => ({ path, message: error.message, line: lines.linePos(error.pos[0]).line }))
  if (problems.length === 0 && doc.contents !== null && !isMap(doc.contents)) problems.push({ path, message: 'must have one key per section', line: 1 })
  if (problems.length > 0) throw invalidInput(problems.slice(0, 100))
  const data = plainData(doc, path)
  return {
    text,
    data,
    lineOf: (at) => lineOf(doc, lines, pathSteps(at)),
    withSection(name, value) {
      const wanted = { ...data, [name]: value }
      const changed = doc.clone() as unknown as Document
      if (isMap(changed.contents)) changed.set(name, merged(changed, changed.get(name, true) as Node | undefined, value))
      else changed.contents = changed.createNode(wanted)
      return says(changed, wanted) ?? String(changed.createNode(wanted))
    },
  }
}

function plainData(doc: Document.Parsed, path: string): Record<string, unknown> {
  try {
    // Aliases that multiply (“billion laughs”) are refused.
    return (doc.toJS({ maxAliasCount: 100 }) ?? {}) as Record<string, unknown>
  } catch (error) {
    throw invalidInput([{ path, message: (error as Error).message }])
  }
}

/** The document's text, if it says exactly `wanted`: anchors that a change tore apart make it say something else, or nothing. */
function says(doc: Document, wanted: unknown): string | undefined {
  try {
    const text = String(doc)
    return isDeepStrictEqual(parseDocument(text).toJS(), JSON.parse(JSON.stringify(wanted))) ? text : undefined
  } catch {
    return undefined
  }
}

function merged(doc: Document, node: Node | undefined, value: unknown): Node {
  if (isMap(node) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const wanted = Object.entries(value).filter(([, item]) => item !== undefined)
    for (const { key } of [...node.items]) {
      const name = isScalar(key) ? String(key.value) : undefined
      if (name === undefined || !wanted.some(([other]) => other === name)) node.delete(key)
    }
    for (const [key, item] of wanted) node.set(key, merged(doc, node.get(key, true) as Node | undefined, item))
    return node
  }
  if (isSeq(node) && Array.isArray(value)) {
    const before = node.items as Node[]
    const plain = before.map((item) => item.toJS(doc))
    node.items = value.map((item, i) => {
      const same = counterpart(item, i, plain)
      return merged(doc, same === undefined ? undefined : before[plain.indexOf(same)], item)
    })
    return node
  }
  if (isScalar(node) && (typeof value !== 'object' || value === null)) {
    node.value = value
    return node
  }
  return doc.createNode(value) as Node
}

function lineOf(doc: Document.Parsed, lines: LineCounter, steps: readonly (string | number)[]): number | undefined {
  let node: unknown = doc.contents
  let offset: number | undefined
  for (const step of steps) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (!pair) break
      offset = (pair.key as Node).range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      offset = (node as Node | undefined)?.range?.[0] ?? offset
    } else break
  }
  return offset === undefined ? undefined : lines.linePos(offset).line
}
