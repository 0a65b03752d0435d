/** Byte budgets and retention of each signal: pure decisions about partitions. */
import { SIGNALS, type Signal } from '#core/telemetry/table.ts'
import { SIGNAL_OF, TABLES, type TableName } from '#core/telemetry/tables.ts'

export interface Limits {
  budgetBytes: number
  retentionDays: number
}

export interface Partition {
  table: TableName
  partitionId: string
  bytes: number
  rows: number
  /** Event time of its oldest and newest row, ms since the epoch; 0 for tables without partitions by time, which lose rows by TTL only. */
  from: number
  to: number
}

const HOUR = 3_600_000
const DAY = 24 * HOUR
const GIB = 2 ** 30

/** Shares of the disk: access and logs are the bulk, records are small and precious. */
const SHARE: Record<Signal, number> = { access: 0.35, metrics: 0.25, logs: 0.2, spans: 0.1, audit: 0.05, findings: 0.05 }
/** The table whose retention is the signal's; roll-ups and side tables keep at least their own days. */
export const MAIN: Record<Signal, TableName> = { access: 'access', metrics: 'sample_runs', logs: 'logs', spans: 'spans', audit: 'audit', findings: 'findings' }

/** Limits of a first start: 70 % of the free bytes, at most 200 GiB in all. */
export function defaultLimits(freeBytes: number): Record<Signal, Limits> {
  const total = Math.min(freeBytes * 0.7, 200 * GIB)
  return Object.fromEntries(
    SIGNALS.map((signal) => [signal, { budgetBytes: Math.floor(total * SHARE[signal]), retentionDays: TABLES[MAIN[signal]].ttlDays }]),
  ) as Record<Signal, Limits>
}

/** How long rows of a table stay: the signal's days for its main table; others never less than their definition says. */
export const daysOf = (table: TableName, limits: Readonly<Record<Signal, Limits>>): number => {
  const { retentionDays } = limits[SIGNAL_OF[table]]
  return MAIN[SIGNAL_OF[table]] === table ? retentionDays : Math.max(retentionDays, TABLES[table].ttlDays)
}

/**
 * The partitions that must go now: those wholly past their retention, then, while a signal is over its budget, its oldest,
 * raw rows before roll-ups.
 * @param now ms since the epoch
 */
export function partitionsToDrop(partitions: readonly Partition[], limits: Readonly<Record<Signal, Limits>>, now: number): Partition[] {
  const dated = partitions.filter((partition) => partition.to > 0)
  const drop = new Set(dated.filter((partition) => partition.to < now - daysOf(partition.table, limits) * DAY))
  for (const signal of SIGNALS) {
    const own = partitions.filter((partition) => SIGNAL_OF[partition.table] === signal && !drop.has(partition))
    let bytes = own.reduce((sum, partition) => sum + partition.bytes, 0)
    const isRollup = (partition: Partition) => 'from' in TABLES[partition.table]
    const oldestFirst = own.filter((partition) => partition.to > 0).toSorted((a, b) => Number(isRollup(a)) - Number(isRollup(b)) || a.to - b.to)
    for (const partition of oldestFirst) {
      if (bytes <= limits[signal].budgetBytes) break
      drop.add(partition)
      bytes -= partition.bytes
    }
  }
  return [...drop]
}

/**
 * Days until the budget is reached at the rate of the last day: the bytes of rows whose event time lies in it, taken evenly over each partition. From the
 * store alone, so that a restart forgets nothing. Undefined when the oldest row is younger than an hour, or nothing came in the last day.
 * @param partitions of the signal
 */
export function daysLeft(partitions: readonly Partition[], budgetBytes: number, now: number): number | undefined {
  const dated = partitions.filter((partition) => partition.to > 0)
  const span = Math.min(DAY, now - Math.min(...dated.map((partition) => partition.from)))
  if (!(span >= HOUR)) return undefined
  let fresh = 0
  for (const { bytes, from, to } of dated) {
    const within = Math.min(to, now) - Math.max(from, now - span)
    if (within >= 0) fresh += to > from ? (bytes * within) / (to - from) : bytes
  }
  const bytes = partitions.reduce((sum, partition) => sum + partition.bytes, 0)
  return fresh === 0 ? undefined : Math.max(0, (budgetBytes - bytes) / ((fresh / span) * DAY))
}
