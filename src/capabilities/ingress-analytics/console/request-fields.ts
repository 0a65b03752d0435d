import type { Unit } from '#kits/console-kit/format.ts'
import { DIMENSIONS, type Dimension } from '../domain/api.ts'

/** A field of a raw row as the drawer shows it. */
export interface RowField {
  id: string
  unit?: Unit
  /** The dimension that its value can be filtered by. */
  filter?: Dimension
  /** 0 stands for "there was none". */
  zeroIsMissing?: boolean
}

const ORDER = [
  'ts',
  'method',
  'host',
  'path',
  'path_pattern',
  'status',
  'request_time',
  'upstream_time',
  'upstream_addr',
  'upstream_status',
  'bytes_in',
  'bytes_out',
  'client',
  'country',
  'user_agent',
  'ua_family',
  'referer',
  'route',
  'namespace',
  'ingress',
  'service',
  'workload',
  'pod',
  'arm',
  'protocol',
  'tls',
  'source',
  'trace_id',
] as const

const UNITS: Partial<Record<(typeof ORDER)[number], Unit>> = {
  ts: 'time',
  request_time: 'seconds',
  upstream_time: 'seconds',
  bytes_in: 'bytes',
  bytes_out: 'bytes',
}

/** Every field of a raw row, in reading order: what was asked, how it was answered, by whom, through what. */
export const ROW_FIELDS: readonly RowField[] = ORDER.map((id) => {
  const dimension = DIMENSIONS.find((d) => d === id)
  return {
    id,
    ...(UNITS[id] ? { unit: UNITS[id] } : {}),
    ...(dimension ? { filter: dimension } : {}),
    ...(id === 'upstream_status' ? { zeroIsMissing: true } : {}),
  }
})
