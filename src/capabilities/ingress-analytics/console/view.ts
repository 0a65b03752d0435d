import { z } from 'zod'
import { urlFlag, urlList } from '#kits/console-kit/url-fields.ts'
import { DIMENSIONS } from '../domain/api.ts'
import { type Field, type Filter, formatFilter, parseFilter } from './filters.ts'

export const COMPARISONS = ['off', 'previous', '1d', '1w'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** What all three pages keep in the URL besides range and cluster, which belong to the shell. */
export const sharedView = z.object({ f: urlList, compare: z.enum(COMPARISONS).default('off'), live: urlFlag })

/** What the rankings keep besides what their table keeps itself. */
export const rankingView = z.object({ by: z.enum(DIMENSIONS).default('route') })

const MAX_FILTERS = 32

/** The filters of a link; one that makes no sense is left out. */
export const filtersOf = (texts: readonly string[]): Filter[] => texts.slice(0, MAX_FILTERS).flatMap((text) => parseFilter(text) ?? [])

export const textsOf = (filters: readonly Filter[]): string[] => filters.map(formatFilter)

const LIVE_FIELDS: readonly Field[] = ['route', 'namespace', 'service', 'arm']

/** The filters that the live stream knows: "is" on these fields, one value each. */
export const liveFilters = (filters: readonly Filter[]): Filter[] =>
  filters.filter(({ field, op }) => op === 'eq' && LIVE_FIELDS.includes(field) && filters.filter((f) => f.field === field).length === 1)

const DAY = 86_400_000

/** The offset to the earlier period in ms; `overlaps` when that period would reach into the range itself. */
export function compareOffset(compare: Comparison, from: number, to: number): number | undefined | 'overlaps' {
  if (compare === 'off') return undefined
  const length = Math.max(1000, to - from)
  const offset = compare === 'previous' ? length : compare === '1d' ? DAY : 7 * DAY
  return offset < length ? 'overlaps' : offset
}
