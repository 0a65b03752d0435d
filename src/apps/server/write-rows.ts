import { randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { encodeRows, type Row } from '#core/telemetry/encode-rows.ts'
import { TABLES, type TableName } from '#core/telemetry/tables.ts'

/** Appends plain rows to a table as one batch with an id of its own. */
export function createRowWriter(telemetry: Telemetry, clock: Clock) {
  return async (table: TableName, rows: readonly Row[]): Promise<void> => {
    if (rows.length > 0) await telemetry.append({ id: uuidv7(clock.now(), randomBytes(10)), table, ...encodeRows(TABLES[table], rows) })
  }
}
export type WriteRows = ReturnType<typeof createRowWriter>
