import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import { uncompress } from 'snappy'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { formatBytes } from '#core/kernel/quantity.ts'

/** Bytes of a body, before and after decompression. Senders make batches of about 1 MiB. */
export const MAX_BODY = 8 << 20

/** Bytes of bodies that are being received at one time; beyond it senders are asked to wait. */
const MAX_IN_FLIGHT = 128 << 20

const unzip = promisify(gunzip)
const unzstd = promisify(zstdDecompress)
const ENCODINGS = ['identity', 'gzip', 'zstd', 'snappy']

/** Reads whole request bodies within the memory that all of them may take together. */
export function createBodyReader() {
  let inFlight = 0

  /**
   * The decoded body. `encoding` overrides Content-Encoding where a protocol implies it (Loki's protobuf is always snappy).
   * Rejects with TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID_INPUT (broken compression) and QUEUE_FULL (too much at once).
   */
  return async function readBody(request: IncomingMessage, encoding: string = request.headers['content-encoding'] ?? 'identity'): Promise<Buffer> {
    if (!ENCODINGS.includes(encoding)) throw new CodedError('UNSUPPORTED_MEDIA_TYPE', { type: encoding.slice(0, 64), valid: ENCODINGS.join(', ') })
    const announced = request.headers['content-length'] === undefined ? undefined : Number(request.headers['content-length'])
    if (announced !== undefined && announced > MAX_BODY) throw tooLarge()
    const reserved = encoding === 'identity' && announced !== undefined ? announced : MAX_BODY
    if (inFlight + reserved > MAX_IN_FLIGHT) throw new CodedError('QUEUE_FULL', { bytes: formatBytes(inFlight) })
    inFlight += reserved
    try {
      return await decode(await collect(request, announced), encoding)
    } finally {
      inFlight -= reserved
    }
  }
}

async function collect(request: IncomingMessage, announced: number | undefined): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BODY) throw tooLarge()
    chunks.push(chunk)
  }
  if (announced !== undefined && length !== announced) throw broken(`announced ${announced} bytes, sent ${length}`)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length)
}

async function decode(body: Buffer, encoding: string): Promise<Buffer> {
  if (body.length === 0 || encoding === 'identity') return body
  // Snappy says first how long the text is: nothing is allocated for a body that lies about it.
  if (encoding === 'snappy' && snappyLength(body) > MAX_BODY) throw tooLarge()
  try {
    if (encoding === 'gzip') return await unzip(body, { maxOutputLength: MAX_BODY })
    if (encoding === 'zstd') return await unzstd(body, { maxOutputLength: MAX_BODY })
    return (await uncompress(body, { asBuffer: true })) as Buffer
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge()
    throw broken(`cannot be decompressed as ${encoding}: ${(error as Error).message}`)
  }
}

/** The varint at the start of a raw snappy block: https://github.com/google/snappy/blob/main/format_description.txt */
function snappyLength(body: Buffer): number {
  let length = 0
  for (let i = 0; i < 5 && i < body.length; i++) {
    length += (body[i]! & 127) * 2 ** (7 * i)
    if (body[i]! < 128) return length
  }
  throw broken('cannot be decompressed as snappy: no length')
}

const tooLarge = () => new CodedError('TOO_LARGE', { what: 'The body', limit: formatBytes(MAX_BODY) })
const broken = (message: string) => invalidInput([{ path: 'body', message }])
