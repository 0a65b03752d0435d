/**
 * The text formats: 0.0.4 / 1.0.0 (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0
 * (https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md), read from bytes.
 */
import { METRIC_TYPES, type MetricType, TAG } from '#core/telemetry/metric-batch.ts'
import { ExpositionError, parseSeries } from '#core/telemetry/series-text.ts'
import { addEntry, addSeries, COMMENT, DROPPED, setFamily, type TargetMemory } from './memory.ts'
import {
  allOrNothing,
  type Columns,
  LimitExceeded,
  markStale,
  newCounts,
  putNumber,
  type ReadOptions,
  reserveColumns,
  type ScrapeCounts,
  startTimes,
} from './scrape-columns.ts'

/** Bytes with at least eight to spare after `length`. */
export interface Body {
  bytes: Uint8Array
  view: DataView
  length: number
}

const LF = 10
const SPACE = 32
const TAB = 9
const QUOTE = 34
const HASH = 35

// The number that `readNumber` read last, and where it ended. One body is read at a time.
let numberTag = 0
let numberValue = 0
let numberEnd = 0

const latin1 = new TextDecoder('latin1')
const utf8 = new TextDecoder('utf-8', { fatal: true })
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const EXACT = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/** Reads the number at `at`. False when there is none. Decimals of at most 15 digits stay decimals: mantissa / 10^tag. */
function readNumber(bytes: Uint8Array, at: number, end: number): boolean {
  let p = at
  let c = bytes[p]!
  const negative = c === 45
  if (negative || c === 43) c = bytes[++p]!
  let mantissa = 0
  const first = p
  let scale = 0
  while (c >= 48 && c <= 57) {
    mantissa = mantissa * 10 + (c - 48)
    c = bytes[++p]!
  }
  let digits = p - first
  if (c === 46) {
    c = bytes[++p]!
    const point = p
    while (c >= 48 && c <= 57) {
      mantissa = mantissa * 10 + (c - 48)
      c = bytes[++p]!
    }
    scale = p - point
    digits += scale
  }
  if (digits === 0 || digits > 15) return readOther(bytes, at, end)
  if (c === 101 || c === 69) {
    c = bytes[++p]!
    const minus = c === 45
    if (minus || c === 43) c = bytes[++p]!
    let exponent = 0
    const from = p
    while (c >= 48 && c <= 57 && p - from < 5) {
      exponent = exponent * 10 + (c - 48)
      c = bytes[++p]!
    }
    if (p === from) return readOther(bytes, at, end)
    scale -= minus ? -exponent : exponent
  }
  if (p < end && c !== LF && c !== SPACE && c !== TAB) return readOther(bytes, at, end)
  if (mantissa === 0) {
    numberTag = negative ? TAG.raw : TAG.zero
    numberValue = -0
    numberEnd = p
    return true
  }
  if (scale < 0) {
    if (scale < -22) return readOther(bytes, at, end)
    mantissa *= EXACT[-scale]!
    scale = 0
    if (mantissa > Number.MAX_SAFE_INTEGER) return readOther(bytes, at, end)
  } else if (scale > 22) return readOther(bytes, at, end)
  numberTag = negative ? scale | TAG.negative : scale
  numberValue = mantissa
  numberEnd = p
  return true
}

const probe: Pick<Columns, 'tags' | 'values'> = { tags: new Uint8Array(1), values: new Float64Array(1) }

/** Long decimals, NaN and infinities, as Go's ParseFloat has them. */
function readOther(bytes: Uint8Array, at: number, end: number): boolean {
  let p = at
  while (p < end && bytes[p] !== LF && bytes[p] !== SPACE && bytes[p] !== TAB) p++
  const text = latin1.decode(bytes.subarray(at, Math.min(p, at + 400)))
  let value: number
  if (DECIMAL.test(text)) value = Number(text)
  else if (/^[+-]?inf(?:inity)?$/i.test(text)) value = text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  else if (/^nan$/i.test(text)) value = Number.NaN
  else return false
  putNumber(probe as Columns, 0, value)
  numberTag = probe.tags[0]!
  numberValue = probe.values[0]!
  numberEnd = p
  return true
}

// Scratch of a body whose lines are not those of the last one: a table over the entries of the last scrape, where each stood, and what was seen.
let table = new Int32Array(1024)
let position = new Int32Array(1024)
let seen = new Uint8Array(1024)
let sequence = new Int32Array(1024)

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

/**
 * Reads a body into columns, by slot; series of the last good scrape that are gone are marked stale. All or nothing: on a throw the memory is as it was.
 * Throws ExpositionError with line and column, LimitExceeded.
 */
