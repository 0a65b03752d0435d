/** Checks an input against a schema and tells all that is wrong with it at once, also keys that the schema does not know. */
import { z } from 'zod'
import zhCN from 'zod/v4/locales/zh-CN.js'
import { inChinese } from './chinese.ts'
import type { Problem } from './errors.ts'
import { nearest } from './nearest.ts'
import { err, ok, type Result } from './result.ts'

/**
 * The schema's output, or every problem: those that zod sees and every key that zod would drop without a word, with the nearest valid name.
 * Paths are relative to the input: `receivers[0].url`.
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): Result<z.output<Schema>, readonly Problem[]> {
  const parsed = schema.safeParse(input)
  const problems = unknownKeys(schema, input, [])
  if (!parsed.success) problems.unshift(...parsed.error.issues.flatMap((issue) => problemsOf(issue, input)))
  return parsed.success && problems.length === 0 ? ok(parsed.data) : err(problems.slice(0, 200))
}

/** `['rules', 0, 'window']` → `rules[0].window`; names that are no plain words are quoted. */
export function jsonPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]+$/.test(String(step))) text += text === '' ? String(step) : `.${String(step)}`
    else text += `[${JSON.stringify(String(step))}]`
  }
  return text
}

/** The steps of a path that `jsonPath` made. */
export const pathSteps = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([\w-]+)/g)].map(([, index, quoted, word]) =>
    index !== undefined ? Number(index) : quoted !== undefined ? (JSON.parse(quoted) as string) : word!,
  )

function problemsOf(issue: z.core.$ZodIssue, input: unknown): Problem[] {
  // Unknown keys are found below for strict and other objects alike.
  if (issue.code === 'unrecognized_keys') return []
  const path = jsonPath(issue.path)
  const given = issue.path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | null | undefined)?.[step], input)
  if (issue.code === 'invalid_type' && given === undefined && issue.message.startsWith('Invalid input: expected '))
    return [{ path, message: `is missing: expected ${issue.expected}`, zh: `缺失：应为 ${issue.expected}` }]
  const zh = chinese(issue, given)
  if (issue.code === 'invalid_value') {
    const suggestion =
      typeof given === 'string'
        ? nearest(
            given,
            issue.values.filter((value) => typeof value === 'string'),
          )
        : undefined
    return [{ path, message: issue.message, ...zh, ...(suggestion === undefined ? {} : { suggestion }) }]
  }
  // The option of a union that came nearest says more than "invalid input".
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const best = [...issue.errors].sort((a, b) => deepest(b) - deepest(a) || a.length - b.length)[0]!
    if (deepest(best) > 0) return best.flatMap((inner) => problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, input))
  }
  return [{ path, message: issue.message, ...zh }]
}

const { localeError } = zhCN()

/** What zod says by itself, it says in Chinese too; a schema's own words are looked up later. */
function chinese(issue: z.core.$ZodIssue, given: unknown): Pick<Problem, 'zh'> {
  if (issue.code === 'custom' || inChinese(issue.message) !== issue.message) return {}
  const said = localeError({ ...issue, input: given } as z.core.$ZodRawIssue)
  const zh = typeof said === 'string' ? said : said?.message
  return zh === undefined ? {} : { zh }
}

const deepest = (issues: readonly z.core.$ZodIssue[]): number => Math.max(0, ...issues.map((issue) => issue.path.length))

function unknownKeys(schema: z.core.$ZodType, value: unknown, path: readonly PropertyKey[]): Problem[] {
  if (value === null || typeof value !== 'object') return []
  const def = (schema as z.core.$ZodTypes)._zod.def
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'catch':
    case 'readonly':
    case 'nonoptional':
      return unknownKeys(def.innerType, value, path)
    case 'pipe':
      return unknownKeys(def.in, value, path)
    case 'lazy':
      return unknownKeys(def.getter(), value, path)
    case 'array':
      return Array.isArray(value) ? value.flatMap((item, i) => unknownKeys(def.element, item, [...path, i])) : []
    case 'record':
      return Array.isArray(value) ? [] : Object.entries(value).flatMap(([key, item]) => unknownKeys(def.valueType, item, [...path, key]))
    case 'union': {
      // The option that knows the most; a discriminated union has exactly one that parses.
      const shaped = def.options.filter((option) => !((option as z.core.$ZodTypes)._zod.def.type === 'array' && !Array.isArray(value)))
      const found = shaped.map((option) => ({ problems: unknownKeys(option, value, path), fits: z.safeParse(option, value).success }))
      return found.sort((a, b) => Number(b.fits) - Number(a.fits) || a.problems.length - b.problems.length)[0]?.problems ?? []
    }
    case 'object': {
      if (Array.isArray(value)) return []
      // A catch-all other than `never` (a strict object) takes any key.
      if (def.catchall && def.catchall._zod.def.type !== 'never') return []
      const valid = Object.keys(def.shape)
      return Object.entries(value).flatMap(([key, item]) => {
        if (Object.hasOwn(def.shape, key)) return unknownKeys(def.shape[key]!, item, [...path, key])
        const suggestion = nearest(key, valid)
        return [{ path: jsonPath([...path, key]), message: 'unknown key', ...(suggestion === undefined ? {} : { suggestion }) }]
      })
    }
    default:
      return []
  }
}
