/** State that belongs into a link: typed by a zod object whose every field has a default, kept in the URL's search. */
import { useLocation, useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { z } from 'zod'

/** What the router holds: names with one text or several. */
export type Search = Readonly<Record<string, string | readonly string[] | undefined>>

/** `?a=1&b=2&b=3` → `{a: '1', b: ['2', '3']}`. Everything stays text; schemas coerce. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {}
  const params = new URLSearchParams(text)
  for (const name of new Set(params.keys())) {
    const values = params.getAll(name)
    found[name] = values.length === 1 ? (values[0] as string) : values
  }
  return found
}

/** The reverse; `:`, `/` and `,` stay readable. Undefined is left out. */
export function stringifySearch(search: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) {
    if (value === undefined || value === null) continue
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item))
  }
  const text = params.toString().replaceAll('%3A', ':').replaceAll('%2F', '/').replaceAll('%2C', ',')
  return text ? `?${text}` : ''
}

const same = (a: unknown, b: unknown) => a === b || JSON.stringify(a) === JSON.stringify(b)

/** Reads the fields of `schema` from a search; a field that cannot be read takes its default. */
export function readState<Schema extends z.ZodObject>(schema: Schema, search: Search, prefix = ''): z.output<Schema> {
  const state: Record<string, unknown> = {}
  for (const [field, type] of Object.entries(schema.shape) as [string, z.ZodType][]) {
    const given = search[prefix + field]
    const read = given === undefined ? undefined : type.safeParse(given)
    state[field] = read?.success ? read.data : type.parse(undefined)
  }
  return state as z.output<Schema>
}

/** The search after a change: fields at their default leave the URL. */
export function writeState<Schema extends z.ZodObject>(schema: Schema, search: Search, patch: Partial<z.output<Schema>>, prefix = ''): Search {
  const next: Record<string, unknown> = { ...search }
  for (const [field, value] of Object.entries(patch)) {
    const type = (schema.shape as Record<string, z.ZodType>)[field]
    if (!type) continue
    if (value === undefined || same(value, type.parse(undefined))) delete next[prefix + field]
    else next[prefix + field] = Array.isArray(value) ? value.map(String) : String(value)
  }
  return next as Search
}

/**
 * `const [state, set] = useUrlState(z.object({ by: z.enum(DIMENSIONS).default('route'), filter: urlList }))`.
 * `set` merges; it makes a history entry unless `{ replace: true }`.
 */
export function useUrlState<Schema extends z.ZodObject>(
  schema: Schema,
  prefix = '',
): [z.output<Schema>, (patch: Partial<z.output<Schema>>, options?: { replace?: boolean }) => void] {
  const search = useLocation({ select: (location) => location.searchStr })
  const navigate = useNavigate()
  const state = useMemo(() => readState(schema, parseSearch(search), prefix), [schema, search, prefix])
  const set = useCallback(
    (patch: Partial<z.output<Schema>>, options: { replace?: boolean } = {}) => {
      navigate({
        to: '.',
        search: ((previous: Search) => writeState(schema, previous, patch, prefix)) as never,
        replace: options.replace,
        resetScroll: false,
      } as never)
    },
    [navigate, schema, prefix],
  )
  return [state, set]
}
