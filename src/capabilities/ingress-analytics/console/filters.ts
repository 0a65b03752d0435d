import { DIMENSIONS, type Dimension, type OPERATORS } from '../domain/api.ts'
import { type FilterField, parseFilter as parse } from '../domain/filters.ts'

/** Columns that can be filtered as numbers but not grouped by: seconds and bytes. */
export const MEASURES = ['request_time', 'upstream_time', 'bytes_in', 'bytes_out'] as const
export type Field = FilterField
export const FIELDS: readonly Field[] = [...DIMENSIONS, ...MEASURES]
export type Operator = (typeof OPERATORS)[number]

/** A filter as it stands in the URL: its value stays text. */
export interface Filter {
  field: Field
  op: Operator
  value: string
}

/** `status:gte:500` and back; undefined for text that is no filter, so that a bent link loses one chip and not the page. */
export function parseFilter(text: string): Filter | undefined {
  const parsed = text.length <= MAX_LENGTH ? parse(text) : undefined
  if (!parsed?.ok) return undefined
  const { field, operator, value } = parsed.value
  // `contains` nothing is true of everything.
  return operator === 'contains' && value === '' ? undefined : { field, op: operator, value: String(value) }
}
/** As in the API. */
const MAX_LENGTH = 512

export const formatFilter = ({ field, op, value }: Filter): string => `${field}:${op}:${value}`

const same = (a: Filter, b: Filter) => a.field === b.field && a.op === b.op && a.value === b.value
const opposite = (f: Filter): Filter | undefined => (f.op === 'eq' ? { ...f, op: 'ne' } : f.op === 'ne' ? { ...f, op: 'eq' } : undefined)

/** Adds a filter once. It takes the place of its opposite, and a new bound takes the place of the old one. */
export function addFilter(filters: readonly Filter[], added: Filter): Filter[] {
  if (filters.some((f) => same(f, added))) return [...filters]
  const not = opposite(added)
  const bound = added.op === 'gte' || added.op === 'lte'
  return [...filters.filter((f) => !(not && same(f, not)) && !(bound && f.field === added.field && f.op === added.op)), added]
}

export const removeFilters = (filters: readonly Filter[], removed: readonly Filter[]): Filter[] => filters.filter((f) => !removed.some((r) => same(f, r)))

/** Turns "is" into "is not" and back; bounds and `contains` stay as they are. */
export const turnFilter = (filters: readonly Filter[], turned: Filter): Filter[] =>
  filters.map((f) => (same(f, turned) ? (opposite(f) ?? f) : f)).filter((f, i, all) => all.findIndex((g) => same(f, g)) === i)

/** `5xx` as the two bounds that mean it; takes the place of every other word about the status. */
export function addStatusClass(filters: readonly Filter[], digit: number): Filter[] {
  return [
    ...filters.filter((f) => f.field !== 'status'),
    { field: 'status', op: 'gte', value: String(digit * 100) },
    { field: 'status', op: 'lte', value: String(digit * 100 + 99) },
  ]
}

/** What one chip shows: one filter, or the two bounds of a status class. `or`: joined with the chip before by "or". */
export interface Chip {
  filters: Filter[]
  field: Field
  op: Operator | 'class'
  value: string
  or: boolean
}

/** Equal values and `contains` of one dimension are alternatives, as the API has it. */
const isOr = (op: Chip['op']) => op === 'eq' || op === 'contains'

/** Chips in the order of first appearance of their dimension, so that those joined by "or" stand together. */
export function chips(filters: readonly Filter[]): Chip[] {
  const fields = [...new Set(filters.map((f) => f.field))]
  return fields.flatMap((field) => {
    const own = filters.filter((f) => f.field === field)
    const low = own.find((f) => f.op === 'gte')
    const high = own.find((f) => f.op === 'lte')
    const digit = low && high && field === 'status' ? Number(low.value) / 100 : Number.NaN
    const isClass = Number.isInteger(digit) && Number(high?.value) === digit * 100 + 99
    const shown: Chip[] = []
    if (isClass && low && high) shown.push({ filters: [low, high], field, op: 'class', value: `${digit}xx`, or: false })
    for (const f of own) {
      if (isClass && (f === low || f === high)) continue
      shown.push({ filters: [f], field, op: f.op, value: f.value, or: isOr(f.op) && shown.some((c) => isOr(c.op)) })
    }
    return shown.sort((a, b) => Number(isOr(b.op)) - Number(isOr(a.op)))
  })
}

/** Where a click leads: the next finer dimension to look at after choosing one value of this one. */
const FINER: Partial<Record<Dimension, Dimension>> = {
  namespace: 'route',
  ingress: 'path_pattern',
  route: 'path_pattern',
  host: 'path_pattern',
  service: 'path_pattern',
  path_pattern: 'status',
  method: 'path_pattern',
  status: 'upstream_addr',
  client: 'path_pattern',
  country: 'client',
  ua_family: 'path_pattern',
  referer: 'path_pattern',
  upstream_addr: 'status',
}

/** The tab to show after `by = value` was chosen: the next finer dimension that is not already narrowed to one value. */
export function finer(by: Dimension, filters: readonly Filter[]): Dimension {
  const narrowed = (d: Dimension) => filters.some((f) => f.field === d && f.op === 'eq')
  let next: Dimension | undefined = FINER[by]
  const seen = new Set<Dimension>([by])
  while (next && narrowed(next) && !seen.has(next)) {
    seen.add(next)
    next = FINER[next]
  }
  return next && !seen.has(next) ? next : by
}
