import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { jsonSchemaTransform, serializerCompiler } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import type { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, describeError, ERRORS, type ErrorCode, invalidInput, type Language } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { Scope } from '#core/shapes/ports/telemetry.ts'
import type { Signal } from '#core/telemetry/table.ts'
import { type Auth, type Identity, tokenOf } from './auth.ts'
import { DEFAULT_CLUSTER } from './clusters.ts'
import { endEventStreams } from './events.ts'
import { checkHost, checkOrigin } from './origin.ts'
import { baseScope } from './scope.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Who may call the route. `user`: everybody who is logged in, with what `scope` and `clusterOf` give them; `admin`: who runs this server; `ingest`: senders
     * with a token. Default: `user` for reading below `/clusters/:cluster/`, `admin` for all else, so that what forgets to say is closed.
     */
    access?: 'user' | 'admin' | 'ingest' | 'cluster' | 'public'
  }
  interface FastifyRequest {
    /** Who the request is from; undefined when nobody known. */
    identity: Identity | undefined
    /** What the request may read: hand it to `telemetry.query`. */
    scope: Scope
    /** Of messages, from Accept-Language. */
    readonly language: Language
    /** What an audit row says about the change, secrets removed; set by the handler. */
    auditDetail: unknown
  }
}

export interface HttpOptions {
  log: Logger
  clock: Clock
  auth: Auth
  version: string
  /** Host names that are answered besides IP addresses and localhost. */
  hosts?: readonly string[]
  people?: People
}

/** People whom clusters know. */
export interface People {
  /** Of a token that is none of ours; `cluster` is the one that the request is about. */
  bearer(token: string, cluster: string | undefined): Promise<Identity | undefined>
  /** What of a cluster's telemetry somebody may read. */
  scope(identity: Identity | undefined, cluster: string): Promise<Scope>
}

/** Bodies of JSON routes; routes that take more say so (`bodyLimit`). */
const BODY_LIMIT = 1024 * 1024
/** No inline code and no inline style: the console needs neither. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
/** Of the CLI and of senders: no cluster is asked about them. */
const OWN_TOKEN = /^sp[ci]_/
const SECURITY_HEADERS = {
  // No inline code and no inline style; the console's variables stand in a style sheet.
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/**
 * The server's HTTP: every route needs a logged-in user unless its config says otherwise; errors are coded, with the request id; input is checked by zod,
 * all problems at once; `/openapi.json` is made from the same schemas. `close()` stops listening, ends event streams and lets requests finish.
 */
export async function createHttp(options: HttpOptions): Promise<FastifyInstance> {
  const { log, clock, auth } = options
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request' }),
    genReqId: () => uuidv7(clock.now(), randomBytes(10)),
    bodyLimit: BODY_LIMIT,
    // Capabilities are loaded meanwhile, which takes long on half a core; a start that hangs is the start-up probe's to end.
    pluginTimeout: 0,
    requestTimeout: 60_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 256 },
    rewriteUrl: (request) => standardPath(request.url ?? '/'),
    frameworkErrors: (error, request, reply) => sendError(error, request, reply),
  }) as unknown as FastifyInstance

  app.setValidatorCompiler<z.ZodType>(({ schema }) => (input) => {
    const parsed = parseInput(schema, input)
    return parsed.ok ? { value: parsed.value } : { error: invalidInput(parsed.error) }
  })
  app.setSerializerCompiler(serializerCompiler)
  app.setErrorHandler(sendError)
  app.setNotFoundHandler((request) => {
    throw new CodedError('NOT_FOUND', { what: `${request.method} ${pathOf(request)}` })
  })

  app.decorateRequest('identity', undefined)
  app.decorateRequest('auditDetail', undefined)
  app.decorateRequest('scope')
  app.decorateRequest('language', { getter: languageOfRequest })

  await app.register(cookie)
  await app.register(rateLimit, { global: false, errorResponseBuilder: () => new CodedError('RATE_LIMITED') })
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: { title: 'Sallyport', version: options.version } },
    transform: (route) => jsonSchemaTransform({ ...route, schema: { ...route.schema, hide: !route.url.startsWith('/api/v1') } }),
  })

  const foreign = async (authorization: string, cluster: string | undefined) => {
    const token = tokenOf(authorization)
    return token === undefined || OWN_TOKEN.test(token) ? undefined : options.people?.bearer(token, cluster)
  }
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS).header('x-request-id', request.id)
    const { authorization } = request.headers
    const isClusterSide = clusterSide.has(request.raw.socket)
    // API servers show no credentials to webhooks: these routes are on the listener for clusters only, and know a caller by their own means.
    if (!request.is404 && accessOf(request) === 'cluster') {
      if (!isClusterSide) throw new CodedError('NOT_FOUND', { what: `${request.method} ${pathOf(request)}` })
      request.scope = []
      return
    }
    // Whoever sends a token by hand is no browser that was tricked into it.
    if (authorization === undefined) checkHost(request, options.hosts ?? [])
    const session = authorization === undefined ? sessionOf(request, auth) : undefined
    const { cluster } = (request.params ?? {}) as { cluster?: string }
    request.identity = authorization === undefined ? session : (auth.bearer(authorization) ?? (await foreign(authorization, cluster)))
    request.scope = baseScope(request.identity)
    if (request.is404) return
    const access = accessOf(request)
    if (isClusterSide && access !== 'ingest') throw new CodedError('NOT_FOUND', { what: `${request.method} ${pathOf(request)}` })
    if (access !== 'public') {
      if (request.identity === undefined) throw new CodedError('UNAUTHENTICATED')
      const { identity } = request
      const enough = access === 'ingest' ? identity.kind === 'ingest' : identity.kind === 'user' && (access === 'user' || identity.rights.kind === 'admin')
      if (!enough) throw new CodedError('FORBIDDEN', { verb: request.method, resource: pathOf(request) })
      if (access === 'user' && cluster !== undefined && options.people) request.scope = await options.people.scope(identity, cluster)
    }
    if (request.method === 'GET' || request.method === 'HEAD') return
    if (authorization === undefined) checkOrigin(request)
    if (session !== undefined && request.headers['x-csrf-token'] !== session.session.csrf) throw new CodedError('WRONG_ORIGIN')
  })

  app.addHook('onResponse', async (request, reply) => {
    const forPeople = !request.is404 && /user|admin/.test(accessOf(request))
    const level = reply.statusCode >= 500 ? 'warn' : forPeople ? 'info' : 'debug'
    // Never the query, headers or body: they may hold secrets.
    request.log[level](
      { method: request.method, path: pathOf(request), status: reply.statusCode, ms: Math.round(reply.elapsedTime), user: userOf(request) },
      'request',
    )
  })
  app.addHook('preClose', async () => endEventStreams(app))

  app.get('/openapi.json', { config: { access: 'public' } }, async () => app.swagger())
  return app
}

