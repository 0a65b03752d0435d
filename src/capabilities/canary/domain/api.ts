/** What the API answers about releases; server, CLI and console read it. */
import { z } from 'zod'
import { type CanarySpec, type CanaryStatus, COMMANDS } from '../resources/canary.ts'
import type { JudgeReport } from './judge/report.ts'

export const canaryParams = z.object({ namespace: z.string().min(1).max(63), name: z.string().min(1).max(253) })
export const commandBody = z.strictObject({ command: z.enum(COMMANDS) })
export const listQuery = z.object({ namespace: z.string().max(63).optional() })

export interface CanaryRow {
  namespace: string
  name: string
  status: CanaryStatus
}
export interface CanaryList {
  canaries: CanaryRow[]
  /** The cluster has the kind. */
  installed: boolean
  /** There are more than are listed. */
  more: boolean
}

export interface CanaryDetail extends CanaryRow {
  spec: CanarySpec | null
  problems: { path: string; message: string }[]
  /** Null: nothing was judged since this server leads the cluster, or the asker may not see requests. */
  report: JudgeReport | null
  /** May the asker press the buttons? */
  mayAct: boolean
}

/** For tools that shift the traffic themselves. */
export interface Verdict {
  verdict: 'promote' | 'rollback' | 'inconclusive'
  /** There are requests behind it. */
  known: boolean
  /** Nothing can be told now: no requests, a wrong split, a metric without values, clocks that disagree. */
  blind: boolean
  /** The first requests may not have been seen yet. */
  starting: boolean
  phase: string
  version: string
  /** To the canary. */
  requests: number
  /** RFC 3339, or ''. */
  expected: string
  reason: string
}
