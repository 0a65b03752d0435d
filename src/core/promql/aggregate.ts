/** Aggregation operators over groups of series, one pass over the steps of each series. */
import { NOTES } from './annotations.ts'
import type { Aggregate } from './ast.ts'
import type { Context } from './evaluate.ts'
import { evalError } from './failure.ts'
import {
  addTo,
  addToMean,
  finishMean,
  finishSum,
  type Notes,
  type Running,
  type RunningMean,
  resetsCollide,
  startMean,
  startSum,
} from './histogram/arithmetic.ts'
import { formatG, formatHistogram, plain } from './histogram/histogram.ts'
import { filterLabels, isMetaLabel, type Labels, withLabels } from './labels.ts'
import { use } from './selectors.ts'
import { meanOf, quantileOf, sumOf, varianceOf } from './summation.ts'
import { copySample, FLOAT, HISTOGRAM, isEmpty, newSeries, type Series, setFloat, setHistogram } from './value.ts'

interface Group {
  readonly labels: Labels
  drop: boolean
  readonly members: Series[]
}

export function groupsOf(node: Aggregate, vector: readonly Series[]): Group[] {
  const names = new Set(node.labels)
  const keep = node.without ? (name: string) => !names.has(name) && !isMetaLabel(name) : (name: string) => names.has(name)
  const named = !node.without && names.has('__name__')
  const groups = new Map<string, Group>()
  for (const series of vector) {
    const labels = filterLabels(series.labels, keep)
    let group = groups.get(labels.key)
    if (!group) {
      group = { labels, drop: false, members: [] }
      groups.set(labels.key, group)
    }
    if (named && series.drop) group.drop = true
    group.members.push(series)
  }
  return [...groups.values()]
}

/** `param` is the parameter at each step, or the label of count_values. */
export function aggregate(context: Context, node: Aggregate, vector: readonly Series[], n: number, param: Float64Array | string | undefined): Series[] {
  const groups = groupsOf(node, vector)
  use(context, groups.length * n)
  if (typeof param === 'string') return countValues(groups, n, param)
  if (['topk', 'bottomk', 'limitk', 'limit_ratio'].includes(node.op)) return groups.flatMap((group) => select(context, node, group, n, param!))
  if (node.op === 'quantile') {
    for (const q of new Set(param)) if (!(q >= 0 && q <= 1) && groups.length > 0) context.notes.warn(node.param!.pos, NOTES.badQuantile(formatG(q)))
  }
  return groups
    .map((group) => (node.op === 'sum' || node.op === 'avg' ? total(context, node, group, n) : reduce(context, node, group, n, param)))
    .filter((series) => !isEmpty(series))
}

/** sum and avg: numbers or histograms, never both. */
function total(context: Context, node: Aggregate, group: Group, n: number): Series {
  const out = newSeries(group.labels, group.drop, n)
  const scratch = new Float64Array(group.members.length)
  const average = node.op === 'avg'
  for (let i = 0; i < n; i++) {
    let floats = 0
    let histograms = 0
    for (const { kind, values } of group.members) {
      if (kind[i] === FLOAT) scratch[floats++] = values[i]!
      else if (kind[i] === HISTOGRAM) histograms++
    }
    if (floats > 0 && histograms > 0) context.notes.warn(node.expr.pos, NOTES.mixedAggregation)
    else if (floats > 0) setFloat(out, i, average ? meanOf(scratch, 0, floats) : sumOf(scratch, 0, floats))
    else if (histograms > 0) totalHistograms(context, node, group, i, out)
  }
  return out
}

function totalHistograms(context: Context, node: Aggregate, group: Group, i: number, out: Series): void {
  const notes: Notes = { boundsDiffered: false, resetCollision: false }
  let sum: Running | undefined
  let mean: RunningMean | undefined
  const members = group.members.flatMap((series) => (series.kind[i] === HISTOGRAM ? [series.histograms![i]!] : []))
  if (resetsCollide(members)) notes.resetCollision = true
  for (const h of members) {
    if (node.op === 'avg') {
      const next: RunningMean | undefined = mean ? addToMean(mean, h, notes) : startMean(h)
      if (!next) {
        context.notes.warn(node.expr.pos, NOTES.mixedSchemas(''))
        return
      }
      mean = next
    } else {
      const next: Running | undefined = sum ? addTo(sum, h, notes) : startSum(h)
      if (!next) {
        context.notes.warn(node.expr.pos, NOTES.mixedSchemas(''))
        return
      }
      sum = next
    }
  }
  if (notes.resetCollision) context.notes.warn(node.expr.pos, NOTES.resetCollision('aggregation'))
  if (notes.boundsDiffered) context.notes.info(node.expr.pos, NOTES.boundsReconciled('aggregation'))
  setHistogram(out, i, mean ? finishMean(mean) : finishSum(sum!))
}

