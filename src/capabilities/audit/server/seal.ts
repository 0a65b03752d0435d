/** The chain of seals: each batch has a hash over its rows and the seal before it. */
import { createHash } from 'node:crypto'
import { type AuditRow, canonical, type Seal } from '../domain/rows.ts'

export const NO_SEAL = '0'.repeat(64)

/** Characters hashed at a time: a call costs more than a row. */
const PIECE = 256 * 1024

/** Rows of one batch, in order, hashed after the seal before. */
export function sealOf(previous: string, number: number, rows: Iterable<AuditRow>): Seal {
  const hash = createHash('sha256').update(`${previous} ${number}\n`)
  let count = 0
  let text = ''
  for (const row of rows) {
    text += canonical(row)
    count++
    if (text.length < PIECE) continue
    hash.update(text)
    text = ''
  }
  hash.update(text)
  return { number, previous, hash: hash.digest('hex'), rows: count }
}
