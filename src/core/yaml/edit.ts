/** Changes of YAML and JSON texts that touch nothing but the values they name: comments, order, quotes, blank lines and line ends stay. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar, stringify } from 'yaml'
import { readYaml, trace, type YamlDocument, type YamlPath, type YamlText } from './read.ts'

export interface YamlEdit {
  /** Index into `documents`. */
  document: number
  path: YamlPath
  /** The new value (plain data); undefined removes the key or item. Missing parents are made, as maps. */
  value: unknown
}

interface Splice {
  from: number
  to: number
  text: string
}

/**
 * The text with all edits made. It is read again and must then say exactly what was asked; a text with anchors or layouts that cannot be edited in place is
 * written anew by the YAML library (comments stay, layout may not), and undefined is the answer when even that says something else.
 */
export function editYaml(yaml: YamlText, edits: readonly YamlEdit[]): string | undefined {
  if (edits.length === 0) return yaml.text
  const wanted = yaml.documents.map((document, i) =>
    edits.filter((edit) => edit.document === i).reduce((data, { path, value }) => withValue(data, path, value), document.data),
  )
  const says = (text: string) => {
    const read = readYaml(text, Number.POSITIVE_INFINITY)
    return (
      read.ok &&
      sameData(
        read.value.documents.map(({ data }) => data),
        wanted,
      )
    )
  }
  const spliced = inPlace(yaml, edits)
  if (spliced !== undefined && says(spliced)) return spliced
  const anew = writtenAnew(yaml, edits)
  return anew !== undefined && says(anew) ? anew : undefined
}

function inPlace(yaml: YamlText, edits: readonly YamlEdit[]): string | undefined {
  // One at a time, so that a later edit sees the layout that an earlier one left; but all that only replace scalars at once.
  const scalars = edits.map((edit) => replaceScalar(yaml.documents[edit.document]!, edit))
  if (scalars.every((splice) => splice !== undefined)) return apply(yaml.text, scalars)
  let current = yaml
  for (const edit of edits) {
    const document = current.documents[edit.document]
    const splice = document && (replaceScalar(document, edit) ?? structural(current.text, document, edit))
    const text = splice && apply(current.text, [splice])
    const read = text === undefined ? undefined : readYaml(text, Number.POSITIVE_INFINITY)
    if (!read?.ok || read.value.documents.length !== yaml.documents.length) return undefined
    current = read.value
  }
  return current.text
}

/** Undefined when two splices overlap without being the same. */
function apply(text: string, splices: readonly Splice[]): string | undefined {
  let out = ''
  let at = 0
  let last: Splice | undefined
  for (const splice of [...splices].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (last && splice.from === last.from && splice.to === last.to && splice.text === last.text) continue
    if (splice.from < at) return undefined
    out += text.slice(at, splice.from) + splice.text
    at = splice.to
    last = splice
  }
  return out + text.slice(at)
}

function replaceScalar({ source }: YamlDocument, { path, value }: YamlEdit): Splice | undefined {
  const { found, node } = trace(source, path)
  if (found < path.length || value === undefined || (typeof value === 'object' && value !== null)) return undefined
  if (!(isScalar(node) || isAlias(node)) || !node.range) return undefined
  const [from, to] = node.range
  // `key:` with nothing behind it has no place of its own.
  if (from === to) return undefined
  if (isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)) return undefined
  return { from, to, text: inStyle(value, isScalar(node) ? node.type : undefined, inFlow(source, path)) }
}

/** A scalar as text, in the quotes that the old one had. */
function inStyle(value: unknown, type: string | undefined, flow: boolean): string {
  if (typeof value === 'string' && type === Scalar.QUOTE_SINGLE && !/[\r\n]/.test(value)) return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'string' && type === Scalar.QUOTE_DOUBLE) return JSON.stringify(value)
  const plain = stringify(value, { lineWidth: 0, defaultStringType: 'PLAIN', blockQuote: false }).replace(/\n$/, '')
  // What is plain in a block may not be in a flow.
  return flow && typeof value === 'string' && /[,[\]{}]/.test(plain) && !plain.startsWith('"') ? JSON.stringify(value) : plain
}

