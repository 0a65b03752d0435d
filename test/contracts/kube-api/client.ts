/** A plain HTTP client of the Kubernetes API: what goes over the wire is what is tested. */
import { Agent, request } from 'node:https'

// biome-ignore lint/suspicious/noExplicitAny: answers of any kind
export type Body = any
export interface Answer {
  status: number
  body: Body
  headers: Readonly<Record<string, string | string[] | undefined>>
}
export interface CallOptions {
  body?: unknown
  type?: string
  accept?: string
  token?: string
  headers?: Readonly<Record<string, string>>
}

export interface ApiTarget {
  /** `https://…` */
  url: string
  /** PEM. */
  ca: string
  token: string
  /** Minor version that the server says: 20 is Kubernetes 1.20. */
  minor: number
  /** Forgets the history, so that old revisions and continue tokens expire. Undefined: cannot be done here. */
  compact?(revision: number): Promise<void>
}

export interface Watching extends AsyncDisposable {
  /** The next event; rejects when none comes within `ms`. */
  next(ms?: number): Promise<{ type: string; object: Body }>
  /** Resolves when the server ends the watch. */
  ended: Promise<void>
}

export function createApiClient(target: ApiTarget) {
  const agent = new Agent({ keepAlive: true, ca: target.ca })
  const headersOf = ({ token, accept, type, headers }: CallOptions) => ({
    authorization: `Bearer ${token ?? target.token}`,
    accept: accept ?? 'application/json',
    'content-type': type ?? 'application/json',
    'user-agent': 'contract/1',
    ...headers,
  })
  const call = (method: string, path: string, options: CallOptions = {}): Promise<Answer> => {
    const text = options.body === undefined ? undefined : typeof options.body === 'string' ? options.body : JSON.stringify(options.body)
    return new Promise((resolve, reject) => {
      const outgoing = request(
        target.url + path,
        { method, agent, headers: { ...headersOf(options), ...(text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }) } },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
          incoming.on('end', () => {
            const answer = Buffer.concat(chunks).toString()
            let body: Body = answer
            try {
              body = JSON.parse(answer)
            } catch {}
            resolve({ status: incoming.statusCode!, body, headers: incoming.headers })
          })
        },
      )
      outgoing.on('error', reject).end(text)
    })
  }

  const watch = (path: string, query: Readonly<Record<string, string>> = {}, options: CallOptions = {}): Promise<Watching> =>
    new Promise((resolve, reject) => {
      const search = new URLSearchParams({ watch: 'true', timeoutSeconds: '60', ...query })
      const outgoing = request(`${target.url}${path}?${search}`, { agent: false, ca: target.ca, headers: headersOf(options) }, (incoming) => {
        const events: { type: string; object: Body }[] = []
        const waiting: ((event: { type: string; object: Body }) => void)[] = []
        let rest = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          const lines = (rest + chunk).split('\n')
          rest = lines.pop()!
          for (const line of lines) {
            const event = JSON.parse(line) as { type: string; object: Body }
            const first = waiting.shift()
            if (first) first(event)
            else events.push(event)
          }
        })
        const ended = new Promise<void>((done) => incoming.once('close', done))
        incoming.on('error', () => {})
        resolve({
          ended,
          next: (ms = 10_000) =>
            new Promise((got, late) => {
              const event = events.shift()
              if (event) return got(event)
              const timer = setTimeout(() => {
                waiting.splice(waiting.indexOf(take), 1)
                late(new Error(`no event within ${ms} ms`))
              }, ms)
              const take = (found: { type: string; object: Body }) => {
                clearTimeout(timer)
                got(found)
              }
              return void waiting.push(take)
            }),
          async [Symbol.asyncDispose]() {
            outgoing.destroy()
          },
        })
      })
      outgoing.on('error', reject)
      outgoing.end()
    })

  return {
    call,
    watch,
    get: (path: string, options?: CallOptions) => call('GET', path, options),
    post: (path: string, body: unknown, options?: CallOptions) => call('POST', path, { ...options, body }),
    put: (path: string, body: unknown, options?: CallOptions) => call('PUT', path, { ...options, body }),
    delete: (path: string, body?: unknown, options?: CallOptions) => call('DELETE', path, { ...options, body }),
    patch: (path: string, kind: 'json' | 'merge' | 'strategic' | 'apply', body: unknown, options?: CallOptions) =>
      call('PATCH', path, { ...options, body, type: PATCHES[kind] }),
    close: () => agent.destroy(),
  }
}
const PATCHES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

export type ApiClient = ReturnType<typeof createApiClient>

/** Asks again until `check` holds. */
export async function until<T>(what: string, look: () => Promise<T>, check: (found: T) => boolean, ms = 30_000): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const found = await look()
    if (check(found)) return found
    if (performance.now() > end) throw new Error(`never: ${what}; last seen: ${JSON.stringify(found).slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
