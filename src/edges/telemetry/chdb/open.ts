/** The telemetry store on the embedded engine: lock, queue, child process, migrations, limits. */
import { mkdir, open, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { Query, QueryResult, SignalStatus, StoreStatus, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { SIGNALS, type Signal, type Table } from '#core/telemetry/table.ts'
import { SIGNAL_OF, TABLES, type TableName } from '#core/telemetry/tables.ts'
import { bootstrap, DATABASE, knownVersions, migrations, readVersions, ttlSql, unpartitioned } from '../ddl.ts'
import { daysLeft, daysOf, defaultLimits, type Limits, type Partition, partitionsToDrop } from '../limits.ts'
import { lockFolder } from '../lock.ts'
import { type Group, openQueue, writeSynced } from '../queue.ts'
import { type Engine, EngineException, EngineGone, startEngine } from './child.ts'
import { engineConfig } from './config.ts'
import type { Lane } from './protocol.ts'
import { limitsOf, literal, statements } from './sql.ts'

export interface OpenOptions {
  /** Data folder; made when missing. One server at a time: else DATA_IN_USE. */
  dir: string
  clock: Clock
  log?: (message: string, details: object) => void
  /** Bytes of acknowledged batches that may wait for the engine; default 1 GiB. */
  queueBytes?: number
}

const ALL_TABLES: readonly Table[] = Object.values(TABLES)
const CHECK_MS = 30_000
/** Sizes in a status are at most this old. */
const MEASURED_MS = 500
const INSERT_PATIENCE_MS = 120_000
/** A new version may have to write a table anew. */
const MIGRATION_PATIENCE_MS = 3_600_000
/** ClickHouse errors after which the same block may well be taken later: out of memory, space, time, too many parts, aborted. */
const TRANSIENT = new Set([23, 74, 75, 76, 159, 202, 236, 241, 243, 252, 999, 1000, 1001])

/** Opens the store. Resolves when every batch that was acknowledged before is in the engine. Rejects with DATA_IN_USE, STORE_NEWER, ENGINE_FAILED. */
export async function openTelemetry(options: OpenOptions): Promise<Telemetry & { close(): Promise<void> }> {
  const { clock, log = () => {} } = options
  const dir = resolve(options.dir)
  await mkdir(dir, { recursive: true })
  const unlock = lockFolder(dir)
  let engine: Engine | undefined
  try {
    const config = join(dir, 'engine.xml')
    await writeFile(config, engineConfig())
    let wake = () => {}
    let closed = false
    const queue = await openQueue(dir, { maxBytes: options.queueBytes ?? 2 ** 30, onAdd: () => wake() })
    // What was being written when the engine died is written before queries open again, so that raw rows and roll-ups agree.
    engine = await startEngine({ path: join(dir, 'engine'), config, folder: queue.folder, clock, log }, () => storeNext(true)).catch((error: Error) => {
      throw new CodedError('ENGINE_FAILED', { reason: error.message }, { cause: error })
    })
    const running = engine
    const answers = await answerFiles(join(dir, 'answers'))
    const write = (sql: string) => running.run('write', [sql], INSERT_PATIENCE_MS)
    const rowsOf = async (sql: string) => (JSON.parse(decoder.decode((await write(sql)).bytes)) as { data: unknown[][] }).data

    await migrate(dir, (sql) => running.run('write', [sql], MIGRATION_PATIENCE_MS), rowsOf)

    const attempts = new Map<string, number>()
    /** Writes the next group into its table and all that is rolled up from it; the token makes it happen once however often it is tried. False: there is none. */
    const storeOne = async (all: boolean): Promise<boolean> => {
      const group = await queue.next(all)
      if (group === undefined) return false
      const tried = (attempts.get(group.token) ?? 0) + 1
      attempts.set(group.token, tried)
      try {
        await write(insertSql(group))
      } catch (error) {
        const gone = error instanceof EngineGone
        // A block that ends the engine again and again would keep everything else out.
        if (gone ? closed || tried < 4 : error instanceof EngineException && TRANSIENT.has(error.code)) throw error
        attempts.delete(group.token)
        log('a batch was refused', { table: group.table, token: group.token, batches: group.batches.length, reason: (error as Error).message })
        await queue.refuse(group, (error as Error).message)
        if (gone) throw error
        return true
      }
      attempts.delete(group.token)
      await queue.done(group)
      return true
    }
    /** One at a time: the writer's loop and an engine that comes back both call it. */
    let turn: Promise<unknown> = Promise.resolve()
    const storeNext = (all: boolean): Promise<boolean> => {
      const mine = turn.then(() => storeOne(all))
      turn = mine.catch(() => {})
      return mine
    }
    while (await storeNext(true)) {}

    let limits = await readLimits(dir)
    let last: { partitions: Partition[]; otherBytes: number } = { partitions: [], otherBytes: 0 }

    const writer = (async () => {
      let failures = 0
      while (!closed) {
        try {
          if (running.info.state === 'ready' && (await storeNext(false))) {
            failures = 0
            continue
          }
          const again = new AbortController()
          wake = () => again.abort()
          await pause(queue.state().batches > 0 ? 50 : 1000, undefined, { signal: again.signal }).catch(() => {})
        } catch (error) {
          if (closed) return
          log('batches wait', { reason: (error as Error).message })
          await pause(Math.min(100 * 2 ** failures++, 5000))
        }
      }
    })()

    let measuredAt = Number.NEGATIVE_INFINITY
    const measure = async () => {
      last = await readPartitions(rowsOf)
      measuredAt = performance.now()
      return last
    }
    const enforce = async () => {
      for (const partition of partitionsToDrop((await measure()).partitions, limits, clock.now())) {
        await write(`ALTER TABLE ${DATABASE}.${partition.table} DROP PARTITION ID ${literal(partition.partitionId)}`)
        measuredAt = Number.NEGATIVE_INFINITY
        log('a partition was dropped', partition)
      }
    }
    const checker = new AbortController()
    const check = (async () => {
      while (!closed) {
        try {
          await enforce()
        } catch (error) {
          if (!closed) log('the size of the store could not be checked', { reason: (error as Error).message })
        }
        await clock.sleep(CHECK_MS, checker.signal).catch(() => {})
      }
    })()

    return {
      append: (batch) => queue.add(batch, clock.now()),
      query: (query) => ask(running, query),
      columns: (query) => answers.ask((path) => read(running, query, path)),
      status: async () => {
        if (running.info.state === 'ready' && performance.now() - measuredAt > MEASURED_MS) await measure().catch(() => {})
        return status(dir, running, queue, limits, last, clock.now())
      },
      configure: async (signal, change) => {
        const problems: Problem[] = []
        if (!SIGNALS.includes(signal)) problems.push({ path: 'signal', message: `one of ${SIGNALS.join(', ')}` })
        for (const [name, least] of [
          ['budgetBytes', 2 ** 20],
          ['retentionDays', 1],
        ] as const) {
          const value = change[name]
          if (value !== undefined && !(Number.isFinite(value) && value >= least)) problems.push({ path: name, message: `a number of at least ${least}` })
        }
        if (problems.length > 0) throw invalidInput(problems)
        const { budgetBytes = limits[signal].budgetBytes, retentionDays = limits[signal].retentionDays } = change
        const next = { ...limits, [signal]: { budgetBytes, retentionDays } }
        await writeLimits(dir, next)
        limits = next
        for (const table of ALL_TABLES) {
          if (!unpartitioned(table) || SIGNAL_OF[table.name as TableName] !== signal) continue
          await write(`ALTER TABLE ${DATABASE}.${table.name} MODIFY TTL ${ttlSql(table, daysOf(table.name as TableName, limits))}`)
        }
        await enforce()
      },
      close: async () => {
        if (closed) return
        closed = true
        checker.abort()
        wake()
        await Promise.all([writer, check])
        await running.close()
        await queue.close()
        unlock()
      },
    }
  } catch (error) {
    await engine?.close()
    unlock()
    throw error
  }
}

const decoder = new TextDecoder()

async function migrate(dir: string, write: (sql: string) => Promise<unknown>, rowsOf: (sql: string) => Promise<unknown[][]>): Promise<void> {
  for (const sql of bootstrap) await write(sql)
  await write(`USE ${DATABASE}`)
  const found = new Map((await rowsOf(readVersions)).map(([owner, version]) => [String(owner), Number(version)]))
  const known = knownVersions(ALL_TABLES)
  for (const [owner, version] of found) {
    if (version > (known.get(owner) ?? 0)) throw new CodedError('STORE_NEWER', { path: dir, found: version, owner, known: known.get(owner) ?? 0 })
  }
  for (const migration of migrations(ALL_TABLES, found)) for (const sql of migration.statements) await write(sql)
}

/** One block, so that one token covers all of it: far more rows and bytes than a group can have. */
const ONE_BLOCK = 'min_insert_block_size_rows = 100000000, min_insert_block_size_bytes = 1000000000'

/** The engine's process runs in the queue folder, so that its path is not part of a pattern. */
/** Views take the block as it is; where there are none, rows of one key are put together at once. */
const hasViews = new Set(ALL_TABLES.flatMap(({ from }) => (from ? [from.table] : [])))
const insertSql = ({ table, token, batches }: Group) => {
  const { columns, engine }: Table = TABLES[table]
  const structure = columns.map((column) => `\`${column.name}\` ${column.type}`).join(', ')
  const files = batches.length === 1 ? batches[0]!.name : `{${batches.map(({ name }) => name).join(',')}}`
  return `INSERT INTO ${DATABASE}.${table} SELECT * FROM file(${literal(files)}, 'Native', ${literal(structure)})
SETTINGS insert_deduplication_token = ${literal(token)}, deduplicate_blocks_in_dependent_materialized_views = 1, optimize_on_insert = ${engine === 'AggregatingMergeTree' && !hasViews.has(table) ? 1 : 0}, ${ONE_BLOCK}`
}

/** Of an answer in columns. */
const MOST_BYTES = 2 ** 30
const LANES = { interactive: 'read', scans: 'scans', rules: 'rules' } as const satisfies Record<NonNullable<Query['lane']>, Lane>

const ask = async (engine: Engine, query: Query): Promise<QueryResult> => {
  const answer = await read(engine, query)
  return parseResult(decoder.decode(answer.bytes), answer.elapsedMs)
}

/**
 * Answers in columns come through files, which the engine writes as it goes: through its process they would be copied six times. They are gone as soon as they are read.
 * @param folder emptied first
 */
async function answerFiles(folder: string) {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder)
  let count = 0
  return {
    async ask(write: (path: string) => Promise<unknown>): Promise<Uint8Array> {
      const path = join(folder, `${count++}.native`)
      try {
        await write(path)
        return await readWhole(path)
      } finally {
        await rm(path, { force: true })
      }
    },
  }
}

/** In a buffer of its own, which can be handed to another thread. An answer without rows may have no file. */
async function readWhole(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return new Uint8Array(0)
  try {
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow((await file.stat()).size).buffer)
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, at)
      if (bytesRead === 0) throw new CodedError('ENGINE_UNAVAILABLE')
      at += bytesRead
    }
    return bytes
  } finally {
    await file.close()
  }
}

