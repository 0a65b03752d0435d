/** The API of ingress analytics, in one place for server, CLI and console. All under `/api/v1/clusters/{cluster}/ingress`. */
import { z } from 'zod'
import { DIMENSIONS, type Dimension, NUMBERS } from './dimensions.ts'
import { parseFilter } from './filters.ts'

export { DIMENSIONS, type Dimension, NUMBERS, type NumberName, OPERATORS } from './dimensions.ts'

/** `status:gte:500`, `host:eq:shop.example`, `path:contains:/cart`, `request_time:gte:1` (seconds). Several filters are joined by AND; equal ones on one dimension by OR. */
export const filterText = z
  .string()
  .max(512)
  .superRefine((text, context) => {
    const parsed = parseFilter(text)
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error })
  })

const epochMs = z.coerce.number().int().min(0).max(4_102_444_800_000)
const many = (item: z.ZodString) =>
  z
    .union([item, z.array(item).max(50)])
    .optional()
    .transform((v) => (v === undefined ? [] : Array.isArray(v) ? v : [v]))

export const rangeQuery = z
  .object({ from: epochMs, to: epochMs, filter: many(filterText) })
  .refine((q) => q.from < q.to, { path: ['to'], message: 'to must be after from' })

/** GET /stats?from&to&filter&compare — `compare` is an offset in ms to an earlier period of the same length. */
export const statsQuery = rangeQuery.safeExtend({ compare: z.coerce.number().int().min(1000).optional() })
/** GET /series — `step` in ms; the server raises it so that at most 600 points come back and says so in `step`. */
export const seriesQuery = rangeQuery.safeExtend({ step: z.coerce.number().int().min(1000).optional(), compare: z.coerce.number().int().min(1000).optional() })
/** GET /top — ranking by one dimension. */
export const topQuery = rangeQuery.safeExtend({
  by: z.enum(DIMENSIONS),
  sort: z.enum(NUMBERS).default('requests'),
  order: z.enum(['asc', 'desc']).default('desc'),
  search: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(10),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
})
/** GET /requests — raw rows. */
export const requestsQuery = rangeQuery.safeExtend({
  sort: z.enum(['ts', 'request_time', 'upstream_time', 'bytes_out', 'status']).default('ts'),
  order: z.enum(['asc', 'desc']).default('desc'),
  search: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  offset: z.coerce.number().int().min(0).max(100_000).default(0),
})

/** A time in seconds, or why there is none: `none` nothing was timed, `few` not enough requests for this quantile yet. */
export type Latency = number | { missing: 'none' | 'few'; needs?: number }

/**
 * Why an answer may be short of the truth. An entry of `incomplete` is one of these words, some followed by `:` and a detail:
 * `retention:MS` rows before MS (epoch) are gone or never were · `rejected:SOURCE` lines of SOURCE could not be read within the range ·
 * `queue:COUNT` batches received but not in the engine yet · `limit:PART` PART of the answer was left out because it needs more than its query limit ·
 * `live` the live stream does not cover the whole range.
 */
export const INCOMPLETE = ['retention', 'rejected', 'queue', 'limit', 'live'] as const
export type IncompleteReason = (typeof INCOMPLETE)[number] | `${(typeof INCOMPLETE)[number]}:${string}`

/** What every answer carries, so that no number stands without its source. */
export interface Provenance {
  from: number
  to: number
  /** Table read; `access_1h` is completed by `access_1m` at the ends of the range. */
  source: 'access' | 'access_1m' | 'access_5m' | 'access_1h'
  rowsRead: number
  elapsedMs: number
  /** Newest arrival before the answer, ms since the epoch; undefined: nothing ever arrived. */
  newestAt?: number
  /** Why the answer may be short of the truth; empty when it is whole. */
  incomplete: readonly IncompleteReason[]
}