export function readText(memory: TargetMemory, body: Body, columns: Columns, options: ReadOptions & { openMetrics: boolean }): ScrapeCounts {
  return allOrNothing(memory, columns, () => read(memory, body, columns, options))
}

function read(memory: TargetMemory, body: Body, columns: Columns, options: ReadOptions & { openMetrics: boolean }): ScrapeCounts {
  const { bytes, view, length } = body
  const { openMetrics, honorTimestamps, sampleLimit, now } = options
  const counts = newCounts()
  const { order } = memory
  const oldEntries = memory.entries
  let arena = memory.view
  let { starts, ends, slots, alive } = memory
  let { tags, values, times } = columns
  let at = 0
  let next = 0
  let diffing = false
  let sequenceLength = 0
  let mask = 0
  let ended = false

  const fail = (reason: string, pos: number): never => {
    let line = 1
    let start = 0
    for (let i = 0; i < pos; i++) {
      if (bytes[i] !== LF) continue
      line++
      start = i + 1
    }
    throw new ExpositionError(reason, line, pos - start + 1)
  }

  function startDiff(): void {
    diffing = true
    if (seen.length < oldEntries + 1) seen = new Uint8Array(oldEntries * 2)
    if (position.length < oldEntries + 1) position = new Int32Array(oldEntries * 2)
    seen.fill(0, 0, oldEntries + 1)
    let size = 1024
    while (size < order.length * 3) size *= 2
    if (table.length < size) table = new Int32Array(size)
    else table.fill(0, 0, size)
    mask = size - 1
    for (let i = 0; i < order.length; i++) {
      const entry = order[i]!
      position[entry] = i
      if (i < next) seen[entry] = 1
      insert(entry)
    }
    if (sequence.length < order.length) sequence = new Int32Array(order.length * 2)
    sequence.set(order.subarray(0, next))
    sequenceLength = next
  }
  function insert(entry: number): void {
    let bucket = hashOf(memory.arena, starts[entry]!, ends[entry]!) & mask
    while (table[bucket] !== 0) {
      if (table[bucket] === entry + 1) return
      bucket = (bucket + 1) & mask
    }
    table[bucket] = entry + 1
  }
  function find(from: number, to: number): number {
    const n = to - from
    for (let bucket = hashOf(bytes, from, to) & mask; table[bucket] !== 0; bucket = (bucket + 1) & mask) {
      const entry = table[bucket]! - 1
      const start = starts[entry]!
      if (ends[entry]! - start !== n) continue
      let j = 0
      while (j < n && memory.arena[start + j] === bytes[from + j]) j++
      if (j === n) return entry
    }
    return -1
  }
  function remember(entry: number): void {
    if (sequenceLength === sequence.length) {
      const more = new Int32Array(sequence.length * 2)
      more.set(sequence)
      sequence = more
    }
    sequence[sequenceLength++] = entry
  }
  let tableUsed = 0
  function addNew(from: number, to: number, comment: boolean): number {
    const entry = addEntry(memory, bytes, from, to, COMMENT)
    ;({ starts, ends, slots } = memory)
    arena = memory.view
    if (entry >= seen.length) {
      const more = new Uint8Array(entry * 2)
      more.set(seen)
      seen = more
    }
    if (entry >= position.length) {
      const more = new Int32Array(entry * 2)
      more.set(position)
      position = more
    }
    seen[entry] = 0
    position[entry] = -1
    if (comment) readComment(memory, bytes, from, to, openMetrics, fail)
    else {
      let text: string
      try {
        text = utf8.decode(bytes.subarray(from, to))
      } catch {
        return fail('the series is no valid UTF-8', from)
      }
      let labels: Map<string, string>
      try {
        labels = parseSeries(text)
      } catch (error) {
        return error instanceof ExpositionError ? fail(error.reason, from + Math.min(error.column - 1, to - from)) : fail((error as Error).message, from)
      }
      const known = memory.slotCount
      slots[entry] = addSeries(memory, entry, labels)
      reserveColumns(columns, memory.slotCount)
      if (memory.slotCount > known) columns.tags[known] = TAG.absent
      ;({ alive } = memory)
      ;({ tags, values, times } = columns)
    }
    tableUsed++
    if ((order.length + tableUsed) * 2 > mask) {
      const larger = new Int32Array((mask + 1) * 2)
      const old = table.slice(0, mask + 1)
      table = larger
      mask = larger.length - 1
      for (const value of old) if (value !== 0) insert(value - 1)
    }
    insert(entry)
    return entry
  }

  while (at < length) {
    let entry = -1
    let p = at
    if (next < order.length) {
      const e = order[next]!
      const start = starts[e]!
      const n = ends[e]! - start
      p = at + n
      if (p < length) {
        const c = bytes[p]!
        if (slots[e] === COMMENT ? c === LF : c === SPACE || c === TAB) {
          const whole = n & ~3
          let j = 0
          while (j < whole && view.getInt32(at + j, true) === arena.getInt32(start + j, true)) j += 4
          if (j === whole) {
            const rest = n & 3
            if (rest === 0 || ((view.getInt32(at + j, true) ^ arena.getInt32(start + j, true)) & ((1 << (rest << 3)) - 1)) === 0) entry = e
          }
        }
      }
    }
    if (entry >= 0 && slots[entry] !== COMMENT) {
      do p++
      while (bytes[p] === SPACE || bytes[p] === TAB)
      if (!readNumber(bytes, p, length)) entry = -1
    }
    if (entry >= 0) {
      next++
      if (diffing) {
        if (slots[entry] !== COMMENT && seen[entry] === 1) {
          counts.duplicates++
          counts.scraped++
          at = lineEnd(bytes, numberEnd, length) + 1
          continue
        }
        seen[entry] = 1
        remember(entry)
      }
      if (slots[entry] === COMMENT) {
        at = p + 1
        if (openMetrics && isEof(bytes, p - 5, p)) ended = true
        continue
      }
    } else {
      // A line that is not the one that stood here the last time.
      p = at
      while (p < length && (bytes[p] === SPACE || bytes[p] === TAB)) p++
      if (p === length || bytes[p] === LF) {
        if (openMetrics) fail('an empty line', at)
        at = p + 1
        continue
      }
      if (!diffing) startDiff()
      const from = p
      const comment = bytes[p] === HASH
      const to = comment ? lineEnd(bytes, p, length) : seriesEnd(bytes, p, length)
      if (to < 0) fail('a quoted text or a brace is not closed', from)
      if (!comment) {
        p = to
        while (bytes[p] === SPACE || bytes[p] === TAB) p++
        if (p >= length || !readNumber(bytes, p, length)) {
          if (to === from) fail('the name of a metric was expected', from)
          fail('a number was expected', Math.min(p, length))
        }
      }
      const end = numberEnd
      entry = find(from, to)
      if (entry < 0) {
        const tag = numberTag
        const value = numberValue
        entry = addNew(from, to, comment)
        numberTag = tag
        numberValue = value
        numberEnd = end
      } else if (position[entry]! >= 0) next = position[entry]! + 1
      if (comment) {
        seen[entry] = 1
        remember(entry)
        if (openMetrics && isEof(bytes, to - 5, to)) ended = true
        at = to + 1
        continue
      }
      if (seen[entry] === 1) {
        counts.duplicates++
        counts.scraped++
        at = lineEnd(bytes, numberEnd, length) + 1
        continue
      }
      seen[entry] = 1
      remember(entry)
    }

    counts.scraped++
    const slot = slots[entry]!
    if (ended) fail('there is more after # EOF', at)
    p = numberEnd
    if (slot !== DROPPED) {
      if (tags[slot] !== TAG.absent) counts.duplicates++
      else {
        if (alive[slot] === 0) counts.added++
        alive[slot] = 1
        tags[slot] = numberTag
        values[slot] = numberValue
        counts.kept++
        if (columns.timed) times[slot] = 0
      }
    }
    if (p < length && bytes[p] !== LF) {
      while (bytes[p] === SPACE || bytes[p] === TAB) p++
      if (p < length && bytes[p] !== LF && bytes[p] !== HASH) {
        if (!readNumber(bytes, p, length)) fail('a time was expected', p)
        const time = lastNumber()
        if (!openMetrics && !Number.isInteger(time)) fail('a time is whole milliseconds', p)
        p = numberEnd
        if (slot !== DROPPED && honorTimestamps) {
          if (!columns.timed) startTimes(columns)
          const ts = openMetrics ? Math.round(time * 1000) : time
          if (!(Math.abs(ts) < 8.64e15)) {
            tags[slot] = TAG.absent
            counts.kept--
            counts.outOfBounds++
          } else {
            times[slot] = ts - now
            alive[slot] = 2
          }
        }
        while (bytes[p] === SPACE || bytes[p] === TAB) p++
      }
      if (p < length && bytes[p] === HASH && openMetrics) p = readExemplar(p, slot)
      if (p < length && bytes[p] !== LF) fail('the line should end here', p)
    }
    if (sampleLimit > 0 && counts.kept > sampleLimit) throw new LimitExceeded(`more than sample_limit: ${sampleLimit} samples`)
    at = p + 1
  }

  /** ` # {labels} value [time]`; returns where it ends. */
  function readExemplar(from: number, slot: number): number {
    let p = from + 1
    while (bytes[p] === SPACE) p++
    const end = bytes[p] === 123 ? seriesEnd(bytes, p, length) : -1
    if (end < 0) return fail('an exemplar has its labels in braces', p)
    const labels = utf8.decode(bytes.subarray(p, end))
    p = end
    while (bytes[p] === SPACE) p++
    if (!readNumber(bytes, p, length)) fail('the value of an exemplar was expected', p)
    const value = lastNumber()
    p = numberEnd
    while (bytes[p] === SPACE) p++
    let ts = now
    if (p < length && bytes[p] !== LF) {
      if (!readNumber(bytes, p, length)) fail('the time of an exemplar was expected', p)
      ts = Math.round(lastNumber() * 1000)
      p = numberEnd
      while (bytes[p] === SPACE) p++
    }
    if (slot >= 0) columns.exemplars.push({ slot, labels, value, ts })
    return p
  }

  if (openMetrics && !ended) fail('# EOF is missing', length)
  if (!diffing && next < order.length) startDiff()
  if (diffing) {
    markStale(memory, columns, order, (entry) => seen[entry] === 1, options.trackTimestamps)
    memory.order = sequence.slice(0, sequenceLength)
  }
  return counts
}

