/** Kinds with their names, verbs and lives, from the operations that the releases serve. */
import { LIFECYCLE, MOVED, NAMES } from './lifecycle.ts'
import type { Operation, Release } from './model.ts'

export interface KindRow {
  group: string
  version: string
  kind: string
  plural: string
  namespaced: 0 | 1
  /** `get,list …` joined by commas. */
  verbs: string
  shortNames: string
  categories: string
  /** `status:get,patch,update;scale:get,patch,update@autoscaling/v1.Scale` */
  subresources: string
  schema: string
  since: number
  until: number
  deprecated: number
  /** `apiVersion.Kind` or ''. */
  replacedBy: string
}

const PATH = /^\/apis?\/(?:([\w.-]+)\/)?(v\d\w*)\/(?:namespaces\/\{namespace\}\/)?([a-z]+)(?:\/\{name\}(?:\/([a-z]+))?)?$/
const CALL = /^(create|read|list|connect)/

interface Seen {
  kind: string
  plural: string
  namespaced: boolean
  schema: string
  verbs: Set<string>
  subresources: Map<string, { verbs: Set<string>; body: string | undefined }>
  minors: number[]
}

export function kindsOf(releases: readonly Release[], discovery: string): KindRow[] {
  const seen = new Map<string, Seen>()
  // Newest first: what is written first stays.
  for (const { minor, operations } of releases) {
    const here = new Set<string>()
    for (const operation of operations) {
      const [, group = '', version, plural, subresource] = PATH.exec(operation.path) ?? []
      if (version === undefined || plural === undefined || operation.path === '/api/v1/namespaces/{namespace}/{name}') continue
      const key = `${group}/${version}/${plural}`
      const kind = kindOf(operation)
      const entry = seen.get(key) ?? { kind: '', plural, namespaced: false, schema: '', verbs: new Set(), subresources: new Map(), minors: [] as number[] }
      seen.set(key, entry)
      if (!here.has(key)) entry.minors.push(minor)
      here.add(key)
      if (entry.minors[0] !== minor) continue
      if (subresource !== undefined) {
        const sub = entry.subresources.get(subresource) ?? { verbs: new Set(), body: undefined }
        entry.subresources.set(subresource, sub)
        sub.verbs.add(subVerb(operation))
        if (!operation.name.startsWith('connect'))
          sub.body ??= operation.method === 'PATCH' || operation.method === 'DELETE' ? undefined : (operation.body ?? operation.answer)
        continue
      }
      if (operation.path.includes('/{namespace}/')) entry.namespaced = true
      for (const verb of verbsOf(operation)) entry.verbs.add(verb)
      if (kind !== undefined) {
        entry.kind = kind.name
        entry.schema ||= kind.schema ?? ''
      }
    }
  }
  const names = namesOf(discovery)
  const rows = [...seen].flatMap(([key, entry]): KindRow[] => {
    const [group = '', version = ''] = key.split('/')
    if (entry.kind === '' || entry.schema === '') return []
    const apiVersion = group === '' ? version : `${group}/${version}`
    const life = lifeOf(apiVersion, entry.kind)
    const first = Math.min(...entry.minors)
    const last = Math.max(...entry.minors)
    if (life.since > first || (life.until !== 0 && life.until < last) || (life.until === 0 && last < releases[0]!.minor && last < 36))
      throw new Error(`${apiVersion} ${entry.kind} is served by 1.${first} to 1.${last}, but the table says ${JSON.stringify(life)}`)
    const known = { ...names.get(`${group} ${entry.plural}`), ...NAMES[`${group} ${entry.kind}`] }
    const inherited = names.get(`${MOVED[`${group} ${entry.kind}`] ?? group} ${entry.plural}`)
    if (entry.verbs.has('list') && entry.kind !== 'ComponentStatus') entry.verbs.add('watch')
    return [
      {
        group,
        version,
        kind: entry.kind,
        plural: entry.plural,
        namespaced: entry.namespaced ? 1 : 0,
        verbs: [...entry.verbs].sort().join(','),
        shortNames: (known.short ?? inherited?.short ?? []).join(','),
        categories: (known.categories ?? inherited?.categories ?? []).join(','),
        subresources: [...entry.subresources]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, { verbs, body }]) => `${name}:${[...verbs].sort().join(',')}${bodyKind(name, body, entry.schema, apiVersion)}`)
          .join(';'),
        schema: entry.schema,
        ...life,
        replacedBy: '',
      },
    ]
  })
  for (const row of rows) if (row.until !== 0 || row.deprecated !== 0) row.replacedBy = replacement(row, rows)
  return rows.sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : rank(b.version) - rank(a.version) || (a.kind < b.kind ? -1 : 1)))
}

