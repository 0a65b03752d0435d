/** What the shell asks of the server, under `/api/v1`. Answers of capabilities are in their own `domain/api.ts`. */
import type { Mute } from '#core/alerting/muting.ts'
import type { FiringAlert } from '#core/alerting/types.ts'

/** GET /clusters */
export interface ClustersAnswer {
  clusters: { id: string; source?: string }[]
}

/** GET /clusters/{cluster}/alerts — everything that fires now, also what is muted. */
export interface AlertsAnswer {
  /** False until the state of the last run was read: an empty list then says nothing. */
  known: boolean
  alerts: FiringAlertAnswer[]
}
export interface FiringAlertAnswer extends FiringAlert {
  fingerprint: string
  muted: Mute | null
  /** Receivers that know of it. */
  told: string[]
}

/** GET /ingest-tokens */
export interface TokensAnswer {
  tokens: { id: string; name: string; cluster: string; signals: string[]; createdAt: number; lastUsedAt?: number }[]
}

/** Of the settings section `syslog`. */
export interface SyslogListener {
  protocol: 'udp' | 'tcp'
  address: string
  port: number
  cluster: string
  source: string
  format?: string
}
/** GET /syslog — each listener of the settings and whether it listens. */
export interface SyslogAnswer {
  listeners: (SyslogListener & { listening: boolean; error?: { code: string; message: string; next: string } })[]
}
