import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BodyTooLarge, createBody, createInflater, readAnswer } from './http-body.ts'

let inflater = createInflater()
/** Head and body as a server writes them. */
function answer(body: Buffer, how: { gzip: boolean; chunked: boolean }): Buffer {
  const bytes = how.gzip ? gzipSync(body) : body
  const head = [
    'HTTP/1.1 200 OK',
    ...(how.gzip ? ['Content-Encoding: gzip'] : []),
    how.chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`,
  ]
  const parts: (Buffer | string)[] = [`${head.join('\r\n')}\r\n\r\n`]
  if (how.chunked) {
    for (let at = 0; at < bytes.length; at += 97) {
      const piece = bytes.subarray(at, at + 97)
      parts.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n')
    }
    parts.push('0\r\n\r\n')
  } else parts.push(bytes)
  return Buffer.concat(parts.map((part) => Buffer.from(part)))
}
function read(bytes: Buffer, size: number, most = 0): string {
  const reader = readAnswer(
    () => createBody(64),
    () => inflater,
    most,
  )
  for (let at = 0; at < bytes.length && !reader.done; at += size) reader.push(bytes.subarray(at, at + size))
  expect(reader.done).toBe(true)
  try {
    reader.body()
  } finally {
    // As connections do: one that broke is not lent again.
    if (inflater.broken) inflater = createInflater()
  }
  const { bytes: all, length } = reader.body()
  return Buffer.from(all.subarray(0, length)).toString()
}

test('the same body, whatever it is packed in and however it is cut on the way', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 400 }),
      fc.nat(50),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 4000 }),
      (text, times, gzip, chunked, size) => {
        const body = Buffer.from(text.repeat(times))
        expect(read(answer(body, { gzip, chunked }), size)).toBe(body.toString())
      },
    ),
    { numRuns: 200 },
  )
})

test('a bomb is stopped at the limit, what is no gzip is said to be none, and the next body is read as before', () => {
  const bomb = Buffer.alloc(1 << 20, 'x')
  expect(() => read(answer(bomb, { gzip: true, chunked: false }), 1000, 100_000)).toThrow(BodyTooLarge)
  expect(() => read(answer(bomb, { gzip: false, chunked: false }), 1000, 100_000)).toThrow(BodyTooLarge)
  const broken = Buffer.from('HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip!!')
  expect(() => read(broken, 100)).toThrow('no valid gzip')
  expect(read(answer(Buffer.from('a 1\n'), { gzip: true, chunked: true }), 7, 100)).toBe('a 1\n')
})
