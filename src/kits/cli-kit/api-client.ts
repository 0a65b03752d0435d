import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, type Language, reviveError } from '#core/kernel/errors.ts'
import type { ApiClient } from './door.ts'
import type { ServerAddress } from './server-address.ts'
import { readEvents } from './server-events.ts'

export interface ApiOptions {
  /** Looked for at the first call, so that offline commands need no server. */
  address: () => ServerAddress
  language: Language
  clock: Clock
  signal: AbortSignal
  /** For one answer, ms; streams have none. */
  timeoutMs?: number
}

type Query = Record<string, string | number | readonly string[] | undefined>

/** `/api/v1` of a server as the user. Every failure is a CodedError: the server's own, UNREACHABLE or TIMED_OUT. */
export function createApiClient({ address, language, clock, signal, timeoutMs = 60_000 }: ApiOptions): ApiClient {
  const call = async (method: string, path: string, init: { query?: Query; body?: unknown; headers?: Record<string, string>; signal: AbortSignal }) => {
    const server = address()
    const headers: Record<string, string> = { accept: 'application/json', 'accept-language': language, ...init.headers }
    if (server.token) headers.authorization = `Bearer ${server.token}`
    if (init.body !== undefined) headers['content-type'] = 'application/json'
    try {
      const response = await fetch(`${server.url}/api/v1${path}${search(init.query)}`, {
        method,
        headers,
        body: init.body === undefined ? undefined : JSON.stringify(init.body),
        signal: init.signal,
        // A redirect would carry the token elsewhere.
        redirect: 'error',
      })
      if (!response.ok) throw await refusal(response, server.url)
      return response
    } catch (error) {
      throw translate(error, server.url)
    }
  }
  const limited = () => AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const translate = (error: unknown, url: string): unknown => {
    if (error instanceof CodedError || signal.aborted) return error
    if ((error as Error).name === 'TimeoutError') return new CodedError('TIMED_OUT', { what: url, limit: `${timeoutMs / 1000}s` }, { cause: error })
    const cause = (error as { cause?: NodeJS.ErrnoException }).cause
    return new CodedError('UNREACHABLE', { what: url, reason: cause?.code ?? cause?.message ?? (error as Error).message }, { cause: error })
  }
  const json = async <T>(method: string, path: string, init: { query?: Query; body?: unknown }): Promise<T> => {
    const response = await call(method, path, { ...init, signal: limited() })
    try {
      const text = await response.text()
      return (text === '' ? undefined : JSON.parse(text)) as T
    } catch (error) {
      throw translate(error, address().url)
    }
  }

  return {
    get: (path, query) => json('GET', path, { query }),
    send: (method, path, body) => json(method, path, { body }),
    events: (path, query) =>
      readEvents({
        clock,
        signal,
        open: async (lastId) => {
          const headers: Record<string, string> = { accept: 'text/event-stream' }
          if (lastId) headers['last-event-id'] = lastId
          const response = await call('GET', path, { query, headers, signal })
          return response.body!
        },
      }),
  }
}

function search(query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) params.append(name, String(each))
  }
  return params.size > 0 ? `?${params}` : ''
}

/** What the server said; an answer that is none of ours comes from something in between. */
async function refusal(response: Response, url: string): Promise<CodedError> {
  const described = (await response.json().catch(() => undefined)) as { error?: unknown } | undefined
  const error = reviveError(described?.error)
  if (error) return error
  if (response.status === 401) return new CodedError('UNAUTHENTICATED')
  return new CodedError('UNREACHABLE', { what: url, reason: `HTTP ${response.status}` })
}
