import type { Batch } from '#core/shapes/ports/telemetry.ts'
import { ByteSink, bytesOf, lowCardinality, type NativeColumn, nativeBlock } from '#core/telemetry/native-block.ts'

export interface AccessRow {
  ts: number
  cluster?: string
  namespace?: string
  route?: string
  service?: string
  host?: string
  path?: string
  client?: string
  status?: number
  bytesOut?: number
  requestTime?: number
}

export const plain = (words: readonly string[]): Uint8Array => {
  const sink = new ByteSink()
  for (const word of words) sink.string(word)
  return sink.view()
}

export function words(values: readonly string[]): Uint8Array {
  const index = new Map<string, number>()
  const keys = Uint32Array.from(values, (value) => {
    if (!index.has(value)) index.set(value, index.size)
    return index.get(value)!
  })
  return lowCardinality(
    [...index.keys()].map((word) => new TextEncoder().encode(word)),
    keys,
  )
}

/** A batch of `access` rows; what a row does not say gets a default. */
export function accessBatch(id: string, rows: readonly AccessRow[]): Batch {
  const word = (name: string, of: (row: AccessRow) => string): NativeColumn => ({ name, type: 'LowCardinality(String)', data: words(rows.map(of)) })
  const text = (name: string, of: (row: AccessRow) => string): NativeColumn => ({ name, type: 'String', data: plain(rows.map(of)) })
  const columns: NativeColumn[] = [
    { name: 'ts', type: 'DateTime64(3)', data: bytesOf(BigInt64Array.from(rows, (row) => BigInt(row.ts))) },
    word('cluster', (row) => row.cluster ?? 'demo'),
    word('route', (row) => row.route ?? 'shop/web'),
    word('namespace', (row) => row.namespace ?? 'shop'),
    word('service', (row) => row.service ?? 'web'),
    word('host', (row) => row.host ?? 'shop.example'),
    text('path', (row) => row.path ?? '/'),
    { name: 'status', type: 'UInt16', data: bytesOf(Uint16Array.from(rows, (row) => row.status ?? 200)) },
    { name: 'bytes_out', type: 'UInt64', data: bytesOf(BigUint64Array.from(rows, (row) => BigInt(row.bytesOut ?? 100))) },
    { name: 'request_time', type: 'Float32', data: bytesOf(Float32Array.from(rows, (row) => row.requestTime ?? Number.NaN)) },
    { name: 'upstream_time', type: 'Float32', data: bytesOf(Float32Array.from(rows, () => Number.NaN)) },
    text('client', (row) => row.client ?? '192.0.2.1'),
  ]
  return { id, table: 'access', rows: rows.length, native: nativeBlock(rows.length, columns) }
}
