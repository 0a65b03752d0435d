/**
 * Records that say the same with other values, as one pattern. Tokens that hold digits, addresses and ids become `<*>`; templates of one length that differ in
 * few places become one, as in Drain (He et al., "Drain: An Online Log Parsing Approach with Fixed Depth Tree", ICWS 2017).
 */

export interface Sample {
  body: string
  severity: number
  service: string
  at: number
}
export interface Pattern {
  pattern: string
  count: number
  /** The gravest. */
  severity: number
  example: string
  services: number
  lastAt: number
}

const ANY = '<*>'
/** Of the tokens, how many must be the same. */
const SIMILAR = 0.6
const MOST_TOKENS = 60
const MOST_GROUPS = 2_000
// biome-ignore lint/suspicious/noControlCharactersInRegex: colors of terminals.
const COLOR = /\x1b\[[\d;]*m/g
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi
const QUOTED_VALUE = /(=|: ?)"(?:[^"\\]|\\.)*"/g
const HEX = /\b(?:0x[0-9a-f]+|[0-9a-f]*\d[0-9a-f]{7,}|[0-9a-f]{7,}\d[0-9a-f]*)\b/gi
const MOMENT = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g
const NUMBER = /\d+(?:[.:,\-/T+]\d+)*[a-zµ%]{0,3}(?![A-Za-z])/g

/** The first line without what changes from record to record. */
export function masked(body: string): string {
  const end = body.indexOf('\n')
  const line = (end < 0 ? body : body.slice(0, end)).slice(0, 512).replace(COLOR, '')
  if (line.startsWith('{')) {
    const json = maskedJson(line)
    if (json !== undefined) return json
  }
  return maskedText(line)
}

const maskedText = (line: string) =>
  line
    .replace(UUID, ANY)
    .replace(MOMENT, ANY)
    .replace(QUOTED_VALUE, (whole, before: string) => (/\d/.test(whole) ? `${before}"${ANY}"` : whole))
    .replace(HEX, ANY)
    .replace(NUMBER, ANY)
    .replace(/(?:<\*>[-_.:/,TZ]?)+<\*>/g, ANY)

const MESSAGES = ['msg', 'message', 'log', 'event', 'error', 'err']

/** Of JSON the message is what tells records apart, not the order or number of the other fields. */
function maskedJson(line: string): string | undefined {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof record !== 'object' || record === null) return undefined
  const message = MESSAGES.map((key) => (record as Record<string, unknown>)[key]).find((value) => typeof value === 'string' && value !== '')
  return message === undefined ? undefined : `{… ${maskedText(message as string)}}`
}

interface Group {
  tokens: string[]
  pattern: Pattern
  services: Set<string>
}

/** Most frequent first. */
export function patternsOf(samples: readonly Sample[], limit: number): Pattern[] {
  const exact = new Map<string, Group>()
  /** Groups of the same number of tokens and the same first token. */
  const near = new Map<string, Group[]>()
  for (const sample of samples) {
    const text = masked(sample.body)
    let group = exact.get(text)
    if (!group) {
      const tokens = text.split(/\s+/).slice(0, MOST_TOKENS)
      const key = `${tokens.length} ${tokens[0]}`
      const siblings = near.get(key) ?? []
      near.set(key, siblings)
      group = siblings.find((other) => similar(other.tokens, tokens))
      if (group) for (let i = 0; i < tokens.length; i++) if (group.tokens[i] !== tokens[i]) group.tokens[i] = ANY
      if (!group) {
        if (exact.size >= MOST_GROUPS) continue
        group = { tokens, pattern: { pattern: text, count: 0, severity: 0, example: sample.body, services: 0, lastAt: 0 }, services: new Set() }
        siblings.push(group)
      }
      if (exact.size < MOST_GROUPS * 10) exact.set(text, group)
    }
    const { pattern, services } = group
    pattern.count++
    pattern.severity = Math.max(pattern.severity, sample.severity)
    pattern.lastAt = Math.max(pattern.lastAt, sample.at)
    services.add(sample.service)
  }
  const groups = new Set([...near.values()].flat())
  return [...groups]
    .map(({ tokens, pattern, services }) => ({ ...pattern, pattern: tokens.join(' '), services: services.size }))
    .sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1))
    .slice(0, limit)
}

function similar(a: readonly string[], b: readonly string[]): boolean {
  let same = 0
  let words = 0
  for (let i = 0; i < a.length; i++) {
    if (a[i] === ANY) continue
    words++
    if (a[i] === b[i]) same++
  }
  // a short sentence that differs in its only words is another one
  return words > 0 && same / words >= SIMILAR && words - same <= Math.max(1, Math.floor(a.length / 4)) && a.length > 2
}
