/** HTTP to one API server: TLS, credentials, limits, circuit, health. */
import type { Readable } from 'node:stream'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Actor, ClusterHealth } from '#core/shapes/ports/cluster.ts'
import { createCircuit } from './circuit.ts'
import { type Credential, credentialSource } from './credentials.ts'
import { connectionFailure, failureOf, type Purpose } from './failures.ts'
import type { ClusterAccess } from './kubeconfig.ts'

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the server's own path, each name in it encoded. */
  path: string
  query?: Readonly<Record<string, string | number | boolean | undefined | readonly string[]>>
  body?: string
  contentType?: string
  accept?: string
  purpose: Purpose
  actor: Actor
  signal?: AbortSignal
  timeoutMs?: number
}

export interface Transport {
  readonly server: string
  /** The whole answer. Rejects with coded errors only, TOO_LARGE beyond `MOST_BODY`. */
  text(call: Call): Promise<string>
  /** An answer without end. Nothing for `idleMs` is a cut connection. */
  stream(call: Call, idleMs: number): Promise<Readable>
  /** What a WebSocket needs. */
  upgrade(call: Call): Promise<{ url: string; tls: ClusterAccess['tls']; headers: Record<string, string | string[]> }>
  health(): ClusterHealth
  /** Ends all that is under way, with CLUSTER_REMOVED. */
  close(): Promise<void>
  /** Aborted by `close`. */
  readonly closed: AbortSignal
  pause(): number
}

/** A page of 500 objects of a usual size is 4 MiB. */
const MOST_BODY = 64 * 1024 * 1024
const CALL_MS = 30_000
const CONNECT_MS = 10_000
const BUSY_TRIES = 3

export interface TransportOptions {
  name: string
  access: ClusterAccess
  clock: Clock
  random: () => number
  onHealth?: (health: ClusterHealth) => void
}

