/** Evaluates a plan over fetched columns: every node over all steps at once. Pure; throws `PROMQL_FAILED` and `PROMQL_LIMIT`. */
import { aggregate } from './aggregate.ts'
import { Annotations } from './annotations.ts'
import { type Expr, unparen } from './ast.ts'
import { arithmetic, compare, vectorScalar, vectorVector } from './binary.ts'
import { callFunction } from './calls.ts'
import { evalError } from './failure.ts'
import { scaleHistogram } from './histogram/histogram.ts'
import { compareLabels, dropMeta, type Labels } from './labels.ts'
import type { Plan } from './plan.ts'
import { instantSelector, type RangeArgument, rangeSeries, subquerySeries, use } from './selectors.ts'
import { streamedAggregate } from './streamed.ts'
import { typeOf } from './types.ts'
import { type Columns, copySample, type Grid, newSeries, type RangeSeries, type Series, setFloat, setHistogram, type Value } from './value.ts'

export interface Context {
  readonly plan: Plan
  /** The series of each fetch. */
  readonly data: readonly (readonly Columns[])[]
  readonly notes: Annotations
  /** Whether aggregations may take the shorter way. */
  readonly streamed: boolean
  used: number
}
export interface Answer {
  /** `matrix`: the samples of a range vector, which an instant query may ask for. */
  readonly value: Value | { type: 'matrix'; series: readonly RangeSeries[] }
  readonly grid: Grid
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  /** Samples read and values held, as limits count them. */
  readonly samples: number
}

/** @param streamed false: without the shorter way of aggregations, which tests compare with it */
export function evaluate(plan: Plan, data: readonly (readonly Columns[])[], streamed = true): Answer {
  const context: Context = { plan, data, notes: new Annotations(plan.text), streamed, used: 0 }
  for (const columns of data) for (const { ts } of columns) use(context, ts.length)
  const grid: Grid = { start: plan.query.start, step: plan.query.step, n: plan.steps }
  const answer = (value: Answer['value']): Answer => ({
    value,
    grid,
    warnings: [...context.notes.warnings],
    infos: [...context.notes.infos],
    samples: context.used,
  })
  if (typeOf(plan.expr) === 'matrix') {
    if (grid.n > 1) throw evalError('invalid expression type "range vector" for range query, must be Scalar or instant Vector')
    const series = rangeArgument(context, plan.expr, grid).series.filter(({ ft, ht }) => ft.length + ht.length > 0)
    return answer({ type: 'matrix', series: series.toSorted((a, b) => compareLabels(a.labels, b.labels)) })
  }
  let value = evaluateNode(context, plan.expr, grid)
  if (value.type === 'vector') {
    const series = distinct(
      value.series.map((one) => (one.drop ? { ...one, labels: dropMeta(one.labels), drop: false } : one)),
      grid.n,
    )
    if (plan.query.start !== plan.query.end) series.sort((a, b) => compareLabels(a.labels, b.labels))
    value = { type: 'vector', series }
  }
  return answer(value)
}

/** Series with the same labels become one; two samples at one step are an error. */
export function distinct(series: readonly Series[], n: number): Series[] {
  const seen = new Map<string, Series>()
  const copied = new Set<Series>()
  for (const one of series) {
    const key = one.labels.key
    let known = seen.get(key)
    if (!known) {
      seen.set(key, one)
      continue
    }
    if (!copied.has(known)) {
      const copy = newSeries(known.labels, known.drop, n)
      for (let i = 0; i < n; i++) copySample(copy, known, i)
      copied.add(copy)
      seen.set(key, copy)
      known = copy
    }
    if (one.drop) known.drop = true
    for (let i = 0; i < n; i++) {
      if (one.kind[i] === 0) continue
      if (known.kind[i] !== 0) throw evalError('vector cannot contain metrics with the same labelset')
      copySample(known, one, i)
    }
  }
  return [...seen.values()]
}

/** Functions whose answer moves with the evaluation time although their arguments do not. */
const MOVES = new Set('time predict_linear timestamp day_of_month day_of_week day_of_year days_in_month hour minute month year'.split(' '))

/** Whether it has the same value at every step. */
function still(context: Context, expr: Expr): boolean {
  switch (expr.kind) {
    case 'selector':
    case 'subquery':
      return expr.at !== undefined
    case 'paren':
    case 'unary':
      return still(context, expr.expr)
    case 'aggregate':
      return still(context, expr.expr) && (!expr.param || still(context, expr.param))
    case 'binary':
      return still(context, expr.left) && still(context, expr.right)
    case 'call':
      return !MOVES.has(expr.name) && expr.args.every((arg, i) => (expr.name === 'info' && i === 1) || still(context, arg))
    default:
      return true
  }
}

export function evaluateNode(context: Context, expr: Expr, grid: Grid): Value {
  if (grid.n > 1 && expr.kind !== 'number' && expr.kind !== 'string' && expr.kind !== 'paren' && still(context, expr))
    return repeat(context, evaluateHere(context, expr, { ...grid, n: 1 }), grid.n)
  return evaluateHere(context, expr, grid)
}

