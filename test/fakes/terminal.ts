import { Writable } from 'node:stream'

/** A stream that keeps what is written; a terminal when it has columns. */
export function fakeStream(columns?: number): NodeJS.WritableStream & { isTTY: boolean; columns?: number; text(): string } {
  let written = ''
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      written += chunk
      done()
    },
  })
  return Object.assign(stream, { isTTY: columns !== undefined, columns, text: () => written })
}
