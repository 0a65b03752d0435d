/** The shape of a table in the telemetry store; the DDL of each engine is made from it, so that it is written once. */

export interface Column {
  name: string
  /** A ClickHouse type. */
  type: string
  /** Unit of the value where it has one: `s`, `bytes`, `1`. */
  unit?: string
  /** What it holds, and how a missing value looks. */
  doc: string
  codec?: string
  /** Schema version of the owner in which it was added (default 1); older stores get it by ALTER. */
  since?: number
}

export interface Table {
  name: string
  /** The one capability or edge that may change this definition; schema versions are numbered per owner. */
  owner: string
  doc: string
  columns: readonly Column[]
  orderBy: readonly string[]
  partitionBy: string
  /** Days that rows are kept unless the user says otherwise. */
  ttlDays: number
  /** Column that TTL and partitions go by. */
  timeColumn: string
  engine?: 'MergeTree' | 'ReplacingMergeTree' | 'AggregatingMergeTree'
  /** For engine ReplacingMergeTree: the column whose greatest value wins. */
  versionColumn?: string
  /** Filled from another table by every insert there, in the same deduplicated block. */
  from?: { table: string; select: string }
  since?: number
  /** The table of earlier versions whose rows it takes over; that one is emptied. */
  replaces?: { table: string; select: string }
  /** Rows between two marks of the index; the engine's default is 8192. */
  indexGranularity?: number
}

/** The signals that have a byte budget of their own. */
export const SIGNALS = ['access', 'metrics', 'logs', 'spans', 'audit', 'findings'] as const
export type Signal = (typeof SIGNALS)[number]

/** Shorthands that keep the definitions readable as tables. */
export const column = (name: string, type: string, doc: string, more: Omit<Column, 'name' | 'type' | 'doc'> = {}): Column => ({ name, type, doc, ...more })
export const word = (name: string, doc: string, more: Omit<Column, 'name' | 'type' | 'doc'> = {}): Column =>
  column(name, 'LowCardinality(String)', doc, { codec: 'ZSTD(1)', ...more })

/** Stamped by the server from the sender's token, never taken from the sender. */
export const clusterColumn = word('cluster', 'Name of the cluster the row is from.')
