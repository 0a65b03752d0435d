/** The syntax tree of PromQL. `pos` is the offset in the text where a node begins (annotations and errors name it). */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'
export type MatchOp = '=' | '!=' | '=~' | '!~'
export interface LabelMatcher {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
}

/** A duration that may need the query's own range to be known: seconds in, milliseconds when resolved. */
export type DurationExpr =
  | { readonly kind: 'seconds'; readonly seconds: number }
  | { readonly kind: 'step' | 'range' | 'start' | 'end' }
  | { readonly kind: 'negate'; readonly of: DurationExpr }
  | { readonly kind: 'binary'; readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min' | 'max'; readonly left: DurationExpr; readonly right: DurationExpr }

export type At = number | 'start' | 'end'
export type Extend = 'anchored' | 'smoothed'

export interface Modifiers {
  readonly offset?: DurationExpr | undefined
  /** Milliseconds since the epoch, or an end of the query. */
  readonly at?: At | undefined
}
export interface Selector extends Modifiers {
  readonly kind: 'selector'
  readonly pos: number
  readonly matchers: readonly LabelMatcher[]
  readonly range?: DurationExpr | undefined
  readonly extend?: Extend | undefined
}
export interface Subquery extends Modifiers {
  readonly kind: 'subquery'
  readonly pos: number
  readonly expr: Expr
  readonly range: DurationExpr
  readonly step?: DurationExpr | undefined
}
export interface Aggregate {
  readonly kind: 'aggregate'
  readonly pos: number
  readonly op: string
  readonly param?: Expr | undefined
  readonly expr: Expr
  readonly labels: readonly string[]
  readonly without: boolean
}
export interface Call {
  readonly kind: 'call'
  readonly pos: number
  readonly name: string
  readonly args: readonly Expr[]
}
export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  readonly on: boolean
  readonly labels: readonly string[]
  readonly include: readonly string[]
  readonly fillLeft?: number | undefined
  readonly fillRight?: number | undefined
}
export interface Binary {
  readonly kind: 'binary'
  readonly pos: number
  readonly op: string
  readonly left: Expr
  readonly right: Expr
  readonly bool: boolean
  /** What was written after the operator; undefined when nothing was. */
  readonly matching?: VectorMatching | undefined
}
export type Expr =
  | { readonly kind: 'number'; readonly pos: number; readonly value: number }
  | { readonly kind: 'string'; readonly pos: number; readonly value: string }
  | { readonly kind: 'unary'; readonly pos: number; readonly op: '+' | '-'; readonly expr: Expr }
  | { readonly kind: 'paren'; readonly pos: number; readonly expr: Expr }
  | Selector
  | Subquery
  | Aggregate
  | Call
  | Binary

export const SET_OPS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])
export const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='])
export const AGGREGATES: ReadonlySet<string> = new Set(
  'sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio'.split(' '),
)
/** Aggregations that take a parameter before the vector. */
export const PARAMETRIC: ReadonlySet<string> = new Set(['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio'])

export function unparen(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}