export interface Stats {
  requests: number
  /** Distinct clients (error ≤ 1 % on raw rows, about 2 % on roll-ups); `visitors` in GoAccess' sense is client + user agent and is what the offline report counts. */
  visitors: number
  qps: number
  /** Share of answers below 500, 499 excluded from success; null when there were no requests. */
  success_rate: number | null
  /** The rest: 1 - success_rate. */
  error_rate: number | null
  classes: { '1xx': number; '2xx': number; '3xx': number; '4xx': number; '5xx': number }
  s499: number
  s502: number
  s503: number
  s504: number
  bytes_in: number
  bytes_out: number
  latency: Record<'mean' | 'p50' | 'p90' | 'p95' | 'p99' | 'p999' | 'p9999' | 'max', Latency>
  upstream: Record<'mean' | 'p50' | 'p90' | 'p95' | 'p99' | 'p999' | 'p9999', Latency>
}
export interface StatsAnswer extends Provenance {
  stats: Stats
  compared?: { from: number; to: number; stats: Stats }
}

/** Columns of equal length; null is a gap, not zero. `ts` is the start of each bucket, ms. */
export interface SeriesAnswer extends Provenance {
  step: number
  ts: number[]
  series: Record<
    | 'requests'
    | 'qps'
    | 'c2xx'
    | 'c3xx'
    | 'c4xx'
    | 'c5xx'
    | 'success_rate'
    | 'bytes_in'
    | 'bytes_out'
    | 'mean'
    | 'p50'
    | 'p90'
    | 'p95'
    | 'p99'
    | 'max'
    | 'upstream_mean'
    | 'upstream_p99'
    | 'visitors'
    | 's499'
    | 's502'
    | 's503'
    | 's504',
    (number | null)[]
  >
  compared?: { ts: number[]; series: Record<string, (number | null)[]> }
}

export interface TopRow {
  key: string
  requests: number
  qps: number
  visitors: number
  share: number
  success_rate: number | null
  rate_4xx: number
  rate_5xx: number
  bytes_in: number
  bytes_out: number
  mean: Latency
  p50: Latency
  p90: Latency
  p95: Latency
  p99: Latency
  p999: Latency
  p9999: Latency
  max: Latency
  upstream_mean: Latency
  upstream_p50: Latency
  upstream_p99: Latency
  s499: number
  s502: number
  s503: number
  s504: number
}
export interface TopAnswer extends Provenance {
  by: Dimension
  rows: TopRow[]
  /** How many distinct keys there are in all. */
  total: number
}

/** A raw row; names and units as the columns of `access`, times in seconds or null, `ts` in ms. */
export type RequestRow = Record<string, string | number | null> & { ts: number }
export interface RequestsAnswer extends Provenance {
  rows: RequestRow[]
  total: number
}

/** GET /live?filter — `eq` filters of route, namespace, service and arm, at most one each. */
export const liveQuery = z.object({ filter: many(filterText) })

/** GET /live (SSE), event `tick` twice a second: the last 60 seconds by arrival time for the filter of route, namespace, service. */
export interface LiveTick {
  now: number
  freshnessMs: number | null
  completeness: number
  /** `live` while the stream does not cover the whole window. */
  incomplete: readonly IncompleteReason[]
  seconds: { second: number; requests: number; c4xx: number; c5xx: number; bytes_out: number; mean: number | null; p99: number | null }[]
  total: { requests: number; qps: number; success_rate: number | null; p50: number | null; p99: number | null; latenessMs: number }
  /** The latest raw lines of this second, at most 20, for the live table. */
  latest: RequestRow[]
}

/** GET /marks — moments when something changed, for the charts. */
export interface Mark {
  ts: number
  kind: 'change' | 'alert' | 'settings' | 'source'
  /** For kind `change`: which number moved, from what to what. */
  what: string
  before?: number
  after?: number
}
export interface MarksAnswer {
  marks: Mark[]
}

/** GET /sources — where lines come from and what could not be read. */
export interface SourceStatus {
  source: string
  transport: 'agent' | 'syslog' | 'loki' | 'ndjson' | 'lines'
  format: string | null
  accepted: number
  rejected: number
  reasons: Record<string, number>
  /** Fields of accepted lines in which invalid UTF-8 was replaced by U+FFFD. */
  repaired: number
  /** Latest arrival, ms. */
  lastAt: number | null
  /** Latest rejected lines (cut to 300 characters) with the reason: at most 20. */
  samples: { at: number; reason: string; line: string }[]
}
export interface SourcesAnswer {
  since: number
  sources: SourceStatus[]
}

