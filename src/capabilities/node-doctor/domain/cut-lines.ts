/** Bytes to lines in bounded memory. */

const NEWLINE = 0x0a
const RETURN = 0x0d
/** The kernel's own lines are shorter than 1 KiB, those of a journal seldom longer than this; the rest of a longer line is dropped. */
export const MAX_LINE = 8192

export interface LineCutter {
  push(chunk: Uint8Array): void
  /** The last line may lack its end. */
  end(): void
  /** Lines of which only the beginning was kept. */
  readonly cut: number
}

/** `take` gets each line without its end, as Latin-1: one character a byte, so that no byte makes it fail. */
export function createLineCutter(take: (line: string) => void): LineCutter {
  /** Beginning of a line whose end is in a later chunk. */
  let begun = ''
  let cut = 0
  const add = (chunk: Buffer, from: number, to: number) => {
    if (begun.length < MAX_LINE) begun += chunk.toString('latin1', from, Math.min(to, from + MAX_LINE - begun.length + 1))
  }
  const finish = () => {
    let line = begun
    begun = ''
    if (line.length > MAX_LINE) {
      cut++
      line = line.slice(0, MAX_LINE)
    }
    take(line.charCodeAt(line.length - 1) === RETURN ? line.slice(0, -1) : line)
  }
  return {
    push(bytes) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      let at = 0
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, at)) {
        add(chunk, at, end)
        finish()
        at = end + 1
      }
      if (at < chunk.length) add(chunk, at, chunk.length)
    },
    end() {
      if (begun !== '') finish()
    },
    get cut() {
      return cut
    },
  }
}
