/**
 * How grave a record is, as OpenTelemetry numbers it (https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber): trace 1, debug 5,
 * info 9, warn 13, error 17, fatal 21; 0: the record does not say. Read from bytes: no string is made per line.
 */

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type Level = (typeof LEVELS)[number]

/** The least number of a level. */
export const severityOf = (level: Level): number => LEVELS.indexOf(level) * 4 + 1
/** Undefined for 0. */
export const levelOf = (severity: number): Level | undefined => (severity === 0 ? undefined : LEVELS[Math.min(5, (severity - 1) >> 2)])

const WORDS: readonly (readonly [string, number])[] = [
  ['trace', 1],
  ['debug', 5],
  ['dbg', 5],
  ['info', 9],
  ['inf', 9],
  ['information', 9],
  ['notice', 10],
  ['warn', 13],
  ['warning', 13],
  ['wrn', 13],
  ['error', 17],
  ['err', 17],
  ['severe', 17],
  ['fatal', 21],
  ['critical', 21],
  ['crit', 21],
  ['panic', 21],
  ['emerg', 21],
  ['alert', 21],
  ['ftl', 21],
]
const BY_WORD = new Map(WORDS)
const BY_FIRST = Array.from({ length: 128 }, (_, code) =>
  WORDS.filter(([word]) => word.charCodeAt(0) === code).map(([word, severity]) => ({ codes: [...word].map((char) => char.charCodeAt(0)), severity })),
)

/** Of a word as a label or field has it; 0 when it is none. */
export const severityOfWord = (word: string): number => BY_WORD.get(word.trim().toLowerCase()) ?? 0

const SEEN = 200
const JSON_SEEN = 1024
const QUOTE = 34
const KEYS = ['level', 'severity', 'lvl', 'levelname', 'log.level', 'severity_text', 'loglevel'].map((key) => [...key].map((char) => char.charCodeAt(0)))

const isDigit = (code: number) => code >= 48 && code <= 57
const isLetter = (code: number) => (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
/** What continues a name: `ERROR_CODE`, `no-error` and `error.go` are not the word. */
const isName = (code: number) => isLetter(code) || isDigit(code) || code === 95 || code === 45 || code === 46 || code === 47

/** Severity of the record whose text lies in [from, to). */
export function severityAt(bytes: Uint8Array, from: number, to: number): number {
  let at = from
  while (at < to && (bytes[at] === 32 || bytes[at] === 27)) at = bytes[at] === 27 ? afterColor(bytes, at, to) : at + 1
  const first = bytes[at]!
  if (first === 123) return inJson(bytes, at, Math.min(to, at + JSON_SEEN))
  // klog: I0102 15:04:05
  if (to - at > 5 && isDigit(bytes[at + 1]!) && isDigit(bytes[at + 2]!) && isDigit(bytes[at + 3]!) && isDigit(bytes[at + 4]!) && bytes[at + 5] === 32) {
    if (first === 73) return 9
    if (first === 87) return 13
    if (first === 69) return 17
    if (first === 70) return 21
  }
  return inWords(bytes, at, Math.min(to, at + SEEN), to)
}

/** `\x1b[31m` */
function afterColor(bytes: Uint8Array, at: number, to: number): number {
  let end = at + 1
  while (end < to && end < at + 12 && bytes[end] !== 109) end++
  return end + 1
}

function inWords(bytes: Uint8Array, from: number, seen: number, to: number): number {
  for (let at = from; at < seen; ) {
    const code = bytes[at]!
    if (code === 27) {
      at = afterColor(bytes, at, to)
      continue
    }
    if (!isLetter(code)) {
      at++
      continue
    }
    let end = at + 1
    let upper = code < 97
    for (; end < to && isName(bytes[end]!); end++) if (bytes[end]! >= 97) upper = false
    // a name may end a sentence, or stand before a bracket
    let last = end
    while (last > at && !isLetter(bytes[last - 1]!) && !isDigit(bytes[last - 1]!)) last--
    const before = at === from ? 32 : bytes[at - 1]!
    const severity = wordAt(bytes, at, last)
    if (severity > 0 && before !== 95 && before !== 45 && before !== 46 && before !== 47) {
      const after = last < to ? bytes[last]! : 32
      if (upper) return severity
      if (before === 91 && after === 93) return severity // [error]
      if (at === from && (after === 58 || after === 91)) return severity // error: …
      if (isLevelKey(bytes, before === QUOTE ? at - 2 : at - 1, from)) return severity
    }
    // java.lang.IllegalStateException: …, and Python's ValueError: …
    if (severity === 0 && at === from && last < to && bytes[last] === 58 && isFailureName(bytes, at, last)) return 17
    at = end
  }
  return startsWith(bytes, from, to, TRACEBACK) ? 17 : 0
}

const codesOf = (text: string) => [...text].map((char) => char.charCodeAt(0))
const TRACEBACK = codesOf('Traceback (most recent call last)')
const EXCEPTION = codesOf('Exception')
const ERROR = codesOf('Error')

export function startsWith(bytes: Uint8Array, from: number, to: number, codes: readonly number[]): boolean {
  if (to - from < codes.length) return false
  for (let i = 0; i < codes.length; i++) if (bytes[from + i] !== codes[i]) return false
  return true
}

export const isFailureName = (bytes: Uint8Array, from: number, to: number): boolean =>
  startsWith(bytes, Math.max(from, to - EXCEPTION.length), to, EXCEPTION) || startsWith(bytes, Math.max(from, to - ERROR.length), to, ERROR)

function wordAt(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from
  if (length < 3 || length > 11) return 0
  for (const { codes, severity } of BY_FIRST[bytes[from]! | 32] ?? []) {
    if (codes.length !== length) continue
    let same = 1
    while (same < length && (bytes[from + same]! | 32) === codes[same]) same++
    if (same === length) return severity
  }
  return 0
}

/** Does `level=` or the like end at the `=` at `equals`? */
function isLevelKey(bytes: Uint8Array, equals: number, from: number): boolean {
  if (equals < from || bytes[equals] !== 61) return false
  return KEYS.some((key) => equals - key.length >= from && startsWith(bytes, equals - key.length, equals, key))
}

function inJson(bytes: Uint8Array, from: number, to: number): number {
  for (let at = bytes.indexOf(QUOTE, from); at >= 0 && at < to; at = bytes.indexOf(QUOTE, at + 1)) {
    const code = bytes[at + 1]! | 32
    if (code !== 108 && code !== 115) continue
    for (const key of KEYS) {
      let same = 0
      while (same < key.length && (bytes[at + 1 + same]! | 32) === (key[same]! | 32)) same++
      let value = at + 1 + key.length
      if (same < key.length || bytes[value] !== QUOTE) continue
      do value++
      while (value < to && (bytes[value] === 58 || bytes[value] === 32))
      if (bytes[value] === QUOTE) {
        let end = value + 1
        while (end < to && isLetter(bytes[end]!)) end++
        return wordAt(bytes, value + 1, end)
      }
      // pino and bunyan: 10 trace … 60 fatal
      const tens = isDigit(bytes[value]!) && bytes[value + 1] === 48 && !isDigit(bytes[value + 2]!) ? bytes[value]! - 48 : 0
      return tens >= 1 && tens <= 6 ? (tens - 1) * 4 + 1 : 0
    }
  }
  return 0
}
