import { RE2JS } from 're2js'
import { err, ok, type Result } from '../kernel/result.ts'
import type { Labels } from './types.ts'

export type Matcher = (labels: Labels) => boolean

const FORM = /^\s*([^\s=!~"]+|"(?:[^"\\]|\\.)*")\s*(=~|!~|!=|=)\s*(.*?)\s*$/su
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/su

/**
 * One matcher in Alertmanager's notation: `severity="critical"`, `namespace!=dev`, `path=~"/api/.+"`, `host!~".*[.]test"`.
 * Patterns are RE2 and must match the whole value; a label that is missing is the empty string
 * (https://prometheus.io/docs/alerting/latest/configuration/#matcher).
 */
export function parseMatcher(text: string): Result<Matcher, string> {
  const [, name = '', operator, value = ''] = FORM.exec(text) ?? []
  if (operator === undefined) return err('a matcher is `name="value"`, `name!="value"`, `name=~"pattern"` or `name!~"pattern"`')
  const label = unquote(name)
  const wanted = unquote(value)
  if (label === undefined || wanted === undefined) return err('quotes are not closed')
  if (operator === '=') return ok((labels) => (labels[label] ?? '') === wanted)
  if (operator === '!=') return ok((labels) => (labels[label] ?? '') !== wanted)
  try {
    const pattern = RE2JS.compile(wanted)
    const positive = operator === '=~'
    return ok((labels) => pattern.matches(labels[label] ?? '') === positive)
  } catch (error) {
    return err(`the pattern is not valid: ${(error as Error).message}`)
  }
}

/** The text without its quotes and escapes; undefined when a quote is left open. */
function unquote(text: string): string | undefined {
  if (!text.startsWith('"')) return text.includes('"') ? undefined : text
  return QUOTED.exec(text)?.[1]?.replace(/\\(.)/gsu, (_, c: string) => (c === 'n' ? '\n' : c))
}

/** All of them; a text that does not parse is refused by the schema before. */
export function matchAll(texts: readonly string[]): Matcher {
  const matchers = texts.map((text) => {
    const parsed = parseMatcher(text)
    if (!parsed.ok) throw new TypeError(`${text}: ${parsed.error}`)
    return parsed.value
  })
  return (labels) => matchers.every((matches) => matches(labels))
}
