/**
 * The queue on disk between scraping and sending. Segments are append-only files of records; each holds the pages that its samples need, so that it can be
 * read alone. A record is a header (magic, length, CRC-32, kind, samples, batch id) and a section of `core/telemetry/metric-batch.ts`; what a crash tore off
 * is cut. Above the cap the oldest segment goes, and what it held is counted.
 */
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { readSections } from '#core/telemetry/metric-batch.ts'

const HEAD = 36
const MAGIC = 0x53_51_31_0a
const KIND_PAGES = 1
const KIND_SAMPLES = 2

export interface QueuedBatch {
  /** UUID, the same for ever. */
  id: string
  segment: number
  /** Where the next record begins. */
  end: number
  samples: number
  /** A samples section. */
  section: Uint8Array
}

export interface Queue {
  /** Changes when a new segment begins, which has no pages yet. */
  readonly segment: number
  readonly bytes: number
  /** Samples that went because of the cap or a broken record. */
  readonly dropped: number
  addPages(section: Uint8Array): void
  /** On disk when it returns. Throws the file system's error. */
  addSamples(id: string, samples: number, section: Uint8Array): void
  /** The next batch for an output, or undefined when it has all. */
  next(output: string): QueuedBatch | undefined
  /** The output has this one and all before. */
  done(output: string, batch: QueuedBatch): void
  /** Sections of a segment that hold these pages. */
  pages(segment: number, ids: ReadonlySet<string>): Uint8Array[]
  /** Batches that an output has not got. */
  backlog(output: string): { samples: number; oldest: number | undefined }
  /** Resolves when there may be more. */
  wait(signal: AbortSignal): Promise<void>
  close(): void
}

interface Segment {
  number: number
  path: string
  size: number
  records: { at: number; length: number; samples: number; id: string }[]
  /** Page id → where its section is. */
  pages: Map<string, { at: number; length: number }>
  made: number
}

export interface QueueOptions {
  folder: string
  mostBytes: number
  /** Names of the outputs; what another run kept for others is forgotten. */
  outputs: readonly string[]
  now(): number
}

