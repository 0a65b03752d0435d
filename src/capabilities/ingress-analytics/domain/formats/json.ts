/**
 * JSON lines, read where they lie: one pass over the top level of the object, known keys fill slots, everything else is stepped over.
 * It accepts what is JSON in form; it does not check numbers or nesting of values that nobody reads.
 */
import { clearLine, type Line, type LineFormat, SLOT, type Slot } from './line.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const COMMA = 0x2c
const COLON = 0x3a

interface KeyTable {
  mask: number
  keys: (Uint8Array | undefined)[]
  slots: Int32Array
}

function keyTable(keys: Readonly<Record<string, Slot>>): KeyTable {
  const size = 256
  const table: KeyTable = { mask: size - 1, keys: Array.from({ length: size }), slots: new Int32Array(size) }
  const encoder = new TextEncoder()
  for (const [key, slot] of Object.entries(keys)) {
    const bytes = encoder.encode(key)
    let at = hashOf(bytes, 0, bytes.length) & table.mask
    while (table.keys[at] !== undefined) at = (at + 1) & table.mask
    table.keys[at] = bytes
    table.slots[at] = slot
  }
  return table
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = to - from
  for (let i = from; i < to; i++) hash = Math.imul(hash, 31) + bytes[i]!
  return hash ^ (hash >>> 8)
}

function slotOf(table: KeyTable, bytes: Uint8Array, from: number, to: number): number {
  let at = hashOf(bytes, from, to) & table.mask
  for (;;) {
    const key = table.keys[at]
    if (key === undefined) return SLOT.IGNORED
    if (key.length === to - from) {
      let i = 0
      while (i < key.length && key[i] === bytes[from + i]) i++
      if (i === key.length) return table.slots[at]!
    }
    at = (at + 1) & table.mask
  }
}

const skipSpace = (bytes: Uint8Array, at: number, end: number): number => {
  let p = at
  while (p < end && (bytes[p] === 0x20 || bytes[p] === 0x09)) p++
  return p
}

/** Position of the closing quote of a string whose content begins at `at`, or -1. */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  for (let p = at; p < end; p++) {
    if (bytes[p] === QUOTE) return p
    if (bytes[p] === BACKSLASH) p++
  }
  return -1
}

/** Position after an object or list that begins at `at`, or -1. */
function nestedEnd(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0
  for (let p = at; p < end; p++) {
    const byte = bytes[p]
    if (byte === QUOTE) {
      p = stringEnd(bytes, p + 1, end)
      if (p < 0) return -1
    } else if (byte === OPEN || byte === OPEN_LIST) depth++
    else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) return p + 1
  }
  return -1
}

/** The same key twice: the first that has a value stays. */
function keep(line: Line, slot: number, from: number, to: number): void {
  if (line.to[slot]! > line.from[slot]!) return
  line.from[slot] = from
  line.to[slot] = to
}

export interface JsonOptions {
  /** Seconds in one unit of request time and upstream time. */
  timeUnit: number
  upstreamUnit: number
  /** Slots without which a line is not of this format. */
  needs: readonly Slot[]
}

export function jsonFormat(name: string, keys: Readonly<Record<string, Slot>>, options: JsonOptions): LineFormat {
  const table = keyTable(keys)
  const { needs } = options
  return {
    name,
    escapes: 'json',
    timeUnit: options.timeUnit,
    upstreamUnit: options.upstreamUnit,
    read(line, start, end) {
      const bytes = line.bytes
      clearLine(line)
      let p = skipSpace(bytes, start, end)
      if (bytes[p] !== OPEN || p >= end) return false
      p = skipSpace(bytes, p + 1, end)
      while (bytes[p] === QUOTE && p < end) {
        const keyEnd = stringEnd(bytes, p + 1, end)
        if (keyEnd < 0) return false
        const slot = slotOf(table, bytes, p + 1, keyEnd)
        p = skipSpace(bytes, keyEnd + 1, end)
        if (p >= end || bytes[p] !== COLON) return false
        p = skipSpace(bytes, p + 1, end)
        if (p >= end) return false
        const byte = bytes[p]
        if (byte === QUOTE) {
          const close = stringEnd(bytes, p + 1, end)
          if (close < 0) return false
          if (slot !== SLOT.IGNORED) keep(line, slot, p + 1, close)
          p = close + 1
        } else if (byte === OPEN || byte === OPEN_LIST) {
          p = nestedEnd(bytes, p, end)
          if (p < 0) return false
        } else {
          const from = p
          while (p < end && bytes[p] !== COMMA && bytes[p] !== CLOSE && bytes[p] !== 0x20) p++
          // null, true and false have no meaning in any slot
          if (slot !== SLOT.IGNORED && bytes[from]! < 0x61) keep(line, slot, from, p)
        }
        p = skipSpace(bytes, p, end)
        if (p < end && bytes[p] === COMMA) p = skipSpace(bytes, p + 1, end)
        else break
      }
      if (p >= end || bytes[p] !== CLOSE || skipSpace(bytes, p + 1, end) !== end) return false
      for (const slot of needs) if (line.from[slot] === line.to[slot]) return false
      return true
    },
  }
}
