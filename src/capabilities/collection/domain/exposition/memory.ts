/**
 * What is remembered of a target between two scrapes: the text of its lines in the order in which they came, and which slot each line's series has.
 * A scrape that repeats the last one compares bytes and builds nothing; only a line that is new is parsed, relabelled and given a slot.
 */
import { encodePage, type MetricFamily, PAGE_SLOTS } from '#core/telemetry/metric-batch.ts'
import { NAME_LABEL, parseSeries } from '#core/telemetry/series-text.ts'

/** What a line is, where it is no series that is kept (those have slots from 0 on). */
export const DROPPED = -1
export const COMMENT = -2

/** Series that the collector itself makes for a target; they have the first slots. https://prometheus.io/docs/concepts/jobs_instances/ */
export const REPORT_SERIES = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
  'scrape_timeout_seconds',
  'scrape_body_size_bytes',
] as const

/** The labels of a new series as they will be kept: `text` differs from what the target wrote when relabelling changed something; undefined: dropped. */
export type Admit = (labels: Map<string, string>) => { text?: string } | undefined

export interface TargetMemory {
  admit: Admit
  /** Text of lines: entry e is arena[starts[e]..ends[e]). Eight spare bytes at the end, so that words can be read across it. Empty while the text is packed. */
  arena: Uint8Array
  view: DataView
  arenaLength: number
  starts: Uint32Array
  ends: Uint32Array
  /** Entry → slot, DROPPED or COMMENT. */
  slots: Int32Array
  entries: number
  /** Entries in the order of the last good scrape. */
  order: Int32Array
  /** Slot → entry, family (-1: none), and whether the last good scrape had it: 0 no, 1 yes, 2 with a time of its own. */
  slotEntry: Int32Array
  slotFamily: Int16Array
  alive: Uint8Array
  slotCount: number
  /** The last scrape failed: nothing of the target is alive. */
  empty: boolean
  /** The text between two scrapes: it is most of the memory, and packs to a twentieth. */
  packed: { bytes: Uint8Array; length: number } | undefined
  /** Of slots whose text relabelling changed, a hash of it, never 0. The text is made again when a page is written, because it is as long as the line and hardly ever needed. */
  rewritten: Int32Array
  /** Slot by that hash, because two lines may become the same series. Made when a series is new. */
  rewrittenSlots: Map<number, number> | undefined
  families: MetricFamily[]
  familyIndex: Map<string, number>
  shared: readonly (readonly [string, string])[]
  pageIds: (Uint8Array | undefined)[]
  /** Segment of the queue that has the page. */
  pageSegments: number[]
}

const SPARE = 8
const NO_TEXT = new Uint8Array(SPARE)

/** How text is packed, and unpacked into memory that is there: exactly `into.length` bytes. */
export interface TextCodec {
  pack(text: Uint8Array): Uint8Array
  unpack(packed: Uint8Array, into: Uint8Array): void
}

/** Only one target's text is there at a time. */
let scratch: Uint8Array = new Uint8Array(64 << 10)
const KEPT_SCRATCH = 64 << 20

/** Does `work` with the target's text there. */
export function withText<T>(memory: TargetMemory, codec: TextCodec, work: () => T): T {
  if (memory.packed) {
    const { bytes, length } = memory.packed
    if (scratch.length < length + SPARE) scratch = new Uint8Array(length + SPARE)
    if (length > 0) codec.unpack(bytes, scratch.subarray(0, length))
    memory.arena = scratch
    memory.view = new DataView(scratch.buffer)
  }
  try {
    return work()
  } finally {
    // Text is only ever added at the end, or all is new.
    if (memory.packed?.length !== memory.arenaLength)
      memory.packed = { bytes: codec.pack(memory.arena.subarray(0, memory.arenaLength)), length: memory.arenaLength }
    if (memory.arena.length > scratch.length) scratch = memory.arena
    if (scratch.length > KEPT_SCRATCH) scratch = new Uint8Array(64 << 10)
    memory.arena = NO_TEXT
    memory.view = new DataView(NO_TEXT.buffer)
    memory.rewrittenSlots = undefined
  }
}