/** Prometheus' API without a cluster's name means the cluster of the server itself; what is written says its cluster by the token. */
const standardPath = (url: string): string => (/^\/prometheus\/api\/v1\/(?!write|otlp)/.test(url) ? `/clusters/${DEFAULT_CLUSTER}${url}` : url)

const clusterSide = new WeakSet<object>()

/** Connections of the listener for clusters reach what senders send to, and nothing else. */
export const markClusterSide = (socket: object): void => void clusterSide.add(socket)

/** The cluster that a sender's rows are stamped with; FORBIDDEN when its token is not for this signal. For routes with access `ingest`. */
export function senderCluster(request: FastifyRequest, signal: Signal): string {
  const { identity } = request
  if (identity?.kind !== 'ingest') throw new CodedError('UNAUTHENTICATED')
  if (!identity.token.signals.includes(signal)) throw new CodedError('FORBIDDEN', { verb: 'send', resource: `${signal} with token ${identity.token.name}` })
  return identity.token.cluster
}

/** Cookies know no ports, so the name does: two servers on one machine keep their sessions apart. */
export const sessionCookie = (request: FastifyRequest): string => `sallyport-${request.port ?? 80}`

/** The request's path without its query. */
export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0]!

export const userOf = (request: FastifyRequest): string | undefined =>
  request.identity?.kind === 'user' ? request.identity.user : request.identity && `token:${request.identity.token.name}`

function sessionOf(request: FastifyRequest, auth: Auth): Extract<Identity, { via: 'session' }> | undefined {
  const id = request.cookies[sessionCookie(request)]
  const session = id === undefined ? undefined : auth.session(id)
  return session && { kind: 'user', user: session.user, rights: session.rights, via: 'session', session }
}

function accessOf({ routeOptions, method }: FastifyRequest): 'user' | 'admin' | 'ingest' | 'cluster' | 'public' {
  const reads = (method === 'GET' || method === 'HEAD') && routeOptions.url?.includes('/clusters/:cluster/')
  return routeOptions.config?.access ?? (reads ? 'user' : 'admin')
}

function languageOfRequest(this: FastifyRequest): Language {
  const wishes = (this.headers['accept-language'] ?? '').slice(0, 200).split(',')
  const ranked = wishes
    .map((wish) => ({ tag: wish.split(';')[0]!.trim().toLowerCase(), q: Number(/;\s*q=([\d.]+)/.exec(wish)?.[1] ?? 1) }))
    .sort((a, b) => b.q - a.q)
  return ranked.find(({ tag }) => /^(zh|en)\b/.test(tag))?.tag.startsWith('zh') ? 'zh-CN' : 'en'
}

/** Seconds after which a refused request may succeed. */
const RETRY_AFTER: Partial<Record<ErrorCode, number>> = { RATE_LIMITED: 60, QUEUE_FULL: 2, ENGINE_UNAVAILABLE: 3, DISK_FULL: 30 }

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = codedError(thrown, request)
  if (ERRORS[error.code].status >= 500) request.log.error({ err: thrown }, error.code)
  const retryAfter = RETRY_AFTER[error.code]
  if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
  reply
    .code(ERRORS[error.code].status)
    .type('application/json')
    .serializer(JSON.stringify)
    .send({ error: { ...describeError(error, request.language), request: request.id } })
}

function codedError(thrown: unknown, request: FastifyRequest): CodedError {
  if (thrown instanceof CodedError) return thrown
  const { code = '', statusCode, message = '' } = thrown as { code?: string; statusCode?: number; message?: string }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new CodedError('TOO_LARGE', { what: 'The body', limit: `${request.routeOptions.bodyLimit ?? BODY_LIMIT} bytes` })
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new CodedError('UNSUPPORTED_MEDIA_TYPE', { type: request.headers['content-type'] ?? '(none)', valid: 'application/json' })
  }
  if (code === 'ENOSPC' || code === 'EDQUOT') return new CodedError('DISK_FULL', { path: 'the data folder' })
  // What fastify itself refuses is the sender's fault: JSON that cannot be parsed, a bad URL, a body that was cut off.
  if (code.startsWith('FST_ERR_') && statusCode !== undefined && statusCode < 500) return invalidInput([{ path: '', message }])
  return new CodedError('INTERNAL', { request: request.id }, { cause: thrown })
}
