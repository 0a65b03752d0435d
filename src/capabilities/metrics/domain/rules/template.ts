/**
 * The part of Go's text/template that alerts use: `{{ $labels.x }}`, `{{ $value | humanize }}`, `if`/`else`/`end`, `printf`, comparisons.
 * Not there: `range`, `with`, `define` and functions that ask queries; they are problems when a file is read, never silent.
 * https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
 */

export interface TemplateData {
  labels: Readonly<Record<string, string>>
  value: number
}
type Value = string | number | boolean | Readonly<Record<string, string>>
type Expr =
  | { kind: 'value'; value: Value }
  | { kind: 'data'; name: 'labels' | 'value' | 'external'; fields: string[] }
  | { kind: 'call'; name: string; args: Expr[] }
type Node = { kind: 'text'; text: string } | { kind: 'print'; expr: Expr } | { kind: 'if'; test: Expr; yes: Node[]; otherwise: Node[] }

class TemplateError extends Error {
  override name = 'TemplateError'
}

/** What is wrong with a template; undefined when nothing is. */
export function templateProblem(text: string): string | undefined {
  try {
    compile(text)
    return undefined
  } catch (error) {
    if (error instanceof TemplateError) return error.message
    throw error
  }
}

/** The text with everything filled in. What cannot be filled in is said in its place, as Prometheus does: an alert goes out all the same. */
export function expandTemplate(text: string, data: TemplateData): string {
  if (!text.includes('{{')) return text
  try {
    return render(compile(text), data)
  } catch (error) {
    return `<error expanding template: ${(error as Error).message}>`
  }
}

const cache = new Map<string, Node[]>()