function lastNumber(): number {
  if (numberTag < TAG.zero) {
    const value = numberValue / EXACT[numberTag & 31]!
    return numberTag & TAG.negative ? -value : value
  }
  if (numberTag === TAG.zero) return 0
  return numberTag === TAG.raw ? numberValue : numberTag === TAG.infinity ? Number.POSITIVE_INFINITY : Number.NaN
}

function lineEnd(bytes: Uint8Array, from: number, length: number): number {
  const end = bytes.indexOf(LF, from)
  return end < 0 || end > length ? length : end
}

/** Where name and labels end, or -1 when a brace or quote is not closed in the line. */
function seriesEnd(bytes: Uint8Array, from: number, length: number): number {
  let p = from
  while (p < length && bytes[p] !== SPACE && bytes[p] !== TAB && bytes[p] !== 123 && bytes[p] !== LF) p++
  let q = p
  while (bytes[q] === SPACE || bytes[q] === TAB) q++
  if (q >= length || bytes[q] !== 123) return p
  for (q++; q < length && bytes[q] !== LF; q++) {
    if (bytes[q] === 125) return q + 1
    if (bytes[q] !== QUOTE) continue
    for (q++; q < length && bytes[q] !== QUOTE; q++) {
      if (bytes[q] === LF) return -1
      if (bytes[q] === 92) q++
    }
  }
  return -1
}

