/** What the API answers about scaling; server and console read it. */
import { z } from 'zod'
import type { ScalePolicySpec, ScalePolicyStatus } from '../resources/scale-policy.ts'

export const policyParams = z.object({ namespace: z.string().min(1).max(63), name: z.string().min(1).max(253) })

export interface ScaleTarget {
  kind: string
  name: string
  /** Null: it is not there. */
  wanted: number | null
  ready: number | null
  desired: number | null
  why: string
}
export interface ScalePolicyRow {
  namespace: string
  name: string
  spec: ScalePolicySpec | null
  status: ScalePolicyStatus
  problems: { path: string; message: string }[]
  /** Bounds that hold now. */
  min: number
  max: number
  windows: string[]
  targets: ScaleTarget[]
  changes: { at: number; name: string; from: number; to: number; why: string }[]
}
export interface CronJobRow {
  namespace: string
  name: string
  target: string
  jobs: { name: string; schedule: string; targetSize: number; state: string; message: string; last: string }[]
}
export interface LedgerRow {
  at: string
  subject: string
  state: string
  targetSize: number
}
export interface ScaleOverview {
  /** The cluster has the kind ScalePolicy. */
  installed: boolean
  policies: ScalePolicyRow[]
  cron: CronJobRow[]
  ledger: LedgerRow[]
  /** Of the last minutes at the entry, one value each second, with the policies' targets beside. */
  traffic: { second: number; requests: number }[]
  freshnessMs: number | null
  apis: { name: string; state: string; message: string }[]
  /** The demo takes a burst. */
  demo: boolean
}
