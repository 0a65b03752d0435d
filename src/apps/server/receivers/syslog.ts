/**
 * Syslog over UDP and TCP: RFC 3164 and RFC 5424 messages, TCP framed by octet counting or by line breaks (RFC 6587). Made for
 * `access_log syslog:server=…` of nginx: the header goes, the message stays.
 */
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { Deliver } from './deliver.ts'

export interface SyslogListener {
  protocol: 'udp' | 'tcp'
  address: string
  port: number
  /** Syslog has no token: the listener says whose lines these are. */
  cluster: string
  source: string
  format?: string
}

export interface SyslogDeps {
  deliver: Deliver
  clock: Clock
  log: Logger
  counts: SyslogCounts
}

export type SyslogCounts = ReturnType<typeof syslogCounts>

export function syslogCounts(metrics: Registry) {
  return new Counter({
    name: 'sallyport_syslog_messages_total',
    help: 'Syslog messages by what became of them. dropped_kernel: the socket buffer was full; dropped_full: the ingest queue was full.',
    labelNames: ['protocol', 'outcome'],
    registers: [metrics],
  })
}

/** A batch goes out when it is this big or this old. */
const BATCH_BYTES = 1 << 20
const BATCH_MS = 250
/** Batches that wait for the sink, of one listener; beyond it UDP is dropped and counted and TCP is not read. */
const MAX_WAITING = 8
/** A message; longer ones are cut (RFC 5424 asks for 2 KiB at least; a UDP datagram holds 64 KiB). */
const MAX_MESSAGE = 64 << 10
const RETRY_MS = 500
const KERNEL_MS = 10_000
/** The kernel gives less when net.core.rmem_max is smaller. */
const UDP_BUFFER = 8 << 20
const MAX_CONNECTIONS = 512

const LF = 10
const SPACE = 32

export interface RunningSyslog {
  port: number
  stop(): Promise<void>
}

/** Listens; rejects with PORT_IN_USE or CANNOT_LISTEN. */
export async function startSyslog(listener: SyslogListener, deps: SyslogDeps): Promise<RunningSyslog> {
  const batcher = createBatcher(listener, deps)
  const socket = listener.protocol === 'udp' ? await listenUdp(listener, deps, batcher) : await listenTcp(listener, deps, batcher)
  return {
    port: socket.port,
    async stop() {
      await socket.close()
      await batcher.close()
    },
  }
}

interface Batcher {
  /** Takes the message in [from, to); false: there is no room for it now. */
  add(bytes: Buffer, from: number, to: number): boolean
  /** Resolves when there is room again. */
  room(): Promise<void>
  close(): Promise<void>
}

/** Gathers messages into batches with ids of their own and hands them on in order. */
function createBatcher(listener: SyslogListener, { deliver, clock, log, counts }: SyslogDeps): Batcher {
  const { protocol, cluster, source, format } = listener
  let bytes = Buffer.allocUnsafe(64 << 10)
  let length = 0
  let messages = 0
  let waiting = 0
  let queue = Promise.resolve()
  let closed = false
  const stop = new AbortController()

  function flush(): void {
    if (length === 0) return
    const batch = {
      id: uuidv7(clock.now(), randomBytes(10)),
      cluster,
      source,
      format,
      labels: { transport: 'syslog' },
      bytes: bytes.subarray(0, length),
      receivedAt: clock.now(),
    }
    const count = messages
    bytes = Buffer.allocUnsafe(Math.min(BATCH_BYTES, Math.max(64 << 10, length * 2)))
    length = 0
    messages = 0
    waiting++
    queue = queue.then(async () => {
      try {
        // The sender cannot be asked to wait, so we do, as long as there is room behind this batch.
        for (;;) {
          try {
            await deliver('syslog', batch)
            counts.inc({ protocol, outcome: 'delivered' }, count)
            return
          } catch (error) {
            const passing = error instanceof CodedError && (error.code === 'QUEUE_FULL' || error.code === 'DISK_FULL' || error.code === 'ENGINE_UNAVAILABLE')
            if (!passing || closed) {
              counts.inc({ protocol, outcome: 'refused' }, count)
              log.error({ err: error, source, messages: count }, 'syslog messages were refused')
              return
            }
            await clock.sleep(RETRY_MS, stop.signal).catch(() => {})
          }
        }
      } finally {
        waiting--
      }
    })
  }

  const ticking = (async () => {
    while (!closed) {
      await clock.sleep(BATCH_MS, stop.signal).catch(() => {})
      flush()
    }
  })()

  return {
    add(message, from, to) {
      if (waiting >= MAX_WAITING) return false
      const size = to - from + 1
      if (length + size > BATCH_BYTES) {
        flush()
        if (waiting >= MAX_WAITING) return false
      }
      if (length + size > bytes.length) {
        const grown = Buffer.allocUnsafe(Math.min(BATCH_BYTES, Math.max(bytes.length * 2, length + size)))
        bytes.copy(grown, 0, 0, length)
        bytes = grown
      }
      const start = length
      length += message.copy(bytes, length, from, to)
      // A message is one line, whatever is in it.
      for (let at = bytes.subarray(start, length).indexOf(LF); at !== -1; at = bytes.subarray(start, length).indexOf(LF)) bytes[start + at] = SPACE
      bytes[length++] = LF
      messages++
      return true
    },
    room: () => queue,
    async close() {
      flush()
      closed = true
      stop.abort()
      await ticking
      await queue
    },
  }
}