const isEof = (bytes: Uint8Array, from: number, to: number): boolean =>
  from >= 0 && to - from === 5 && bytes[from] === HASH && bytes[from + 2] === 69 && bytes[from + 3] === 79 && bytes[from + 4] === 70

const COMMENT_LINE = /^# *(HELP|TYPE|UNIT) +("(?:[^"\\]|\\.)*"|[^\s]+)(?: (.*))?$/s

function readComment(
  memory: TargetMemory,
  bytes: Uint8Array,
  from: number,
  to: number,
  openMetrics: boolean,
  fail: (reason: string, at: number) => never,
): void {
  const text = new TextDecoder().decode(bytes.subarray(from, to))
  const found = COMMENT_LINE.exec(text)
  if (!found) return
  const [, what, rawName, rest = ''] = found
  const name = rawName!.startsWith('"') ? rawName!.slice(1, -1).replace(/\\(.)/g, '$1') : rawName!
  if (what === 'HELP') setFamily(memory, name, { help: rest.replace(/\\([\\n"])/g, (_, c: string) => (c === 'n' ? '\n' : c)) })
  else if (what === 'UNIT') {
    if (openMetrics) setFamily(memory, name, { unit: rest.trim() })
  } else {
    const word = rest.trim()
    const type = word === 'untyped' ? 'unknown' : word
    if (!(METRIC_TYPES as readonly string[]).includes(type)) fail(`${JSON.stringify(word)} is no type of a metric`, from + text.length - rest.length)
    setFamily(memory, name, { type: type as MetricType })
  }
}
