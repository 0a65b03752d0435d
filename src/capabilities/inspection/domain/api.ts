/** What the server answers about inspections. */
import type { Problem } from '#core/kernel/errors.ts'
import type { Category } from '#core/shapes/check.ts'
import type { Severity } from '#core/shapes/severity.ts'
import type { InspectionSpec, InspectionStatus } from '../resources/inspection.ts'

/** By what the sizes of containers are judged: ms of metrics, what they use at the moment, or nothing. */
export type UsageBasis = number | 'moment' | 'unknown'

/** One run, as it is kept. */
export interface Run {
  /** UUIDv7. */
  id: string
  inspection: string
  why: string
  /** ms since the epoch; findings of the run bear it. */
  startedAt: number
  seconds: number
  /** Everything could be read, and there was something to look at. */
  complete: boolean
  /** Something is at least as severe as `failOn`. */
  failed: boolean
  objects: number
  checks: number
  kinds: { read: number; unread: number }
  /** Left out by older servers. */
  usage?: UsageBasis
  /** At most 200 of what could not be read. */
  unread: readonly Problem[]
  counts: Readonly<Record<Severity, number>>
  /** Against the run before; undefined: there was none. */
  added?: number
  gone?: number
  suppressed: readonly { check: string; object: string; path: string; reason: string; until: string }[]
}

export interface InspectionRow {
  name: string
  spec: InspectionSpec
  status: InspectionStatus
}
export interface InspectionsAnswer {
  /** Does the cluster serve the kind? */
  served: boolean
  inspections: readonly InspectionRow[]
}

export interface FindingRow {
  fingerprint: string
  check: string
  category: Category | 'user'
  severity: Severity
  state: 'open' | 'cleared'
  kind: string
  namespace: string
  name: string
  path: string
  what: string
  message: string
  /** ms since the epoch. */
  since: number
}
export interface FindingDetail extends FindingRow {
  aliases: readonly string[]
  fix: readonly { path: string; value?: unknown; guess?: true }[]
}

export interface Group {
  name: string
  counts: Readonly<Record<Severity, number>>
}
export interface OverviewAnswer {
  runs: readonly Run[]
  counts: Readonly<Record<Severity, number>>
  byCategory: readonly Group[]
  byNamespace: readonly Group[]
  byCheck: readonly (Group & { message: string })[]
}

/** What a fix would do to one object of the cluster. */
export interface FixPreview {
  object: string
  checks: readonly string[]
  /** Lines with - and +, of what the API server would make of it. */
  diff: string
  /** What starts anew. */
  restarts: string
  /** Budgets over these pods, and how many may go now. */
  budgets: readonly { name: string; allowed: number | null }[]
  /** Why it is not to be applied. */
  refused?: string
}
