import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import type { ActiveAlert, AlertSink, ServerContext } from '#kits/server-kit/door.ts'
import { type RunningServer, type ServerOptions, startServer } from './main.ts'

let data: string
let lines: string[]
let running: RunningServer[]
const log = pino(
  { level: 'debug' },
  new Writable({
    write(chunk, _, done) {
      lines.push(String(chunk))
      done()
    },
  }),
)

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-server-'))
  lines = []
  running = []
})
afterEach(async () => {
  await Promise.all(running.map((server) => server.close()))
  await rm(data, { recursive: true, force: true })
})

async function start(more: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({ data, port: 0, listen: '127.0.0.1', host: [], log, capabilities: [], ...more })
  running.push(server)
  return server
}
/** For tests that are not about the store: as cheap as nothing. */
const openStore: ServerOptions['openStore'] = async () => ({
  append: async () => {},
  columns: async () => new Uint8Array(),
  query: async () => ({ columns: [], rows: [], rowsRead: 0, bytesRead: 0, elapsedMs: 0 }),
  status: async () => ({
    engine: { name: 'none', version: '0', state: 'ready', restarts: 0, since: 0 },
    queue: { batches: 0, bytes: 0 },
    refused: { batches: 0, bytes: 0 },
    disk: { usedBytes: 0, freeBytes: 0, overheadBytes: 0 },
    signals: [],
  }),
  configure: async () => {},
  close: async () => {},
})
async function refusal(starting: Promise<unknown>): Promise<CodedError> {
  const error = await starting.then(
    () => new Error('it started'),
    (thrown) => thrown,
  )
  if (!(error instanceof CodedError)) throw error
  return error
}
const cli = async () => ({ authorization: `Bearer ${(await readFile(join(data, 'cli-token'), 'utf8')).trim()}`, 'content-type': 'application/json' })
const auditRows = async () => {
  const telemetry = await openTelemetry({ dir: join(data, 'telemetry'), clock: systemClock })
  const { rows } = await telemetry.query({ sql: 'SELECT verb, resource, name, status, decision, user, detail FROM audit ORDER BY ts', scope: 'all' })
  await telemetry.close()
  return rows
}

