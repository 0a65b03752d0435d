/** The built console over fixture data, with the headers of the real server. For browser tests only. */
import { setInterval } from 'node:timers'
import fastify from 'fastify'
import { serveConsole } from '#apps/server/console.ts'
import { type IngressFixture, ingressAnswer, liveTick, shopRows, shopRules } from './ingress-fixtures.ts'

export interface FixtureServer extends AsyncDisposable {
  url: string
  /** Requests for paths that nothing answered: a page that asks for what does not exist. */
  unknown: string[]
  /** The next answers fail with this code; undefined: they are given again. */
  fail: { status: number; code: string; message: string; next: string } | undefined
  fixture: IngressFixture
}

/** @param folder the built console @param count rows of the last 6 hours; 0: no line ever came */
export async function startFixtureServer(folder: string, count: number): Promise<FixtureServer> {
  const now = Date.now()
  const fixture: IngressFixture = { rows: shopRows(now, count), rules: count === 0 ? [] : shopRules(), now }
  const http = fastify({ forceCloseConnections: true })
  const unknown: string[] = []
  const server = { url: '', unknown, fail: undefined, fixture } as Pick<FixtureServer, 'url' | 'unknown' | 'fail' | 'fixture'>

  http.get('/api/v1/me', async () => ({ user: 'tester', csrf: 'fixture', version: '0.1.0' }))
  http.get('/api/v1/clusters', async () => ({ clusters: [{ id: 'local' }] }))
  http.get('/api/v1/clusters/local/alerts', async () => ({ alerts: [] }))
  http.get('/api/v1/store', async () => ({
    engine: { state: 'up', restarts: 0 },
    queue: { batches: 0, bytes: 0 },
    disk: { usedBytes: 3.1e9, freeBytes: 80e9, overheadBytes: 1e8 },
    signals: [{ signal: 'access', bytes: 2.9e9, rows: 92_000_000, budgetBytes: 21_474_836_480, retentionDays: 30, daysLeft: 41.3 }],
  }))
  http.get('/api/v1/clusters/local/ingress/live', (request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    let seed = 1
    const send = () => reply.raw.write(`event: tick\ndata: ${JSON.stringify(liveTick(Date.now(), seed++))}\n\n`)
    send()
    const timer = setInterval(send, 1000)
    request.raw.on('close', () => clearInterval(timer))
  })
  http.all('/api/v1/clusters/local/ingress/*', async (request, reply) => {
    if (server.fail) return reply.code(server.fail.status).header('x-request-id', 'req-fixture-1').send(server.fail)
    const url = new URL(request.url, 'http://fixture')
    const answer = ingressAnswer(fixture, request.method, url.pathname.slice('/api/v1/clusters/local/ingress'.length), url.searchParams, request.body)
    if (!answer) {
      unknown.push(`${request.method} ${url.pathname}`)
      return reply.code(404).send({ code: 'NOT_FOUND', message: 'not in the fixture' })
    }
    return reply.code(answer.status).send(answer.body)
  })
  http.post('/api/v1/alerting/silences', async (_, reply) => reply.code(201).send({ id: '1' }))
  await serveConsole(http, folder)
  server.url = await http.listen({ host: '127.0.0.1', port: 0 })
  return Object.assign(server, { [Symbol.asyncDispose]: () => http.close() }) as FixtureServer
}
