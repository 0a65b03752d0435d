/** Canned answers of the page of image moves: one under way, one that ended in part, one that could not begin; ImageSyncs in several states. */
import type { Failure, ItemReport } from '#capabilities/image-migration/domain/job.ts'
import { type MoveItems, type MoveSummary, noCounts } from '#capabilities/image-migration/domain/moves.ts'
import type { SyncRow } from '#capabilities/image-migration/domain/sync.ts'
import { MARKUP } from './workload-fixtures.ts'

const MB = 1_000_000
const digestOf = (i: number) => `sha256:${i.toString(16).padStart(64, '0')}`
const failure: Failure = {
  side: 'target',
  code: 'TARGET_FULL',
  details: { place: 'registry.example.com', what: 'manifest shop/cart:1.4', reason: 'HTTP 507' },
  message: 'registry.example.com has no room for manifest shop/cart:1.4: HTTP 507.',
}

const moves = (now: number, images: number): MoveSummary[] => [
  {
    id: '0199aa00-0000-7000-8000-00000000000a',
    title: 'shop to the new registry',
    by: 'admin',
    state: 'running',
    createdAt: now - 95_000,
    startedAt: now - 90_000,
    progress: { pairs: images, pairsDone: Math.floor(images / 3), bytesDone: 940 * MB, bytesKnown: 2_700 * MB },
    counts: { ...noCounts(), copied: Math.floor(images / 3) - 1, unchanged: 1 },
    bytesSent: 940 * MB,
    bytesSpared: 120 * MB,
    notes: [],
  },
  {
    id: '0199aa00-0000-7000-8000-00000000000b',
    title: MARKUP,
    by: 'lee',
    sync: 'local/shop/nightly',
    state: 'partly',
    createdAt: now - 7_200_000,
    startedAt: now - 7_199_000,
    endedAt: now - 7_000_000,
    progress: { pairs: images, pairsDone: images, bytesDone: 4_100 * MB, bytesKnown: 4_100 * MB },
    counts: { ...noCounts(), copied: images - 2, failed: 1, kept: 1 },
    bytesSent: 4_100 * MB,
    bytesSpared: 300 * MB,
    notes: [`the rule for ${MARKUP} names no tag that is there`],
    report: { digest: digestOf(77), keyId: digestOf(78) },
  },
  {
    id: '0199aa00-0000-7000-8000-00000000000c',
    title: 'what edge-01 uses',
    by: 'kim@example.com',
    state: 'failed',
    createdAt: now - 86_400_000,
    endedAt: now - 86_399_000,
    progress: { pairs: 0, pairsDone: 0, bytesDone: 0, bytesKnown: 0 },
    counts: noCounts(),
    bytesSent: 0,
    bytesSpared: 0,
    notes: [],
    failure,
  },
]

const itemAt = (i: number): ItemReport => ({
  source: `docker.io/shop/cart:1.${i}`,
  target: `registry.example.com/mirror/shop/cart:1.${i}`,
  rule: 'copy[0]',
  outcome: i === 4 ? 'failed' : i === 5 ? 'kept' : 'copied',
  ...(i === 4 ? { failure } : { digest: digestOf(i), targetDigest: digestOf(i) }),
  manifests: 1,
  blobs: 5,
  bytesSent: i === 4 ? 0 : 41 * MB,
  bytesSpared: 3 * MB,
  mounts: 1,
  referrers: [],
  foreignLayers: 0,
  notes: i === 6 ? [MARKUP] : [],
  took: 1_900,
})

const syncs = (now: number): SyncRow[] => {
  const iso = (ms: number) => new Date(ms).toISOString()
  return [
    {
      namespace: 'shop',
      name: 'nightly',
      schedule: '0 3 * * *',
      suspend: false,
      status: {
        phase: 'Partly',
        lastEndedAt: iso(now - 7_000_000),
        nextRunAt: iso(now + 9_000_000),
        images: 40,
        copied: 38,
        failed: 1,
        move: moves(now, 40)[1]!.id,
      },
    },
    { namespace: 'shop', name: 'on-push', suspend: true, status: { phase: 'Suspended' } },
    { namespace: 'team-b', name: 'wrong', schedule: '61 * * * *', suspend: false, status: { phase: 'Invalid', message: `spec.schedule: ${MARKUP}` } },
  ]
}

export const imageEvents = (now: number, images: number) => ({ moves: images === 0 ? [] : moves(now, images).slice(0, 1) })

/** @param images of each move; 0: nothing was ever moved. Undefined: the path is none of this page's. */
export function imageAnswers(path: string, query: URLSearchParams, now: number, images: number): unknown {
  if (path === '/image-moves') return { moves: images === 0 ? [] : moves(now, images) }
  if (path === '/image-syncs') return { syncs: images === 0 ? [] : syncs(now), served: true }
  if (/^\/image-moves\/[\w-]+\/items$/.test(path)) {
    const outcome = query.get('outcome')
    const wanted = Array.from({ length: images }, (_, i) => i).filter((i) => outcome === null || itemAt(i).outcome === outcome)
    const offset = Number(query.get('offset') ?? 0)
    return { items: wanted.slice(offset, offset + Number(query.get('limit') ?? 200)).map(itemAt), total: wanted.length } satisfies MoveItems
  }
  return undefined
}