export function createMemory(shared: readonly (readonly [string, string])[], admit: Admit): TargetMemory {
  const arena = new Uint8Array(4096 + SPARE)
  const reports = REPORT_SERIES.length
  return {
    admit,
    arena,
    view: new DataView(arena.buffer),
    arenaLength: 0,
    starts: new Uint32Array(64),
    ends: new Uint32Array(64),
    slots: new Int32Array(64),
    entries: 0,
    order: new Int32Array(0),
    slotEntry: new Int32Array(64).fill(-1),
    slotFamily: new Int16Array(64).fill(-1),
    alive: new Uint8Array(64),
    slotCount: reports,
    empty: true,
    packed: undefined,
    rewritten: new Int32Array(64),
    rewrittenSlots: undefined,
    families: [],
    familyIndex: new Map(),
    shared,
    pageIds: [],
    pageSegments: [],
  }
}

/** A copy with room for more: an eighth, because most targets grow once. */
function grown<T extends Uint8Array | Uint32Array | Int32Array | Int16Array>(array: T, length: number): T {
  if (length <= array.length) return array
  const next = new (array.constructor as new (length: number) => T)(Math.max(length, Math.ceil(array.length * 1.125) + 64))
  next.set(array)
  return next
}

/** Remembers a line's text; returns its entry. */
export function addEntry(memory: TargetMemory, body: Uint8Array, from: number, to: number, slot: number): number {
  const length = to - from
  if (memory.arenaLength + length + SPARE > memory.arena.length) {
    memory.arena = grown(memory.arena, Math.max(memory.arenaLength + length + SPARE, Math.ceil(memory.arena.length * 1.25)))
    memory.view = new DataView(memory.arena.buffer)
  }
  const entry = memory.entries++
  memory.starts = grown(memory.starts, memory.entries)
  memory.ends = grown(memory.ends, memory.entries)
  memory.slots = grown(memory.slots, memory.entries)
  memory.arena.set(body.subarray(from, to), memory.arenaLength)
  memory.starts[entry] = memory.arenaLength
  memory.arenaLength += length
  memory.ends[entry] = memory.arenaLength
  memory.slots[entry] = slot
  return entry
}

/** Gives a new series of an entry a slot, or tells that it is dropped. */
export function addSeries(memory: TargetMemory, entry: number, labels: Map<string, string>): number {
  const name = labels.get(NAME_LABEL)!
  const admitted = memory.admit(labels)
  if (!admitted) return DROPPED
  const { text } = admitted
  const key = text === undefined ? 0 : hashText(text)
  const same = text === undefined ? undefined : slotsByText(memory).get(key)
  if (same !== undefined && slotText(memory, same) === text) return same
  const slot = memory.slotCount++
  memory.slotEntry = grown(memory.slotEntry, memory.slotCount)
  memory.slotFamily = grown(memory.slotFamily, memory.slotCount)
  memory.alive = grown(memory.alive, memory.slotCount)
  memory.rewritten = grown(memory.rewritten, memory.slotCount)
  memory.slotEntry[slot] = entry
  memory.slotFamily[slot] = familyOf(memory, name)
  memory.alive[slot] = 0
  memory.rewritten[slot] = key
  if (text !== undefined && same === undefined) memory.rewrittenSlots!.set(key, slot)
  memory.pageIds[Math.floor(slot / PAGE_SLOTS)] = undefined
  return slot
}

function slotsByText(memory: TargetMemory): Map<number, number> {
  if (memory.rewrittenSlots) return memory.rewrittenSlots
  const slots = new Map<number, number>()
  for (let slot = memory.slotCount - 1; slot >= 0; slot--) if (memory.rewritten[slot] !== 0) slots.set(memory.rewritten[slot]!, slot)
  memory.rewrittenSlots = slots
  return slots
}

/** Takes back the slots from `from` on, of a body that was not taken. */
export function forgetSlots(memory: TargetMemory, from: number): void {
  memory.rewrittenSlots = undefined
  for (let slot = from; slot < memory.slotCount; slot++) memory.pageIds[Math.floor(slot / PAGE_SLOTS)] = undefined
}

