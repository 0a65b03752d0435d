/**
 * The queue on disk between `append` and the engine. One file per batch; the engine reads the very files.
 * Many small batches of a table are written as one group, because an insert costs about the same for 4,000 rows as for 40,000.
 * The journal makes that exact: which files a group has is synced before it is written, and that it was written before the files go.
 */
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, readFile, rename, stat, statfs, truncate, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { UUID } from '#core/kernel/ids.ts'
import type { Batch } from '#core/shapes/ports/telemetry.ts'
import { TABLES, type TableName } from '#core/telemetry/tables.ts'

interface QueuedBatch {
  /** File name in the queue folder. */
  name: string
  id: string
  table: TableName
  bytes: number
  /** When it was queued, ms since the epoch. */
  at: number
}

/** Batches of one table that are inserted together, in one block. */
export interface Group {
  /** Deduplication token: the same for every attempt at the same batches. */
  token: string
  table: TableName
  batches: readonly QueuedBatch[]
}

export interface Queue {
  /** Where the files of a group are. */
  readonly folder: string
  /**
   * Resolves when the file and its name are synced, or when a batch with this id was taken before.
   * Rejects with QUEUE_FULL or DISK_FULL; then nothing of it is left.
   */
  add(batch: Batch, now: number): Promise<void>
  /** The group to write now, with its place in the journal synced; undefined when there is none yet. `all`: do not wait for more batches. */
  next(all: boolean): Promise<Group | undefined>
  /** The engine has the group. */
  done(group: Group): Promise<void>
  /** The engine will not take the group. A group of several is tried again one by one, a single batch is put aside. */
  refuse(group: Group, reason: string): Promise<void>
  state(): { batches: number; bytes: number; oldestAt?: number }
  refused(): { batches: number; bytes: number; lastReason?: string }
  close(): Promise<void>
}

/** `sequence.at.table.id.checksum.native`: the order, all that is needed to insert it again after a crash, and whether it is still what was written (CRC-32). */
const FILE = /^(\d{12})\.(\d+)\.(\w+)\.([0-9a-f-]{36})\.([0-9a-f]{8})\.native$/
/** A group is closed at this size, about 100,000 access rows: parts of that size need few merges. */
const GROUP_BYTES = 16 * 2 ** 20
/** Room that stays free on the disk: the engine needs it to take a group in and to merge, else what was acknowledged could never leave the queue. */
const RESERVE_BYTES = 4 * GROUP_BYTES
/** Files in one statement. */
const GROUP_BATCHES = 400
/** A table is written at most this often unless a whole group waits; the first batch after a pause goes at once. */
const LINGER_MS = 1500
/** How many bytes of refused blocks are kept to look at. */
const REFUSED_BYTES = 64 * 2 ** 20
/** Ids remembered after they were stored, so that a batch sent again is known: between this and twice this. */
const REMEMBERED_IDS = 50_000

/** Writes `bytes` to a new file and syncs it; a function of its own so that tests can make it fail. */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const checksumOf = (content: Uint8Array): string => crc32(content).toString(16).padStart(8, '0')

const idOf = (name: string) => FILE.exec(name)?.[4] ?? ''

/** What a journal says: ids that are stored, and the group that was begun and not finished. A line cut short by a crash was never relied on. */
async function readJournal(path: string): Promise<{ stored: string[]; open?: { token: string; names: string[] } }> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) await truncate(path, Buffer.byteLength(whole))
  const stored: string[] = []
  let begun: { token: string; names: string[] } | undefined
  for (const line of whole.split('\n')) {
    const [word, token = '', ...names] = line.split(' ')
    if (word === 'begin') begun = { token, names }
    else if (begun?.token === token) {
      if (word === 'done') stored.push(...begun.names.map(idOf))
      begun = undefined
    }
  }
  return { stored, ...(begun === undefined ? {} : { open: begun }) }
}

