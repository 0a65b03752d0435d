import type { Signal } from '../../telemetry/table.ts'
import type { TableName } from '../../telemetry/tables.ts'

/** A block of rows with an identity: sending it twice stores it once, in its table and in everything rolled up from it. */
export interface Batch {
  /** UUIDv7 of the sender; the deduplication token. */
  id: string
  table: TableName
  rows: number
  /** ClickHouse Native block (core/telemetry/native-block.ts). Columns left out take their defaults. */
  native: Uint8Array
}

/** What the asker may see. Applied by the engine to every table that the query touches. */
export type Scope = 'all' | readonly Grant[]

/** What of one cluster may be seen; left out: every signal, every namespace (and what belongs to none). */
export interface Grant {
  cluster: string
  signals?: readonly Signal[]
  namespaces?: readonly string[]
}

export interface Query {
  /** SQL of the part that chdb and a ClickHouse server share, with `{name:Type}` parameters. */
  sql: string
  params?: Readonly<Record<string, string | number | readonly string[] | readonly number[]>>
  scope: Scope
  /** Seconds of work allowed (default 10), bytes of memory (default 512 MiB), rows returned (default 100,000; more is QUERY_LIMIT). */
  limits?: { seconds?: number; memoryBytes?: number; rows?: number }
  /**
   * Each lane has sessions of its own: `rules`, so that a heavy dashboard never delays an alert; `scans` for what reads many raw rows, so that it never delays
   * what is answered at once. Default `interactive`.
   */
  lane?: 'interactive' | 'scans' | 'rules'
}

export interface QueryResult {
  columns: readonly string[]
  /** 64-bit integers come as strings when they exceed 2^53, else as numbers; NaN and infinities as null. */
  rows: readonly (readonly unknown[])[]
  rowsRead: number
  bytesRead: number
  elapsedMs: number
}

export interface StoreStatus {
  engine: { name: string; version: string; state: 'starting' | 'ready' | 'restarting'; restarts: number; since: number }
  /** Acknowledged batches that the engine does not have yet. */
  queue: { batches: number; bytes: number; oldestAt?: number }
  /** Batches that the engine will never take (malformed); the newest are kept in the data folder to look at. */
  refused: { batches: number; bytes: number; lastReason?: string }
  disk: { usedBytes: number; freeBytes: number; overheadBytes: number }
  signals: readonly SignalStatus[]
}

export interface SignalStatus {
  signal: Signal
  bytes: number
  /** Rows as they were received; roll-ups are not counted. */
  rows: number
  budgetBytes: number
  retentionDays: number
  /** Event time of the oldest row. */
  oldestAt?: number
  /** Days until the budget is reached at the rate of the last day; undefined when there is too little history to say. */
  daysLeft?: number
}

/** History. Implementations: edges/telemetry/chdb. Contract suite: test/contracts/telemetry.ts. */
export interface Telemetry {
  /** Resolves when the batch is on disk and synced: from then on it is never lost. Rejects with QUEUE_FULL or DISK_FULL, keeping nothing. */
  append(batch: Batch): Promise<void>
  /** Sees every batch appended before the call within 3 s. Rejects with QUERY_LIMIT, ENGINE_UNAVAILABLE, ENGINE_FAILED. */
  query(query: Query): Promise<QueryResult>
  /**
   * The answer as ClickHouse's Native blocks (core/telemetry/native-read.ts): for many rows of numbers, whose bits arrive as they were stored.
   * Same limits, scope and errors as `query`; at most 1 GiB.
   */
  columns(query: Query): Promise<Uint8Array>
  status(): Promise<StoreStatus>
  /** Budgets and retention take effect at once and survive a restart. */
  configure(signal: Signal, limits: { budgetBytes?: number; retentionDays?: number }): Promise<void>
}