function repeat(context: Context, value: Value, n: number): Value {
  if (value.type === 'string') return value
  if (value.type === 'scalar') return { type: 'scalar', values: new Float64Array(n).fill(value.values[0]!) }
  const series = value.series.map((one) => {
    use(context, n)
    const out = newSeries(one.labels, one.drop, n)
    out.kind.fill(one.kind[0]!)
    out.values.fill(one.values[0]!)
    if (one.histograms) out.histograms = new Array(n).fill(one.histograms[0])
    return out
  })
  return { type: 'vector', series }
}

function evaluateHere(context: Context, expr: Expr, grid: Grid): Value {
  switch (expr.kind) {
    case 'number':
      return { type: 'scalar', values: new Float64Array(grid.n).fill(expr.value) }
    case 'string':
      return { type: 'string', value: expr.value }
    case 'paren':
      return evaluateNode(context, expr.expr, grid)
    case 'unary': {
      const value = evaluateNode(context, expr.expr, grid)
      if (expr.op === '+' || value.type === 'string') return value
      if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((v) => -v) }
      return { type: 'vector', series: value.series.map((one) => negated(one, grid.n)) }
    }
    case 'selector':
      return { type: 'vector', series: instantSelector(context, expr, context.plan.leaves.get(expr)!, grid) }
    case 'aggregate': {
      const streamed = context.streamed && streamedAggregate(context, expr, grid)
      if (streamed) return { type: 'vector', series: streamed }
      const param = expr.param && evaluateNode(context, expr.param, grid)
      if (param?.type === 'string' && (!param.value.isWellFormed() || param.value === '')) throw invalidLabel(param.value)
      const given = param?.type === 'string' ? param.value : param?.type === 'scalar' ? param.values : undefined
      return { type: 'vector', series: aggregate(context, expr, vectorOf(context, expr.expr, grid), grid.n, given) }
    }
    case 'binary': {
      const left = evaluateNode(context, expr.left, grid)
      const right = evaluateNode(context, expr.right, grid)
      if (left.type === 'scalar' && right.type === 'scalar')
        return {
          type: 'scalar',
          values: left.values.map((a, i) => (expr.bool ? Number(compare(expr.op, a, right.values[i]!)) : arithmetic(expr.op, a, right.values[i]!))),
        }
      if (left.type === 'vector' && right.type === 'vector') return { type: 'vector', series: vectorVector(context, expr, left.series, right.series, grid.n) }
      if (left.type === 'vector' && right.type === 'scalar') return { type: 'vector', series: vectorScalar(context, expr, left.series, right.values, false) }
      if (left.type === 'scalar' && right.type === 'vector') return { type: 'vector', series: vectorScalar(context, expr, right.series, left.values, true) }
      throw evalError('a string cannot be an operand')
    }
    case 'call':
      return callFunction(context, expr, grid)
    case 'subquery':
      throw evalError('a range vector has no value of its own: give it to a function')
  }
}

export const invalidLabel = (name: string) =>
  evalError(`invalid label name "${name.replace(/[\udc80-\udcff]/g, (c) => `\\x${(c.charCodeAt(0) - 0xdc00).toString(16)}`)}"`)

function negated(one: Series, n: number): Series {
  const out = newSeries(one.labels, true, n)
  for (let i = 0; i < n; i++) {
    if (one.kind[i] === 1) setFloat(out, i, -one.values[i]!)
    else if (one.kind[i] === 2) setHistogram(out, i, scaleHistogram(one.histograms![i]!, -1))
  }
  return out
}

export function vectorOf(context: Context, expr: Expr, grid: Grid): Series[] {
  const value = evaluateNode(context, expr, grid)
  if (value.type !== 'vector') throw evalError('an instant vector was expected')
  return value.series
}
export function scalarOf(context: Context, expr: Expr, grid: Grid): Float64Array {
  const value = evaluateNode(context, expr, grid)
  if (value.type !== 'scalar') throw evalError('a scalar was expected')
  return value.values
}

/** A selector's range or a subquery, with the samples of all windows. */
export function rangeArgument(context: Context, arg: Expr, grid: Grid): RangeArgument {
  const node = unparen(arg)
  const { plan, data } = context
  if (node.kind === 'selector') {
    const leaf = plan.leaves.get(node)!
    const series = data[leaf.fetch]!.map((columns) => rangeSeries(columns, leaf.stats))
    return { series, range: leaf.range, offset: leaf.offset, at: leaf.at, pos: arg.pos, extend: node.extend }
  }
  if (node.kind !== 'subquery') throw evalError('a range vector was expected')
  const { range, offset, step, at } = plan.subqueries.get(node)!
  const first = (at ?? grid.start) - offset - range
  const last = (at ?? grid.start + (grid.n - 1) * grid.step) - offset
  // Steps of a subquery stand on multiples of its step, whatever the query's own times are.
  const start = Math.floor(first / step) * step + step
  const inner: Grid = { start, step, n: Math.floor((last - start) / step) + 1 }
  const series = inner.n > 0 ? distinct(vectorOf(context, node.expr, inner), inner.n) : []
  return { series: subquerySeries(series, inner), range, offset, at, pos: arg.pos, extend: undefined }
}

export const mapLabels = (series: readonly Series[], change: (one: Series) => { labels: Labels; drop: boolean }): Series[] =>
  series.map((one) => ({ ...one, ...change(one) }))
