/** The demo site's ingress: a real reverse proxy that splits by weight, tries another pod when one does not answer, and writes a real access log. */
import { randomBytes } from 'node:crypto'
import { appendFile, rename, stat } from 'node:fs/promises'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type Access, accessLine } from './access-line.ts'
import { markedArm } from './routes.ts'
import { type Endpoints, type Marks, type Rule, ruleFor, type Weights } from './shop.ts'

const MAX_TRIES = 3
const UPSTREAM_TIMEOUT_MS = 5_000
const ROTATE_BYTES = 64 * 1024 * 1024

export interface IngressView {
  rules: readonly Rule[]
  endpoints: Endpoints
  weights: Weights
  marks: Marks
}

/** Appends lines in the order they came, a few times a second, and rotates by rename as logrotate does. */
export function openLog(file: string) {
  let waiting: string[] = []
  let running: Promise<void> = Promise.resolve()
  const flush = async () => {
    if (waiting.length === 0) return
    const text = waiting.join('')
    waiting = []
    await appendFile(file, text)
    if ((await stat(file)).size > ROTATE_BYTES) await rename(file, `${file}.1`)
  }
  const next = () => {
    running = running.then(flush).catch((error: Error) => {
      process.stderr.write(`sandbox: ${file} cannot be written: ${error.message}\n`)
    })
    return running
  }
  const timer = setInterval(() => void next(), 100)
  return {
    write: (line: string) => void waiting.push(line),
    close: async () => {
      clearInterval(timer)
      await next()
    },
  }
}

export function createIngress(view: IngressView, log: { write(line: string): void }, random: () => number): Server {
  const agent = new Agent({ keepAlive: true, maxSockets: 256, maxFreeSockets: 32 })
  const turns = new Map<string, number>()

  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const began = performance.now()
    const url = incoming.url ?? '/'
    const mark = url.indexOf('?')
    const path = mark < 0 ? url : url.slice(0, mark)
    const host = incoming.headers.host ?? ''
    const rule = ruleFor(view.rules, host, path)
    const id = rule === undefined ? '' : `${rule.namespace}/${rule.service}`
    const backends = view.endpoints[id] ?? { primary: [], canary: [] }
    const tries: { address: string; status: number | undefined; time: number; length: number }[] = []
    const asked = markedArm(view.marks[id], incoming.headers) ?? (random() * 100 < (view.weights[id] ?? 0) ? 'canary' : 'primary')
    const arm = backends.canary.length > 0 ? asked : 'primary'
    const requestId = randomBytes(16).toString('hex')
    const chunks: Buffer[] = []
    for await (const chunk of incoming as AsyncIterable<Buffer>) if (chunks.length < 64) chunks.push(chunk)
    const body = Buffer.concat(chunks)

    let status = 404
    let answer: Buffer = Buffer.from('default backend - 404')
    if (rule) {
      const targets = backends[arm]
      status = 503
      answer = Buffer.from('no endpoints')
      for (let attempt = 0; attempt < Math.min(MAX_TRIES, targets.length); attempt++) {
        const turn = turns.get(id + arm) ?? 0
        turns.set(id + arm, turn + 1)
        const address = targets[turn % targets.length]!
        const tryBegan = performance.now()
        const result = await forward(agent, address, incoming, url, requestId, body)
        tries.push({ address, status: result.status, time: (performance.now() - tryBegan) / 1000, length: result.body.length })
        status = result.status ?? (result.timedOut ? 504 : 502)
        answer = result.body
        if (result.status !== undefined || result.timedOut) break // as nginx: only a connection that failed is tried elsewhere
      }
    }
    const gone = outgoing.destroyed
    if (!gone)
      outgoing
        .writeHead(status, { 'content-type': 'application/json', 'content-length': answer.length, 'x-request-id': requestId })
        .end(incoming.method === 'HEAD' ? undefined : answer)
    const forwarded = String(incoming.headers['x-forwarded-for'] ?? '')
      .split(',')[0]!
      .trim()
    const access: Access = {
      at: Date.now(),
      client: forwarded || incoming.socket.remoteAddress || '-',
      method: incoming.method ?? 'GET',
      host: host.toLowerCase(),
      path,
      query: mark < 0 ? '' : url.slice(mark + 1),
      protocol: `HTTP/${incoming.httpVersion}`,
      status: gone ? 499 : status,
      bytesSent: gone ? 0 : answer.length,
      requestLength: body.length + incoming.rawHeaders.reduce((sum, header) => sum + header.length + 2, url.length + 14),
      requestTime: (performance.now() - began) / 1000,
      referer: String(incoming.headers.referer ?? ''),
      userAgent: String(incoming.headers['user-agent'] ?? ''),
      requestId,
      namespace: rule?.namespace ?? '',
      ingress: rule?.ingress ?? '',
      service: rule?.service ?? '',
      port: 80,
      arm,
      tries,
    }
    log.write(accessLine(access))
  }
  return createServer((incoming, outgoing) => void serve(incoming, outgoing).catch(() => outgoing.destroy()))
}

function forward(agent: Agent, address: string, incoming: IncomingMessage, path: string, requestId: string, body: Buffer) {
  return new Promise<{ status: number | undefined; timedOut: boolean; body: Buffer }>((resolve) => {
    const [host, port] = address.split(':')
    let timedOut = false
    const failed = () => resolve({ status: undefined, timedOut, body: Buffer.from(timedOut ? 'gateway time-out' : 'bad gateway') })
    const outgoing = request(
      {
        host,
        port: Number(port),
        path,
        method: incoming.method,
        agent,
        timeout: UPSTREAM_TIMEOUT_MS,
        headers: { host: incoming.headers.host, 'x-request-id': requestId, 'content-length': body.length },
      },
      (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => resolve({ status: answer.statusCode, timedOut: false, body: Buffer.concat(chunks) }))
        answer.on('error', failed)
      },
    )
    outgoing.on('timeout', () => {
      timedOut = true
      outgoing.destroy()
    })
    outgoing.on('error', failed)
    outgoing.end(body)
  })
}
