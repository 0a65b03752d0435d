/**
 * Lines of containers into columns: CRI (`<time> <stream> <tag> <text>`), Docker's json-file, or plain lines whose times came with them. A row is a record:
 * lines of a stack are part of the line before. No string is made per line.
 */
import { civilMs } from '#core/kernel/civil.ts'
import { ByteSink } from '#core/telemetry/native-block.ts'
import { isFailureName, severityAt, startsWith } from './severity.ts'

export interface Lines {
  bytes: Uint8Array
  /** ms since the epoch, one for each line, of lines that do not say it; NaN: not known. */
  times?: Float64Array
  /** Of lines of which no time is known, ms since the epoch. */
  receivedAt: number
  /** Rows outside of these, ms, are rejected as `clock`. */
  earliest: number
  latest: number
}

export const STREAMS = ['', 'stdout', 'stderr'] as const

export interface Records {
  rows: number
  /** ns since the epoch. */
  ts: BigInt64Array
  /** Index into STREAMS. */
  stream: Uint8Array
  severity: Uint8Array
  /** Body of a `String` column. */
  bodies: Uint8Array
  /** Lines that became part of a row. */
  accepted: number
  rejected: { clock: number; empty: number }
}

const LF = 10
const MOST_LINES = 512
const MOST_BYTES = 256 * 1024
/** Lines further apart than this are of different records. */
const TOGETHER_MS = 1000

const codesOf = (text: string) => [...text].map((char) => char.charCodeAt(0))
const CAUSED = codesOf('Caused by: ')
const SUPPRESSED = codesOf('Suppressed: ')
const TRACEBACK = codesOf('Traceback (most recent call last)')
const DURING = codesOf('During handling of the above exception')
const ABOVE = codesOf('The above exception was the direct cause')
const GOROUTINE = codesOf('goroutine ')
const PANIC = codesOf('panic: ')
const FATAL = codesOf('fatal error: ')
const CREATED = codesOf('created by ')
const SIGNAL = codesOf('[signal ')
const EXIT = codesOf('exit status ')

/** What the lines so far make likely to follow. */
type Stack = 'none' | 'python' | 'go'

/** The record of a stream that may still grow: where its lines lie. */
interface Open {
  spans: number[]
  bytes: number
  second: number
  nanos: number
  /** ms of its last line. */
  at: number
  severity: number
  stack: Stack
}

/** Lines are ended by \n; the last may lack it. */
export function readRecords(lines: Lines): Records {
  const bytes = startsWith(lines.bytes, 0, lines.bytes.length, DOCKER) ? criOfDocker(lines.bytes) : lines.bytes
  let capacity = Math.max(64, bytes.length >> 6)
  let ts = new BigInt64Array(capacity)
  let stream = new Uint8Array(capacity)
  let severity = new Uint8Array(capacity)
  const bodies = new ByteSink(bytes.length + 64)
  const rejected = { clock: 0, empty: 0 }
  const open: (Open | undefined)[] = [undefined, undefined, undefined]
  let rows = 0
  let accepted = 0
  let base = 0n
  let baseSecond = Number.NaN
  let lastPlain = Number.NaN
  let plainNanos = 0

  function flush(which: number): void {
    const record = open[which]
    if (!record) return
    open[which] = undefined
    if (rows === capacity) {
      capacity *= 2
      ts = grown(ts, new BigInt64Array(capacity))
      stream = grown(stream, new Uint8Array(capacity))
      severity = grown(severity, new Uint8Array(capacity))
    }
    if (record.second !== baseSecond) {
      baseSecond = record.second
      base = BigInt(baseSecond) * 1_000_000_000n
    }
    ts[rows] = base + BigInt(record.nanos)
    stream[rows] = which
    severity[rows] = record.severity
    rows++
    const { spans } = record
    bodies.varint(record.bytes + spans.length / 2 - 1)
    for (let i = 0; i < spans.length; i += 2) {
      if (i > 0) bodies.raw(NEWLINE)
      bodies.raw(bytes, spans[i], spans[i + 1])
    }
  }

  const head = createHead()
  for (let from = 0, line = 0; from < bytes.length; line++) {
    const eol = bytes.indexOf(LF, from)
    let to = eol < 0 ? bytes.length : eol
    const next = eol < 0 ? to : eol + 1
    if (to > from && bytes[to - 1] === 13) to--
    let which = 0
    let text = from
    let second: number
    let nanos: number
    if (head.read(bytes, from, to)) {
      which = head.stream
      text = head.text
      second = head.second
      nanos = head.nanos
    } else {
      const given = lines.times?.[line] ?? Number.NaN
      const ms = Number.isNaN(given) ? lines.receivedAt : given
      // the order within a millisecond is that of the lines
      plainNanos = ms === lastPlain ? Math.min(plainNanos + 1, 999_999) : 0
      lastPlain = ms
      second = Math.floor(ms / 1000)
      nanos = Math.round((ms - second * 1000) * 1e6) + plainNanos
    }
    from = next
    const at = second * 1000 + nanos / 1e6
    const record = open[which]
    if (record && at - record.at <= TOGETHER_MS && at >= record.at && continues(record, bytes, text, to)) {
      if (record.spans.length < MOST_LINES * 2 && record.bytes + to - text < MOST_BYTES) {
        record.spans.push(text, to)
        record.bytes += to - text
        record.at = at
        accepted++
        continue
      }
    }
    if (text >= to) {
      rejected.empty++
      continue
    }
    if (at < lines.earliest || at > lines.latest) {
      rejected.clock++
      continue
    }
    flush(which)
    accepted++
    open[which] = { spans: [text, to], bytes: to - text, second, nanos, at, severity: severityAt(bytes, text, to), stack: stackBegunBy(bytes, text, to) }
  }
  for (let which = 0; which < 3; which++) flush(which)
  return { rows, ts: ts.subarray(0, rows), stream: stream.subarray(0, rows), severity: severity.subarray(0, rows), bodies: bodies.view(), accepted, rejected }
}

