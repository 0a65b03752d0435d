/** The typed plan of a query: every duration and time known in milliseconds, and what has to be fetched, before a sample is read. */
import type { DurationExpr, Expr, LabelMatcher, Selector, Subquery } from './ast.ts'
import { evalError, limitError } from './failure.ts'

export interface QueryRange {
  /** Milliseconds since the epoch; start = end for an instant query. */
  readonly start: number
  readonly end: number
  readonly step: number
}
export interface Limits {
  /** Steps of the answer or of a subquery. */
  readonly steps: number
  /** Samples read plus values held. */
  readonly samples: number
}
export const DEFAULT_LIMITS: Limits = { steps: 11_000, samples: 50_000_000 }

export interface Settings {
  /** How long a sample stays current, milliseconds. */
  readonly lookback: number
  /** The step of subqueries that name none, milliseconds. */
  readonly subqueryStep: number
  readonly limits: Limits
}
export const DEFAULT_SETTINGS: Settings = { lookback: 300_000, subqueryStep: 60_000, limits: DEFAULT_LIMITS }

/** Samples in (from, to], milliseconds. */
export interface Fetch {
  readonly matchers: readonly LabelMatcher[]
  readonly from: number
  readonly to: number
}
export interface Leaf {
  readonly fetch: number
  readonly offset: number
  readonly range: number
  readonly at: number | undefined
  /** Only counts and sums are asked for, so that resets are told from sample to sample. */
  readonly stats: boolean
}
export interface SubqueryPlan {
  readonly offset: number
  readonly range: number
  readonly step: number
  readonly at: number | undefined
}
export interface Plan {
  readonly expr: Expr
  readonly text: string
  readonly query: QueryRange
  readonly steps: number
  readonly settings: Settings
  readonly fetches: readonly Fetch[]
  readonly leaves: ReadonlyMap<Expr, Leaf>
  readonly subqueries: ReadonlyMap<Expr, SubqueryPlan>
  /** The fetch of an info() call. */
  readonly infos: ReadonlyMap<Expr, number>
}

/** Throws `PROMQL_FAILED` or `PROMQL_LIMIT` when durations make no sense or the steps are too many. */
export function makePlan(expr: Expr, text: string, query: QueryRange, settings: Settings = DEFAULT_SETTINGS): Plan {
  const steps = query.start === query.end ? 1 : Math.floor((query.end - query.start) / query.step) + 1
  if (!(steps >= 1)) throw evalError('the end is before the start, or the step is not positive')
  if (steps > settings.limits.steps) throw limitError('steps', settings.limits.steps)
  const fetches: Fetch[] = []
  const leaves = new Map<Expr, Leaf>()
  const subqueries = new Map<Expr, SubqueryPlan>()
  const infos = new Map<Expr, number>()
  const ms = (duration: DurationExpr | undefined): number => (duration === undefined ? 0 : Math.round(seconds(duration, query) * 1000))
  const atOf = ({ at }: Selector | Subquery): number | undefined => (at === 'start' ? query.start : at === 'end' ? query.end : at)
  const positive = (value: number, what: string): number => {
    if (!(value > 0 && value <= Number.MAX_SAFE_INTEGER)) throw evalError(`${what} must be greater than 0`)
    return value
  }
  const visit = (node: Expr, from: number, to: number, stats: boolean): void => {
    switch (node.kind) {
      case 'selector': {
        const range = node.range ? positive(ms(node.range), 'duration') : 0
        const offset = ms(node.offset)
        const at = atOf(node)
        const before = node.extend === 'anchored' || (node.extend && range > 0) ? range + settings.lookback : range || settings.lookback
        const after = node.extend === 'smoothed' ? settings.lookback : 0
        leaves.set(node, { fetch: fetches.length, offset, range, at, stats })
        fetches.push({ matchers: node.matchers, from: (at ?? from) - offset - before - (node.extend ? 1 : 0), to: (at ?? to) - offset + after })
        return
      }
      case 'subquery': {
        const range = positive(ms(node.range), 'duration')
        const offset = ms(node.offset)
        const step = node.step ? positive(ms(node.step), 'step') : settings.subqueryStep
        const at = atOf(node)
        subqueries.set(node, { offset, range, step, at })
        const first = (at ?? from) - offset - range
        const last = (at ?? to) - offset
        if ((last - first) / step > settings.limits.steps * 10) throw limitError('subquery steps', settings.limits.steps * 10)
        visit(node.expr, first, last, false)
        return
      }
      case 'paren':
      case 'unary':
        visit(node.expr, from, to, stats)
        return
      case 'binary':
        visit(node.left, from, to, stats)
        visit(node.right, from, to, stats)
        return
      case 'aggregate':
        if (node.param) visit(node.param, from, to, false)
        visit(node.expr, from, to, stats)
        return
      case 'call': {
        const inner = /^histogram_(count|sum|avg)$/.test(node.name) || (stats && !/^histogram_(quantiles?|fraction)$/.test(node.name))
        if (node.name === 'info') {
          visit(node.args[0]!, from, to, stats)
          const [first, last] = referenceTimes(node.args[0]!, from, to, ms, atOf)
          const selector = node.args[1] as Selector | undefined
          const names = selector?.matchers.filter((matcher) => matcher.name === '__name__') ?? []
          infos.set(node, fetches.length)
          // Names that are only excluded leave the info metrics by their ending.
          const positive: LabelMatcher =
            names.length > 0 ? { name: '__name__', op: '=~', value: '.+_info' } : { name: '__name__', op: '=', value: 'target_info' }
          const matchers = names.some(({ op }) => !op.startsWith('!')) ? names : [...names, positive]
          fetches.push({ matchers, from: first - settings.lookback, to: last })
          return
        }
        for (const arg of node.args) visit(arg, from, to, inner)
      }
    }
  }
  visit(expr, query.start, query.end, false)
  return { expr, text, query, steps, settings, fetches, leaves, subqueries, infos }
}