/** Runs a query and turns what the engine says into the port's errors. @param file where the answer goes, in columns */
async function read(engine: Engine, query: Query, file?: string) {
  if (engine.info.state !== 'ready') throw new CodedError('ENGINE_UNAVAILABLE')
  const limits = limitsOf(query)
  try {
    const text = statements(query, ALL_TABLES, file === undefined ? undefined : { file, resultBytes: MOST_BYTES })
    return await engine.run(LANES[query.lane ?? 'interactive'], text, (limits.seconds + 60) * 1000)
  } catch (error) {
    if (error instanceof EngineGone) throw new CodedError('ENGINE_UNAVAILABLE', {}, { cause: error })
    if (!(error instanceof EngineException)) throw error
    const limit = { 159: `${limits.seconds} s`, 160: `${limits.seconds} s`, 241: `${limits.memoryBytes} bytes of memory`, 396: `${limits.rows} rows` }[
      error.code
    ]
    if (limit !== undefined) throw new CodedError('QUERY_LIMIT', { limit }, { cause: error })
    throw new CodedError('ENGINE_FAILED', { reason: error.message.slice(0, 500) }, { cause: error })
  }
}

interface CompactJson {
  meta: { name: string; type: string }[]
  data: unknown[][]
  statistics: { rows_read: number; bytes_read: number }
}

