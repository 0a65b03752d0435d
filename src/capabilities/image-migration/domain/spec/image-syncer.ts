/**
 * image-syncer's files: `--auth` and `--images`, and the older `--config` with both. What they mean is in that project's README
 * (https://github.com/AliyunContainerService/image-syncer), rules 1 to 8 of "Image sync configuration file".
 */
import { z } from 'zod'
import { isRegistry } from '#core/oci/reference.ts'
import { parsePlace } from './places.ts'
import type { CopyRule, RegistrySettings, RulePlace, SpecOptions, TagSelection } from './rule.ts'
import { expandVariables, isPlain, type SourceText } from './source-text.ts'
import { patternProblem } from './tags.ts'

const AUTH = z.record(
  z.string().max(500),
  z.strictObject({
    username: z.string().max(1000).optional(),
    password: z.string().max(100_000).optional(),
    identityToken: z.string().max(100_000).optional(),
    insecure: z.boolean().optional(),
  }),
)
const TARGETS = z.union([z.string().max(4096), z.array(z.string().max(4096)).min(1).max(1000)])
const IMAGES = z.record(
  z.string().max(4096),
  z.preprocess((value) => (value === null ? '' : value), TARGETS),
)

export function readImageSyncer(source: SourceText, options: SpecOptions, auth: SourceText | undefined): { rules: CopyRule[]; registries: RegistrySettings[] } {
  const { data } = source
  const both = isPlain(data) && isPlain(data.images) && !Object.hasOwn(data.images, 'registry')
  const registries = auth ? readAuth(auth, auth.data, [], options) : both && data.auth !== undefined ? readAuth(source, data.auth, ['auth'], options) : []
  if (both)
    for (const key of Object.keys(data)) if (key !== 'auth' && key !== 'images') source.problem([key], 'unknown key', key.startsWith('a') ? 'auth' : 'images')
  const below = both ? ['images'] : []
  const images = source.parse(IMAGES, both ? data.images : data, below)
  const rules = Object.entries(images ?? {}).flatMap(([from, targets]) =>
    (Array.isArray(targets) ? targets : [targets]).flatMap((to, i) =>
      ruleOf(source, from, to, [...below, from], Array.isArray(targets) ? [...below, from, i] : [...below, from], options),
    ),
  )
  if (images && Object.keys(images).length === 0) source.problem(below, 'has no rule')
  return { rules, registries }
}

function readAuth(source: SourceText, data: unknown, below: readonly string[], { env }: SpecOptions): RegistrySettings[] {
  const parsed = data === undefined || data === null ? {} : source.parse(AUTH, data, below)
  return Object.entries(parsed ?? {}).map(([prefix, { username, password, identityToken, insecure }]) => {
    const path = [...below, prefix]
    if (!isRegistry(prefix.split('/')[0]!)) source.problem(path, 'must be a registry, or a registry and a namespace')
    const filled = (text: string | undefined, field: string) =>
      text && expandVariables(text, env, true, (name) => source.problem([...path, field], `the environment has no variable ${name}`))
    return {
      origin: source.origin(path),
      prefix: prefix.replace(/\/+$/, ''),
      username: filled(username, 'username'),
      password: filled(password, 'password'),
      // An empty one is none.
      identityToken: identityToken || undefined,
      insecure,
    }
  })
}

function ruleOf(
  source: SourceText,
  from: string,
  to: string,
  fromPath: readonly (string | number)[],
  toPath: readonly (string | number)[],
  { to: fallback }: SpecOptions,
): CopyRule[] {
  const pattern = /^([^/]*(?:\/.*?)?):\/(.*)\/$/.exec(from)
  const parsed = parsePlace(pattern ? pattern[1]! : from)
  if (!parsed.ok || parsed.value.place.kind !== 'repository') {
    source.problem(fromPath, `the source ${parsed.ok ? 'must name a repository' : parsed.error}`)
    return []
  }
  const { place, tags, digest } = parsed.value
  let select: TagSelection[] = tags.length > 0 ? [{ names: tags }] : []
  if (pattern) {
    const message = patternProblem(pattern[2]!)
    if (message) source.problem(fromPath, `the tag expression ${message}`)
    select = [{ match: [pattern[2]!] }]
  }
  const target = targetOf(source, to, toPath, place, fallback)
  if (!target) return []
  const rename: Record<string, string> = {}
  if (target.digest !== undefined && target.digest !== digest) source.problem(toPath, 'the digest of the target must be that of the source')
  if (target.tags.length > 0) {
    const names = digest !== undefined ? [digest] : tags
    if (names.length !== target.tags.length)
      source.problem(
        toPath,
        names.length === 0
          ? 'the target cannot name tags when the source means all tags or an expression'
          : `the target names ${target.tags.length} tag(s), the source ${names.length}`,
      )
    names.forEach((name, i) => {
      if (target.tags[i] !== undefined && target.tags[i] !== name) rename[name] = target.tags[i]
    })
  }
  return [
    {
      origin: source.origin(toPath),
      source: place,
      target: target.place,
      select: digest === undefined ? select : [],
      digests: digest === undefined ? [] : [digest],
      rename,
      platforms: [],
      referrers: true,
    },
  ]
}

function targetOf(
  source: SourceText,
  to: string,
  path: readonly (string | number)[],
  from: RulePlace & { kind: 'repository' },
  fallback: string | undefined,
): { place: RulePlace & { kind: 'repository' }; tags: readonly string[]; digest?: string } | undefined {
  if (to === '' && fallback !== undefined) {
    // As with its --registry and --namespace: the same repository name in another namespace.
    const whole = parsePlace(`${fallback.replace(/\/+$/, '')}/${from.repository.split('/').at(-1)}`)
    if (whole.ok && whole.value.place.kind === 'repository') return { place: whole.value.place, tags: [] }
    source.problem(path, `the default target ${fallback} ${whole.ok ? 'must be a registry and a namespace' : whole.error}`)
    return undefined
  }
  const parsed = parsePlace(to)
  if (parsed.ok && parsed.value.place.kind === 'repository') return { ...parsed.value, place: parsed.value.place }
  source.problem(
    path,
    to === '' ? 'the target is empty; say where to with --to REGISTRY/NAMESPACE' : `the target ${parsed.ok ? 'must name a repository' : parsed.error}`,
  )
  return undefined
}
