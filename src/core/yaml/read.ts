/** YAML and JSON texts, read within bounds: every syntax error with its line, and the line of any place for later problems. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments, type YAMLMap } from 'yaml'
import type { Problem } from '../kernel/errors.ts'
import { err, ok, type Result } from '../kernel/result.ts'

export type YamlPath = readonly (string | number)[]

export interface YamlText {
  text: string
  /** One for each document that holds something. */
  documents: readonly YamlDocument[]
}

export interface YamlDocument {
  /** Plain data, aliases and merge keys resolved. */
  data: unknown
  /** Line (from 1) of the place, or of what is nearest above it. */
  lineOf(path: YamlPath): number
  /** The parsed document, for edits. */
  source: Document.Parsed
}

/** Aliases that multiply (“billion laughs”) are refused above this. */
const MOST_ALIASES = 1000

/** Every document of a text, or every syntax error in it. Keys that stand twice are errors. @param mostBytes of the text, as UTF-16 units */
export function readYaml(text: string, mostBytes = 16 << 20): Result<YamlText, readonly Problem[]> {
  if (text.length > mostBytes) return err([{ path: '', message: `is larger than ${mostBytes} bytes` }])
  const lines = new LineCounter()
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, merge: true, stringKeys: true })
  const sources = Array.isArray(parsed) ? (parsed as Document.Parsed[]) : []
  const problems: Problem[] = sources.flatMap((source) =>
    source.errors.map((error) => ({
      path: '',
      message: error.code === 'NON_STRING_KEY' ? 'a key is a map or a list (is it a template?)' : error.message,
      line: lines.linePos(error.pos[0]).line,
    })),
  )
  if (problems.length > 0) return err(problems.slice(0, 100))
  const documents: YamlDocument[] = []
  for (const source of sources) {
    if (source.contents === null || (isScalar(source.contents) && source.contents.value === null)) continue
    try {
      documents.push({
        data: source.toJS({ maxAliasCount: MOST_ALIASES }),
        lineOf: (path) => lines.linePos(trace(source, path).offset).line,
        source,
      })
    } catch (error) {
      problems.push({ path: '', message: (error as Error).message, line: lines.linePos(source.range[0]).line })
    }
  }
  return problems.length > 0 ? err(problems) : ok({ text, documents })
}

export interface Trace {
  /** How many steps of the path exist. */
  found: number
  /** The node after these steps; aliases on the way are followed, one at the end is not. */
  node: Node | undefined
  /** What holds the node. */
  parent: Node | undefined
  pair: Pair<Node, Node | null> | undefined
  /** Of the last place found, in the text. */
  offset: number
}

/** Walks a path as far as it goes. */
export function trace(source: Document.Parsed, path: YamlPath): Trace {
  let node = source.contents as Node | undefined
  let parent: Node | undefined
  let pair: Trace['pair']
  let offset = node?.range?.[0] ?? source.range[0]
  let found = 0
  for (const step of path) {
    const holder = isAlias(node) ? node.resolve(source) : node
    let next: Node | undefined
    let nextPair: Trace['pair']
    if (isMap(holder)) {
      nextPair = pairOf(source, holder as YAMLMap<Node, Node | null>, step)
      if (nextPair === undefined) break
      next = nextPair.value ?? undefined
      offset = nextPair.key.range?.[0] ?? offset
    } else if (isSeq(holder) && typeof step === 'number' && step < holder.items.length) {
      next = holder.items[step] as Node
      offset = next?.range?.[0] ?? offset
    } else break
    parent = holder as Node
    node = next
    pair = nextPair
    found++
  }
  return { found, node, parent, pair, offset }
}

/** A key of a map, also where a merge key (`<<`) brought it. */
function pairOf(source: Document.Parsed, map: YAMLMap<Node, Node | null>, key: string | number): Trace['pair'] {
  const own = map.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
  if (own) return own
  // The library turns a merge key into a symbol.
  const merged = map.items.find((item) => isScalar(item.key) && item.key.source === '<<')?.value
  for (const each of isSeq(merged) ? (merged.items as Node[]) : merged ? [merged] : []) {
    const target = isAlias(each) ? each.resolve(source) : each
    const found = isMap(target) ? pairOf(source, target as YAMLMap<Node, Node | null>, key) : undefined
    if (found) return found
  }
  return undefined
}
