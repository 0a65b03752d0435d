/**
 * Aggregated APIs: API servers of clusters hand over requests for whole groups. https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/
 * Who asks is known by the front proxy's certificate and its headers, or by TokenReview; whether they may, by SubjectAccessReview.
 */
import { createHash, X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, ERRORS } from '#core/kernel/errors.ts'
import type { Cluster, Clusters } from '#core/shapes/ports/cluster.ts'
import { DEFAULT_CLUSTER } from './clusters.ts'

/** One version of a group that this server answers for, read only. */
export interface AggregatedApi {
  group: string
  version: string
  /** What discovery lists for this cluster. */
  resources(cluster: string): readonly AggregatedResource[]
  /** Answers a GET with an object. Throws CodedErrors: NOT_FOUND for what has no value. */
  get(request: AggregatedRequest): Promise<object>
}
export interface AggregatedResource {
  name: string
  kind: string
  namespaced: boolean
  verbs?: readonly string[]
}
export interface AggregatedRequest {
  cluster: Cluster
  user: AggregatedUser
  namespace?: string
  resource: string
  /** `*` is all. */
  name?: string
  subresource?: string
  query: URLSearchParams
}
export interface AggregatedUser {
  name: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

export interface Aggregation {
  add(api: AggregatedApi): void
  list(): readonly AggregatedApi[]
  /** Answers what belongs to an aggregated API; false: it is for others. */
  serve(request: IncomingMessage, response: ServerResponse): boolean
}

/** How a cluster's front proxy shows who it is: its ConfigMap `extension-apiserver-authentication`. */
interface FrontProxy {
  at: number
  authorities: readonly X509Certificate[]
  names: readonly string[]
  user: readonly string[]
  group: readonly string[]
  extra: readonly string[]
}

const FRONT_PROXY_MS = 60_000
/** Kept as the API server's own delegation keeps them. */
const DECIDED_MS = 10_000
const MOST_KEPT = 10_000
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'

export function createAggregation({ clusters, clock, log }: { clusters: Clusters; clock: Clock; log: Logger }): Aggregation {
  const apis = new Map<string, AggregatedApi>()
  const proxies = new Map<string, Promise<FrontProxy>>()
  const decided = kept<boolean>(clock)
  const reviewed = kept<AggregatedUser | undefined>(clock)

  const frontProxyOf = async (name: string): Promise<FrontProxy> => {
    const before = await proxies.get(name)?.catch(() => undefined)
    if (before && before.at + FRONT_PROXY_MS > clock.now()) return before
    const reading = readFrontProxy(clusters.get(name), clock.now())
    proxies.set(name, reading)
    // An outage must not lock out who was let in a moment ago.
    return reading.catch((error) => {
      if (before === undefined) throw error
      proxies.set(name, Promise.resolve({ ...before, at: clock.now() }))
      return before
    })
  }

  const byCertificate = async (request: IncomingMessage): Promise<Asker | undefined> => {
    const raw = (request.socket as TLSSocket).getPeerCertificate?.()?.raw
    if (raw === undefined) return undefined
    const certificate = new X509Certificate(raw)
    for (const { name, health } of clusters.list()) {
      if (health.state === 'removed') continue
      const proxy = await frontProxyOf(name).catch((err: unknown) => {
        log.debug({ err, cluster: name }, 'how the front proxy shows itself cannot be read')
        return undefined
      })
      if (proxy === undefined || !trusts(proxy, certificate, clock.now())) continue
      const user = firstHeader(request, proxy.user)
      if (user === undefined) return undefined
      return {
        cluster: name,
        user: { name: user, groups: proxy.group.flatMap((header) => request.headersDistinct[header] ?? []), extra: extraOf(request, proxy) },
      }
    }
    return undefined
  }
  const byToken = async (request: IncomingMessage): Promise<Asker | undefined> => {
    const token = /^Bearer\s+(\S{1,16384})$/i.exec(request.headers.authorization ?? '')?.[1]
    if (token === undefined) return undefined
    // A token is shown to nobody but the cluster that it is of.
    const names = clusters.list().map(({ name }) => name)
    const cluster = names.length === 1 ? names[0]! : DEFAULT_CLUSTER
    if (!names.includes(cluster)) return undefined
    const user = await reviewed(createHash('sha256').update(`${cluster}\n${token}`).digest('base64'), () => reviewToken(clusters.get(cluster), token))
    return user && { cluster, user }
  }
  const may = ({ cluster, user }: Asker, attributes: object): Promise<boolean> =>
    user.groups.includes('system:masters')
      ? Promise.resolve(true)
      : decided(JSON.stringify([cluster, user, attributes]), async () => {
          const { status } = await clusters.get(cluster).create({
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            metadata: { name: '' },
            spec: { user: user.name, groups: user.groups, ...(user.extra ? { extra: user.extra } : {}), ...attributes },
          })
          return (status as { allowed?: boolean } | undefined)?.allowed === true
        })

  const answer = async (request: IncomingMessage, url: URL): Promise<object> => {
    const asker = (await byCertificate(request)) ?? (await byToken(request))
    if (asker === undefined) throw new CodedError('UNAUTHENTICATED')
    if (url.pathname.startsWith('/openapi/')) return openApi(url.pathname, [...apis.values()], asker.cluster)
    const [, , group = '', version, ...rest] = url.pathname.replace(/\/$/, '').split('/').map(decodeURIComponent)
    const served = [...apis.values()].filter((api) => group === '' || api.group === group)
    if (version === undefined)
      return group === ''
        ? { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(served) }
        : { ...groupsOf(served)[0], kind: 'APIGroup', apiVersion: 'v1' }
    const api = apis.get(`${group}/${version}`)
    if (api === undefined) throw new CodedError('NOT_FOUND', { what: `${group}/${version}` })
    if (rest.length === 0) return resourceList(api, asker.cluster)
    const path = pathOf(rest)
    if (request.method !== 'GET')
      throw new CodedError('FORBIDDEN', { verb: request.method ?? '', resource: `${path.resource}.${group}, which can only be read` })
    const verb = path.name === undefined ? 'list' : 'get'
    const { name } = path
    const attributes = { verb, group, version, ...path, ...(name === '*' ? { name: undefined } : {}) }
    if (!(await may(asker, { resourceAttributes: attributes })))
      throw new CodedError('FORBIDDEN', { verb, resource: `${path.resource}.${group}${path.namespace === undefined ? '' : ` in namespace ${path.namespace}`}` })
    return api.get({ cluster: clusters.get(asker.cluster), user: asker.user, ...path, query: url.searchParams })
  }

  return {
    add: (api) => void apis.set(`${api.group}/${api.version}`, api),
    list: () => [...apis.values()],
    serve(request, response) {
      const url = new URL(request.url ?? '/', 'https://clusters')
      const group = /^\/apis(?:\/([^/]+))?/.exec(url.pathname)
      const mine = group ? group[1] === undefined || [...apis.values()].some((api) => api.group === group[1]) : /^\/openapi\/v[23](\/|$)/.test(url.pathname)
      if (!mine || apis.size === 0) return false
      const send = (status: number, body: object) => {
        const text = JSON.stringify(body)
        response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' }).end(text)
      }
      answer(request, url).then(
        (body) => send(200, body),
        (error: unknown) => {
          const known = error instanceof CodedError ? error : error instanceof URIError ? new CodedError('NOT_FOUND', { what: 'such a path' }) : undefined
          if (known === undefined) log.error({ err: error, path: url.pathname }, 'an aggregated API failed')
          const code = known === undefined ? 500 : ERRORS[known.code].status
          send(code, {
            kind: 'Status',
            apiVersion: 'v1',
            metadata: {},
            status: 'Failure',
            message: known?.message ?? 'Internal error',
            reason: REASONS[code] ?? 'InternalError',
            code,
          })
        },
      )
      return true
    },
  }
}

interface Asker {
  cluster: string
  user: AggregatedUser
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** Keeps answers for some seconds; failures are not kept. */
function kept<T>(clock: Clock): (key: string, make: () => Promise<T>) => Promise<T> {
  const known = new Map<string, { until: number; value: Promise<T> }>()
  return (key, make) => {
    const found = known.get(key)
    if (found && found.until > clock.now()) return found.value
    known.delete(key)
    for (const oldest of known.keys()) {
      if (known.size < MOST_KEPT) break
      known.delete(oldest)
    }
    const value = make()
    known.set(key, { until: clock.now() + DECIDED_MS, value })
    value.catch(() => known.delete(key))
    return value
  }
}

async function readFrontProxy(cluster: Cluster, at: number): Promise<FrontProxy> {
  const { data } = (await cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'kube-system', name: 'extension-apiserver-authentication' })) as {
    data?: Record<string, string>
  }
  const list = (key: string, fallback: readonly string[]): readonly string[] => {
    const value: unknown = data?.[key] === undefined ? fallback : JSON.parse(data[key])
    return Array.isArray(value) ? value.map((one) => String(one).toLowerCase()) : fallback
  }
  const pems = data?.['requestheader-client-ca-file']?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return {
    at,
    authorities: pems.map((pem) => new X509Certificate(pem)),
    names: list('requestheader-allowed-names', []),
    user: list('requestheader-username-headers', ['x-remote-user']),
    group: list('requestheader-group-headers', ['x-remote-group']),
    extra: list('requestheader-extra-headers-prefix', ['x-remote-extra-']),
  }
}

