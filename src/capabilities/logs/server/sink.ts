/** Lines of containers become rows of `logs`. */
import type { Clock } from '#core/kernel/clock.ts'
import type { LineBatch, LineSink } from '#core/shapes/ports/lines.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { ByteSink, bytesOf, lowCardinality, type NativeColumn, nativeBlock } from '#core/telemetry/native-block.ts'
import { originOf } from '../domain/origin.ts'
import { readRecords, STREAMS } from '../domain/records.ts'
import type { LogBlock } from './live.ts'

/** What a sender calls lines of containers. */
export const FORMAT = 'container'
const FUTURE_MS = 10 * 60_000
const DAY_MS = 86_400_000

export interface LogSinkOptions {
  telemetry: Pick<Telemetry, 'append'>
  clock: Pick<Clock, 'now'>
  /** Days that rows are kept. */
  retentionDays(): number
  /** Told of what is durable. */
  onBlock?(block: LogBlock): void
}

const encoder = new TextEncoder()

/** Takes what is named as such, and Loki's pushes that no other sink wants. */
export function createLogSink({ telemetry, retentionDays, onBlock }: LogSinkOptions): LineSink {
  return {
    name: 'logs',
    accepts: ({ format, labels, signals }) => format === FORMAT || (format === undefined && labels.transport === 'loki' && signals?.includes('logs') === true),
    async write(batch) {
      const { receivedAt } = batch
      const records = readRecords({
        bytes: new Uint8Array(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength),
        times: batch.times,
        receivedAt,
        earliest: receivedAt - retentionDays() * DAY_MS,
        latest: receivedAt + FUTURE_MS,
      })
      const { rows, rejected } = records
      const origin = originOf(batch)
      if (origin.severity > 0) for (let i = 0; i < rows; i++) if (records.severity[i] === 0) records.severity[i] = origin.severity
      if (rows > 0) {
        await telemetry.append({ id: batch.id, table: 'logs', rows, native: nativeBlock(rows, columnsOf(batch, origin, records)) })
        onBlock?.({ cluster: batch.cluster, origin, records })
      }
      const reasons = Object.fromEntries(Object.entries(rejected).filter(([, count]) => count > 0))
      return { accepted: records.accepted, rejected: rejected.clock + rejected.empty, reasons }
    },
  }
}

function columnsOf(
  batch: LineBatch,
  origin: ReturnType<typeof originOf>,
  { rows, ts, stream, severity, bodies }: ReturnType<typeof readRecords>,
): NativeColumn[] {
  const same = new Uint32Array(rows)
  const constant = (name: string, value: string): NativeColumn[] =>
    value === '' ? [] : [{ name, type: 'LowCardinality(String)', data: lowCardinality([encoder.encode(value)], same) }]
  const { attributes, severity: _, stream: file, ...words } = origin
  return [
    { name: 'ts', type: 'DateTime64(9)', data: bytesOf(ts) },
    ...constant('cluster', batch.cluster),
    ...Object.entries(words).flatMap(([name, value]) => constant(name, value)),
    {
      name: 'stream',
      type: 'LowCardinality(String)',
      data: lowCardinality(
        [file, ...STREAMS.slice(1)].map((word) => encoder.encode(word)),
        Uint32Array.from(stream),
      ),
    },
    { name: 'severity', type: 'UInt8', data: severity },
    { name: 'body', type: 'String', data: bodies },
    ...(Object.keys(attributes).length === 0 ? [] : [{ name: 'attributes', type: 'Map(LowCardinality(String), String)', data: sameMap(attributes, rows) }]),
  ]
}

/** A `Map(LowCardinality(String), String)` column with one value for all rows: see `encode-rows.ts`. */
function sameMap(attributes: Readonly<Record<string, string>>, rows: number): Uint8Array {
  const entries = Object.entries(attributes)
  const keys = lowCardinality(
    entries.map(([name]) => encoder.encode(name)),
    Uint32Array.from({ length: rows * entries.length }, (_, i) => i % entries.length),
  )
  const one = new ByteSink(256)
  for (const [, value] of entries) one.string(value)
  const body = new ByteSink(16 + rows * (8 + one.length) + keys.length)
  body.uint64(1n)
  body.raw(bytesOf(BigUint64Array.from({ length: rows }, (_, i) => BigInt((i + 1) * entries.length))))
  body.raw(keys, 8)
  for (let i = 0; i < rows; i++) body.raw(one.view())
  return body.view()
}
