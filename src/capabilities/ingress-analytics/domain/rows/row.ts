/** What a line says, once its fields are found: numbers in our units, words as ranges. One object is reused for all lines. */
import { type Line, type LineFormat, SLOT } from '../formats/line.ts'
import { hexDigit } from '../formats/unescape.ts'
import { decimal, decimalSum, lastItem, wholeNumber } from './numbers.ts'

/** Longest path that is kept, in bytes. */
export const PATH_MAX = 1024

export interface Row {
  line: Line
  /** ms since the epoch, end of the request. */
  ts: number
  status: number
  /** Bytes; 0 when not logged. */
  bytesIn: number
  bytesOut: number
  /** Seconds; NaN when not logged. */
  requestTime: number
  upstreamTime: number
  /** Of the last try; 0 when none answered. */
  upstreamStatus: number
}

export const createRow = (line: Line): Row => ({
  line,
  ts: 0,
  status: 0,
  bytesIn: 0,
  bytesOut: 0,
  requestTime: Number.NaN,
  upstreamTime: Number.NaN,
  upstreamStatus: 0,
})

const SPACE = 0x20
const DASH = 0x2d
const SLASH = 0x2f
const COLON = 0x3a
const QUESTION = 0x3f
const EMPTY_WORDS = [
  SLOT.CLIENT,
  SLOT.METHOD,
  SLOT.PROTOCOL,
  SLOT.HOST,
  SLOT.UPSTREAM_ADDR,
  SLOT.UPSTREAM,
  SLOT.INGRESS,
  SLOT.NAMESPACE,
  SLOT.SERVICE,
  SLOT.USER_AGENT,
  SLOT.REFERER,
  SLOT.TLS,
  SLOT.ROUTE,
] as const

/**
 * Fills `row` from the slots of its line. Gives the reason for which the line must be rejected, or undefined.
 * @param arrived time to take when the line has none, ms; NaN: none is known
 */
export function interpret(
  row: Row,
  format: LineFormat,
  readTime: (bytes: Uint8Array, from: number, to: number) => number,
  arrived: number,
): 'format' | 'time' | undefined {
  const { line } = row
  const { bytes, from, to } = line
  row.status = wholeNumber(bytes, from[SLOT.STATUS]!, to[SLOT.STATUS]!)
  if (row.status < 0 || row.status > 999) return 'format'
  const requestTime = decimal(bytes, from[SLOT.REQUEST_TIME]!, to[SLOT.REQUEST_TIME]!) * format.timeUnit
  row.requestTime = requestTime
  if (to[SLOT.TIME]! > from[SLOT.TIME]! && to[SLOT.START] === from[SLOT.START]) row.ts = readTime(bytes, from[SLOT.TIME]!, to[SLOT.TIME]!)
  else if (to[SLOT.START] === from[SLOT.START]) row.ts = arrived
  else {
    const start = readTime(bytes, from[SLOT.START]!, to[SLOT.START]!)
    row.ts = requestTime >= 0 ? start + Math.round(requestTime * 1000) : start
  }
  if (!(row.ts >= 0)) return 'time'

  const sent = wholeNumber(bytes, from[SLOT.BODY_SENT]!, to[SLOT.BODY_SENT]!)
  const all = sent < 0 ? wholeNumber(bytes, from[SLOT.BYTES_SENT]!, to[SLOT.BYTES_SENT]!) : sent
  row.bytesOut = all < 0 ? 0 : all
  const received = wholeNumber(bytes, from[SLOT.BYTES_IN]!, to[SLOT.BYTES_IN]!)
  row.bytesIn = received < 0 ? 0 : received

  row.upstreamTime = decimalSum(bytes, from[SLOT.UPSTREAM_TIME]!, to[SLOT.UPSTREAM_TIME]!) * format.upstreamUnit
  const lastStatus = wholeNumber(bytes, lastItem(bytes, from[SLOT.UPSTREAM_STATUS]!, to[SLOT.UPSTREAM_STATUS]!), to[SLOT.UPSTREAM_STATUS]!)
  row.upstreamStatus = lastStatus > 0 && lastStatus <= 999 ? lastStatus : 0
  from[SLOT.UPSTREAM_ADDR] = lastItem(bytes, from[SLOT.UPSTREAM_ADDR]!, to[SLOT.UPSTREAM_ADDR]!)

  if (to[SLOT.REQUEST]! > from[SLOT.REQUEST]!) splitRequest(line)
  for (const slot of EMPTY_WORDS) if (to[slot]! - from[slot]! === 1 && bytes[from[slot]!] === DASH) to[slot] = from[slot]!
  if (to[SLOT.CLIENT] === from[SLOT.CLIENT]) clientFromForwarded(line)
  cutPort(line, SLOT.CLIENT)
  cutPath(line)
  cutQuery(line, SLOT.REFERER)
  return undefined
}

