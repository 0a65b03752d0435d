/** Chunks of a stream cut at line ends, in bounded memory: a line that does not end within the buffer is handed on short and the rest of it dropped. */

const NEWLINE = 0x0a
/** More than the longest line that is read, so that a line cut here is rejected as too long. */
const CAPACITY = 2 * 1024 * 1024

export interface LineFeed {
  push(chunk: Uint8Array): void
  /** The last line may lack its end. */
  end(): void
}

/** `read` gets whole lines in a buffer that is used again afterwards. */
export function createLineFeed(read: (bytes: Uint8Array, view: DataView, until: number) => void): LineFeed {
  const buffer = new Uint8Array(CAPACITY)
  let held = 0
  /** Inside a line whose beginning was handed on already. */
  let dropping = false

  /** A view that ends where the data ends: a line without its end must not run into older bytes. */
  const hand = (until: number) => {
    if (until > 0) read(buffer.subarray(0, until), new DataView(buffer.buffer, 0, until), until)
  }

  return {
    push(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (dropping) {
          const end = chunk.indexOf(NEWLINE, at)
          if (end < 0) return
          dropping = false
          at = end + 1
          continue
        }
        const take = Math.min(chunk.length - at, CAPACITY - held)
        buffer.set(at === 0 && take === chunk.length ? chunk : chunk.subarray(at, at + take), held)
        held += take
        at += take
        if (held < CAPACITY && at === chunk.length) {
          // small chunks are gathered; large ones are read at once
          if (held < CAPACITY / 2) return
        }
        const last = buffer.lastIndexOf(NEWLINE, held - 1)
        if (last < 0) {
          if (held < CAPACITY) continue
          hand(held)
          held = 0
          dropping = true
          continue
        }
        hand(last + 1)
        buffer.copyWithin(0, last + 1, held)
        held -= last + 1
      }
    },
    end() {
      hand(held)
      held = 0
      dropping = false
    },
  }
}
