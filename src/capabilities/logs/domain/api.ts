/** What the API of container logs takes and gives. */
import { z } from 'zod'
import { parseSearch } from './search.ts'
import { LEVELS, type Level } from './severity.ts'

/** Columns that records are chosen by. */
export const FIELDS = ['namespace', 'workload', 'pod', 'container', 'node', 'service', 'stream'] as const
export type Field = (typeof FIELDS)[number]

const list = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), z.array(item).max(50))
const word = z.string().max(256)

const chosen = {
  /** See `search.ts`. */
  q: z
    .string()
    .default('')
    .superRefine((text, context) => {
      const parsed = parseSearch(text)
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error })
    }),
  namespace: list(word),
  workload: list(word),
  pod: list(word),
  container: list(word),
  node: list(word),
  service: list(word),
  stream: list(word),
  /** At least this grave; records that do not say are left out. */
  level: z.enum(LEVELS).optional(),
}
const MOMENT = z.coerce.number().int().min(0).max(8.64e15)
const range = { from: MOMENT, to: MOMENT }
const ordered = <T extends { from: number; to: number }>({ from, to }: T) => from < to
const inOrder = { path: ['to'], message: 'must be after `from`' }

export const liveQuery = z.object(chosen)
export const countQuery = z.object({ ...range, ...chosen, step: z.coerce.number().int().min(1000).optional() }).refine(ordered, inOrder)
export const MOST_REACHED = 100_000
export const recordsQuery = z
  .object({
    ...range,
    ...chosen,
    order: z.enum(['asc', 'desc']).default('desc'),
    limit: z.coerce.number().int().min(1).max(5000).default(100),
    offset: z.coerce.number().int().min(0).max(MOST_REACHED).default(0),
  })
  .refine(ordered, inOrder)
export const patternsQuery = z.object({ ...range, ...chosen, limit: z.coerce.number().int().min(1).max(200).default(50) }).refine(ordered, inOrder)
export const valuesQuery = z
  .object({ ...range, ...chosen, field: z.enum(FIELDS), limit: z.coerce.number().int().min(1).max(1000).default(200) })
  .refine(ordered, inOrder)
export const contextQuery = z.object({
  /** `ns` of the record. */
  at: z.string().regex(/^\d{1,19}$/),
  namespace: word.default(''),
  pod: word.default(''),
  container: word.default(''),
  service: word.default(''),
  lines: z.coerce.number().int().min(1).max(200).default(10),
})

/** Which records: everything but the time. */
export type Chosen = z.output<typeof liveQuery>
export type Asked = Chosen & { from: number; to: number }

export interface LogRecord {
  /** ms since the epoch. */
  at: number
  /** ns since the epoch, as text: exact. */
  ns: string
  namespace: string
  workload: string
  pod: string
  container: string
  node: string
  service: string
  stream: string
  /** OpenTelemetry's number; 0: not known. */
  severity: number
  /** At most 16 KiB of it. */
  body: string
  /** Bytes of all of it. */
  length: number
  attributes: Readonly<Record<string, string>>
}

export interface RecordsAnswer {
  records: readonly LogRecord[]
  /** Of the whole range, when it was counted. */
  total: number
  rowsRead: number
  elapsedMs: number
}
/** A step's records by level; `none`: they do not say. */
export type Counts = Readonly<Record<Level | 'none', number>>
export interface CountsAnswer {
  step: number
  total: number
  /** Steps without records are left out. */
  points: readonly { at: number; counts: Counts }[]
  rowsRead: number
  bytesRead: number
  elapsedMs: number
  /** The oldest record that is kept, ms; what is older is not there to be counted. */
  oldestAt?: number
}
export interface PatternsAnswer {
  patterns: readonly { pattern: string; count: number; severity: number; example: string; services: number; lastAt: number }[]
  /** Records that were looked at, and records that there are. */
  looked: number
  total: number
}
export interface ValuesAnswer {
  values: readonly { value: string; count: number }[]
}
export interface ContextAnswer {
  before: readonly LogRecord[]
  record: LogRecord | undefined
  after: readonly LogRecord[]
}
/** Event `records` of the live tail. */
export interface LiveRecords {
  records: readonly LogRecord[]
  /** Records that matched and were left out, because there were too many to show. */
  dropped: number
}
