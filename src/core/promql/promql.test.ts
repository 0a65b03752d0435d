import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CodedError, isError } from '../kernel/errors.ts'
import type { Expr } from './ast.ts'
import { labelsObject, labelsOf } from './labels.ts'
import { parse } from './parser.ts'
import { DEFAULT_SETTINGS } from './plan.ts'
import { print } from './print.ts'
import { runQuery, type SeriesSource } from './query.ts'
import { typeOf } from './types.ts'

const series = (labels: Record<string, string>, ts: number[], values: number[]) => ({
  labels: labelsOf(Object.entries(labels)),
  ts: Float64Array.from(ts),
  values: Float64Array.from(values),
  stale: null,
  histograms: null,
  starts: null,
})
const counter = (labels: Record<string, string>, perStep: number) =>
  series(
    labels,
    Array.from({ length: 41 }, (_, i) => i * 15_000),
    Array.from({ length: 41 }, (_, i) => i * perStep),
  )
const source: SeriesSource = {
  fetch: (matchers) =>
    Promise.resolve(matchers.some(({ value }) => value === 'm') ? [counter({ __name__: 'm', a: 'x' }, 15), counter({ __name__: 'm', a: 'y' }, 30)] : []),
}
const instant = { start: 600_000, end: 600_000, step: 1000 }
const ask = async (text: string, range = instant, settings = DEFAULT_SETTINGS) => {
  const { value } = await runQuery(source, text, range, settings)
  if (value.type === 'scalar') return [...value.values]
  if (value.type === 'string') return value.value
  if (value.type === 'matrix') return value.series.map((one) => ({ ...labelsObject(one.labels), values: [...one.fv] }))
  return value.series.map((one) => ({ ...labelsObject(one.labels), values: [...one.values] }))
}

describe('parser', () => {
  it('names line and column of what it does not understand', () => {
    expect(() => parse('sum(rate(m[5m])\n  by (a')).toThrow(expect.objectContaining({ code: 'PROMQL_INVALID', details: expect.objectContaining({ line: 2 }) }))
  })
  it.each([
    ['{}', 'at least one non-empty matcher'],
    ['m{a=~".*"} offset', 'duration'],
    ['rate(m)', 'range vector'],
    ['m[5m] + 1', 'only scalar and instant vector'],
    ['1 > 2', 'BOOL'],
    ['m and 1', 'set operator'],
    ['m{a=~"("}', ''],
    ['m{a=~"(?=x)"}', ''],
    ['sum(m', 'expected ")"'],
    ['nope(m)', 'unknown function'],
    ['m[5m:', 'unexpected'],
  ])('refuses %s', (text, reason) => {
    expect(() => parse(text)).toThrow(reason)
  })
  it.each([
    'sum',
    'on',
    'fill',
    'start{a="b"}',
    '{"quoted name", a="b"}',
    '2.',
    '0x1F',
    'm offset -5m',
    'm @ end() offset (1m + step())',
    'SUM(m) BY (a)',
    '-2 ^ -m',
  ])('accepts %s', (text) => {
    expect(parse(print(parse(text)))).toBeDefined()
  })
  it('refuses depth that would only exhaust the stack', () => {
    expect(() => parse(`${'('.repeat(100_000)}m${')'.repeat(100_000)}`)).toThrow('nested')
    expect(() => parse(`${'-'.repeat(100_000)}m`)).toThrow('nested')
    expect(() => parse(Array(100_000).fill('m').join('+'))).toThrow('nested')
  })
})

describe('evaluator', () => {
  it('answers rates, sums and joins', async () => {
    expect(await ask('rate(m[5m])')).toEqual([
      { a: 'x', values: [expect.closeTo(1)] },
      { a: 'y', values: [expect.closeTo(2)] },
    ])
    expect(await ask('sum(increase(m[1m]))')).toEqual([{ values: [180] }])
    expect(await ask('m / ignoring(a) group_left sum(m)')).toEqual([
      { a: 'x', values: [1 / 3] },
      { a: 'y', values: [2 / 3] },
    ])
    expect(await ask('2 ^ 3 ^ 0 - 1')).toEqual([1])
  })
  it('has no answer where there is no sample', async () => {
    expect(await ask('m', { start: 2e6, end: 2e6, step: 1 })).toEqual([])
    expect(await ask('absent(nothing{b="c"})')).toEqual([{ b: 'c', values: [1] }])
  })
  it('stops at its limits', async () => {
    const limited = (limits: { steps: number; samples: number }) => ask('m', { start: 0, end: 600_000, step: 1000 }, { ...DEFAULT_SETTINGS, limits })
    await expect(limited({ steps: 600, samples: 1e6 })).rejects.toMatchObject({ code: 'PROMQL_LIMIT' })
    await expect(limited({ steps: 601, samples: 1000 })).rejects.toMatchObject({ code: 'PROMQL_LIMIT' })
    expect(await limited({ steps: 601, samples: 10_000 })).toHaveLength(2)
  })
})