const isFlow = (node: unknown): boolean => (isMap(node) || isSeq(node)) && node.flow === true

function inFlow(source: YamlDocument['source'], path: YamlPath): boolean {
  return path.some((_, i) => isFlow(trace(source, path.slice(0, i)).node))
}

/** Adds, removes or replaces an entry of a block or flow collection. */
function structural(text: string, { source }: YamlDocument, { path, value }: YamlEdit): Splice | undefined {
  const place = trace(source, path)
  if (value === undefined) return place.found === path.length ? removal(text, place.parent, place.pair ?? place.node) : { from: 0, to: 0, text: '' }
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  if (place.found === path.length) {
    // An entry keeps its place: what stood behind the key is replaced.
    const { pair, parent } = place
    if (!pair || !isMap(parent) || isFlow(parent) || !pair.key.range) return undefined
    const from = pair.key.range[1]
    const valueEnd = pair.value?.range ? endOf(pair.value) : text.indexOf(':', from) + 1
    if (isAlias(pair.value) || pair.value?.anchor) return undefined
    return { from, to: valueEnd, text: `:${behindKey(value, columnOf(text, pair.key.range[0]), newline)}` }
  }
  const holder = trace(source, path.slice(0, place.found)).node
  const rest = path.slice(place.found)
  const nested = rest.slice(1).reduceRight<unknown>((inner, step) => (typeof step === 'number' ? [inner] : { [step]: inner }), value)
  if (isFlow(holder) && (isMap(holder) || isSeq(holder)) && holder.range) {
    const end = holder.range[1] - 1
    const entry = isMap(holder) ? `${JSON.stringify(String(rest[0]))}: ${JSON.stringify(nested)}` : JSON.stringify(nested)
    const last = (isMap(holder) ? (holder.items.at(-1) as Pair<Node, Node> | undefined) : (holder.items.at(-1) as Node | undefined)) as never
    const lastEnd = last === undefined ? undefined : endOf(last)
    return lastEnd === undefined ? { from: end, to: end, text: entry } : { from: lastEnd, to: lastEnd, text: `, ${entry}` }
  }
  if (isMap(holder) && holder.items.length > 0 && typeof rest[0] === 'string') {
    const lastPair = holder.items.at(-1) as Pair<Node, Node | null>
    const column = columnOf(text, (holder.items[0]!.key as Node).range![0])
    return insertedLines(text, endOf(lastPair), `${' '.repeat(column)}${keyText(rest[0])}:${behindKey(nested, column, newline)}`, newline)
  }
  if (isSeq(holder) && holder.items.length > 0 && rest[0] === holder.items.length) {
    const column = dashColumn(text, (holder.items[0] as Node).range![0])
    const body = indented(stringify(nested, { lineWidth: 0 }), column + 2, newline).trimStart()
    return insertedLines(text, endOf(holder.items.at(-1) as Node), `${' '.repeat(column)}- ${body}`, newline)
  }
  return undefined
}

const keyText = (key: string): string => stringify(key, { lineWidth: 0 }).replace(/\n$/, '')
const columnOf = (text: string, offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1)
const indented = (body: string, column: number, newline: string): string =>
  body
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : ' '.repeat(column) + line))
    .join(newline)

function dashColumn(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const dash = text.slice(start, offset).lastIndexOf('-')
  return dash < 0 ? 0 : dash
}

/** ` value` behind a colon; collections on the lines below. */
function behindKey(value: unknown, column: number, newline: string): string {
  const empty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  const body = stringify(value, { lineWidth: 0 })
  return typeof value === 'object' && value !== null && !empty
    ? newline + indented(body, column + 2, newline)
    : ` ${indented(body, column + 2, newline).trimStart()}`
}