/** `GET /path HTTP/1.1`; without a method (garbage sent to the port, or a format that logs the path alone) all of it is the path. */
function splitRequest(line: Line): void {
  const { bytes, from, to } = line
  const start = from[SLOT.REQUEST]!
  const end = to[SLOT.REQUEST]!
  let space = start
  while (space < end && bytes[space]! >= 0x41 && bytes[space]! <= 0x5a) space++
  if (space === start || bytes[space] !== SPACE || space >= end) {
    from[SLOT.PATH] = start
    to[SLOT.PATH] = end
    return
  }
  from[SLOT.METHOD] = start
  to[SLOT.METHOD] = space
  // " HTTP/1.1" is looked for from the end: paths with raw spaces do occur
  let last = end - 1
  while (last > space && bytes[last] !== SPACE) last--
  const hasProtocol = last > space && bytes[last + 1] === 0x48 && bytes[last + 2] === 0x54
  from[SLOT.PATH] = space + 1
  to[SLOT.PATH] = hasProtocol ? last : end
  from[SLOT.PROTOCOL] = hasProtocol ? last + 1 : end
  to[SLOT.PROTOCOL] = end
}

/** Cuts the query, the scheme and host of an absolute URI, and what is longer than PATH_MAX (at a character). */
function cutPath(line: Line): void {
  const { bytes, from, to } = line
  let start = from[SLOT.PATH]!
  let end = to[SLOT.PATH]!
  if (end <= start) return
  if (bytes[start] === 0x68 && end - start > 8 && bytes[start + 1] === 0x74) {
    const colon = bytes[start + 4] === COLON ? start + 4 : start + 5
    if (bytes[colon] === COLON && bytes[colon + 1] === SLASH && bytes[colon + 2] === SLASH) {
      let slash = colon + 3
      while (slash < end && bytes[slash] !== SLASH) slash++
      start = slash
    }
  }
  let p = start
  while (p < end && bytes[p] !== QUESTION) p++
  end = p
  if (end - start > PATH_MAX) {
    end = start + PATH_MAX
    while (end > start && (bytes[end]! & 0xc0) === 0x80) end--
  }
  from[SLOT.PATH] = start
  to[SLOT.PATH] = end
}

function cutQuery(line: Line, slot: number): void {
  const { bytes } = line
  const end = line.to[slot]!
  let p = line.from[slot]!
  while (p < end && bytes[p] !== QUESTION) p++
  line.to[slot] = p
}

/** Without a client address, the last hop of X-Forwarded-For is the one that the proxy itself saw. */
function clientFromForwarded(line: Line): void {
  const { bytes, from, to } = line
  const end = to[SLOT.FORWARDED]!
  const start = lastItem(bytes, from[SLOT.FORWARDED]!, end)
  if (end - start < 2) return
  from[SLOT.CLIENT] = start
  to[SLOT.CLIENT] = end
}

/** `10.0.0.1:5000` → `10.0.0.1`, `[2001:db8::1]:5000` → `2001:db8::1`; a bare IPv6 address stays. */
function cutPort(line: Line, slot: number): void {
  const { bytes, from, to } = line
  const start = from[slot]!
  const end = to[slot]!
  if (bytes[start] === 0x5b && end > start) {
    let close = start + 1
    while (close < end && bytes[close] !== 0x5d) close++
    from[slot] = start + 1
    to[slot] = close
    return
  }
  let dotted = false
  for (let p = start; p < end; p++) {
    const byte = bytes[p]!
    if (byte === COLON) {
      if (dotted) to[slot] = p
      return
    }
    if (byte === 0x2e) dotted = true
  }
}

/** Writes the 16 bytes of a trace id into `out` at `at`: 32 hex digits, a UUID, or a W3C traceparent. False: it is none, and `out` has to be cleared. */
export function writeTraceId(line: Line, out: Uint8Array, at: number): boolean {
  const trace = line.to[SLOT.TRACE]! > line.from[SLOT.TRACE]! + 1 ? SLOT.TRACE : SLOT.REQUEST_ID
  const { bytes } = line
  const end = line.to[trace]!
  let p = line.from[trace]!
  if (end - p === 55 && bytes[p + 2] === DASH) p += 3
  else if (end - p !== 32 && end - p !== 36) return false
  for (let i = 0; i < 16; i++) {
    if (bytes[p] === DASH) p++
    const value = (hexDigit(bytes[p]!) << 4) | hexDigit(bytes[p + 1]!)
    if (value < 0) return false
    out[at + i] = value
    p += 2
  }
  return true
}