/** JSON numbers beyond 2^53 would be rounded: where the text has such digits, integers are read as text. */
const WIDE = /[[,:]-?\d{16,}[,\]}]/

function parseResult(text: string, elapsedMs: number): QueryResult {
  const exact = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '') ? context!.source : value
  const json = JSON.parse(text, WIDE.test(text) ? (exact as (key: string, value: unknown) => unknown) : undefined) as CompactJson
  return {
    columns: json.meta.map(({ name }) => name),
    rows: json.data,
    rowsRead: json.statistics.rows_read,
    bytesRead: json.statistics.bytes_read,
    elapsedMs,
  }
}

async function readPartitions(rowsOf: (sql: string) => Promise<unknown[][]>): Promise<{ partitions: Partition[]; otherBytes: number }> {
  const rows = await rowsOf(`SELECT database, table, partition_id, active, sum(bytes_on_disk), sum(rows),
    toUnixTimestamp(min(min_time)) * 1000, toUnixTimestamp(max(max_time)) * 1000 FROM system.parts GROUP BY database, table, partition_id, active`)
  const partitions: Partition[] = []
  let otherBytes = 0
  for (const [database, table, partitionId, active, bytes, count, from, to] of rows) {
    if (database === DATABASE && Object.hasOwn(TABLES, String(table)) && active === 1)
      partitions.push({
        table: table as TableName,
        partitionId: String(partitionId),
        bytes: Number(bytes),
        rows: Number(count),
        from: Number(from),
        to: Number(to),
      })
    else otherBytes += Number(bytes)
  }
  return { partitions, otherBytes }
}

