/** The type of every node, and whether they fit together. */
import { COMPARISONS, type Expr, SET_OPS, unparen, type ValueType } from './ast.ts'
import { parseError } from './failure.ts'
import { ANCHORED_OK, FUNCTIONS, SMOOTHED_OK } from './functions.ts'
import { matcherOf } from './labels.ts'

const NAMES: Record<ValueType, string> = { scalar: 'scalar', vector: 'instant vector', matrix: 'range vector', string: 'string' }

/** What an expression evaluates to. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'unary':
    case 'paren':
      return typeOf(expr.expr)
    case 'selector':
      return expr.range === undefined ? 'vector' : 'matrix'
    case 'subquery':
      return 'matrix'
    case 'aggregate':
      return 'vector'
    case 'call':
      return FUNCTIONS[expr.name]!.returns
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector'
  }
}

/** Throws `PROMQL_INVALID` at the first node whose types do not fit. */
export function checkTypes(expr: Expr, text: string): void {
  const fail = (node: Expr, reason: string): never => {
    throw parseError(text, node.pos, reason)
  }
  const expect = (node: Expr, wanted: ValueType, where: string) => {
    const got = typeOf(node)
    if (got !== wanted) fail(node, `expected type ${NAMES[wanted]} in ${where}, got ${NAMES[got]}`)
  }
  const visit = (node: Expr): void => {
    switch (node.kind) {
      case 'number':
      case 'string':
        return
      case 'paren':
        visit(node.expr)
        return
      case 'unary': {
        visit(node.expr)
        const type = typeOf(node.expr)
        if (type !== 'scalar' && type !== 'vector')
          fail(node, `unary expression only allowed on expressions of type scalar or instant vector, got "${NAMES[type]}"`)
        return
      }
      case 'selector': {
        let selective = false
        for (const matcher of node.matchers) {
          if (!matcher.name.isWellFormed() || matcher.name === '') fail(node, 'invalid label name in a matcher')
          let test: (value: string) => boolean = () => true
          try {
            test = matcherOf(matcher)
          } catch (error) {
            fail(node, (error as Error).message)
          }
          if (!test('')) selective = true
        }
        // The second argument of info() may be empty; it is visited by its call.
        if (!selective) fail(node, 'vector selector must contain at least one non-empty matcher')
        return
      }
      case 'subquery':
        visit(node.expr)
        expect(node.expr, 'vector', 'subquery')
        return
      case 'aggregate': {
        visit(node.expr)
        expect(node.expr, 'vector', 'aggregation expression')
        if (node.param) {
          visit(node.param)
          expect(node.param, node.op === 'count_values' ? 'string' : 'scalar', 'aggregation parameter')
        }
        return
      }
      case 'call':
        call(node)
        return
      case 'binary': {
        visit(node.left)
        visit(node.right)
        const [left, right] = [typeOf(node.left), typeOf(node.right)]
        for (const side of [node.left, node.right]) {
          const type = typeOf(side)
          if (type !== 'scalar' && type !== 'vector') fail(side, 'binary expression must contain only scalar and instant vector types')
        }
        if (SET_OPS.has(node.op) && (left === 'scalar' || right === 'scalar')) fail(node, `set operator "${node.op}" not allowed in binary scalar expression`)
        if (left === 'scalar' && right === 'scalar') {
          if (COMPARISONS.has(node.op) && !node.bool) fail(node, 'comparisons between scalars must use BOOL modifier')
        }
        if (node.matching && (left === 'scalar' || right === 'scalar')) {
          if (node.matching.fillLeft !== undefined || node.matching.fillRight !== undefined)
            fail(node, 'filling in missing series only allowed between instant vectors')
          if (node.matching.labels.length > 0 || node.matching.card !== 'one-to-one') fail(node, 'vector matching only allowed between instant vectors')
        }
      }
    }
  }
  const call = (node: Extract<Expr, { kind: 'call' }>) => {
    const { args: wanted, optional } = FUNCTIONS[node.name]!
    const least = wanted.length - (optional === -2 ? 0 : Math.abs(optional))
    const most = optional < 0 ? 1000 : wanted.length
    if (node.args.length < least) fail(node, `expected at least ${least} argument(s) in call to "${node.name}", got ${node.args.length}`)
    if (node.args.length > most) fail(node, `expected at most ${most} argument(s) in call to "${node.name}", got ${node.args.length}`)
    node.args.forEach((arg, i) => {
      const infoSelector = node.name === 'info' && i === 1
      if (infoSelector) {
        if (arg.kind !== 'selector' || arg.range || arg.offset || arg.at !== undefined) fail(arg, 'expected label selectors only')
        else for (const matcher of arg.matchers) matcherOf(matcher)
      } else visit(arg)
      expect(arg, wanted[Math.min(i, wanted.length - 1)]!, `call to function "${node.name}"`)
      const inner = unparen(arg)
      if (inner.kind === 'selector' && inner.range !== undefined && inner.extend !== undefined) {
        const allowed = inner.extend === 'anchored' ? ANCHORED_OK : SMOOTHED_OK
        if (!allowed.includes(node.name)) fail(inner, `${inner.extend} modifier can only be used with: ${allowed.join(', ')} - not with ${node.name}`)
      }
    })
  }
  visit(expr)
}
