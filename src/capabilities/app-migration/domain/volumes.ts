/** How the data of claims comes along within a move, and what that asks of the objects. */
import { z } from 'zod'
import type { KubeObject } from '#core/kube/objects.ts'
import { bodyOf } from './parts.ts'

export const SNAPSHOT_GROUP = 'snapshot.storage.k8s.io'

export const VOLUMES = z
  .strictObject({
    method: z.enum(['mover', 'snapshot']).describe('mover: from pod to pod. snapshot: a CSI snapshot is handed over; both clusters use the same storage.'),
    image: z.string().min(1).max(1_000).optional().describe('Of the mover pods, with sallyport as its entrypoint; mover only.'),
    address: z
      .string()
      .regex(/^\S+:\d{1,5}$/)
      .max(300)
      .optional()
      .describe('HOST:PORT by which the source reaches the receiving pod; its own address when left out. mover only.'),
    snapshotClass: z.string().min(1).max(253).optional().describe('VolumeSnapshotClass of the source; its default one when left out. snapshot only.'),
    live: z.boolean().default(false).describe('Take the data also while pods use it. It is then as it was at some moment, and mover compares no checksums.'),
  })
  .refine(({ method, image }) => method !== 'mover' || image !== undefined, { path: ['image'], message: 'is needed by mover' })
export type VolumeOrder = z.output<typeof VOLUMES>

/** What became of the data of one claim. */
export interface ClaimData {
  /** `namespace/name` on the target. */
  claim: string
  outcome: 'moved' | 'copied'
  bytes?: number
  sentBytes?: number
  /** SHA-256 over all contents, equal on both sides. */
  checksum?: string
  /** How the storage calls the snapshot that was handed over. */
  snapshot?: string
}

/** The name of the snapshot from which a claim of the target is filled. */
export const snapshotNameOf = (claim: string): string => `sallyport-${claim}`.slice(0, 253)

/** The claim, filled from its snapshot on the target. */
export function fromSnapshot(claim: KubeObject): KubeObject {
  const { dataSourceRef: _, ...spec } = bodyOf(claim.spec)
  return { ...claim, spec: { ...spec, dataSource: { apiGroup: SNAPSHOT_GROUP, kind: 'VolumeSnapshot', name: snapshotNameOf(claim.metadata.name) } } }
}

/**
 * Content and snapshot by which a cluster knows a snapshot that is there already.
 * https://kubernetes.io/docs/concepts/storage/volume-snapshots/#static
 */
export function handedOver(
  apiVersion: string,
  claim: { namespace: string; name: string },
  { driver, handle }: { driver: string; handle: string },
): [content: KubeObject, snapshot: KubeObject] {
  const name = snapshotNameOf(claim.name)
  const content = `sallyport-${claim.namespace}-${claim.name}`.slice(0, 253)
  const labels = { 'app.kubernetes.io/managed-by': 'sallyport' }
  return [
    {
      apiVersion,
      kind: 'VolumeSnapshotContent',
      metadata: { name: content, labels },
      // What was not made here is not deleted here.
      spec: { driver, deletionPolicy: 'Retain', source: { snapshotHandle: handle }, volumeSnapshotRef: { namespace: claim.namespace, name } },
    },
    { apiVersion, kind: 'VolumeSnapshot', metadata: { name, namespace: claim.namespace, labels }, spec: { source: { volumeSnapshotContentName: content } } },
  ]
}
