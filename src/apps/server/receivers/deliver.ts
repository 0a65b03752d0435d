import type { Logger } from 'pino'
import { Counter, type Registry } from 'prom-client'
import { CodedError } from '#core/kernel/errors.ts'
import type { LineBatch, LineReceipt, LineSink } from '#core/shapes/ports/lines.ts'

/** How lines reached this server; the `transport` label of the metrics. */
export type Transport = 'lines' | 'ndjson' | 'loki' | 'syslog'

export type Deliver = (transport: Transport, batch: LineBatch) => Promise<LineReceipt>

/** Batches that are remembered. An agent sends at most five batches a second for a file, so this is minutes, far more than one retry takes. */
const REMEMBERED = 16_384

const NOTHING: LineReceipt = { accepted: 0, rejected: 0, reasons: {} }

/**
 * Hands each batch to the first sink that accepts it, once: a batch that is sent again gets the receipt of the first time, so that the live view
 * does not count it twice (the store deduplicates by id anyway, also after a restart). Rejects with NO_SINK, and with whatever the sink rejects with.
 */
export function createDelivery(deps: { sinks: readonly LineSink[]; log: Logger; metrics: Registry }): Deliver {
  const registers = [deps.metrics]
  const batches = new Counter({
    name: 'sallyport_ingest_batches_total',
    help: 'Batches of lines, by what became of them.',
    labelNames: ['transport', 'outcome'],
    registers,
  })
  const lines = new Counter({ name: 'sallyport_ingest_lines_total', help: 'Lines received, by outcome.', labelNames: ['transport', 'outcome'], registers })
  const bytes = new Counter({ name: 'sallyport_ingest_bytes_total', help: 'Bytes of lines received.', labelNames: ['transport'], registers })
  const known = new Map<string, Promise<LineReceipt>>()

  return async (transport, batch) => {
    if (batch.bytes.length === 0) return NOTHING
    const key = `${batch.cluster} ${batch.id}`
    const earlier = known.get(key)
    if (earlier) {
      batches.inc({ transport, outcome: 'duplicate' })
      return earlier
    }
    const sink = deps.sinks.find((candidate) => candidate.accepts(batch))
    if (!sink) {
      batches.inc({ transport, outcome: 'refused' })
      throw new CodedError('NO_SINK', { source: batch.source, format: batch.format ?? 'auto' })
    }
    const writing = sink.write(batch)
    known.set(key, writing)
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!)
    try {
      const receipt = await writing
      batches.inc({ transport, outcome: 'accepted' })
      lines.inc({ transport, outcome: 'accepted' }, receipt.accepted)
      lines.inc({ transport, outcome: 'rejected' }, receipt.rejected)
      bytes.inc({ transport }, batch.bytes.length)
      return receipt
    } catch (error) {
      // Nothing of it was kept, so the sender's next try must reach the sink.
      known.delete(key)
      batches.inc({ transport, outcome: 'failed' })
      if (!(error instanceof CodedError)) deps.log.error({ err: error, sink: sink.name, batch: batch.id }, 'a sink failed')
      throw error
    }
  }
}
