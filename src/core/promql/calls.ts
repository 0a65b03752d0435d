/** Function calls: finds the family and hands over evaluated arguments. */
import { type Call, type Expr, type Selector, unparen } from './ast.ts'
import { type Context, evaluateNode, rangeArgument, scalarOf, vectorOf } from './evaluate.ts'
import { evalError } from './failure.ts'
import { HISTOGRAM_CALLS } from './histogram-calls.ts'
import { info } from './info.ts'
import { LABEL_CALLS } from './label-calls.ts'
import { EMPTY, labelsOf } from './labels.ts'
import { DATE_PARTS, MATH, round } from './math.ts'
import { instantSelector, overWindows, type RangeArgument, type Reading, type WindowCall } from './selectors.ts'
import { FLOAT, type Grid, isEmpty, newSeries, type Series, setFloat, timeAt, type Value } from './value.ts'
import { WINDOW_FUNCTIONS } from './windows.ts'

const vector = (series: Series[]): Value => ({ type: 'vector', series })
const constant = (grid: Grid, value: number): Value => ({ type: 'scalar', values: new Float64Array(grid.n).fill(value) })
/** These give a sample back as it was, and its name with it. */
const KEEP_NAME = new Set(['last_over_time', 'first_over_time'])

export function callFunction(context: Context, node: Call, grid: Grid): Value {
  const { name, args } = node
  const { query } = context.plan
  const windowed = WINDOW_FUNCTIONS[name]
  if (windowed) return vector(windowCall(context, node, grid))
  if (HISTOGRAM_CALLS[name]) return vector(HISTOGRAM_CALLS[name](context, node, grid))
  if (LABEL_CALLS[name]) return vector(LABEL_CALLS[name](context, node, grid))
  if (MATH[name]) return vector(mapFloats(vectorOf(context, args[0]!, grid), grid.n, MATH[name]))
  if (DATE_PARTS[name]) {
    const part = DATE_PARTS[name]
    if (args.length > 0) return vector(mapFloats(vectorOf(context, args[0]!, grid), grid.n, part))
    const out = newSeries(EMPTY, false, grid.n)
    for (let i = 0; i < grid.n; i++) setFloat(out, i, part(timeAt(grid, i) / 1000))
    return vector([out])
  }
  switch (name) {
    case 'time':
      return { type: 'scalar', values: Float64Array.from({ length: grid.n }, (_, i) => timeAt(grid, i) / 1000) }
    case 'pi':
      return constant(grid, Math.PI)
    case 'start':
      return constant(grid, query.start / 1000)
    case 'end':
      return constant(grid, query.end / 1000)
    case 'step':
      return constant(grid, query.start === query.end ? 0 : query.step / 1000)
    case 'range':
      return constant(grid, (query.end - query.start) / 1000)
    case 'min_of':
    case 'max_of': {
      const [a, b] = [scalarOf(context, args[0]!, grid), scalarOf(context, args[1]!, grid)]
      return { type: 'scalar', values: a.map((v, i) => (name === 'min_of' ? Math.min(v, b[i]!) : Math.max(v, b[i]!))) }
    }
    case 'scalar': {
      const series = vectorOf(context, args[0]!, grid)
      const values = new Float64Array(grid.n)
      for (let i = 0; i < grid.n; i++) {
        const present = series.filter((one) => one.kind[i] === FLOAT)
        values[i] = present.length === 1 ? present[0]!.values[i]! : Number.NaN
      }
      return { type: 'scalar', values }
    }
    case 'vector': {
      const out = newSeries(EMPTY, false, grid.n)
      out.values.set(scalarOf(context, args[0]!, grid))
      out.kind.fill(FLOAT)
      return vector([out])
    }
    case 'timestamp':
    case 'start_timestamp':
      return vector(times(context, args[0]!, grid, name === 'timestamp' ? 'timestamp' : 'start'))
    case 'absent':
      return vector(absent(vectorOf(context, args[0]!, grid), args[0]!, grid))
    case 'absent_over_time': {
      const argument = rangeArgument(context, args[0]!, grid)
      return vector(absent(overWindows(context, { ...argument, extend: undefined }, grid, { name, fn: () => 1, keepName: false }), args[0]!, grid))
    }
    case 'round': {
      const nearest = args[1] && scalarOf(context, args[1], grid)
      return vector(mapFloats(vectorOf(context, args[0]!, grid), grid.n, (v, i) => round(v, nearest?.[i] ?? 1)))
    }
    case 'clamp':
    case 'clamp_min':
    case 'clamp_max':
      return vector(clamp(context, node, grid))
    case 'sort':
    case 'sort_desc':
      return vector(sorted(vectorOf(context, args[0]!, grid), grid, name === 'sort_desc'))
    case 'info':
      return vector(info(context, node, vectorOf(context, args[0]!, grid), grid))
    default:
      throw evalError(`there is no function ${name}`)
  }
}

