import { promises as dns } from 'node:dns'
import { closeSync, constants, openSync, read, readdir, readdirSync, readlink, readlinkSync, readSync, statfs } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { ClientHttp2Stream } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { promisify } from 'node:util'
import type { Address, Host, HttpQuestion, KernelLog, KernelRecord, Reading } from '#core/shapes/ports/host.ts'
import { followLog } from './follow.ts'
import { run } from './run.ts'

const FILE_BYTES = 1 << 20
const BODY_BYTES = 64 << 10
const GRPC_BYTES = 8 << 20
const RECORD_BYTES = 8192

const listFolder = promisify(readdir)
const readLink = promisify(readlink)
const fileSystem = promisify(statfs)
const readSome = promisify(read)

const FORBIDDEN = new Set(['EACCES', 'EPERM'])
const ABSENT = new Set(['ENOENT', 'ESRCH', 'ENOTDIR', 'ENODEV', 'ENXIO'])

/** What a failed call says of the thing that was asked for. */
export function unread(error: unknown): Extract<Reading<never>, { ok: false }> {
  const { code = '', message } = error as NodeJS.ErrnoException
  return { ok: false, why: FORBIDDEN.has(code) ? 'forbidden' : ABSENT.has(code) ? 'absent' : 'failed', reason: message || code }
}

async function reading<T>(work: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return unread(error)
  }
}

/** The machine that this process runs on. `root`: where its file system is mounted, when that is not `/`; /proc, /sys and /dev are those of this process. */
export function createMachine(root = ''): Host {
  const at = (path: string) => (root === '' || /^\/(?:proc|sys|dev)(?:\/|$)/.test(path) ? path : `${root}${path}`)
  return {
    read: (path, maxBytes = FILE_BYTES) => reading(() => readText(at(path), maxBytes)),
    // /proc answers at once, and the way through the thread pool costs more than the answer
    list: (path) => reading(async () => (path.startsWith('/proc') ? readdirSync(path) : listFolder(at(path)))),
    link: (path) => reading(async () => (path.startsWith('/proc/') ? readlinkSync(path) : readLink(at(path)))),
    space: (path) =>
      reading(async () => {
        const { bsize, blocks, bavail, files, ffree } = await fileSystem(at(path))
        return { bytes: bsize * blocks, freeBytes: bsize * bavail, inodes: files, freeInodes: ffree }
      }),
    run: (command, args, limits) => run(command, args, limits),
    connect: (to, timeoutMs) =>
      reading(
        () =>
          new Promise<number>((resolve, reject) => {
            const begun = performance.now()
            const socket = connectSocket(netAddress(to, at))
            const timer = setTimeout(() => socket.destroy(late(timeoutMs)), timeoutMs)
            socket.on('connect', () => {
              resolve(performance.now() - begun)
              socket.destroy()
            })
            socket.on('error', reject)
            socket.on('close', () => clearTimeout(timer))
          }),
      ),
    http: (to, question) => reading(() => ask('socketPath' in to ? { ...to, socketPath: at(to.socketPath) } : to, question)),
    grpc: (to, method, message, timeoutMs) => reading(() => call('socketPath' in to ? { socketPath: at(to.socketPath) } : to, method, message, timeoutMs)),
    datagram: (to, message, timeoutMs) => reading(() => exchange(to, message, timeoutMs)),
    lookup: (name, timeoutMs) =>
      reading(async () => {
        const timer = new AbortController()
        const slow = sleep(timeoutMs, timer.signal).then(() => Promise.reject(late(timeoutMs)))
        try {
          return await Promise.race([dns.lookup(name, { all: true }).then((all) => all.map(({ address }) => address)), slow])
        } finally {
          timer.abort()
        }
      }),
    kernelLog: openKernelLog,
    follow: (source, from) => followLog(source, at, from),
    now: () => Date.now(),
    monotonic: () => performance.now(),
  }
}

const late = (ms: number) => new Error(`no answer within ${ms / 1000} s`)
const sleep = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
const netAddress = (to: Address, at: (path: string) => string) => ('socketPath' in to ? { path: at(to.socketPath) } : { host: to.host, port: to.port })

/** Files of /proc have no size, so it is read until its end. */
async function readText(path: string, maxBytes: number): Promise<string> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const parts: string[] = []
    const buffer = Buffer.allocUnsafe(Math.min(maxBytes, 16_384))
    for (let total = 0; total < maxBytes; ) {
      const { bytesRead } = path.startsWith('/proc/')
        ? { bytesRead: readSync(fd, buffer, 0, Math.min(buffer.length, maxBytes - total), null) }
        : await readSome(fd, buffer, 0, Math.min(buffer.length, maxBytes - total), null)
      if (bytesRead === 0) break
      parts.push(buffer.toString('latin1', 0, bytesRead))
      total += bytesRead
    }
    return parts.join('')
  } finally {
    closeSync(fd)
  }
}