const bare = (expr: Expr): unknown =>
  JSON.parse(JSON.stringify(expr, (key, value) => (key === 'pos' ? undefined : typeof value === 'number' ? String(value) : value)))

/** Texts of every type, built from each other. */
const texts = fc.letrec<{ scalar: string; vector: string; matrix: string }>((tie) => ({
  scalar: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('1', '-2.5', '0', 'NaN', 'Inf', '5m', 'time()', 'pi()', 'step()'),
    fc.tuple(tie('scalar'), fc.constantFrom('+', '-', '*', '/', '%', '^', 'atan2', '> bool'), tie('scalar')).map(([a, op, b]) => `(${a}) ${op} (${b})`),
    tie('vector').map((v) => `scalar(${v})`),
  ),
  vector: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('m', 'm{a="x"}', '{__name__=~"m|n", a!~"z.*"}', 'm offset 1m', 'm @ 300', 'm @ end() offset -2m', 'nothing'),
    fc
      .tuple(fc.constantFrom('sum', 'avg by (a)', 'count without (a)', 'min', 'max', 'group', 'stddev', 'stdvar by ()'), tie('vector'))
      .map(([op, v]) => `${op}(${v})`),
    fc.tuple(fc.constantFrom('topk', 'bottomk', 'quantile', 'limitk', 'limit_ratio'), tie('scalar'), tie('vector')).map(([op, s, v]) => `${op}(${s}, ${v})`),
    fc
      .tuple(
        tie('vector'),
        fc.constantFrom('+', '- on(a)', '/ ignoring(a) group_left()', '== bool', '> on(a)', 'and', 'or', 'unless on()', '* fill(0)', '^'),
        tie('vector'),
      )
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc.tuple(tie('vector'), fc.constantFrom('+', '<', '!= bool', '%'), tie('scalar')).map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc
      .tuple(
        fc.constantFrom(
          'rate',
          'increase',
          'delta',
          'irate',
          'deriv',
          'changes',
          'avg_over_time',
          'max_over_time',
          'stddev_over_time',
          'absent_over_time',
          'last_over_time',
          'mad_over_time',
        ),
        tie('matrix'),
      )
      .map(([f, m]) => `${f}(${m})`),
    fc.tuple(tie('scalar'), tie('matrix')).map(([s, m]) => `quantile_over_time(${s}, ${m})`),
    fc
      .tuple(fc.constantFrom('abs', 'ceil', 'sgn', 'ln', 'year', 'minute', 'day_of_year', 'sort', 'timestamp', 'absent', 'histogram_count', '-'), tie('vector'))
      .map(([f, v]) => `${f}(${v})`),
    fc.tuple(tie('scalar'), tie('vector')).map(([s, v]) => `histogram_quantile(${s}, ${v})`),
    tie('vector').map((v) => `label_replace(${v}, "a", "$1", "a", "(.).*")`),
  ),
  matrix: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('m[5m]', 'm[1m] offset 1m', 'm[2m] @ start()', 'nothing[1h]'),
    tie('vector').map((v) => `(${v})[5m:1m]`),
  ),
}))

describe('properties', () => {
  it('parse of print is the same tree, and printing it again the same text', () => {
    fc.assert(
      fc.property(fc.oneof(texts.scalar, texts.vector), (text) => {
        const tree = parse(text)
        const again = parse(print(tree))
        expect(bare(again)).toEqual(bare(tree))
        expect(print(again)).toBe(print(tree))
      }),
      { numRuns: 1500 },
    )
  })
  it('answers every expression, or says with a code why not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(texts.scalar, texts.vector), fc.boolean(), async (text, range) => {
        try {
          const { value, grid } = await runQuery(source, text, range ? { start: 0, end: 600_000, step: 60_000 } : instant)
          expect(value.type).toBe(typeOf(parse(text)))
          if (value.type === 'vector') for (const one of value.series) expect(one.values).toHaveLength(grid.n)
        } catch (error) {
          if (!isError(error, 'PROMQL_FAILED') && !isError(error, 'PROMQL_LIMIT')) throw error
        }
      }),
      { numRuns: 1500 },
    )
  })
  it('any text is read or refused with a place', () => {
    const pieces = fc.array(
      fc.constantFrom('m', '{', '}', '(', ')', '[', ']', '5m', ':', ',', '"x"', '=', '=~', 'by', 'sum', 'rate', '+', '@', 'offset', '1', '\\', '"', '#', 'é'),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(pieces, (words) => {
        try {
          parse(words.join(' '))
        } catch (error) {
          if (!(error instanceof CodedError) || error.code !== 'PROMQL_INVALID') throw error
        }
      }),
      { numRuns: 3000 },
    )
  })
})
