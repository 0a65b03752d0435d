/** Moves that the server runs: what is asked, what the pages see. */
import { z } from 'zod'
import type { Failure, Finding, ItemReport, Outcome, Prediction, RunReport } from './job.ts'
import { SPEC_FORMATS } from './spec/rule.ts'

/** What `POST /image-moves` takes. */
export const moveRequest = z
  .strictObject({
    title: z.string().max(200).optional(),
    /** Text of a file: ours, image-syncer's, skopeo's or regsync's. */
    spec: z
      .string()
      .max(1 << 20)
      .optional(),
    format: z.enum(SPEC_FORMATS).optional(),
    /** image-syncer's auth file. */
    auth: z
      .string()
      .max(1 << 20)
      .optional(),
    /** What this cluster uses, instead of a spec. */
    fromCluster: z.string().max(63).optional(),
    namespaces: z.array(z.string().max(63)).max(1000).optional(),
    to: z.string().max(500).optional(),
    scoped: z.boolean().optional(),
    existing: z.enum(['overwrite', 'keep']).optional(),
    bytesPerSecond: z.number().int().min(1024).optional(),
  })
  .refine(({ spec, fromCluster }) => (spec === undefined) !== (fromCluster === undefined), { message: 'takes either `spec` or `fromCluster`', path: ['spec'] })
export type MoveRequest = z.output<typeof moveRequest>

export const MOVE_STATES = ['queued', 'looking', 'running', 'done', 'partly', 'failed', 'canceled', 'interrupted'] as const
export type MoveState = (typeof MOVE_STATES)[number]

export interface MoveProgress {
  pairs: number
  pairsDone: number
  bytesDone: number
  bytesKnown: number
}

/** A move as lists and pages see it; never its spec, which may hold passwords. */
export interface MoveSummary {
  id: string
  title: string
  by: string
  /** The ImageSync that it is a run of: `cluster/namespace/name`. */
  sync?: string
  state: MoveState
  /** ms since the epoch. */
  createdAt: number
  startedAt?: number
  endedAt?: number
  progress: MoveProgress
  counts: Readonly<Record<Outcome, number>>
  bytesSent: number
  bytesSpared: number
  /** Tags that the source no longer has: removed, and listed only. Undefined: nothing was to be pruned, or a failure forbade it. */
  pruned?: { removed: number; extra: number }
  /** Why it ended before it began to copy. */
  failure?: Failure
  /** What was accepted but is not as asked, and rules that could not be followed. */
  notes: readonly string[]
  /** sha256 of its report, once it is there. */
  report?: { digest: string; keyId: string }
}

/** `GET /image-moves/{id}/items` */
export interface MoveItems {
  items: readonly ItemReport<Outcome | Finding>[]
  total: number
}

/** What a spec comes to, without copying: `POST /image-moves/preview`. */
export interface MovePreview {
  pairs: number
  /** The first of them. */
  sample: readonly { source: string; target: string; platforms: readonly string[] }[]
  /** Indexes are cut down to some platforms: their digests change. */
  changesDigests: number
  conflicts: readonly { path: string; message: string; line?: number }[]
  /** Rules that could not be followed. */
  failed: readonly ItemReport[]
  notes: readonly string[]
  /** Only when asked for: the manifests of what changed are read for it, which registries with a quota count. */
  prediction?: MovePrediction
}

export interface MovePrediction {
  /** Images that are not as at the source. */
  images: number
  unchanged: number
  failed: number
  bytesSent: number
  bytesSpared: number
  /** By registry. */
  places: readonly { place: string; requests: number; pulls: number; limit?: string; remaining?: string }[]
}

/** What a plan came to, for people. */
export function predictionOf(
  items: readonly Pick<ItemReport<Outcome | Finding>, 'outcome' | 'bytesSent' | 'bytesSpared'>[],
  { requests, pulls }: Prediction,
  traffic: RunReport['traffic'],
): MovePrediction {
  const count = (outcome: Outcome | Finding) => items.filter((item) => item.outcome === outcome).length
  return {
    images: count('planned'),
    unchanged: count('unchanged') + count('kept'),
    failed: count('failed'),
    bytesSent: items.reduce((sum, item) => sum + item.bytesSent, 0),
    bytesSpared: items.reduce((sum, item) => sum + item.bytesSpared, 0),
    places: Object.keys(requests).map((place) => ({ place, requests: requests[place]!, pulls: pulls[place] ?? 0, ...traffic[place]?.rateLimit })),
  }
}

export const noCounts = (): Record<Outcome, number> => ({ unchanged: 0, copied: 0, kept: 0, failed: 0, stopped: 0 })

/** Where a finished run leaves its move. */
export function endState({ totals }: RunReport, canceled: boolean): MoveState {
  if (canceled) return 'canceled'
  const bad = totals.failed + totals.stopped
  if (bad === 0) return 'done'
  return totals.copied + totals.unchanged + totals.kept > 0 ? 'partly' : 'failed'
}
