/** What commands read: files and stdin, plain or gzipped. */
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

/** Bytes at a time. */
const CHUNK = 1024 * 1024

/** The bytes of a file, or of stdin for `-`; unpacked when they begin as gzip does (RFC 1952). Rejects with the error of the file system or of gzip. */
export async function* readInput(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const source: Readable = path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK, signal })
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done) return
  const whole = (async function* () {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => chunks }
  })()
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) yield* whole
  // an error of either side reaches the reader of the last
  else yield* pipeline(Readable.from(whole, { objectMode: false, highWaterMark: CHUNK }), createGunzip({ chunkSize: CHUNK }), () => {})
}
