/** Numbers out of bytes, without a string in between. */

const ZERO = 0x30
const DOT = 0x2e
const COMMA = 0x2c

/** A whole number of at most 15 digits, or -1. */
export function wholeNumber(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from || to - from > 15) return -1
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - ZERO
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

const POWERS = Float64Array.from({ length: 16 }, (_, i) => 10 ** i)

/** A plain decimal such as `0.123` (at most 15 digits count), or NaN. Exponents are left to JavaScript: JSON writers use them for tiny numbers. */
export function decimal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  let digits = 0
  let fraction = -1
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!
    if (byte === DOT && fraction < 0) fraction = 0
    else {
      const digit = byte - ZERO
      if (digit < 0 || digit > 9) return digits > 0 && (byte | 0x20) === 0x65 && to - from < 32 ? withExponent(bytes, from, to) : Number.NaN
      if (digits < 15) {
        value = value * 10 + digit
        digits++
        if (fraction >= 0) fraction++
      } else if (fraction < 0) return Number.NaN
    }
  }
  if (digits === 0) return Number.NaN
  return fraction > 0 ? value / POWERS[fraction]! : value
}

function withExponent(bytes: Uint8Array, from: number, to: number): number {
  let text = ''
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i]!)
  return Number(text)
}

const isGap = (byte: number) => byte === COMMA || byte === 0x20 || byte === 0x3a

/** The sum of a list such as `0.001, 0.020 : 0.300`; `-` counts for nothing. NaN when no try has a number. */
export function decimalSum(bytes: Uint8Array, from: number, to: number): number {
  let sum = Number.NaN
  let at = from
  while (at < to) {
    while (at < to && isGap(bytes[at]!)) at++
    let end = at
    while (end < to && !isGap(bytes[end]!)) end++
    const value = decimal(bytes, at, end)
    if (value >= 0) sum = sum >= 0 ? sum + value : value
    at = end
  }
  return sum
}

/** Where the last item of a list begins: `10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80`. */
export function lastItem(bytes: Uint8Array, from: number, to: number): number {
  let at = to
  while (at > from && bytes[at - 1] !== 0x20) at--
  return at
}
