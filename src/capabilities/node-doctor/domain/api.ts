import type { Severity } from '#core/shapes/severity.ts'
import type { NodeReport } from './report.ts'

export interface KnownNode {
  name: string
  /** When its agent last reported, ms since the epoch. */
  reportedAt: number
  /** It has not reported for so long that nothing is known. */
  silent: boolean
  conditions: NodeReport['conditions']
  blind: NodeReport['blind']
  troubles: number
  worst: Severity | undefined
}

export interface NodesAnswer {
  nodes: readonly KnownNode[]
  /** Node → troubles that began in each of the last 24 hours, oldest first. */
  trend: Readonly<Record<string, readonly number[]>>
}

export interface TimelineEntry {
  at: number
  reason: string
  severity: Severity
  state: 'open' | 'cleared'
  key: string
  message: string
  since: number
  /** What proved that it was over. */
  proof: string
}

export interface NodeDetail extends KnownNode {
  report: NodeReport
  timeline: readonly TimelineEntry[]
}
