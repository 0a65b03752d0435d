/** Events become rows: read, deduplicated, judged, sealed and appended, one batch of a cluster after the other; then the alarms. */
import type { Clock } from '#core/kernel/clock.ts'
import type { LineReceipt } from '#core/shapes/ports/lines.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { createDocumentReader } from '../domain/documents.ts'
import type { Engine, Hit } from '../domain/engine.ts'
import type { AuditEvent } from '../domain/event.ts'
import { type AuditRow, auditBlock, rowOf, type Seal } from '../domain/rows.ts'
import { createRecent, type Recent } from './recent.ts'
import { NO_SEAL, sealOf } from './seal.ts'

const FUTURE_MS = 10 * 60_000
const DAY_MS = 86_400_000
/** Events of a cluster whose ids are remembered. */
const GENERATION = 60_000
const BATCHES_REMEMBERED = 20_000
const MOST_WAITING = 8

export interface Head {
  number: number
  hash: string
}

export interface RecorderDeps {
  telemetry: Pick<Telemetry, 'append'>
  clock: Pick<Clock, 'now'>
  /** One engine a cluster, made when its first batch comes. */
  engine(cluster: string): Promise<Engine>
  /** The last seal of a cluster and the ids of its newest batches, as they stand in the store. Asked once. */
  restore(cluster: string): Promise<{ head: Head; batches: readonly string[] }>
  retentionDays(): number
  /** What fired, once the store has taken it or refused to. */
  onHits(cluster: string, hits: readonly Hit[]): void
  /** After each batch; for a copy of the head outside the store. */
  onSeal(cluster: string, head: Head): void
}

export interface Recorder {
  /** Text of events, as files and webhooks have it. Rejects with QUEUE_FULL, DISK_FULL and keeps nothing then. */
  write(cluster: string, batch: string, text: string): Promise<LineReceipt>
  /** Rows of this server's own making. */
  rows(cluster: string, batch: string, rows: readonly AuditRow[]): Promise<void>
}

interface Chain {
  head: Head
  engine: Engine
  batches: Set<string>
  recent: Recent
  /** Batches that the store did not take yet. */
  waiting: Map<string, Judged>
  turn: Promise<unknown>
}

interface Judged {
  rows: AuditRow[]
  hits: Hit[]
  reasons: Record<string, number>
  /** Ids of the events, and what tells apart those of one id. */
  seen: (readonly [string, string])[]
}

export function createRecorder(deps: RecorderDeps): Recorder {
  const { clock, telemetry } = deps
  const chains = new Map<string, Promise<Chain>>()

  function chainOf(cluster: string): Promise<Chain> {
    let chain = chains.get(cluster)
    if (!chain) {
      chain = (async () => {
        const [{ head, batches }, engine] = await Promise.all([deps.restore(cluster), deps.engine(cluster)])
        return { head, engine, batches: new Set(batches), recent: createRecent(GENERATION), waiting: new Map(), turn: Promise.resolve() }
      })()
      // a store that does not answer yet is asked again by the next batch
      chain.catch(() => chains.delete(cluster))
      chains.set(cluster, chain)
    }
    return chain
  }

  /** One batch of a cluster at a time: each seal is over the one before. */
  function inTurn<T>(chain: Chain, work: () => Promise<T>): Promise<T> {
    const result = chain.turn.then(work)
    chain.turn = result.catch(() => {})
    return result
  }

  async function append(chain: Chain, cluster: string, batch: string, rows: readonly AuditRow[]): Promise<void> {
    const seal: Seal = sealOf(chain.head.hash, chain.head.number + 1, rows)
    await telemetry.append({ id: batch, table: 'audit', ...auditBlock(cluster, batch, rows, seal, clock.now()) })
    chain.head = { number: seal.number, hash: seal.hash }
    chain.batches.add(batch)
    if (chain.batches.size > BATCHES_REMEMBERED) chain.batches.delete(chain.batches.values().next().value!)
    deps.onSeal(cluster, chain.head)
  }

  /** Reads and judges a batch. */
  function judge(chain: Chain, text: string): Judged {
    const now = clock.now()
    const earliest = now - deps.retentionDays() * DAY_MS
    const judged: Judged = { rows: [], hits: [], reasons: {}, seen: [] }
    const { rows, hits, reasons, seen } = judged
    const here = createRecent(Number.POSITIVE_INFINITY)
    const reject = (reason: string) => {
      reasons[reason] = (reasons[reason] ?? 0) + 1
    }
    const reader = createDocumentReader({
      event(event: AuditEvent) {
        const { id } = event
        const what = id === '' ? '' : `${event.plane} ${event.stage} ${event.received}`
        if (event.at < earliest) return reject('old')
        if (event.at > now + FUTURE_MS) return reject('clock')
        if (id !== '' && (here.has(id, what) || chain.recent.has(id, what))) return reject('duplicate')
        if (id !== '') {
          here.add(id, what)
          seen.push([id, what])
        }
        const fired = chain.engine.judge(event)
        for (const hit of fired) hits.push(hit)
        rows.push(rowOf(event, fired))
      },
      reject,
    })
    reader.push(text)
    reader.end()
    return judged
  }

  async function take(chain: Chain, cluster: string, batch: string, text: string): Promise<LineReceipt> {
    // sent again because the answer was lost
    if (chain.batches.has(batch)) return { accepted: 0, rejected: 0, reasons: {} }
    const { rows, hits, reasons, seen } = chain.waiting.get(batch) ?? judge(chain, text)
    try {
      if (rows.length > 0) await append(chain, cluster, batch, rows)
    } catch (error) {
      // rules fire once for a request, so what fired is kept for the batch when it comes again
      chain.waiting.set(batch, { rows, hits: [], reasons, seen })
      if (chain.waiting.size > MOST_WAITING) chain.waiting.delete(chain.waiting.keys().next().value!)
      throw error
    } finally {
      // people are told also of what cannot be stored
      if (hits.length > 0) deps.onHits(cluster, hits)
    }
    chain.waiting.delete(batch)
    for (const [id, what] of seen) chain.recent.add(id, what)
    return { accepted: rows.length, rejected: Object.values(reasons).reduce((sum, count) => sum + count, 0), reasons }
  }

  return {
    async write(cluster, batch, text) {
      const chain = await chainOf(cluster)
      return inTurn(chain, () => take(chain, cluster, batch, text))
    },
    async rows(cluster, batch, rows) {
      if (rows.length === 0) return
      const chain = await chainOf(cluster)
      await inTurn(chain, () => append(chain, cluster, batch, rows))
    },
  }
}

/** The head of a chain in which nothing is yet. */
export const FIRST: Head = { number: 0, hash: NO_SEAL }
