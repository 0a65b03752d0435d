/** Operators: between numbers, histograms, and vectors matched by labels. */
import type { Annotations } from './annotations.ts'
import { NOTES } from './annotations.ts'
import { type Binary, COMPARISONS, SET_OPS, type VectorMatching } from './ast.ts'
import type { Context } from './evaluate.ts'
import { evalError } from './failure.ts'
import { combine } from './histogram/arithmetic.ts'
import { divideHistogram, equalHistograms, type Histogram, scaleHistogram } from './histogram/histogram.ts'
import { dropMeta, filterLabels, getLabel, type Labels, withLabels } from './labels.ts'
import { use } from './selectors.ts'
import { copySample, FLOAT, isEmpty, newSeries, type Series, setSample } from './value.ts'

type Sample = number | Histogram

export function arithmetic(op: string, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      // IEEE pow, as Go has it, says 1 where JavaScript says NaN.
      return a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY)) ? 1 : a ** b
    default:
      return Math.atan2(a, b)
  }
}
export function compare(op: string, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    default:
      return a >= b
  }
}

/** One operation; undefined where there is no answer. `kept` is what a comparison without bool lets through. */
function operate(node: Binary, a: Sample, b: Sample, kept: Sample, notes: Annotations): Sample | undefined {
  const { op } = node
  if (typeof a === 'number' && typeof b === 'number') {
    if (!COMPARISONS.has(op)) return arithmetic(op, a, b)
    const holds = compare(op, a, b)
    return node.bool ? Number(holds) : holds ? kept : undefined
  }
  if (typeof a !== 'number' && typeof b !== 'number') {
    if (op === '==' || op === '!=') {
      const holds = equalHistograms(a, b) === (op === '==')
      return node.bool ? Number(holds) : holds ? kept : undefined
    }
    if (op === '+' || op === '-') {
      const told = { boundsDiffered: false, resetCollision: false }
      const during = op === '+' ? 'addition' : 'subtraction'
      const result = combine(a, b, op === '+' ? 1 : -1, told)
      if (!result) notes.warn(node.pos, NOTES.incompatibleLayout(op))
      if (told.resetCollision) notes.warn(node.pos, NOTES.resetCollision(during))
      if (told.boundsDiffered) notes.info(node.pos, NOTES.boundsReconciled(during))
      return result
    }
  } else if (typeof a !== 'number' && typeof b === 'number') {
    if (op === '*') return scaleHistogram(a, b)
    if (op === '/') return divideHistogram(a, b)
  } else if (typeof a === 'number' && typeof b !== 'number' && op === '*') return scaleHistogram(b, a)
  const word = (sample: Sample) => (typeof sample === 'number' ? 'float' : 'histogram')
  notes.info(node.pos, NOTES.incompatible(op, word(a), word(b)))
  return undefined
}

const sampleOf = (series: Series, i: number): Sample => (series.kind[i] === FLOAT ? series.values[i]! : series.histograms![i]!)

export function vectorScalar(context: Context, node: Binary, vector: readonly Series[], scalar: Float64Array, scalarLeft: boolean): Series[] {
  const n = scalar.length
  const drop = node.bool || !COMPARISONS.has(node.op)
  const out: Series[] = []
  for (const series of vector) {
    use(context, n)
    const result = newSeries(series.labels, series.drop || drop, n)
    for (let i = 0; i < n; i++) {
      if (series.kind[i] === 0) continue
      const sample = sampleOf(series, i)
      setSample(result, i, operate(node, scalarLeft ? scalar[i]! : sample, scalarLeft ? sample : scalar[i]!, sample, context.notes))
    }
    if (!isEmpty(result)) out.push(result)
  }
  return out
}

/** The labels by which series of both sides are matched, numbered. */
function signatures(matching: VectorMatching, left: readonly Series[], right: readonly Series[]) {
  const names = new Set(matching.labels)
  const keep = matching.on ? (name: string) => names.has(name) : (name: string) => !names.has(name) && name !== '__name__'
  const ids = new Map<string, number>()
  const labels: Labels[] = []
  const idsOf = (series: readonly Series[]) =>
    Int32Array.from(series, (one) => {
      const matched = filterLabels(one.labels, keep)
      let id = ids.get(matched.key)
      if (id === undefined) {
        id = ids.size
        ids.set(matched.key, id)
        labels.push(matched)
      }
      return id
    })
  return { left: idsOf(left), right: idsOf(right), labels }
}

const DEFAULT_MATCHING: VectorMatching = { card: 'one-to-one', on: false, labels: [], include: [] }

export function vectorVector(context: Context, node: Binary, left: Series[], right: Series[], n: number): Series[] {
  const matching = node.matching ?? DEFAULT_MATCHING
  use(context, (left.length + right.length) * n)
  return SET_OPS.has(node.op) ? setOperator(node.op, matching, left, right, n) : matched(context, node, matching, left, right, n)
}

