/** regsync's configuration, version 1: https://github.com/regclient/regclient, docs/regsync.md and the current site. */
import { z } from 'zod'
import { canonicalRegistry, isRegistry, parseName } from '#core/oci/reference.ts'
import { parsePlace } from './places.ts'
import type { CopyRule, RegistrySettings, RulePlace, SpecOptions, TagSelection } from './rule.ts'
import { isPlain, type SourceText } from './source-text.ts'
import { patternProblem, selectionProblems, whole } from './tags.ts'
import { fillTemplate } from './templates.ts'

const list = z.array(z.string().max(2000)).max(10_000)
const allowDeny = { allow: list.optional(), deny: list.optional() }
const tagSet = z.strictObject({ ...allowDeny, semverRange: list.optional() })
/** What is accepted and has its meaning elsewhere here; `NOTES` says where. */
const behaviour = {
  backup: z.string().optional(),
  interval: z.string().optional(),
  schedule: z.string().optional(),
  ratelimit: z.strictObject({ min: z.number().optional(), retry: z.string().optional() }).optional(),
  digestTags: z.boolean().optional(),
  referrers: z.boolean().optional(),
  referrerFilters: z.array(z.looseObject({})).optional(),
  referrerSlow: z.boolean().optional(),
  referrerSource: z.string().optional(),
  referrerTarget: z.string().optional(),
  fastCheck: z.boolean().optional(),
  forceRecursive: z.boolean().optional(),
  includeExternal: z.boolean().optional(),
  mediaTypes: list.optional(),
  hooks: z.looseObject({}).optional(),
}
const REGSYNC = z.strictObject({
  version: z.literal(1).optional(),
  creds: z
    .array(
      z.strictObject({
        registry: z.string().max(500),
        hostname: z.string().max(500).optional(),
        user: z.string().max(10_000).optional(),
        pass: z.string().max(100_000).optional(),
        token: z.string().max(100_000).optional(),
        credHelper: z.string().max(200).optional(),
        credExpire: z.string().optional(),
        credHost: z.string().optional(),
        tls: z.enum(['enabled', 'insecure', 'disabled']).optional(),
        regcert: z
          .string()
          .max(1 << 20)
          .optional(),
        clientCert: z
          .string()
          .max(1 << 20)
          .optional(),
        clientKey: z
          .string()
          .max(1 << 20)
          .optional(),
        pathPrefix: z.string().max(255).optional(),
        mirrors: list.optional(),
        priority: z.number().optional(),
        repoAuth: z.boolean().optional(),
        blobChunk: z.number().optional(),
        blobMax: z.number().optional(),
        reqPerSec: z.number().optional(),
        reqConcurrent: z.number().optional(),
        scheme: z.string().optional(),
        api: z.string().optional(),
        apiOpts: z.record(z.string(), z.string()).optional(),
      }),
    )
    .max(1000)
    .optional(),
  defaults: z
    .strictObject({
      ...behaviour,
      parallel: z.number().optional(),
      skipDockerConfig: z.boolean().optional(),
      userAgent: z.string().optional(),
      cacheCount: z.number().optional(),
      cacheTime: z.string().optional(),
      blobLimit: z.number().optional(),
    })
    .optional(),
  sync: z
    .array(
      z.strictObject({
        source: z.string().max(4096),
        target: z.string().max(4096),
        type: z.enum(['registry', 'repository', 'image']),
        tags: tagSet.optional(),
        tagSets: z.array(tagSet).max(1000).optional(),
        repos: z.strictObject(allowDeny).optional(),
        platform: z.string().max(100).optional(),
        platforms: list.optional(),
        ...behaviour,
      }),
    )
    .max(100_000),
})
type Sync = z.output<typeof REGSYNC>['sync'][number]
type Behaviour = Pick<Sync, keyof typeof behaviour>

const NOTES: { [Field in keyof Behaviour]?: [en: string, zh: string] } = {
  backup: ['is not made: images that are overwritten are not kept under another tag', '不执行：被覆盖的镜像不会另存为其他标签'],
  interval: ['is not followed by this command; an ImageSync repeats on the server', '本命令不按此间隔重复；请在服务器上使用 ImageSync'],
  schedule: ['is not followed by this command; an ImageSync repeats on the server', '本命令不按此计划重复；请在服务器上使用 ImageSync'],
  ratelimit: ['is not used: the limits that registries send are followed by themselves', '未使用：会自动遵循镜像仓库返回的限流信息'],
  referrerFilters: ['are not applied: all referrers are copied', '不应用：会复制所有 referrer'],
  referrerSource: ['is not used: referrers are looked for beside the image', '未使用：只在镜像旁查找 referrer'],
  referrerTarget: ['is not used: referrers are put beside the image', '未使用：referrer 与镜像放在一起'],
  mediaTypes: ['are not applied: all media types are copied', '不应用：会复制所有媒体类型'],
  hooks: ['are not run', '不会运行'],
}

