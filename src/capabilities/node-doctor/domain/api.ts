import type { Severity } from '#core/shapes/severity.ts'
import type { NodeReport } from './report.ts'

export interface KnownNode {
  name: string
  /** When its agent last reported, ms since the epoch; missing: no agent reports, and nothing is known but what the cluster says. */
  reportedAt?: number
  /** It has not reported for so long that nothing is known. */
  silent: boolean
  /** The Node's condition `Ready`; missing: the node was not listed. */
  ready: 'True' | 'False' | 'Unknown' | undefined
  unschedulable: boolean
  conditions: NodeReport['conditions']
  blind: NodeReport['blind']
  troubles: number
  worst: Severity | undefined
}

export interface NodesAnswer {
  nodes: readonly KnownNode[]
  /** Could the asker list the cluster's nodes? If not, only those with an agent are here. */
  listed: { ok: true } | { ok: false; code: string }
  /** Node → troubles that began in each of the last 24 hours, oldest first. */
  trend: Readonly<Record<string, readonly number[]>>
  /** The same by reason. */
  kinds: Readonly<Record<string, readonly number[]>>
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

/** A step that repair took or proposed. */
export interface RepairEntry {
  at: number
  state: 'proposed' | 'applied' | 'partly' | 'failed' | 'undone' | 'idle'
  what: string
  why: string
  /** Of `what`, for those who read another language. */
  verb?: string
}

export interface NodeDetail extends KnownNode {
  log?: NodeReport['log']
  timeline: readonly TimelineEntry[]
  repairs: readonly RepairEntry[]
}
