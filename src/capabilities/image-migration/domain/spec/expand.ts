/** From rules to single images: asks registries which tags and repositories there are, and finds rules that get in each other's way. */
import { CodedError, type Problem } from '#core/kernel/errors.ts'
import { formatImage, type ImageReference } from '#core/oci/place.ts'
import type { Mirror, Pair } from '../job.ts'
import { formatPlace } from './places.ts'
import { type CopyRule, type Origin, problemAt, type RulePlace } from './rule.ts'
import { matcher, selectTags } from './tags.ts'

/** What the expansion asks of registries; CodedErrors say why not. */
export interface Catalog {
  tags(place: Exclude<RulePlace, { kind: 'namespace' }>): Promise<readonly string[]>
  /** All repositories of a registry (`_catalog`). */
  repositories(registry: string): Promise<readonly string[]>
}

export interface Expansion {
  pairs: readonly Pair[]
  /** Repositories of targets that come from these rules alone, so that what is there beyond them may be pruned. */
  mirrors: readonly Mirror[]
  /** Rules that could not be expanded, the rest goes on. */
  failures: readonly { rule: CopyRule; place: string; error: CodedError }[]
  /** Two sources for one target: nothing may be copied before this is settled. */
  conflicts: readonly Problem[]
  /** Rules that add nothing, and tags that are named but not there. */
  remarks: readonly { rule: CopyRule; kind: 'repeated' | 'nothing' | 'missing'; what: string }[]
}

/** Same rules and same answers of the registries give the same moves in the same order. */
export async function expandRules(rules: readonly CopyRule[], catalog: Catalog): Promise<Expansion> {
  const failures: Expansion['failures'][number][] = []
  const remarks: Expansion['remarks'][number][] = []
  const tags = remembered((place: Exclude<RulePlace, { kind: 'namespace' }>) => catalog.tags(place), formatPlace)
  const repositories = remembered(
    (registry: string) => catalog.repositories(registry),
    (registry) => registry,
  )
  const fail = (rule: CopyRule, place: string) => (error: unknown) => {
    if (!(error instanceof CodedError)) throw error
    failures.push({ rule, place, error })
    return undefined
  }

  const ofRule = async (rule: CopyRule): Promise<Move[]> => {
    const pairs = await repositoriesOf(rule, repositories).catch(fail(rule, formatPlace(rule.source)))
    if (pairs?.length === 0) remarks.push({ rule, kind: 'nothing', what: formatPlace(rule.source) })
    const moves = await Promise.all(
      (pairs ?? []).map(async (pair) => (await movesOf(rule, pair, tags, remarks).catch(fail(rule, formatPlace(pair.source)))) ?? []),
    )
    return moves.flat()
  }

  const all = (await Promise.all(rules.map(ofRule))).flat()
  return { ...withoutRepeats(all, remarks), failures: inOrder(failures, rules), remarks: inOrder(remarks, rules) }
}

const inOrder = <T extends { rule: CopyRule }>(items: readonly T[], rules: readonly CopyRule[]): T[] => {
  const place = new Map(rules.map((rule, i) => [rule, i]))
  return [...items].sort((a, b) => place.get(a.rule)! - place.get(b.rule)!)
}

function remembered<Key, Value>(ask: (key: Key) => Promise<Value>, nameOf: (key: Key) => string): (key: Key) => Promise<Value> {
  const known = new Map<string, Promise<Value>>()
  return (key) => {
    const name = nameOf(key)
    const answer = known.get(name) ?? ask(key)
    known.set(name, answer)
    return answer
  }
}

type Single = Exclude<RulePlace, { kind: 'namespace' }>
interface Repositories {
  source: Single
  target: Single
}

/** A pair with the rule that made it. */
interface Move extends Pair {
  by: CopyRule
}

async function repositoriesOf(rule: CopyRule, repositories: (registry: string) => Promise<readonly string[]>): Promise<Repositories[]> {
  const { source, target } = rule
  if (source.kind !== 'namespace') return target.kind === 'namespace' ? [] : [{ source, target }]
  const passes = matcher(rule.repositories)
  const names = (await repositories(source.registry)).filter((name) => name.startsWith(source.prefix) && passes(name)).sort()
  return names.flatMap((repository): Repositories[] =>
    target.kind === 'namespace'
      ? [
          {
            source: { kind: 'repository', registry: source.registry, repository },
            target: { kind: 'repository', registry: target.registry, repository: target.prefix + repository.slice(source.prefix.length) },
          },
        ]
      : [],
  )
}

