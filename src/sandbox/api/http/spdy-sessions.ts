/**
 * What older kubectl streams over SPDY (exec, attach), and port-forward, which newer ones tunnel through a WebSocket.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/apimachinery/pkg/util/portforward/constants.go
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, WebSocketServer } from 'ws'
import type { PodStreams } from '../pod-runtime.ts'
import { StatusError } from '../status.ts'
import { type SpdyStream, serveSpdy } from './spdy.ts'
import { outcomeOf, statusOf, type Upgrade, wantsOf } from './streams.ts'

const PROGRAM = 'v4.channel.k8s.io'
const FORWARD = 'portforward.k8s.io'
const TUNNEL = `SPDY/3.1+${FORWARD}`
/** The client opens its streams at once, or not at all. */
const OPEN_MS = 30_000

const tunnels = new WebSocketServer({ noServer: true, maxPayload: 1 << 20, perMessageDeflate: false, handleProtocols: () => TUNNEL })

const offered = (incoming: IncomingMessage, header: string): string[] => (incoming.headersDistinct[header] ?? []).flatMap((one) => one.split(/\s*,\s*/))
const upgradesTo = (incoming: IncomingMessage, protocol: string) => String(incoming.headers.upgrade).toLowerCase() === protocol

export const speaksSpdy = (incoming: IncomingMessage, protocol: 'program' | 'forward'): boolean =>
  upgradesTo(incoming, 'spdy/3.1') && offered(incoming, 'x-stream-protocol-version').includes(protocol === 'program' ? PROGRAM : FORWARD)
export const tunnelsSpdy = (incoming: IncomingMessage): boolean =>
  upgradesTo(incoming, 'websocket') && offered(incoming, 'sec-websocket-protocol').includes(TUNNEL)

function accept({ socket, head }: Upgrade, protocol: string): Duplex {
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: ${protocol}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
  return socket
}

/** A program: streams `error`, and of `stdin`, `stdout`, `stderr`, `resize` those that the query names. */
export function serveSpdyProgram(upgrade: Upgrade, query: URLSearchParams, run: (streams: PodStreams) => Promise<number>): void {
  const transport = accept(upgrade, PROGRAM)
  const wants = wantsOf(query)
  const gone = new AbortController()
  transport.once('close', () => gone.abort())
  const awaited = new Set(['error', ...['stdin', 'stdout'].filter(wants), ...(wants('tty') ? ['resize'] : ['stderr'].filter(wants))])
  const streams: Record<string, SpdyStream> = {}
  const late = setTimeout(() => transport.destroy(), OPEN_MS)
  const start = async () => {
    clearTimeout(late)
    streams.resize?.resume()
    const write = (name: string) => (bytes: Uint8Array | string) => {
      if (streams[name]?.writable && bytes.length > 0) streams[name].write(bytes)
    }
    const stdin: AsyncIterable<Uint8Array> = streams.stdin ?? (async function* (): AsyncGenerator<Uint8Array> {})()
    const result = await outcomeOf(run({ stdin, tty: wants('tty'), out: write('stdout'), err: write('stderr'), signal: gone.signal }))
    streams.error!.end(JSON.stringify(statusOf(result)))
    const ending = ['stdout', 'stderr', 'error'].flatMap((name) => (streams[name] ? [streams[name]] : []))
    await Promise.all(ending.map((stream) => new Promise<void>((resolve) => stream.end(resolve).once('close', resolve))))
    transport.end()
  }
  serveSpdy(transport, (stream) => {
    const name = stream.headers.streamtype ?? ''
    if (!awaited.delete(name)) return void stream.destroy(new Error('not asked for'))
    streams[name] = stream
    stream.on('error', () => {})
    if (awaited.size === 0) void start()
  })
}

/** Ports of a pod: a pair of streams for each connection, `data` and `error`, with the number of the port and of the request. */
export function servePortForward(incoming: IncomingMessage, upgrade: Upgrade, connect: (port: number) => Promise<Duplex>): void {
  const serve = (transport: Duplex) => {
    const pairs = new Map<string, Partial<Record<'data' | 'error', SpdyStream>>>()
    serveSpdy(transport, (stream) => {
      const { streamtype, port = '', requestid = port } = stream.headers
      stream.on('error', () => {})
      if (streamtype !== 'data' && streamtype !== 'error') return void stream.destroy(new Error('no such stream'))
      const pair = { ...pairs.get(requestid), [streamtype]: stream }
      if (pair.data === undefined || pair.error === undefined) return void pairs.set(requestid, pair)
      pairs.delete(requestid)
      void forward(pair.data, pair.error, Number(port), connect)
    })
  }
  if (tunnelsSpdy(incoming)) tunnels.handleUpgrade(incoming, upgrade.socket, upgrade.head, (opened) => serve(createWebSocketStream(opened)))
  else serve(accept(upgrade, FORWARD))
}

async function forward(data: SpdyStream, error: SpdyStream, port: number, connect: (port: number) => Promise<Duplex>): Promise<void> {
  try {
    const socket = await connect(port)
    data.pipe(socket).pipe(data)
    socket.on('error', () => data.destroy())
    data.once('close', () => socket.destroy())
    await new Promise((resolve) => socket.once('close', resolve))
    error.end()
  } catch (thrown) {
    error.end(`error forwarding port ${port} to pod: ${thrown instanceof StatusError ? thrown.message : (thrown as Error).message}`)
    data.end()
  }
}
