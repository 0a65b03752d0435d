import type { Clock } from '#core/kernel/clock.ts'
import type { Chunk, Tail } from './file-tail.ts'
import type { Journal } from './journal.ts'

/** `refused`: these bytes will never be taken. `later`: the same bytes may be taken after `afterMs`, or after a growing pause. */
export type Delivery = { outcome: 'taken' } | { outcome: 'refused'; reason: string } | { outcome: 'later'; reason: string; afterMs?: number }

export interface ShipperDeps {
  tail: Tail
  journal: Journal
  /** Delivers the bytes under the id. Never rejects, and is done with the bytes when it resolves. */
  send(chunk: Chunk & { id: string }, signal: AbortSignal): Promise<Delivery>
  newId(): string
  clock: Clock
  /** In [0, 1), for the jitter of pauses. */
  random(): number
  report(event: ShipEvent): void
  /** How often files are looked at, ms (default 200, so that a line is on its way within 250). */
  pollMs?: number
  /** Chunks on their way at one time, each of a different file (default 4); memory is this many chunks. */
  slots?: number
  chunkBytes: number
}

export type ShipEvent =
  | { kind: 'delivered'; path: string; bytes: number }
  | { kind: 'refused'; path: string; bytes: number; reason: string }
  | { kind: 'waiting'; path: string; reason: string; ms: number }

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000
const JOURNAL_PAUSE_MS = 1_000

/**
 * Reads, promises, sends, moves the checkpoint. The journal holds the id and the range of each batch before it is sent, so that after a crash the same
 * bytes go out under the same id. One batch of a file is out at a time, so its lines stay in order. Runs until `signal` is aborted.
 */
export async function ship(deps: ShipperDeps, signal: AbortSignal): Promise<void> {
  const { tail, journal, clock } = deps
  const pollMs = deps.pollMs ?? 200
  const free = Array.from({ length: deps.slots ?? 4 }, (): Buffer | undefined => undefined)
  const under = new Set<Promise<void>>()
  let wake = new AbortController()
  let polledAt = Number.NEGATIVE_INFINITY

  signal.addEventListener('abort', () => wake.abort(), { once: true })

  /** A journal that cannot be written (a full disk) stops the reading, not the agent. False: told to stop meanwhile. */
  async function record(sync: boolean): Promise<boolean> {
    const { states, gone } = tail.changes()
    for (;;) {
      try {
        await journal.write(states, gone, sync)
        return true
      } catch (error) {
        deps.report({ kind: 'waiting', path: 'journal', reason: (error as Error).message, ms: JOURNAL_PAUSE_MS })
        await clock.sleep(JOURNAL_PAUSE_MS, signal).catch(() => {})
        if (signal.aborted) return false
      }
    }
  }

  async function deliver(chunk: Chunk & { id: string }): Promise<void> {
    const { path } = chunk.file
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const delivery = await deps.send(chunk, signal)
      if (signal.aborted && delivery.outcome !== 'taken') return
      if (delivery.outcome !== 'later') {
        tail.done(chunk)
        const bytes = chunk.bytes.length
        deps.report(delivery.outcome === 'taken' ? { kind: 'delivered', path, bytes } : { kind: 'refused', path, bytes, reason: delivery.reason })
        return
      }
      // Spread out, so that many agents do not come back together; never before the server's own word.
      const ms = delivery.afterMs === undefined ? pause * (0.5 + deps.random() / 2) : delivery.afterMs + (pause / 2) * deps.random()
      deps.report({ kind: 'waiting', path, reason: delivery.reason, ms })
      await clock.sleep(ms, signal).catch(() => {})
      if (signal.aborted) return
    }
  }

  while (!signal.aborted) {
    const now = clock.now()
    if (now - polledAt >= pollMs || now < polledAt) {
      tail.poll(now)
      polledAt = now
    }
    const chunks: (Chunk & { id: string })[] = []
    const buffers: Buffer[] = []
    for (const file of free.length > 0 ? tail.ready() : []) {
      if (free.length === 0) break
      const buffer = free.pop() ?? Buffer.allocUnsafeSlow(deps.chunkBytes)
      const chunk = tail.read(file, buffer)
      if (!chunk) {
        free.push(buffer)
        continue
      }
      const id = chunk.id ?? deps.newId()
      file.batch = { id, from: chunk.from, to: chunk.to, cut: chunk.cut }
      file.dirty = true
      chunks.push({ ...chunk, id })
      buffers.push(buffer)
    }
    if (!(await record(chunks.length > 0))) break
    chunks.forEach((chunk, i) => {
      const sending = deliver(chunk).finally(() => {
        free.push(buffers[i])
        under.delete(sending)
        wake.abort()
      })
      under.add(sending)
    })
    const rest = polledAt + pollMs - clock.now()
    if (rest > 0) await clock.sleep(rest, wake.signal).catch(() => {})
    if (wake.signal.aborted && !signal.aborted) wake = new AbortController()
  }
  await Promise.all(under)
  const { states, gone } = tail.changes()
  await journal.write(states, gone, true)
}
