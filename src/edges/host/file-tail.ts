import { type BigIntStats, closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { COMPRESSED, createGlob } from './glob.ts'
import { FINGERPRINT_BYTES, type FileState, fingerprint, sameBeginning } from './journal.ts'

export interface TailSource {
  /** A path or a pattern (`glob.ts`). */
  pattern: string
  /** Where to begin in files that are there when the source is seen for the first time. Default start. */
  from?: 'start' | 'end'
  /** Of the paths that match, those to follow; asked until it says yes. Default all. */
  wanted?(path: string): boolean
  /** Where chunks may end, when not after every line: the greatest such offset, 0 for none. `settled`: the file has not grown for a moment. */
  endOfWhole?(bytes: Buffer, settled: boolean): number
}

/** What went by without being delivered. Nothing is lost silently: each of these is reported once. */
export interface TailLoss {
  reason: 'truncated' | 'deleted' | 'cut'
  path: string
  /** Bytes known to be lost; what was written and removed between two looks cannot be known. */
  bytes: number
}

export type TailEvent =
  | ({ kind: 'lost' } & TailLoss)
  | { kind: 'found' | 'rotated' | 'finished'; path: string }
  | { kind: 'unreadable'; path: string; reason: string }

/** A file that is being followed: its state in the journal and what only this process knows. */
export interface TailedFile extends FileState {
  source: TailSource
  fd?: number
  /** No longer at its path: read to its end, then forgotten. */
  detached: boolean
  /** Size at the latest look. */
  size: number
  /** When it was last seen to grow, or was detached; ms. */
  changedAt: number
  /** A chunk of it is out. */
  busy: boolean
  /** Differs from the journal. */
  dirty: boolean
  /** The rest will never get a line break: it is delivered without. */
  ending: boolean
  /** Turn in which it was read last. */
  served: number
  /** The end has no line break yet and there is nothing else: not looked at again before the size changes. */
  waitingAt: number
}

export interface Chunk {
  file: TailedFile
  /** The id that the journal promised for these bytes, when they were promised before a crash. */
  id?: string
  from: number
  to: number
  cut: boolean
  bytes: Buffer
}

export interface TailLimits {
  /** A chunk, and so a line, is at most this long. At 20,000 lines/s one poll brings a little more than 1 MiB. */
  chunkBytes: number
  /** What is delivered of a longer line. */
  cutBytes: number
  /** How long a file that left its path is kept open after its last growth, ms: writers reopen some time after a rotation. */
  lingerMs: number
  /** After this long without growth nothing more of what was being written is awaited, ms. */
  settleMs: number
  /** How often patterns are looked at, ms; plain paths are looked at every time. */
  discoverMs: number
  /** Files kept open. Beyond it those that were idle longest are closed and opened again when they grow. */
  openFiles: number
}
export const TAIL_LIMITS: TailLimits = { chunkBytes: 2 << 20, cutBytes: 64 << 10, lingerMs: 60_000, settleMs: 250, discoverMs: 500, openFiles: 256 }

export interface Tail {
  /** Looks at every file once: growth, rotation, truncation, deletion, new ones. `now` in ms since the epoch. */
  poll(now: number): void
  /** Files with something to read of which no chunk is out. */
  ready(): TailedFile[]
  /** The next whole lines, in `buffer` (of `chunkBytes`), or undefined when there are none after all. The file is busy until `done` or `release`. */
  read(file: TailedFile, buffer: Buffer): Chunk | undefined
  /** The chunk was delivered, or given up: everything before its end is over. */
  done(chunk: Chunk): void
  /** States that the journal must take, and keys that it may forget; the caller writes them before the next read. */
  changes(): { states: FileState[]; gone: number[] }
  files(): readonly TailedFile[]
  close(): void
}

const LF = 10
const EMPTY = fingerprint(new Uint8Array(0))
/** Names looked through for a file that was renamed. */
const MAX_SIBLINGS = 10_000
/** Chunks of an overlong line that are passed over at once. */
const SKIP_CHUNKS = 64

/**
 * Follows files as bytes; no string is made per line. Files are told apart by device, inode and their first bytes, so that renaming, copytruncate and
 * reused inodes are seen. All file access is synchronous and bounded: one stat per file and poll, one read per chunk.
 */
export function createTail(
  sources: readonly TailSource[],
  states: readonly FileState[],
  report: (event: TailEvent) => void,
  limits: TailLimits = TAIL_LIMITS,
): Tail {
  const globs = sources.map((source) => ({ source, glob: createGlob(source.pattern) }))
  const files = new Map<number, TailedFile>()
  const byPath = new Map<string, TailedFile>()
  const complaints = new Map<string, string>()
  const head = Buffer.alloc(FINGERPRINT_BYTES)
  let nextKey = states.reduce((greatest, state) => Math.max(greatest, state.key), 0) + 1
  let gone: number[] = []
  let discoveredAt = Number.NEGATIVE_INFINITY
  let served = 0
  let polledAt = 0
  let started = false

  const lost = (reason: TailLoss['reason'], path: string, bytes: number) => report({ kind: 'lost', reason, path, bytes: Math.max(0, bytes) })

  function follow(source: TailSource, state: FileState, size: number, now: number): TailedFile {
    const file = { ...state, source, detached: false, ending: false, size, changedAt: now, busy: false, dirty: true, waitingAt: -1, served: 0 }
    files.set(file.key, file)
    return file
  }

  function forget(file: TailedFile): void {
    closeFile(file)
    files.delete(file.key)
    if (byPath.get(file.path) === file) byPath.delete(file.path)
    gone.push(file.key)
    report({ kind: 'finished', path: file.path })
  }

  /** The file was cut to nothing and written anew. */
  function restart(file: TailedFile, size: number, now: number): void {
    lost('truncated', file.path, file.seen - file.offset)
    Object.assign(file, { offset: 0, seen: size, size, skipping: false, batch: undefined, print: EMPTY, dirty: true, waitingAt: -1, changedAt: now })
  }

  function sized(file: TailedFile, size: number, now: number): void {
    if (size < Math.max(file.offset, file.batch?.to ?? 0)) {
      restart(file, size, now)
      return
    }
    if (size !== file.size) file.changedAt = now
    file.size = size
    file.seen = Math.max(file.seen, size)
  }

  /** Its path now leads elsewhere or nowhere. */
  function detach(file: TailedFile, now: number): void {
    if (byPath.get(file.path) === file) byPath.delete(file.path)
    file.detached = true
    file.changedAt = now
    if (file.fd === undefined) {
      const path = findInode(file)
      if (path === undefined || !openFile(file, path)) {
        lost('deleted', file.path, file.seen - file.offset)
        adoptMissed(file, now)
        forget(file)
        return
      }
    }
    report({ kind: 'rotated', path: file.path })
    adoptMissed(file, now)
  }

  /** Files that came and went under the path between two looks, or while no agent ran: `<path>.…` or `<path>-…`, younger than the one that was followed. */
  function adoptMissed(file: TailedFile, now: number): void {
    const folder = dirname(file.path)
    const base = basename(file.path)
    for (const name of namesIn(folder)) {
      const rotated = name.startsWith(base) && /^[.-]/.test(name.slice(base.length)) && !COMPRESSED.test(name)
      const path = join(folder, name)
      const stats = rotated ? statOf(path) : undefined
      if (!stats || stats === 'failed' || !stats.isFile() || stats.birthtimeNs <= BigInt(file.born)) continue
      // A file that is gone may have left its inode to one that came after it.
      const known = [...files.values()].some((other) => (other !== file || file.fd !== undefined) && isInode(other, stats))
      if (known || beginsSame(file, path)) continue
      const missed = follow(file.source, { ...newState(file.source, file.path, stats), real: path, offset: 0 }, Number(stats.size), now)
      missed.detached = true
      if (!openFile(missed, path)) files.delete(missed.key)
    }
  }

  function newState(source: TailSource, path: string, stats: BigIntStats): FileState {
    const identity = { dev: String(stats.dev), ino: String(stats.ino), born: String(stats.birthtimeNs), print: EMPTY }
    return { key: nextKey++, pattern: source.pattern, path, real: realOf(path), ...identity, offset: 0, skipping: false, seen: Number(stats.size) }
  }

  function look(file: TailedFile, now: number): void {
    if (!file.detached) {
      const stats = statOf(file.path)
      if (stats === 'failed') return
      if (stats && isInode(file, stats)) {
        // While a chunk is out, its bytes are in memory and the file may do what it likes.
        if (file.busy) file.seen = Math.max(file.seen, Number(stats.size))
        else sized(file, Number(stats.size), now)
        return
      }
      if (file.busy && file.fd === undefined) return
      detach(file, now)
    }
    if (file.busy || file.fd === undefined) return
    sized(file, Number(fstatSync(file.fd, { bigint: true }).size), now)
    if (now - file.changedAt < limits.lingerMs) return
    if (file.offset >= file.size) forget(file)
    else if (file.waitingAt === file.size) {
      // Nobody will end this line any more.
      file.ending = true
      file.waitingAt = -1
    }
  }

  /** A path at which nothing is followed: a new file, or one that is followed already and was renamed to this. */
  function adopt(source: TailSource, path: string, now: number): void {
    const stats = statOf(path)
    if (!stats || stats === 'failed' || !stats.isFile()) return
    for (const file of files.values()) {
      if (!isInode(file, stats)) continue
      if (file.detached) {
        Object.assign(file, { path, real: realOf(path), detached: false, ending: false, dirty: true })
        byPath.set(path, file)
      }
      return
    }
    const size = Number(stats.size)
    const offset = source.from === 'end' && !started ? size : 0
    byPath.set(path, follow(source, { ...newState(source, path, stats), offset }, size, now))
    report({ kind: 'found', path })
  }

  /** Goes on where the journal says: at the same path, or under the name that the file has now. */
  function resume(now: number): void {
    const moved: TailedFile[] = []
    for (const state of states) {
      const source = sources.find((candidate) => candidate.pattern === state.pattern)
      if (!source) {
        gone.push(state.key)
        report({ kind: 'finished', path: state.path })
        continue
      }
      const stats = statOf(state.path)
      const there = stats !== undefined && stats !== 'failed' && isInode(state, stats) && !byPath.has(state.path)
      const file = follow(source, state, there ? Number(stats.size) : state.seen, now)
      if (!there) moved.push(file)
      else {
        byPath.set(file.path, file)
        sized(file, file.size, now)
      }
    }
    // After all are known, so that none is taken for one that was missed.
    for (const file of moved) detach(file, now)
  }

  function discover(now: number): void {
    const withPatterns = now - discoveredAt >= limits.discoverMs || now < discoveredAt
    if (withPatterns) discoveredAt = now
    for (const { source, glob } of globs) {
      if (!glob.literal && !withPatterns) continue
      for (const path of glob.paths(now)) if (!byPath.has(path) && (source.wanted?.(path) ?? true)) adopt(source, path, now)
    }
  }

  function statOf(path: string): BigIntStats | undefined | 'failed' {
    try {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      complaints.delete(path)
      return stats
    } catch (error) {
      complain(path, error)
      return 'failed'
    }
  }

  /** Says once, and again when the reason changes. */
  function complain(path: string, error: unknown): void {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error)
    if (complaints.get(path) === reason) return
    complaints.set(path, reason)
    report({ kind: 'unreadable', path, reason })
  }

  function openFile(file: TailedFile, path: string): boolean {
    try {
      const fd = openSync(path, 'r')
      if (isInode(file, fstatSync(fd, { bigint: true }))) {
        file.fd = fd
        return true
      }
      closeSync(fd)
    } catch (error) {
      complain(path, error)
    }
    return false
  }

  function closeFile(file: TailedFile): void {
    if (file.fd !== undefined) closeSync(file.fd)
    file.fd = undefined
  }

  /** The name under which a renamed file is now, in the folders where it was. */
  function findInode(state: FileState): string | undefined {
    for (const folder of new Set([dirname(state.real), dirname(state.path)])) {
      for (const name of namesIn(folder)) {
        const path = join(folder, name)
        const stats = statOf(path)
        if (!stats || stats === 'failed' || !stats.isFile() || !isInode(state, stats)) continue
        // The same file even if it was truncated, or one that begins the same where creation times are not kept.
        if (String(stats.birthtimeNs) === state.born || beginsSame(state, path)) return path
      }
    }
    return undefined
  }

  function namesIn(folder: string): string[] {
    try {
      return readdirSync(folder).slice(0, MAX_SIBLINGS)
    } catch {
      return []
    }
  }

  function beginsSame(state: FileState, path: string): boolean {
    // Of a file of which nothing was read, every other would begin the same.
    if (state.print.length === 0) return false
    try {
      const fd = openSync(path, 'r')
      try {
        return sameBeginning(state.print, head.subarray(0, readSync(fd, head, 0, FINGERPRINT_BYTES, 0)))
      } finally {
        closeSync(fd)
      }
    } catch {
      return false
    }
  }

  /** What was read is what the file holds now, so it is of the same file and whole. Learns more of the beginning as the file grows. */
  function verified(file: TailedFile, to: number): boolean {
    const fd = file.fd!
    if (Number(fstatSync(fd, { bigint: true }).size) < to) return false
    const beginning = head.subarray(0, readSync(fd, head, 0, FINGERPRINT_BYTES, 0))
    if (!sameBeginning(file.print, beginning)) return false
    if (beginning.length > file.print.length) file.print = fingerprint(beginning)
    return true
  }

  function fill(file: TailedFile, buffer: Buffer, length: number): number {
    let filled = 0
    while (filled < length) {
      const read = readSync(file.fd!, buffer, filled, length - filled, file.offset + filled)
      if (read === 0) break
      filled += read
    }
    return filled
  }

  /** Passes over the rest of a line that was cut; false while its end has not come. */
  function skip(file: TailedFile, buffer: Buffer): boolean {
    for (let i = 0; i < SKIP_CHUNKS && file.skipping; i++) {
      const length = fill(file, buffer, Math.min(limits.chunkBytes, file.size - file.offset))
      if (length === 0 || !verified(file, file.offset + length)) return false
      const end = buffer.subarray(0, length).indexOf(LF)
      const passed = end === -1 ? length : end + 1
      lost('cut', file.path, passed)
      file.offset += passed
      file.skipping = end === -1
      file.dirty = true
    }
    return !file.skipping
  }

  function readChunk(file: TailedFile, buffer: Buffer): Chunk | undefined {
    if (file.skipping && !skip(file, buffer)) return undefined
    const { batch, offset } = file
    const length = fill(file, buffer, Math.min(limits.chunkBytes, (batch?.to ?? file.size) - offset))
    if (length === 0 && file.size === offset) return undefined
    if (!verified(file, batch?.to ?? offset + length)) {
      restart(file, Number(fstatSync(file.fd!, { bigint: true }).size), file.changedAt)
      return undefined
    }
    const chunk = (to: number, cut: boolean, id?: string): Chunk => ({ file, id, from: offset, to, cut, bytes: buffer.subarray(0, to - offset) })
    if (batch) return chunk(batch.to, batch.cut, batch.id)
    const read = buffer.subarray(0, length)
    const lines = read.lastIndexOf(LF) + 1
    const settled = file.ending || polledAt - file.changedAt >= limits.settleMs
    const end = file.source.endOfWhole?.(read, settled) ?? lines
    if (end > 0) return chunk(offset + end, false)
    // More pieces of one line than fit a chunk: what is there goes out as it is.
    if (length === limits.chunkBytes && lines > 0) return chunk(offset + lines, false)
    if (length === limits.chunkBytes) return chunk(offset + limits.cutBytes, true)
    if (file.ending) return chunk(offset + length, false)
    // What is held back only because it may go on is looked at again.
    if (settled || lines === 0) file.waitingAt = file.size
    return undefined
  }

  return {
    poll(now) {
      polledAt = now
      if (!started) resume(now)
      for (const file of files.values()) look(file, now)
      discover(now)
      started = true
      const open = [...files.values()].filter((file) => file.fd !== undefined)
      if (open.length <= limits.openFiles) return
      const idle = open.filter((file) => !file.busy && file.offset >= file.size).sort((a, b) => a.changedAt - b.changedAt)
      for (const file of idle.slice(0, open.length - limits.openFiles)) {
        if (file.detached) forget(file)
        else closeFile(file)
      }
    },
    ready: () =>
      [...files.values()].filter((file) => !file.busy && file.size > file.offset && file.waitingAt !== file.size).sort((a, b) => a.served - b.served),
    read(file, buffer) {
      if (file.fd === undefined && !openFile(file, file.path)) return undefined
      try {
        const chunk = readChunk(file, buffer)
        file.busy = chunk !== undefined
        file.served = ++served
        return chunk
      } catch (error) {
        complain(file.path, error)
        return undefined
      }
    },
    done({ file, to, cut }) {
      file.offset = to
      file.skipping = cut
      file.batch = undefined
      file.busy = false
      file.dirty = true
    },
    changes() {
      const states: FileState[] = []
      for (const file of files.values()) {
        if (!file.dirty) continue
        const { key, pattern, path, real, dev, ino, born, print, offset, skipping, seen, batch } = file
        states.push({ key, pattern, path, real, dev, ino, born, print, offset, skipping, seen, batch })
        file.dirty = false
      }
      const forgotten = gone
      gone = []
      return { states, gone: forgotten }
    },
    files: () => [...files.values()],
    close() {
      for (const file of files.values()) closeFile(file)
    },
  }
}

const isInode = (state: FileState, stats: BigIntStats): boolean => state.ino === String(stats.ino) && state.dev === String(stats.dev)

function realOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
