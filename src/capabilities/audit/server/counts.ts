/** What was received, by source, and what was not kept, by reason. */
import { Counter, type Registry } from 'prom-client'
import type { LineReceipt } from '#core/shapes/ports/lines.ts'
import type { AuditStatus } from '../domain/api.ts'

const MOST_SOURCES = 500

type Tally = Omit<AuditStatus, 'chain' | 'waiting' | 'since' | 'sources'> & { sources: Map<string, AuditStatus['sources'][number]> }

export function createCounts(metrics: Registry, since: number) {
  const registers = [metrics]
  const events = new Counter({
    name: 'sallyport_audit_events_total',
    help: 'Audit events received, by outcome.',
    labelNames: ['cluster', 'outcome'],
    registers,
  })
  const hits = new Counter({ name: 'sallyport_audit_hits_total', help: 'Hits of audit rules.', labelNames: ['rule', 'severity'], registers })
  const unjudged = new Counter({
    name: 'sallyport_audit_unjudged_total',
    help: 'Events that a rule of a user could not judge.',
    labelNames: ['rule'],
    registers,
  })
  const unjudgedBy = new Map<string, number>()
  const clusters = new Map<string, Tally>()

  function tally(cluster: string): Tally {
    const found = clusters.get(cluster) ?? { accepted: 0, rejected: {}, rejectedAt: null, dropped: 0, droppedAt: null, lastAt: null, sources: new Map() }
    clusters.set(cluster, found)
    return found
  }
  return {
    hits,
    /** Counts one more, and says how many there were. */
    unjudged(rule: string): number {
      unjudged.inc({ rule })
      const count = (unjudgedBy.get(rule) ?? 0) + 1
      unjudgedBy.set(rule, count)
      return count
    },
    received(cluster: string, source: string, receipt: LineReceipt, now: number): void {
      const all = tally(cluster)
      all.accepted += receipt.accepted
      if (receipt.rejected > 0) all.rejectedAt = now
      for (const [reason, count] of Object.entries(receipt.reasons)) {
        all.rejected[reason] = (all.rejected[reason] ?? 0) + count
        events.inc({ cluster, outcome: reason }, count)
      }
      if (receipt.accepted > 0) {
        all.lastAt = now
        events.inc({ cluster, outcome: 'accepted' }, receipt.accepted)
      }
      const one = all.sources.get(source) ?? { source, accepted: 0, rejected: 0, lastAt: now }
      one.accepted += receipt.accepted
      one.rejected += receipt.rejected
      one.lastAt = now
      all.sources.delete(source)
      all.sources.set(source, one)
      if (all.sources.size > MOST_SOURCES) all.sources.delete(all.sources.keys().next().value!)
    },
    dropped(cluster: string, count: number, now: number): void {
      const all = tally(cluster)
      all.dropped += count
      all.droppedAt = now
      events.inc({ cluster, outcome: 'dropped' }, count)
    },
    status(cluster: string): Omit<AuditStatus, 'chain' | 'waiting'> {
      const { sources, ...all } = tally(cluster)
      return { since, ...all, sources: [...sources.values()] }
    },
    clusters: () => [...clusters.keys()],
  }
}
