import type { Traffic } from '#core/shapes/ports/registry.ts'
import type { RunReport } from './job.ts'

/** Adds the items up. */
export function reportOf(
  kind: RunReport['kind'],
  items: RunReport['items'],
  startedAt: number,
  endedAt: number,
  traffic: Readonly<Record<string, Traffic>>,
): RunReport {
  const count = (outcome: RunReport['items'][number]['outcome']) => items.filter((item) => item.outcome === outcome).length
  const sum = (of: (item: RunReport['items'][number]) => number) => items.reduce((total, item) => total + of(item), 0)
  return {
    kind,
    startedAt,
    endedAt,
    items,
    totals: {
      pairs: items.length,
      copied: count('copied'),
      unchanged: count('unchanged'),
      kept: count('kept'),
      failed: count('failed'),
      stopped: count('stopped'),
      bytesSent: sum(({ bytesSent }) => bytesSent),
      bytesSpared: sum(({ bytesSpared }) => bytesSpared),
      mounts: sum(({ mounts }) => mounts),
    },
    traffic,
  }
}
