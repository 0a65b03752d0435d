/**
 * What is looked for in the text of records: `timeout "connection reset" -healthz status=500 -level=debug`. All must hold. A word without capitals is found
 * in either case. `name=value` is a field of JSON (`a.b=c` for objects in objects) or of logfmt, or an attribute. As SQL and as a function, which agree.
 */
import { err, ok, type Result } from '#core/kernel/result.ts'

export type Term = { not: boolean } & ({ kind: 'text'; text: string; exact: boolean } | { kind: 'field'; name: string; value: string })

const MOST_TERMS = 16
const MOST_TEXT = 1024
const FIELD = /^([A-Za-z_@][\w.@/-]{0,127})=(.*)$/s
const SEPARATOR = /\s/

/** The terms, or what is wrong, for people. */
export function parseSearch(input: string): Result<readonly Term[], string> {
  if (input.length > MOST_TEXT) return err(`at most ${MOST_TEXT} characters`)
  const terms: Term[] = []
  for (let at = 0; at < input.length; ) {
    if (SEPARATOR.test(input[at]!)) {
      at++
      continue
    }
    const not = input[at] === '-' && at + 1 < input.length && !SEPARATOR.test(input[at + 1]!)
    if (not) at++
    let word = ''
    let quoted = false
    let key: string | undefined
    while (at < input.length && !SEPARATOR.test(input[at]!)) {
      if (input[at] === '"' && (word === '' || (word.endsWith('=') && FIELD.test(word)))) {
        const read = readQuoted(input, at)
        if (read === undefined) return err('a quotation mark is not closed')
        if (word !== '') key = word.slice(0, -1)
        else quoted = true
        word = key === undefined ? read.text : word + read.text
        at = read.next
        break
      }
      word += input[at++]
    }
    if (word === '') return err('an empty phrase matches everything')
    const field = quoted ? null : FIELD.exec(word)
    if (field) terms.push({ not, kind: 'field', name: field[1]!, value: field[2]! })
    else terms.push({ not, kind: 'text', text: word, exact: word !== word.toLowerCase() })
  }
  if (terms.length > MOST_TERMS) return err(`at most ${MOST_TERMS} terms`)
  return ok(terms)
}

function readQuoted(input: string, start: number): { text: string; next: number } | undefined {
  let text = ''
  for (let at = start + 1; at < input.length; at++) {
    if (input[at] === '"') return { text, next: at + 1 }
    if (input[at] === '\\' && at + 1 < input.length) at++
    text += input[at]
  }
  return undefined
}

export type Params = Record<string, string | number | readonly string[] | readonly number[]>

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
/** Of logfmt and of text that is much like it; RE2 and JavaScript read it alike. */
const logfmt = (name: string, value: string) => `(^|[\\s,;([{])${escaped(name)}="?${escaped(value)}"?([\\s,;)\\]}]|$)`

/** Conditions over the columns `body` and `attributes`; `params` gets what they compare with. */
export function searchConditions(terms: readonly Term[], params: Params): string[] {
  const parameter = (value: string) => {
    const name = `s${Object.keys(params).length}`
    params[name] = value
    return `{${name}:String}`
  }
  return terms.map((term) => {
    const not = term.not ? 'NOT ' : ''
    if (term.kind === 'text')
      return `${not}(${term.exact ? 'position' : isAscii(term.text) ? 'positionCaseInsensitive' : 'positionCaseInsensitiveUTF8'}(body, ${parameter(term.text)}) > 0)`
    const value = parameter(term.value)
    const path = term.name.split('.').map(parameter)
    const whole = parameter(term.name)
    const asJson = (keys: readonly string[]) => `JSONExtractString(body, ${keys.join(', ')}) = ${value} OR JSONExtractRaw(body, ${keys.join(', ')}) = ${value}`
    const json = path.length > 1 ? `${asJson(path)} OR ${asJson([whole])}` : asJson([whole])
    // most bodies do not hold the value at all, which is far cheaper to see
    const body = term.value === '' ? '1' : `position(body, ${value}) > 0`
    return `${not}(attributes[${whole}] = ${value} AND mapContains(attributes, ${whole}) OR (${body} AND if(startsWith(body, ${parameter('{')}), ${json}, match(body, ${parameter(logfmt(term.name, term.value))}))))`
  })
}

const isAscii = (text: string) => [...text].every((char) => char < '\u0080')

/** The same question to one record. */
export function searcher(terms: readonly Term[]): (body: string, attributes: Readonly<Record<string, string>>) => boolean {
  const tests = terms.map((term) => {
    if (term.kind === 'text') return (body: string) => (term.exact ? body : body.toLowerCase()).includes(term.text) !== term.not
    const pattern = new RegExp(logfmt(term.name, term.value))
    const path = term.name.split('.')
    return (body: string, attributes: Readonly<Record<string, string>>) =>
      (attributes[term.name] === term.value ||
        (body.includes(term.value) && (body.startsWith('{') ? inJson(body, term.name, path, term.value) : pattern.test(body)))) !== term.not
  })
  return (body, attributes) => tests.every((test) => test(body, attributes))
}

function inJson(body: string, name: string, path: readonly string[], value: string): boolean {
  let root: unknown
  try {
    root = JSON.parse(body)
  } catch {
    return false
  }
  const step = (of: unknown, key: string) => (typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[key] : undefined)
  const same = (found: unknown) => found !== undefined && (found === value || (typeof found !== 'string' && JSON.stringify(found) === value))
  return same(step(root, name)) || same(path.reduce(step, root))
}
