/** What the API answers about scaling; server and console read it. */
import { z } from 'zod'
import type { ScalePolicySpec, ScalePolicyStatus } from '../resources/scale-policy.ts'
import { CRON_API } from './foreign.ts'
import type { HistoryLines } from './history.ts'
import { POLICIES } from './simulate/policies.ts'
import type { Report } from './simulate/replay.ts'

const dnsName = z.string().min(1).max(253)
export const policyParams = z.object({ namespace: z.string().min(1).max(63), name: dnsName })

/** Kinds that the forms make. */
export const FORM_KINDS = {
  ScalePolicy: ['sallyport.io/v1alpha1'],
  HorizontalPodAutoscaler: ['autoscaling/v2', 'autoscaling/v1'],
  CronHorizontalPodAutoscaler: [CRON_API],
} as const
export type FormKind = keyof typeof FORM_KINDS
export const manifestParams = policyParams.extend({ kind: z.enum(Object.keys(FORM_KINDS) as [FormKind, ...FormKind[]]) })
/** `create`: it must not be there yet; else the resourceVersion in the text must be the one that stands. */
export const manifestBody = z.strictObject({ yaml: z.string().min(1).max(200_000), create: z.boolean(), dryRun: z.boolean().default(false) })
export const whatIfBody = z.strictObject({
  /** A ScalePolicy; it need not be on the cluster. */
  yaml: z.string().min(1).max(200_000),
  days: z.number().gt(0).max(30).default(7),
  compare: z.array(z.enum(POLICIES)).max(4).default(['hpa']),
  /** What the HPA aims at, percent of `loadPerPod`. */
  target: z.number().min(1).max(100).default(70),
})

/** What a pod costs for an hour, by what it requests. */
export const price = z.strictObject({
  currency: z.string().min(1).max(10),
  /** Of one core, and of one GiB of memory, for an hour. */
  cpuHour: z.number().min(0).max(1_000_000),
  memoryHour: z.number().min(0).max(1_000_000),
})
export type Price = z.output<typeof price>

export interface ScaleTarget {
  kind: string
  name: string
  /** Null: it is not there. */
  wanted: number | null
  ready: number | null
  desired: number | null
  /** What its traffic alone asks for, now and until a new pod is ready. */
  predicted: number | null
  min: number
  max: number
  /** What a pod requests: cores, bytes. */
  perPod: { cpu: number; memory: number } | null
  why: string
}
export interface ScalePolicyRow {
  namespace: string
  name: string
  phase: NonNullable<ScalePolicyStatus['phase']>
  mode: 'preview' | 'active' | null
  message: string
  /** Windows that are open now. */
  windows: string[]
  requestsPerSecond: number | null
  /** Requests per second that are expected at most until a new pod is ready. */
  ahead: number | null
  /** The target first, then what stands behind it; empty when the policy is not valid. */
  targets: ScaleTarget[]
}
export interface PolicyDetail extends ScalePolicyRow {
  spec: ScalePolicySpec | null
  status: ScalePolicyStatus
  problems: { path: string; message: string }[]
  history: HistoryLines | null
  /** The newest first, also from before the server started. */
  changes: { at: number; what: string; why: string; state: string }[]
  resourceVersion: string
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
export interface HpaRow {
  namespace: string
  name: string
  target: string
  min: number
  max: number
  current: number | null
  desired: number | null
  /** What its metrics are now, as `qps 12/100`. */
  metrics: string[]
  /** Why it does not scale as it would. */
  trouble: string
  /** A ScalePolicy of the same target. */
  policy: string | null
}
export interface ScaleOverview {
  /** The cluster has the kind ScalePolicy. */
  installed: boolean
  policies: ScalePolicyRow[]
  /** There are more than were read. */
  more: boolean
  cron: CronJobRow[]
  /** The cluster has the kind CronHorizontalPodAutoscaler. */
  cronInstalled: boolean
  hpas: HpaRow[]
  ledger: LedgerRow[]
  /** Of the last minutes at the entry, one value each second, with the policies' targets beside. */
  traffic: { second: number; requests: number }[]
  freshnessMs: number | null
  apis: { name: string; state: string; message: string }[]
  price: Price | null
  /** The demo takes a burst. */
  demo: boolean
}

export interface WhatIf extends Report {
  /** Beginnings of the samples, ms since the epoch, and the traffic there, requests per second. */
  at: number[]
  load: number[]
}