/** FNV-1a, as a small integer that is not 0. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return ((hash ^ (hash >>> 15)) & 0x3fffffff) | 1
}

/** Suffixes that samples of a family have. */
const SUFFIX = /_(?:bucket|count|sum|total|created|info|gsum|gcount)$/

function familyOf(memory: TargetMemory, name: string): number {
  return memory.familyIndex.get(name) ?? memory.familyIndex.get(name.replace(SUFFIX, '')) ?? -1
}

/** One copy of what many targets say alike. */
const interned = new Map<string, MetricFamily>()
const MOST_INTERNED = 50_000

export function setFamily(memory: TargetMemory, name: string, change: Partial<MetricFamily>): void {
  const at = memory.familyIndex.get(name) ?? memory.families.length
  const next = { name, type: 'unknown' as const, unit: '', help: '', ...memory.families[at], ...change }
  const key = `${name}\0${next.type}\0${next.unit}\0${next.help}`
  let family = interned.get(key)
  if (!family) {
    if (interned.size >= MOST_INTERNED) interned.clear()
    interned.set(key, next)
    family = next
  }
  memory.families[at] = family
  memory.familyIndex.set(family.name, at)
}

const decoder = new TextDecoder()
/** The text of a slot's series, without the labels that all of the target share. */
export function slotText(memory: TargetMemory, slot: number): string {
  const report = REPORT_SERIES[slot]
  if (report !== undefined) return report
  const entry = memory.slotEntry[slot]!
  const text = decoder.decode(memory.arena.subarray(memory.starts[entry]!, memory.ends[entry]!))
  return memory.rewritten[slot] === 0 ? text : (memory.admit(parseSeries(text))?.text ?? text)
}

export const pageCount = (memory: TargetMemory): number => Math.ceil(memory.slotCount / PAGE_SLOTS)

/** The bytes of a page as they go into a batch. */
export function pageBytes(memory: TargetMemory, page: number): Uint8Array {
  const families: MetricFamily[] = []
  const index = new Map<number, number>()
  const series: { text: string; family: number }[] = []
  const to = Math.min(memory.slotCount, (page + 1) * PAGE_SLOTS)
  for (let slot = page * PAGE_SLOTS; slot < to; slot++) {
    const known = memory.slotFamily[slot]!
    let family = -1
    if (known >= 0) {
      family = index.get(known) ?? families.length
      if (family === families.length) {
        index.set(known, family)
        families.push(memory.families[known]!)
      }
    }
    series.push({ text: slotText(memory, slot), family })
  }
  return encodePage({ families, shared: memory.shared, series })
}

/** Forgets lines that are gone when they are more than those that are there; slots change, so every page does: only after the columns were written out. */
export function compact(memory: TargetMemory): void {
  const { order } = memory
  if (memory.entries <= 2 * order.length + 256) return
  const next = createMemory(memory.shared, memory.admit)
  for (const name of ['alive', 'slotEntry', 'slotFamily'] as const) next[name].set(memory[name].subarray(0, REPORT_SERIES.length))
  const moved = new Map<number, number>()
  const slotOf = new Map<number, number>()
  const newOrder = new Int32Array(order.length)
  order.forEach((old, i) => {
    let entry = moved.get(old)
    if (entry === undefined) {
      const slot = memory.slots[old]!
      entry = addEntry(next, memory.arena, memory.starts[old]!, memory.ends[old]!, slot)
      moved.set(old, entry)
      if (slot >= 0) {
        let to = slotOf.get(slot)
        if (to === undefined) {
          to = next.slotCount++
          slotOf.set(slot, to)
          next.slotEntry = grown(next.slotEntry, next.slotCount)
          next.slotFamily = grown(next.slotFamily, next.slotCount)
          next.alive = grown(next.alive, next.slotCount)
          next.slotEntry[to] = entry
          next.slotFamily[to] = memory.slotFamily[slot]!
          next.alive[to] = memory.alive[slot]!
          next.rewritten = grown(next.rewritten, next.slotCount)
          next.rewritten[to] = memory.rewritten[slot]!
        }
        next.slots[entry] = to
      }
    }
    newOrder[i] = entry
  })
  Object.assign(memory, next, { order: newOrder, empty: memory.empty, families: memory.families, familyIndex: memory.familyIndex })
}
