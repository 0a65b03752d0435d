/** Requests to one registry: logged in, paced, retried, and followed through redirects. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { askedPause, createPace } from '#core/oci/pace.ts'
import type { Credentials, RegistrySettings, Traffic } from '#core/shapes/ports/registry.ts'
import { type Authorizer, createAuthorizer } from './auth.ts'
import { type Body, BodyFailed, createSender, readAll } from './send.ts'

export interface Ask {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** A path of the registry, or an absolute address that it gave. */
  url: string | URL
  headers?: Record<string, string | readonly string[]>
  body?: Body
  repository: string
  /** `pull`, `pull,push`, `pull,push,delete`; with `also`, a further repository that is pulled from. */
  actions: string
  also?: string
  /** What it is for, in messages: `blob sha256:…`. */
  what: string
  /** Statuses that are answers and no failures, besides 2xx. */
  accept?: readonly number[]
  /** May it be sent again when it is not known whether it arrived? Bodies that stream never are. Default true. */
  again?: boolean
  /** Once it is under way it is ended though all is to stop: cut off, it would spoil what was there before. */
  whole?: boolean
  /** Ends it in place of the client's own. */
  signal?: AbortSignal
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  /** The address that answered in the end. */
  url: URL
  response: IncomingMessage
}

export interface Client {
  readonly host: string
  ask(ask: Ask): Promise<Answer>
  /** The whole body; broken ones are asked for again. */
  askAll(ask: Ask, most: number): Promise<Answer & { bytes: Uint8Array }>
  /** Waits before the next attempt, the longer the more there were; rejects when the signal is aborted. */
  backOff(attempt: number, signal?: AbortSignal): Promise<void>
  traffic: Traffic
  readonly retries: number
  readonly signal: AbortSignal | undefined
  close(): void
}

export interface ClientOptions {
  host: string
  clock: Clock
  settings: RegistrySettings
  credentials: Credentials | undefined
  retries: number
  signal: AbortSignal | undefined
}

/** How long a request that is to be whole may go on after all is to stop. */
const LINGER_MS = 20_000
const LONGEST_ERROR = 64 * 1024
const MOST_REDIRECTS = 5
/** Several, because a token may be withdrawn while it is used; those that others use too, the more often the more of them there are. */
const MOST_LOGINS = 4
const MOST_RENEWALS = 32
const IDLE_MS = 60_000
/** The end of a big upload is answered after the registry has hashed it. */
const COMMIT_IDLE_MS = 600_000
/** A host that asks to come back later is waited for this long in all. */
const LONGEST_WAIT_MS = 15 * 60_000
const LONGEST_PAUSE_MS = 5 * 60_000
const BACK_OFF_MS = 250
const LONGEST_BACK_OFF_MS = 15_000

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/

