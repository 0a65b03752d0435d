/** Times of log lines. Lines come many to the second, so the last whole second is remembered. */
import { decimal, wholeNumber } from './numbers.ts'

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const DASH = 0x2d
const PLUS = 0x2b

/** Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Hinnant, chrono-compatible low-level date algorithms). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
}

const two = (bytes: Uint8Array, at: number): number => wholeNumber(bytes, at, at + 2)

/** ms since the epoch, or NaN when a part is out of range. */
function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  if (year < 1970 || year > 2262 || month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return Number.NaN
  return daysFromCivil(year, month, day) * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1000
}

/** `+0800`, `+08:00`, `Z` or nothing (UTC), in ms; NaN when it is none of these. */
function zone(bytes: Uint8Array, from: number, to: number): number {
  if (from === to || (to === from + 1 && (bytes[from]! | 0x20) === 0x7a)) return 0
  const sign = bytes[from] === PLUS ? 1 : bytes[from] === DASH ? -1 : 0
  const colon = to - from === 6 ? 1 : 0
  if (sign === 0 || (to - from !== 5 && to - from !== 6)) return Number.NaN
  const hours = two(bytes, from + 1)
  const minutes = two(bytes, from + 3 + colon)
  return hours < 0 || minutes < 0 || minutes > 59 ? Number.NaN : sign * (hours * 60 + minutes) * 60_000
}

/** `23/Nov/2026:19:10:17 +0000` */
function clf(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < 20 || bytes[from + 2] !== 0x2f || bytes[from + 6] !== 0x2f || bytes[from + 11] !== 0x3a) return Number.NaN
  let month = -1
  for (let m = 0; m < 36; m += 3) {
    if (MONTHS.charCodeAt(m) === bytes[from + 3] && MONTHS.charCodeAt(m + 1) === bytes[from + 4] && MONTHS.charCodeAt(m + 2) === bytes[from + 5])
      month = m / 3 + 1
  }
  const local = utc(wholeNumber(bytes, from + 7, from + 11), month, two(bytes, from), two(bytes, from + 12), two(bytes, from + 15), two(bytes, from + 18))
  return local - zone(bytes, to > from + 20 ? from + 21 : to, to)
}

/**
 * Reads times and remembers the last: a reader of ms since the epoch from CLF, ISO 8601, or epoch seconds or milliseconds; NaN for anything else.
 */
export function createTimeReader(): (bytes: Uint8Array, from: number, to: number) => number {
  const memo = new Uint8Array(32)
  let memoLength = 0
  let memoValue = Number.NaN

  const remembered = (bytes: Uint8Array, from: number, length: number): boolean => {
    if (length !== memoLength) return false
    // the seconds differ first, so compare from the end
    for (let i = length - 1; i >= 0; i--) if (bytes[from + i] !== memo[i]) return false
    return true
  }
  const remember = (bytes: Uint8Array, from: number, length: number, value: number): number => {
    for (let i = 0; i < length; i++) memo[i] = bytes[from + i]!
    memoLength = length
    memoValue = value
    return value
  }

  return (bytes, from, to) => {
    const length = to - from
    if (length < 1 || length > 40) return Number.NaN
    if (bytes[from + 2] === 0x2f) {
      if (length > 32) return Number.NaN
      return remembered(bytes, from, length) ? memoValue : remember(bytes, from, length, clf(bytes, from, to))
    }
    if (bytes[from + 4] === DASH && length >= 19) {
      const second = remembered(bytes, from, 19)
        ? memoValue
        : remember(
            bytes,
            from,
            19,
            bytes[from + 7] === DASH && bytes[from + 13] === 0x3a && bytes[from + 16] === 0x3a
              ? utc(
                  wholeNumber(bytes, from, from + 4),
                  two(bytes, from + 5),
                  two(bytes, from + 8),
                  two(bytes, from + 11),
                  two(bytes, from + 14),
                  two(bytes, from + 17),
                )
              : Number.NaN,
          )
      let at = from + 19
      let ms = 0
      if (at < to && (bytes[at] === 0x2e || bytes[at] === 0x2c)) {
        const digits = ++at
        while (at < to && bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++
        ms = wholeNumber(bytes, digits, Math.min(at, digits + 3)) * (at - digits === 1 ? 100 : at - digits === 2 ? 10 : 1)
      }
      return second + ms - zone(bytes, at, to)
    }
    const epoch = decimal(bytes, from, to)
    return Math.round(epoch > 1e11 ? epoch : epoch * 1000)
  }
}
