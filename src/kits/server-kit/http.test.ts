import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { type Auth, openAuth } from './auth.ts'
import { authRoutes } from './auth-routes.ts'
import { eventStream } from './events.ts'
import { createHttp, senderCluster } from './http.ts'

let folder: string
let http: FastifyInstance
let auth: Auth
let lines: string[]
let clock: ReturnType<typeof fakeClock>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-http-'))
  clock = fakeClock()
  lines = []
  const log = pino(
    { level: 'debug' },
    new Writable({
      write(chunk, _, done) {
        lines.push(String(chunk))
        done()
      },
    }),
  )
  auth = await openAuth(folder, clock)
  http = await createHttp({ log, clock, auth, version: '1.2.3', hosts: ['ops.example'] })
  await http.register(
    async (api) => {
      authRoutes(api, auth, { version: '1.2.3', url: () => 'http://127.0.0.1:7070' })
      const routes = api.withTypeProvider<ZodTypeProvider>()
      routes.get('/echo', { schema: { querystring: z.object({ from: z.coerce.number(), mode: z.enum(['fast', 'slow']).optional() }) } }, async (request) => ({
        query: request.query,
        scope: request.scope,
      }))
      routes.post('/change', { schema: { body: z.object({ name: z.string() }) } }, async (request) => request.body)
      routes.post('/ingest', { config: { access: 'ingest' }, bodyLimit: 100 }, async (request) => ({
        cluster: senderCluster(request, 'access'),
        scope: request.scope,
      }))
      routes.get('/broken', async () => {
        throw new Error('secret inside')
      })
      routes.get('/full', async () => {
        throw new CodedError('QUEUE_FULL', { bytes: '1 GiB' })
      })
      routes.get('/events', async (request, reply) => {
        eventStream(request, reply).send('tick', { a: 1 })
      })
    },
    { prefix: '/api/v1' },
  )
})
afterEach(async () => {
  await http.close()
  await rm(folder, { recursive: true, force: true })
})

const HOST = { host: '127.0.0.1:7070' }
async function logIn() {
  const answer = await http.inject({ method: 'POST', url: '/api/v1/login', headers: HOST, payload: { token: auth.issueLogin() } })
  return { answer, headers: { ...HOST, cookie: String(answer.headers['set-cookie']).split(';')[0]!, 'x-csrf-token': answer.json().csrf as string } }
}
const cli = async () => ({ authorization: `Bearer ${(await readFile(join(folder, 'cli-token'), 'utf8')).trim()}` })

describe('login', () => {
  it('works once per link, sets a strict cookie, and ends with logout', async () => {
    const secret = auth.issueLogin()
    const send = () => http.inject({ method: 'POST', url: '/api/v1/login', headers: HOST, payload: { token: secret } })
    const first = await send()
    expect(first.statusCode).toBe(200)
    expect(String(first.headers['set-cookie'])).toMatch(/^sallyport-7070=.*HttpOnly; SameSite=Strict$/)
    const second = await send()
    expect([second.statusCode, second.json().error.code]).toEqual([401, 'LOGIN_LINK_USED'])

    const { headers } = await logIn()
    const me = await http.inject({ url: '/api/v1/me', headers: { ...headers, 'accept-language': 'fr, zh-CN;q=0.9, en;q=0.8' } })
    expect(me.json()).toMatchObject({ user: 'admin', language: 'zh-CN', csrf: headers['x-csrf-token'] })
    expect((await http.inject({ method: 'POST', url: '/api/v1/logout', headers })).statusCode).toBe(204)
    expect((await http.inject({ url: '/api/v1/me', headers })).json()).toEqual({ user: null, language: 'en' })
  })

  it('expires: links after 15 minutes, sessions after 12 idle hours or 7 days', async () => {
    const secret = auth.issueLogin()
    await clock.advance(15 * 60_000 + 1)
    expect((await http.inject({ method: 'POST', url: '/api/v1/login', headers: HOST, payload: { token: secret } })).statusCode).toBe(401)
    const idle = await logIn()
    await clock.advance(13 * 3_600_000)
    expect((await http.inject({ url: '/api/v1/me', headers: idle.headers })).json().user).toBe(null)
    const busy = await logIn()
    for (let hour = 0; hour < 7 * 24; hour += 11) {
      expect((await http.inject({ url: '/api/v1/me', headers: busy.headers })).json().user).toBe('admin')
      await clock.advance(11 * 3_600_000)
    }
    expect((await http.inject({ url: '/api/v1/me', headers: busy.headers })).json().user).toBe(null)
  })

  it('is rate-limited', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 12; i++) statuses.push((await http.inject({ method: 'POST', url: '/api/v1/login', headers: HOST, payload: { token: 'x' } })).statusCode)
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401))
    expect(statuses.slice(10)).toEqual([429, 429])
  })

  it('takes the CLI token, kept in a file that only its owner reads', async () => {
    expect((await stat(join(folder, 'cli-token'))).mode & 0o777).toBe(0o600)
    const before = await cli()
    await openAuth(folder, clock)
    expect(await cli()).toEqual(before)
    expect((await http.inject({ url: '/api/v1/me', headers: before })).json().user).toBe('admin')
    expect((await http.inject({ url: '/api/v1/ingest-tokens', headers: { authorization: `${before.authorization}x` } })).statusCode).toBe(401)
  })
})