export function createClient({ host, clock, settings, credentials, retries, signal }: ClientOptions): Client {
  const loopback = LOOPBACK.test(host)
  const tls = settings.tls ?? (loopback ? 'skip' : 'verify')
  const sender = createSender({ ...settings, tls })
  const pace = createPace({ clock, most: settings.concurrency ?? 32, ...(settings.requestsPerSecond ? { perSecond: settings.requestsPerSecond } : {}) })
  const traffic: { -readonly [Key in keyof Traffic]: Traffic[Key] } = { requests: {}, bytesSent: 0, bytesReceived: 0, retries: 0, slowedDown: 0 }
  // `skip` may be plain HTTP: loopback is tried so first, others by TLS first.
  let scheme: 'http' | 'https' = tls === 'off' || (tls === 'skip' && loopback) ? 'http' : 'https'
  let mayFallBack = tls === 'skip'
  const origin = () => `${scheme}://${host === 'docker.io' ? 'registry-1.docker.io' : host}`

  const login: Authorizer = createAuthorizer({ clock, credential: async (name) => credentials?.(host, name), fetchToken })

  async function fetchToken(url: URL, { method, authorization, form }: { method: 'GET' | 'POST'; authorization?: string; form?: string }): Promise<unknown> {
    if ((authorization || form) && url.protocol === 'http:' && scheme === 'https')
      throw refusal(host, 'log in', `the token server ${url.host} has no TLS, so no password is sent to it`, 401)
    const ask: Ask = {
      method,
      url,
      repository: '',
      actions: '',
      what: `a token of ${url.host}`,
      accept: [400, 401, 403, 404, 405],
      headers: {
        accept: 'application/json',
        ...(authorization ? { authorization } : {}),
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(form ? { body: Buffer.from(form) } : {}),
    }
    const answer = await askAll(ask, 1024 * 1024)
    if (answer.status !== 200) throw refusal(host, 'log in', reasonOf(answer.bytes, answer.status), 401)
    try {
      return JSON.parse(Buffer.from(answer.bytes).toString('utf8'))
    } catch {
      throw new CodedError('REGISTRY_CONFUSED', { place: host, what: ask.what, reason: 'the answer is not JSON' })
    }
  }

  async function backOff(attempt: number, stop = signal): Promise<void> {
    traffic.retries++
    const most = Math.min(LONGEST_BACK_OFF_MS, BACK_OFF_MS * 2 ** attempt)
    await clock.sleep(most / 2 + Math.random() * (most / 2), stop)
  }

  /** Aborted some time after `signal`. */
  const late = new AbortController()
  signal?.addEventListener(
    'abort',
    () =>
      clock.sleep(LINGER_MS, late.signal).then(
        () => late.abort(signal.reason),
        () => {},
      ),
    { once: true },
  )

  async function once(ask: Ask, url: URL, authorization: string | undefined): Promise<IncomingMessage> {
    const stop = ask.signal ?? signal
    const turn = await pace.enter(stop)
    let verdict: 'ok' | 'slow' = 'ok'
    let pause = 0
    traffic.requests = { ...traffic.requests, [ask.method]: (traffic.requests[ask.method] ?? 0) + 1 }
    try {
      const commit = ask.method === 'PUT' || ask.method === 'PATCH'
      const response = await sender.send({
        method: ask.method,
        url,
        headers: { 'user-agent': 'sallyport', ...(authorization ? { authorization } : {}), ...ask.headers },
        ...(ask.body ? { body: ask.body } : {}),
        ...(ask.whole ? { signal: late.signal } : stop ? { signal: stop } : {}),
        idleMs: commit ? COMMIT_IDLE_MS : IDLE_MS,
        onSent: (bytes) => {
          traffic.bytesSent += bytes
        },
      })
      const { headers, statusCode } = response
      const asked = askedPause(headers, clock.now())
      if (statusCode === 429 || (statusCode === 503 && headers['retry-after'] !== undefined)) {
        verdict = 'slow'
        traffic.slowedDown++
        pause = Math.min(asked ?? 1000, LONGEST_PAUSE_MS)
      } else if (statusCode === 503 || statusCode === 502 || statusCode === 504) verdict = 'slow'
      else if (asked !== undefined && asked <= LONGEST_PAUSE_MS) pause = asked
      const remaining = headers['ratelimit-remaining'] ?? headers['x-ratelimit-remaining']
      if (remaining !== undefined) traffic.rateLimit = { limit: text(headers['ratelimit-limit'] ?? headers['x-ratelimit-limit']), remaining: text(remaining) }
      return response
    } catch (error) {
      if (!(error instanceof BodyFailed)) verdict = 'slow'
      throw error
    } finally {
      turn.leave(verdict, pause)
    }
  }

  /** Through redirects; what logs in at one host is not shown to another. */
  async function follow(ask: Ask, authorization: string | undefined): Promise<Answer> {
    let url = new URL(ask.url, origin())
    const first = url.host
    for (let hop = 0; ; hop++) {
      const response = await once(ask, url, url.host === first ? authorization : undefined)
      const status = response.statusCode ?? 0
      const { location } = response.headers
      if (![301, 302, 303, 307, 308].includes(status) || location === undefined || (ask.method !== 'GET' && ask.method !== 'HEAD'))
        return { status, headers: response.headers, url, response }
      response.resume()
      if (hop >= MOST_REDIRECTS || !URL.canParse(location, url)) throw confused(ask, `it redirects ${hop >= MOST_REDIRECTS ? 'without end' : 'to nowhere'}`)
      const next = new URL(location, url)
      if (next.protocol !== 'https:' && !(next.protocol === 'http:' && scheme === 'http')) throw confused(ask, `it redirects to ${next.protocol}//${next.host}`)
      url = next
    }
  }

  const confused = (ask: Ask, reason: string) => new CodedError('REGISTRY_CONFUSED', { place: host, what: ask.what, reason })

  async function ask(ask: Ask): Promise<Answer> {
    const stop = ask.signal ?? signal
    const scopes = ask.repository === '' ? (ask.actions === '' ? [] : [ask.actions]) : [`repository:${ask.repository}:${ask.actions}`]
    if (ask.also !== undefined && ask.also !== ask.repository) scopes.push(`repository:${ask.also}:pull`)
    const authorizer = scopes.length === 0 ? undefined : login
    const streams = ask.body !== undefined && !(ask.body instanceof Uint8Array)
    const once = streams || ask.again === false
    const began = clock.now()
    let logins = 0
    let renewals = 0
    for (let attempt = 0; ; ) {
      let authorization: string | undefined
      let answer: Answer
      try {
        authorization = await authorizer?.header(scopes, ask.repository)
        answer = await follow(ask, authorization)
      } catch (error) {
        if (stop?.aborted) throw stop.reason
        if (error instanceof CodedError) throw error
        if (error instanceof BodyFailed) throw error.cause
        if (mayFallBack && isNoTls(error)) {
          mayFallBack = false
          scheme = 'http'
          if (!streams) continue
        }
        if (once || attempt >= retries) throw new CodedError('UNREACHABLE', { what: host, reason: describe(error) }, { cause: error })
        await backOff(attempt++, stop)
        continue
      }
      const { status } = answer
      if ((status >= 200 && status < 300) || ask.accept?.includes(status)) {
        if (scheme === 'https') mayFallBack = false
        return answer
      }
      const bytes = ask.method === 'HEAD' ? drop(answer) : await readAll(answer.response, LONGEST_ERROR).catch(() => new Uint8Array())
      if (status === 400 && scheme === 'http' && mayFallBack && Buffer.from(bytes).includes('HTTPS server')) {
        mayFallBack = false
        scheme = 'https'
        if (!streams) continue
      }
      if (status === 401 && authorizer) {
        const learned = await authorizer.learn(text(answer.headers['www-authenticate']), authorization, scopes, ask.repository)
        if (!streams && ((learned === 'learned' && logins++ < MOST_LOGINS) || (learned === 'renewed' && renewals++ < MOST_RENEWALS))) continue
      }
      const reason = reasonOf(bytes, status)
      if (status === 401 || status === 403) throw refusal(host, `${VERBS[ask.method]} ${ask.what}`, reason, status)
      if (status === 429 || (status === 503 && answer.headers['retry-after'] !== undefined)) {
        if (!streams && clock.now() - began < LONGEST_WAIT_MS) {
          traffic.retries++
          continue // the pace holds all back until the host wants more
        }
        throw new CodedError('REGISTRY_BUSY', { place: host, what: ask.what, status, reason })
      }
      if (status === 507 || /no space left|"Err":\s*28\b|quota|insufficient storage/i.test(reason))
        throw new CodedError('TARGET_FULL', { place: host, what: ask.what, reason })
      if ((status >= 500 || status === 408) && !once && attempt < retries) {
        await backOff(attempt++, stop)
        continue
      }
      throw new CodedError('REGISTRY_REFUSED', { place: host, verb: VERBS[ask.method], what: ask.what, status, reason })
    }
  }

  async function askAll(request: Ask, most: number): Promise<Answer & { bytes: Uint8Array }> {
    for (let attempt = 0; ; attempt++) {
      const answer = await ask(request)
      try {
        const bytes = await readAll(answer.response, most)
        traffic.bytesReceived += bytes.length
        return { ...answer, bytes }
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        if ((error as { code?: string }).code === 'TOO_LONG') throw confused(request, (error as Error).message)
        if (attempt >= retries) throw new CodedError('UNREACHABLE', { what: host, reason: describe(error) }, { cause: error })
        await backOff(attempt)
      }
    }
  }

  function close(): void {
    late.abort(new Error('closed'))
    sender.close()
  }
  return { host, ask, askAll, backOff, traffic, retries, signal, close }
}

const VERBS = { GET: 'read', HEAD: 'look at', POST: 'begin', PUT: 'take', PATCH: 'take', DELETE: 'remove' } as const

const refusal = (place: string, action: string, reason: string, status: number) => new CodedError('REGISTRY_UNAUTHORIZED', { place, action, reason, status })

const text = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(', ') : value)