/** Where the value of a pair or item ends, without the comments and blank lines behind it. */
function endOf(item: Pair<Node, Node | null> | Node): number {
  if ('key' in item) return item.value ? endOf(item.value) : (item.key as Node).range![1] + 1
  if ((isMap(item) || isSeq(item)) && !isFlow(item) && item.items.length > 0) return endOf(item.items.at(-1) as Node)
  return item.range![1]
}

/** Lines behind the line on which `offset` is, so that its comment stays with it. */
function insertedLines(text: string, offset: number, lines: string, newline: string): Splice {
  // A block scalar ends at the beginning of the next line.
  const end = offset > 0 && text[offset - 1] === '\n' ? offset - 1 : text.indexOf('\n', offset)
  return end < 0 ? { from: text.length, to: text.length, text: newline + lines } : { from: end + 1, to: end + 1, text: lines + newline }
}

function removal(text: string, parent: Node | undefined, item: Pair<Node, Node | null> | Node | undefined): Splice | undefined {
  if (item === undefined || !(isMap(parent) || isSeq(parent))) return undefined
  if (isFlow(parent)) return flowRemoval(parent.items as (Pair<Node, Node | null> | Node)[], item)
  if (parent.items.length < 2) return undefined
  const start = 'key' in item ? (item.key as Node).range![0] : item.range![0]
  const from = text.lastIndexOf('\n', start - 1) + 1
  // The first entry of a map that is an item shares its line with the dash.
  const before = text.slice(from, start)
  if ('key' in item ? /\S/.test(before) : !/^\s*-\s*$/.test(before)) return undefined
  const end = endOf(item)
  const to = text[end - 1] === '\n' ? end : text.indexOf('\n', end) + 1 || text.length
  return { from, to, text: '' }
}

/** With the comma behind it or, of the last one, before it. */
function flowRemoval(items: readonly (Pair<Node, Node | null> | Node)[], item: Pair<Node, Node | null> | Node): Splice | undefined {
  const startOf = (one: Pair<Node, Node | null> | Node) => ('key' in one ? (one.key as Node).range![0] : one.range![0])
  const i = items.indexOf(item)
  if (i < 0) return undefined
  const next = items[i + 1]
  if (next) return { from: startOf(item), to: startOf(next), text: '' }
  return { from: i === 0 ? startOf(item) : endOf(items[i - 1]!), to: endOf(item), text: '' }
}

function writtenAnew(yaml: YamlText, edits: readonly YamlEdit[]): string | undefined {
  const read = readYaml(yaml.text, Number.POSITIVE_INFINITY)
  if (!read.ok) return undefined
  for (const { document, path, value } of edits) {
    const { source } = read.value.documents[document]!
    try {
      if (value === undefined) source.deleteIn(path)
      else source.setIn(path, source.createNode(value))
    } catch {
      return undefined
    }
  }
  const sources = read.value.documents.map(({ source }) => source)
  return sources.map((source, i) => (i > 0 && !String(source).startsWith('---') ? `---\n${source}` : String(source))).join('')
}

/** A copy in which `path` has the value; undefined removes. */
function withValue(data: unknown, path: YamlPath, value: unknown): unknown {
  const [step, ...rest] = path
  if (step === undefined) return value
  if (Array.isArray(data)) {
    const copy = [...data]
    const next = withValue(copy[step as number], rest, value)
    if (rest.length === 0 && value === undefined) copy.splice(step as number, 1)
    else copy[step as number] = next
    return copy
  }
  if (typeof data !== 'object' || data === null) {
    if (value === undefined) return data
    return typeof step === 'number' ? [withValue(undefined, rest, value)] : { [step]: withValue(undefined, rest, value) }
  }
  const copy: Record<string, unknown> = { ...data }
  const next = withValue(copy[step], rest, value)
  if (next === undefined) delete copy[step]
  else copy[step] = next
  return copy
}

/** Same plain data; keys in any order. */
function sameData(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameData((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}
