/**
 * Aggregations of numbers that add each series to its group as soon as it is computed, instead of holding all of them: sum, avg, count, group, min and max over a
 * selector or a function of a selector's range. The operations are those of the plain way and in its order, so that both give the same bits.
 */
import { type Aggregate, unparen } from './ast.ts'
import { windowArguments } from './calls.ts'
import type { Context } from './evaluate.ts'
import { EMPTY, filterLabels, isMetaLabel, type Labels, labelsOf } from './labels.ts'
import { instantInto, use, windowsInto } from './selectors.ts'
import { lost } from './summation.ts'
import { ABSENT, FLOAT, type Grid, newSeries, type Series } from './value.ts'
import { WINDOW_FUNCTIONS } from './windows.ts'

type Op = 'sum' | 'avg' | 'count' | 'group' | 'min' | 'max'
const OPS: ReadonlySet<string> = new Set<Op>(['sum', 'avg', 'count', 'group', 'min', 'max'])

/** The state of a group at each step. */
interface Group {
  readonly labels: Labels
  drop: boolean
  readonly count: Uint32Array
  readonly value: Float64Array
  /** What rounding took from sums. */
  readonly rest: Float64Array
}

/** undefined: this is not its concern (another shape, or histograms), and nothing has been done. */
export function streamedAggregate(context: Context, node: Aggregate, grid: Grid): Series[] | undefined {
  if (!OPS.has(node.op) || node.param) return undefined
  const { used } = context
  const read = seriesReader(context, node, grid)
  if (!read) return undefined
  const op = node.op as Op
  const groups = new Map<string, Group>()
  const groupOf = grouping(node)
  const named = !node.without && node.labels.includes('__name__')
  const scratch = newSeries(EMPTY, false, grid.n)
  for (let s = 0; s < read.count; s++) {
    use(context, grid.n)
    scratch.kind.fill(ABSENT)
    if (!read.into(scratch, s)) continue
    const labels = groupOf(read.labels(s))
    let group = groups.get(labels.key)
    if (!group) {
      use(context, grid.n)
      group = { labels, drop: false, count: new Uint32Array(grid.n), value: new Float64Array(grid.n), rest: new Float64Array(grid.n) }
      groups.set(labels.key, group)
    }
    if (named && read.drop) group.drop = true
    if (!add(op, group, scratch, grid.n)) {
      context.used = used
      return undefined
    }
  }
  return [...groups.values()].map((group) => finished(op, group, grid.n))
}

/** How one series after the other is computed; undefined for other shapes, and where histograms are among the samples. */
function seriesReader(context: Context, { expr }: Aggregate, grid: Grid) {
  const inner = unparen(expr)
  const { leaves } = context.plan
  if (inner.kind === 'selector') {
    const leaf = leaves.get(inner)!
    const stored = context.data[leaf.fetch]!
    if (inner.extend || stored.some(({ histograms }) => histograms)) return undefined
    return {
      count: stored.length,
      drop: false,
      labels: (s: number) => stored[s]!.labels,
      into: (out: Series, s: number) => instantInto(out, context, inner, leaf, stored[s]!, grid, 'value'),
    }
  }
  if (inner.kind !== 'call' || !WINDOW_FUNCTIONS[inner.name]) return undefined
  const selector = inner.args.map(unparen).find((arg) => arg.kind === 'selector' && arg.range !== undefined)
  const leaf = selector && leaves.get(selector)
  if (!leaf || context.data[leaf.fetch]!.some(({ histograms }) => histograms)) return undefined
  const { argument, call } = windowArguments(context, inner, grid)
  const { series } = argument
  return {
    count: series.length,
    drop: !call.keepName,
    labels: (s: number) => series[s]!.labels,
    into(out: Series, s: number) {
      windowsInto(out, context, argument, series[s]!, grid, call)
      return out.kind.includes(FLOAT)
    },
  }
}

/** The labels of a series' group; few groups have many series, so what was made is made once. */
function grouping(node: Aggregate): (labels: Labels) => Labels {
  const names = new Set(node.labels)
  if (node.without) return (labels) => filterLabels(labels, (name) => !names.has(name) && !isMetaLabel(name))
  if (names.size === 0) return () => EMPTY
  const wanted = [...names].sort()
  const known = new Map<string, Labels>()
  return ({ pairs }) => {
    let key = ''
    let at = 0
    for (const name of wanted) {
      while (at < pairs.length && pairs[at]! < name) at += 2
      key += pairs[at] === name ? `${pairs[at + 1]}\xff` : '\xff'
    }
    let labels = known.get(key)
    if (!labels) {
      labels = labelsOf(wanted.map((name, i) => [name, key.split('\xff')[i]!] as const))
      known.set(key, labels)
    }
    return labels
  }
}

/** False: the sum overflows, which the plain way has its own means for. */
function add(op: Op, { count, value, rest }: Group, { kind, values }: Series, n: number): boolean {
  for (let i = 0; i < n; i++) {
    if (kind[i] === ABSENT) continue
    const v = values[i]!
    const before = count[i]!
    count[i] = before + 1
    if (op === 'count' || op === 'group') continue
    if (op === 'min' || op === 'max') {
      const best = value[i]!
      if (before === 0 || (op === 'min' ? v < best : v > best) || Number.isNaN(best)) value[i] = v
    } else if (before === 0 && op === 'avg') value[i] = v
    else {
      const sum = value[i]!
      const t = sum + v
      const infinite = t === Number.POSITIVE_INFINITY || t === Number.NEGATIVE_INFINITY
      if (infinite && op === 'avg') return false
      rest[i] = infinite ? 0 : rest[i]! + lost(sum, v, t)
      value[i] = t
    }
  }
  return true
}

function finished(op: Op, { labels, drop, count, value, rest }: Group, n: number): Series {
  const out = newSeries(labels, drop, n)
  for (let i = 0; i < n; i++) {
    const present = count[i]!
    if (present === 0) continue
    out.kind[i] = FLOAT
    const v = value[i]!
    if (op === 'sum') out.values[i] = v === Number.POSITIVE_INFINITY || v === Number.NEGATIVE_INFINITY ? v : v + rest[i]!
    else if (op === 'avg') out.values[i] = v / present + rest[i]! / present
    else if (op === 'count') out.values[i] = present
    else out.values[i] = op === 'group' ? 1 : v
  }
  return out
}
