/** The queue on disk between `append` and the engine: one file per batch, the very file that the engine reads. */
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#core/kernel/errors.ts'
import { UUID } from '#core/kernel/ids.ts'
import type { Batch } from '#core/shapes/ports/telemetry.ts'
import { TABLES, type TableName } from '#core/telemetry/tables.ts'

export interface QueuedBatch {
  path: string
  id: string
  table: TableName
  bytes: number
  /** When it was queued, ms since the epoch. */
  at: number
}

export interface Queue {
  /** Resolves when the file and its name are synced. Rejects with QUEUE_FULL or DISK_FULL; then nothing of it is left. */
  add(batch: Batch, now: number): Promise<void>
  /** The oldest batch that the engine does not have yet. */
  head(): QueuedBatch | undefined
  /** The engine has the head. */
  done(): Promise<void>
  /** The engine will never take the head: it is put aside. */
  refuse(reason: string): Promise<void>
  state(): { batches: number; bytes: number; oldestAt?: number }
  refused(): { batches: number; bytes: number; lastReason?: string }
}

/** `sequence.at.table.id.native`: the order, and all that is needed to insert it again after a crash. */
const FILE = /^(\d{12})\.(\d+)\.(\w+)\.([0-9a-f-]{36})\.native$/

/** How many bytes of refused blocks are kept to look at. */
const REFUSED_BYTES = 64 * 2 ** 20

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

/** Opens the queue in `dir` (`queue/` and `refused/` below it). Unfinished files of a crash are removed: nobody was told that they are safe. */
export async function openQueue(dir: string, options: { maxBytes: number; onAdd: () => void; write?: typeof writeSynced }): Promise<Queue> {
  const folder = join(dir, 'queue')
  const aside = join(dir, 'refused')
  const write = options.write ?? writeSynced
  await mkdir(folder, { recursive: true })
  await mkdir(aside, { recursive: true })

  const waiting: QueuedBatch[] = []
  let bytes = 0
  let reserved = 0
  let sequence = 0
  for (const name of (await readdir(folder)).sort()) {
    const path = join(folder, name)
    const [, number, at, table, id] = FILE.exec(name) ?? []
    if (id === undefined || !(table! in TABLES)) {
      if (name.endsWith('.tmp')) await unlink(path)
      continue
    }
    const { size } = await stat(path)
    waiting.push({ path, id, table: table as TableName, bytes: size, at: Number(at) })
    bytes += size
    sequence = Number(number)
  }

  const putAside: { path: string; bytes: number }[] = []
  for (const name of (await readdir(aside)).sort()) putAside.push({ path: join(aside, name), bytes: (await stat(join(aside, name))).size })
  let refusedCount = putAside.length
  let lastReason: string | undefined

  const add: Queue['add'] = async (batch, now) => {
    if (!UUID.test(batch.id)) throw new CodedError('INVALID_INPUT', { count: 1 }, { problems: [{ path: 'id', message: 'not a UUID in lower case' }] })
    if (!Object.hasOwn(TABLES, batch.table)) throw new CodedError('INVALID_INPUT', { count: 1 }, { problems: [{ path: 'table', message: 'no such table' }] })
    const size = batch.native.length
    if (bytes + reserved + size > options.maxBytes) throw new CodedError('QUEUE_FULL', { bytes: options.maxBytes })
    const name = `${String(++sequence).padStart(12, '0')}.${now}.${batch.table}.${batch.id}.native`
    const path = join(folder, name)
    const temporary = `${path}.tmp`
    reserved += size
    try {
      await write(temporary, batch.native)
      await rename(temporary, path)
      await syncFolder(folder)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      await unlink(path).catch(() => {})
      if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw new CodedError('DISK_FULL', { path: dir }, { cause: error })
      throw error
    } finally {
      reserved -= size
    }
    waiting.push({ path, id: batch.id, table: batch.table, bytes: size, at: now })
    bytes += size
    options.onAdd()
  }

  const done = async () => {
    const head = waiting.shift()!
    bytes -= head.bytes
    await unlink(head.path)
  }

  const refuse = async (reason: string) => {
    const head = waiting.shift()!
    bytes -= head.bytes
    const path = join(aside, head.path.slice(folder.length + 1))
    await rename(head.path, path)
    putAside.push({ path, bytes: head.bytes })
    refusedCount++
    lastReason = reason
    while (refusedBytes() > REFUSED_BYTES) await unlink(putAside.shift()!.path).catch(() => {})
  }

  const refusedBytes = () => putAside.reduce((sum, file) => sum + file.bytes, 0)

  return {
    add,
    head: () => waiting[0],
    done,
    refuse,
    state: () => ({ batches: waiting.length, bytes, ...(waiting[0] === undefined ? {} : { oldestAt: waiting[0].at }) }),
    refused: () => ({ batches: refusedCount, bytes: refusedBytes(), ...(lastReason === undefined ? {} : { lastReason }) }),
  }
}
