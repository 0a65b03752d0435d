import type { Expr, LabelMatcher } from '#core/promql/ast.ts'

/** Sets of matchers of every selector in an expression. */
export function selectorsOf(expr: Expr): (readonly LabelMatcher[])[] {
  switch (expr.kind) {
    case 'selector':
      return [expr.matchers]
    case 'paren':
    case 'unary':
    case 'subquery':
      return selectorsOf(expr.expr)
    case 'aggregate':
      return [...(expr.param ? selectorsOf(expr.param) : []), ...selectorsOf(expr.expr)]
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)]
    case 'call':
      return expr.args.flatMap(selectorsOf)
    default:
      return []
  }
}
