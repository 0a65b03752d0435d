/** An HTTP/1.1 answer as its bytes come (RFC 9112): head, then a body by length, in chunks, or up to the end; gzip is inflated on the way into one body. */
import { constants, createGunzip } from 'node:zlib'
import type { Body } from '../domain/exposition/text.ts'

const MOST_HEAD = 64 << 10
const SPARE = 8
const UNSAID = 0xffffffff

export interface AnswerHead {
  status: number
  headers: Map<string, string>
}

/** Node's own handle behind a Gunzip: inflates into memory that is there already. The runtime is pinned, so that this is what it was tested with. */
interface Inflate {
  writeSync(flush: number, from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number, room: number): void
  reset(): void
  close(): void
}

export interface Inflater {
  /** Of the last step: room left in the output, input left. */
  state: Uint32Array
  handle: Inflate
  /** Node has closed it after bytes that were no gzip: used once more it would end the process. */
  broken: boolean
}

export function createInflater(): Inflater {
  const stream = createGunzip() as unknown as { _handle: Inflate; _writeState: Uint32Array; on(event: 'error', listener: () => void): void }
  stream.on('error', () => {})
  return { handle: stream._handle, state: stream._writeState, broken: false }
}

export function createBody(bytes = 64 << 10): Body {
  const array = new Uint8Array(bytes)
  return { bytes: array, view: new DataView(array.buffer), length: 0 }
}

/** Makes room for so many bytes more. */
export function reserveBody(body: Body, more: number): void {
  if (body.length + more + SPARE <= body.bytes.length) return
  const next = new Uint8Array(Math.max(body.length + more + SPARE, Math.ceil(body.bytes.length * 1.5)))
  next.set(body.bytes.subarray(0, body.length))
  body.bytes = next
  body.view = new DataView(next.buffer)
}

export class BodyTooLarge extends Error {}

export interface AnswerReader {
  head: AnswerHead | undefined
  /** The whole answer is there. */
  done: boolean
  keepAlive: boolean
  /** Takes the next bytes, which are the caller's again afterwards. Throws an Error with the reason. */
  push(chunk: Uint8Array): void
  /** The other side closed; throws when the answer was not whole. */
  end(): void
  /** The whole body, once `done`; throws an Error with the reason. */
  body(): Body
}

/**
 * What comes as gzip is kept as it is until all is there: it is a twentieth, and a body is only needed while it is read.
 * @param bodyOf called once: for what comes plain when the head is there, else by `body`; @param most bytes of the inflated body, 0: no limit
 */