export function createTransport({ name, access, clock, random, onHealth }: TransportOptions): Transport {
  const source = credentialSource(access, name, clock)
  const circuit = createCircuit(clock, random)
  const ended = new AbortController()
  const origin = new URL(access.server).origin
  const base = new URL(access.server).pathname.replace(/\/+$/, '')
  let agents = makeAgents(access)
  let madeFor = ''
  let health: ClusterHealth = { state: 'starting', since: clock.now() }

  const setHealth = (next: Partial<ClusterHealth> & { state: ClusterHealth['state'] }) => {
    const changed = next.state !== health.state || next.error?.code !== health.error?.code
    health = { ...health, error: undefined, ...next, ...(changed ? { since: clock.now() } : {}) }
    if (changed) onHealth?.(health)
  }
  const removed = () => new CodedError('CLUSTER_REMOVED', { cluster: name })

  /** The credential of now; a client certificate that a plugin renewed needs new connections. */
  const credential = async (): Promise<Credential> => {
    const now = await source.current()
    if (now.cert !== undefined && now.cert !== madeFor) {
      madeFor = now.cert
      const before = agents
      agents = makeAgents({ ...access, tls: { ...access.tls, cert: now.cert, key: now.key } })
      before.calls.close().catch(() => {})
      before.streams.close().catch(() => {})
    }
    return now
  }
  const headersOf = async (actor: Actor): Promise<Record<string, string | string[]>> => {
    if (actor.kind === 'token') return { authorization: `Bearer ${headerText(actor.token)}` }
    const { authorization } = await credential()
    return { ...(authorization === undefined ? {} : { authorization }), ...impersonation(actor) }
  }

  const send = async (call: Call, stream: boolean, idleMs: number): Promise<Dispatcher.ResponseData> => {
    if (ended.signal.aborted) throw removed()
    circuit.check()
    const limit = call.timeoutMs ?? CALL_MS
    // The way to the first byte is limited, a stream after it is not. How long credentials may take is their own matter.
    const late = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const signal = AbortSignal.any([late.signal, ended.signal, ...(call.signal ? [call.signal] : [])])
    try {
      const headers: Record<string, string | string[]> = {
        ...(await headersOf(call.actor)),
        accept: call.accept ?? 'application/json',
        'user-agent': 'sallyport',
        ...(call.body === undefined ? {} : { 'content-type': call.contentType ?? 'application/json' }),
      }
      timer = setTimeout(() => late.abort(new DOMException('late', 'TimeoutError')), limit)
      const agent: Dispatcher = stream ? agents.streams : agents.calls
      const answer = await agent.request({
        origin,
        path: `${base}${call.path}${search(call.query)}`,
        method: call.method,
        headers,
        body: call.body,
        signal,
        headersTimeout: limit,
        bodyTimeout: stream ? idleMs : limit,
      })
      circuit.answered()
      noteAnswer(answer)
      return answer
    } catch (thrown) {
      if (ended.signal.aborted) throw removed()
      if (call.signal?.aborted) throw call.signal.reason
      const error = connectionFailure(late.signal.aborted ? late.signal.reason : thrown, call.purpose, access.server, limit)
      // What others are told, and what its health says: not which request it was that got no answer.
      const silent = new CodedError('CLUSTER_UNREACHABLE', { cluster: name, server: access.server, reason: `no answer within ${Math.round(limit / 1000)} s` })
      const known = error.code === 'TIMED_OUT' ? silent : error
      // A credential that cannot be had says nothing about the cluster, but nothing will work without it.
      circuit.failed(known)
      if (call.actor.kind !== 'token') setHealth({ state: 'failing', error: known })
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
  const noteAnswer = ({ headers }: Dispatcher.ResponseData) => {
    const date = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN
    health = { ...health, answeredAt: clock.now(), ...(Number.isNaN(date) ? {} : { clockSkewMs: Math.round((date - clock.now()) / 1000) * 1000 }) }
  }

  /** The answer when it is 2xx; refusals are thrown. */
  const accepted = async (call: Call, stream: boolean, idleMs: number): Promise<Dispatcher.ResponseData> => {
    for (let attempt = 1; ; attempt++) {
      const answer = await send(call, stream, idleMs)
      const { statusCode } = answer
      if (statusCode === 401) {
        await answer.body.dump().catch(() => {})
        if (call.actor.kind === 'token') throw new CodedError('CLUSTER_UNAUTHORIZED', { cluster: name, who: 'this user' })
        source.refused()
        // What can be renewed is tried once more.
        if (attempt === 1 && /exec|oidc|tokenFile/.test(access.credentials.kind)) continue
        const gone = source.expired()
        const error = gone
          ? new CodedError('CREDENTIALS_EXPIRED', { cluster: name, what: gone.what, at: new Date(gone.at).toISOString() })
          : new CodedError('CLUSTER_UNAUTHORIZED', { cluster: name, who: access.user })
        setHealth({ state: 'failing', error })
        throw error
      }
      if (call.actor.kind === 'self') setHealth({ state: 'ready' })
      if (statusCode >= 200 && statusCode < 300) return answer
      const error = failureOf(statusCode, await readAll(answer.body, call, 1024 * 1024), call.purpose)
      if (error.code !== 'CLUSTER_BUSY' || call.method !== 'GET' || attempt >= BUSY_TRIES) throw error
      const seconds = Number(answer.headers['retry-after'] ?? 1)
      await clock.sleep(Math.min(10, Number.isFinite(seconds) ? seconds : 1) * 1000 * (0.75 + random() / 2), ended.signal)
    }
  }
  const readAll = async (body: Readable, call: Call, most: number): Promise<string> => {
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > most) {
          body.destroy()
          throw new CodedError('TOO_LARGE', { cluster: name, what: `${call.purpose.what} in cluster ${name}`, limit: `${most / 1024 / 1024} MiB` })
        }
        chunks.push(chunk)
      }
    } catch (thrown) {
      if (ended.signal.aborted) throw removed()
      if (call.signal?.aborted) throw call.signal.reason
      throw connectionFailure(thrown, call.purpose, access.server, CALL_MS)
    }
    return Buffer.concat(chunks, size).toString()
  }

  return {
    server: access.server,
    closed: ended.signal,
    text: async (call) => readAll((await accepted(call, false, 0)).body, call, MOST_BODY),
    stream: async (call, idleMs) => (await accepted(call, true, idleMs)).body,
    async upgrade(call) {
      if (ended.signal.aborted) throw removed()
      if (access.proxyUrl !== undefined)
        throw new CodedError('CLUSTER_UNREACHABLE', { cluster: name, server: access.server, reason: 'sessions do not pass proxies' })
      circuit.check()
      const { cert, key } = await credential()
      return {
        url: `${origin.replace(/^http/, 'ws')}${base}${call.path}${search(call.query)}`,
        tls: cert === undefined ? access.tls : { ...access.tls, cert, key },
        headers: await headersOf(call.actor),
      }
    },
    health: () => health,
    pause: circuit.pause,
    async close() {
      setHealth({ state: 'removed', error: removed() })
      ended.abort(removed())
      await Promise.all([agents.calls.destroy(), agents.streams.destroy()])
    },
  }
}

/** Calls share few connections; each stream has its own. */
function makeAgents({ tls, proxyUrl }: ClusterAccess): { calls: Dispatcher; streams: Dispatcher } {
  const connect = {
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    servername: tls.serverName,
    rejectUnauthorized: !tls.insecure,
    timeout: CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  }
  const make = (connections: number): Dispatcher =>
    proxyUrl === undefined ? new Agent({ connect, connections, pipelining: 1 }) : new ProxyAgent({ uri: proxyUrl, requestTls: connect, connections })
  return { calls: make(16), streams: make(256) }
}

/** Header values are bytes: names outside of Latin-1 travel as UTF-8. Control characters would be refused or worse. */
function headerText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\x00-\x1f\x7f]/.test(text)) throw new CodedError('CREDENTIALS_FAILED', { cluster: '', reason: 'a user name, group or token has control characters' })
  return Buffer.from(text).toString('latin1')
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonation(actor: Actor): Record<string, string | string[]> {
  if (actor.kind !== 'impersonated') return {}
  const headers: Record<string, string | string[]> = { 'impersonate-user': headerText(actor.user) }
  if (actor.groups.length > 0) headers['impersonate-group'] = actor.groups.map(headerText)
  if (actor.uid !== undefined) headers['impersonate-uid'] = headerText(actor.uid)
  for (const [key, values] of Object.entries(actor.extra ?? {})) headers[`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`] = values.map(headerText)
  return headers
}

function search(query: Call['query'] = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) params.append(name, each)
  }
  return params.size > 0 ? `?${params}` : ''
}