/**
 * Opens the queue in `dir` (`queue/`, `refused/` and `journal` in it). Unfinished files of a crash are removed: nobody was told that they are safe. A file that is
 * not what was written (a disk that lied about a sync before the power went) is put aside and counted as refused: half a block could be read as fewer rows.
 */
export async function openQueue(dir: string, options: { maxBytes: number; onAdd: () => void; write?: typeof writeSynced }): Promise<Queue> {
  const folder = join(dir, 'queue')
  const aside = join(dir, 'refused')
  const journalPath = join(dir, 'journal')
  const write = options.write ?? writeSynced
  await mkdir(folder, { recursive: true })
  await mkdir(aside, { recursive: true })

  const older = await readJournal(`${journalPath}.old`)
  const latest = await readJournal(journalPath)
  let remembered = { older: new Set(older.stored), latest: new Set(latest.stored) }
  let journal: FileHandle = await open(journalPath, 'a')
  const note = async (line: string) => {
    await journal.appendFile(`${line}\n`)
    await journal.datasync()
  }

  const putAside: { path: string; bytes: number }[] = []
  for (const name of (await readdir(aside)).sort()) putAside.push({ path: join(aside, name), bytes: (await stat(join(aside, name))).size })
  let refusedCount = putAside.length
  let lastReason: string | undefined
  const refusedBytes = () => putAside.reduce((sum, file) => sum + file.bytes, 0)
  const takeAside = async (name: string, size: number, reason: string) => {
    const path = join(aside, name)
    await rename(join(folder, name), path)
    putAside.push({ path, bytes: size })
    refusedCount++
    lastReason = reason
    while (refusedBytes() > REFUSED_BYTES) await unlink(putAside.shift()!.path).catch(() => {})
  }

  const waiting: QueuedBatch[] = []
  const known = new Map<string, Promise<void>>()
  let bytes = 0
  let sequence = 0
  for (const name of (await readdir(folder)).sort()) {
    const [, number, at, table, id, checksum] = FILE.exec(name) ?? []
    const path = join(folder, name)
    if (id === undefined || !Object.hasOwn(TABLES, table!) || remembered.latest.has(id) || remembered.older.has(id)) {
      await unlink(path)
      continue
    }
    const content = await readFile(path)
    const size = content.length
    sequence = Number(number)
    if (checksumOf(content) !== checksum) {
      await takeAside(name, size, 'the file is not what was written')
      continue
    }
    waiting.push({ name, id, table: table as TableName, bytes: size, at: Number(at) })
    known.set(id, Promise.resolve())
    bytes += size
  }

  const begun = latest.open
  const begunBatches = begun === undefined ? [] : waiting.filter(({ name }) => begun.names.includes(name))
  /** The group that was being written when the last process ended: it comes first and with exactly the same batches. */
  let unfinished: Group | undefined =
    begun === undefined || begunBatches.length === 0 ? undefined : { token: begun.token, table: begunBatches[0]!.table, batches: begunBatches }
  /** Ids that go alone because a group with them was refused. */
  const alone = new Set<string>()
  const writtenAt = new Map<TableName, number>()

  const store = async (batch: Batch, now: number) => {
    const name = `${String(++sequence).padStart(12, '0')}.${Math.trunc(now)}.${batch.table}.${batch.id}.${checksumOf(batch.native)}.native`
    const path = join(folder, name)
    const temporary = `${path}.tmp`
    try {
      const { bavail, bsize } = await statfs(folder)
      if (bavail * bsize - batch.native.length < RESERVE_BYTES) throw new CodedError('DISK_FULL', { path: dir })
      await write(temporary, batch.native)
      await rename(temporary, path)
      await syncFolder(folder)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      await unlink(path).catch(() => {})
      bytes -= batch.native.length
      known.delete(batch.id)
      if (['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw new CodedError('DISK_FULL', { path: dir }, { cause: error })
      throw error
    }
    waiting.push({ name, id: batch.id, table: batch.table, bytes: batch.native.length, at: now })
    options.onAdd()
  }

  const add: Queue['add'] = async (batch, now) => {
    const problems = [
      ...(UUID.test(batch.id) ? [] : [{ path: 'id', message: 'not a UUID in lower case' }]),
      ...(Object.hasOwn(TABLES, batch.table) ? [] : [{ path: 'table', message: 'no such table' }]),
    ]
    if (problems.length > 0) throw invalidInput(problems)
    const before = known.get(batch.id)
    if (before !== undefined) return before
    if (remembered.latest.has(batch.id) || remembered.older.has(batch.id)) return
    if (bytes + batch.native.length > options.maxBytes) throw new CodedError('QUEUE_FULL', { bytes: options.maxBytes })
    bytes += batch.native.length
    const stored = store(batch, now)
    known.set(batch.id, stored)
    await stored
  }

  /** The oldest batches of the first table that may be written now. */
  const gather = (all: boolean): QueuedBatch[] => {
    const groups = new Map<TableName, { batches: QueuedBatch[]; bytes: number; full: boolean }>()
    for (const batch of waiting) {
      const group = groups.get(batch.table) ?? { batches: [], bytes: 0, full: false }
      groups.set(batch.table, group)
      if (group.full) continue
      const single = alone.has(batch.id)
      const over = group.bytes + batch.bytes > GROUP_BYTES || group.batches.length >= GROUP_BATCHES || single
      if (over && group.batches.length > 0) {
        group.full = true
        continue
      }
      group.batches.push(batch)
      group.bytes += batch.bytes
      if (over) group.full = true
    }
    const now = performance.now()
    for (const [table, { batches, full }] of groups) {
      if (all || full || now - (writtenAt.get(table) ?? -LINGER_MS) >= LINGER_MS) return batches
    }
    return []
  }

  const next: Queue['next'] = async (all) => {
    if (unfinished !== undefined) return unfinished
    const batches = gather(all)
    if (batches.length === 0) return undefined
    const group = { token: batches[0]!.id, table: batches[0]!.table, batches }
    writtenAt.set(group.table, performance.now())
    await note(`begin ${group.token} ${batches.map(({ name }) => name).join(' ')}`)
    unfinished = group
    return group
  }

  /** The journal says that the group needs no further attempt; now its files may go. */
  const finish = async (group: Group, dispose: (batch: QueuedBatch) => Promise<void>) => {
    await note(`done ${group.token}`)
    unfinished = undefined
    const gone = new Set(group.batches)
    for (let i = waiting.length - 1; i >= 0; i--) if (gone.has(waiting[i]!)) waiting.splice(i, 1)
    for (const batch of group.batches) {
      bytes -= batch.bytes
      remembered.latest.add(batch.id)
      known.delete(batch.id)
      alone.delete(batch.id)
      await dispose(batch)
    }
    if (remembered.latest.size < REMEMBERED_IDS) return
    await journal.close()
    await rename(journalPath, `${journalPath}.old`)
    journal = await open(journalPath, 'a')
    remembered = { older: remembered.latest, latest: new Set() }
  }

  return {
    folder,
    add,
    next,
    done: (group) => finish(group, ({ name }) => unlink(join(folder, name))),
    refuse: async (group, reason) => {
      if (group.batches.length > 1) {
        await note(`split ${group.token}`)
        for (const { id } of group.batches) alone.add(id)
        unfinished = undefined
        return
      }
      await finish(group, ({ name, bytes }) => takeAside(name, bytes, reason))
    },
    state: () => ({ batches: waiting.length, bytes, ...(waiting[0] === undefined ? {} : { oldestAt: waiting[0].at }) }),
    refused: () => ({ batches: refusedCount, bytes: refusedBytes(), ...(lastReason === undefined ? {} : { lastReason }) }),
    close: () => journal.close(),
  }
}
