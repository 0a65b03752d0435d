/** One HTTP request over node's own client: bodies stream with back-pressure, an early answer ends the sending. */
import type { Agent, IncomingMessage } from 'node:http'
import type { RegistrySettings } from '#core/shapes/ports/registry.ts'

export type Body = Uint8Array | { stream: AsyncIterable<Uint8Array>; size: number }

export interface Request {
  method: string
  url: URL
  headers: Record<string, string | readonly string[]>
  body?: Body
  signal?: AbortSignal
  /** ms without a byte either way. */
  idleMs: number
  onSent?(bytes: number): void
}

/** A body that is to be sent could not be read; not the fault of the host it goes to. */
export class BodyFailed extends Error {
  constructor(cause: unknown) {
    super('the body could not be read', { cause })
  }
}

export interface Sender {
  send(request: Request): Promise<IncomingMessage>
  close(): void
}

/** Idle connections are closed by us before most servers do (Go and nginx: 60 s and more), so that a request does not meet a closing one. */
const KEEP_ALIVE_MS = 15_000

export function createSender(settings: RegistrySettings): Sender {
  const shared = { keepAlive: true, timeout: KEEP_ALIVE_MS, scheduling: 'lifo', proxyEnv: process.env } as const
  const agents: { plain?: Agent; tls?: Agent } = {}
  // Loaded when used, and not by import: that reads all of a module's members, and one of them loads a second HTTP client (40 ms).
  const clientOf = (secure: boolean) => {
    if (!secure) {
      const { request, Agent } = process.getBuiltinModule('node:http')
      agents.plain ??= new Agent(shared)
      return { request, agent: agents.plain }
    }
    const { request, Agent } = process.getBuiltinModule('node:https')
    const { ca, cert, key } = settings
    agents.tls ??= new Agent({ ...shared, rejectUnauthorized: settings.tls !== 'skip', ...(ca ? { ca } : {}), ...(cert ? { cert, key } : {}) })
    return { request, agent: agents.tls }
  }
  return {
    send({ method, url, headers, body, signal, idleMs, onSent }) {
      return new Promise((resolve, reject) => {
        const { request: open, agent } = clientOf(url.protocol === 'https:')
        const request = open(url, {
          method,
          headers: { ...headers, ...(body ? { 'content-length': String(body instanceof Uint8Array ? body.length : body.size) } : {}) } as Record<
            string,
            string
          >,
          agent,
          signal,
        })
        let answered = false
        request.setTimeout(idleMs, () => request.destroy(Object.assign(new Error(`no answer within ${idleMs / 1000} s`), { code: 'ETIMEDOUT' })))
        request.on('response', (response) => {
          answered = true
          // An answer before the whole body was sent: the connection is of no more use.
          if (!request.writableEnded) response.once('close', () => request.destroy())
          resolve(response)
        })
        request.on('error', (error) => {
          if (!answered) reject(error)
        })
        if (!body) request.end()
        else if (body instanceof Uint8Array) {
          onSent?.(body.length)
          request.end(body)
        } else {
          pump(body.stream, body.size).catch((error) => {
            if (error instanceof BodyFailed) reject(error)
            request.destroy(error)
          })
        }

        async function pump(stream: AsyncIterable<Uint8Array>, size: number) {
          let sent = 0
          const bytes = stream[Symbol.asyncIterator]()
          try {
            for (;;) {
              const next = await bytes.next().catch((error) => {
                throw new BodyFailed(error)
              })
              if (next.done) break
              if (answered || request.destroyed) return
              sent += next.value.length
              if (sent > size) throw new BodyFailed(new Error(`the body has more than ${size} bytes`))
              onSent?.(next.value.length)
              if (!request.write(next.value)) await drained()
            }
          } finally {
            // A body that is not read to its end has to let go of its own connection.
            await bytes.return?.()
          }
          if (sent < size) throw new BodyFailed(new Error(`the body ended after ${sent} of ${size} bytes`))
          request.end()
        }
        function drained() {
          return new Promise<void>((go) => {
            const done = () => {
              request.off('drain', done).off('close', done).off('response', done)
              go()
            }
            request.once('drain', done).once('close', done).once('response', done)
          })
        }
      })
    },
    close() {
      agents.plain?.destroy()
      agents.tls?.destroy()
    },
  }
}

/** Reads a whole body of at most `most` bytes. Rejects when it breaks or is longer. */
export async function readAll(response: IncomingMessage, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > most) {
      response.destroy()
      throw Object.assign(new Error(`the answer has more than ${most} bytes`), { code: 'TOO_LONG' })
    }
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}
