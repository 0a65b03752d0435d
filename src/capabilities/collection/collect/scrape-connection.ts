/** One keep-alive connection to a target. Bytes land in one buffer that all connections share; nothing is made for each of them. */
import { connect, type Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Body } from '../domain/exposition/text.ts'
import { type AnswerHead, createBody, createInflater, type Inflater, readAnswer } from './http-body.ts'

const shared = new Uint8Array(128 << 10)
/** Bodies and inflaters are lent to scrapes; as many exist as scrapes were under way at once, and those that grew large are let go. */
const bodies: Body[] = []
const inflaters: Inflater[] = []
const KEPT_BODY = 16 << 20
const KEPT = 4

export interface ScrapeRequest {
  url: URL
  headers: Readonly<Record<string, string>>
  /** For https. */
  tls: ConnectionOptions
  timeoutMs: number
  /** 0: no limit. */
  bodySizeLimit: number
}

export interface Connection {
  /** Asks, and gives head and body to `use`, after which the body belongs to another scrape. Rejects with an Error that says why. */
  get<T>(request: ScrapeRequest, signal: AbortSignal, use: (head: AnswerHead, body: Body) => T): Promise<T>
  close(): void
}

export function createConnection(): Connection {
  let socket: Socket | undefined
  let origin = ''
  let take: ((bytes: Uint8Array) => void) | undefined
  let fail: ((error: Error) => void) | undefined
  let ended: (() => void) | undefined

  const drop = () => {
    socket?.destroy()
    socket = undefined
  }

  async function open(url: URL, tls: ConnectionOptions): Promise<Socket> {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const onread = {
      buffer: shared,
      callback: (length: number) => {
        take?.(shared.subarray(0, length))
        return true
      },
    }
    const secure = url.protocol === 'https:'
    const port = Number(url.port || (secure ? 443 : 80))
    // Loaded only for those that need it.
    const made = secure
      ? ((await import('node:tls')).connect({
          host,
          port,
          servername: /[a-z]/i.test(host) && !host.includes(':') ? host : '',
          ...tls,
          onread,
        } as ConnectionOptions) as Socket)
      : connect({ host, port, onread })
    made.setNoDelay(true)
    made.on('error', (error) => {
      if (socket === made) socket = undefined
      fail?.(error)
    })
    made.on('close', () => {
      if (socket === made) {
        socket = undefined
        ended?.()
      }
    })
    made.on('end', () => {
      if (socket === made) ended?.()
    })
    return made
  }

  return {
    async get(request, signal, use) {
      const { url, headers, tls, timeoutMs, bodySizeLimit } = request
      for (let attempt = 0; ; attempt++) {
        const reused = socket !== undefined && origin === url.origin
        if (!reused) {
          drop()
          socket = await open(url, tls)
          origin = url.origin
        }
        const current = socket!
        let body: Body | undefined
        let inflater: Inflater | undefined
        let started = false
        try {
          const reader = readAnswer(
            () => (body = bodies.pop() ?? createBody()),
            () => (inflater = inflaters.pop() ?? createInflater()),
            bodySizeLimit,
          )
          await new Promise<void>((resolve, reject) => {
            const timer = setTimeout(() => reject(new Error(`no whole answer within ${timeoutMs / 1000} s`)), timeoutMs)
            const onAbort = () => reject(new Error('stopped'))
            signal.addEventListener('abort', onAbort, { once: true })
            const settle = (error?: unknown) => {
              clearTimeout(timer)
              signal.removeEventListener('abort', onAbort)
              take = fail = ended = undefined
              if (error) reject(error as Error)
              else resolve()
            }
            take = (bytes) => {
              started = true
              try {
                reader.push(bytes)
                if (reader.done) settle()
              } catch (error) {
                settle(error)
              }
            }
            fail = settle
            ended = () => {
              try {
                reader.end()
                settle()
              } catch (error) {
                settle(error)
              }
            }
            let head = `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n`
            for (const name in headers) head += `${name}: ${headers[name]}\r\n`
            current.write(`${head}\r\n`)
          })
          if (!reader.keepAlive) drop()
          return use(reader.head!, reader.body())
        } catch (error) {
          drop()
          take = fail = ended = undefined
          // A connection that the other side had closed meanwhile says nothing about the target.
          if (reused && !started && attempt === 0 && !signal.aborted) continue
          throw error
        } finally {
          if (body && bodies.length < KEPT && body.bytes.length <= KEPT_BODY) bodies.push(body)
          if (inflater && !inflater.broken) {
            if (inflaters.length < KEPT) inflaters.push(inflater)
            else inflater.handle.close()
          }
        }
      }
    },
    close: drop,
  }
}
