/** Escapes of log lines, undone in a scratch copy: the batch itself stays as it came, because it may have to be read again. */
import { type Escapes, type Line, SLOTS } from './line.ts'

const BACKSLASH = 0x5c

export interface Scratch {
  bytes: Uint8Array
  view: DataView
}

export function createScratch(size: number): Scratch {
  const bytes = new Uint8Array(size)
  return { bytes, view: new DataView(bytes.buffer) }
}

/** Copies the line that begins at `start` into the scratch and undoes the escapes of every field there. */
export function unescapeLine(line: Line, scratch: Scratch, start: number, end: number, escapes: Escapes): void {
  scratch.bytes.set(line.bytes.subarray(start, end))
  line.bytes = scratch.bytes
  line.view = scratch.view
  const { from, to } = line
  for (let slot = 0; slot < SLOTS; slot++) {
    if (to[slot]! <= from[slot]!) {
      from[slot] = 0
      to[slot] = 0
      continue
    }
    from[slot] = from[slot]! - start
    to[slot] = undoEscapes(scratch.bytes, from[slot]!, to[slot]! - start, escapes)
  }
}

/** Undoes escapes in place (the text only gets shorter) and gives the new end. */
export function undoEscapes(bytes: Uint8Array, from: number, to: number, escapes: Escapes): number {
  let read = bytes.indexOf(BACKSLASH, from)
  if (read < 0 || read >= to) return to
  let write = read
  while (read < to) {
    const byte = bytes[read]!
    if (byte !== BACKSLASH || read + 1 >= to) {
      bytes[write++] = byte
      read++
      continue
    }
    const next = bytes[read + 1]!
    if (escapes === 'nginx') {
      // control characters stay as `\x00`, so that nothing downstream meets them raw
      const code = next === 0x78 ? hex(bytes, read + 2, 2, to) : -1
      if (code >= 0x20 && code !== 0x7f) {
        bytes[write++] = code
        read += 4
      } else {
        bytes[write++] = byte
        read++
      }
    } else {
      const plain = next === 0x22 || next === BACKSLASH || next === 0x2f ? next : (CONTROL[next] ?? -1)
      if (plain >= 0) {
        bytes[write++] = plain
        read += 2
      } else if (next === 0x75) {
        let code = hex(bytes, read + 2, 4, to)
        read += 6
        if (code >= 0xd800 && code < 0xdc00 && bytes[read] === BACKSLASH && bytes[read + 1] === 0x75) {
          const low = hex(bytes, read + 2, 4, to)
          if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            read += 6
          }
        }
        write = putCodePoint(bytes, write, code < 0 || (code >= 0xd800 && code < 0xe000) ? 0xfffd : code)
        if (read > to) read = to
      } else {
        bytes[write++] = byte
        read++
      }
    }
  }
  return write
}

/** `\b \f \n \r \t` of JSON. */
const CONTROL: Readonly<Record<number, number>> = { 98: 8, 102: 12, 110: 10, 114: 13, 116: 9 }

function hex(bytes: Uint8Array, at: number, digits: number, end: number): number {
  if (at + digits > end) return -1
  let value = 0
  for (let i = at; i < at + digits; i++) {
    const digit = hexDigit(bytes[i]!)
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

const HEX = new Int8Array(256).fill(-1)
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  HEX[digit.charCodeAt(0)] = value
  HEX[digit.toUpperCase().charCodeAt(0)] = value
}
/** 0 … 15, or -1. */
export const hexDigit = (byte: number): number => HEX[byte]!

function putCodePoint(bytes: Uint8Array, at: number, code: number): number {
  let p = at
  if (code < 0x80) bytes[p++] = code
  else {
    if (code < 0x800) bytes[p++] = 0xc0 | (code >> 6)
    else {
      if (code < 0x10000) bytes[p++] = 0xe0 | (code >> 12)
      else {
        bytes[p++] = 0xf0 | (code >> 18)
        bytes[p++] = 0x80 | ((code >> 12) & 0x3f)
      }
      bytes[p++] = 0x80 | ((code >> 6) & 0x3f)
    }
    bytes[p++] = 0x80 | (code & 0x3f)
  }
  return p
}