/** The times that the first selector below reads at, which are the times at which info() looks for its metrics. */
function referenceTimes(
  node: Expr,
  from: number,
  to: number,
  ms: (d: DurationExpr | undefined) => number,
  atOf: (node: Selector | Subquery) => number | undefined,
): [number, number] {
  const path = timeShift(node)
  let [first, last] = [from, to]
  for (const step of path) {
    const at = atOf(step)
    first = (at ?? first) - ms(step.offset)
    last = (at ?? last) - ms(step.offset)
  }
  return [first, last]
}

/** Selector and subqueries on the way to the first selector below, outermost first. */
export function timeShift(node: Expr): (Selector | Subquery)[] {
  switch (node.kind) {
    case 'selector':
      return [node]
    case 'subquery':
      return [node, ...timeShift(node.expr)]
    case 'paren':
    case 'unary':
    case 'aggregate':
      return timeShift(node.expr)
    case 'binary': {
      const left = timeShift(node.left)
      return left.length > 0 ? left : timeShift(node.right)
    }
    case 'call':
      for (const arg of node.args) {
        const found = timeShift(arg)
        if (found.length > 0) return found
      }
      return []
    default:
      return []
  }
}

function seconds(duration: DurationExpr, query: QueryRange): number {
  switch (duration.kind) {
    case 'seconds':
      return duration.seconds
    case 'step':
      return (query.start === query.end ? 0 : query.step) / 1000
    case 'range':
      return (query.end - query.start) / 1000
    case 'start':
      return query.start / 1000
    case 'end':
      return query.end / 1000
    case 'negate':
      return -seconds(duration.of, query)
    case 'binary': {
      const left = seconds(duration.left, query)
      const right = seconds(duration.right, query)
      if ((duration.op === '/' || duration.op === '%') && right === 0) throw evalError('division by zero in a duration')
      switch (duration.op) {
        case '+':
          return left + right
        case '-':
          return left - right
        case '*':
          return left * right
        case '/':
          return left / right
        case '%':
          return left % right
        case '^':
          return left ** right
        case 'min':
          return Math.min(left, right)
        case 'max':
          return Math.max(left, right)
      }
    }
  }
}