export function openQueue({ folder, mostBytes, outputs, now }: QueueOptions): Queue {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const segmentBytes = Math.min(64 << 20, Math.max(1 << 20, Math.floor(mostBytes / 8)))
  const cursorPath = join(folder, 'cursors.json')
  const segments: Segment[] = []
  let dropped = 0
  const waiting = new Set<() => void>()

  for (const name of readdirSync(folder).sort()) {
    const found = /^(\d{10})\.seg$/.exec(name)
    if (found) segments.push(scan(join(folder, name), Number(found[1])))
  }
  const cursors = new Map(outputs.map((name) => [name, { segment: segments[0]?.number ?? 0, at: 0 }]))
  for (const [name, cursor] of Object.entries(readCursors(cursorPath))) if (cursors.has(name)) cursors.set(name, cursor)
  let last = Math.max(segments.at(-1)?.number ?? 0, ...[...cursors.values()].map(({ segment }) => segment))
  let fd = -1
  let current: Segment | undefined

  function begin(): Segment {
    if (fd >= 0) closeSync(fd)
    last++
    const path = join(folder, `${String(last).padStart(10, '0')}.seg`)
    fd = openSync(path, 'wx', 0o600)
    const parent = openSync(folder, 'r')
    fsyncSync(parent)
    closeSync(parent)
    current = { number: last, path, size: 0, records: [], pages: new Map(), made: now() }
    segments.push(current)
    return current
  }

  function append(kind: number, id: string, samples: number, section: Uint8Array): number {
    const segment = current ?? begin()
    const head = Buffer.alloc(HEAD)
    head.writeUInt32LE(MAGIC, 0)
    head.writeUInt32LE(section.length, 4)
    head.writeUInt32LE(crc32(section), 8)
    head.writeUInt32LE(kind, 12)
    head.writeUInt32LE(samples, 16)
    if (id !== '') Buffer.from(id.replaceAll('-', ''), 'hex').copy(head, 20)
    const at = segment.size
    let written = 0
    const bytes = Buffer.concat([head, section])
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, at + written)
    } catch (error) {
      // Pages that did not get there must come again: that is what a new segment means.
      current = undefined
      throw error
    }
    segment.size += bytes.length
    return at + HEAD
  }

  const total = () => segments.reduce((sum, { size }) => sum + size, 0)

  function trim(): void {
    const needed = Math.min(...[...cursors.values()].map(({ segment }) => segment))
    while (segments.length > 0 && segments[0] !== current && (segments[0]!.number < needed || finished(segments[0]!))) remove(segments[0]!)
    while (total() > mostBytes && segments.length > 1) {
      const oldest = segments[0]!
      const reached = Math.min(
        ...[...cursors.values()].map((cursor) => (cursor.segment > oldest.number ? Infinity : cursor.segment === oldest.number ? cursor.at : 0)),
      )
      dropped += oldest.records.filter((record) => record.at >= reached).reduce((sum, { samples }) => sum + samples, 0)
      remove(oldest)
    }
  }
  const finished = (segment: Segment) =>
    [...cursors.values()].every((cursor) => cursor.segment > segment.number || (cursor.segment === segment.number && cursor.at >= segment.size))
  function remove(segment: Segment): void {
    rmSync(segment.path, { force: true })
    segments.splice(segments.indexOf(segment), 1)
  }

  return {
    get segment() {
      if (!current || current.size >= segmentBytes) begin()
      return current!.number
    },
    get bytes() {
      return total()
    },
    get dropped() {
      return dropped
    },
    addPages(section) {
      const at = append(KIND_PAGES, '', 0, section)
      for (const { ids } of readSections(section, false)) for (const id of ids) current!.pages.set(id, { at, length: section.length })
    },
    addSamples(id, samples, section) {
      const at = append(KIND_SAMPLES, id, samples, section)
      fdatasyncSync(fd)
      current!.records.push({ at, length: section.length, samples, id })
      trim()
      for (const wake of [...waiting]) wake()
    },
    next(output) {
      const cursor = cursors.get(output)!
      for (const segment of segments) {
        if (segment.number < cursor.segment) continue
        const from = segment.number === cursor.segment ? cursor.at : 0
        for (const record of segment.records) {
          if (record.at < from) continue
          const section = readPart(segment.path, record.at, record.length)
          return { id: record.id, segment: segment.number, end: record.at + record.length, samples: record.samples, section }
        }
      }
      return undefined
    },
    done(output, batch) {
      cursors.set(output, { segment: batch.segment, at: batch.end })
      writeFileSync(`${cursorPath}.next`, JSON.stringify(Object.fromEntries(cursors)), { mode: 0o600 })
      renameSync(`${cursorPath}.next`, cursorPath)
      trim()
    },
    pages(number, ids) {
      const segment = segments.find((each) => each.number === number)
      const places = new Map<number, number>()
      for (const id of ids) {
        const place = segment?.pages.get(id)
        if (place) places.set(place.at, place.length)
      }
      return [...places].map(([at, length]) => readPart(segment!.path, at, length))
    },
    backlog(output) {
      const cursor = cursors.get(output)!
      let samples = 0
      let oldest: number | undefined
      for (const segment of segments) {
        if (segment.number < cursor.segment) continue
        for (const record of segment.records) {
          if (segment.number === cursor.segment && record.at < cursor.at) continue
          samples += record.samples
          // The id is a UUIDv7: it begins with the time at which it was made.
          oldest ??= Number.parseInt(record.id.replace('-', '').slice(0, 12), 16)
        }
      }
      return { samples, oldest }
    },
    wait: (signal) =>
      new Promise((resolve) => {
        const wake = () => {
          signal.removeEventListener('abort', wake)
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      }),
    close() {
      if (fd >= 0) closeSync(fd)
      fd = -1
    },
  }
}

function readPart(path: string, at: number, length: number): Uint8Array {
  const fd = openSync(path, 'r')
  try {
    const bytes = new Uint8Array(length)
    let read = 0
    while (read < length) {
      const n = readSync(fd, bytes, read, length - read, at + read)
      if (n === 0) throw new Error(`${path} is shorter than it was`)
      read += n
    }
    return bytes
  } finally {
    closeSync(fd)
  }
}

/** The whole records of a file, in order; the first that is torn or broken ends it. */
function scan(path: string, number: number): Segment {
  const bytes = readFileSync(path)
  const segment: Segment = { number, path, size: 0, records: [], pages: new Map(), made: statSync(path).mtimeMs }
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4)
    const from = at + HEAD
    if (bytes.readUInt32LE(at) !== MAGIC || from + length > bytes.length) break
    const section = bytes.subarray(from, from + length)
    if (crc32(section) !== bytes.readUInt32LE(at + 8)) break
    if (bytes.readUInt32LE(at + 12) === KIND_PAGES)
      for (const { ids } of readSections(section, false)) for (const id of ids) segment.pages.set(id, { at: from, length })
    else {
      const hex = bytes.toString('hex', at + 20, at + 36)
      const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
      segment.records.push({ at: from, length, samples: bytes.readUInt32LE(at + 16), id })
    }
    at = from + length
    segment.size = at
  }
  return segment
}

function readCursors(path: string): Record<string, { segment: number; at: number }> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, { segment: number; at: number }>
  } catch {
    return {}
  }
}