/** Where the message begins, behind the header of RFC 5424 or RFC 3164; the whole when there is no header. Trailing line breaks and NULs are left off by the caller. */
export function messageStart(bytes: Buffer, from: number, to: number): number {
  let at = from
  if (bytes[at] !== 0x3c) return from
  const close = bytes.subarray(from, Math.min(to, from + 5)).indexOf(0x3e)
  if (close < 2) return from
  at = from + close + 1
  if (bytes[at] === 0x31 && bytes[at + 1] === SPACE) return start5424(bytes, at + 2, to)
  return start3164(bytes, at, to)
}

/** `TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP [BOM] MSG]` */
function start5424(bytes: Buffer, from: number, to: number): number {
  let at = from
  for (let fields = 0; fields < 5; fields++) {
    while (at < to && bytes[at] !== SPACE) at++
    at++
  }
  if (bytes[at] === 0x5b) {
    let quoted = false
    for (; at < to; at++) {
      const byte = bytes[at]
      if (quoted && byte === 0x5c) at++
      else if (byte === 0x22) quoted = !quoted
      else if (!quoted && byte === 0x5d && bytes[at + 1] !== 0x5b) break
    }
    at++
  } else while (at < to && bytes[at] !== SPACE) at++
  at++
  if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf) at += 3
  return Math.min(at, to)
}

/** `Mmm dd hh:mm:ss [HOSTNAME SP] TAG[pid]: MSG`; nginx can leave the host name out (`nohostname`). */
function start3164(bytes: Buffer, from: number, to: number): number {
  // "Nov 23 19:10:16 "
  const dated = bytes[from + 3] === SPACE && bytes[from + 6] === SPACE && bytes[from + 9] === 0x3a && bytes[from + 12] === 0x3a && bytes[from + 15] === SPACE
  if (!dated || to - from < 16) return from
  let at = from + 16
  // The tag ends with the first colon before a space, in the first or second word.
  for (let words = 0; words < 2; words++) {
    const wordEnd = bytes.indexOf(SPACE, at)
    if (wordEnd === -1 || wordEnd >= to) break
    if (bytes[wordEnd - 1] === 0x3a) return wordEnd + 1
    at = wordEnd + 1
  }
  return from + 16
}

function trimmed(bytes: Buffer, from: number, to: number): number {
  let end = Math.min(to, from + MAX_MESSAGE)
  while (end > from && (bytes[end - 1] === LF || bytes[end - 1] === 13 || bytes[end - 1] === 0)) end--
  return end
}

