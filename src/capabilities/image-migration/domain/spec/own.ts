/** Our own format; `docs/learn/image-migration.md` explains it by examples. */
import { z } from 'zod'
import { isRegistry, isRepository } from '#core/oci/reference.ts'
import { parsePlace } from './places.ts'
import type { CopyRule, RegistrySettings, RulePlace, SpecOptions, TagSelection } from './rule.ts'
import { expandVariables, type SourceText } from './source-text.ts'
import { patternProblem, selectionProblems, whole } from './tags.ts'

const oneOrMore = z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.string().min(1).max(2000)).min(1).max(10_000)).optional()
const tagName = z.string().min(1).max(128)

const tags = z.strictObject({
  /** Exact tags. */
  names: z.array(tagName).max(100_000).optional(),
  /** RE2 over the whole tag; one or several. */
  match: oneOrMore,
  semver: oneOrMore,
  exclude: oneOrMore,
  newest: z.number().int().min(1).max(100_000).optional(),
})
const platform = z.string().regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9.]+)?$/, 'must be like linux/amd64 or linux/arm64/v8')
const behaviour = { platforms: z.array(platform).min(1).max(50).optional(), referrers: z.boolean().optional() }

export const OWN_SCHEMA = z.strictObject({
  version: z.literal(1).optional(),
  defaults: z.strictObject(behaviour).optional(),
  registries: z
    .record(
      z.string().max(500),
      z.strictObject({
        username: z.string().max(1000).optional(),
        password: z.string().max(100_000).optional(),
        helper: z
          .string()
          .regex(/^[\w.-]{1,64}$/, 'must be the NAME of a program docker-credential-NAME')
          .optional(),
        insecure: z.boolean().optional(),
        ca: z
          .string()
          .max(1 << 20)
          .optional(),
        certDir: z.string().max(4096).optional(),
        requestsPerSecond: z.number().positive().max(10_000).optional(),
      }),
    )
    .optional(),
  copy: z
    .array(
      z.strictObject({
        from: z.string().max(4096),
        to: z.string().max(4096),
        tags: z.union([z.array(tagName).min(1).max(100_000), tags]).optional(),
        rename: z.record(z.string().max(200), tagName).optional(),
        repositories: z.strictObject({ match: oneOrMore, exclude: oneOrMore }).optional(),
        ...behaviour,
      }),
    )
    .max(100_000),
})

export function readOwn(source: SourceText, { env }: SpecOptions): { rules: CopyRule[]; registries: RegistrySettings[] } {
  const parsed = source.parse(OWN_SCHEMA)
  if (!parsed) return { rules: [], registries: [] }
  if (parsed.copy.length === 0) source.problem(['copy'], 'has no rule')
  const registries = Object.entries(parsed.registries ?? {}).map(([prefix, { username, password, ...rest }]): RegistrySettings => {
    const path = ['registries', prefix]
    const slash = prefix.indexOf('/')
    if (!isRegistry(slash < 0 ? prefix : prefix.slice(0, slash)) || (slash >= 0 && !isRepository(prefix.slice(slash + 1))))
      source.problem(path, 'must be a registry, or a registry and the beginning of a path')
    const filled = (text: string | undefined, field: string) =>
      text === undefined ? undefined : expandVariables(text, env, false, (name) => source.problem([...path, field], `the environment has no variable ${name}`))
    return { origin: source.origin(path), prefix, username: filled(username, 'username'), password: filled(password, 'password'), ...rest }
  })
  const rules = parsed.copy.flatMap((entry, i): CopyRule[] => {
    const path = ['copy', i]
    const from = parsePlace(entry.from)
    const to = parsePlace(entry.to)
    if (!from.ok) source.problem([...path, 'from'], from.error)
    if (!to.ok) source.problem([...path, 'to'], to.error)
    if (!from.ok || !to.ok) return []
    const target = targetFor(from.value.place, to.value.place)
    if (typeof target === 'string') source.problem([...path, 'to'], target)
    const selection: TagSelection | undefined = Array.isArray(entry.tags)
      ? { names: entry.tags }
      : entry.tags && { ...entry.tags, match: entry.tags.match?.map(whole), exclude: entry.tags.exclude?.map(whole) }
    for (const { field, index, message } of selection ? selectionProblems(selection) : [])
      source.problem([...path, 'tags', field, ...(Array.isArray((entry.tags as TagSelection)[field]) ? [index] : [])], message)
    const named = from.value.tags.length > 0 || from.value.digest !== undefined
    if (named && entry.tags !== undefined) source.problem([...path, 'tags'], 'cannot be given when `from` names a tag or digest')
    if (entry.repositories && from.value.place.kind !== 'namespace')
      source.problem([...path, 'repositories'], 'is for a whole namespace or registry (`from: …/*`)')
    for (const field of ['match', 'exclude'] as const)
      for (const [n, pattern] of (entry.repositories?.[field] ?? []).entries()) {
        const message = patternProblem(pattern)
        if (message) source.problem([...path, 'repositories', field, n], message)
      }
    const rename = { ...entry.rename }
    if (to.value.tags.length > 0) {
      const names = from.value.tags.length > 0 ? from.value.tags : from.value.digest === undefined ? [] : [from.value.digest]
      if (names.length !== to.value.tags.length) source.problem([...path, 'to'], `names ${to.value.tags.length} tag(s), \`from\` names ${names.length}`)
      for (const [n, name] of names.entries()) if (to.value.tags[n] !== undefined) rename[name] = to.value.tags[n]
    }
    if (typeof target === 'string') return []
    return [
      {
        origin: source.origin(path),
        source: from.value.place,
        target,
        select: from.value.tags.length > 0 ? [{ names: from.value.tags }] : selection ? [selection] : [],
        digests: from.value.digest === undefined || from.value.tags.length > 0 ? [] : [from.value.digest],
        rename,
        ...(entry.repositories ? { repositories: { match: entry.repositories.match?.map(whole), exclude: entry.repositories.exclude?.map(whole) } } : {}),
        platforms: entry.platforms ?? parsed.defaults?.platforms ?? [],
        referrers: entry.referrers ?? parsed.defaults?.referrers ?? true,
      },
    ]
  })
  return { rules, registries }
}

/** The target of a rule, or what is wrong with it. A repository copied to a registry or namespace keeps its path there, as a namespace does. */
export function targetFor(source: RulePlace, target: RulePlace): RulePlace | string {
  if (source.kind === 'namespace' && target.kind === 'repository') return { kind: 'namespace', registry: target.registry, prefix: `${target.repository}/` }
  if (source.kind === 'repository' && target.kind === 'namespace')
    return { kind: 'repository', registry: target.registry, repository: `${target.prefix}${source.repository}` }
  if (source.kind === 'namespace' && target.kind !== 'namespace') return 'a whole namespace can be copied to a registry or a namespace only'
  if (target.kind === 'namespace' && source.kind !== 'namespace') return 'must name a repository'
  return target
}
