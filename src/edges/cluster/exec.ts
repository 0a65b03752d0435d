/** Programs in containers over WebSocket. https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go names the protocols. */
import type { IncomingMessage } from 'node:http'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { type ClientOptions, WebSocket } from 'ws'
import { CodedError } from '#core/kernel/errors.ts'
import type { ExecSession } from '#core/shapes/ports/cluster.ts'
import { connectionFailure, failureOf } from './failures.ts'
import type { Call, Transport } from './transport.ts'

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255
/** From 1.30; only it can tell a program that its input has ended. */
const V5 = 'v5.channel.k8s.io'
const V4 = 'v4.channel.k8s.io'
/** What is written and not read may take this much memory; then the program has to wait. */
const MOST_UNREAD = 1024 * 1024
const OPEN_MS = 30_000

type Output = { stream: 'stdout' | 'stderr'; bytes: Uint8Array }

export async function openExec(transport: Transport, call: Call): Promise<ExecSession> {
  const { cluster } = call.purpose
  const { url, tls, headers } = await transport.upgrade(call)
  const options: ClientOptions & TlsOptions = {
    // Node's HTTP client, which this is handed to, repeats a header for each value.
    headers: headers as Record<string, string>,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    servername: tls.serverName,
    rejectUnauthorized: !tls.insecure,
    handshakeTimeout: OPEN_MS,
    maxPayload: 16 * 1024 * 1024,
    perMessageDeflate: false,
  }
  const socket = new WebSocket(url, [V5, V4], options)
  const done = Promise.withResolvers<number>()
  done.promise.catch(() => {})
  const queue: Output[] = []
  let unread = 0
  let wake: (() => void) | undefined
  let ended = false
  const close = () => socket.close()

  const settle = (text: string) => {
    let status: { status?: string; reason?: string; message?: string; details?: { causes?: { reason?: string; message?: string }[] } } = {}
    try {
      status = JSON.parse(text) as typeof status
    } catch {}
    const code = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message
    if (status.status === 'Success') done.resolve(0)
    else if (status.reason === 'NonZeroExitCode' && code !== undefined) done.resolve(Number(code))
    else done.reject(new CodedError('CLUSTER_FAILED', { cluster, status: 500, reason: (status.message ?? text).slice(0, 600) }))
  }
  socket.on('message', (data) => {
    const frame = data as Buffer
    const bytes = frame.subarray(1)
    if (frame[0] === ERROR) settle(bytes.toString())
    else if (bytes.length > 0 && (frame[0] === STDOUT || frame[0] === STDERR)) {
      queue.push({ stream: frame[0] === STDOUT ? 'stdout' : 'stderr', bytes })
      unread += bytes.length
      if (unread > MOST_UNREAD) socket.pause()
      wake?.()
    }
  })
  socket.on('close', () => {
    const cut = new CodedError('CLUSTER_UNREACHABLE', { cluster, server: transport.server, reason: 'the session was cut off' })
    done.reject(transport.closed.aborted ? transport.closed.reason : cut)
    ended = true
    wake?.()
  })
  const stop = AbortSignal.any([transport.closed, ...(call.signal ? [call.signal] : [])])
  stop.addEventListener('abort', close)
  socket.once('close', () => stop.removeEventListener('abort', close))

  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.on('error', (error) => reject(connectionFailure(error, call.purpose, transport.server, OPEN_MS)))
    socket.once('unexpected-response', (request, response: IncomingMessage) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        if (body.length < 65_536) body += chunk.toString()
      })
      response.on('end', () => {
        request.destroy()
        const { statusCode = 500 } = response
        reject(statusCode === 401 ? new CodedError('CLUSTER_UNAUTHORIZED', { cluster, who: 'this user' }) : failureOf(statusCode, body, call.purpose))
      })
    })
  })

  const send = (channel: number, bytes: Uint8Array) => {
    if (socket.readyState !== WebSocket.OPEN) return
    const frame = new Uint8Array(bytes.length + 1)
    frame[0] = channel
    frame.set(bytes, 1)
    socket.send(frame)
  }
  return {
    output: (async function* () {
      for (;;) {
        const next = queue.shift()
        if (next) {
          unread -= next.bytes.length
          if (unread <= MOST_UNREAD) socket.resume()
          yield next
        } else if (ended) return
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    })(),
    write: (bytes) => send(STDIN, bytes),
    end() {
      if (socket.protocol === V5) send(CLOSE, Uint8Array.of(STDIN))
    },
    resize: (columns, rows) => send(RESIZE, new TextEncoder().encode(JSON.stringify({ Width: columns, Height: rows }))),
    done: done.promise,
    close,
  }
}
