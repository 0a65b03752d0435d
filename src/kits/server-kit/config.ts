import type { z } from 'zod'
import { invalidInput, type Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { parseInput } from '#core/kernel/problems.ts'

/**
 * Options of a program: a flag wins over the environment (`--log-level`, `SALLYPORT_LOG_LEVEL` for `logLevel`), which wins over the schema's default.
 * Flags are keyed as in the schema. Throws INVALID_INPUT with all problems at once, each naming where its value came from.
 * Variables that look like ours but are not are named too, unless `alsoKnown` has them.
 */
export function resolveConfig<Schema extends z.ZodObject>(
  schema: Schema,
  flags: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
  alsoKnown: readonly string[] = [],
): z.output<Schema> {
  const keys = Object.keys(schema.shape)
  const input: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(flags)) if (value !== undefined) input[key] = value
  for (const key of keys) {
    const value = env[variable(key)]
    if (input[key] === undefined && value !== undefined && value !== '') input[key] = value
  }
  const parsed = parseInput(schema, input)
  const known = [...keys.map(variable), ...alsoKnown]
  const strangers: Problem[] = Object.keys(env)
    .filter((name) => name.startsWith(PREFIX) && !known.includes(name))
    .flatMap((name) => {
      // Only what is nearly one of ours is surely a slip: other programs may read their own.
      const suggestion = nearest(
        name.slice(PREFIX.length),
        known.map((one) => one.slice(PREFIX.length)),
      )
      return suggestion === undefined ? [] : [{ path: name, message: 'unknown variable', suggestion: PREFIX + suggestion }]
    })
  if (parsed.ok && strangers.length === 0) return parsed.value
  const named = (parsed.ok ? [] : parsed.error).map((problem) => {
    const key = /^\w+/.exec(problem.path)?.[0] ?? ''
    const fromEnv = flags[key] === undefined && input[key] !== undefined
    return { ...problem, path: fromEnv ? variable(key) : flag(key), ...(problem.suggestion && !fromEnv ? { suggestion: problem.suggestion } : {}) }
  })
  throw invalidInput([...named, ...strangers])
}

const PREFIX = 'SALLYPORT_'
const words = (key: string) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const flag = (key: string) => `--${words(key)}`
const variable = (key: string) => `${PREFIX}${words(key).replaceAll('-', '_').toUpperCase()}`
