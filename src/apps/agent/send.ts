import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { constants, zstdCompress } from 'node:zlib'
import type { Delivery } from '#edges/host/shipper.ts'

export interface SendOptions {
  /** The server's address, `http://` or `https://`. */
  server: URL
  /** Read for each batch, because tokens are renewed in place. */
  token(): string
  /** PEM of the authority that signed the server's certificate, when it is no public one; read again when connecting fails, because authorities are renewed. */
  ca?(): string
  timeoutMs?: number
}

export interface SentBatch {
  id: string
  source: string
  format?: string
  labels: Readonly<Record<string, string>>
  bytes: Buffer
}

const compress = promisify(zstdCompress)
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/
const MAX_ANSWER = 64 << 10

/** The server will not take these bytes, however often they come; other errors may pass (a token renewed, a source defined, a disk cleared). */
const FINAL = new Set([400, 413, 415])

/** Sends batches to `POST /api/v1/ingest/lines`; the outcome never rejects. Compressed with zstd except to the same machine, where it only costs. */
export function createSender(options: SendOptions): (batch: SentBatch, signal: AbortSignal) => Promise<Delivery> {
  const url = new URL('api/v1/ingest/lines', options.server.href.endsWith('/') ? options.server : `${options.server.href}/`)
  const secure = url.protocol === 'https:'
  // Not imported: an import reads every export of node:http, and some of them load undici, which is 13 MB.
  const { Agent, request: open } = process.getBuiltinModule(secure ? 'node:https' : 'node:http')
  let ca = options.ca?.()
  const connect = () => new Agent(secure ? { keepAlive: true, ca } : { keepAlive: true })
  let agent = connect()
  const plain = LOOPBACK.test(url.hostname)
  const timeout = options.timeoutMs ?? 30_000

  function post(headers: OutgoingHttpHeaders, body: Buffer, signal: AbortSignal): Promise<{ status: number; retryAfter?: string; text: string }> {
    return new Promise((resolve, reject) => {
      const request = open(url, { method: 'POST', agent, headers, timeout, signal })
      let answer: { status: number; retryAfter?: string; text: string } | undefined
      let failure: Error | undefined
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout / 1000} s`)))
      request.on('error', (error) => {
        failure = error
      })
      request.on('response', (response: IncomingMessage) => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length <= MAX_ANSWER) chunks.push(chunk)
        })
        response.on('end', () => {
          answer = { status: response.statusCode!, retryAfter: response.headers['retry-after'], text: Buffer.concat(chunks).toString() }
          // An answer before the end of the body: the rest need not go out, and the bytes must not be read after this call.
          if (!request.writableFinished) request.destroy()
        })
        response.on('error', (error) => {
          failure = error
        })
      })
      request.on('close', () => (answer ? resolve(answer) : reject(failure ?? new Error('the connection was closed'))))
      request.end(body)
    })
  }

  function trustAnew(): void {
    try {
      const now = options.ca?.()
      if (now === ca) return
      ca = now
      agent.destroy()
      agent = connect()
    } catch {
      // The file is being replaced: the next failure looks again.
    }
  }

  return async ({ id, source, format, labels, bytes }, signal) => {
    try {
      const body = plain ? bytes : await compress(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
      const answer = await post(
        {
          authorization: `Bearer ${options.token()}`,
          'content-type': 'application/octet-stream',
          'content-length': body.length,
          ...(plain ? {} : { 'content-encoding': 'zstd' }),
          'sallyport-batch': id,
          'sallyport-source': encodeURIComponent(source),
          ...(format === undefined ? {} : { 'sallyport-format': format }),
          'sallyport-labels': Object.entries(labels)
            .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
            .join(','),
        },
        body,
        signal,
      )
      if (answer.status >= 200 && answer.status < 300) return { outcome: 'taken' }
      const reason = `${answer.status} ${codeIn(answer.text)}`.trim()
      if (FINAL.has(answer.status)) return { outcome: 'refused', reason }
      const seconds = Number(answer.retryAfter)
      return { outcome: 'later', reason, ...(seconds > 0 ? { afterMs: Math.min(seconds, 300) * 1000 } : {}) }
    } catch (error) {
      trustAnew()
      return { outcome: 'later', reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message }
    }
  }
}

/** The code of the server's error, for the log. */
function codeIn(text: string): string {
  try {
    const answer = JSON.parse(text) as { code?: unknown; error?: { code?: unknown } }
    return String(answer.code ?? answer.error?.code ?? '')
  } catch {
    return ''
  }
}