const NEWLINE = new Uint8Array([LF])
function grown<T extends Uint8Array | BigInt64Array>(from: T, to: T): T {
  to.set(from as never)
  return to
}

function stackBegunBy(bytes: Uint8Array, from: number, to: number): Stack {
  const first = bytes[from]
  if (first === 84 && startsWith(bytes, from, to, TRACEBACK)) return 'python'
  if ((first === 112 && startsWith(bytes, from, to, PANIC)) || (first === 102 && startsWith(bytes, from, to, FATAL))) return 'go'
  return first === 103 && startsWith(bytes, from, to, GOROUTINE) ? 'go' : 'none'
}

/** Is the line a part of the record before it? Remembers what that makes of the record. */
function continues(record: Open, bytes: Uint8Array, from: number, to: number): boolean {
  if (from >= to) return record.stack !== 'none'
  const first = bytes[from]!
  if (first === 32 || first === 9) return true
  if (record.stack === 'go') {
    if (first === 103 && startsWith(bytes, from, to, GOROUTINE)) return true
    return bytes[to - 1] === 41 || startsWith(bytes, from, to, CREATED) || startsWith(bytes, from, to, SIGNAL) || startsWith(bytes, from, to, EXIT)
  }
  if (record.stack === 'python') {
    if (startsWith(bytes, from, to, DURING) || startsWith(bytes, from, to, ABOVE) || startsWith(bytes, from, to, TRACEBACK)) return true
    // the line that says what was raised is the last one, unless it was raised while another was handled
    if (bytes[record.spans[record.spans.length - 2]!] !== 32) return false
    return true
  }
  if (first === 67 && startsWith(bytes, from, to, CAUSED)) return true
  if (first === 83 && startsWith(bytes, from, to, SUPPRESSED)) return true
  // the end of what was printed over several lines
  if (to - from <= 2 && (first === 125 || first === 93 || first === 41) && record.spans.length > 2) return true
  if (record.severity < 13) return false
  if (first === 84 && startsWith(bytes, from, to, TRACEBACK)) {
    record.stack = 'python'
    return true
  }
  return record.spans.length === 2 && isFailureClass(bytes, from, to)
}

