/** The offline report: everything that a log says, in one pass and bounded memory. */
import { enoughFor, Sketch } from '#core/stats/sketch.ts'
import { SLOT } from '../formats/line.ts'
import { PATTERN_MAX, writePattern } from '../rows/path-pattern.ts'
import type { RowSink } from '../rows/read-lines.ts'
import type { Rejects } from '../rows/rejects.ts'
import { userAgentFamily } from '../rows/user-agent.ts'
import { canonicalHost } from '../rows/vocabulary.ts'
import { hashBytes } from '../rows/words.ts'
import { Distinct } from './distinct.ts'
import { Tally } from './tally.ts'

export const TABLES = [
  'hosts',
  'paths',
  'path_patterns',
  'clients',
  'countries',
  'user_agents',
  'ua_families',
  'referers',
  'methods',
  'statuses',
  'hours',
] as const
export type TableName = (typeof TABLES)[number]

export interface ReportRow {
  key: string
  requests: number
  /** Of all requests, 0 … 1. */
  share: number
  bytes: number
  s4xx: number
  s5xx: number
  /** null: none of them was timed. */
  mean_ms: number | null
  max_ms: number | null
}

export interface ReportTable {
  rows: ReportRow[]
  /** Different keys seen; null when they were too many to count. */
  total: number | null
  /** Requests that a row may lack because there were too many keys to keep all; 0: exact. */
  error: number
}

const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999, p9999: 0.9999 } as const
type LatencyName = 'mean' | keyof typeof QUANTILES | 'max'

export interface Report {
  files: { path: string; format: string | null; lines: number }[]
  /** Event times of the first and last request, ISO 8601; null without requests. */
  range: { from: string; to: string } | null
  lines: number
  requests: number
  /** Sent to clients. */
  bytes: number
  bytes_in: number
  /** Different client and user agent by UTC day, answers with 4xx left out, as GoAccess counts unique visitors. */
  visitors: number
  visitors_exact: boolean
  success_rate: number | null
  status: Record<string, number>
  latency_ms: Record<LatencyName, number | null> & { timed: number; missing: Partial<Record<LatencyName, string>> }
  upstream_ms: Record<LatencyName, number | null> & { timed: number; missing: Partial<Record<LatencyName, string>> }
  tables: Record<TableName, ReportTable>
  rejected: { total: number; reasons: Record<string, number>; samples: { reason: string; line: string }[] }
  elapsed_ms: number
}

export interface CollectorOptions {
  country?: (client: string) => string
  /** Keys kept in each table. */
  cap?: number
}

/** Times of one kind: sketch, sum and maximum in seconds. */
class Times {
  private sketch = new Sketch()
  private sum = 0
  private max = 0

  add(seconds: number): void {
    if (!(seconds >= 0)) return
    this.sketch.add(seconds)
    this.sum += seconds
    if (seconds > this.max) this.max = seconds
  }

