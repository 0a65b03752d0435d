/**
 * Counts by word in bounded memory. When there are too many words, the half with the fewest requests is let go; what a kept word may lack is then at
 * most `error` requests, and the table says so (lossy counting, Manku and Motwani, VLDB 2002, by size instead of by time).
 */
import type { Row } from '../rows/row.ts'
import { Interner, textOf } from '../rows/words.ts'

/** What is counted for each word. Seconds; `timed` requests had a time. */
export interface Counts {
  requests: number
  bytes: number
  s4xx: number
  s5xx: number
  timed: number
  timeSum: number
  timeMax: number
}
export interface TallyRow extends Counts {
  key: string
}

/** Numbers of one word, side by side: requests, bytes, 4xx, 5xx, timed, sum and maximum of the times. */
const WIDTH = 7
const KEPT_TEXT = 1024

export class Tally {
  /** Most requests that a word in the table may have had before it was kept. 0: exact. */
  error = 0
  /** Words that were let go, repeats included. */
  dropped = 0
  private words = new Interner()
  private numbers = new Float64Array(256 * WIDTH)
  private cap: number
  private maxBytes: number
  private onDrop: ((row: TallyRow) => void) | undefined

  constructor(options: { cap?: number; maxBytes?: number; onDrop?: (row: TallyRow) => void } = {}) {
    this.cap = options.cap ?? 400_000
    this.maxBytes = options.maxBytes ?? 64 * 1024 * 1024
    this.onDrop = options.onDrop
  }

  get size(): number {
    return this.words.size
  }

  /** Counts the row under bytes [from, to). */
  add(view: DataView, bytes: Uint8Array, from: number, to: number, row: Row): void {
    const at = this.slot(view, bytes, from, to)
    const { numbers } = this
    numbers[at]!++
    numbers[at + 1]! += row.bytesOut
    if (row.status >= 400) {
      if (row.status < 500) numbers[at + 2]!++
      else if (row.status < 600) numbers[at + 3]!++
    }
    const time = row.requestTime
    if (time >= 0) {
      numbers[at + 4]!++
      numbers[at + 5]! += time
      if (time > numbers[at + 6]!) numbers[at + 6] = time
    }
  }

  /** Adds counts made elsewhere. */
  merge(key: string, counts: Counts): void {
    const bytes = new TextEncoder().encode(key)
    const at = this.slot(new DataView(bytes.buffer), bytes, 0, bytes.length)
    const { numbers } = this
    numbers[at]! += counts.requests
    numbers[at + 1]! += counts.bytes
    numbers[at + 2]! += counts.s4xx
    numbers[at + 3]! += counts.s5xx
    numbers[at + 4]! += counts.timed
    numbers[at + 5]! += counts.timeSum
    numbers[at + 6] = Math.max(numbers[at + 6]!, counts.timeMax)
  }

  private slot(view: DataView, bytes: Uint8Array, from: number, to: number): number {
    const found = this.words.intern(view, bytes, from, to > from + KEPT_TEXT ? from + KEPT_TEXT : to)
    if (found >= 0) return found * WIDTH
    let number = -1 - found
    if (this.words.size > this.cap || this.words.used > this.maxBytes) number = this.prune(number)
    if ((number + 1) * WIDTH > this.numbers.length) {
      const grown = new Float64Array(this.numbers.length * 2)
      grown.set(this.numbers)
      this.numbers = grown
    }
    return number * WIDTH
  }

  /** Keeps the busier half, and the word just added, whose new number it gives. */
  private prune(added: number): number {
    const { words, numbers } = this
    const requests = Float64Array.from({ length: words.size - 1 }, (_, i) => numbers[i * WIDTH]!)
    const limit = [...requests].sort((a, b) => b - a)[requests.length >> 1]!
    const kept = new Interner()
    const fresh = new Float64Array(numbers.length)
    for (let i = 0; i < words.size; i++) {
      const word = words.bytesOf(i)
      const own = numbers.subarray(i * WIDTH, i * WIDTH + WIDTH)
      if (i === added || (own[0]! > limit && kept.size < this.cap / 2)) {
        const found = kept.intern(new DataView(word.buffer, word.byteOffset, word.byteLength), word, 0, word.length)
        fresh.set(own, (found < 0 ? -1 - found : found) * WIDTH)
        continue
      }
      this.dropped++
      this.onDrop?.({ key: textOf(word, 0, word.length), ...countsOf(numbers, i * WIDTH) })
    }
    this.error += limit
    this.words = kept
    this.numbers = fresh
    return kept.size - 1
  }

  *rows(): Generator<TallyRow> {
    for (let i = 0; i < this.words.size; i++) {
      const word = this.words.bytesOf(i)
      yield { key: textOf(word, 0, word.length), ...countsOf(this.numbers, i * WIDTH) }
    }
  }

  /** The rows with most requests; equal ones by key, so that the order is always the same. */
  top(count: number): TallyRow[] {
    const numbers = this.numbers
    const order = Uint32Array.from({ length: this.words.size }, (_, i) => i)
    const requests = (i: number) => numbers[i * WIDTH]!
    order.sort((a, b) => requests(b) - requests(a))
    // equal counts at the edge: take them all, then order by key
    let end = Math.min(count, order.length)
    while (end < order.length && end < count * 10 && requests(order[end]!) === requests(order[count - 1]!)) end++
    const rows = Array.from(order.subarray(0, end), (i) => {
      const word = this.words.bytesOf(i)
      return { key: textOf(word, 0, word.length), ...countsOf(numbers, i * WIDTH) }
    })
    return rows.sort((a, b) => b.requests - a.requests || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).slice(0, count)
  }
}

const countsOf = (numbers: Float64Array, at: number): Counts => ({
  requests: numbers[at]!,
  bytes: numbers[at + 1]!,
  s4xx: numbers[at + 2]!,
  s5xx: numbers[at + 3]!,
  timed: numbers[at + 4]!,
  timeSum: numbers[at + 5]!,
  timeMax: numbers[at + 6]!,
})
