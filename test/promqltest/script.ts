/** Runs scripts in the format of Prometheus' promqltest: `load`, `clear`, and `eval` with what is expected. */

import { CodedError } from '#core/kernel/errors.ts'
import { histogramJson } from '#core/promql/answer-json.ts'
import type { Answer } from '#core/promql/evaluate.ts'
import { formatHistogram, type Histogram, trimBuckets } from '#core/promql/histogram/histogram.ts'
import { type Labels, labelsObject, labelsOf } from '#core/promql/labels.ts'
import { durationSeconds, tokens } from '#core/promql/lexer.ts'
import { MemorySource } from '#core/promql/memory-source.ts'
import { type Sample, samplesOf, seriesHead, startsOf } from '#core/promql/notation.ts'
import type { QueryRange } from '#core/promql/plan.ts'
import { runQuery } from '#core/promql/query.ts'
import { copySample, newSeries, type Series, timeAt } from '#core/promql/value.ts'

export interface CaseResult {
  readonly line: number
  readonly text: string
  /** What was wrong; undefined when it passed. */
  readonly failure?: string | undefined
}
interface Line {
  readonly number: number
  readonly text: string
}

const ms = (text: string): number => Math.round(1000 * (durationSeconds(text) ?? Number(text)))

/** One sample that a script loads. */
export interface LoadedSample {
  readonly labels: Labels
  readonly at: number
  readonly sample: Exclude<Sample, undefined>
  readonly start: number | undefined
}
export type Ask = (query: string, range: QueryRange) => Promise<Answer>
/** Who is asked: for each list of samples, something that answers over them. */
export type Target = (lists: readonly (readonly LoadedSample[])[]) => Promise<Ask[]>

/** The evaluator alone, over memory. */
export const bareEvaluator: Target = async (lists) =>
  lists.map((samples) => {
    const source = new MemorySource()
    for (const { labels, at, sample, start } of samples) source.add(labels, at, sample, start)
    return (query, range) => runQuery(source, query, range)
  })

