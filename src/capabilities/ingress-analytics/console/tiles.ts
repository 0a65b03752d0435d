import type { Unit } from '#kits/console-kit/format.ts'
import type { Latency, Stats, StatsAnswer } from '../domain/api.ts'

export interface Tile {
  id: 'pv' | 'uv' | 'qps' | 'success' | 'c4xx' | 'c5xx' | 'in' | 'out'
  unit: Unit
  /** null: there were no requests to take a share of. */
  value: number | null
  /** The same of the compared period; undefined when nothing is compared. */
  before: number | null | undefined
  better: 'higher' | 'lower' | 'neither'
  /** Status class that a click filters by. */
  statusClass?: number
}

type Class = keyof Stats['classes']

/** Share of requests with a status class; null when there were none. */
const classShare =
  (name: Class) =>
  (stats: Stats): number | null =>
    stats.requests === 0 ? null : stats.classes[name] / stats.requests

const TILES: readonly (Pick<Tile, 'id' | 'unit' | 'better' | 'statusClass'> & { read(stats: Stats): number | null })[] = [
  { id: 'pv', unit: 'number', better: 'neither', read: (s) => s.requests },
  { id: 'uv', unit: 'number', better: 'neither', read: (s) => s.visitors },
  { id: 'qps', unit: 'rate', better: 'neither', read: (s) => s.qps },
  { id: 'success', unit: 'share', better: 'higher', read: (s) => s.success_rate },
  { id: 'c4xx', unit: 'share', better: 'lower', statusClass: 4, read: classShare('4xx') },
  { id: 'c5xx', unit: 'share', better: 'lower', statusClass: 5, read: classShare('5xx') },
  { id: 'in', unit: 'bytes', better: 'neither', read: (s) => s.bytes_in },
  { id: 'out', unit: 'bytes', better: 'neither', read: (s) => s.bytes_out },
]

/** How much and how well, in the order in which it is shown. `undefined` while there is no answer: tiles without numbers. */
export const tiles = (answer: StatsAnswer | undefined): (Omit<Tile, 'value'> & { value: number | null | undefined })[] =>
  TILES.map(({ read, ...tile }) => ({ ...tile, value: answer && read(answer.stats), before: answer?.compared && read(answer.compared.stats) }))

export const LADDER = ['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'p9999', 'max'] as const
export type Rung = (typeof LADDER)[number]

export interface LadderRow {
  id: 'total' | 'upstream' | 'totalBefore' | 'upstreamBefore'
  /** One per rung; undefined where this is not measured (the greatest upstream time). */
  cells: (Latency | undefined)[]
}

/** The latency ladder: total over upstream time, and the same of the compared period below each. */
export function ladder({ stats, compared }: StatsAnswer): LadderRow[] {
  const row = (id: LadderRow['id'], times: Partial<Record<Rung, Latency>>): LadderRow => ({ id, cells: LADDER.map((rung) => times[rung]) })
  return [
    row('total', stats.latency),
    ...(compared ? [row('totalBefore', compared.stats.latency)] : []),
    row('upstream', stats.upstream),
    ...(compared ? [row('upstreamBefore', compared.stats.upstream)] : []),
  ]
}

/** Share of the mean time that was spent outside the upstreams (ingress, network to the client); undefined when either is not known. */
export function ownShare({ stats }: StatsAnswer): number | undefined {
  const { mean: total } = stats.latency
  const { mean: upstream } = stats.upstream
  // Retries can make the upstreams' sum greater than the total.
  return typeof total !== 'number' || typeof upstream !== 'number' || total <= 0 ? undefined : Math.min(1, Math.max(0, 1 - upstream / total))
}
