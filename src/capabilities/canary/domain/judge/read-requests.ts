/**
 * Lines to requests: NDJSON `{"ts":ms,"arm":"stable|canary","status":200,"latency_ms":12.3,"pod":"…","bytes":512}`, or CSV with these names in its first line.
 * Numbers may be written as texts, as what turns CSV into JSON does. `ts` may also be in seconds, micro- or nanoseconds since 1970, or a text of ISO 8601.
 */
import type { Arm, CanaryRequest } from './blocks.ts'

export type Reject = 'json' | 'fields' | 'ts' | 'arm' | 'status' | 'latency_ms' | 'bytes' | 'long'

/** What a line gives: a request, the reason why not, or nothing (an empty line, the names of CSV). */
export type Read = CanaryRequest | Reject | undefined

/** How the times of a file are written. */
export type TimeUnit = 's' | 'ms' | 'µs' | 'ns' | 'text'

export interface RequestReader {
  read(line: string): Read
  /** Told by the first request; undefined before it. */
  unit(): TimeUnit | undefined
}

/** Longer lines are no requests. */
export const MAX_LINE = 64 * 1024
const FIELDS = ['ts', 'arm', 'status', 'latency_ms', 'pod', 'bytes'] as const

/** A reader of the lines of one file; the first line tells whether it is NDJSON or CSV. */
export function createRequestReader(): RequestReader {
  let columns: number[] | undefined
  let first = true
  const time = createTime()

  const requestOf = (ts: unknown, arm: unknown, status: unknown, latency: unknown, pod: unknown, bytes: unknown): CanaryRequest | Reject => {
    if (arm !== 'stable' && arm !== 'canary') return 'arm'
    const code = numberOf(status)
    if (code === undefined || !(code >= 0) || code > 999) return 'status'
    const ms = numberOf(latency)
    if (ms !== undefined && !(ms >= 0 && ms < Number.POSITIVE_INFINITY)) return 'latency_ms'
    const size = numberOf(bytes)
    if (size !== undefined && !(size >= 0 && size < Number.POSITIVE_INFINITY)) return 'bytes'
    const at = time.msOf(ts)
    if (at === undefined) return 'ts'
    return {
      ts: at,
      arm: arm satisfies Arm,
      status: code,
      latencyMs: ms ?? Number.NaN,
      pod: typeof pod === 'string' ? pod.slice(0, 253) : '',
      ...(size === undefined ? {} : { bytes: size }),
    }
  }

  return {
    read(text) {
      if (text.length > MAX_LINE) return 'long'
      // A byte order mark, as spreadsheets write it.
      const line = first && text.startsWith('\ufeff') ? text.slice(1) : text
      if (line === '' || line === '\r') return undefined
      if (first) {
        first = false
        columns = line.trimStart().startsWith('{') ? undefined : headerOf(line)
        if (columns) return undefined
      }
      if (columns) {
        const cells = cellsOf(line.trim())
        const cell = (field: number) => (columns![field]! < 0 ? undefined : cells[columns![field]!])
        return requestOf(cell(0), cell(1), cell(2), cell(3), cell(4), cell(5))
      }
      let value: unknown
      try {
        value = JSON.parse(line)
      } catch {
        return 'json'
      }
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'fields'
      const { ts, arm, status, latency_ms, pod, bytes } = value as Record<string, unknown>
      return requestOf(ts, arm, status, latency_ms, pod, bytes)
    },
    unit: time.unit,
  }
}

/** Positions of our fields, when the line names at least the first three. */
function headerOf(line: string): number[] | undefined {
  const names = cellsOf(line.trim()).map((name) => name.trim().toLowerCase())
  const columns = FIELDS.map((field) => names.indexOf(field))
  return columns.slice(0, 3).every((column) => column >= 0) ? columns : undefined
}

/** RFC 4180; no line breaks within a cell. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  const cells: string[] = []
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) cells.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
  return cells
}

/** A number or its text; undefined: there is none; NaN: it is something else. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') return Number.NaN
  const text = value.trim()
  return text === '' ? undefined : Number(text)
}

/** Times from 1970 to 2100, in ms. */
const LATEST = 4_102_444_800_000
/** The times after 2001 that each unit can mean do not overlap; what is smaller is ms, also of a clock that began with the run. */
const UNITS = [
  { unit: 's', ms: 1_000 },
  { unit: 'µs', ms: 1e-3 },
  { unit: 'ns', ms: 1e-6 },
] as const
const EARLIEST_OTHER = 1e12
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i
const ZONE = /(Z|[+-]\d\d:?\d\d)$/i

/** All times of a file are in the unit of its first one. */
function createTime(): { msOf(ts: unknown): number | undefined; unit(): TimeUnit | undefined } {
  let unit: TimeUnit | undefined
  let factor = 1
  return {
    msOf(ts) {
      if (typeof ts === 'string' && ISO.test(ts.trim())) {
        unit ??= 'text'
        const text = ts.trim().replace(' ', 'T')
        // biome-ignore lint/style/noRestrictedGlobals: reads a time that was handed in
        const at = Date.parse(ZONE.test(text) ? text : `${text}Z`)
        return at >= 0 && at <= LATEST ? at : undefined
      }
      const number = numberOf(ts)
      if (number === undefined || !(number >= 0)) return undefined
      if (unit === undefined) {
        const other = UNITS.find(({ ms }) => number * ms >= EARLIEST_OTHER && number * ms <= LATEST)
        unit = other?.unit ?? 'ms'
        factor = other?.ms ?? 1
      }
      const at = number * factor
      return at <= LATEST ? at : undefined
    },
    unit: () => unit,
  }
}
