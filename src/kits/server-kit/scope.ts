import type { Scope } from '#core/shapes/ports/telemetry.ts'
import type { Identity } from './auth.ts'

/** The one place that decides what a request may read. An ingest token writes and reads nothing; whoever is not known reads nothing. */
export const scopeOf = (identity: Identity | undefined): Scope => (identity?.kind === 'user' ? 'all' : { clusters: [] })
