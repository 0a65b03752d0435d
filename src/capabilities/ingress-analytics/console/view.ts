import { z } from 'zod'
import { urlFlag, urlList } from '#kits/console-kit/url-fields.ts'
import { DIMENSIONS } from '../domain/api.ts'
import { type Filter, formatFilter, parseFilter } from './filters.ts'

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

/** The live stream knows traffic by these only, and by one value each. */
export const isLiveFilter = ({ field, op }: Filter): boolean => op === 'eq' && (field === 'route' || field === 'namespace' || field === 'service')

const DAY = 86_400_000

/** The offset to the earlier period in ms; `overlaps` when that period would reach into the range itself. */
export function compareOffset(compare: Comparison, from: number, to: number): number | undefined | 'overlaps' {
  if (compare === 'off') return undefined
  const length = Math.max(1000, to - from)
  const offset = compare === 'previous' ? length : compare === '1d' ? DAY : 7 * DAY
  return offset < length ? 'overlaps' : offset
}
