/**
 * One log line while it is being read: where in the bytes each field is. One object is reused for all lines, so that a line costs no allocation.
 * A slot is missing when `from === to`.
 */
export interface Line {
  /** What the ranges point into: the batch, or the scratch copy when the line had escapes or a wrapper. */
  bytes: Uint8Array
  view: DataView
  from: Int32Array
  to: Int32Array
}

/** Fields that the rest of the program understands. `IGNORED` takes the ones that it does not. */
export const SLOT = {
  IGNORED: 0,
  /** Time at which the request ended (CLF, ISO 8601, or epoch seconds or milliseconds). */
  TIME: 1,
  /** Time at which the request began; the event time is this plus the request time. */
  START: 2,
  CLIENT: 3,
  /** `METHOD path PROTOCOL`. */
  REQUEST: 4,
  METHOD: 5,
  PATH: 6,
  PROTOCOL: 7,
  HOST: 8,
  STATUS: 9,
  /** Body bytes to the client. */
  BODY_SENT: 10,
  /** All bytes to the client; used when body bytes are not logged. */
  BYTES_SENT: 11,
  BYTES_IN: 12,
  REQUEST_TIME: 13,
  UPSTREAM_TIME: 14,
  UPSTREAM_ADDR: 15,
  UPSTREAM_STATUS: 16,
  /** Name of the upstream as the proxy calls it; namespace, service and ingress are read out of it. */
  UPSTREAM: 17,
  INGRESS: 18,
  NAMESPACE: 19,
  SERVICE: 20,
  USER_AGENT: 21,
  REFERER: 22,
  TLS: 23,
  TRACE: 24,
  REQUEST_ID: 25,
  /** X-Forwarded-For; its last address stands in when the format has no client address. */
  FORWARDED: 26,
  /** Name of the route as the proxy calls it. */
  ROUTE: 27,
} as const
export type Slot = (typeof SLOT)[keyof typeof SLOT]
export const SLOTS = 28

export function createLine(): Line {
  const bytes = new Uint8Array(0)
  return { bytes, view: new DataView(bytes.buffer), from: new Int32Array(SLOTS), to: new Int32Array(SLOTS) }
}

/** Forgets all fields. */
export function clearLine(line: Line): void {
  line.from.fill(0)
  line.to.fill(0)
}

/** How a format writes what would break it: nginx writes `\x22`, JSON `\"`, and some write nothing at all. */
export type Escapes = 'nginx' | 'json' | 'none'

export interface LineFormat {
  /** As shown in the source's status. */
  name: string
  escapes: Escapes
  /** Seconds in one unit of the logged request time and upstream time. */
  timeUnit: number
  upstreamUnit: number
  /** Bytes to read before others get their turn, where reading is slow. */
  slice?: number
  /** Fills the slots of `line` from bytes [from, to), one line without its end. False: the line is not of this format. */
  read(line: Line, from: number, to: number): boolean
}