async function movesOf(
  rule: CopyRule,
  { source, target }: Repositories,
  tags: (place: Single) => Promise<readonly string[]>,
  remarks: { push(remark: Expansion['remarks'][number]): void },
): Promise<Move[]> {
  const move = (from: string | undefined): Move => {
    const to = from === undefined ? undefined : (rule.rename[from] ?? from)
    return {
      source: at(source, from),
      target: at(target, to),
      ...(rule.platforms.length > 0 ? { platforms: rule.platforms } : {}),
      referrers: rule.referrers,
      rule: ruleName(rule.origin),
      by: rule,
    }
  }
  // Names alone need no list of tags: a request less, and it works where listing is not allowed.
  const named = rule.select.length > 0 && rule.select.every(isNames)
  if (named) return [...new Set(rule.select.flatMap(({ names }) => names ?? []))].map(move).concat(rule.digests.map(move))
  if (rule.digests.length > 0 && rule.select.length === 0) return rule.digests.map(move)
  if (source.kind === 'dir') return [move(undefined)]
  const found = await tags(source)
  const chosen = selectTags(rule.select, found)
  const missing = rule.select.flatMap(({ names }) => names ?? []).filter((name) => !found.includes(name))
  for (const name of missing) remarks.push({ rule, kind: 'missing', what: `${formatPlace(source)}:${name}` })
  if (chosen.length === 0 && rule.digests.length === 0) remarks.push({ rule, kind: 'nothing', what: formatPlace(source) })
  return [...chosen, ...rule.digests].map(move)
}

const isNames = ({ names, match, semver, exclude, newest }: CopyRule['select'][number]): boolean =>
  names !== undefined && match === undefined && semver === undefined && exclude === undefined && newest === undefined

function at(place: Single, reference: string | undefined): ImageReference {
  const named = reference === undefined ? {} : reference.includes(':') ? { digest: reference } : { tag: reference }
  return place.kind === 'repository'
    ? { place: { transport: 'registry', at: place.registry }, repository: place.repository, ...named }
    : { place: { transport: place.kind, at: place.path }, repository: '', ...(reference === undefined ? {} : { tag: reference }) }
}

/** How reports name a rule: `mirror.yaml: copy[3]`. */
export const ruleName = ({ file, path }: Origin): string => (path === '' ? file : `${file}: ${path}`)

function withoutRepeats(moves: readonly Move[], remarks: Expansion['remarks'][number][]): Pick<Expansion, 'pairs' | 'mirrors' | 'conflicts'> {
  const byTarget = new Map<string, Move>()
  const conflicts: Problem[] = []
  const repeated = new Map<CopyRule, number>()
  const useful = new Set<CopyRule>()
  for (const move of moves) {
    const target = formatImage(move.target)
    const first = byTarget.get(target)
    if (first === undefined) {
      byTarget.set(target, move)
      useful.add(move.by)
      continue
    }
    const same = formatImage(first.source) === formatImage(move.source) && first.platforms?.join() === move.platforms?.join()
    if (same) repeated.set(move.by, (repeated.get(move.by) ?? 0) + 1)
    else {
      const where = first.by.origin
      const what = formatImage(first.source) === formatImage(move.source) ? 'with other platforms' : `from ${formatImage(first.source)}`
      conflicts.push(
        problemAt(move.by.origin, `${target} would be written from ${formatImage(move.source)}, and also ${what} (${where.file}, line ${where.line})`),
      )
    }
  }
  for (const [rule, count] of repeated) remarks.push({ rule, kind: 'repeated', what: useful.has(rule) ? `${count} image(s)` : formatPlace(rule.source) })
  const kept = [...byTarget.values()]
  return { pairs: kept.map(({ by: _, ...pair }) => pair), mirrors: mirrorsOf(kept), conflicts: conflicts.slice(0, 200) }
}

/**
 * A repository is a mirror when a rule means all its tags or a pattern of them; of patterns only the tags that they match are owned. What is named tag by
 * tag, or under another name, owns nothing else.
 */
function mirrorsOf(moves: readonly Move[]): Mirror[] {
  const owned = new Map<string, { mirror: Mirror; rules: Set<CopyRule> }>()
  for (const { target, by } of moves) {
    const key = formatImage({ place: target.place, repository: target.repository })
    const entry = owned.get(key) ?? { mirror: { place: target.place, repository: target.repository }, rules: new Set() }
    owned.set(key, entry)
    entry.rules.add(by)
  }
  return [...owned.values()].flatMap(({ mirror, rules }) => {
    const patterns: string[] = []
    for (const rule of rules) {
      if (Object.keys(rule.rename).length > 0) continue
      if (rule.select.length === 0 && rule.digests.length === 0) return [mirror]
      for (const selection of rule.select) {
        if (isNames(selection)) continue
        if (!selection.match) return [mirror]
        patterns.push(...selection.match.map((pattern) => `[\\s\\S]*?(?:${pattern})[\\s\\S]*`))
      }
    }
    return patterns.length === 0 ? [] : [{ ...mirror, tags: patterns.join('|') }]
  })
}
