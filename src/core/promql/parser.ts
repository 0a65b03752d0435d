/** Tokens to a tree: precedence climbing, one function per construct of the grammar. */
import { AGGREGATES, type At, type Binary, COMPARISONS, type DurationExpr, type Expr, type LabelMatcher, type MatchOp, PARAMETRIC, SET_OPS } from './ast.ts'
import { parseError } from './failure.ts'
import { FUNCTIONS } from './functions.ts'
import { type Token, tokens } from './lexer.ts'
import { checkTypes } from './types.ts'

const PRECEDENCE: Record<string, number> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}
const MAX_LENGTH = 1 << 20
/** Deeper trees would only be made to exhaust the stack. */
export const MAX_DEPTH = 200
/** Operators of one expression: a chain of them is a deep tree, too. */
const MAX_LINKS = 1000

/** The checked tree of a text; throws `PROMQL_INVALID` that names line and column. */
export function parse(text: string): Expr {
  if (text.length > MAX_LENGTH) throw parseError('', 0, `the expression is longer than ${MAX_LENGTH} characters`)
  const parser = new Parser(text)
  const expr = parser.whole()
  checkTypes(expr, text)
  return expr
}

class Parser {
  readonly text: string
  readonly list: Token[]
  at = 0
  depth = 0
  links = 0

  constructor(text: string) {
    this.text = text
    this.list = tokens(text)
  }

  peek = (ahead = 0): Token => this.list[Math.min(this.at + ahead, this.list.length - 1)]!
  next = (): Token => this.list[this.at < this.list.length - 1 ? this.at++ : this.at]!
  isOp = (op: string, ahead = 0): boolean => this.peek(ahead).kind === 'op' && this.peek(ahead).text === op
  isWord = (word: string, ahead = 0): boolean => this.peek(ahead).kind === 'word' && this.peek(ahead).text.toLowerCase() === word

