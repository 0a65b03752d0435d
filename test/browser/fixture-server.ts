/** Serves the built console and canned answers, with the real server's CSP. Run it alone to look around: `node test/browser/fixture-server.ts [port] [mode]`. */
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { tryFormat } from '#capabilities/ingress-analytics/domain/formats/try-format.ts'
import { CodedError, describeError } from '#core/kernel/errors.ts'
import { CONTENT_SECURITY_POLICY } from '#kits/server-kit/http.ts'
import { auditAnswers } from './audit-fixtures.ts'
import * as canned from './canned-answers.ts'
import { imageAnswers, imageEvents } from './image-fixtures.ts'
import { inspectionAnswers } from './inspection-fixtures.ts'
import { logAnswers } from './log-fixtures.ts'
import { metricsAnswers } from './metric-fixtures.ts'
import { nodeAnswers } from './node-fixtures.ts'
import { releaseAnswers } from './release-fixtures.ts'
import { workloadAnswers } from './workload-fixtures.ts'

const ROOT = join(import.meta.dirname, '../../dist/console')
const TYPES: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml' }
export const CLUSTER_TOKEN = 'a-token-of-edge-01'
export const LOGIN_TOKEN = 'one-time-secret'
const CSRF = 'csrf-of-this-session'
const SESSION = 'sallyport-test=1'

export interface Fixture {
  url: string
  mode: canned.Mode
  /** Ends every session, as a restart of the server does. */
  endSessions(): void
  /** Changes that were received: method, path, body. */
  changes: { method: string; path: string; body: unknown }[]
  close(): Promise<void>
}

/** Answers that a test brings for paths below `/clusters/{cluster}`; undefined leaves them to the canned ones. */
export type OwnAnswer = (method: string, path: string, query: URLSearchParams, body: unknown) => { status: number; body: unknown } | undefined