function drop({ response }: Answer): Uint8Array {
  response.resume()
  return new Uint8Array()
}

/** What a registry says went wrong (distribution-spec, "Error codes"), in one line. */
function reasonOf(bytes: Uint8Array, status: number): string {
  const body = Buffer.from(bytes).toString('utf8').trim()
  let said = body
  try {
    const parsed = JSON.parse(body) as {
      errors?: { code?: unknown; message?: unknown; detail?: unknown }[]
      details?: unknown
      message?: unknown
      error?: unknown
    }
    if (Array.isArray(parsed.errors))
      said = parsed.errors
        .map(({ code, message, detail }) => `${code ?? ''} ${message ?? ''}${detail && code !== 'UNAUTHORIZED' ? ` ${JSON.stringify(detail)}` : ''}`.trim())
        .join('; ')
    else said = String(parsed.details ?? parsed.message ?? parsed.error ?? body)
  } catch {
    if (/^</.test(body)) said = ''
  }
  return `HTTP ${status}${said === '' ? '' : `: ${said.replace(/\s+/g, ' ').slice(0, 300)}`}`
}

const describe = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException
  // Happy eyeballs wraps all attempts: the first says enough.
  const inner = (error as { errors?: unknown[] }).errors?.[0]
  if (inner) return describe(inner)
  return code && !message.includes(code) ? `${code}: ${message}` : message || String(code)
}

const isNoTls = (error: unknown): boolean =>
  /EPROTO|WRONG_VERSION_NUMBER|ECONNREFUSED|packet length too long/.test(`${(error as NodeJS.ErrnoException).code} ${(error as Error).message}`)