  fail(reason: string, token = this.peek()): never {
    throw parseError(this.text, token.pos, reason)
  }
  unexpected(where: string): never {
    const token = this.peek()
    return this.fail(`unexpected ${token.kind === 'end' ? 'end of input' : JSON.stringify(this.text.slice(token.pos, token.end))} in ${where}`)
  }
  take(op: string, where: string): Token {
    if (!this.isOp(op)) this.unexpected(`${where}, expected "${op}"`)
    return this.next()
  }
  accept(op: string): boolean {
    if (!this.isOp(op)) return false
    this.next()
    return true
  }
  nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) this.fail(`expressions may be nested ${MAX_DEPTH} deep`)
    const result = read()
    this.depth--
    return result
  }

  link(): void {
    if (++this.links > MAX_LINKS) this.fail(`expressions may be nested ${MAX_DEPTH} deep and have ${MAX_LINKS} operators`)
  }

  whole(): Expr {
    if (this.peek().kind === 'end') this.fail('no expression found in input')
    const expr = this.expression(0)
    if (this.peek().kind !== 'end') this.unexpected('expression')
    return expr
  }

  operator(): string | undefined {
    const token = this.peek()
    if (token.kind !== 'op' && token.kind !== 'word') return undefined
    const op = token.text.toLowerCase()
    return Object.hasOwn(PRECEDENCE, op) ? op : undefined
  }

  expression(above: number): Expr {
    return this.nested(() => {
      let left = this.unary()
      for (let op = this.operator(); op !== undefined && PRECEDENCE[op]! > above; op = this.operator()) {
        this.next()
        this.link()
        const modifiers = this.binaryModifiers(op)
        // Only the power operator binds to the right.
        const right = this.expression(op === '^' ? PRECEDENCE[op]! - 1 : PRECEDENCE[op]!)
        left = { kind: 'binary', pos: left.pos, op, left, right, ...modifiers }
      }
      return left
    })
  }

  unary(): Expr {
    const token = this.peek()
    if (token.kind === 'op' && (token.text === '-' || token.text === '+')) {
      this.next()
      const expr = this.expression(PRECEDENCE['*']!)
      if (expr.kind === 'number') return { kind: 'number', pos: token.pos, value: token.text === '-' ? -expr.value : expr.value }
      return { kind: 'unary', pos: token.pos, op: token.text, expr }
    }
    return this.postfix(this.primary())
  }

  binaryModifiers(op: string): Pick<Binary, 'bool' | 'matching'> {
    let bool = false
    if (this.isWord('bool')) {
      if (!COMPARISONS.has(op)) this.fail('bool modifier can only be used on comparison operators')
      this.next()
      bool = true
    }
    const set = SET_OPS.has(op)
    let written = false
    let card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many' = set ? 'many-to-many' : 'one-to-one'
    let on = false
    let labels: string[] = []
    let include: string[] = []
    if ((this.isWord('on') || this.isWord('ignoring')) && this.isOp('(', 1)) {
      written = true
      on = this.next().text.toLowerCase() === 'on'
      labels = this.labelList()
      if (this.isWord('group_left') || this.isWord('group_right')) {
        const group = this.next()
        if (set) this.fail(`no grouping allowed for "${op}" operation`, group)
        card = group.text.toLowerCase() === 'group_left' ? 'many-to-one' : 'one-to-many'
        if (this.isOp('(')) include = this.labelList()
        for (const name of include) if (on && labels.includes(name)) this.fail(`label "${name}" must not occur in ON and GROUP clause at once`, group)
      }
    }
    let fillLeft: number | undefined
    let fillRight: number | undefined
    while ((this.isWord('fill') || this.isWord('fill_left') || this.isWord('fill_right')) && this.isOp('(', 1)) {
      const token = this.next()
      if (set) this.fail(`filling in missing series not allowed for set operators`, token)
      const word = token.text.toLowerCase()
      this.take('(', 'fill modifier')
      const value = this.expression(0)
      if (value.kind !== 'number') this.fail('a fill value is a number', token)
      this.take(')', 'fill modifier')
      written = true
      if (word !== 'fill_right') fillLeft = value.value
      if (word !== 'fill_left') fillRight = value.value
    }
    return { bool, matching: written ? { card, on, labels, include, fillLeft, fillRight } : undefined }
  }

  labelList(): string[] {
    const names: string[] = []
    this.take('(', 'grouping opts')
    while (!this.isOp(')')) {
      const token = this.next()
      if (token.kind === 'word' ? token.text.includes(':') : token.kind !== 'string' || !token.text.isWellFormed() || token.text === '')
        this.fail(`unexpected ${JSON.stringify(token.text)} in grouping opts, expected label`, token)
      names.push(token.text)
      if (!this.accept(',')) break
    }
    this.take(')', 'grouping opts')
    return names
  }

  primary(): Expr {
    const token = this.peek()
    const pos = token.pos
    if (token.kind === 'number' || token.kind === 'duration') return { kind: 'number', pos, value: this.next().value }
    if (token.kind === 'string') return { kind: 'string', pos, value: this.next().text }
    if (this.isOp('{')) return { kind: 'selector', pos, matchers: this.matchers(undefined) }
    if (this.accept('(')) {
      const expr = this.expression(0)
      this.take(')', 'paren expression')
      return { kind: 'paren', pos, expr }
    }
    if (token.kind !== 'word') return this.unexpected('expression')
    this.next()
    const lower = token.text.toLowerCase()
    if (AGGREGATES.has(lower) && (this.isOp('(') || this.isWord('by') || this.isWord('without'))) return this.aggregate(lower, pos)
    if (this.isOp('(')) {
      const name = Object.hasOwn(FUNCTIONS, token.text) ? token.text : ['start', 'end', 'step', 'range', 'min_of', 'max_of'].includes(lower) ? lower : undefined
      if (name === undefined) return this.fail(`unknown function with name "${token.text}"`, token)
      return { kind: 'call', pos, name, args: this.args() }
    }
    if (lower === 'inf' || lower === 'nan') return { kind: 'number', pos, value: lower === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN }
    return { kind: 'selector', pos, matchers: this.matchers(token.text) }
  }

  args(): Expr[] {
    const args: Expr[] = []
    this.take('(', 'function call')
    while (!this.isOp(')')) {
      args.push(this.expression(0))
      if (!this.accept(',')) break
      if (this.isOp(')')) this.fail('trailing commas not allowed in function call args')
    }
    this.take(')', 'function call')
    return args
  }

  aggregate(op: string, pos: number): Expr {
    let labels: string[] | undefined
    let without = false
    const clause = () => {
      if (labels !== undefined || !(this.isWord('by') || this.isWord('without'))) return
      without = this.next().text.toLowerCase() === 'without'
      labels = this.labelList()
    }
    clause()
    const args = this.args()
    clause()
    const wanted = PARAMETRIC.has(op) ? 2 : 1
    if (args.length !== wanted)
      this.fail(`wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`, { ...this.peek(), pos })
    return { kind: 'aggregate', pos, op, param: wanted === 2 ? args[0] : undefined, expr: args[wanted - 1]!, labels: labels ?? [], without }
  }

  matchers(name: string | undefined): LabelMatcher[] {
    const out: LabelMatcher[] = []
    let named = name !== undefined
    if (name !== undefined) out.push({ name: '__name__', op: '=', value: name })
    const from = this.peek()
    if (!this.accept('{')) return out
    while (!this.isOp('}')) {
      const token = this.next()
      if (token.kind !== 'word' && token.kind !== 'string') this.fail(`unexpected ${JSON.stringify(token.text)} in label matching, expected identifier`, token)
      if (token.kind === 'string' && (this.isOp(',') || this.isOp('}'))) {
        if (named) this.fail('metric name must not be set twice', token)
        named = true
        out.push({ name: '__name__', op: '=', value: token.text })
      } else {
        if (token.kind === 'word' && token.text.includes(':')) this.fail('unexpected ":" in label matching', token)
        const op = this.next()
        if (op.kind !== 'op' || !['=', '!=', '=~', '!~'].includes(op.text))
          this.fail('unexpected token in label matching, expected label matching operator', op)
        const value = this.next()
        if (value.kind !== 'string') this.fail('unexpected token in label matching, expected string', value)
        if (name !== undefined && token.text === '__name__') this.fail(`metric name must not be set twice: "${name}" or "${value.text}"`, token)
        out.push({ name: token.text, op: op.text as MatchOp, value: value.text })
      }
      if (!this.accept(',')) break
    }
    this.take('}', 'label matching')
    if (out.length === 0 && name === undefined) this.fail('vector selector must contain at least one non-empty matcher', from)
    return out
  }

  postfix(start: Expr): Expr {
    let expr = start
    for (;;) {
      if (this.isOp('[')) {
        expr = this.bracket(expr)
      } else if (this.isWord('offset')) {
        const token = this.next()
        if (expr.kind !== 'selector' && expr.kind !== 'subquery')
          return this.fail('offset modifier must be preceded by an instant vector selector or range vector selector or a subquery', token)
        if (expr.offset !== undefined) this.fail('offset may not be set multiple times', token)
        expr = { ...expr, offset: this.durationOperand() }
      } else if (this.isOp('@')) {
        const token = this.next()
        if (expr.kind !== 'selector' && expr.kind !== 'subquery')
          return this.fail('@ modifier must be preceded by an instant vector selector or range vector selector or a subquery', token)
        if (expr.at !== undefined) this.fail('@ <timestamp> may not be set multiple times', token)
        expr = { ...expr, at: this.atValue() }
      } else if ((this.isWord('anchored') || this.isWord('smoothed')) && expr.kind === 'selector') {
        const token = this.next()
        if (expr.extend !== undefined) this.fail('anchored and smoothed may not be set twice', token)
        if (token.text.toLowerCase() === 'anchored' && expr.range === undefined) this.fail('anchored modifier can only be used with range vectors', token)
        expr = { ...expr, extend: token.text.toLowerCase() as 'anchored' | 'smoothed' }
      } else return expr
    }
  }

  atValue(): At {
    const sign = this.isOp('-') || this.isOp('+') ? this.next().text : '+'
    const token = this.next()
    if (token.kind === 'number' || token.kind === 'duration') {
      const ms = Math.round(token.value * 1000) * (sign === '-' ? -1 : 1)
      if (!Number.isSafeInteger(ms)) this.fail('timestamp out of bounds for @ modifier', token)
      return ms
    }
    const word = token.text.toLowerCase()
    if (token.kind === 'word' && (word === 'start' || word === 'end')) {
      this.take('(', '@ modifier')
      this.take(')', '@ modifier')
      return word
    }
    return this.fail('unexpected token in @, expected timestamp', token)
  }

  bracket(expr: Expr): Expr {
    const open = this.take('[', 'range')
    this.link()
    const range = this.duration(0)
    if (this.accept(':')) {
      const step = this.isOp(']') ? undefined : this.duration(0)
      this.take(']', 'subquery selector')
      return { kind: 'subquery', pos: expr.pos, expr, range, step }
    }
    this.take(']', 'matrix selector')
    if (expr.kind !== 'selector' || expr.range !== undefined) return this.fail('ranges only allowed for vector selectors', open)
    if (expr.offset !== undefined) this.fail('no offset modifiers allowed before range', open)
    if (expr.at !== undefined) this.fail('no @ modifiers allowed before range', open)
    if (expr.extend !== undefined) this.fail('no anchored or smoothed modifiers allowed before range', open)
    return { ...expr, range }
  }

  duration(above: number): DurationExpr {
    return this.nested(() => {
      let left = this.durationOperand()
      for (let op = this.operator(); op !== undefined && '+-*/%^'.includes(op) && PRECEDENCE[op]! > above; op = this.operator()) {
        this.next()
        const right = this.duration(op === '^' ? PRECEDENCE[op]! - 1 : PRECEDENCE[op]!)
        this.link()
        left = { kind: 'binary', op: op as '+', left, right }
      }
      return left
    })
  }

  /** One operand, which is also all that `offset` takes without parentheses. */
  durationOperand(): DurationExpr {
    const token = this.next()
    if (token.kind === 'number' || token.kind === 'duration') return { kind: 'seconds', seconds: token.value }
    if (token.kind === 'op' && (token.text === '-' || token.text === '+')) {
      const of = this.nested(() => this.durationOperand())
      return token.text === '-' ? { kind: 'negate', of } : of
    }
    if (token.kind === 'op' && token.text === '(') {
      const inner = this.duration(0)
      this.take(')', 'duration expression')
      return inner
    }
    const word = token.text.toLowerCase()
    if (token.kind === 'word' && (word === 'step' || word === 'range')) {
      this.take('(', 'duration expression')
      this.take(')', 'duration expression')
      return { kind: word }
    }
    if (token.kind === 'word' && ['min', 'max', 'min_of', 'max_of'].includes(word)) {
      this.take('(', 'duration expression')
      const left = this.duration(0)
      this.take(',', 'duration expression')
      const right = this.duration(0)
      this.take(')', 'duration expression')
      return { kind: 'binary', op: word.startsWith('min') ? 'min' : 'max', left, right }
    }
    return this.fail('unexpected token in duration expression', token)
  }
}
