/** Names and labels of a series as the text formats write them: `name{a="b"}`, or with a quoted name `{"a.name",a="b"}`. */

/** https://prometheus.io/docs/concepts/data_model/ */
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/

/** A text that is no exposition. `column` counts from 1, in bytes; `line` is set by who knows it. */
export class ExpositionError extends Error {
  reason: string
  line: number
  column: number

  constructor(reason: string, line: number, column: number) {
    super(`line ${line}, column ${column}: ${reason}`)
    this.reason = reason
    this.line = line
    this.column = column
  }
}

export const NAME_LABEL = '__name__'
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y

/** The labels, `__name__` among them. Throws ExpositionError (line 1): unclosed, without a name, a label twice. */
export function parseSeries(text: string): Map<string, string> {
  const labels = new Map<string, string>()
  const fail = (reason: string, at: number): never => {
    throw new ExpositionError(reason, 1, at + 1)
  }
  const brace = text.indexOf('{')
  const name = brace < 0 ? text.trimEnd() : text.slice(0, brace).trimEnd()
  if (name !== '') {
    if (!METRIC_NAME.test(name)) fail(`${JSON.stringify(name)} is no name of a metric`, 0)
    labels.set(NAME_LABEL, name)
  }
  if (brace < 0) {
    if (name === '') fail('a series has no name', 0)
    return labels
  }
  let at = brace + 1
  const skip = () => {
    while (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9) at++
  }
  const quoted = (): string => {
    const from = at
    let value = ''
    for (at++; at < text.length; at++) {
      const c = text[at]!
      if (c === '"') {
        at++
        return value
      }
      if (c === '\n') break
      if (c !== '\\') {
        value += c
        continue
      }
      const next = text[++at]
      if (next === 'n') value += '\n'
      else if (next === '"' || next === '\\') value += next
      else value += `\\${next ?? ''}`
    }
    return fail('a quoted text is not closed', from)
  }
  for (skip(); text[at] !== '}'; skip()) {
    const from = at
    let label: string
    if (text[at] === '"') label = quoted()
    else {
      LABEL_NAME.lastIndex = at
      const found = LABEL_NAME.exec(text)
      if (!found) return fail('a label name was expected', at)
      label = found[0]
      at = LABEL_NAME.lastIndex
    }
    skip()
    if (text[at] !== '=' && text[from] === '"') {
      if (labels.has(NAME_LABEL)) fail('the series has two names', from)
      labels.set(NAME_LABEL, label)
    } else {
      if (text[at] !== '=') fail('"=" was expected', at)
      at++
      skip()
      if (text[at] !== '"') fail('a quoted value was expected', at)
      const value = quoted()
      if (labels.has(label)) fail(`label ${label} stands twice`, from)
      labels.set(label, value)
    }
    skip()
    if (text[at] === ',') at++
    else if (text[at] !== '}') fail('"," or "}" was expected', at)
  }
  if (!labels.get(NAME_LABEL)) fail('a series has no name', 0)
  return labels
}

const escaped = (text: string): string => (/["\\\n]/.test(text) ? text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n') : text)

/** The text of a set of labels; names that are no plain words are quoted. */
export function formatSeries(labels: Iterable<readonly [string, string]>): string {
  let name = ''
  const inner: string[] = []
  for (const [label, value] of labels) {
    if (label === NAME_LABEL) name = value
    else inner.push(`${/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label) ? label : `"${escaped(label)}"`}="${escaped(value)}"`)
  }
  if (name !== '' && !METRIC_NAME.test(name)) inner.unshift(`"${escaped(name)}"`)
  const plain = METRIC_NAME.test(name) ? name : ''
  return inner.length === 0 ? plain : `${plain}{${inner.join(',')}}`
}
