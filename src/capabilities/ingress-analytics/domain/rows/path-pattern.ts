/**
 * Paths with their ids replaced, so that `/orders/17` and `/orders/18` are counted as `/orders/{id}`. Straight over the bytes: cheaper than remembering
 * paths, most of which never come again.
 */
const SLASH = 0x2f
const DOT = 0x2e
const ID = new TextEncoder().encode('{id}')
/** Longest pattern; what is longer is no pattern that people could read. */
export const PATTERN_MAX = 200
const MAX_SEGMENTS = 16

const DIGIT = 1
const HEX = 2
const LETTER = 4
const PUNCTUATION = 8
const OTHER = 16
const KIND = new Uint8Array(256).fill(OTHER)
for (let i = 0x30; i <= 0x39; i++) KIND[i] = DIGIT
for (const letter of 'abcdefABCDEF') KIND[letter.charCodeAt(0)] = HEX
for (const letter of 'ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ') KIND[letter.charCodeAt(0)] = LETTER
for (const mark of '-_:,~=+') KIND[mark.charCodeAt(0)] = PUNCTUATION

/** Is this word an id: a number, a date, a UUID, a hash, or a long token that mixes letters and digits? */
function isId(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from
  let kinds = 0
  let digits = 0
  for (let i = from; i < to; i++) {
    const kind = KIND[bytes[i]!]!
    kinds |= kind
    if (kind === DIGIT) digits++
  }
  if (length > 64) return true
  if (digits === 0 || (kinds & OTHER) !== 0) return false
  if ((kinds & (HEX | LETTER)) === 0) return true
  if ((kinds & LETTER) === 0 && length >= 8) return true
  return length >= 20 && digits >= 2
}

/** Writes the pattern of the path in bytes [from, to) into `out`; gives its length, or -1 when it is too long or too deep. */
export function writePattern(bytes: Uint8Array, from: number, to: number, out: Uint8Array): number {
  let written = 0
  let at = from
  let segments = 0
  while (at < to) {
    if (bytes[at] === SLASH) {
      if (written >= PATTERN_MAX) return -1
      out[written++] = SLASH
      at++
      continue
    }
    if (++segments > MAX_SEGMENTS) return -1
    let end = at
    let dots = 0
    while (end < to && bytes[end] !== SLASH) if (bytes[end++] === DOT) dots++
    if (dots === 0) written = writeWord(bytes, at, end, out, written, true)
    else {
      // `3.jpg`, `main.8f3a2b1c.js`: the words between dots, one by one; short numbers only in front, so that versions stay
      let word = at
      while (word <= end && written >= 0) {
        let dot = word
        while (dot < end && bytes[dot] !== DOT) dot++
        written = writeWord(bytes, word, dot, out, written, word === at || dot - word > 3)
        if (dot < end && written >= 0) {
          if (written >= PATTERN_MAX) return -1
          out[written++] = DOT
        }
        word = dot + 1
      }
    }
    if (written < 0) return -1
    at = end
  }
  return written
}

function writeWord(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number, mayBeId: boolean): number {
  if (mayBeId && isId(bytes, from, to)) {
    if (at + 4 > PATTERN_MAX) return -1
    for (let i = 0; i < 4; i++) out[at + i] = ID[i]!
    return at + 4
  }
  if (at + to - from > PATTERN_MAX) return -1
  for (let i = from; i < to; i++) out[at + i - from] = bytes[i]!
  return at + to - from
}