export function readRegsync(source: SourceText, { env, readFile }: SpecOptions): { rules: CopyRule[]; registries: RegistrySettings[] } {
  const data = isPlain(source.data) ? Object.fromEntries(Object.entries(source.data).filter(([key]) => !key.startsWith('x-'))) : source.data
  const parsed = source.parse(REGSYNC, data)
  if (!parsed) return { rules: [], registries: [] }
  const fill = (text: string, path: readonly (string | number)[], fields: Readonly<Record<string, string>> = {}) => {
    const filled = fillTemplate(text, { env, readFile, fields })
    if (!filled.ok) source.problem(path, filled.error)
    return filled.ok ? filled.value : undefined
  }
  const prefixes = new Map<string, string>()
  /** Where a registry is really reached: `hostname`. */
  const hosts = new Map<string, string>()
  const registries = (parsed.creds ?? []).flatMap((entry, i): RegistrySettings[] => {
    const path = ['creds', i]
    const text = (field: 'registry' | 'hostname' | 'user' | 'pass' | 'token' | 'regcert' | 'clientCert' | 'clientKey') =>
      entry[field] === undefined ? undefined : fill(entry[field], [...path, field])
    const registry = text('registry')
    if (registry === undefined) return []
    if (!isRegistry(registry)) source.problem([...path, 'registry'], 'must be a registry')
    const hostname = text('hostname')
    const host = hostname === undefined ? registry : canonicalRegistry(hostname)
    if (!isRegistry(host)) source.problem([...path, 'hostname'], 'must be a host, with a port where it needs one')
    if (host !== canonicalRegistry(registry)) hosts.set(canonicalRegistry(registry), host)
    if ((entry.clientCert === undefined) !== (entry.clientKey === undefined))
      source.problem([...path, entry.clientCert === undefined ? 'clientKey' : 'clientCert'], 'a client certificate needs both `clientCert` and `clientKey`')
    if (entry.mirrors?.length) source.note([...path, 'mirrors'], 'are not used: the registry itself is read', '未使用：直接读取该仓库')
    if (entry.pathPrefix) prefixes.set(registry, entry.pathPrefix.replace(/^\/+|\/+$/g, ''))
    return [
      {
        origin: source.origin(path),
        prefix: host,
        username: text('user'),
        password: text('pass'),
        identityToken: text('token'),
        helper: entry.credHelper?.replace(/^docker-credential-/, ''),
        cert: text('clientCert'),
        key: text('clientKey'),
        insecure: (entry.tls !== undefined ? entry.tls !== 'enabled' : entry.scheme === 'http') || undefined,
        ca: text('regcert'),
        requestsPerSecond: entry.reqPerSec || undefined,
      },
    ]
  })
  const say = (given: Behaviour, path: readonly (string | number)[]) => {
    for (const [field, note] of Object.entries(NOTES)) if (given[field as keyof Behaviour] !== undefined) source.note([...path, field], note[0], note[1])
  }
  say(parsed.defaults ?? {}, ['defaults'])
  if (parsed.sync.length === 0) source.problem(['sync'], 'has no entry')
  const rules = parsed.sync.flatMap((entry, i): CopyRule[] => {
    const path = ['sync', i]
    say(entry, path)
    const fields = { '.Sync.Source': entry.source, '.Sync.Target': entry.target, '.Sync.Type': entry.type }
    const from = fill(entry.source, [...path, 'source'], fields)
    const to = from === undefined ? undefined : fill(entry.target, [...path, 'target'], { ...fields, '.Sync.Source': from })
    if (from === undefined || to === undefined) return []
    const places = placesOf(source, entry.type, from, to, path)
    const select = (entry.tagSets ?? []).map(selectionOf)
    if (entry.tags) select.unshift(selectionOf(entry.tags))
    checkTags(source, entry, path)
    if (entry.platform !== undefined && entry.platforms !== undefined) source.problem([...path, 'platform'], 'cannot be given with `platforms`')
    if (entry.platform !== undefined)
      source.note([...path, 'platform'], 'keeps an index with this platform only, not the bare image', '保留只含此平台的索引，而不是单独的镜像')
    if (!places) return []
    const prefix = 'registry' in places.source ? prefixes.get(places.source.registry) : undefined
    return [
      {
        origin: source.origin(path),
        ...places,
        source: reachedAt(prefix === undefined ? places.source : below(places.source, prefix), hosts),
        target: reachedAt(places.target, hosts),
        select: entry.type === 'image' ? places.select : select,
        ...(entry.repos ? { repositories: { match: entry.repos.allow?.map(whole), exclude: entry.repos.deny?.map(whole) } } : {}),
        platforms: entry.platforms ?? (entry.platform === undefined ? [] : [entry.platform]),
        // Off by default there, as they cost requests.
        referrers: entry.referrers ?? parsed.defaults?.referrers ?? entry.digestTags ?? parsed.defaults?.digestTags ?? false,
      },
    ]
  })
  return { rules, registries }
}