function trusts({ authorities, names }: FrontProxy, certificate: X509Certificate, now: number): boolean {
  const inTime = Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo)
  const forClients = certificate.keyUsage === undefined || certificate.keyUsage.includes(CLIENT_AUTH)
  const name = /^CN=(.*)$/m.exec(certificate.subject)?.[1]?.toLowerCase()
  const named = names.length === 0 || (name !== undefined && names.includes(name))
  return inTime && forClients && named && authorities.some((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey))
}

const firstHeader = (request: IncomingMessage, names: readonly string[]) =>
  names.map((name) => request.headersDistinct[name]?.[0]).find((value) => value !== undefined)

function extraOf(request: IncomingMessage, { extra }: FrontProxy): Record<string, readonly string[]> {
  const found: Record<string, readonly string[]> = {}
  for (const [header, values] of Object.entries(request.headersDistinct))
    for (const prefix of extra) if (header.startsWith(prefix) && values) found[decodeURIComponent(header.slice(prefix.length))] = values
  return found
}

async function reviewToken(cluster: Cluster, token: string): Promise<AggregatedUser | undefined> {
  const { status } = (await cluster.create({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: { name: '' }, spec: { token } })) as {
    status?: { authenticated?: boolean; user?: { username?: string; groups?: string[]; extra?: Record<string, string[]> } }
  }
  const { username, groups = [], extra } = status?.user ?? {}
  return status?.authenticated === true && username ? { name: username, groups, ...(extra ? { extra } : {}) } : undefined
}