  summary(): Report['latency_ms'] {
    const timed = this.sketch.count
    const missing: Partial<Record<LatencyName, string>> = {}
    const values = Object.entries(QUANTILES).map(([name, q]) => {
      const enough = timed > 0 && enoughFor(q, timed)
      if (!enough)
        missing[name as LatencyName] = timed === 0 ? 'no request has a time' : `needs ${Math.round(1 / (1 - q))} requests with a time, there are ${timed}`
      return [name, enough ? round(Math.min(this.sketch.quantile(q)!, this.max) * 1000) : null]
    })
    if (timed === 0) missing.mean = missing.max = 'no request has a time'
    return {
      mean: timed > 0 ? round((this.sum / timed) * 1000) : null,
      ...(Object.fromEntries(values) as Record<keyof typeof QUANTILES, number | null>),
      max: timed > 0 ? round(this.max * 1000) : null,
      timed,
      missing,
    }
  }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000
const DAY_MS = 86_400_000

export interface Collector extends RowSink {
  finish(more: { files: Report['files']; rejects: Rejects; lines: number; elapsedMs: number; top: number; iso: (ms: number) => string }): Report
}

export function createCollector(options: CollectorOptions = {}): Collector {
  const { country = () => '', cap } = options
  // what is let go of a table of single paths or clients still counts in the tables of patterns and countries
  const patterns = new Tally({ cap })
  const countries = new Tally({ cap })
  const families = new Tally({ cap })
  const hosts = new Tally({ cap })
  const pattern = new Uint8Array(PATTERN_MAX + 4)
  const patternOf = (path: string): string => {
    const bytes = new TextEncoder().encode(path)
    if (bytes[0] !== 0x2f && path !== '*') return '{invalid}'
    const length = writePattern(bytes, 0, bytes.length, pattern)
    return length < 0 ? '{other}' : new TextDecoder().decode(pattern.subarray(0, length))
  }
  const paths = new Tally({ cap, onDrop: (row) => patterns.merge(patternOf(row.key), row) })
  const clients = new Tally({ cap, onDrop: (row) => countries.merge(country(row.key), row) })
  const agents = new Tally({ cap, onDrop: (row) => families.merge(userAgentFamily(row.key), row) })
  const rawHosts = new Tally({ cap, onDrop: (row) => hosts.merge(canonicalHost(row.key), row) })
  const referers = new Tally({ cap })
  const methods = new Tally({ cap: 1000 })
  const statuses = Array.from({ length: 1000 }, () => 0)
  const byStatus = new Tally({ cap: 1000 })
  const hours = new Tally({ cap: 24 })
  const hourBytes = new TextEncoder().encode(Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0')).join(''))
  const hourView = new DataView(hourBytes.buffer)
  const visitors = new Distinct()
  const times = new Times()
  const upstream = new Times()
  let requests = 0
  let bytesOut = 0
  let bytesIn = 0
  let success = 0
  let earliest = Number.POSITIVE_INFINITY
  let latest = Number.NEGATIVE_INFINITY

  return {
    add(row) {
      const { line, status } = row
      const { bytes, view, from, to } = line
      requests++
      bytesOut += row.bytesOut
      bytesIn += row.bytesIn
      statuses[status]!++
      if (status < 500 && status !== 499) success++
      if (row.ts < earliest) earliest = row.ts
      if (row.ts > latest) latest = row.ts
      times.add(row.requestTime)
      upstream.add(row.upstreamTime)
      paths.add(view, bytes, from[SLOT.PATH]!, to[SLOT.PATH]!, row)
      clients.add(view, bytes, from[SLOT.CLIENT]!, to[SLOT.CLIENT]!, row)
      agents.add(view, bytes, from[SLOT.USER_AGENT]!, to[SLOT.USER_AGENT]!, row)
      rawHosts.add(view, bytes, from[SLOT.HOST]!, to[SLOT.HOST]!, row)
      referers.add(view, bytes, from[SLOT.REFERER]!, to[SLOT.REFERER]!, row)
      methods.add(view, bytes, from[SLOT.METHOD]!, to[SLOT.METHOD]!, row)
      byStatus.add(view, bytes, from[SLOT.STATUS]!, to[SLOT.STATUS]!, row)
      const hour = Math.floor((row.ts % DAY_MS) / 3_600_000) * 2
      hours.add(hourView, hourBytes, hour, hour + 2, row)
      if (status >= 400 && status < 500) return
      const day = Math.floor(row.ts / DAY_MS)
      const agent = hashBytes(view, bytes, from[SLOT.USER_AGENT]!, to[SLOT.USER_AGENT]!, day)
      const high = hashBytes(view, bytes, from[SLOT.CLIENT]!, to[SLOT.CLIENT]!, 0x51ed270b)
      const low = hashBytes(view, bytes, from[SLOT.CLIENT]!, to[SLOT.CLIENT]!, 0x2545f491)
      visitors.add(mix(high, agent), mix(low, agent ^ 0x68bc21eb))
    },

    finish({ files, rejects, lines, elapsedMs, top, iso }) {
      for (const row of paths.rows()) patterns.merge(patternOf(row.key), row)
      for (const row of clients.rows()) countries.merge(country(row.key), row)
      for (const row of agents.rows()) families.merge(userAgentFamily(row.key), row)
      for (const row of rawHosts.rows()) hosts.merge(canonicalHost(row.key), row)
      const table = (tally: Tally, count = top): ReportTable => ({
        rows: tally.top(count).map((row) => ({
          key: row.key,
          requests: row.requests,
          share: requests === 0 ? 0 : row.requests / requests,
          bytes: row.bytes,
          s4xx: row.s4xx,
          s5xx: row.s5xx,
          mean_ms: row.timed > 0 ? round((row.timeSum / row.timed) * 1000) : null,
          max_ms: row.timed > 0 ? round(row.timeMax * 1000) : null,
        })),
        total: tally.dropped === 0 ? tally.size : null,
        error: tally.error,
      })
      const byHour = table(hours, 24)
      byHour.rows.sort((a, b) => (a.key < b.key ? -1 : 1))
      return {
        files,
        range: requests === 0 ? null : { from: iso(earliest), to: iso(latest) },
        lines,
        requests,
        bytes: bytesOut,
        bytes_in: bytesIn,
        visitors: visitors.count,
        visitors_exact: visitors.exact,
        success_rate: requests === 0 ? null : success / requests,
        status: Object.fromEntries(statuses.flatMap((count, status) => (count > 0 ? [[String(status), count]] : []))),
        latency_ms: times.summary(),
        upstream_ms: upstream.summary(),
        tables: {
          hosts: table(hosts),
          paths: table(paths),
          path_patterns: table(patterns),
          clients: table(clients),
          countries: table(countries),
          user_agents: table(agents),
          ua_families: table(families),
          referers: table(referers),
          methods: table(methods),
          statuses: table(byStatus, 1000),
          hours: byHour,
        },
        rejected: { total: rejects.total, reasons: { ...rejects.reasons }, samples: rejects.samples },
        elapsed_ms: Math.round(elapsedMs),
      }
    },
  }
}

/** Spreads the pair over 32 bits (finalizer of MurmurHash3). */
function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0xcc9e2d51), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
