/** What a scrape is read into: columns by slot, shared by all targets, because one body is parsed at a time. */
import { type Exemplar, type SampleColumns, TAG } from '#core/telemetry/metric-batch.ts'
import { DROPPED, forgetSlots, type TargetMemory } from './memory.ts'

export interface ReadOptions {
  /** Time of the scrape, ms since the epoch. */
  now: number
  honorTimestamps: boolean
  /** Series with times of their own become stale too. */
  trackTimestamps: boolean
  /** Most samples after relabelling; 0: no limit. */
  sampleLimit: number
}

export interface ScrapeCounts {
  /** Samples in the body, and those that relabelling left. */
  scraped: number
  kept: number
  /** Series that the last good scrape did not have. */
  added: number
  /** Lines whose series stood in the body before. */
  duplicates: number
  /** Samples with times out of every sense, left out. */
  outOfBounds: number
}

/** Thrown for a body that has more than the job's limits allow; the whole scrape counts as failed, as in Prometheus. */
export class LimitExceeded extends Error {}

export const newCounts = (): ScrapeCounts => ({ scraped: 0, kept: 0, added: 0, duplicates: 0, outOfBounds: 0 })

export interface Columns extends SampleColumns {
  exemplars: Exemplar[]
}

export function createColumns(): Columns {
  return {
    tags: new Uint8Array(1024),
    values: new Float64Array(1024),
    times: new Float64Array(1024),
    timed: false,
    histograms: new Map(),
    exemplars: [],
  }
}

export function clearColumns(columns: Columns, slots: number): void {
  reserveColumns(columns, slots)
  columns.tags.fill(TAG.absent, 0, slots)
  columns.timed = false
  if (columns.histograms.size > 0) columns.histograms.clear()
  if (columns.exemplars.length > 0) columns.exemplars = []
}

export function reserveColumns(columns: Columns, slots: number): void {
  if (slots <= columns.tags.length) return
  const size = Math.ceil(slots * 1.25)
  const { tags, values, times } = columns
  columns.tags = new Uint8Array(size).fill(TAG.absent)
  columns.tags.set(tags)
  columns.values = new Float64Array(size)
  columns.values.set(values)
  columns.times = new Float64Array(size)
  columns.times.set(times)
}

/** The first sample with a time of its own: all before it were at the time of the scrape. */
export function startTimes(columns: Columns): void {
  columns.timed = true
  columns.times.fill(0)
}

/** Puts a number that was not read from decimal text. */
export function putNumber(columns: Columns, slot: number, value: number): void {
  if (value === 0 && !Object.is(value, -0)) columns.tags[slot] = TAG.zero
  else if (Number.isSafeInteger(value) && value !== 0) {
    columns.tags[slot] = value < 0 ? TAG.negative : 0
    columns.values[slot] = Math.abs(value)
  } else if (Number.isFinite(value)) {
    columns.tags[slot] = TAG.raw
    columns.values[slot] = value
  } else columns.tags[slot] = Number.isNaN(value) ? TAG.nan : value > 0 ? TAG.infinity : TAG.minusInfinity
}

/** Runs a reader of a body. On a throw the memory is as it was, and the columns hold stale markers for all that the last good scrape had. */
export function allOrNothing(memory: TargetMemory, columns: Columns, run: () => ScrapeCounts): ScrapeCounts {
  const { entries, arenaLength, slotCount } = memory
  const alive = memory.alive.slice(0, slotCount)
  clearColumns(columns, slotCount)
  try {
    const counts = run()
    memory.empty = false
    return counts
  } catch (error) {
    forgetSlots(memory, slotCount)
    Object.assign(memory, { entries, arenaLength, slotCount })
    memory.alive.set(alive)
    markAllStale(memory, columns, false)
    throw error
  }
}

/** For a scrape that failed, or a target that is gone. */
export function markAllStale(memory: TargetMemory, columns: Columns, trackTimestamps: boolean): void {
  clearColumns(columns, memory.slotCount)
  // After a scrape that failed nothing is left to become stale.
  if (memory.empty) memory.alive.fill(0)
  markStale(memory, columns, memory.order, () => false, trackTimestamps)
  memory.alive.fill(0)
  memory.empty = true
}

/** Marks as stale what the last good scrape had and `has` says is gone. Returns how many. */
export function markStale(memory: TargetMemory, columns: Columns, entries: Int32Array, has: (entry: number) => boolean, trackTimestamps: boolean): number {
  let count = 0
  for (const entry of entries) {
    const slot = memory.slots[entry]!
    if (slot <= DROPPED || has(entry) || memory.alive[slot] === 0) continue
    if ((memory.alive[slot] === 1 || trackTimestamps) && columns.tags[slot] === TAG.absent) {
      columns.tags[slot] = TAG.stale
      columns.times[slot] = 0
      count++
    }
    if (columns.tags[slot] === TAG.stale || columns.tags[slot] === TAG.absent) memory.alive[slot] = 0
  }
  return count
}
