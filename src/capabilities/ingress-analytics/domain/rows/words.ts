/** Words out of bytes, each remembered once: the second time a word is seen, it costs a hash and a comparison. */
import type { ByteSink } from '#core/telemetry/native-block.ts'

/** FNV-like over 4 bytes at a time; `seed` keeps two uses of one word apart. Not for adversaries: chains are bounded instead (see `intern`). */
export function hashBytes(view: DataView, bytes: Uint8Array, from: number, to: number, seed: number): number {
  let hash = seed ^ (to - from)
  let i = from
  for (; i + 4 <= to; i += 4) {
    hash = Math.imul(hash ^ view.getUint32(i, true), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

/** Slots looked at before a word is taken for new; bounds the time that chosen collisions can cost. */
const MAX_PROBES = 32

/** Int32s of one slot: hash, number + 1 (0: free), start and length in the arena. Side by side, because each look-up of a rare word is a cache miss. */
const SLOT_WIDTH = 4

/** Byte strings ↔ small numbers, counted from 0. Open addressing over typed arrays; the bytes are kept in one arena. */
export class Interner {
  size = 0
  /** Bytes of the arena in use. */
  used = 0
  private arena = new Uint8Array(4096)
  private view = new DataView(this.arena.buffer)
  private slots = new Int32Array(256 * SLOT_WIDTH)
  private mask = 255
  /** Word i is arena [starts[i], starts[i + 1]). */
  private starts = new Int32Array(129)

  /** The number of the word, or `-1 - number` when it was new. A word whose slots were all taken gets a new number each time: slower, never wrong. */
  intern(view: DataView, bytes: Uint8Array, from: number, to: number, seed = 0): number {
    const hash = hashBytes(view, bytes, from, to, seed)
    const { slots, arena, mask } = this
    const length = to - from
    let at = hash & mask
    for (let probe = 0; probe < MAX_PROBES; probe++) {
      const slot = at * SLOT_WIDTH
      const number = slots[slot + 1]!
      if (number === 0) break
      if (slots[slot] === hash && slots[slot + 3] === length) {
        const start = slots[slot + 2]!
        let i = 0
        while (i + 4 <= length && this.view.getUint32(start + i, true) === view.getUint32(from + i, true)) i += 4
        if (length - i < 4) while (i < length && arena[start + i] === bytes[from + i]) i++
        if (i === length) return number - 1
      }
      at = (at + 1) & mask
    }
    return -1 - this.add(bytes, from, to, hash, at)
  }

  private add(bytes: Uint8Array, from: number, to: number, hash: number, at: number): number {
    const number = this.size++
    const length = to - from
    if (this.used + length > this.arena.length) {
      const grown = new Uint8Array(Math.max(this.arena.length * 2, this.used + length))
      grown.set(this.arena.subarray(0, this.used))
      this.arena = grown
      this.view = new DataView(grown.buffer)
    }
    for (let i = 0; i < length; i++) this.arena[this.used + i] = bytes[from + i]!
    if (number + 1 === this.starts.length) this.starts = widened(this.starts, number + 2)
    this.put(at, hash, number, this.used, length)
    this.used += length
    this.starts[number + 1] = this.used
    if (this.size * 2 > this.mask) this.rehash()
    return number
  }

  private put(at: number, hash: number, number: number, start: number, length: number): void {
    const slot = at * SLOT_WIDTH
    this.slots[slot] = hash
    this.slots[slot + 1] = number + 1
    this.slots[slot + 2] = start
    this.slots[slot + 3] = length
  }

  private rehash(): void {
    const old = this.slots
    this.mask = this.mask * 2 + 1
    this.slots = new Int32Array((this.mask + 1) * SLOT_WIDTH)
    for (let slot = 0; slot < old.length; slot += SLOT_WIDTH) {
      if (old[slot + 1] === 0) continue
      let at = old[slot]! & this.mask
      for (let probe = 0; probe < MAX_PROBES && this.slots[at * SLOT_WIDTH + 1] !== 0; probe++) at = (at + 1) & this.mask
      this.put(at, old[slot]!, old[slot + 1]! - 1, old[slot + 2]!, old[slot + 3]!)
    }
  }

  bytesOf(number: number): Uint8Array {
    return this.arena.subarray(this.starts[number]!, this.starts[number + 1]!)
  }

  /** Writes the word with its length before it, as Native blocks have strings. */
  writeTo(sink: ByteSink, number: number): void {
    const start = this.starts[number]!
    const end = this.starts[number + 1]!
    sink.varint(end - start)
    sink.raw(this.arena, start, end)
  }
}

/** The same numbers in an array of at least `size` and twice the old size. */
export function widened(array: Int32Array<ArrayBuffer>, size: number, fill = 0): Int32Array<ArrayBuffer> {
  const wide = new Int32Array(Math.max(array.length * 2, size)).fill(fill, array.length)
  wide.set(array)
  return wide
}

const decoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })
const encoder = new TextEncoder()

/** Text of bytes cut to `max` bytes at a character; invalid UTF-8 becomes U+FFFD. */
export function textOf(bytes: Uint8Array, from: number, to: number, max = Number.POSITIVE_INFINITY): string {
  let end = to
  if (to - from > max) {
    end = from + max
    while (end > from && (bytes[end]! & 0xc0) === 0x80) end--
  }
  return decoder.decode(bytes.subarray(from, end))
}

/** What words that exceed their column's limit become. */
export const OTHER = '{other}'

/**
 * The words of one column: number 0 is the empty word; spellings of one word (letter case, a host's port, invalid UTF-8) share its number. At most `limit`
 * words of at most `max` bytes; more become `{other}`.
 */
export class Words {
  /** How often a word was read in which invalid UTF-8 is replaced. */
  repaired = 0
  private broken = new Set<number>()
  private table = new Interner()
  /** Number of the word that a spelling stands for; looked at only when some spelling stands for another word. */
  private meant = new Int32Array(256)
  private spellings = false
  private count = 0
  private limit: number
  private max: number
  private canonical: ((text: string) => string) | undefined
  private lowerCase: boolean

  constructor(options: { limit?: number; max?: number; canonical?: (text: string) => string; lowerCase?: boolean } = {}) {
    this.limit = options.limit ?? Number.POSITIVE_INFINITY
    this.max = options.max ?? 256
    this.canonical = options.canonical
    this.lowerCase = options.lowerCase ?? false
    this.idOfText('')
  }

  /** Bytes held, roughly, for deciding when to start afresh. */
  get weight(): number {
    return this.table.used + this.table.size * 64
  }

  id(view: DataView, bytes: Uint8Array, from: number, to: number): number {
    if (to <= from) return 0
    const found = this.table.intern(view, bytes, from, to)
    if (found >= 0) return this.spellings ? this.spelled(found) : found
    const fresh = -1 - found
    if (this.canonical === undefined && this.isPlain(bytes, from, to) && this.count < this.limit) {
      this.count++
      return this.means(fresh, fresh)
    }
    let text = textOf(bytes, from, to, this.max)
    if (text.includes('\ufffd')) {
      this.repaired++
      this.broken.add(fresh)
    }
    if (this.lowerCase) text = text.toLowerCase()
    if (this.canonical) text = this.canonical(text)
    const canonical = encoder.encode(text)
    const same = canonical.length === to - from && canonical.every((byte, i) => byte === bytes[from + i])
    if (!same) return this.means(fresh, this.idOfText(text))
    if (this.count >= this.limit && text !== OTHER) return this.means(fresh, this.idOfText(OTHER))
    this.count++
    return this.means(fresh, fresh)
  }

  /** The number of a word that is canonical already. */
  idOfText(text: string): number {
    const bytes = encoder.encode(text)
    const found = this.table.intern(new DataView(bytes.buffer), bytes, 0, bytes.length)
    if (found >= 0) return this.meant[found]!
    if (this.count >= this.limit && text !== OTHER) return this.means(-1 - found, this.idOfText(OTHER))
    this.count++
    return this.means(-1 - found, -1 - found)
  }

  text(id: number): string {
    return decoder.decode(this.table.bytesOf(id))
  }

  writeTo(sink: ByteSink, id: number): void {
    this.table.writeTo(sink, id)
  }

  private spelled(spelling: number): number {
    if (this.broken.size > 0 && this.broken.has(spelling)) this.repaired++
    return this.meant[spelling]!
  }

  private means(spelling: number, id: number): number {
    if (spelling >= this.meant.length) this.meant = widened(this.meant, spelling + 1)
    this.meant[spelling] = id
    if (spelling !== id) this.spellings = true
    return id
  }

  private isPlain(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from > this.max) return false
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!
      if (byte > 127 || (this.lowerCase && byte >= 0x41 && byte <= 0x5a)) return false
    }
    return true
  }
}
