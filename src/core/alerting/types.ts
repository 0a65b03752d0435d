import type { Notification } from '../shapes/ports/notifier.ts'
import type { Severity } from '../shapes/severity.ts'

export type Labels = Readonly<Record<string, string>>

/** A condition that holds now; its identity is its label set. */
export interface FiringAlert {
  /** With `cluster` and `severity` among them, so that routes and silences can match on them. */
  labels: Labels
  severity: Severity
  annotations: Labels
  value?: number
  /** ms since the epoch at which the condition began to hold. */
  activeSince: number
  /** Absolute link to the page that shows it. */
  link?: string
}

export interface TrackedAlert extends FiringAlert {
  /** ms since the epoch at which it was no longer among the firing ones. */
  endsAt?: number
}

/** What one receiver of a group was told. */
export interface Told {
  /** ms since the epoch of the last message that it took; undefined: none yet. */
  at?: number
  /** Fingerprints that it knows to be firing. */
  firing: readonly string[]
  /** Fingerprints about which it was sent something whose outcome is not known (under way, or lost in a crash): it may believe either. */
  attempted: readonly string[]
}

/** Alerts that one route reports together. */
export interface AlertGroup {
  labels: Labels
  /** Fingerprints: the firing ones, and the resolved ones that somebody must still be told about. */
  alerts: readonly string[]
  /** ms since the epoch of the next flush. */
  nextAt: number
  /** By receiver. */
  told: Readonly<Record<string, Told>>
}

/** Everything that alerting remembers: plain JSON, to be stored before a message leaves. */
export interface AlertingState {
  /** By fingerprint. */
  alerts: Readonly<Record<string, TrackedAlert>>
  /** By group key. */
  groups: Readonly<Record<string, AlertGroup>>
}

/** What `settle` needs to know about a message. */
export interface Receipt {
  groupKey: string
  receiver: string
  /** When the message was made, ms since the epoch. */
  at: number
  firing: readonly string[]
  resolved: readonly string[]
  /** Those of both that no earlier message with an unknown outcome was about. */
  newlyTried: readonly string[]
}

export interface Outgoing {
  notification: Notification
  receipt: Receipt
}

export interface Step {
  state: AlertingState
  outgoing: readonly Outgoing[]
  /** When `step` must run again even if nothing changes, ms since the epoch; undefined: not needed. */
  nextAt: number | undefined
}
