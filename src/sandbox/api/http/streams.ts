/**
 * exec and attach over WebSocket, protocols v4 and v5: a byte says which stream a message belongs to.
 * https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/apimachinery/pkg/util/remotecommand/constants.go
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { PodStreams } from '../pod-runtime.ts'
import { StatusError } from '../status.ts'

const [STDIN, STDOUT, STDERR, ERROR, CLOSE] = [0, 1, 2, 3, 255]
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']
const MAX_MESSAGE = 1024 * 1024
const PING_MS = 20_000

const server = new WebSocketServer({
  noServer: true,
  maxPayload: MAX_MESSAGE,
  perMessageDeflate: false,
  handleProtocols: (offered) => PROTOCOLS.find((one) => offered.has(one)) ?? false,
})

export interface Upgrade {
  socket: Duplex
  head: Buffer
}

/** Which streams a query asks for. */
export const wantsOf =
  (query: URLSearchParams) =>
  (name: string): boolean =>
    query.get(name) === 'true' || query.get(name) === '1'

/** The exit code, or what kept the program from running. */
export const outcomeOf = (running: Promise<number>): Promise<number | StatusError> =>
  running.catch((error: unknown) => (error instanceof StatusError ? error : new StatusError(500, 'InternalError', (error as Error).message)))

/** How a program ended, as clients read it. */
export function statusOf(result: number | StatusError): object {
  if (result === 0) return { metadata: {}, status: 'Success' }
  if (result instanceof StatusError) return result.body()
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${result}`,
    details: { causes: [{ reason: 'ExitCode', message: String(result) }] },
  }
}

export const speaksWebSocket = (incoming: IncomingMessage): boolean =>
  String(incoming.headers.upgrade).toLowerCase() === 'websocket' &&
  String(incoming.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .some((one) => PROTOCOLS.includes(one.trim()))

/** Opens the streams and runs `run` with them; what it throws is told to the client as its Status. */
export function serveWebSocket(
  incoming: IncomingMessage,
  { socket, head }: Upgrade,
  query: URLSearchParams,
  run: (streams: PodStreams) => Promise<number>,
): void {
  server.handleUpgrade(incoming, socket, head, (opened) => {
    const streams = streamsOf(opened, query)
    const pinging = setInterval(() => opened.ping(), PING_MS)
    opened.once('close', () => clearInterval(pinging))
    void outcomeOf(run(streams)).then((result) => {
      if (opened.readyState !== opened.OPEN) return
      opened.send(Buffer.concat([Buffer.from([ERROR]), Buffer.from(JSON.stringify(statusOf(result)))]))
      opened.close(1000)
    })
  })
}

function streamsOf(opened: WebSocket, query: URLSearchParams): PodStreams {
  const gone = new AbortController()
  const wants = wantsOf(query)
  const tty = wants('tty')
  const input: Uint8Array[] = []
  let ended = !wants('stdin')
  let wake: (() => void) | undefined
  const end = () => {
    ended = true
    wake?.()
  }
  opened.on('message', (data) => {
    const bytes = data as Buffer
    if (bytes[0] === STDIN && bytes.length > 1 && !ended) input.push(bytes.subarray(1))
    else if (bytes[0] === CLOSE && bytes[1] === STDIN) ended = true
    wake?.()
  })
  opened.on('error', () => opened.terminate())
  opened.once('close', () => {
    gone.abort()
    end()
  })
  const send = (channel: number, bytes: Uint8Array | string) => {
    if (opened.readyState === opened.OPEN && bytes.length > 0) opened.send(Buffer.concat([Buffer.from([channel]), Buffer.from(bytes as string)]))
  }
  return {
    stdin: (async function* () {
      for (;;) {
        const next = input.shift()
        if (next !== undefined) yield next
        else if (ended) return
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    })(),
    tty,
    out: (bytes) => wants('stdout') && send(STDOUT, bytes),
    err: (bytes) => wants('stderr') && send(STDERR, bytes),
    signal: gone.signal,
  }
}
