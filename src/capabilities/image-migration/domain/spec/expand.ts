/** From rules to single images: asks registries which tags and repositories there are, and finds rules that get in each other's way. */
import { CodedError, type Problem } from '#core/kernel/errors.ts'
import { formatPlace } from './places.ts'
import { type ArchiveKind, type CopyRule, type Place, problemAt } from './rule.ts'
import { matcher, selectTags } from './tags.ts'

/** One image to copy: a tag, or a digest without a tag. */
export interface ImageMove {
  source: ImagePlace
  target: ImagePlace
  platforms: readonly string[]
  referrers: boolean
  rule: CopyRule
}

/** `reference`: a tag or a digest; undefined where the place holds one image only. */
export type ImagePlace = ({ kind: 'repository'; registry: string; repository: string } | { kind: ArchiveKind; path: string }) & { reference?: string }

/** What the expansion asks of registries; CodedErrors say why not. */
export interface Catalog {
  tags(place: Exclude<Place, { kind: 'namespace' }>): Promise<readonly string[]>
  /** All repositories of a registry (`_catalog`). */
  repositories(registry: string): Promise<readonly string[]>
}

export interface Expansion {
  moves: readonly ImageMove[]
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
  const tags = remembered((place: Exclude<Place, { kind: 'namespace' }>) => catalog.tags(place), formatPlace)
  const repositories = remembered(
    (registry: string) => catalog.repositories(registry),
    (registry) => registry,
  )
  const fail = (rule: CopyRule, place: string) => (error: unknown) => {
    if (!(error instanceof CodedError)) throw error
    failures.push({ rule, place, error })
    return undefined
  }

  const ofRule = async (rule: CopyRule): Promise<ImageMove[]> => {
    const pairs = await pairsOf(rule, repositories).catch(fail(rule, formatPlace(rule.source)))
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

type Single = Exclude<Place, { kind: 'namespace' }>
interface Pair {
  source: Single
  target: Single
}

async function pairsOf(rule: CopyRule, repositories: (registry: string) => Promise<readonly string[]>): Promise<Pair[]> {
  const { source, target } = rule
  if (source.kind !== 'namespace') return target.kind === 'namespace' ? [] : [{ source, target }]
  const passes = matcher(rule.repositories)
  const names = (await repositories(source.registry)).filter((name) => name.startsWith(source.prefix) && passes(name)).sort()
  return names.flatMap((repository): Pair[] =>
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
  { source, target }: Pair,
  tags: (place: Single) => Promise<readonly string[]>,
  remarks: { push(remark: Expansion['remarks'][number]): void },
): Promise<ImageMove[]> {
  const move = (from: string | undefined): ImageMove => {
    const to = from === undefined ? undefined : (rule.rename[from] ?? from)
    return { source: at(source, from), target: at(target, to), platforms: rule.platforms, referrers: rule.referrers, rule }
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

const at = (place: Single, reference: string | undefined): ImagePlace => (reference === undefined ? place : { ...place, reference })

/** `quay.io/a/b:v1`, `quay.io/a/b@sha256:…`, `oci:folder:v1`. */
export function formatImage({ reference, ...place }: ImagePlace): string {
  return `${formatPlace(place)}${reference === undefined ? '' : `${reference.includes(':') ? '@' : ':'}${reference}`}`
}

function withoutRepeats(moves: readonly ImageMove[], remarks: Expansion['remarks'][number][]): Pick<Expansion, 'moves' | 'conflicts'> {
  const byTarget = new Map<string, ImageMove>()
  const conflicts: Problem[] = []
  const repeated = new Map<CopyRule, number>()
  const useful = new Set<CopyRule>()
  for (const move of moves) {
    const target = formatImage(move.target)
    const first = byTarget.get(target)
    if (first === undefined) {
      byTarget.set(target, move)
      useful.add(move.rule)
      continue
    }
    const same = formatImage(first.source) === formatImage(move.source) && first.platforms.join() === move.platforms.join()
    if (same) repeated.set(move.rule, (repeated.get(move.rule) ?? 0) + 1)
    else {
      const where = first.rule.origin
      const what = formatImage(first.source) === formatImage(move.source) ? 'with other platforms' : `from ${formatImage(first.source)}`
      conflicts.push(
        problemAt(move.rule.origin, `${target} would be written from ${formatImage(move.source)}, and also ${what} (${where.file}, line ${where.line})`),
      )
    }
  }
  for (const [rule, count] of repeated) remarks.push({ rule, kind: 'repeated', what: useful.has(rule) ? `${count} image(s)` : formatPlace(rule.source) })
  return { moves: [...byTarget.values()], conflicts: conflicts.slice(0, 200) }
}