/** `java.io.IOException: …`, `org.acme.Failed$InnerError` */
function isFailureClass(bytes: Uint8Array, from: number, to: number): boolean {
  let end = from
  let dots = 0
  for (; end < to && end < from + 200; end++) {
    const code = bytes[end]!
    if (code === 46) dots++
    else if (!((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 36 || code === 95)) break
  }
  return dots > 0 && (end === to || bytes[end] === 58) && isFailureName(bytes, from, end)
}

/** Reads what CRI writes before the text. The time is RFC 3339 with up to nine digits; the same second is not taken apart twice. */
function createHead() {
  const known = new Uint8Array(19)
  let knownSecond = 0
  const head = { stream: 0, text: 0, second: 0, nanos: 0, read }
  const digits = (bytes: Uint8Array, at: number, count: number) => {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 10 + bytes[at + i]! - 48
    return value
  }
  function read(bytes: Uint8Array, from: number, to: number): boolean {
    // 2026-05-06T07:08:09Z stdout F
    if (to - from < 29 || bytes[from + 4] !== 45 || bytes[from + 10] !== 84 || bytes[from + 13] !== 58) return false
    let same = 18
    while (same >= 0 && bytes[from + same] === known[same]) same--
    if (same >= 0) {
      const second =
        civilMs(
          digits(bytes, from, 4),
          digits(bytes, from + 5, 2),
          digits(bytes, from + 8, 2),
          digits(bytes, from + 11, 2),
          digits(bytes, from + 14, 2),
          digits(bytes, from + 17, 2),
        ) / 1000
      if (!Number.isInteger(second)) return false
      known.set(bytes.subarray(from, from + 19))
      knownSecond = second
    }
    let at = from + 19
    let nanos = 0
    if (bytes[at] === 46) {
      let scale = 100_000_000
      for (at++; at < to && bytes[at]! >= 48 && bytes[at]! <= 57; at++) {
        nanos += (bytes[at]! - 48) * scale
        scale = scale > 1 ? scale / 10 : 0
      }
    }
    let second = knownSecond
    if (bytes[at] === 90) at++
    else if ((bytes[at] === 43 || bytes[at] === 45) && bytes[at + 3] === 58) {
      second -= (bytes[at] === 43 ? 1 : -1) * (digits(bytes, at + 1, 2) * 3600 + digits(bytes, at + 4, 2) * 60)
      at += 6
    } else return false
    // ` stdout F`, ` stderr P:…`
    if (bytes[at] !== 32 || bytes[at + 1] !== 115 || bytes[at + 2] !== 116 || bytes[at + 3] !== 100 || bytes[at + 7] !== 32) return false
    head.stream = bytes[at + 4] === 111 ? 1 : bytes[at + 4] === 101 ? 2 : 0
    if (head.stream === 0) return false
    at += 8
    while (at < to && bytes[at] !== 32) at++
    head.text = Math.min(to, at + 1)
    head.second = second
    head.nanos = Math.round(nanos)
    return true
  }
  return head
}

const DOCKER = codesOf('{"log":"')
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Docker's lines as CRI would have written them; what is not of Docker stays as it is. */
function criOfDocker(bytes: Uint8Array): Uint8Array {
  const lines = decoder.decode(bytes).split('\n')
  if (lines.at(-1) === '') lines.pop()
  const out = lines.map((line) => {
    try {
      const { log, stream, time } = JSON.parse(line) as { log?: unknown; stream?: unknown; time?: unknown }
      if (typeof log !== 'string' || typeof stream !== 'string' || typeof time !== 'string') return line
      return `${time} ${stream} F ${log.replace(/\r?\n$/, '').replaceAll('\n', ' ')}`
    } catch {
      return line
    }
  })
  return encoder.encode(`${out.join('\n')}\n`)
}

/**
 * Where a full chunk may end so that no record is cut: before its last line that no other continues. Never 0 for bytes with a line end.
 * @param bytes lines of a container's log, whole
 */
export function endOfRecords(bytes: Uint8Array): number {
  const head = createHead()
  let end = bytes.length
  for (let tries = 0; tries < MOST_LINES && end > 0; tries++) {
    const from = bytes.lastIndexOf(LF, end - 2) + 1
    const text = head.read(bytes, from, end - 1) ? head.text : startsWith(bytes, from, end, DOCKER) ? from + DOCKER.length : from
    const first = bytes[text]
    const more = first === 32 || first === 9 || first === 92 || startsWith(bytes, text, end, CAUSED) || startsWith(bytes, text, end, GOROUTINE)
    if (!more) return from > 0 ? from : bytes.length
    end = from
  }
  return bytes.length
}
