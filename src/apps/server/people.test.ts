import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { fakeApiServer } from '#test/fakes/api-server.ts'
import { type RunningServer, type ServerOptions, startServer } from './main.ts'

let data: string
let server: RunningServer
let api: Awaited<ReturnType<typeof fakeApiServer>>

/** Answers what the request may read, and lists as who asks. */
const looking: NonNullable<ServerOptions['capabilities']> = [
  async () => ({
    id: 'looking',
    start: async ({ http, clusterOf }: ServerContext) => {
      http.get('/clusters/:cluster/scope', async (request) => ({ scope: request.scope }))
      http.get('/clusters/:cluster/pods', async (request) => {
        const cluster: Cluster = clusterOf(request, (request.params as { cluster: string }).cluster)
        return (await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: 'shop' })).items
      })
      http.post('/clusters/:cluster/forgot-to-say', async () => ({}))
      return { stop: async () => {} }
    },
  }),
]

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-people-'))
  api = await fakeApiServer({
    objects: ['shop', 'other', 'secret'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    users: { 'server-token': 'server', 'alice-token': 'alice', 'bob-token': 'bob' },
    may: (user, { verb, group, resource, namespace }) => {
      if (user === 'server') return true
      if (user === 'alice')
        return group === 'telemetry.sallyport.io'
          ? resource === 'access' && namespace !== undefined && namespace !== 'secret'
          : namespace === 'shop' && verb === 'list'
      return user === 'oidc:carol' && group === 'telemetry.sallyport.io'
    },
  })
  server = await startServer({
    data,
    port: 0,
    listen: '127.0.0.1',
    host: [],
    log: pino({ level: 'silent' }),
    capabilities: looking,
    kubeconfig: [{ file: await api.kubeconfig(data, 'server-token', 'prod') }],
    openStore: async () => ({
      append: async () => {},
      columns: async () => new Uint8Array(),
      query: async () => ({ columns: [], rows: [], rowsRead: 0, bytesRead: 0, elapsedMs: 0 }),
      status: async () => {
        throw new Error('none')
      },
      configure: async () => {},
      close: async () => {},
    }),
  })
})
afterEach(async () => {
  await server.close()
  await api.close()
  await rm(data, { recursive: true, force: true })
})

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/api/v1${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
const get = (path: string, headers: Record<string, string>, redirect: RequestRedirect = 'follow') => fetch(`${server.url}/api/v1${path}`, { headers, redirect })
const admin = async () => ({ authorization: `Bearer ${(await readFile(join(data, 'cli-token'), 'utf8')).trim()}` })
const cookieOf = (response: Response) => ({
  cookie: response.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; '),
})

it('lets somebody in with a token of a cluster, to see what that cluster lets them see', async () => {
  const login = await post('/login/token', { cluster: 'prod', token: 'alice-token' })
  expect([login.status, ((await login.clone().json()) as { user: string }).user]).toEqual([200, 'alice'])
  const alice = cookieOf(login)
  expect(await (await get('/me', alice)).json()).toMatchObject({ user: 'alice', admin: false })
  expect(await (await get('/clusters/prod/scope', alice)).json()).toEqual({ scope: [{ cluster: 'prod', signals: ['access'], namespaces: ['other', 'shop'] }] })
  expect((await get('/clusters/prod/pods', alice)).status).toBe(200)
  expect(await (await get('/clusters', alice)).json()).toMatchObject({ clusters: [{ id: 'prod' }] })
  // A new namespace is seen, and rights are asked about again after half a minute at most; another cluster is none of theirs.
  expect(await (await get('/clusters/elsewhere/scope', alice)).json()).toEqual({ scope: [] })
  const csrf = { ...alice, 'x-csrf-token': ((await login.json()) as { csrf: string }).csrf }
  for (const answer of [
    await get('/settings', alice),
    await get('/ingest-tokens', alice),
    await post('/login-links', {}, csrf),
    await post('/clusters', { kubeconfig: 'x' }, csrf),
    await post('/clusters/prod/forgot-to-say', {}, csrf),
  ])
    expect(answer.status).toBe(403)
})

it('takes the same token as a bearer, as Grafana sends it', async () => {
  const bob = { authorization: 'Bearer bob-token' }
  expect(await (await get('/me', bob)).json()).toMatchObject({ user: 'bob' })
  expect(await (await get('/clusters/prod/scope', bob)).json()).toEqual({ scope: [] })
  const refused = await get('/clusters/prod/pods', bob)
  expect([refused.status, await refused.json()]).toEqual([
    403,
    { error: expect.objectContaining({ code: 'FORBIDDEN', details: expect.objectContaining({ verb: 'list', resource: 'pods in shop' }) }) },
  ])
  expect((await get('/me', { authorization: 'Bearer nobody' })).status).toBe(200)
  expect((await get('/clusters/prod/scope', { authorization: 'Bearer nobody' })).status).toBe(401)
  const wrong = await post('/login/token', { token: 'nobody' })
  expect([wrong.status, ((await wrong.json()) as { error: { code: string } }).error.code]).toEqual([401, 'TOKEN_UNKNOWN'])
})

it('gives the administrator everything', async () => {
  expect(await (await get('/clusters/prod/scope', await admin())).json()).toEqual({ scope: 'all' })
  expect((await post('/clusters/prod/forgot-to-say', {}, await admin())).status).toBe(200)
})

it('logs in through OIDC with PKCE, and refuses what does not fit', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  let claims: Record<string, unknown> = {}
  let challenge = ''
  let forge: (token: string) => string = (token) => token
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const idp = createServer(async (request, response) => {
    const say = (value: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
    const issuer = `http://${request.headers.host}`
    const body = await text(request)
    if (request.url?.startsWith('/.well-known'))
      say({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/keys` })
    else if (request.url === '/keys') say({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k' }] })
    else if (
      createHash('sha256')
        .update(new URLSearchParams(body).get('code_verifier') ?? '')
        .digest('base64url') !== challenge
    )
      response.writeHead(400).end('{"error":"invalid_grant"}')
    else {
      const signed = `${encode({ alg: 'RS256', kid: 'k' })}.${encode({ iss: issuer, aud: 'sallyport', exp: Date.now() / 1000 + 600, ...claims })}`
      say({ id_token: forge(`${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`) })
    }
  })
  await new Promise<void>((resolve) => idp.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(idp.address() as AddressInfo).port}`
  try {
    const settings = { oidc: { issuer, clientId: 'sallyport', usernamePrefix: 'oidc:' } }
    const put = await fetch(`${server.url}/api/v1/settings/login`, {
      method: 'PUT',
      headers: { ...(await admin()), 'content-type': 'application/json' },
      body: JSON.stringify(settings),
    })
    expect(put.status).toBe(200)
    expect(await (await get('/login/methods', {})).json()).toEqual({ link: true, token: { clusters: ['prod'] }, oidc: { issuer } })

    const login = async (change: (nonce: string) => Record<string, unknown>, cookies = true) => {
      const begun = await get('/login/oidc', {}, 'manual')
      const url = new URL(begun.headers.get('location')!)
      expect([begun.status, url.searchParams.get('code_challenge_method'), url.searchParams.get('scope')]).toEqual([302, 'S256', 'openid profile email groups'])
      challenge = url.searchParams.get('code_challenge')!
      claims = change(url.searchParams.get('nonce')!)
      return get(`/login/oidc/callback?code=c&state=${url.searchParams.get('state')}`, cookies ? cookieOf(begun) : {}, 'manual')
    }
    const good = await login((nonce) => ({ nonce, sub: 'carol', groups: ['dev', 'system:masters'] }))
    expect([good.status, good.headers.get('location')]).toEqual([302, '/'])
    const carol = cookieOf(good)
    expect(await (await get('/me', carol)).json()).toMatchObject({ user: 'oidc:carol', admin: false })
    expect(((await (await get('/clusters/prod/scope', carol)).json()) as { scope: unknown[] }).scope).toHaveLength(6)
    expect(api.impersonated).toContainEqual({ user: 'oidc:carol', groups: ['dev'] })

    for (const answer of [
      await login((nonce) => ({ nonce, sub: 'carol' }), false),
      await login(() => ({ nonce: 'of another login', sub: 'carol' })),
      await login((nonce) => ({ nonce, sub: 'carol', aud: 'another' })),
      await login((nonce) => ({ nonce, sub: 'carol', iss: 'https://evil.example' })),
      await login((nonce) => ({ nonce, sub: 'carol', exp: Date.now() / 1000 - 3600 })),
      await login((nonce) => ({ nonce })),
    ])
      expect([answer.status, ((await answer.json()) as { error: { code: string } }).error.code]).toEqual([502, 'OIDC_FAILED'])
    forge = (token) => `${encode({ alg: 'none' })}.${token.split('.')[1]}.x`
    expect((await login((nonce) => ({ nonce, sub: 'carol' }))).status).toBe(502)
  } finally {
    idp.closeAllConnections()
    idp.close()
  }
})