describe('the server', () => {
  it('starts, says where it is, stops, and starts again with its history', async () => {
    const first = await start()
    const said = JSON.parse(await readFile(join(data, 'server.json'), 'utf8'))
    expect(said).toEqual({ url: first.url, pid: process.pid })
    for (const name of ['server.json', 'cli-token']) expect((await stat(join(data, name))).mode & 0o777).toBe(0o600)
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200)
    expect(await (await fetch(`${first.url}/readyz`)).json()).toMatchObject({ ready: true, conditions: [{ name: 'store', ready: true }] })
    expect(await (await fetch(`${first.url}/metrics`)).text()).toContain('nodejs_eventloop_lag_p99_seconds')

    const secret = first.loginLink().split('#')[1]!
    const login = () =>
      fetch(`${first.url}/api/v1/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: secret }) })
    // A preview that follows the link gets a page or a 404, and uses nothing up.
    await fetch(`${first.url}/login`, { headers: { accept: 'text/html' } })
    expect((await login()).status).toBe(200)
    expect((await login()).status).toBe(401)

    const put = (section: string, body: unknown) =>
      cli().then((headers) => fetch(`${first.url}/api/v1/settings/${section}`, { method: 'PUT', headers, body: JSON.stringify(body) }))
    expect((await put('retention', { access: { budgetBytes: '200Mi', retentionDays: 3 }, logs: { retentionDays: 0 } })).status).toBe(400)
    expect((await put('retention', { access: { budgetBytes: '200Mi', retentionDays: 3 } })).status).toBe(200)
    const hook = { kind: 'webhook', name: 'pager', url: 'http://127.0.0.1:9/SECRET-IN-URL', token: 'SECRET-TOKEN' }
    const saved = await put('notifications', { route: { receiver: 'pager' }, receivers: [hook] })
    const shown = await saved.text()
    expect([saved.status, shown.includes('SECRET')]).toEqual([200, false])
    const tested = await fetch(`${first.url}/api/v1/notifications/test`, {
      method: 'POST',
      headers: await cli(),
      body: JSON.stringify({ receiver: JSON.parse(shown).receivers[0] }),
    })
    expect(await tested.json()).toMatchObject({ delivered: false })

    const stream = await fetch(`${first.url}/api/v1/store`, { headers: await cli() })
    expect((await stream.json()).signals.find((s: { signal: string }) => s.signal === 'access')).toMatchObject({ budgetBytes: 200 * 2 ** 20, retentionDays: 3 })
    await first.close()
    await expect(stat(join(data, 'server.json'))).rejects.toThrow('ENOENT')

    const rows = await auditRows()
    expect(rows.map(([verb, resource, name, status, decision, user]) => [verb, resource, name, status, decision, user])).toEqual([
      ['login', 'login', '', 200, 'allow', 'admin'],
      ['login', 'login', '', 401, 'forbid', ''],
      ['update', 'settings', 'retention', 400, 'allow', 'admin'],
      ['update', 'settings', 'retention', 200, 'allow', 'admin'],
      ['update', 'settings', 'notifications', 200, 'allow', 'admin'],
      ['create', 'notifications/test', '', 200, 'allow', 'admin'],
    ])
    expect(JSON.parse(String(rows[3]![6]))).toMatchObject({ section: 'retention', before: {}, after: { access: { retentionDays: 3 } } })
    for (const text of [...lines, JSON.stringify(rows)]) for (const hidden of ['SECRET', secret]) expect(text).not.toContain(hidden)

    const second = await start()
    const store = await (await fetch(`${second.url}/api/v1/store`, { headers: await cli() })).json()
    expect(store.signals.find((s: { signal: string }) => s.signal === 'access').retentionDays).toBe(3)
    expect(store.signals.find((s: { signal: string }) => s.signal === 'audit').rows).toBeGreaterThan(0)
  })

  it('refuses a port in use and leaves nothing behind', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    expect(await refusal(start({ port }))).toMatchObject({ code: 'PORT_IN_USE', details: { port } })
    other.close()
    // The lock is free, the engine is gone: the next start is well.
    await start()
  })

  it('refuses data that another server uses, by its pid', async () => {
    await start()
    expect(await refusal(start())).toMatchObject({ code: 'DATA_IN_USE', details: { pid: String(process.pid) } })
  })

  it('refuses hostile settings with all problems at once, before it listens', async () => {
    await writeFile(join(data, 'settings.yaml'), 'retention:\n  acess: {}\n  logs: { retentionDays: many }\nnotifications:\n  route: { receiver: nobody }\n')
    const error = await refusal(start({ openStore }))
    expect(error.problems.map(({ path, line, suggestion }) => [path, line, suggestion])).toEqual([
      ['retention.logs.retentionDays', 3, undefined],
      ['retention.acess', 2, 'access'],
      ['notifications.route.receiver', 5, undefined],
    ])
    await writeFile(join(data, 'settings.yaml'), '')
    await start({ openStore })
  })

  it('refuses a folder that is none, an address that is not ours', async () => {
    await writeFile(join(data, 'file'), '')
    expect((await refusal(start({ openStore, data: join(data, 'file', 'x') }))).code).toBe('FILE_UNREADABLE')
    expect((await refusal(start({ openStore, listen: '203.0.113.7' }))).code).toBe('CANNOT_LISTEN')
  })

  it('stops a capability, and whatever was started before one that fails', async () => {
    const events: string[] = []
    const well = async () => ({ id: 'well', start: async () => ({ stop: async () => void events.push('stopped') }) })
    const ill = async () => ({
      id: 'ill',
      start: async () => {
        throw new CodedError('INTERNAL', { request: 'x' })
      },
    })
    expect((await refusal(start({ openStore, capabilities: [well, ill] }))).code).toBe('INTERNAL')
    expect(events).toEqual(['stopped'])
    const server = await start({ openStore, capabilities: [well] })
    await server.close()
    expect(events).toEqual(['stopped', 'stopped'])
  })

  it('cuts off a request that never ends, and stops all the same', async () => {
    const slow = async () => ({
      id: 'slow',
      start: async ({ http }: Parameters<Awaited<ReturnType<NonNullable<ServerOptions['capabilities']>[number]>>['start']>[0]) => {
        http.get('/never', () => new Promise(() => {}))
        return { stop: async () => {} }
      },
    })
    const server = await start({ openStore, capabilities: [slow] })
    const request = fetch(`${server.url}/api/v1/never`, { headers: await cli() }).catch(() => 'cut off')
    await new Promise((resolve) => setTimeout(resolve, 200))
    await server.close()
    expect(await request).toBe('cut off')
  })

  it('tells people about alerts through the real store, once, also when it is started anew in between', async () => {
    const told: { status: string; alerts: { labels: Record<string, string> }[] }[] = []
    const pager = createHttpServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        told.push(JSON.parse(body))
        response.end('ok')
      })
    })
    await new Promise<void>((done) => pager.listen(0, '127.0.0.1', done))
    const url = `http://127.0.0.1:${(pager.address() as AddressInfo).port}/hook`
    let sink: AlertSink | undefined
    const reporter = async () => ({
      id: 'reporter',
      start: async ({ alerts }: ServerContext) => {
        sink = alerts
        return { stop: async () => {} }
      },
    })
    const firing: ActiveAlert = {
      labels: { alertname: 'Errors', service: '购物车' },
      severity: 'critical',
      annotations: { summary: 'x' },
      value: Number.NaN,
      activeSince: 1,
    }
    const first = await start({ capabilities: [reporter] })
    const route = { receiver: 'pager', groupWait: '0s', groupInterval: '1s' }
    const body = JSON.stringify({ route, receivers: [{ kind: 'webhook', name: 'pager', url }] })
    expect((await fetch(`${first.url}/api/v1/settings/notifications`, { method: 'PUT', headers: await cli(), body })).status).toBe(200)
    const until = async (what: () => Promise<boolean> | boolean) => {
      for (let i = 0; i < 300 && !(await what()); i++) await systemClock.sleep(100)
      expect(await what()).toBe(true)
    }
    await sink!.report('reporter', 'local', [firing])
    await until(() => told.length === 1)
    const shown = async (server: RunningServer) => (await (await fetch(`${server.url}/api/v1/clusters/local/alerts`, { headers: await cli() })).json()).alerts
    await until(async () => (await shown(first))[0]?.told[0] === 'pager')
    await first.close()

    const second = await start({ capabilities: [reporter] })
    // Its reporter has not spoken yet: what was known still holds, and nobody is told again.
    await until(async () => (await shown(second)).length === 1)
    expect((await shown(second))[0]).toMatchObject({ labels: { alertname: 'Errors', service: '购物车', cluster: 'local' }, told: ['pager'] })
    await sink!.report('reporter', 'local', [firing])
    await systemClock.sleep(1500)
    expect(told).toHaveLength(1)
    await sink!.report('reporter', 'local', [])
    await until(() => told.length === 2)
    expect(told.map(({ status }) => status)).toEqual(['firing', 'resolved'])
    await second.close()
    pager.close()
    const telemetry = await openTelemetry({ dir: join(data, 'telemetry'), clock: systemClock })
    const { rows } = await telemetry.query({
      sql: "SELECT state, receiver, hex(fingerprint), labels['service'], cluster FROM alerts WHERE state NOT IN ('snapshot', 'change') ORDER BY ts",
      scope: 'all',
    })
    await telemetry.close()
    expect(rows.map(([state, receiver]) => [state, receiver])).toEqual([
      ['firing', ''],
      ['notified', 'pager'],
      ['resolved', ''],
      ['notified', 'pager'],
    ])
    for (const [, , id, service, cluster] of rows) expect([String(id).length, service, cluster]).toEqual([16, '购物车', 'local'])
  }, 120_000)
})
