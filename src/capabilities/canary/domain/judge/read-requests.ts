/** Lines to requests: NDJSON `{"ts":ms,"arm":"stable|canary","status":200,"latency_ms":12.3,"pod":"…","bytes":512}`, or CSV with these names in its first line. */
import type { Arm, CanaryRequest } from './blocks.ts'

export type Reject = 'json' | 'fields' | 'ts' | 'arm' | 'status' | 'latency_ms' | 'bytes' | 'long'

/** What a line gives: a request, the reason why not, or nothing (an empty line, the names of CSV). */
export type Read = CanaryRequest | Reject | undefined

/** Longer lines are no requests. */
export const MAX_LINE = 64 * 1024
const FIELDS = ['ts', 'arm', 'status', 'latency_ms', 'pod', 'bytes'] as const

/** A reader of the lines of one file; the first line tells whether it is NDJSON or CSV. */
export function createRequestReader(): (line: string) => Read {
  let columns: number[] | undefined
  let first = true
  return (line) => {
    if (line.length > MAX_LINE) return 'long'
    if (line === '' || line === '\r') return undefined
    if (first) {
      first = false
      columns = line.trimStart().startsWith('{') ? undefined : headerOf(line)
      if (columns) return undefined
    }
    if (columns) {
      const cells = line.trim().split(',')
      const cell = (field: number) => (columns![field]! < 0 ? undefined : unquote(cells[columns![field]!]))
      return requestOf(numberOf(cell(0)), cell(1), numberOf(cell(2)), numberOf(cell(3)), cell(4), numberOf(cell(5)))
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
  }
}

/** Positions of our fields, when the line names at least the first three. */
function headerOf(line: string): number[] | undefined {
  const names = line.split(',').map((name) => unquote(name.trim())!.toLowerCase())
  const columns = FIELDS.map((field) => names.indexOf(field))
  return columns.slice(0, 3).every((column) => column >= 0) ? columns : undefined
}

const unquote = (text: string | undefined): string | undefined => (text?.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text)
const numberOf = (text: string | undefined): number | undefined => (text === undefined || text === '' ? undefined : Number(text))

/** Times from 1970 to 2100, in ms. */
const LATEST = 4_102_444_800_000

function requestOf(ts: unknown, arm: unknown, status: unknown, latency: unknown, pod: unknown, bytes: unknown): CanaryRequest | Reject {
  if (typeof ts !== 'number' || !(ts >= 0) || ts > LATEST) return 'ts'
  if (arm !== 'stable' && arm !== 'canary') return 'arm'
  if (typeof status !== 'number' || !(status >= 0) || status > 999) return 'status'
  if (latency !== undefined && latency !== null && (typeof latency !== 'number' || !(latency >= 0))) return 'latency_ms'
  if (bytes !== undefined && bytes !== null && (typeof bytes !== 'number' || !(bytes >= 0))) return 'bytes'
  return {
    ts,
    arm: arm satisfies Arm,
    status,
    latencyMs: typeof latency === 'number' ? latency : Number.NaN,
    pod: typeof pod === 'string' ? pod.slice(0, 253) : '',
    ...(typeof bytes === 'number' ? { bytes } : {}),
  }
}
