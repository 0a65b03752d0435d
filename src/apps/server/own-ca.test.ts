import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openCluster } from '#edges/cluster/client.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { type RunningServer, startServer } from './main.ts'
import { openOwnCa } from './own-ca.ts'

let data: string
let server: RunningServer | undefined
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-ca-'))
})
afterEach(async () => {
  await server?.close()
  server = undefined
  await rm(data, { recursive: true, force: true })
})

/** The answer's status, or the error's code. */
const ask = (url: string, ca: string, init: { method?: string; headers?: Record<string, string>; body?: string } = {}) =>
  new Promise<number | string>((resolve) => {
    const sent = request(url, { ca, method: init.method, headers: init.headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode!)
    })
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    sent.end(init.body)
  })

it('speaks TLS to clusters with its own authority, and shows them only where to send to', async () => {
  const openStore = async () => ({
    append: async () => {},
    columns: async () => new Uint8Array(),
    query: async () => ({ columns: [], rows: [], rowsRead: 0, bytesRead: 0, elapsedMs: 0 }),
    status: async () => {
      throw new Error('none')
    },
    configure: async () => {},
    close: async () => {},
  })
  const options = { data, port: 0, listen: '127.0.0.1', host: [], log: pino({ level: 'silent' }), capabilities: [], openStore }
  server = await startServer({ ...options, clusterListen: { host: '127.0.0.1', port: 0 } })
  const bundle = await readFile(join(data, 'ca/ca-bundle.pem'), 'utf8')
  expect((await stat(join(data, 'ca/ca.key'))).mode & 0o777).toBe(0o600)
  const { token } = await server.tokens.issue({ name: 'agent', signals: ['access'] })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
  // 422: nothing here takes lines, but the token and the way were right.
  expect(await ask(`${server.clusterUrl}/api/v1/ingest/ndjson`, bundle, { method: 'POST', headers, body: '{}\n' })).toBe(422)
  expect(await ask(`${server.clusterUrl}/api/v1/ingest/ndjson`, bundle, { method: 'POST', body: '{}\n' })).toBe(401)
  const admin = { authorization: `Bearer ${(await readFile(join(data, 'cli-token'), 'utf8')).trim()}` }
  for (const path of ['/api/v1/clusters', '/metrics', '/api/v1/login/methods'])
    expect(await ask(`${server.clusterUrl}${path}`, bundle, { headers: admin })).toBe(404)
  const other = await openOwnCa(await mkdtemp(join(data, 'other-')), systemClock)
  expect(await ask(`${server.clusterUrl}/`, other.bundle())).toMatch(/CERT|VERIFY|SIGNATURE/)
})

it('keeps its authority, survives a torn change, and rotates it while the old one is still trusted', async () => {
  const clock = fakeClock(Date.now())
  const first = await openOwnCa(data, clock)
  const old = first.bundle()
  expect((await openOwnCa(data, clock)).bundle()).toBe(old)
  expect(await first.rotate()).toBe(false)
  await clock.advance(4 * 365 * 86_400_000)
  expect(await first.rotate()).toBe(true)
  expect(first.bundle().match(/BEGIN/g)).toHaveLength(2)
  expect(first.bundle()).toContain(old.trim())
  const again = await openOwnCa(data, clock)
  expect(again.bundle()).toBe(first.bundle())
  await clock.advance(2 * 365 * 86_400_000)
  expect(again.bundle().match(/BEGIN/g)).toHaveLength(1)
  // The key of one, the certificate of another.
  const { key } = await again.issue(['x'])
  await writeFile(join(data, 'ca/ca.key'), key)
  const repaired = await openOwnCa(data, clock)
  expect(repaired.bundle().split('-----END')[0]).not.toBe(again.bundle().split('-----END')[0])
})

it('tells a cluster with another authority or another name by its certificate', async () => {
  const ca = await openOwnCa(data, systemClock)
  const other = await openOwnCa(await mkdtemp(join(data, 'other-')), systemClock)
  const leaf = await ca.issue(['127.0.0.1'])
  const api = createServer({ cert: leaf.cert, key: leaf.key }, (_, response) => response.end('{"gitVersion":"v1.30.0"}'))
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  const { port } = api.address() as AddressInfo
  const outcome = async (host: string, tls: object) => {
    const access = { context: 'c', server: `https://${host}:${port}`, namespace: 'n', user: 'u', tls, credentials: { kind: 'none' as const } }
    const { cluster, close } = openCluster({ name: 'prod', access, clock: systemClock })
    const said = await cluster.raw('/version').then(
      () => 'ok',
      (error: { code: string; details: { reason: string } }) => `${error.code}: ${error.details.reason}`,
    )
    await close()
    return said
  }
  expect(await outcome('127.0.0.1', { ca: ca.bundle() })).toBe('ok')
  expect(await outcome('127.0.0.1', { ca: other.bundle() })).toMatch(/^CLUSTER_CERTIFICATE: it was not signed/)
  expect(await outcome('localhost', { ca: ca.bundle() })).toBe('CLUSTER_CERTIFICATE: it is for another name')
  expect(await outcome('127.0.0.1', { insecure: true })).toBe('ok')
  api.closeAllConnections()
  api.close()
})