async function status(
  dir: string,
  engine: Engine,
  queue: Awaited<ReturnType<typeof openQueue>>,
  limits: Readonly<Record<Signal, Limits>>,
  { partitions, otherBytes }: { partitions: readonly Partition[]; otherBytes: number },
  now: number,
): Promise<StoreStatus> {
  const { bavail, bsize } = await statfs(dir)
  const signals = SIGNALS.map((signal): SignalStatus => {
    const own = partitions.filter((partition) => SIGNAL_OF[partition.table] === signal)
    const left = daysLeft(own, limits[signal].budgetBytes, now)
    const dated = own.filter((partition) => partition.from > 0)
    return {
      signal,
      bytes: own.reduce((sum, partition) => sum + partition.bytes, 0),
      rows: own.reduce((sum, partition) => sum + ('from' in TABLES[partition.table] ? 0 : partition.rows), 0),
      ...limits[signal],
      ...(dated.length === 0 ? {} : { oldestAt: Math.min(...dated.map((partition) => partition.from)) }),
      ...(left === undefined ? {} : { daysLeft: left }),
    }
  })
  const overheadBytes = otherBytes + queue.state().bytes + queue.refused().bytes
  const usedBytes = overheadBytes + signals.reduce((sum, signal) => sum + signal.bytes, 0)
  const { version, state, restarts, since } = engine.info
  return {
    engine: { name: 'chdb', version, state, restarts, since },
    queue: queue.state(),
    refused: queue.refused(),
    disk: { usedBytes, freeBytes: bavail * bsize, overheadBytes },
    signals,
  }
}

const LIMITS_FILE = 'limits.json'

/** Limits that were set before, or those of a first start, which are written down at once. Rejects with FILE_UNREADABLE when the file is not what was written. */
async function readLimits(dir: string): Promise<Record<Signal, Limits>> {
  const { bavail, bsize } = await statfs(dir)
  const defaults = defaultLimits(bavail * bsize)
  const text = await readFile(join(dir, LIMITS_FILE), 'utf8').catch(() => undefined)
  let set: Partial<Record<Signal, Limits>> = {}
  try {
    set = text === undefined ? {} : (JSON.parse(text) as typeof set)
  } catch (error) {
    // Not the defaults: they might be less, and what is over a limit is dropped.
    throw new CodedError('FILE_UNREADABLE', { path: join(dir, LIMITS_FILE), reason: (error as Error).message }, { cause: error })
  }
  const limits = { ...defaults, ...set }
  if (text === undefined) await writeLimits(dir, limits)
  return limits
}

async function writeLimits(dir: string, limits: Readonly<Record<Signal, Limits>>): Promise<void> {
  const path = join(dir, LIMITS_FILE)
  await rm(`${path}.tmp`, { force: true })
  await writeSynced(`${path}.tmp`, new TextEncoder().encode(`${JSON.stringify(limits, null, 2)}\n`))
  await rename(`${path}.tmp`, path)
}
