/** Reads the sealed rows again and compares: changed, missing and added rows, missing batches, a chain that ends too early. */
import { CodedError } from '#core/kernel/errors.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { Fault, VerifyAnswer } from '../domain/api.ts'
import { type AuditRow, SEAL, type Seal, WORDS } from '../domain/rows.ts'
import type { Head } from './recorder.ts'
import { NO_SEAL, sealOf } from './seal.ts'

const PAGE_ROWS = 20_000
const MOST_FAULTS = 1_000

interface SealedBatch {
  batch: string
  seal: Seal
  at: number
}

/**
 * All of a cluster's chain that is still kept. `head` is what stands outside the store; a batch older than the oldest row that is kept may have lost rows
 * to retention and counts as expired, not as a fault.
 */
export async function verifyChain(telemetry: Pick<Telemetry, 'query'>, cluster: string, head: Head | undefined, keptSince: number): Promise<VerifyAnswer> {
  const faults: Fault[] = []
  const fault = (one: Fault) => {
    if (faults.length < MOST_FAULTS) faults.push(one)
  }
  const answer: VerifyAnswer = { cluster, batches: 0, rows: 0, unsealed: 0, expired: 0, first: 0, last: 0, hash: NO_SEAL, faults }
  let batches: SealedBatch[]
  try {
    batches = await readSeals(telemetry, cluster, fault)
    answer.unsealed = await countUnsealed(telemetry, cluster, new Set(batches.map(({ batch }) => batch)), fault)
  } catch (error) {
    return damaged(answer, error)
  }
  let before: SealedBatch | undefined
  for (let from = 0; from < batches.length; ) {
    let to = from
    for (let rows = 0; to < batches.length && (to === from || rows + batches[to]!.seal.rows <= PAGE_ROWS); to++) rows += batches[to]!.seal.rows
    const page = batches.slice(from, to)
    from = to
    let rowsOf: Map<string, AuditRow[]>
    try {
      rowsOf = await readRows(telemetry, cluster, page)
    } catch (error) {
      damaged(answer, error, page)
      before = page.at(-1)
      continue
    }
    for (const one of page) {
      const { seal } = one
      if (before === undefined) {
        answer.first = seal.number
        if (seal.number > 1 && one.at > keptSince + 86_400_000) fault({ kind: 'missing-batches', number: 1, count: seal.number - 1 })
      } else if (seal.number !== before.seal.number + 1) {
        const repeated = seal.number <= before.seal.number
        fault({
          kind: repeated ? 'repeated-number' : 'missing-batches',
          number: before.seal.number + 1,
          count: Math.max(1, seal.number - before.seal.number - 1),
        })
      } else if (seal.previous !== before.seal.hash) fault({ kind: 'broken-chain', number: seal.number, batch: one.batch })
      const rows = rowsOf.get(one.batch) ?? []
      const found = sealOf(seal.previous, seal.number, rows)
      if (found.hash !== seal.hash) {
        if (rows.length < seal.rows && one.at < keptSince + 86_400_000) answer.expired++
        else if (rows.length !== seal.rows)
          fault({
            kind: rows.length < seal.rows ? 'missing-rows' : 'added-rows',
            number: seal.number,
            batch: one.batch,
            count: Math.abs(seal.rows - rows.length),
          })
        else fault({ kind: 'changed-rows', number: seal.number, batch: one.batch })
      }
      answer.batches++
      answer.rows += rows.length
      answer.last = seal.number
      answer.hash = seal.hash
      before = one
    }
  }
  if (head !== undefined && head.number > answer.last) fault({ kind: 'cut-off', number: answer.last + 1, count: head.number - answer.last })
  else if (head !== undefined && head.number === answer.last && head.hash !== answer.hash) fault({ kind: 'broken-chain', number: answer.last })
  return answer
}

/** The engine has checksums of its own: what they refuse is damage on the disk. Anything else is no answer. */
function damaged(answer: VerifyAnswer, error: unknown, page: readonly SealedBatch[] = []): VerifyAnswer {
  if (!(error instanceof CodedError) || error.code === 'ENGINE_UNAVAILABLE' || error.code === 'QUERY_LIMIT') throw error
  ;(answer.faults as Fault[]).push({ kind: 'damaged', number: page[0]?.seal.number ?? 0, count: page.length, reason: error.message.slice(0, 300) })
  return answer
}

async function readSeals(telemetry: Pick<Telemetry, 'query'>, cluster: string, fault: (one: Fault) => void): Promise<SealedBatch[]> {
  const found: SealedBatch[] = []
  for (let offset = 0; ; offset += 50_000) {
    const { rows } = await telemetry.query({
      sql: `SELECT batch, detail, toUnixTimestamp64Milli(ts) FROM audit WHERE cluster = {cluster:String} AND plane = '${SEAL}'
ORDER BY JSONExtractUInt(detail, 'number'), batch LIMIT 50000 OFFSET {offset:UInt64}`,
      params: { cluster, offset },
      scope: 'all',
      limits: { seconds: 60 },
    })
    for (const [batch, detail, at] of rows) {
      try {
        found.push({ batch: String(batch), seal: JSON.parse(String(detail)) as Seal, at: Number(at) })
      } catch {
        fault({ kind: 'changed-rows', number: 0, batch: String(batch) })
      }
    }
    if (rows.length < 50_000) return found
  }
}

/** Rows without a batch are from before there were seals; those of a batch without a seal are not. */
async function countUnsealed(telemetry: Pick<Telemetry, 'query'>, cluster: string, sealed: ReadonlySet<string>, fault: (one: Fault) => void): Promise<number> {
  const { rows } = await telemetry.query({
    sql: `SELECT batch, count() FROM audit WHERE cluster = {cluster:String} AND plane != '${SEAL}' GROUP BY batch LIMIT 100000`,
    params: { cluster },
    scope: 'all',
    limits: { seconds: 60 },
  })
  let unsealed = 0
  for (const [batch, count] of rows) {
    if (batch === '') unsealed += Number(count)
    else if (!sealed.has(String(batch))) fault({ kind: 'missing-seal', number: 0, batch: String(batch), count: Number(count) })
  }
  return unsealed
}

async function readRows(telemetry: Pick<Telemetry, 'query'>, cluster: string, page: readonly SealedBatch[]): Promise<Map<string, AuditRow[]>> {
  const found = new Map<string, AuditRow[]>()
  const { rows } = await telemetry.query({
    sql: `SELECT batch, toUnixTimestamp64Milli(ts), status, ${WORDS.map((word) => `\`${word}\``).join(', ')} FROM audit
WHERE cluster = {cluster:String} AND plane != '${SEAL}' AND batch IN {batches:Array(String)} ORDER BY batch, seq`,
    params: { cluster, batches: page.map(({ batch }) => batch) },
    scope: 'all',
    limits: { seconds: 60, memoryBytes: 1024 * 1024 * 1024 },
  })
  for (const [batch, ts, status, ...words] of rows) {
    const row = { ts: Number(ts), status: Number(status) } as AuditRow
    WORDS.forEach((word, i) => {
      row[word] = String(words[i])
    })
    const list = found.get(String(batch))
    if (list) list.push(row)
    else found.set(String(batch), [row])
  }
  return found
}
