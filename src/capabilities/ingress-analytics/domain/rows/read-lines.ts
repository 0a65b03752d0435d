/** The loop over lines: bytes in, rows out, no object or string per line. */
import { clearLine, createLine, type LineFormat } from '../formats/line.ts'
import { createScratch, unescapeLine } from '../formats/unescape.ts'
import { PARTIAL, unwrap, unwrappedEnd } from '../formats/unwrap.ts'
import { LINE_MAX, type Reason, type Rejects, reject } from './rejects.ts'
import { createRow, interpret, type Row } from './row.ts'
import { createTimeReader } from './time.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
const BACKSLASH = 0x5c

export interface RowSink {
  /** The row is only valid during the call. */
  add(row: Row): void
}

export interface LineRun {
  /** Undefined: no format fits, every line that is not blank is rejected. */
  format: LineFormat | undefined
  /** Event times outside [earliest, latest] are rejected as `clock`, ms. */
  earliest: number
  latest: number
  rejects: Rejects
  accepted: number
  /** What the transport knows of each line's time, ms (NaN: nothing), from the first line after `reset` on; for lines that have none. */
  times?: Float64Array
}

export interface LineReader {
  /**
   * Reads the lines that begin in bytes [from, until) and gives where the next one begins. The last line may lack its end: it goes to the end of
   * `bytes`, so a caller with more to come must cut after a newline.
   */
  read(run: LineRun, bytes: Uint8Array, view: DataView, from: number, until: number, sink: RowSink): number
  /** Forgets the line before: call when another format or source comes. */
  reset(): void
}

export function createLineReader(): LineReader {
  const line = createLine()
  const row = createRow(line)
  const readTime = createTimeReader()
  const unwrapped = createScratch(LINE_MAX)
  const scratch = createScratch(LINE_MAX)
  /** Lines since `reset`. */
  let seen = 0

  function readOne(
    run: LineRun,
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    escaped: boolean,
    arrived: number,
    sink: RowSink,
  ): Reason | undefined {
    if (to === from) return 'empty'
    if (to - from > LINE_MAX) return 'too-long'
    const { format } = run
    line.bytes = bytes
    line.view = view
    const start = unwrap(line, from, to, unwrapped)
    if (start === PARTIAL) return 'partial'
    const end = unwrappedEnd
    if (format === undefined || !format.read(line, start, end)) return 'format'
    if (escaped && format.escapes !== 'none') unescapeLine(line, scratch, start, end, format.escapes)
    const refused = interpret(row, format, readTime, arrived)
    if (refused !== undefined) return refused
    if (row.ts < run.earliest || row.ts > run.latest) return 'clock'
    sink.add(row)
    return undefined
  }

  return {
    read(run, bytes, view, from, until, sink) {
      const end = bytes.length
      let at = from
      let backslash = bytes.indexOf(BACKSLASH, from)
      if (backslash < 0) backslash = end
      while (at < until) {
        let eol = bytes.indexOf(NEWLINE, at)
        if (eol < 0) eol = end
        while (backslash < at) {
          backslash = bytes.indexOf(BACKSLASH, at)
          if (backslash < 0) backslash = end
        }
        const to = eol > at && bytes[eol - 1] === RETURN ? eol - 1 : eol
        const reason = readOne(run, bytes, view, at, to, backslash < to, run.times?.[seen] ?? Number.NaN, sink)
        seen++
        if (reason === undefined) run.accepted++
        else reject(run.rejects, reason, bytes, at, to)
        at = eol + 1
      }
      return at
    },
    reset() {
      clearLine(line)
      seen = 0
    },
  }
}