function setOperator(op: string, matching: VectorMatching, left: Series[], right: Series[], n: number): Series[] {
  const ids = signatures(matching, left, right)
  const groups = ids.labels.length
  // Which groups one side has at each step.
  const presence = (series: readonly Series[], of: Int32Array) => {
    const seen = new Uint8Array(groups * n)
    series.forEach((one, s) => {
      for (let i = 0; i < n; i++) if (one.kind[i] !== 0) seen[of[s]! * n + i] = 1
    })
    return seen
  }
  const filter = (series: readonly Series[], of: Int32Array, seen: Uint8Array, wanted: number) =>
    series.flatMap((one, s) => {
      const result = newSeries(one.labels, one.drop, n)
      for (let i = 0; i < n; i++) if (seen[of[s]! * n + i] === wanted) copySample(result, one, i)
      return isEmpty(result) ? [] : [result]
    })
  if (op === 'or') return [...left, ...filter(right, ids.right, presence(left, ids.left), 0)]
  return filter(left, ids.left, presence(right, ids.right), op === 'and' ? 1 : 0)
}

function matched(context: Context, node: Binary, matching: VectorMatching, left: Series[], right: Series[], n: number): Series[] {
  const swapped = matching.card === 'one-to-many'
  const [many, one] = swapped ? [right, left] : [left, right]
  const ids = signatures(matching, many, one)
  const groups = ids.labels.length
  const unique = matching.card === 'one-to-one'
  const comparison = COMPARISONS.has(node.op)
  const { fillLeft, fillRight } = matching
  const results = new Map<string, Series>()
  const writtenBy = new Map<Series, Int32Array>()
  const cache = new Map<number, Labels>()

  const resultLabels = (manySeries: number, oneSeries: number, group: number): Labels => {
    const key = (manySeries + 1) * (one.length + 1) + oneSeries + 1 + (manySeries < 0 ? group * -(many.length + 2) * (one.length + 2) : 0)
    const known = cache.get(key)
    if (known) return known
    let labels = manySeries >= 0 ? many[manySeries]!.labels : ids.labels[group]!
    if (!comparison) labels = dropMeta(labels)
    if (unique) {
      const names = new Set(matching.labels)
      labels = filterLabels(labels, (name) => (matching.on ? names.has(name) : !names.has(name)))
    }
    if (matching.include.length > 0)
      labels = withLabels(
        labels,
        matching.include.map((name) => [name, oneSeries >= 0 ? getLabel(one[oneSeries]!.labels, name) : ''] as const),
      )
    cache.set(key, labels)
    return labels
  }
  const write = (i: number, manySeries: number, oneSeries: number, group: number) => {
    const a = manySeries >= 0 ? sampleOf(many[manySeries]!, i) : fillLeft!
    const b = oneSeries >= 0 ? sampleOf(one[oneSeries]!, i) : fillRight!
    const sample = operate(node, swapped ? b : a, swapped ? a : b, swapped ? b : a, context.notes)
    if (sample === undefined) return
    const labels = resultLabels(manySeries, oneSeries, group)
    const drop = node.bool || (comparison && manySeries >= 0 && many[manySeries]!.drop)
    const key = `${drop ? 1 : 0}${labels.key}`
    let result = results.get(key)
    if (!result) {
      use(context, n)
      result = newSeries(labels, drop, n)
      results.set(key, result)
      writtenBy.set(result, new Int32Array(n))
    }
    if (result.kind[i] !== 0) throw evalError('multiple matches for labels: grouping labels must ensure unique matches')
    setSample(result, i, sample)
  }

  const oneAt = new Int32Array(groups)
  const manyAt = new Int32Array(groups)
  for (let i = 0; i < n; i++) {
    const manyHere = many.some((series) => series.kind[i] !== 0)
    const oneHere = one.some((series) => series.kind[i] !== 0)
    if ((!manyHere && (fillLeft === undefined || !oneHere)) || (!oneHere && (fillRight === undefined || !manyHere))) continue
    oneAt.fill(-1)
    manyAt.fill(-1)
    for (let s = 0; s < one.length; s++) {
      if (one[s]!.kind[i] === 0) continue
      const group = ids.right[s]!
      if (oneAt[group]! >= 0)
        throw evalError(
          `found duplicate series for the match group on the ${swapped ? 'left' : 'right'} hand-side of the operation; many-to-many matching not allowed: matching labels must be unique on one side`,
        )
      oneAt[group] = s
    }
    for (let s = 0; s < many.length; s++) {
      if (many[s]!.kind[i] === 0) continue
      const group = ids.left[s]!
      const partner = oneAt[group]!
      if (partner < 0 && fillRight === undefined) {
        manyAt[group] = s
        continue
      }
      if (unique && manyAt[group]! >= 0) throw evalError('multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)')
      manyAt[group] = s
      write(i, s, partner, group)
    }
    if (fillLeft === undefined) continue
    for (let group = 0; group < groups; group++) if (manyAt[group]! < 0 && oneAt[group]! >= 0) write(i, -1, oneAt[group]!, group)
  }
  return [...results.values()]
}