async function listenUdp(listener: SyslogListener, { clock, counts }: SyslogDeps, batcher: Batcher) {
  const socket = createSocket({ type: listener.address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: UDP_BUFFER })
  await bound(listener, socket, (done) => socket.bind(listener.port, listener.address, done))
  socket.on('message', (bytes) => {
    const end = trimmed(bytes, 0, bytes.length)
    const outcome = end > 0 && !batcher.add(bytes, messageStart(bytes, 0, end), end) ? 'dropped_full' : 'received'
    counts.inc({ protocol: 'udp', outcome })
  })
  const { port } = socket.address()
  const stop = new AbortController()
  let dropped = kernelDrops(socket) ?? 0
  const look = () => {
    const now = kernelDrops(socket)
    if (now !== undefined && now > dropped) {
      counts.inc({ protocol: 'udp', outcome: 'dropped_kernel' }, now - dropped)
      dropped = now
    }
  }
  const watching = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(KERNEL_MS, stop.signal).catch(() => {})
      look()
    }
  })()
  return {
    port,
    async close() {
      stop.abort()
      await watching
      await new Promise<void>((resolve) => socket.close(resolve))
    },
  }
}

/** Datagrams that the kernel dropped because the socket's buffer was full (proc_net_udp(5), last column); undefined where it does not tell. */
function kernelDrops(socket: UdpSocket): number | undefined {
  const { port, family } = socket.address()
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  try {
    const rows = readFileSync(family === 'IPv6' ? '/proc/net/udp6' : '/proc/net/udp', 'utf8').split('\n')
    const row = rows.map((text) => text.trim().split(/\s+/)).find((columns) => columns[1]?.endsWith(`:${hex}`))
    return row && Number(row.at(-1))
  } catch {
    return undefined
  }
}

async function listenTcp(listener: SyslogListener, { counts, log }: SyslogDeps, batcher: Batcher) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', (error) => log.debug({ err: error }, 'syslog connection'))
    readFrames(socket, batcher, () => counts.inc({ protocol: 'tcp', outcome: 'received' })).catch((error) => log.debug({ err: error }, 'syslog connection'))
  })
  server.maxConnections = MAX_CONNECTIONS
  await bound(listener, server, (done) => server.listen(listener.port, listener.address, done))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Messages of one connection: `<length> <message>` or lines; which of the two is seen at the beginning of each message. */
async function readFrames(socket: Socket, batcher: Batcher, received: () => void): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  /** Bytes of an overlong line or frame that are still to be passed over: a count, or until the next line break. */
  let skip: number | 'line' = 0
  const take = async (bytes: Buffer, from: number, to: number) => {
    const end = trimmed(bytes, from, to)
    if (end <= from) return
    const start = messageStart(bytes, from, end)
    while (!batcher.add(bytes, start, end)) await batcher.room()
    received()
  }
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    for (;;) {
      if (skip === 'line') {
        const end = bytes.indexOf(LF, at)
        at = end === -1 ? bytes.length : end + 1
        if (end !== -1) skip = 0
      } else if (skip > 0) {
        const passed = Math.min(skip, bytes.length - at)
        skip -= passed
        at += passed
      }
      if (at >= bytes.length) break
      const counted = /^([1-9]\d{0,6}) </.exec(bytes.toString('latin1', at, Math.min(at + 10, bytes.length)))
      if (counted) {
        const from = at + counted[1]!.length + 1
        const size = Number(counted[1])
        const to = from + Math.min(size, MAX_MESSAGE)
        if (to > bytes.length) break
        await take(bytes, from, to)
        skip = size - (to - from)
        at = to
      } else {
        const end = bytes.indexOf(LF, at)
        if (end === -1 && bytes.length - at < MAX_MESSAGE) break
        await take(bytes, at, end === -1 ? bytes.length : end)
        skip = end === -1 ? 'line' : 0
        at = end === -1 ? bytes.length : end + 1
      }
    }
    rest = Buffer.from(bytes.subarray(at))
  }
  await take(rest, 0, rest.length)
}

async function bound(
  { port, address }: SyslogListener,
  socket: { once(event: 'error', listener: (error: Error) => void): unknown; off(event: 'error', listener: (error: Error) => void): unknown },
  bind: (done: () => void) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CodedError('PORT_IN_USE', { port, host: address }, { cause: error })
          : new CodedError('CANNOT_LISTEN', { port, host: address, reason: error.code ?? error.message }, { cause: error }),
      )
    socket.once('error', failed)
    bind(() => {
      socket.off('error', failed)
      resolve()
    })
  })
}