export function readAnswer(bodyOf: () => Body, inflater: () => Inflater, most: number): AnswerReader {
  let headBytes = Buffer.alloc(0)
  let body: Body | undefined
  let zipped: Uint8Array[] | undefined
  let zippedLength = 0
  let mode: 'length' | 'chunked' | 'close' = 'close'
  let left = 0
  /** In chunked mode: what comes next. */
  let expect: 'size' | 'data' | 'crlf' | 'trailer' = 'size'
  let line = ''

  const tooLarge = () => new BodyTooLarge(`the body is larger than body_size_limit: ${most} bytes`)

  function take(chunk: Uint8Array): void {
    if (zipped) {
      zippedLength += chunk.length
      if (most > 0 && zippedLength > most) throw tooLarge()
      zipped.push(Uint8Array.from(chunk))
      return
    }
    const to = body!
    if (most > 0 && to.length + chunk.length > most) throw tooLarge()
    reserveBody(to, chunk.length)
    to.bytes.set(chunk, to.length)
    to.length += chunk.length
  }

  function unzip(inflate: Inflater, chunk: Uint8Array, to: Body): void {
    let at = 0
    while (at < chunk.length) {
      reserveBody(to, 32 << 10)
      const free = to.bytes.length - SPARE - to.length
      // Where zlib fails it says nothing here.
      inflate.state.fill(UNSAID)
      inflate.handle.writeSync(constants.Z_SYNC_FLUSH, chunk, at, chunk.length - at, to.bytes, to.length, free)
      const [outLeft, inLeft] = inflate.state as unknown as [number, number]
      if (outLeft === UNSAID) {
        inflate.broken = true
        throw new Error('the body is no valid gzip')
      }
      const produced = free - outLeft
      const consumed = chunk.length - at - inLeft
      to.length += produced
      at += consumed
      if (most > 0 && to.length > most) throw tooLarge()
      if (produced === 0 && consumed === 0) {
        if (inLeft > 0) throw new Error('the body is no valid gzip')
        break
      }
    }
  }

  function begin(text: string): void {
    const [first, ...lines] = text.split('\r\n')
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(first!)
    if (!status) throw new Error('the answer is no HTTP')
    const headers = new Map<string, string>()
    for (const each of lines) {
      const colon = each.indexOf(':')
      if (colon > 0) headers.set(each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim())
    }
    reader.head = { status: Number(status[1]), headers }
    reader.keepAlive = !/close/i.test(headers.get('connection') ?? '') && first!.startsWith('HTTP/1.1')
    const length = headers.get('content-length')
    if (/chunked/i.test(headers.get('transfer-encoding') ?? '')) mode = 'chunked'
    else if (length !== undefined) {
      mode = 'length'
      left = Number(length)
      if (!Number.isSafeInteger(left)) throw new Error('the answer is no HTTP')
    } else {
      mode = 'close'
      reader.keepAlive = false
    }
    const encoding = headers.get('content-encoding') ?? 'identity'
    if (/^(?:x-)?gzip$/i.test(encoding)) zipped = []
    else if (encoding !== 'identity') throw new Error(`the body is encoded as ${encoding}`)
    else {
      body = bodyOf()
      body.length = 0
    }
    if (mode === 'length' && left === 0) reader.done = true
  }

  function chunked(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length && !reader.done) {
      if (expect === 'data') {
        const end = Math.min(chunk.length, at + left)
        take(chunk.subarray(at, end))
        left -= end - at
        at = end
        if (left === 0) expect = 'crlf'
        continue
      }
      const end = chunk.indexOf(10, at)
      line += Buffer.from(chunk.buffer, chunk.byteOffset + at, (end < 0 ? chunk.length : end) - at).toString('latin1')
      if (line.length > 4096) throw new Error('the answer is no HTTP')
      if (end < 0) return
      at = end + 1
      const text = line.trim()
      line = ''
      if (expect === 'crlf') expect = 'size'
      else if (expect === 'size') {
        left = /^[0-9a-f]{1,8}(?:\s*;.*)?$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN
        if (Number.isNaN(left)) throw new Error('the answer is no HTTP')
        expect = left === 0 ? 'trailer' : 'data'
      } else if (text === '') reader.done = true
    }
  }

  const reader: AnswerReader = {
    head: undefined,
    done: false,
    keepAlive: false,
    push(chunk) {
      let rest = chunk
      if (!reader.head) {
        headBytes = Buffer.concat([headBytes, chunk])
        const end = headBytes.indexOf('\r\n\r\n')
        if (end < 0) {
          if (headBytes.length > MOST_HEAD) throw new Error('the head of the answer is too long')
          return
        }
        begin(headBytes.toString('latin1', 0, end))
        rest = headBytes.subarray(end + 4)
        headBytes = Buffer.alloc(0)
      }
      if (reader.done || rest.length === 0) return
      if (mode === 'chunked') chunked(rest)
      else {
        const use = mode === 'length' ? rest.subarray(0, left) : rest
        take(use)
        left -= use.length
        if (mode === 'length' && left === 0) reader.done = true
      }
    },
    end() {
      if (reader.head && mode === 'close') reader.done = true
      else if (!reader.done) throw new Error('the connection was closed in the middle of the answer')
    },
    body() {
      if (body) return body
      body = bodyOf()
      body.length = 0
      const inflate = inflater()
      inflate.handle.reset()
      for (const chunk of zipped ?? []) unzip(inflate, chunk, body)
      zipped = undefined
      return body
    },
  }
  return reader
}