/** Every `eval` of a script with its outcome. What is loaded before each `eval` is known first, so that a store takes all of it at once. */
export async function runScript(script: string, target: Target = bareEvaluator): Promise<CaseResult[]> {
  const lines = script
    .split('\n')
    .map((text, i): Line => ({ number: i + 1, text: text.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'))
  const lists: (readonly LoadedSample[])[] = [[]]
  const evals: { head: Line; block: Line[]; list: number }[] = []
  for (let i = 0; i < lines.length; ) {
    const head = lines[i++]!
    const block: Line[] = []
    while (i < lines.length && !/^(load|load_with_nhcb|clear|eval|eval_\w+)\b/.test(lines[i]!.text)) block.push(lines[i++]!)
    if (head.text === 'clear') lists.push([])
    else if (head.text.startsWith('load')) lists.push([...lists.at(-1)!, ...load(head.text, block)])
    else evals.push({ head, block, list: lists.length - 1 })
  }
  const used = [...new Set(evals.map(({ list }) => list))]
  const asks = await target(used.map((list) => lists[list]!))
  const results: CaseResult[] = []
  for (const { head, block, list } of evals)
    results.push({ line: head.number, text: head.text, failure: await evalBlock(asks[used.indexOf(list)]!, head.text, block) })
  return results
}

function load(head: string, block: readonly Line[]): LoadedSample[] {
  const loaded: LoadedSample[] = []
  const step = ms(head.split(/\s+/)[1]!)
  let starts: (number | undefined)[] = []
  for (const { text } of block) {
    const { labels, rest } = seriesHead(text)
    if (rest.startsWith('@st')) {
      starts = startsOf(rest.slice(3))
      continue
    }
    samplesOf(rest).forEach((sample, i) => {
      const start = starts[i]
      if (sample !== undefined) loaded.push({ labels, at: i * step, sample, start: start === undefined ? undefined : i * step + start })
    })
    starts = []
  }
  return loaded
}

interface Expectation {
  fail?: { msg?: string; regex?: string }
  ordered: boolean
  string?: string
  notes: { kind: string; msg?: string; regex?: string }[]
  series: { labels: Labels; samples: Sample[] }[]
  scalar?: number
}

function expectation(block: readonly Line[], head: string): Expectation {
  const out: Expectation = { ordered: head.startsWith('eval_ordered'), notes: [], series: [] }
  if (head.startsWith('eval_fail')) out.fail = {}
  for (const kind of ['warn', 'info']) if (head.startsWith(`eval_${kind}`)) out.notes.push({ kind })
  for (const { text } of block) {
    const [, word, how, rest] = /^expect\s+(\w+)(?:\s+(msg|regex)\s*:)?\s*(.*)$/.exec(text) ?? []
    const detail = how === 'msg' ? { msg: rest! } : how === 'regex' ? { regex: rest! } : {}
    if (word === 'fail') out.fail = detail
    else if (word === 'ordered') out.ordered = true
    else if (word === 'string') out.string = tokens(rest!)[0]!.text
    else if (word !== undefined) out.notes.push({ kind: word, ...detail })
    else if (/^expected_fail_(message|regexp)/.test(text)) out.fail = { [text.includes('message') ? 'msg' : 'regex']: text.replace(/^\S+\s+/, '') }
    else if (/^[-+.\d]|^(nan|inf)$/i.test(text)) out.scalar = samplesOf(text)[0] as number
    else {
      const { labels, rest: values } = seriesHead(text)
      out.series.push({ labels, samples: samplesOf(values) })
    }
  }
  return out
}

async function evalBlock(ask: Ask, head: string, block: readonly Line[]): Promise<string | undefined> {
  const instant = /^eval(?:_\w+)? instant at (\S+)\s+(.*)$/.exec(head)
  const range = /^eval(?:_\w+)? range from (\S+) to (\S+) step (\S+)\s+(.*)$/.exec(head)
  if (!instant && !range) return 'the command cannot be read'
  const wanted = expectation(block, head)
  const query = instant ? instant[2]! : range![4]!
  const at = instant ? { start: ms(instant[1]!), end: ms(instant[1]!), step: 1000 } : { start: ms(range![1]!), end: ms(range![2]!), step: ms(range![3]!) }
  const failed = await check(ask, query, at, wanted)
  if (failed || range || wanted.ordered || wanted.fail || wanted.string !== undefined) return failed
  // An instant query gives the same as the middle step of a range query, as the format says.
  return /\b(start|end|range|step)\s*\(|sort|topk|bottomk/.test(query) ? undefined : inRange(ask, query, at.start, wanted)
}

async function inRange(ask: Ask, query: string, at: number, wanted: Expectation): Promise<string | undefined> {
  const range = { start: at - 60_000, end: at + 60_000, step: 60_000 }
  try {
    const answer = await ask(query, range)
    if (answer.value.type === 'vector') for (const one of answer.value.series) for (const i of [0, 2]) one.kind[i] = 0
    const failure = compareValues({ ...answer, value: middle(answer) }, { ...wanted, notes: [] }, { start: at, end: at })
    return failure && `in range mode: ${failure}`
  } catch (error) {
    // At the other steps the data may be another.
    if (error instanceof CodedError) return undefined
    throw error
  }
}

function middle({ value, grid }: Answer): Answer['value'] {
  if (value.type === 'matrix') return value
  if (value.type === 'scalar') return { type: 'scalar', values: value.values.slice(1, 2) }
  if (value.type === 'string' || grid.n !== 3) return value
  const series = value.series.flatMap((one) => {
    if (one.kind[1] === 0) return []
    const out = newSeries(one.labels, one.drop, 3)
    copySample(out, one, 1)
    return [{ ...out, kind: out.kind.slice(1, 2), values: out.values.slice(1, 2), histograms: out.histograms?.slice(1, 2) ?? null }]
  })
  return { type: 'vector', series }
}

async function check(ask: Ask, query: string, at: { start: number; end: number; step: number }, wanted: Expectation): Promise<string | undefined> {
  let answer: Answer
  try {
    answer = await ask(query, at)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    const reason = String(error.details.reason)
    if (!wanted.fail) return `failed: ${error.message}`
    if (wanted.fail.msg !== undefined && wanted.fail.msg !== reason) return `failed with "${reason}", expected "${wanted.fail.msg}"`
    return wanted.fail.regex !== undefined && !new RegExp(wanted.fail.regex).test(reason) ? `failed with "${reason}", expected ${wanted.fail.regex}` : undefined
  }
  if (wanted.fail) return 'should have failed'
  return compareNotes(answer, wanted) ?? compareValues(answer, wanted, at)
}

function compareNotes(answer: Answer, wanted: Expectation): string | undefined {
  for (const kind of ['warn', 'info'] as const) {
    const got = kind === 'warn' ? answer.warnings : answer.infos
    const expected = wanted.notes.filter((note) => note.kind === kind)
    if (wanted.notes.some((note) => note.kind === `no_${kind}`) && got.length > 0) return `unexpected ${kind}: ${got.join('; ')}`
    if (expected.length > 0 && got.length === 0) return `no ${kind}`
    const matches = (note: { msg?: string; regex?: string }, text: string) =>
      note.msg !== undefined ? note.msg === text : note.regex === undefined || new RegExp(note.regex).test(text)
    for (const note of expected) if (!got.some((text) => matches(note, text))) return `expected ${kind} ${note.msg ?? note.regex}, got ${got.join('; ')}`
    const precise = expected.length > 0 && expected.every((note) => note.msg !== undefined || note.regex !== undefined)
    if (precise) for (const text of got) if (!expected.some((note) => matches(note, text))) return `unexpected ${kind}: ${text}`
  }
  return undefined
}

/** Equal within a millionth, as the format says. */
export function almostEqual(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true
  if (Number.isNaN(a) || Number.isNaN(b)) return false
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || Math.abs(a) + Math.abs(b) < 2.3e-308) return difference < 1e-6 * 2.3e-308
  return difference / Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE) < 1e-6
}

/** What the API says of a histogram: its buckets, but neither schema nor hints. */
export interface ToldHistogram extends Histogram {
  readonly told: ReturnType<typeof histogramJson>
}
const isTold = (h: Histogram): h is ToldHistogram => 'told' in h

function sameTold({ told }: ToldHistogram, wanted: Histogram): boolean {
  const expected = histogramJson(wanted)
  const near = (a: string, b: string) => almostEqual(numberOf(a), numberOf(b))
  const [got = [], want = []] = [told.buckets, expected.buckets]
  return (
    near(told.count, expected.count) &&
    near(told.sum, expected.sum) &&
    got.length === want.length &&
    got.every((bucket, i) => bucket.every((part, k) => (k === 0 ? part === want[i]![0] : near(String(part), String(want[i]![k])))))
  )
}
/** A value as the API writes it. */
export const numberOf = (text: string): number => Number(text.replace('Inf', 'Infinity'))

function sameHistogram(got: Histogram, wanted: Histogram): boolean {
  if (isTold(got)) return sameTold(got, wanted)
  const buckets = (a: Histogram['positive'], b: Histogram['positive']) => {
    const [x, y] = [trimBuckets(a), trimBuckets(b)]
    return x.offset === y.offset && x.counts.length === y.counts.length && x.counts.every((count, i) => almostEqual(count, y.counts[i]!))
  }
  return (
    got.schema === wanted.schema &&
    almostEqual(got.count, wanted.count) &&
    almostEqual(got.sum, wanted.sum) &&
    (wanted.custom !== null || (almostEqual(got.zeroThreshold, wanted.zeroThreshold) && almostEqual(got.zeroCount, wanted.zeroCount))) &&
    String(got.custom) === String(wanted.custom) &&
    (wanted.hint === 'unknown' || got.hint === wanted.hint) &&
    buckets(got.positive, wanted.positive) &&
    buckets(got.negative, wanted.negative)
  )
}

const sampleAt = (series: Series, i: number): Sample => (series.kind[i] === 0 ? undefined : series.kind[i] === 1 ? series.values[i]! : series.histograms![i]!)
const show = (sample: Sample): string =>
  typeof sample !== 'object' ? String(sample) : isTold(sample) ? JSON.stringify(sample.told) : `${formatHistogram(sample)} ${sample.hint}`
const same = (got: Sample, wanted: Sample): boolean =>
  typeof got === 'number' && typeof wanted === 'number'
    ? almostEqual(got, wanted)
    : typeof got === 'object' && typeof wanted === 'object'
      ? sameHistogram(got, wanted)
      : got === wanted

function compareValues({ value, grid }: Answer, wanted: Expectation, at: { start: number; end: number }): string | undefined {
  if (value.type === 'string') return value.value === wanted.string ? undefined : `got string "${value.value}"`
  if (wanted.string !== undefined) return `got no string`
  if (value.type === 'matrix') return 'got a range vector'
  if (value.type === 'scalar' && wanted.scalar !== undefined)
    return same(value.values[0], wanted.scalar) ? undefined : `got ${value.values[0]}, expected ${wanted.scalar}`
  const got: Series[] =
    value.type === 'vector' ? value.series : [{ ...newSeries(labelsOf([]), false, grid.n), kind: new Uint8Array(grid.n).fill(1), values: value.values }]
  if (wanted.scalar !== undefined) return 'a scalar was expected'
  const instant = at.start === at.end
  for (const [position, { labels, samples }] of wanted.series.entries()) {
    const found = got.find((one) => one.labels.key === labels.key)
    if (!found)
      return `no series ${JSON.stringify(labelsObject(labels))}; got ${got.map((one) => JSON.stringify(labelsObject(one.labels))).join(' ') || 'nothing'}`
    if (wanted.ordered && got.indexOf(found) !== position)
      return `${JSON.stringify(labelsObject(labels))} is at place ${got.indexOf(found) + 1}, expected ${position + 1}`
    const n = instant ? 1 : Math.max(grid.n, samples.length)
    for (let i = 0; i < n; i++)
      if (!same(sampleAt(found, i), samples[i]))
        return `${JSON.stringify(labelsObject(labels))} at ${timeAt(grid, i) / 1000} s: got ${show(sampleAt(found, i))}, expected ${show(samples[i])}`
  }
  const extra = got.find((one) => !wanted.series.some(({ labels }) => labels.key === one.labels.key))
  return extra && `unexpected series ${JSON.stringify(labelsObject(extra.labels))} ${show(sampleAt(extra, 0))}`
}
