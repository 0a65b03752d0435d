/**
 * What goes in and what comes out of a run: the contract between what decides what moves (command line, files, clusters, ImageSync) and the engine.
 * All of it is plain data.
 */
import type { Details, ErrorCode } from '#core/kernel/errors.ts'
import type { ImageReference, Place } from '#core/oci/place.ts'

/** One image to move. Both references have a tag or a digest, except in files that hold one image. */
export interface Pair {
  source: ImageReference
  target: ImageReference
  /** Only these of an index (`linux/amd64`): the index is rewritten then, so its digest changes. Undefined: all, bytes as they are. */
  platforms?: readonly string[]
  /** Signatures, attestations and all else that refers to the image move with it. Default true. */
  referrers?: boolean
  /** `overwrite` (default): the tag is moved when it differs. `keep`: a tag that is there stays. */
  existing?: 'overwrite' | 'keep'
  /** Which rule made it, for the report: `mirror.yaml: rules[3]`. */
  rule?: string
}

/** A repository of the target whose tags come from this job alone: what `prune` may look at. */
export interface Mirror {
  place: Place
  repository: string
  /** Tags that the job owns (regular expression, anchored); undefined: all. */
  tags?: string
}

export interface Job {
  pairs: readonly Pair[]
  mirrors: readonly Mirror[]
}

/** Why something did not work, in both languages by `describeError`. */
export interface Failure {
  side?: 'source' | 'target'
  code: ErrorCode
  details: Details
  /** In English, for logs and reports. */
  message: string
}

export type Outcome =
  /** The target has it already. */
  | 'unchanged'
  | 'copied'
  /** The target has another image there, and `existing` says keep. */
  | 'kept'
  | 'failed'
  /** Not begun, because the run was stopped. */
  | 'stopped'

/** What looking without copying finds. */
export type Finding =
  /** Of a plan: it would be copied. */
  | 'planned'
  /** Of a diff. */
  | 'same'
  | 'differs'
  | 'missing'
  /** Of a diff or a prune: a tag of a mirrored repository that the job does not bring. */
  | 'extra'
  | 'removed'
  /** Every digest was proven. */
  | 'verified'

/** What became of one pair; of commands that only look, `ItemReport<Outcome | Finding>`. */
export interface ItemReport<Is = Outcome> {
  source: string
  target: string
  rule?: string
  outcome: Is
  /** At the source. */
  digest?: string
  /** At the target now; differs from `digest` only with a platform filter. */
  targetDigest?: string
  /** Manifests and blobs written, of this pair (what another pair of the run wrote is not counted again). */
  manifests: number
  blobs: number
  /** Blob bytes that were sent, and that were spared by mounts and by being there. */
  bytesSent: number
  bytesSpared: number
  /** Blobs that the target took from another of its repositories. */
  mounts: number
  /** Digests of signatures, attestations and other referrers that went along. */
  referrers: readonly string[]
  /** Layers that registries do not hold; they stay at their URLs. */
  foreignLayers: number
  failure?: Failure
  /** What a person should know though it worked. */
  notes: readonly string[]
  /** ms. */
  took: number
}

/** What a plan expects to ask of each place. */
export interface Prediction {
  requests: Record<string, number>
  /** Manifests that are fetched: what registries with a quota count. */
  pulls: Record<string, number>
}

/** What a run came to; `-o json` prints it, and it is what is signed. */
export interface RunReport {
  kind: 'copy' | 'verify' | 'diff' | 'prune' | 'plan'
  /** ms since the epoch. */
  startedAt: number
  endedAt: number
  items: readonly ItemReport<Outcome | Finding>[]
  prediction?: Prediction
  totals: {
    pairs: number
    copied: number
    unchanged: number
    kept: number
    failed: number
    stopped: number
    bytesSent: number
    bytesSpared: number
    mounts: number
  }
  traffic: Readonly<
    Record<
      string,
      {
        requests: Readonly<Record<string, number>>
        bytesSent: number
        bytesReceived: number
        retries: number
        slowedDown: number
        rateLimit?: { limit?: string; remaining?: string }
      }
    >
  >
}

/** What happens, as it happens: for progress bars, pages and logs. */
export type RunEvent =
  | { type: 'begin'; pairs: number }
  /** What is known of the bytes to send so far grows while images are looked at. */
  | { type: 'progress'; pairsDone: number; pairs: number; bytesDone: number; bytesKnown: number }
  | { type: 'item'; item: ItemReport }
  | { type: 'end'; report: RunReport }
