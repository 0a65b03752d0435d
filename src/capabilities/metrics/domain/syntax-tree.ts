/** The tree of an expression in the JSON of `/parse_query`. */

import { formatValue } from '#core/promql/answer-json.ts'
import type { Binary, DurationExpr, Expr, Modifiers, VectorMatching } from '#core/promql/ast.ts'
import { FUNCTIONS } from '#core/promql/functions.ts'

const NAMES: Readonly<Record<string, string>> = { scalar: 'scalar', vector: 'vector', matrix: 'matrix', string: 'string' }

export function syntaxTree(expr: Expr): object {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatValue(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'paren':
      return { type: 'parenExpr', expr: syntaxTree(expr.expr) }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: syntaxTree(expr.expr) }
    case 'selector': {
      const name = expr.matchers.find((matcher) => matcher.name === '__name__' && matcher.op === '=')?.value ?? ''
      const matchers = expr.matchers.map(({ name: label, op, value }) => ({ name: label, value, type: op }))
      if (expr.range) return { type: 'matrixSelector', name, matchers, range: ms(expr.range), ...modifiers(expr) }
      return { type: 'vectorSelector', name, matchers, ...modifiers(expr) }
    }
    case 'subquery':
      return { type: 'subquery', expr: syntaxTree(expr.expr), range: ms(expr.range), step: expr.step ? ms(expr.step) : 0, ...modifiers(expr) }
    case 'aggregate': {
      const param = expr.param ? syntaxTree(expr.param) : null
      return { type: 'aggregation', op: expr.op, expr: syntaxTree(expr.expr), param, grouping: expr.labels, without: expr.without }
    }
    case 'call': {
      const known = FUNCTIONS[expr.name]!
      const func = {
        name: expr.name,
        argTypes: known.args.map((type) => NAMES[type]),
        variadic: Math.max(known.optional, -1),
        returnType: NAMES[known.returns],
      }
      return { type: 'call', func, args: expr.args.map(syntaxTree) }
    }
    case 'binary':
      return {
        type: 'binaryExpr',
        op: expr.op,
        lhs: syntaxTree(expr.left),
        rhs: syntaxTree(expr.right),
        matching: expr.matching ? matching(expr.matching) : defaultMatching(expr),
        bool: expr.bool,
      }
  }
}

const matching = ({ card, labels, on, include }: VectorMatching) => ({ card, labels, on, include })
const defaultMatching = ({ left, right }: Binary) =>
  left.kind === 'number' || right.kind === 'number' ? null : { card: 'one-to-one', labels: [], on: false, include: [] }

const modifiers = ({ offset, at }: Modifiers) => ({
  offset: offset ? ms(offset) : 0,
  timestamp: typeof at === 'number' ? at : null,
  startOrEnd: typeof at === 'string' ? at : null,
})

/** Durations that depend on the query's own range have no number of their own. */
const ms = (duration: DurationExpr): number | null =>
  duration.kind === 'seconds' ? duration.seconds * 1000 : duration.kind === 'negate' && duration.of.kind === 'seconds' ? -duration.of.seconds * 1000 : null
