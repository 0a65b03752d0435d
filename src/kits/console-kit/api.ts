/** The console's only way to the server: JSON under `/api/v1`, typed errors, CSRF header on every change. */
import type { Problem } from '#core/kernel/errors.ts'

/** An error as the server described it, or `UNREACHABLE` / `TIMED_OUT` when there was no answer. */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly next: string
  readonly problems: readonly Problem[]
  readonly request: string | undefined

  constructor(fields: { code: string; message: string; next?: string; status?: number; problems?: readonly Problem[]; request?: string }) {
    super(fields.message)
    this.name = 'ApiError'
    this.code = fields.code
    this.status = fields.status ?? 0
    this.next = fields.next ?? ''
    this.problems = fields.problems ?? []
    this.request = fields.request
  }
}

export type QueryValue = string | number | boolean | readonly (string | number)[] | undefined
export type ApiQuery = Readonly<Record<string, QueryValue>>

/** `/api/v1` + path + query; arrays repeat the name, undefined is left out. */
export function apiUrl(path: string, query: ApiQuery = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item))
  }
  const text = params.toString()
  return `/api/v1${path}${text ? `?${text}` : ''}`
}

let csrf: string | undefined
let onExpired: (() => void) | undefined
let language = 'en'

/** The shell sets these: the token of `/me` for changes, the language for error texts, and what to do when the session is over. */
export function configureApi(options: { csrf?: string; onExpired?: () => void; language?: string }): void {
  if ('csrf' in options) csrf = options.csrf
  if (options.onExpired) onExpired = options.onExpired
  if (options.language) language = options.language
}

const TIMEOUT_MS = 30_000

interface Call {
  method: string
  path: string
  query?: ApiQuery
  body?: unknown
  signal?: AbortSignal
  ifMatch?: string
}

/** An answer with its version (ETag), for changes that must not overwrite someone else's. */
export interface Tagged<T> {
  value: T
  tag: string | undefined
}

async function call<T>({ method, path, query, body, signal, ifMatch }: Call): Promise<Tagged<T>> {
  const headers: Record<string, string> = { accept: 'application/json', 'accept-language': language }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['x-csrf-token'] = csrf
  if (ifMatch) headers['if-match'] = ifMatch
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  let response: Response
  let text: string
  try {
    response = await fetch(apiUrl(path, query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    text = await response.text()
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(timeout.aborted ? { code: 'TIMED_OUT', message: '' } : { code: 'UNREACHABLE', message: '' })
  }
  if (response.ok) return { value: (text === '' ? undefined : JSON.parse(text)) as T, tag: response.headers.get('etag') ?? undefined }
  if (response.status === 401 && path !== '/login') onExpired?.()
  throw errorOf(response.status, text, response.headers.get('x-request-id') ?? undefined)
}

function errorOf(status: number, text: string, request: string | undefined): ApiError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; next?: string; problems?: Problem[]; request?: string } }
    return new ApiError({ request, ...error, status })
  } catch {
    return new ApiError({ code: 'INTERNAL', message: '', status, request })
  }
}

export const api = {
  get: async <T>(path: string, query?: ApiQuery, signal?: AbortSignal) => (await call<T>({ method: 'GET', path, query, signal })).value,
  getTagged: <T>(path: string, signal?: AbortSignal) => call<T>({ method: 'GET', path, signal }),
  send: async <T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal) =>
    (await call<T>({ method, path, body, signal })).value,
  /** Refused with CONFLICT when the thing was changed since `tag` was read. */
  putTagged: <T>(path: string, body: unknown, tag: string | undefined) => call<T>({ method: 'PUT', path, body, ifMatch: tag }),
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError({ code: 'CONSOLE_FAULT', message: error instanceof Error ? error.message : String(error) })