function kindOf(operation: Operation): { name: string; schema: string | undefined } | undefined {
  if (!CALL.test(operation.name) || operation.name.startsWith('list') || operation.name.startsWith('connect')) return undefined
  return { name: operation.name.replace(/^(?:create|read)(?:Namespaced)?/, ''), schema: operation.method === 'POST' ? operation.body : operation.answer }
}

function verbsOf({ path, method }: Operation): string[] {
  const item = path.endsWith('/{name}')
  switch (method) {
    case 'GET':
      return [item ? 'get' : 'list']
    case 'POST':
      return ['create']
    case 'PUT':
      return ['update']
    case 'PATCH':
      return ['patch']
    case 'DELETE':
      return [item ? 'delete' : 'deletecollection']
    default:
      return []
  }
}

const subVerb = ({ method }: Operation): string => ({ GET: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' })[method] ?? 'get'

/** The kind of a subresource's body where it is not the object itself. */
function bodyKind(name: string, body: string | undefined, schema: string, apiVersion: string): string {
  if (body === undefined || body === schema || body === 'string') return ''
  if (name === 'scale') return `@${body === 'V1Scale' ? 'autoscaling/v1' : apiVersion}.Scale`
  if (name === 'eviction') return `@${body === 'V1Eviction' ? 'policy/v1' : 'policy/v1beta1'}.Eviction`
  if (name === 'token') return '@authentication.k8s.io/v1.TokenRequest'
  if (name === 'binding') return '@v1.Binding'
  if (name === 'rollback') return `@${apiVersion}.DeploymentRollback`
  return ''
}

const star = (pattern: string): RegExp => new RegExp(`^${pattern.replaceAll('*', '.*')}$`)
const LIVES = LIFECYCLE.trim()
  .split('\n')
  .map((line) => {
    const [apiVersion = '', kind = '', ...numbers] = line.split(' ')
    const [since = 0, deprecated = 0, until = 0] = numbers.map((word) => (word === '-' ? 0 : Number(word)))
    return { apiVersion, kind: star(kind), since, deprecated, until }
  })

function lifeOf(apiVersion: string, kind: string): { since: number; until: number; deprecated: number } {
  const row = LIVES.find((life) => life.apiVersion === apiVersion && life.kind.test(kind))
  return { since: row?.since ?? 0, until: row?.until ?? 0, deprecated: row?.deprecated ?? 0 }
}

/** v2 > v1 > v1beta2 > v1beta1 > v1alpha1: the order in which Kubernetes prefers versions. */
export function rank(version: string): number {
  const [, major = '0', stage, minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? []
  return (stage === undefined ? 2_000_000 : stage === 'beta' ? 1_000_000 : 0) + Number(major) * 1000 + Number(minor)
}

function replacement(row: KindRow, rows: readonly KindRow[]): string {
  if (row.kind === 'Endpoints') return 'discovery.k8s.io/v1.EndpointSlice'
  const group = MOVED[`${row.group} ${row.kind}`] ?? row.group
  const newer = rows
    .filter((other) => other.group === group && other.kind === row.kind && other !== row && (other.until === 0 || other.until > row.until))
    .sort((a, b) => (a.until === 0 ? 0 : 1) - (b.until === 0 ? 0 : 1) || b.until - a.until || rank(b.version) - rank(a.version))[0]
  if (newer === undefined || (row.until === 0 && rank(newer.version) < rank(row.version))) return ''
  return `${newer.group === '' ? '' : `${newer.group}/`}${newer.version}.${row.kind}`
}

function namesOf(discovery: string): Map<string, { short?: string[]; categories?: string[] }> {
  const names = new Map<string, { short?: string[]; categories?: string[] }>()
  for (const list of discovery
    .split(/\n(?=\{)/)
    .filter((part) => part.trim() !== '')
    .map((part) => JSON.parse(part)))
    for (const { name, shortNames, categories } of list.resources)
      names.set(`${list.groupVersion.includes('/') ? list.groupVersion.split('/')[0] : ''} ${name}`, {
        ...(shortNames ? { short: shortNames } : {}),
        ...(categories ? { categories } : {}),
      })
  return names
}