/**
 * POST /formats/try — what a format makes of sample lines; nothing is kept. `format`: a name (built in or a user's), `auto`, a pattern with `$variables`, or
 * a regular expression with named groups. A format with problems is INVALID_INPUT, all of them at once.
 */
export const tryFormatBody = z
  .object({
    format: z.string().trim().min(1).max(4096),
    lines: z
      .array(
        z
          .string()
          .max(65_536)
          .regex(/^[^\n]*$/, 'one line, without its end'),
      )
      .min(1)
      .max(50),
  })
  .strict()
export type TryFormatBody = z.output<typeof tryFormatBody>
export interface TryFormatAnswer {
  /** The format that was used; null: `auto` found none. */
  format: string | null
  accepted: number
  rejected: number
  /** One for each line, in order: its row, or why it would be rejected (a reason of SourceStatus). */
  lines: ({ row: RequestRow } | { reason: string })[]
}

const words = z.string().trim().min(1).max(120)
const durationMs = (min: number, max: number) => z.number().int().min(min).max(max)

/** One alert rule. Section `ingressAlerts` of the settings holds a list of them per cluster. */
export const alertRule = z
  .object({
    /** Unique within its cluster; the `alertname` of what it fires. */
    name: words,
    enabled: z.boolean().default(true),
    number: z.enum(NUMBERS).default('error_rate'),
    comparison: z.enum(['>', '<']).default('>'),
    /** In the unit of the number: seconds, shares 0…1, bytes, requests. */
    threshold: z.number().default(0),
    /** Over how long the number is taken, ms. */
    window: durationMs(60_000, 86_400_000).default(300_000),
    /** How long the condition must hold before it fires, ms. */
    for: durationMs(0, 86_400_000).default(0),
    filter: z.array(filterText).max(20).default([]),
    /** One alert for each value of this dimension. */
    groupBy: z.enum(DIMENSIONS).optional(),
    severity: z.enum(['advice', 'warning', 'error', 'critical']).default('warning'),
    /** Fires when there were no requests at all in the window; number and threshold are not looked at. */
    absent: z.boolean().default(false),
    /** Fewer requests than this in the window are no evidence: the condition does not hold. */
    minRequests: z.number().int().min(0).max(1e9).default(0),
    /** What to do when it fires; shown in the notification. */
    summary: z.string().max(500).optional(),
    runbook: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).optional(),
  })
  .strict()
export type AlertRule = z.output<typeof alertRule>
export type AlertRuleInput = z.input<typeof alertRule>

/** How a rule (and group) stands after its last evaluation. `unknown`: it could not be evaluated; what fired before goes on firing. */
export interface RuleState {
  state: 'ok' | 'pending' | 'firing' | 'unknown'
  /** Value of `groupBy`, or '' for the rule itself. */
  group: string
  value: number | null
  requests: number | null
  /** Since when the condition holds. */
  since: number | null
  evaluatedAt: number
  /** For `unknown`: why. */
  reason?: string
}
/** GET /alert-rules · POST /alert-rules (AlertRuleInput) · PUT and DELETE /alert-rules/{name} */
export interface AlertRulesAnswer {
  rules: { rule: AlertRule; states: RuleState[] }[]
}

/** POST /alert-rules/preview — what a rule would have done over the last hours, before it is kept. */
export const previewBody = z.object({ rule: alertRule, hours: z.number().int().min(1).max(168).default(24) })
export interface PreviewAnswer {
  from: number
  to: number
  /** It was looked at every so many ms; the real rule is looked at every 10 s. */
  step: number
  /** How many times it would have begun to fire, and for how long in all. */
  fired: number
  firingMs: number
  episodes: { group: string; from: number; to: number; value: number | null }[]
  /** Value of the number at each step, for the chart (of the group with the most requests when grouped); null: no requests. */
  ts: number[]
  values: (number | null)[]
  incomplete: readonly IncompleteReason[]
}