const windowCall = (context: Context, node: Call, grid: Grid): Series[] => {
  const { argument, call } = windowArguments(context, node, grid)
  return overWindows(context, argument, grid, call)
}

/** The range that a function is asked over, and its parameters. */
export function windowArguments(context: Context, node: Call, grid: Grid): { argument: RangeArgument; call: WindowCall } {
  const { name } = node
  const at = node.args.findIndex((arg) => {
    const inner = unparen(arg)
    return inner.kind === 'subquery' || (inner.kind === 'selector' && inner.range !== undefined)
  })
  const [a, b] = node.args.filter((_, i) => i !== at).map((arg) => scalarOf(context, arg, grid))
  if (name === 'double_exponential_smoothing' || name === 'holt_winters') {
    for (const sf of a ?? []) if (!(sf > 0 && sf < 1)) throw evalError(`invalid smoothing factor. Expected: 0 < sf < 1, got: ${sf.toFixed(6)}`)
    for (const tf of b ?? []) if (!(tf > 0 && tf < 1)) throw evalError(`invalid trend factor. Expected: 0 < tf < 1, got: ${tf.toFixed(6)}`)
  }
  const argument = rangeArgument(context, node.args[at]!, grid)
  // A note about a parameter names the parameter, one about samples the range.
  const pos = name === 'quantile_over_time' ? node.args[0]!.pos : argument.pos
  return { argument: { ...argument, pos }, call: { name, fn: WINDOW_FUNCTIONS[name]!, keepName: KEEP_NAME.has(name), a, b } }
}

/** A function of numbers; histograms go. */
export function mapFloats(series: readonly Series[], n: number, fn: (v: number, i: number) => number | undefined): Series[] {
  return series.flatMap((one) => {
    const out = newSeries(one.labels, true, n)
    for (let i = 0; i < n; i++) {
      if (one.kind[i] !== FLOAT) continue
      const value = fn(one.values[i]!, i)
      if (value !== undefined) setFloat(out, i, value)
    }
    return isEmpty(out) ? [] : [out]
  })
}

function clamp(context: Context, node: Call, grid: Grid): Series[] {
  const bounds = node.args.slice(1).map((arg) => scalarOf(context, arg, grid))
  const infinite = (value: number) => new Float64Array(grid.n).fill(value)
  const low = node.name === 'clamp_max' ? infinite(Number.NEGATIVE_INFINITY) : bounds[0]!
  const high = node.name === 'clamp_min' ? infinite(Number.POSITIVE_INFINITY) : bounds.at(-1)!
  return mapFloats(vectorOf(context, node.args[0]!, grid), grid.n, (v, i) => (high[i]! < low[i]! ? undefined : Math.max(low[i]!, Math.min(high[i]!, v))))
}

function times(context: Context, arg: Expr, grid: Grid, reading: Reading): Series[] {
  const inner = unparen(arg)
  const leaf = context.plan.leaves.get(inner)
  if (leaf && inner.kind === 'selector' && !inner.extend) return instantSelector(context, inner, leaf, grid, reading)
  if (reading === 'start') return []
  return vectorOf(context, arg, grid).map((one) => {
    const out = newSeries(one.labels, true, grid.n)
    for (let i = 0; i < grid.n; i++) if (one.kind[i] !== 0) setFloat(out, i, timeAt(grid, i) / 1000)
    return out
  })
}

/** 1 where there is nothing, with the labels that the selector asks for once and by equality. */
function absent(series: readonly Series[], arg: Expr, grid: Grid): Series[] {
  const inner = unparen(arg)
  const selector: Selector | undefined = inner.kind === 'selector' ? inner : undefined
  const asked = (selector?.matchers ?? []).filter(({ name }) => name !== '__name__')
  const single = asked.filter(({ name, op }) => op === '=' && asked.filter((other) => other.name === name).length === 1)
  const out = newSeries(labelsOf(single.map(({ name, value }) => [name, value] as const)), false, grid.n)
  for (let i = 0; i < grid.n; i++) if (series.every((one) => one.kind[i] === 0)) setFloat(out, i, 1)
  return isEmpty(out) ? [] : [out]
}

/** By value, numbers only, NaN last; has an effect on instant queries only. */
function sorted(series: Series[], grid: Grid, descending: boolean): Series[] {
  const floats = series.filter((one) => one.kind.includes(FLOAT))
  if (grid.n > 1) return floats
  return floats.sort((a, b) => {
    const [x, y] = [a.values[0]!, b.values[0]!]
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
    return x === y ? 0 : x < y === descending ? 1 : -1
  })
}

export const stringOf = (context: Context, expr: Expr, grid: Grid): string => {
  const value = evaluateNode(context, expr, grid)
  if (value.type !== 'string') throw evalError('a string was expected')
  return value.value
}
