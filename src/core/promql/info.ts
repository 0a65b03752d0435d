/** info(): labels of info metrics joined to series by `instance` and `job`. */
import type { Call, Selector } from './ast.ts'
import type { Context } from './evaluate.ts'
import { evalError } from './failure.ts'
import { filterLabels, getLabel, type Labels, matcherOf, seriesMatcher, withLabels } from './labels.ts'
import { timeShift } from './plan.ts'
import { type Columns, copySample, type Grid, newSeries, type Series, timeAt } from './value.ts'

const IDENTIFYING = new Set(['instance', 'job'])

export function info(context: Context, node: Call, base: readonly Series[], grid: Grid): Series[] {
  const matchers = (node.args[1] as Selector | undefined)?.matchers ?? []
  const names = matchers.filter(({ name }) => name === '__name__')
  const wanted = matchers.filter(({ name }) => name !== '__name__')
  const mayLack = wanted.every((matcher) => matcherOf(matcher)(''))
  const passes = seriesMatcher(wanted)
  const isSource = seriesMatcher(names.length > 0 ? names : [{ name: '__name__', op: '=', value: 'target_info' }])
  const onlyNegative = names.length > 0 && names.every(({ op }) => op.startsWith('!'))
  const include = new Set(wanted.map(({ name }) => name))

  const joins = new Map<string, Columns[]>()
  const keyOf = (labels: Labels) => filterLabels(labels, (name) => IDENTIFYING.has(name)).key
  for (const columns of context.data[context.plan.infos.get(node)!]!) {
    if (!passes(columns.labels)) continue
    const key = keyOf(columns.labels)
    const list = joins.get(key)
    if (list) list.push(columns)
    else joins.set(key, [columns])
  }
  const times = referenceTimes(context, node, grid)
  const out: Series[] = []
  for (const series of base) {
    // Info metrics are not enriched by their like.
    if (isSource(series.labels) && !onlyNegative) {
      out.push(series)
      continue
    }
    const candidates = joins.get(keyOf(series.labels)) ?? []
    const results = new Map<string, Series>()
    for (let i = 0; i < grid.n; i++) {
      if (series.kind[i] === 0) continue
      const current = currentInfos(candidates, times[i]!, context.plan.settings.lookback)
      if (current.length === 0 && !mayLack) continue
      const labels = enriched(series.labels, current, include)
      let result = results.get(labels.key)
      if (!result) {
        result = newSeries(labels, series.drop, grid.n)
        results.set(labels.key, result)
      }
      copySample(result, series, i)
    }
    out.push(...results.values())
  }
  return out
}

/** The times at which the first selector of the argument reads. */
function referenceTimes(context: Context, node: Call, grid: Grid): Float64Array {
  const path = timeShift(node.args[0]!)
  return Float64Array.from({ length: grid.n }, (_, i) => {
    let t = timeAt(grid, i)
    for (const step of path) {
      const { at, offset } = (step.kind === 'selector' ? context.plan.leaves : context.plan.subqueries).get(step)!
      t = (at ?? t) - offset
    }
    return t
  })
}

/** For each metric name the series with the newest sample. */
function currentInfos(candidates: readonly Columns[], at: number, lookback: number): Labels[] {
  const newest = new Map<string, { t: number; labels: Labels }>()
  for (const { labels, ts, stale } of candidates) {
    let [low, high] = [0, ts.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (ts[middle]! <= at) low = middle + 1
      else high = middle
    }
    const k = low - 1
    if (k < 0 || ts[k]! <= at - lookback || stale?.[k] === 1) continue
    const name = getLabel(labels, '__name__')
    const known = newest.get(name)
    if (known?.t === ts[k]) throw evalError(`found duplicate series for info metric ${name}`)
    if (!known || known.t < ts[k]!) newest.set(name, { t: ts[k]!, labels })
  }
  return [...newest.values()].map(({ labels }) => labels)
}

function enriched(base: Labels, infos: readonly Labels[], include: ReadonlySet<string>): Labels {
  const added = new Map<string, string>()
  for (const { pairs } of infos) {
    for (let i = 0; i < pairs.length; i += 2) {
      const [name, value] = [pairs[i]!, pairs[i + 1]!]
      if (name === '__name__' || IDENTIFYING.has(name) || (include.size > 0 && !include.has(name)) || getLabel(base, name) !== '') continue
      if (added.has(name) && added.get(name) !== value) throw evalError(`conflicting label: ${name}`)
      added.set(name, value)
    }
  }
  return added.size === 0 ? base : withLabels(base, added)
}
