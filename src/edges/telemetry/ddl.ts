/** SQL that makes the store out of core/telemetry/tables.ts. Pure: what runs it is the engine's edge. */
import type { Column, Table } from '#core/telemetry/table.ts'

export const DATABASE = 'sallyport'

/** Blocks whose tokens each table remembers; a batch that is sent again within that many others is stored once. */
const DEDUPLICATION_WINDOW = 10_000

/** The table in which the schema version of each owner is kept. */
export const VERSIONS = 'schema_versions'

export const bootstrap: readonly string[] = [
  `CREATE DATABASE IF NOT EXISTS ${DATABASE}`,
  `CREATE TABLE IF NOT EXISTS ${DATABASE}.${VERSIONS} (owner String, version UInt32, at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY (owner, version)`,
]

export const readVersions = `SELECT owner, max(version) FROM ${DATABASE}.${VERSIONS} GROUP BY owner`

export const viewOf = (table: Table): string => `${table.name}_view`

/** True for tables that have no partitions by time: their old rows go by TTL, all others by dropping partitions. */
export const unpartitioned = (table: Table): boolean => table.partitionBy === 'tuple()'

const sinceOf = (table: Table, column?: Column) => column?.since ?? table.since ?? 1

const columnSql = (column: Column) => `\`${column.name}\` ${column.type}${column.codec === undefined ? '' : ` CODEC(${column.codec})`}`

export const ttlSql = (table: Table, days: number): string => `toDateTime(${table.timeColumn}) + INTERVAL ${days} DAY`

/** Data parts are synced before an insert is acknowledged by the engine, so that a queue file may be removed after it. */
const TABLE_SETTINGS = {
  non_replicated_deduplication_window: DEDUPLICATION_WINDOW,
  fsync_after_insert: 1,
  fsync_part_directory: 1,
}

function createTable(table: Table, columns: readonly Column[]): string {
  const engine = table.engine ?? 'MergeTree'
  const granularity = table.indexGranularity === undefined ? {} : { index_granularity: table.indexGranularity }
  const settings = Object.entries({ ...TABLE_SETTINGS, ...granularity }).map(([name, value]) => `${name} = ${value}`)
  return [
    `CREATE TABLE IF NOT EXISTS ${DATABASE}.${table.name} (${columns.map(columnSql).join(', ')})`,
    `ENGINE = ${engine}${engine === 'ReplacingMergeTree' ? `(${table.versionColumn ?? ''})` : ''}`,
    `PARTITION BY ${table.partitionBy}`,
    `ORDER BY (${table.orderBy.join(', ')})`,
    unpartitioned(table) ? `TTL ${ttlSql(table, table.ttlDays)}` : '',
    `SETTINGS ${settings.join(', ')}`,
  ].join('\n')
}

const createView = (table: Table) =>
  table.from === undefined ? [] : [`CREATE MATERIALIZED VIEW IF NOT EXISTS ${DATABASE}.${viewOf(table)} TO ${DATABASE}.${table.name} AS ${table.from.select}`]

/** Run again it finds the other table empty. */
const takeOver = ({ name, replaces }: Table, old: boolean): string[] =>
  replaces && old ? [`INSERT INTO ${DATABASE}.${name} ${replaces.select}`, `TRUNCATE TABLE ${DATABASE}.${replaces.table}`] : []

export interface Migration {
  owner: string
  version: number
  /** Each may be run again after a crash half-way. */
  statements: readonly string[]
}

/**
 * What to run on a store whose owners are at `found`, in order. Version n of an owner creates its tables with `since: n`
 * and adds its columns with `since: n` to older tables.
 */
export function migrations(tables: readonly Table[], found: ReadonlyMap<string, number>): Migration[] {
  const due: Migration[] = []
  for (const [owner, known] of knownVersions(tables)) {
    const own = tables.filter((table) => table.owner === owner)
    for (let version = (found.get(owner) ?? 0) + 1; version <= known; version++) {
      const upTo = (table: Table) => table.columns.filter((column) => sinceOf(table, column) <= version)
      const statements = own.flatMap((table) => {
        if (sinceOf(table) === version) return [createTable(table, upTo(table)), ...createView(table), ...takeOver(table, found.has(owner))]
        const added = upTo(table).filter((column) => sinceOf(table) < version && column.since === version)
        if (added.length === 0) return []
        const add = added.map((column) => {
          const before = table.columns[table.columns.indexOf(column) - 1]
          return `ADD COLUMN IF NOT EXISTS ${columnSql(column)}${before === undefined ? ' FIRST' : ` AFTER \`${before.name}\``}`
        })
        // A view must name its table's new columns only once the table has them.
        const view = table.from === undefined ? [] : [`ALTER TABLE ${DATABASE}.${viewOf(table)} MODIFY QUERY ${table.from.select}`]
        return [`ALTER TABLE ${DATABASE}.${table.name} ${add.join(', ')}`, ...view]
      })
      due.push({ owner, version, statements: [...statements, `INSERT INTO ${DATABASE}.${VERSIONS} (owner, version) VALUES ('${owner}', ${version})`] })
    }
  }
  return due
}

/** The greatest schema version of each owner that this program knows. */
export function knownVersions(tables: readonly Table[]): Map<string, number> {
  const known = new Map<string, number>()
  for (const table of tables) {
    const latest = Math.max(sinceOf(table), ...table.columns.map((column) => sinceOf(table, column)))
    known.set(table.owner, Math.max(known.get(table.owner) ?? 0, latest))
  }
  return known
}