function ask(to: Address & { tls?: boolean }, { method = 'GET', path, headers, timeoutMs }: HttpQuestion): Promise<{ status: number; body: string }> {
  const { request } = process.getBuiltinModule(to.tls ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const place = 'socketPath' in to ? { socketPath: to.socketPath, host: 'localhost' } : { host: to.host, port: to.port }
    const asked = request({ ...place, method, path, headers, agent: false, rejectUnauthorized: false }, (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      let length = 0
      const done = () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString('utf8', 0, BODY_BYTES) })
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
        if (length >= BODY_BYTES) {
          done()
          asked.destroy()
        }
      })
      response.on('end', done)
      response.on('error', reject)
    })
    const timer = setTimeout(() => asked.destroy(late(timeoutMs)), timeoutMs)
    asked.on('error', reject)
    asked.on('close', () => clearTimeout(timer))
    asked.end()
  })
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
function call(to: Address, method: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
  const http2 = process.getBuiltinModule('node:http2')
  return new Promise((resolve, reject) => {
    const session = http2.connect('http://localhost', { createConnection: () => connectSocket(netAddress(to, (path) => path)) })
    const end = (error?: unknown, answer?: Uint8Array) => {
      clearTimeout(timer)
      session.destroy()
      if (answer) resolve(answer)
      else reject(error)
    }
    const timer = setTimeout(() => end(late(timeoutMs)), timeoutMs)
    session.on('error', end)
    const stream: ClientHttp2Stream = session.request({
      ':method': 'POST',
      ':path': method,
      ':authority': 'localhost',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    let length = 0
    let status = ''
    let said = ''
    const note = (headers: Record<string, unknown>) => {
      status = String(headers['grpc-status'] ?? status)
      said = decodeURIComponent(String(headers['grpc-message'] ?? said))
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length > GRPC_BYTES) end(new Error(`the answer is longer than ${GRPC_BYTES} bytes`))
    })
    stream.on('error', end)
    stream.on('end', () => {
      if (status !== '0') return end(new Error(said === '' ? `gRPC status ${status || 'missing'}` : `${said} (gRPC status ${status})`))
      const body = Buffer.concat(chunks)
      end(undefined, body.subarray(5, 5 + (body.length >= 5 ? body.readUInt32BE(1) : 0)))
    })
    const frame = Buffer.alloc(5 + message.length)
    frame.writeUInt32BE(message.length, 1)
    frame.set(message, 5)
    stream.end(frame)
  })
}

function exchange(to: { host: string; port: number }, message: Uint8Array, timeoutMs: number) {
  const { createSocket } = process.getBuiltinModule('node:dgram')
  return new Promise<{ message: Uint8Array; sentAt: number; gotAt: number }>((resolve, reject) => {
    const socket = createSocket(to.host.includes(':') ? 'udp6' : 'udp4')
    let sentAt = 0
    const end = (work: () => void) => {
      clearTimeout(timer)
      socket.close()
      work()
    }
    const timer = setTimeout(() => end(() => reject(late(timeoutMs))), timeoutMs)
    socket.on('error', (error) => end(() => reject(error)))
    socket.on('message', (answer) => end(() => resolve({ message: answer, sentAt, gotAt: Date.now() })))
    socket.connect(to.port, to.host, () => {
      sentAt = Date.now()
      socket.send(message)
    })
  })
}

const NEWLINE = 10
const COMMA = 44
const SEMICOLON = 59

/** `microseconds,-;` is no longer than this. */
const NO_CALLER = 22

/** Where `byte` first is, from `from` on; `to` when it is not. Buffer.indexOf is dearer for some dozens of bytes. */
function until(bytes: Uint8Array, byte: number, from: number, to: number): number {
  let at = from
  while (at < to && bytes[at] !== byte) at++
  return at
}
/** The number that begins at `from`. */
function digits(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to && bytes[at]! >= 48 && bytes[at]! <= 57; at++) value = value * 10 + bytes[at]! - 48
  return value
}

function openKernelLog(): Reading<KernelLog> {
  let fd: number
  try {
    fd = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return unread(error)
  }
  const buffer = Buffer.allocUnsafeSlow(RECORD_BYTES)
  let next: number | undefined
  return {
    ok: true,
    value: {
      poll(most, skip) {
        const records: KernelRecord[] = []
        let read = 0
        let first = -1
        let last = -1
        let dropped = 0
        while (read < most) {
          let length: number
          try {
            length = readSync(fd, buffer, 0, RECORD_BYTES, null)
          } catch (error) {
            const { code } = error as NodeJS.ErrnoException
            // overwritten while we were reading; the next read gives the oldest there is, and its number says how many are gone
            if (code === 'EPIPE') continue
            if (code === 'EAGAIN') break
            throw error
          }
          if (length === 0) break
          // `level,number,microseconds,…;text`; lines after the first are details of the device, KEY=value
          const second = until(buffer, COMMA, 0, length) + 1
          const seq = digits(buffer, second, length)
          if (next !== undefined && seq > next) dropped += seq - next
          next = seq + 1
          if (read++ === 0) first = seq
          last = seq
          const third = until(buffer, COMMA, second, length) + 1
          const text = until(buffer, SEMICOLON, third, length) + 1
          if (skip?.(buffer, text, length)) continue
          const caller = text - third > NO_CALLER ? /,caller=([TC]\d+)/.exec(buffer.toString('latin1', third, text))?.[1] : undefined
          records.push({
            seq,
            uptimeMs: digits(buffer, third, text) / 1000,
            text: buffer.toString('latin1', text, until(buffer, NEWLINE, text, length)),
            ...(caller === undefined ? {} : { caller }),
          })
        }
        return { records, read, first, last, dropped }
      },
      close: () => closeSync(fd),
    },
  }
}