describe('who may call', () => {
  it('is nobody unless logged in, also for routes that forgot to say', async () => {
    for (const url of ['/api/v1/ingest-tokens', '/api/v1/echo?from=1', '/api/v1/events'])
      expect((await http.inject({ url, headers: HOST })).statusCode).toBe(401)
  })

  it('needs the CSRF token and our own origin for changes', async () => {
    const { headers } = await logIn()
    const change = async (more: Record<string, string>) =>
      (await http.inject({ method: 'POST', url: '/api/v1/change', headers: { ...headers, ...more }, payload: { name: 'a' } })).statusCode
    expect(await change({})).toBe(200)
    expect(await change({ origin: 'http://127.0.0.1:7070', 'sec-fetch-site': 'same-origin' })).toBe(200)
    expect(await change({ origin: 'https://127.0.0.1:7070' })).toBe(200)
    expect(await change({ 'x-csrf-token': 'other' })).toBe(403)
    expect(await change({ origin: 'null' })).toBe(403)
    expect(await change({ origin: 'http://evil.example' })).toBe(403)
    expect(await change({ origin: 'http://127.0.0.1:7071' })).toBe(403)
    expect(await change({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    const { 'x-csrf-token': _, ...without } = headers
    expect((await http.inject({ method: 'POST', url: '/api/v1/change', headers: without, payload: { name: 'a' } })).statusCode).toBe(403)
  })

  it('refuses host names that are not ours, so that a rebound name gets nothing', async () => {
    const status = async (host: string) => (await http.inject({ url: '/openapi.json', headers: { host } })).statusCode
    for (const good of ['127.0.0.1:7070', 'localhost', '[::1]:7070', 'ops.example:7070', 'shop.localhost:1', '192.168.1.5'])
      expect(await status(good)).toBe(200)
    for (const bad of ['evil.example', 'localhost.evil.example:7070', '127.0.0.1.evil.example', 'a b']) expect(await status(bad)).toBe(421)
  })

  it('binds a sender to its cluster and signals, and lets it read nothing', async () => {
    const { token } = await auth.tokens.issue({ name: 'agent', cluster: 'prod', signals: ['access'] })
    const send = (value: string) => http.inject({ method: 'POST', url: '/api/v1/ingest', headers: { authorization: value } })
    expect((await send(`Bearer ${token}`)).json()).toEqual({ cluster: 'prod', scope: [] })
    expect((await send(`Basic ${Buffer.from(`any:${token}`).toString('base64')}`)).statusCode).toBe(200)
    expect((await http.inject({ url: '/api/v1/echo?from=1', headers: { authorization: `Bearer ${token}` } })).statusCode).toBe(403)
    expect((await http.inject({ method: 'POST', url: '/api/v1/ingest', headers: await cli() })).statusCode).toBe(403)
    const logs = await auth.tokens.issue({ name: 'logs only', signals: ['logs'] })
    expect((await send(`Bearer ${logs.token}`)).statusCode).toBe(403)
    expect(await readFile(join(folder, 'ingest-tokens.json'), 'utf8')).not.toContain(token.slice(20))
    await auth.tokens.revoke(auth.tokens.list()[0]!.id)
    expect((await send(`Bearer ${token}`)).statusCode).toBe(401)
    // A new process knows the same tokens.
    expect((await openAuth(folder, clock)).tokens.verify(logs.token)?.name).toBe('logs only')
  })
})

describe('errors', () => {
  it('list all problems with the request id and what to do, in the language asked for', async () => {
    const { headers } = await logIn()
    const { error } = (await http.inject({ url: '/api/v1/echo?frm=1&mode=fats', headers })).json()
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: 'The input has 3 problem(s).', request: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(error.problems.map((p: { path: string; suggestion?: string }) => [p.path, p.suggestion])).toEqual([
      ['from', undefined],
      ['mode', 'fast'],
      ['frm', 'from'],
    ])
    const chinese = (await http.inject({ url: '/api/v1/none', headers: { ...headers, 'accept-language': 'zh' } })).json().error
    expect(chinese).toMatchObject({ code: 'NOT_FOUND', message: '未找到 GET /api/v1/none。' })
  })

  it('never show what is inside, and tell when to come again', async () => {
    const headers = await cli()
    const broken = await http.inject({ url: '/api/v1/broken', headers })
    expect([broken.statusCode, broken.json().error.code]).toEqual([500, 'INTERNAL'])
    expect(broken.body).not.toContain('secret inside')
    expect(lines.join('')).toContain(broken.json().error.request)
    const full = await http.inject({ url: '/api/v1/full', headers })
    expect([full.statusCode, full.headers['retry-after']]).toEqual([429, '2'])
  })

  it('are coded for bodies that are too large, no JSON, or of another type', async () => {
    const headers = await cli()
    const code = async (type: string, payload: string) =>
      (await http.inject({ method: 'POST', url: '/api/v1/change', headers: { ...headers, 'content-type': type }, payload })).json().error.code
    expect(await code('application/json', '{"name":')).toBe('INVALID_INPUT')
    expect(await code('application/json', '{"__proto__":{"a":1},"name":"a"}')).toBe('INVALID_INPUT')
    expect(await code('application/json', `{"name":"${'a'.repeat(1 << 20)}"}`)).toBe('TOO_LARGE')
    expect(await code('text/csv', 'a,b')).toBe('UNSUPPORTED_MEDIA_TYPE')
  })
})

it('sends security headers with every answer and no inline code', async () => {
  for (const url of ['/openapi.json', '/nothing', '/api/v1/me']) {
    const { headers } = await http.inject({ url, headers: HOST })
    expect(headers['content-security-policy']).toContain("script-src 'self';")
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' })
  }
})

it('logs no query, header or body', async () => {
  const secret = auth.issueLogin()
  await http.inject({ method: 'POST', url: '/api/v1/login?token=QUERYSECRET', headers: { ...HOST, cookie: 'a=COOKIESECRET' }, payload: { token: secret } })
  await http.inject({ url: '/api/v1/none?token=QUERYSECRET', headers: { ...HOST, authorization: 'Bearer HEADERSECRET' } })
  expect(lines.length).toBeGreaterThan(1)
  for (const line of lines) for (const hidden of [secret, 'QUERYSECRET', 'COOKIESECRET', 'HEADERSECRET']) expect(line).not.toContain(hidden)
})

it('describes the API', async () => {
  const api = (await http.inject({ url: '/openapi.json', headers: HOST })).json()
  expect(Object.keys(api.paths)).toContain('/api/v1/ingest-tokens/{id}')
  expect(api.paths['/api/v1/echo'].get.parameters.map((p: { name: string }) => p.name)).toEqual(['from', 'mode'])
})

it('ends event streams with their session, and all of them when it closes', async () => {
  await http.listen({ port: 0, host: '127.0.0.1' })
  const { port } = http.server.address() as { port: number }
  const at = (path: string) => `http://127.0.0.1:${port}/api/v1/${path}`
  const other = fetch(at('events'), { headers: await cli() })
  const login = await fetch(at('login'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: auth.issueLogin() }),
  })
  const headers = { cookie: login.headers.get('set-cookie')!.split(';')[0]!, 'x-csrf-token': (await login.json()).csrf as string }
  const stream = await fetch(at('events'), { headers })
  expect(stream.headers.get('content-type')).toBe('text/event-stream')
  expect(stream.headers.get('content-security-policy')).toContain("script-src 'self'")
  const text = stream.text()
  expect((await fetch(at('logout'), { method: 'POST', headers })).status).toBe(204)
  expect(await text).toContain('event: tick\ndata: {"a":1}')
  const open = (await other).text()
  await http.close()
  expect(await open).toContain('event: tick')
})
