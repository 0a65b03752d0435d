/** The API of audit, in one place for server, CLI and console. All under `/api/v1/clusters/{cluster}/audit`, but the webhook. */
import { z } from 'zod'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'

export const FIELDS = [
  'user',
  'impersonated',
  'groups',
  'plane',
  'verb',
  'api_group',
  'resource',
  'namespace',
  'name',
  'status',
  'decision',
  'rules',
  'severity',
  'source_ip',
  'user_agent',
  'stage',
  'id',
  'detail',
] as const
export type Field = (typeof FIELDS)[number]
export const OPERATORS = ['eq', 'ne', 'contains', 'gte', 'lte'] as const
type Operator = (typeof OPERATORS)[number]

export interface Filter {
  field: Field
  operator: Operator
  value: string
}

const meant = (name: string, valid: readonly string[]) => {
  const suggestion = nearest(name, valid)
  return suggestion === undefined ? '' : `; did you mean ${suggestion}?`
}

/** `user:eq:alice`; of `rules` and `groups`, which hold several, `eq` is "one of them". */
export function parseFilter(text: string): Result<Filter, string> {
  const [name = '', word = '', ...rest] = text.split(':')
  if (rest.length === 0) return err('a filter is `field:operator:value`, e.g. `user:eq:alice`')
  const value = rest.join(':')
  const field = FIELDS.find((known) => known === name)
  if (!field) return err(`there is no field "${name.slice(0, 64)}"${meant(name, FIELDS)}`)
  const operator = OPERATORS.find((known) => known === word)
  if (!operator) return err(`there is no operator "${word.slice(0, 64)}"${meant(word, OPERATORS)}`)
  if (field === 'status') {
    if (operator === 'contains' || !/^\d{1,5}$/.test(value)) return err('status is a number: it has eq, ne, gte and lte')
  } else if (operator === 'gte' || operator === 'lte') return err(`${field} is text: it has eq, ne and contains`)
  return ok({ field, operator, value })
}

const filterText = z
  .string()
  .max(512)
  .superRefine((text, context) => {
    const parsed = parseFilter(text)
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error })
  })
const epochMs = z.coerce.number().int().min(0).max(4_102_444_800_000)

export const rangeQuery = z
  .object({
    from: epochMs,
    to: epochMs,
    /** Joined by AND; equal fields with `eq` by OR. */
    filter: z
      .union([filterText, z.array(filterText).max(30)])
      .optional()
      .transform((value) => (value === undefined ? [] : [value].flat())),
    /** In any field. */
    search: z.string().max(256).optional(),
  })
  .refine((query) => query.from < query.to, { path: ['to'], message: 'to must be after from' })

export const eventsQuery = rangeQuery.safeExtend({
  order: z.enum(['asc', 'desc']).default('desc'),
  limit: z.coerce.number().int().min(1).max(10_000).default(200),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
})
/** All events that answer a question, one a line, oldest first: `ndjson` as `EventRow`, or `csv`. */
export const exportQuery = rangeQuery.safeExtend({ format: z.enum(['ndjson', 'csv']).default('ndjson') })
/** What a person did under these names, who made the objects that they touched, and what says which names are whose. */
export const personQuery = z.object({
  /** `names`: their events; `facts`: one event of each name and all that make names and credentials known. */
  what: z.enum(['names', 'facts']),
  name: z
    .union([z.string().max(512), z.array(z.string().max(512)).max(200)])
    .optional()
    .transform((value) => (value === undefined ? [] : [value].flat())),
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^\d{1,15}_[\w-]{1,64}_\d{1,10}$/)
    .optional(),
})
export interface PersonAnswer {
  events: EventRow[]
  /** There are more after this. */
  next?: string
}
export const BY = ['user', 'namespace', 'verb', 'resource', 'status', 'decision', 'plane', 'source_ip', 'user_agent', 'rules', 'severity'] as const
export type By = (typeof BY)[number]
export const topQuery = rangeQuery.safeExtend({ by: z.enum(BY), limit: z.coerce.number().int().min(1).max(1000).default(10) })
export const seriesQuery = rangeQuery.safeExtend({ step: z.coerce.number().int().min(1000).optional() })

/** A row of the table, as it is shown. */
export interface EventRow {
  at: number
  plane: string
  id: string
  stage: string
  user: string
  groups: string
  impersonated: string
  sourceIp: string
  userAgent: string
  verb: string
  apiGroup: string
  resource: string
  namespace: string
  name: string
  status: number
  decision: string
  rules: string[]
  severity: string
  /** JSON. */
  detail: string
}
export interface EventsAnswer {
  events: EventRow[]
  /** There are more than these. */
  more: boolean
  rowsRead: number
  elapsedMs: number
}
export interface TopAnswer {
  rows: { key: string; events: number; sensitive: number; refused: number; lastAt: number }[]
}
export interface SeriesAnswer {
  step: number
  /** Start of the step, all events, those that fired a rule of warning or more, refused ones. */
  points: [at: number, events: number, sensitive: number, refused: number][]
}
export interface FirstSeenAnswer {
  rows: { what: 'user' | 'source_ip' | 'user_agent'; key: string; user: string; at: number }[]
}
export interface AuditStatus {
  /** What was received since the start of the server. */
  since: number
  accepted: number
  rejected: Record<string, number>
  /** Events that were received and could not be kept; the API server was not made to wait. */
  dropped: number
  droppedAt: number | null
  /** When something could last not be read. */
  rejectedAt: number | null
  lastAt: number | null
  sources: { source: string; accepted: number; rejected: number; lastAt: number }[]
  /** On disk, acknowledged and not judged yet; of all clusters. */
  waiting: { batches: number; bytes: number }
  chain: { number: number; hash: string } | null
}

export type FaultKind =
  | 'changed-rows'
  | 'missing-rows'
  | 'added-rows'
  | 'missing-batches'
  | 'missing-seal'
  | 'repeated-number'
  | 'broken-chain'
  | 'cut-off'
  | 'damaged'
export interface Fault {
  kind: FaultKind
  /** Number of the batch in the chain; 0: not known. */
  number: number
  batch?: string
  count?: number
  reason?: string
}
export interface VerifyAnswer {
  cluster: string
  batches: number
  rows: number
  /** Rows of before there were seals: nothing can be said of them. */
  unsealed: number
  /** Batches of which retention took rows. */
  expired: number
  first: number
  last: number
  /** Hash of the last seal: kept elsewhere, it proves later that nothing was cut off. */
  hash: string
  faults: readonly Fault[]
}
export const replayBody = z.object({ source: z.string().min(1).max(200).default('replay'), text: z.string().max(8 * 1024 * 1024) })
export interface ReplayAnswer {
  accepted: number
  rejected: number
  reasons: Record<string, number>
}
