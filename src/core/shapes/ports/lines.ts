import type { Signal } from '../../telemetry/table.ts'

/** Log lines on their way in, whatever brought them: agent, syslog, Loki push, NDJSON. */
export interface LineBatch {
  /** UUIDv7 of the sender; the same batch sent again has the same id and the same bytes. */
  id: string
  /** Stamped from the sender's token. */
  cluster: string
  /** Configured source, or the one that the transport made up (`syslog`, `loki`, a file's path). */
  source: string
  /** Name of a line format, or undefined to find out from the lines. */
  format?: string
  /** What the transport knows: namespace, pod, container, node, stream, file …, and `transport` (agent, syslog, loki, ndjson) */
  labels: Readonly<Record<string, string>>
  /** What the sender's token is good for, where one format may be of several signals (Loki). */
  signals?: readonly Signal[]
  /** Lines ended by \n (the last may lack it). At most 8 MiB. */
  bytes: Uint8Array
  /** Event time of each line, ms since the epoch, where the transport knows it (Loki); used where the line itself has none. NaN: not known. */
  times?: Float64Array
  /** Arrival at this server, ms since the epoch. */
  receivedAt: number
}

/** Every line is accounted for: accepted + rejected = lines. */
export interface LineReceipt {
  accepted: number
  rejected: number
  /** Reason → count, of the rejected. */
  reasons: Readonly<Record<string, number>>
}

/** A capability that takes lines. Transports hand a batch to the first sink that accepts it. */
export interface LineSink {
  name: string
  accepts(batch: LineBatch): boolean
  /** Resolves when the accepted rows are durable. Rejects (QUEUE_FULL, DISK_FULL) with nothing kept. */
  write(batch: LineBatch): Promise<LineReceipt>
}
