/** The Go templates that regsync's documentation shows for names and credentials: fields, `env`, `file`, and pipes into text functions. */
import { err, ok, type Result } from '#core/kernel/result.ts'

export interface TemplateContext {
  /** `.Sync.Source` and the like. */
  fields: Readonly<Record<string, string>>
  env: Readonly<Record<string, string | undefined>>
  readFile(path: string): string | undefined
}

const TOKEN = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|\||[^\s|]+)/y

/** The text with its `{{…}}` filled in, or what of it is not understood, as a sentence without subject. */
export function fillTemplate(text: string, context: TemplateContext): Result<string, string> {
  let problem: string | undefined
  const filled = text.replace(/\s*\{\{-([\s\S]*?)\}\}|\{\{([\s\S]*?)\}\}/g, (_, trimmed: string | undefined, plain: string | undefined) => {
    const action = (trimmed ?? plain)!.replace(/-\s*$/, '').trim()
    const value = evaluate(action, context)
    if (!value.ok) problem ??= value.error
    return value.ok ? value.value : ''
  })
  return problem === undefined ? ok(filled) : err(problem)
}

function evaluate(action: string, context: TemplateContext): Result<string, string> {
  const stages: string[][] = [[]]
  TOKEN.lastIndex = 0
  for (let found = TOKEN.exec(action); found; found = TOKEN.exec(action)) {
    if (found[1] === '|') stages.push([])
    else stages.at(-1)!.push(found[1]!)
  }
  let value: string | undefined
  for (const [name, ...args] of stages) {
    const values = args.map((arg) => literal(arg, context))
    const bad = values.find((each) => !each.ok)
    if (bad && !bad.ok) return bad
    const given = [...values.map((each) => (each as { value: string }).value), ...(value === undefined ? [] : [value])]
    const next = call(name ?? '', given, context)
    if (!next.ok) return next
    value = next.value
  }
  return value === undefined ? err('has an empty template') : ok(value)
}

function literal(token: string, { fields }: TemplateContext): Result<string, string> {
  if (token.startsWith('`')) return ok(token.slice(1, -1))
  if (token.startsWith('"')) {
    try {
      return ok(JSON.parse(token) as string)
    } catch {
      return err(`has a text that cannot be read: ${token}`)
    }
  }
  if (token.startsWith('.')) {
    const value = Object.hasOwn(fields, token) ? fields[token] : undefined
    return value === undefined ? err(`names a field that is not known here: ${token}`) : ok(value)
  }
  return err(`has a template that is not supported: ${token}`)
}

function call(name: string, given: readonly string[], context: TemplateContext): Result<string, string> {
  const [first = '', second = '', third = ''] = given
  switch (name) {
    case 'env': {
      const value = context.env[first]
      return value === undefined ? err(`needs the environment variable ${first}, which is not set`) : ok(value)
    }
    case 'file': {
      const text = context.readFile(first)
      return text === undefined ? err(`needs the file ${first}, which cannot be read`) : ok(text.replace(/\n+$/, ''))
    }
    case 'lower':
      return ok(first.toLowerCase())
    case 'upper':
      return ok(first.toUpperCase())
    case 'default':
      return ok(second === '' ? first : second)
    case 'replace':
      return ok(third.replaceAll(first, second))
    case 'trimSuffix':
      return ok(second.endsWith(first) ? second.slice(0, second.length - first.length) : second)
    case 'trimPrefix':
      return ok(second.startsWith(first) ? second.slice(first.length) : second)
    default:
      return given.length === 0 ? literal(name, context) : err(`has a template function that is not supported: ${name}`)
  }
}
