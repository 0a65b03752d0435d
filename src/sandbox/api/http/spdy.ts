/**
 * The part of SPDY/3.1 that kubectl streams over: streams that the client opens, with headers, data both ways, and pings.
 * https://www.chromium.org/spdy/spdy-protocol/spdy-protocol-draft3-1/ Neither side of Kubernetes uses its flow control.
 */
import { Duplex } from 'node:stream'
import { constants, createDeflate, createInflate } from 'node:zlib'

export interface SpdyStream extends Duplex {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>
}

const [SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY] = [1, 2, 3, 6, 7]
const FIN = 1
const MOST_FRAME = 1 << 20
const MOST_STREAMS = 512
const MOST_HEADERS = 64 << 10
/** What a stream may hold unread before its connection waits. */
const MOST_UNREAD = 1 << 20

/** Section 2.6.10.1: words that header blocks begin with, each behind its length. */
const WORDS =
  'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning www-authenticate method get status'.split(
    ' ',
  )
const MORE = ['200 OK', 'version', 'HTTP/1.1', 'url', 'public', 'set-cookie', 'keep-alive', 'origin']
const TAIL =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,public' +
  'privatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const DICTIONARY = Buffer.concat([...[...WORDS, ...MORE].flatMap((word) => [number(word.length), Buffer.from(word)]), Buffer.from(TAIL)])

/** Serves one connection until either side ends it. A connection that breaks the protocol is closed. */
export function serveSpdy(transport: Duplex, onStream: (stream: SpdyStream) => void): void {
  const inflate = createInflate({ dictionary: DICTIONARY })
  const deflate = createDeflate({ dictionary: DICTIONARY })
  const streams = new Map<number, SpdyStream & { unread(): number }>()
  let inflated: Buffer[] = []
  inflate.on('data', (bytes: Buffer) => inflated.push(bytes))
  for (const one of [inflate, deflate, transport]) one.on('error', () => transport.destroy())

  const control = (type: number, body: Buffer) => {
    const head = Buffer.alloc(8)
    head.writeUInt16BE(0x8003, 0)
    head.writeUInt16BE(type, 2)
    head.writeUInt32BE(body.length, 4)
    if (transport.writable) transport.write(Buffer.concat([head, body]))
  }
  const data = (id: number, bytes: Buffer, flags: number, done: (error?: Error) => void) => {
    if (!transport.writable) return done(new Error('the connection is closed'))
    const head = Buffer.alloc(8)
    head.writeUInt32BE(id, 0)
    head.writeUInt32BE((flags << 24) | bytes.length, 4)
    if (transport.write(Buffer.concat([head, bytes]))) done()
    else transport.once('drain', () => done())
  }
  /** A block without headers, in the one compressed text that all answers are. */
  const noHeaders = async (): Promise<Buffer> => {
    await new Promise<void>((resolve, reject) => deflate.write(number(0), (error) => (error ? reject(error) : resolve())))
    await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve))
    return (deflate.read() as Buffer | null) ?? Buffer.alloc(0)
  }
  const headersIn = async (block: Buffer): Promise<Record<string, string>> => {
    inflated = []
    await new Promise<void>((resolve, reject) => inflate.write(block, (error) => (error ? reject(error) : resolve())))
    const bytes = Buffer.concat(inflated)
    if (bytes.length > MOST_HEADERS) throw new Error('too many headers')
    let at = 4
    const text = () => {
      const length = bytes.readUInt32BE(at)
      at += 4 + length
      return bytes.toString('utf8', at - length, at)
    }
    return Object.fromEntries(Array.from({ length: Math.min(bytes.readUInt32BE(0), 100) }, () => [text().toLowerCase(), text()]))
  }

  const open = async (flags: number, body: Buffer) => {
    const id = body.readUInt32BE(0) & 0x7fffffff
    const headers = await headersIn(body.subarray(10))
    if (streams.has(id) || streams.size >= MOST_STREAMS) throw new Error('this stream cannot be opened')
    const duplex = new Duplex({
      readableHighWaterMark: MOST_UNREAD,
      read() {},
      write: (bytes: Buffer, _, done) => data(id, bytes, 0, done),
      final: (done) => data(id, Buffer.alloc(0), FIN, () => done()),
      destroy(error, done) {
        if (streams.delete(id) && error) control(RST_STREAM, Buffer.concat([number(id), number(6)]))
        done(null)
      },
    })
    const stream = Object.assign(duplex, { headers, unread: () => duplex.readableLength })
    streams.set(id, stream)
    control(SYN_REPLY, Buffer.concat([number(id), await noHeaders()]))
    if (flags & FIN) stream.push(null)
    onStream(stream)
  }

  const take = async (frame: Buffer) => {
    const flags = frame[4]!
    const body = frame.subarray(8)
    if ((frame[0]! & 0x80) === 0) {
      const stream = streams.get(frame.readUInt32BE(0))
      if (stream === undefined || stream.readableEnded) return
      if (body.length > 0) stream.push(body)
      if (flags & FIN) stream.push(null)
      while (stream.unread() > MOST_UNREAD && !stream.destroyed && !transport.destroyed) await new Promise((resolve) => setTimeout(resolve, 5))
      return
    }
    const type = frame.readUInt16BE(2)
    if (type === SYN_STREAM) await open(flags, body)
    else if (type === PING) control(PING, body.subarray(0, 4))
    else if (type === RST_STREAM) streams.get(body.readUInt32BE(0) & 0x7fffffff)?.destroy()
    else if (type === GOAWAY) transport.end()
  }

  void (async () => {
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of transport as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      while (rest.length >= 8) {
        const length = 8 + (rest.readUInt32BE(4) & 0xffffff)
        if (length > MOST_FRAME) throw new Error('the frame is too large')
        if (rest.length < length) break
        await take(rest.subarray(0, length))
        rest = rest.subarray(length)
      }
    }
  })()
    .catch(() => transport.destroy())
    .finally(() => {
      for (const stream of [...streams.values()]) stream.destroy()
      inflate.close()
      deflate.close()
    })
}
