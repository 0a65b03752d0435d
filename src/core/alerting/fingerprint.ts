import type { Labels } from './types.ts'

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const encoder = new TextEncoder()
const SEPARATOR = 0xff

/**
 * Identity of a label set, 16 hex digits: FNV-1a 64 over the sorted names and values, each followed by 0xFF,
 * so it equals Prometheus' and Alertmanager's (prometheus/common, model/signature.go).
 */
export function fingerprint(labels: Labels): string {
  let hash = OFFSET
  const add = (byte: number) => {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
  }
  for (const name of Object.keys(labels).sort()) {
    for (const byte of encoder.encode(name)) add(byte)
    add(SEPARATOR)
    for (const byte of encoder.encode(labels[name])) add(byte)
    add(SEPARATOR)
  }
  return hash.toString(16).padStart(16, '0')
}
