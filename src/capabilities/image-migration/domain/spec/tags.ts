/** Which tags a rule means. */
import { RE2JS } from 're2js'
import semver from 'semver'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { TagSelection } from './rule.ts'

/** Longer patterns are refused; RE2 takes time in proportion to pattern and text, whatever they are. */
const LONGEST_PATTERN = 2000

/** What is wrong with a pattern, as a sentence without subject; undefined when nothing. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > LONGEST_PATTERN) return `is longer than ${LONGEST_PATTERN} characters`
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    return `is no valid RE2 pattern: ${(error as Error).message}`
  }
}

/** A pattern that must match all of a text. */
export const whole = (pattern: string): string => `^(?:${pattern})$`

/**
 * The version that a tag is: `1.27`, `v3`, `2024.10.1`, `1.2.3-alpine`; missing parts are 0 and what follows a dash is a pre-release, as Masterminds/semver
 * reads it. Undefined for tags that are none.
 */
export function versionOf(tag: string): semver.SemVer | undefined {
  const found = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(-[0-9A-Za-z.-]+)?(?:[+_][0-9A-Za-z.-]+)?$/.exec(tag)
  if (!found) return undefined
  // SemVer forbids leading zeros, dates in tags have them
  const [major, minor, patch] = [found[1], found[2], found[3]].map((part) => BigInt(part ?? 0).toString())
  return semver.parse(`${major}.${minor}.${patch}${found[4] ?? ''}`, { loose: true }) ?? undefined
}

/** A range in the words of npm and of Masterminds/semver: `>=1.25 <2`, `>= 1.2, != 1.4.1`, `~1.2`, `^2`, `1.2 - 1.4`, `1.x || 3.x`. */
export function parseRange(text: string): Result<(version: semver.SemVer) => boolean, string> {
  const alternatives: ((version: semver.SemVer) => boolean)[] = []
  for (const part of text.split('||')) {
    const unequal: string[] = []
    const rest = part
      .replace(/!=\s*(v?[\w.+-]+)/g, (_, version: string) => {
        unequal.push(version)
        return ' '
      })
      .replaceAll(',', ' ')
      .replaceAll('=>', '>=')
      .replaceAll('=<', '<=')
      .trim()
    // As Masterminds/semver: a pre-release anywhere in the range lets in those of every version
    const within = { loose: true, includePrerelease: /\d-[0-9A-Za-z]/.test(part) }
    const range = part.length > 500 ? null : semver.validRange(rest === '' ? '*' : rest, within)
    if (range === null) return err(`is no valid version range: "${text}"`)
    const parsed = new semver.Range(range, within)
    // `!=1.4` leaves out all of 1.4.x
    const without = unequal.map((version) => semver.validRange(version, { loose: true }))
    if (without.includes(null)) return err(`is no valid version range: "${text}"`)
    alternatives.push((version) => parsed.test(version) && !without.some((range) => semver.satisfies(version, range!, { loose: true })))
  }
  return ok((version) => alternatives.some((passes) => passes(version)))
}

/** Everything wrong with a selection: field and message. */
export function selectionProblems(selection: TagSelection): { field: keyof TagSelection; index: number; message: string }[] {
  const of = (field: 'match' | 'exclude' | 'semver', problem: (text: string) => string | undefined) =>
    (selection[field] ?? []).flatMap((text, index) => {
      const message = problem(text)
      return message === undefined ? [] : [{ field, index, message }]
    })
  return [
    ...of('match', patternProblem),
    ...of('exclude', patternProblem),
    ...of('semver', (text) => {
      const range = parseRange(text)
      return range.ok ? undefined : range.error
    }),
  ]
}

const compiled = (patterns: readonly string[] = []): ((text: string) => boolean)[] =>
  patterns.map((pattern) => {
    const expression = RE2JS.compile(pattern)
    return (text) => expression.matcher(text).find()
  })

/** Does a text pass `match` (any; none given: yes) and `exclude` (none)? */
export function matcher(rules: { match?: readonly string[]; exclude?: readonly string[] } = {}): (text: string) => boolean {
  const match = compiled(rules.match)
  const exclude = compiled(rules.exclude)
  return (text) => (match.length === 0 || match.some((test) => test(text))) && !exclude.some((test) => test(text))
}

/** Newer first: by version, and of equal versions the shorter tag, then by letters, so that the order is total. */
function newerFirst(a: { tag: string; version: semver.SemVer }, b: { tag: string; version: semver.SemVer }): number {
  return semver.rcompare(a.version, b.version) || a.tag.length - b.tag.length || (a.tag < b.tag ? -1 : 1)
}

/** The tags of `all` that any selection means, in their order; every tag when there is no selection. Selections must have no problems. */
export function selectTags(selections: readonly TagSelection[], all: readonly string[]): string[] {
  if (selections.length === 0) return [...all]
  const chosen = new Set(selections.flatMap((selection) => selectOnce(selection, all)))
  return all.filter((tag) => chosen.has(tag))
}

function selectOnce(selection: TagSelection, all: readonly string[]): string[] {
  const { names, match, semver: ranges, newest } = selection
  const excluded = matcher({ match: selection.exclude?.length ? selection.exclude : ['$^a'] })
  const named = new Set(names)
  const byRule = match !== undefined || ranges !== undefined || names === undefined
  const passes = matcher({ match })
  const inRange = ranges?.map(parseRange).flatMap((range) => (range.ok ? [range.value] : []))
  let ruled = byRule
    ? all.filter((tag) => {
        if (!passes(tag) || excluded(tag)) return false
        if (inRange === undefined) return true
        const version = versionOf(tag)
        return version !== undefined && inRange.some((test) => test(version))
      })
    : []
  if (newest !== undefined) {
    const candidates = byRule ? ruled : all.filter((tag) => named.has(tag))
    ruled = candidates
      .flatMap((tag) => {
        const version = versionOf(tag)
        return version === undefined ? [] : [{ tag, version }]
      })
      .sort(newerFirst)
      .slice(0, newest)
      .map(({ tag }) => tag)
    if (!byRule) return ruled
  }
  return [...ruled, ...all.filter((tag) => named.has(tag) && !excluded(tag))]
}
