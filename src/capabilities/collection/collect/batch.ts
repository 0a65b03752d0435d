/** Collects blocks of samples until they are worth a record in the queue. */
import { createHash } from 'node:crypto'
import { type Codec, createSamplesWriter, encodePagesSection, PAGE_SLOTS } from '#core/telemetry/metric-batch.ts'
import { pageBytes, pageCount, type TargetMemory } from '../domain/exposition/memory.ts'
import type { Columns } from '../domain/exposition/scrape-columns.ts'
import type { Queue } from './queue.ts'

const MOST_SAMPLES = 50_000
const MOST_BYTES = 4 << 20

export interface Batcher {
  /** Takes what the columns hold for a target at `ts` (ms). */
  add(memory: TargetMemory, columns: Columns, ts: number): void
  /** Puts what was taken into the queue, synced. */
  flush(): void
}

/** @param onLost samples that could not be queued, and why */
export function createBatcher(queue: Queue, codec: Codec, newId: () => string, onLost: (samples: number, reason: string) => void): Batcher {
  const writer = createSamplesWriter()
  let pages: { id: Uint8Array; bytes: Uint8Array }[] = []
  let pageSize = 0
  let segment = -1

  function flush(): void {
    if (writer.samples === 0) return
    const { samples } = writer
    try {
      if (pages.length > 0) queue.addPages(encodePagesSection(pages, codec))
      queue.addSamples(newId(), samples, writer.take(codec))
    } catch (error) {
      if (writer.samples > 0) writer.take(codec)
      onLost(samples, (error as NodeJS.ErrnoException).code ?? (error as Error).message)
    }
    pages = []
    pageSize = 0
  }

  return {
    flush,
    add(memory, columns, ts) {
      if (writer.samples === 0) segment = queue.segment
      const count = pageCount(memory)
      for (let page = 0; page < count; page++) {
        let bytes: Uint8Array | undefined
        let id = memory.pageIds[page]
        if (!id) {
          bytes = pageBytes(memory, page)
          id = createHash('md5').update(bytes).digest()
          memory.pageIds[page] = id
          memory.pageSegments[page] = -1
        }
        const from = page * PAGE_SLOTS
        const taken = writer.block(id, ts, from, Math.min(from + PAGE_SLOTS, memory.slotCount), columns, columns.exemplars)
        if (taken === 0 || memory.pageSegments[page] === segment) continue
        bytes ??= pageBytes(memory, page)
        pages.push({ id, bytes })
        pageSize += bytes.length
        memory.pageSegments[page] = segment
      }
      if (writer.samples >= MOST_SAMPLES || writer.bytes + pageSize >= MOST_BYTES) flush()
    },
  }
}