export async function startFixture(options: { port?: number; mode?: canned.Mode; now?: () => number; answer?: OwnAnswer } = {}): Promise<Fixture> {
  const now = options.now ?? Date.now
  let sessions = 0
  let valid = -1
  const endSessions = () => {
    valid = -1
  }
  const settings = new Map<string, unknown>()
  const fixture: Fixture = { url: '', mode: options.mode ?? 'normal', endSessions, changes: [], close: async () => {} }

  const api = async (request: IncomingMessage, response: ServerResponse, path: string, query: URLSearchParams) => {
    const method = request.method ?? 'GET'
    const body = method === 'GET' ? undefined : await bodyOf(request)
    const loggedIn = request.headers.cookie === `${SESSION}${valid}` && valid >= 0
    if (path === '/login') {
      if ((body as { token?: string })?.token !== LOGIN_TOKEN) return fail(response, new CodedError('LOGIN_LINK_USED'))
      valid = sessions++
      response.setHeader('set-cookie', `${SESSION}${valid}; Path=/; HttpOnly; SameSite=Strict`)
      return send(response, 200, { user: 'admin', csrf: CSRF, expiresAt: now() + 43_200_000 })
    }
    if (path === '/login/methods') {
      if (fixture.mode === 'error') return fail(response, new CodedError('ENGINE_UNAVAILABLE'))
      if (fixture.mode === 'empty') return send(response, 200, { link: true, token: { clusters: [] }, oidc: null })
      return send(response, 200, { link: true, token: { clusters: ['local', 'edge-01'] }, oidc: { issuer: 'https://id.example.com/realms/ops' } })
    }
    if (path === '/login/token') {
      const { token, cluster } = body as { token?: string; cluster?: string }
      if (token !== CLUSTER_TOKEN || cluster !== 'edge-01') return fail(response, new CodedError('TOKEN_UNKNOWN', { cluster: cluster ?? '' }))
      valid = sessions++
      response.setHeader('set-cookie', `${SESSION}${valid}; Path=/; HttpOnly; SameSite=Strict`)
      return send(response, 200, { user: 'admin', csrf: CSRF, expiresAt: now() + 43_200_000 })
    }
    if (path === '/me' && !loggedIn) return send(response, 200, { user: null, language: 'en' })
    if (!loggedIn) return fail(response, new CodedError('UNAUTHENTICATED'))
    if (method !== 'GET' && request.headers['x-csrf-token'] !== CSRF) return fail(response, new CodedError('WRONG_ORIGIN'))
    if (path === '/me') return send(response, 200, { user: 'admin', csrf: CSRF, expiresAt: now() + 43_200_000, version: '0.1.0' })
    if (path === '/logout') {
      endSessions()
      return send(response, 204, undefined)
    }
    if (fixture.mode === 'error') return fail(response, new CodedError('ENGINE_UNAVAILABLE'))
    if (method !== 'GET') fixture.changes.push({ method, path, body })
    const { mode } = fixture
    const section = /^\/settings\/(\w+)$/.exec(path)?.[1]
    if (section) {
      if (method === 'PUT') settings.set(section, body)
      else if (!settings.has(section)) {
        const initial: Record<string, () => unknown> = {
          notifications: () => canned.notifications(now(), mode),
          syslog: () => ({ listeners: canned.syslog(mode).listeners.map(({ listening: _, error: __, ...listener }) => listener) }),
          ingressFormats: () => canned.formats(mode),
        }
        settings.set(section, initial[section]?.() ?? {})
      }
      response.setHeader('etag', `"${fixture.changes.length}"`)
      return send(response, 200, settings.get(section))
    }
    const [from, to] = [Number(query.get('from')), Number(query.get('to'))]
    const compare = query.has('compare') ? Number(query.get('compare')) : undefined
    const answers: Record<string, () => unknown> = {
      '/clusters': () => canned.clusters(mode),
      '/syslog': () => canned.syslog(mode),
      '/store': () => canned.store(now(), mode),
      '/ingest-tokens': () => (method === 'POST' ? { token: 'spi_0123456789ab_shownonlyonce', ...(body as object) } : canned.tokens(now(), mode)),
      '/notifications/test': () => ({ delivered: true }),
      '/alerts': () => canned.alerts(now(), mode),
      '/ingress/stats': () => canned.stats(from, to, compare, mode),
      '/ingress/series': () => canned.series(from, to, Number(query.get('step') ?? 1000), compare, mode),
      '/ingress/top': () => canned.top(query, mode),
      '/ingress/requests': () => canned.requests(query, mode),
      '/ingress/marks': () => canned.marks(from, to, mode),
      '/ingress/sources': () => canned.sources(now(), mode),
      '/ingress/formats/try': () => tryFormat(body as Parameters<typeof tryFormat>[0], {}, { country: () => '', now: now() }),
      '/ingress/alert-rules': () => canned.alertRules(now(), mode),
    }
    const local = path.replace(/^\/clusters\/[^/]+(?=\/)/, '')
    if (local === '/ingress/live') return liveStream(response, () => canned.live(now(), fixture.mode))
    const workloads = await workloadAnswers(local, query, mode === 'empty' ? 0 : mode === 'huge' ? 100_000 : 40)
    if (workloads !== undefined) return send(response, 200, workloads)
    const releases = releaseAnswers(local, now(), mode)
    if (releases !== undefined) return send(response, 200, releases)
    const nodes = nodeAnswers(local, now(), mode)
    if (nodes !== undefined) return send(response, 200, nodes)
    const audit = auditAnswers(local, query, now(), mode === 'empty' ? 0 : mode === 'huge' ? 100_000 : 300)
    if (audit !== undefined) return send(response, 200, audit)
    const images = mode === 'empty' ? 0 : mode === 'huge' ? 100_000 : 40
    if (local === '/image-moves/events') return liveStream(response, () => imageEvents(now(), images), 'moves')
    const moved = imageAnswers(local, query, now(), images)
    if (moved !== undefined) return send(response, 200, moved)
    const inspected = inspectionAnswers(local, query, now(), mode === 'empty' ? 0 : mode === 'huge' ? 100_000 : 300)
    if (inspected !== undefined) return send(response, 200, inspected)
    const metrics = await metricsAnswers(local, query, now(), mode)
    if (metrics !== undefined) return send(response, metrics.status, metrics.body)
    const logs = logAnswers(local, query, now(), mode)
    if (logs !== undefined) return send(response, 200, logs)
    if (local.endsWith('/changes')) return liveStream(response, () => ({ version: 1 }), 'change')
    const own = options.answer?.(method, local, query, body)
    if (own) return send(response, own.status, own.body)
    const answer = answers[local]
    if (!answer) return fail(response, new CodedError('NOT_FOUND', { what: `${method} ${path}` }))
    send(response, 200, answer())
  }

  const server = createServer((request, response) => {
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY)
    response.setHeader('x-content-type-options', 'nosniff')
    const url = new URL(request.url ?? '/', 'http://fixture')
    const done = url.pathname.startsWith('/api/v1')
      ? api(request, response, url.pathname.slice('/api/v1'.length), url.searchParams)
      : file(response, url.pathname)
    done.catch((error) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const address = server.address()
  fixture.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  fixture.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return fixture
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text === '' ? undefined : JSON.parse(text)
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body === undefined ? '' : JSON.stringify(body))
}

function fail(response: ServerResponse, error: CodedError): void {
  const language = response.req.headers['accept-language']?.startsWith('zh') ? 'zh-CN' : 'en'
  const status = { UNAUTHENTICATED: 401, LOGIN_LINK_USED: 401, WRONG_ORIGIN: 403, NOT_FOUND: 404 }[error.code as string] ?? 503
  send(response, status, { error: { ...describeError(error, language), request: '0199aa00-0000-7000-8000-000000000001' } })
}

function liveStream(response: ServerResponse, tick: () => unknown, event = 'tick'): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const write = () => response.write(`event: ${event}\ndata: ${JSON.stringify(tick())}\n\n`)
  write()
  const timer = setInterval(write, 1000)
  response.on('close', () => clearInterval(timer))
}

async function file(response: ServerResponse, pathname: string): Promise<void> {
  const asset = extname(pathname) !== ''
  try {
    const bytes = await readFile(join(ROOT, asset ? normalize(pathname) : 'index.html'))
    response.writeHead(200, { 'content-type': TYPES[asset ? extname(pathname) : '.html'] ?? 'application/octet-stream' }).end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}

if (import.meta.main) {
  const fixture = await startFixture({ port: Number(process.argv[2] ?? 0), mode: (process.argv[3] as canned.Mode | undefined) ?? 'normal' })
  console.log(`${fixture.url}/login#${LOGIN_TOKEN}`)
}