const selectionOf = ({ allow, deny, semverRange }: z.output<typeof tagSet>): TagSelection => ({
  ...(allow ? { match: allow.map(whole) } : {}),
  ...(deny ? { exclude: deny.map(whole) } : {}),
  ...(semverRange ? { semver: semverRange } : {}),
})

function checkTags(source: SourceText, entry: Sync, path: readonly (string | number)[]): void {
  const names = { match: 'allow', exclude: 'deny', semver: 'semverRange', names: '', newest: '' }
  const check = (set: z.output<typeof tagSet> | undefined, at: readonly (string | number)[]) => {
    for (const { field, index, message } of set ? selectionProblems(selectionOf(set)) : []) source.problem([...at, names[field], index], message)
  }
  check(entry.tags, [...path, 'tags'])
  for (const [i, set] of (entry.tagSets ?? []).entries()) check(set, [...path, 'tagSets', i])
  for (const field of ['allow', 'deny'] as const)
    entry.repos?.[field]?.forEach((pattern, i) => {
      const message = patternProblem(pattern)
      if (message) source.problem([...path, 'repos', field, i], message)
    })
}

const reachedAt = (place: RulePlace, hosts: ReadonlyMap<string, string>): RulePlace =>
  'registry' in place ? { ...place, registry: hosts.get(place.registry) ?? place.registry } : place

const below = (place: RulePlace, prefix: string): RulePlace =>
  place.kind === 'repository'
    ? { ...place, repository: `${prefix}/${place.repository}` }
    : place.kind === 'namespace'
      ? { ...place, prefix: `${prefix}/${place.prefix}` }
      : place

function placesOf(
  source: SourceText,
  type: Sync['type'],
  from: string,
  to: string,
  path: readonly (string | number)[],
): Pick<CopyRule, 'source' | 'target' | 'select' | 'digests' | 'rename'> | undefined {
  if (type === 'registry') {
    const registry = (text: string, field: string): RulePlace | undefined => {
      const slash = text.indexOf('/')
      const name = slash < 0 ? text : text.slice(0, slash)
      const rest = slash < 0 ? '' : text.slice(slash + 1).replace(/\/+$/, '')
      const valid = isRegistry(name) && (rest === '' || parseName(`${name}/${rest}`).ok)
      if (!valid) source.problem([...path, field], 'must be a registry')
      return valid ? { kind: 'namespace', registry: name, prefix: rest === '' ? '' : `${rest}/` } : undefined
    }
    const [a, b] = [registry(from, 'source'), registry(to, 'target')]
    return a && b && { source: a, target: b, select: [], digests: [], rename: {} }
  }
  const [a, b] = [parseImage(from), parseImage(to)]
  if (!a.ok) source.problem([...path, 'source'], a.error)
  if (!b.ok) source.problem([...path, 'target'], b.error)
  if (!a.ok || !b.ok) return undefined
  if (type === 'repository') return { source: a.value.place, target: b.value.place, select: [], digests: [], rename: {} }
  const targetTag = b.value.tags[0] ?? 'latest'
  const { digest } = a.value
  if (digest !== undefined && a.value.tags.length === 0)
    return { source: a.value.place, target: b.value.place, select: [], digests: [digest], rename: b.value.digest === digest ? {} : { [digest]: targetTag } }
  const tag = a.value.tags[0] ?? 'latest'
  return { source: a.value.place, target: b.value.place, select: [{ names: [tag] }], digests: [], rename: tag === targetTag ? {} : { [tag]: targetTag } }
}

/** A reference of regclient: also `ocidir://PATH:TAG`. */
function parseImage(text: string): ReturnType<typeof parsePlace> {
  const layout = /^ocidir:\/\/(.+)$/.exec(text)
  const parsed = parsePlace(layout ? `oci:${layout[1]}` : text)
  if (!parsed.ok || parsed.value.place.kind !== 'namespace') return parsed
  return { ok: false, error: 'must name a repository' }
}
