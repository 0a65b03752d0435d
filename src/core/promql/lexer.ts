/** Text to tokens, after https://prometheus.io/docs/prometheus/latest/querying/basics/. */
import { parseError } from './failure.ts'

export type TokenKind = 'number' | 'duration' | 'string' | 'word' | 'op' | 'end'
export interface Token {
  readonly kind: TokenKind
  /** Operators and words as written; strings decoded. */
  readonly text: string
  /** Of numbers and durations (seconds). */
  readonly value: number
  readonly pos: number
  readonly end: number
}

const SPACE = /(?:\s|#[^\n]*)+/y
const DURATION = /(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m(?!s))?(?:\d+s)?(?:\d+ms)?/y
const NUMBER = /0[xX][\da-fA-F]+|(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const WORD = /[A-Za-z_][A-Za-z0-9_]*|[A-Za-z_:][A-Za-z0-9_:]*/y
const METRIC_WORD = /[A-Za-z_:][A-Za-z0-9_:]*/y
const OP = /==|!=|<=|>=|=~|!~|[-+*/%^<>={}()[\],:@]/y
const UNITS: Record<string, number> = { y: 31_536_000, w: 604_800, d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 }

/** Seconds of `1h30m`; undefined when the text is no duration. */
export function durationSeconds(text: string): number | undefined {
  DURATION.lastIndex = 0
  if (text === '' || DURATION.exec(text)?.[0] !== text) return undefined
  let ms = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[ywdhms])/g)) ms += Number(count) * Math.round(UNITS[unit!]! * 1000)
  return ms / 1000
}

/** All tokens of a text; throws `PROMQL_INVALID` with the place of what cannot be read. */
export function tokens(text: string): Token[] {
  const out: Token[] = []
  let at = 0
  let brackets = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const push = (kind: TokenKind, raw: string, value = Number.NaN, decoded = raw) => {
    out.push({ kind, text: decoded, value, pos: at, end: at + raw.length })
    at += raw.length
  }
  for (;;) {
    at += take(SPACE)?.length ?? 0
    if (at >= text.length) break
    const c = text[at]!
    if (c === '"' || c === "'" || c === '`') {
      const end = stringEnd(text, at)
      push('string', text.slice(at, end), Number.NaN, decodeString(text, at, end))
      continue
    }
    if ((c >= '0' && c <= '9') || (c === '.' && /[0-9]/.test(text[at + 1] ?? ''))) {
      const duration = take(DURATION)
      if (duration && !/[A-Za-z0-9_]/.test(text[at + duration.length] ?? '')) {
        push('duration', duration, durationSeconds(duration)!)
        continue
      }
      const number = take(NUMBER)!
      if (/[A-Za-z0-9_.]/.test(text[at + number.length] ?? '')) throw parseError(text, at, `bad number or duration syntax: "${text.slice(at, at + 12)}"`)
      push('number', number, Number(number.replaceAll('_', '')))
      continue
    }
    // A colon inside brackets parts range and step; elsewhere it belongs to a metric's name.
    const word = brackets > 0 ? (c === ':' ? undefined : take(WORD)) : take(METRIC_WORD)
    if (word) {
      push('word', word)
      continue
    }
    const op = take(OP)
    if (!op) throw parseError(text, at, `unexpected character: ${JSON.stringify(c)}`)
    if (op === '[') brackets++
    if (op === ']') brackets--
    push('op', op)
  }
  out.push({ kind: 'end', text: 'end of input', value: Number.NaN, pos: text.length, end: text.length })
  return out
}

function stringEnd(text: string, from: number): number {
  const quote = text[from]
  for (let i = from + 1; i < text.length; i++) {
    const c = text[i]
    if (c === quote) return i + 1
    if (c === '\\' && quote !== '`') i++
    else if (c === '\n' && quote !== '`') break
  }
  throw parseError(text, from, 'unterminated quoted string')
}

const SIMPLE: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"', "'": "'" }

function decodeString(text: string, from: number, end: number): string {
  const body = text.slice(from + 1, end - 1)
  if (text[from] === '`' || !body.includes('\\')) return body
  let out = ''
  const bytes: number[] = []
  const flush = () => {
    if (bytes.length > 0) out += decodeBytes(bytes.splice(0))
  }
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== '\\') {
      flush()
      out += body[i]
      continue
    }
    const c = body[++i]!
    const numeric = /^(?:x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/.exec(body.slice(i, i + 9))
    if (numeric) {
      i += numeric[0].length - 1
      const byte = numeric[1] !== undefined ? Number.parseInt(numeric[1], 16) : numeric[2] !== undefined ? Number.parseInt(numeric[2], 8) : undefined
      if (byte !== undefined && byte <= 255) bytes.push(byte)
      else {
        const point = Number.parseInt(numeric[3] ?? numeric[4] ?? 'ffffffff', 16)
        if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) throw parseError(text, from + i, 'escape is not a valid code point')
        flush()
        out += String.fromCodePoint(point)
      }
      continue
    }
    const simple = SIMPLE[c]
    if (simple === undefined || ((c === '"' || c === "'") && c !== text[from])) throw parseError(text, from + i, `unknown escape sequence \\${c}`)
    flush()
    out += simple
  }
  flush()
  return out
}

/** UTF-8; a byte that is none becomes the lone surrogate U+DC00 + byte, so that it can be told from every valid text. */
function decodeBytes(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes))
  } catch {
    return bytes.map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : String.fromCharCode(0xdc00 + byte))).join('')
  }
}

/** A text in double quotes, with escapes that `tokens` reads back. */
export function quote(text: string): string {
  return `"${text.replace(/[\\"\n\r\t]|\p{Cs}/gu, (c) => {
    const code = c.charCodeAt(0)
    if (c.length === 1 && code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
    return c === '\n' ? '\\n' : c === '\r' ? '\\r' : c === '\t' ? '\\t' : c === '\\' || c === '"' ? `\\${c}` : c
  })}"`
}
