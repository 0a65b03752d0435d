/** Label sets: sorted names and values in one flat array, with a key that is equal only for equal sets. */
import { RE2JS } from 're2js'
import type { LabelMatcher } from './ast.ts'

export interface Labels {
  /** name, value, name, value …; sorted by name; no empty values. */
  readonly pairs: readonly string[]
  readonly key: string
}

const SEPARATOR = '\xff'
export const EMPTY: Labels = { pairs: [], key: '' }
const fromSorted = (pairs: readonly string[]): Labels => (pairs.length === 0 ? EMPTY : { pairs, key: pairs.join(SEPARATOR) })

/** From names and values in any order; empty values are no labels. */
export function labelsOf(entries: Iterable<readonly [string, string]>): Labels {
  const sorted = [...entries].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return fromSorted(sorted.flat())
}

/** Of a `key`, which holds all of them. */
export const labelsFromKey = (key: string): Labels => (key === '' ? EMPTY : { pairs: key.split(SEPARATOR), key })

export function getLabel(labels: Labels, name: string): string {
  const { pairs } = labels
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return pairs[i + 1]!
  return ''
}

/** The labels whose names pass. */
export function filterLabels(labels: Labels, keep: (name: string) => boolean): Labels {
  const out: string[] = []
  const { pairs } = labels
  for (let i = 0; i < pairs.length; i += 2) if (keep(pairs[i]!)) out.push(pairs[i]!, pairs[i + 1]!)
  return out.length === pairs.length ? labels : fromSorted(out)
}

/** With some labels set; an empty value removes. */
export function withLabels(labels: Labels, changes: Iterable<readonly [string, string]>): Labels {
  const map = new Map<string, string>()
  for (let i = 0; i < labels.pairs.length; i += 2) map.set(labels.pairs[i]!, labels.pairs[i + 1]!)
  for (const [name, value] of changes) map.set(name, value)
  return labelsOf(map)
}

/** Labels that describe the metric itself and go when a value is no longer that metric. */
export const isMetaLabel = (name: string): boolean => name === '__name__' || name === '__type__' || name === '__unit__'
export const dropMeta = (labels: Labels): Labels => filterLabels(labels, (name) => !isMetaLabel(name))

export function labelsObject(labels: Labels): Record<string, string> {
  const out: Record<string, string> = {}
  for (let i = 0; i < labels.pairs.length; i += 2) out[labels.pairs[i]!] = labels.pairs[i + 1]!
  return out
}

/** Total order, by name then value, as results are listed. */
export function compareLabels(a: Labels, b: Labels): number {
  const n = Math.min(a.pairs.length, b.pairs.length)
  for (let i = 0; i < n; i++) if (a.pairs[i] !== b.pairs[i]) return a.pairs[i]! < b.pairs[i]! ? -1 : 1
  return a.pairs.length - b.pairs.length
}

/** Whether a value passes; patterns are RE2 and must match the whole value. Throws an Error when the pattern is not valid. */
export function matcherOf({ op, value }: LabelMatcher): (candidate: string) => boolean {
  if (op === '=') return (candidate) => candidate === value
  if (op === '!=') return (candidate) => candidate !== value
  const pattern = RE2JS.compile(value, RE2JS.DOTALL)
  return op === '=~' ? (candidate) => pattern.matches(candidate) : (candidate) => !pattern.matches(candidate)
}

/** Whether a series passes all matchers. */
export function seriesMatcher(matchers: readonly LabelMatcher[]): (labels: Labels) => boolean {
  const tests = matchers.map((matcher) => ({ name: matcher.name, test: matcherOf(matcher) }))
  return (labels) => tests.every(({ name, test }) => test(getLabel(labels, name)))
}
