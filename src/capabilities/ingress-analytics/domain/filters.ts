/** Filters of the API (`dimension:operator:value`) as data and as SQL. User text only ever becomes a parameter; names come from the lists here. */
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { DIMENSIONS, type Dimension, OPERATORS } from './dimensions.ts'

/** Columns that hold numbers: they compare, and have no `contains`. Times in seconds. */
const NUMBER_FIELDS = ['status', 'upstream_status', 'request_time', 'upstream_time', 'bytes_in', 'bytes_out'] as const
type NumberField = (typeof NUMBER_FIELDS)[number]
export type FilterField = Dimension | NumberField
type Operator = (typeof OPERATORS)[number]

export interface Filter {
  field: FilterField
  operator: Operator
  /** A number for number fields, else text. */
  value: string | number
}

const FIELDS: readonly FilterField[] = [...new Set<FilterField>([...DIMENSIONS, ...NUMBER_FIELDS])]
/** Whole numbers of 16 bits: compared as they are, so that the engine may skip by them. */
const isCode = (field: FilterField): boolean => field === 'status' || field === 'upstream_status'
const isNumber = (field: FilterField): field is NumberField => (NUMBER_FIELDS as readonly string[]).includes(field)

/** One filter, or what is wrong with it, for people. */
export function parseFilter(text: string): Result<Filter, string> {
  const first = text.indexOf(':')
  const second = text.indexOf(':', first + 1)
  if (first < 0 || second < 0) return err('a filter is `dimension:operator:value`, e.g. `status:gte:500`')
  const name = text.slice(0, first)
  const word = text.slice(first + 1, second)
  const value = text.slice(second + 1)
  const field = FIELDS.find((known) => known === name)
  if (!field) return err(`there is no dimension "${name.slice(0, 64)}"${meant(name, FIELDS)}`)
  const operator = OPERATORS.find((known) => known === word)
  if (!operator) return err(`there is no operator "${word.slice(0, 64)}"${meant(word, OPERATORS)}`)
  if (!isNumber(field)) {
    if (operator === 'gte' || operator === 'lte') return err(`${field} is text: it has eq, ne and contains`)
    return ok({ field, operator, value })
  }
  if (operator === 'contains') return err(`${field} is a number: it has eq, ne, gte and lte`)
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number) || number < 0) return err(`${field} is compared with a number from 0 up, not "${value.slice(0, 64)}"`)
  return ok({ field, operator, value: number })
}

const meant = (name: string, valid: readonly string[]) => {
  const suggestion = nearest(name, valid)
  return suggestion === undefined ? '' : `; did you mean ${suggestion}?`
}

/** Filters that the schema has let through. */
export const filtersOf = (texts: readonly string[]): Filter[] =>
  texts.map((text) => {
    const parsed = parseFilter(text)
    if (!parsed.ok) throw new Error(parsed.error)
    return parsed.value
  })

export type Params = Record<string, string | number | readonly string[] | readonly number[]>

/**
 * The filters as SQL conditions over columns of the same names: equal ones and `contains` on one field are joined by OR, all else by AND.
 * Parameters are added to `params`.
 */
export function filterConditions(filters: readonly Filter[], params: Params): string[] {
  const groups = new Map<string, Filter[]>()
  for (const filter of filters) {
    const key =
      filter.operator === 'contains' ? `${filter.field} eq-or-contains` : `${filter.field} ${filter.operator === 'eq' ? 'eq-or-contains' : filter.operator}`
    groups.set(key, [...(groups.get(key) ?? []), filter])
  }
  const parameter = (value: Params[string], type: string) => {
    const name = `f${Object.keys(params).length}`
    params[name] = value
    return `{${name}:${type}}`
  }
  const conditions: string[] = []
  for (const group of groups.values()) {
    const { field, operator } = group[0]!
    const list = (of: readonly Filter[]) =>
      isNumber(field)
        ? parameter(
            of.map((f) => f.value as number),
            'Array(Float64)',
          )
        : parameter(
            of.map((f) => f.value as string),
            'Array(String)',
          )
    if (isCode(field) && (operator === 'ne' || operator === 'eq')) {
      // What no code can be equals none.
      const codes = group.map((f) => f.value as number).filter((value) => Number.isInteger(value) && value < 65_536)
      conditions.push(`${field} ${operator === 'eq' ? 'IN' : 'NOT IN'} ${parameter(codes, 'Array(UInt16)')}`)
    } else if (operator === 'ne') conditions.push(`NOT has(${list(group)}, ${column(field)})`)
    else if (operator === 'gte' || operator === 'lte') {
      for (const filter of group) conditions.push(`${field} ${operator === 'gte' ? '>=' : '<='} ${parameter(filter.value, 'Float64')}`)
    } else {
      const equal = group.filter((f) => f.operator === 'eq')
      const either = equal.length > 0 ? [equality(field, list(equal))] : []
      for (const f of group) if (f.operator === 'contains') either.push(`positionCaseInsensitiveUTF8(${field}, ${parameter(f.value, 'String')}) > 0`)
      conditions.push(either.length === 1 ? either[0]! : `(${either.join(' OR ')})`)
    }
  }
  return conditions
}

const column = (field: FilterField) => (isNumber(field) ? `toFloat64(${field})` : field)
/** `IN` may use the index of the table, `has` may not. */
const equality = (field: FilterField, list: string) => (isNumber(field) ? `has(${list}, ${column(field)})` : `${field} IN ${list}`)

/** Does a row of the API pass the filters? The same rules as `filterConditions`. */
export function matchesAll(filters: readonly Filter[], row: Readonly<Record<string, string | number | null>>): boolean {
  const either = new Map<FilterField, boolean>()
  for (const { field, operator, value } of filters) {
    const cell = row[field] ?? null
    const text = String(cell ?? '')
    if (operator === 'eq' || operator === 'contains') {
      const fits =
        operator === 'eq' ? (isNumber(field) ? Number(cell ?? Number.NaN) === value : text === value) : text.toLowerCase().includes(String(value).toLowerCase())
      either.set(field, (either.get(field) ?? false) || fits)
    } else if (
      operator === 'ne'
        ? isNumber(field)
          ? Number(cell) === value
          : text === value
        : cell === null || (operator === 'gte' ? Number(cell) < Number(value) : Number(cell) > Number(value))
    )
      return false
  }
  return [...either.values()].every(Boolean)
}