/** Aggregations to one number that know nothing of histograms, except to count them. */
function reduce(context: Context, node: Aggregate, group: Group, n: number, param: Float64Array | undefined): Series {
  const out = newSeries(group.labels, group.drop, n)
  const scratch = new Float64Array(group.members.length)
  const counting = node.op === 'count' || node.op === 'group'
  for (let i = 0; i < n; i++) {
    let floats = 0
    let histograms = 0
    for (const { kind, values } of group.members) {
      if (kind[i] === FLOAT) scratch[floats++] = values[i]!
      else if (kind[i] === HISTOGRAM) histograms++
    }
    if (counting) {
      if (floats + histograms > 0) setFloat(out, i, node.op === 'group' ? 1 : floats + histograms)
      continue
    }
    if (histograms > 0) context.notes.info(node.expr.pos, NOTES.ignoredIn(`${node.op} aggregation`))
    if (floats === 0) continue
    setFloat(out, i, reduced(node.op, scratch.subarray(0, floats), param?.[i] ?? 0))
  }
  return out
}

function reduced(op: string, values: Float64Array, param: number): number {
  switch (op) {
    case 'quantile':
      return quantileOf(param, values)
    case 'stdvar':
      return varianceOf(values, 0, values.length)
    case 'stddev':
      return Math.sqrt(varianceOf(values, 0, values.length))
    default: {
      let best = values[0]!
      for (const v of values) if ((op === 'min' ? v < best : v > best) || Number.isNaN(best)) best = v
      return best
    }
  }
}

/** How many have each value, which becomes a label; it may overwrite one of the grouping, and then groups meet. */
function countValues(groups: readonly Group[], n: number, label: string): Series[] {
  const out = new Map<string, Series>()
  for (const group of groups) {
    const drop = group.drop && label !== '__name__'
    const labelsOfText = new Map<string, Labels>()
    for (const series of group.members) {
      for (let i = 0; i < n; i++) {
        if (series.kind[i] === 0) continue
        const text = series.kind[i] === FLOAT ? plain(series.values[i]!) : formatHistogram(series.histograms![i]!)
        let labels = labelsOfText.get(text)
        if (!labels) {
          labels = withLabels(group.labels, [[label, text]])
          labelsOfText.set(text, labels)
        }
        let counted = out.get(labels.key)
        if (!counted) {
          counted = newSeries(labels, drop, n)
          out.set(labels.key, counted)
        }
        setFloat(counted, i, counted.kind[i] === FLOAT ? counted.values[i]! + 1 : 1)
      }
    }
  }
  return [...out.values()]
}

/** Members of a group as they are: the highest, the lowest, the first, or a share. */
function select(context: Context, node: Aggregate, group: Group, n: number, param: Float64Array): Series[] {
  const out = group.members.map((series) => newSeries(series.labels, series.drop, n))
  const { op } = node
  let order: number[] = []
  for (let i = 0; i < n; i++) {
    const k = param[i]!
    const present = group.members.flatMap((series, s) => (series.kind[i] === 0 ? [] : [s]))
    if (op === 'limit_ratio') {
      if (Number.isNaN(k)) throw evalError('Ratio value is NaN')
      const ratio = Math.max(-1, Math.min(1, k))
      if (ratio !== k && present.length > 0) context.notes.warn(node.param!.pos, NOTES.badRatio(formatG(k), formatG(ratio)))
      // A negative ratio takes exactly those that its complement leaves.
      for (const s of present) {
        const share = shareOf(group.members[s]!.labels)
        if (ratio >= 0 ? share < ratio : share >= 1 + ratio) copySample(out[s]!, group.members[s]!, i)
      }
      order = present
      continue
    }
    if (Number.isNaN(k)) throw evalError('Parameter value is NaN')
    if (k >= 2 ** 63 || k < -(2 ** 63)) throw evalError(`Scalar value ${formatG(k)} overflows int64`)
    const wanted = Math.trunc(k)
    if (wanted < 1) continue
    let chosen = present
    if (op !== 'limitk') {
      const floats = present.filter((s) => group.members[s]!.kind[i] === FLOAT)
      if (floats.length < present.length) context.notes.info(node.expr.pos, NOTES.ignoredIn(`${op} aggregation`))
      const value = (s: number) => group.members[s]!.values[i]!
      chosen = floats.sort((a, b) => {
        const [x, y] = [value(a), value(b)]
        if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
        return op === 'topk' ? y - x || 0 : x - y || 0
      })
    }
    chosen = chosen.slice(0, wanted)
    for (const s of chosen) copySample(out[s]!, group.members[s]!, i)
    order = chosen
  }
  const sorted = n === 1 ? order.map((s) => out[s]!) : out
  return sorted.filter((series) => !isEmpty(series))
}

/** A number in [0, 1) that depends on the labels only (FNV-1a). */
function shareOf(labels: Labels): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < labels.key.length; i++) hash = Math.imul(hash ^ labels.key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}