function compile(text: string): Node[] {
  const known = cache.get(text)
  if (known) return known
  const pieces = [...text.matchAll(/\{\{(-?)((?:"(?:[^"\\]|\\.)*"|`[^`]*`|(?!\}\}).)*?)(-?)\}\}|((?:(?!\{\{)[\s\S])+)|([\s\S])/g)]
  let at = 0
  const block = (inIf: boolean): { nodes: Node[]; end: string } => {
    const nodes: Node[] = []
    let trim = false
    for (; at < pieces.length; at++) {
      const [, , code, trimAfter, plain, odd] = pieces[at]!
      if (odd !== undefined) throw new TemplateError('"{{" is not closed')
      if (plain !== undefined) {
        const before = pieces[at + 1]?.[1] === '-'
        const started = trim ? plain.trimStart() : plain
        nodes.push({ kind: 'text', text: before ? started.trimEnd() : started })
        trim = false
        continue
      }
      trim = trimAfter === '-'
      const words = (code ?? '').trim()
      const [, keyword, rest = ''] = /^(if|else if|else|end|range|with|define|template|block)\b\s*([\s\S]*)$/.exec(words) ?? []
      if (words.startsWith('/*') || words === '') continue
      if (keyword === 'if') {
        at++
        nodes.push(ifNode(rest))
      } else if (keyword === 'end' || keyword === 'else' || keyword === 'else if') {
        if (!inIf) throw new TemplateError(`"${keyword}" without "if"`)
        return { nodes, end: words }
      } else if (keyword !== undefined) throw new TemplateError(`"${keyword}" is not supported`)
      else nodes.push({ kind: 'print', expr: pipeline(words) })
    }
    if (inIf) throw new TemplateError('"if" without "end"')
    return { nodes, end: '' }
  }
  const ifNode = (condition: string): Node => {
    const then = block(true)
    let otherwise: Node[] = []
    if (then.end.startsWith('else if')) {
      at++
      otherwise = [ifNode(then.end.slice(7).trim())]
    } else if (then.end === 'else') {
      at++
      const last = block(true)
      if (last.end !== 'end') throw new TemplateError('"else" twice')
      otherwise = last.nodes
    }
    return { kind: 'if', test: pipeline(condition), yes: then.nodes, otherwise }
  }
  const { nodes } = block(false)
  if (cache.size > 5_000) cache.clear()
  cache.set(text, nodes)
  return nodes
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(`[^`]*`)|(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)|(\$?[A-Za-z_]\w*(?:\.\w+)*|(?:\.\w+)+|\.)|([()|]))/y

function pipeline(text: string): Expr {
  const tokens: RegExpExecArray[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex
    const found = TOKEN.exec(text)
    if (!found) throw new TemplateError(`"${text.slice(from).trim()}" is not understood`)
    tokens.push(found)
  }
  let at = 0
  const operand = (): Expr => {
    const [, quoted, raw, number, word, sign] = tokens[at++]!
    if (quoted !== undefined) return { kind: 'value', value: JSON.parse(quoted) as string }
    if (raw !== undefined) return { kind: 'value', value: raw.slice(1, -1) }
    if (number !== undefined) return { kind: 'value', value: Number(number) }
    if (sign === '(') {
      const inner = chain()
      if (tokens[at++]?.[5] !== ')') throw new TemplateError('a bracket is not closed')
      return inner
    }
    if (word === undefined) throw new TemplateError(`"${sign}" is not expected here`)
    if (word === 'true' || word === 'false') return { kind: 'value', value: word === 'true' }
    const [head, ...fields] = word.replace(/^\./, '$.').split('.')
    if (head === '$labels' || (head === '$' && fields[0] === 'Labels')) return { kind: 'data', name: 'labels', fields: head === '$' ? fields.slice(1) : fields }
    if (head === '$value' || (head === '$' && fields[0] === 'Value')) return { kind: 'data', name: 'value', fields: [] }
    if (head === '$externalLabels' || head === '$externalURL' || (head === '$' && /^External(Labels|URL)$/.test(fields[0] ?? '')))
      return { kind: 'data', name: 'external', fields: [] }
    if (head!.startsWith('$')) throw new TemplateError(`there is no variable "${word}"`)
    if (!Object.hasOwn(FUNCTIONS, head!)) throw new TemplateError(`the function "${head}" is not supported`)
    return { kind: 'call', name: head!, args: [] }
  }
  const command = (): Expr => {
    if (tokens[at] === undefined) throw new TemplateError('something is missing')
    const first = operand()
    const args: Expr[] = []
    while (tokens[at] !== undefined && tokens[at]![5] !== '|' && tokens[at]![5] !== ')') args.push(operand())
    if (first.kind === 'call') return { ...first, args: [...first.args, ...args] }
    if (args.length > 0) throw new TemplateError('a value takes no arguments')
    return first
  }
  function chain(): Expr {
    let expr = command()
    while (tokens[at]?.[5] === '|') {
      at++
      const next = command()
      if (next.kind !== 'call') throw new TemplateError('after "|" comes a function')
      expr = { ...next, args: [...next.args, expr] }
    }
    return expr
  }
  const expr = chain()
  if (at < tokens.length) throw new TemplateError(`"${tokens[at]![0].trim()}" is not expected here`)
  return expr
}

const render = (nodes: readonly Node[], data: TemplateData): string =>
  nodes
    .map((node) => {
      if (node.kind === 'text') return node.text
      if (node.kind === 'print') return show(evaluate(node.expr, data))
      return render(truth(evaluate(node.test, data)) ? node.yes : node.otherwise, data)
    })
    .join('')

function evaluate(expr: Expr, data: TemplateData): Value {
  if (expr.kind === 'value') return expr.value
  if (expr.kind === 'call') return FUNCTIONS[expr.name]!(...expr.args.map((arg) => evaluate(arg, data)))
  if (expr.name === 'external') return ''
  if (expr.name === 'value') return data.value
  return expr.fields.length === 0 ? data.labels : (data.labels[expr.fields[0]!] ?? '')
}

const truth = (value: Value): boolean => (typeof value === 'object' ? Object.keys(value).length > 0 : Boolean(value))
const show = (value: Value): string =>
  typeof value === 'number'
    ? goNumber(value)
    : typeof value === 'object'
      ? `map[${Object.entries(value)
          .map(([k, v]) => `${k}:${v}`)
          .join(' ')}]`
      : String(value)

/** Numbers as Go prints them by default (`%v`). */
function goNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e21)) return goExponent(value.toExponential())
  return String(value)
}
const goExponent = (text: string) => text.replace(/e([+-])(\d)$/, 'e$10$2')

/** Four significant digits, as Go's `%.4g`. */
function four(value: number): string {
  if (value === 0) return '0'
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(4)))))
  if (exponent < -4 || exponent >= 4) return goExponent(value.toExponential(3).replace(/\.?0+e/, 'e'))
  return String(Number(value.toPrecision(4)))
}
const number = (value: Value | undefined): number => {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value.replace('Inf', 'Infinity')) : value
  if (typeof found !== 'number') throw new TemplateError(`"${String(value)}" is no number`)
  return found
}
const scaled = (value: number, base: number, up: readonly string[], down: readonly string[]): string => {
  if (value === 0 || !Number.isFinite(value)) return four2(value)
  let rest = value
  let unit = ''
  if (Math.abs(rest) >= 1) {
    for (const next of up) {
      if (Math.abs(rest) < base) break
      unit = next
      rest /= base
    }
  } else {
    for (const next of down) {
      if (Math.abs(rest) >= 1) break
      unit = next
      rest *= base
    }
  }
  return `${four(rest)}${unit}`
}
const four2 = (value: number) => (Number.isFinite(value) ? four(value) : goNumber(value))

function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return goNumber(value)
  if (value === 0) return '0s'
  const sign = value < 0 ? '-' : ''
  const all = Math.abs(value)
  if (all < 1) return scaled(value, 1000, [], ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']).concat('s')
  const [days, hours, minutes] = [Math.floor(all / 86_400), Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60]
  const seconds = all - Math.floor(all / 60) * 60
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${Math.trunc(seconds)}s`
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${Math.trunc(seconds)}s`
  if (minutes > 0) return `${sign}${minutes}m ${Math.trunc(seconds)}s`
  return `${sign}${four(seconds)}s`
}

/** `%d %s %v %q %t %f %e %g %x` with flags, width and precision. */
function printf(format: string, args: readonly Value[]): string {
  let next = 0
  return format.replace(/%([-+# 0]*)(\d*)(?:\.(\d+))?([a-zA-Z%])/g, (_, flags: string, width: string, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    if (next >= args.length) return `%!${verb}(MISSING)`
    const arg = args[next++]!
    const digits = precision === undefined ? undefined : Number(precision)
    const float = (write: (value: number) => string) => {
      const value = number(arg)
      return Number.isFinite(value) ? write(value) : goNumber(value)
    }
    let text: string
    if (verb === 'f') text = float((value) => value.toFixed(Math.min(digits ?? 6, 100)))
    else if (verb === 'e') text = float((value) => goExponent(value.toExponential(Math.min(digits ?? 6, 100))))
    else if (verb === 'g') text = float((value) => (digits === undefined ? goNumber(value) : goNumber(Number(value.toPrecision(Math.max(1, digits))))))
    else if (verb === 'd') text = float((value) => String(Math.trunc(value)))
    else if (verb === 'q') text = JSON.stringify(show(arg))
    else if (verb === 's' || verb === 'v' || verb === 't') text = show(arg).slice(0, verb === 's' ? (digits ?? Infinity) : Infinity)
    else return `%!${verb}(${show(arg)})`
    if (flags.includes('+') && typeof arg === 'number' && arg >= 0) text = `+${text}`
    const wide = Number(width)
    return flags.includes('-') ? text.padEnd(wide) : text.padStart(wide, flags.includes('0') ? '0' : ' ')
  })
}

const text = (value: Value | undefined): string => (value === undefined ? '' : show(value))
const same = (a: Value | undefined, b: Value | undefined) => (typeof a === 'number' || typeof b === 'number' ? number(a) === number(b) : text(a) === text(b))
const SI_UP = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const SI_DOWN = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']

const FUNCTIONS: Readonly<Record<string, (...args: Value[]) => Value>> = {
  humanize: (value) => scaled(number(value), 1000, SI_UP, SI_DOWN),
  humanize1024: (value) => {
    const all = number(value)
    return Math.abs(all) <= 1 || !Number.isFinite(all) ? four2(all) : scaled(all, 1024, ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'], [])
  },
  humanizePercentage: (value) => `${four2(number(value) * 100)}%`,
  humanizeDuration: (value) => humanizeDuration(number(value)),
  printf: (format, ...args) => printf(text(format), args),
  print: (...args) => args.map(text).join(''),
  toUpper: (value) => text(value).toUpperCase(),
  toLower: (value) => text(value).toLowerCase(),
  title: (value) => text(value).replace(/\b\p{L}/gu, (letter) => letter.toUpperCase()),
  stripPort: (value) => text(value).replace(/:\d+$/, ''),
  stripDomain: (value) => text(value).replace(/^([^.:]+)\.[^:]*/, '$1'),
  len: (value) => (typeof value === 'object' ? Object.keys(value).length : text(value).length),
  eq: (first, ...others) => others.some((other) => same(first, other)),
  ne: (a, b) => !same(a, b),
  gt: (a, b) => number(a) > number(b),
  ge: (a, b) => number(a) >= number(b),
  lt: (a, b) => number(a) < number(b),
  le: (a, b) => number(a) <= number(b),
  and: (...args) => args.find((arg) => !truth(arg)) ?? args.at(-1) ?? '',
  or: (...args) => args.find(truth) ?? args.at(-1) ?? '',
  not: (value) => !truth(value ?? ''),
  index: (map, key) => (typeof map === 'object' ? (map[text(key)] ?? '') : ''),
}