/** What stands behind `/apis/GROUP/VERSION/`. */
function pathOf(parts: readonly string[]): Pick<AggregatedRequest, 'namespace' | 'resource' | 'name' | 'subresource'> {
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2
  const [resource = '', name, ...rest] = inNamespace ? parts.slice(2) : parts
  return {
    ...(inNamespace ? { namespace: parts[1]! } : {}),
    resource,
    ...(name === undefined ? {} : { name }),
    ...(rest.length === 0 ? {} : { subresource: rest.join('/') }),
  }
}

const groupVersion = ({ group, version }: AggregatedApi) => ({ groupVersion: `${group}/${version}`, version })

const groupsOf = (apis: readonly AggregatedApi[]) =>
  [...new Set(apis.map(({ group }) => group))].map((name) => {
    const versions = apis.filter(({ group }) => group === name).map(groupVersion)
    return { name, versions, preferredVersion: versions[0]! }
  })

const resourceList = (api: AggregatedApi, cluster: string) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${api.group}/${api.version}`,
  resources: api.resources(cluster).map(({ name, kind, namespaced, verbs = ['get'] }) => ({ name, singularName: '', kind, namespaced, verbs })),
})

/** Enough for API servers that merge it into their own. */
function openApi(path: string, apis: readonly AggregatedApi[], cluster: string): object {
  const info = { title: 'Sallyport', version: 'v0' }
  const paths = (of: readonly AggregatedApi[]) =>
    Object.fromEntries(
      of.map((api) => [
        `/apis/${api.group}/${api.version}/`,
        {
          get: {
            description: 'get available resources',
            operationId: `get${[...api.group.split(/[.-]/), api.version].map((word) => word[0]!.toUpperCase() + word.slice(1)).join('')}APIResources`,
            tags: [`${api.group.replaceAll('.', '_')}_${api.version}`],
            responses: { 200: { description: `${api.resources(cluster).length} resources` } },
          },
        },
      ]),
    )
  if (path === '/openapi/v2') return { swagger: '2.0', info, paths: paths(apis) }
  if (path === '/openapi/v3')
    return {
      paths: Object.fromEntries(apis.map(({ group, version }) => [`apis/${group}/${version}`, { serverRelativeURL: `/openapi/v3/apis/${group}/${version}` }])),
    }
  const one = apis.filter(({ group, version }) => path === `/openapi/v3/apis/${group}/${version}`)
  if (one.length === 0) throw new CodedError('NOT_FOUND', { what: path })
  return { openapi: '3.0.0', info, paths: paths(one) }
}
