/** A CSI snapshot that is taken on one cluster and handed to another by its handle: the data stays where it is, in a storage that both reach. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { KubeObject, ObjectRef } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { clean } from '../domain/clean.ts'
import { bodyOf, textOf } from '../domain/parts.ts'
import { fromSnapshot, handedOver, SNAPSHOT_GROUP, snapshotNameOf } from '../domain/volumes.ts'
import type { ClaimMoved } from './pods.ts'

/** The version in which a cluster serves both VolumeSnapshot and VolumeSnapshotContent; undefined: it does not. */
export async function snapshotApi(cluster: Cluster): Promise<string | undefined> {
  const { kinds } = await cluster.discover()
  return ['v1', 'v1beta1']
    .map((version) => `${SNAPSHOT_GROUP}/${version}`)
    .find((apiVersion) => ['VolumeSnapshot', 'VolumeSnapshotContent'].every((kind) => kinds.some((one) => one.kind === kind && one.apiVersion === apiVersion)))
}

interface Taken {
  driver: string
  handle: string
}
export interface SnapshotOptions {
  /** VolumeSnapshotClass; undefined: the default one of the driver. */
  snapshotClass?: string
  /** For the snapshot to become ready, ms. */
  waitMs: number
  signal?: AbortSignal
}

/**
 * Takes a snapshot of a claim, or waits for the one that was taken before under the same name. The storage keeps it when its VolumeSnapshot is deleted.
 * Rejects with VOLUME_NOT_MOVED when the driver reports an error, TIMED_OUT.
 */
export async function takeSnapshot(cluster: Cluster, apiVersion: string, claim: { namespace: string; name: string }, options: SnapshotOptions, clock: Clock) {
  const { namespace, name } = claim
  const ref = { apiVersion, kind: 'VolumeSnapshot', namespace, name: snapshotNameOf(name) }
  try {
    await cluster.create({
      apiVersion,
      kind: ref.kind,
      metadata: { name: ref.name, namespace, labels: { 'app.kubernetes.io/managed-by': 'sallyport' } },
      spec: {
        source: { persistentVolumeClaimName: name },
        ...(options.snapshotClass === undefined ? {} : { volumeSnapshotClassName: options.snapshotClass }),
      },
    } as KubeObject)
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'ALREADY_EXISTS') throw error
    const { spec } = await cluster.get(ref)
    if (bodyOf(bodyOf(spec).source).persistentVolumeClaimName !== name)
      throw new CodedError('VOLUME_NOT_MOVED', { claim: `${namespace}/${name}`, reason: `VolumeSnapshot ${ref.name} is there and of another claim` })
  }
  const taken = await untilUsable(cluster, ref, options, clock)
  const contentRef = { apiVersion, kind: 'VolumeSnapshotContent', name: String(bodyOf(taken.status).boundVolumeSnapshotContentName) }
  const content = await cluster.get(contentRef)
  const driver = textOf(bodyOf(content.spec).driver)
  const handle = textOf(bodyOf(content.status).snapshotHandle)
  if (driver === undefined || handle === undefined)
    throw new CodedError('VOLUME_NOT_MOVED', { claim: `${namespace}/${name}`, reason: `VolumeSnapshotContent ${contentRef.name} has no driver or no handle` })
  if (bodyOf(content.spec).deletionPolicy !== 'Retain') await cluster.patch(contentRef, 'merge', { spec: { deletionPolicy: 'Retain' } })
  return { driver, handle } satisfies Taken
}

/** Makes the snapshot known on the target, by `make`. A claim with it as its `dataSource` is filled from it. */
export async function handOver(
  cluster: Cluster,
  apiVersion: string,
  claim: { namespace: string; name: string },
  taken: Taken,
  make: (object: KubeObject) => Promise<void>,
  options: SnapshotOptions,
  clock: Clock,
): Promise<void> {
  const [content, snapshot] = handedOver(apiVersion, claim, taken)
  await make(content)
  await make(snapshot)
  await untilUsable(cluster, { apiVersion, kind: 'VolumeSnapshot', namespace: claim.namespace, name: snapshot.metadata.name }, options, clock)
}

export interface SnapshotMove extends SnapshotOptions {
  claim: string
  namespace: string
  targetNamespace: string
  /** Of the new claim; undefined: the one of the source. */
  storageClass?: string
}

/** One claim by itself: it is made on the target, filled from a snapshot. Rejects as the steps do, and with NOT_FOUND when the source has no such claim. */
export async function moveBySnapshot(source: Cluster, target: Cluster, move: SnapshotMove, clock: Clock): Promise<ClaimMoved> {
  const { claim, namespace, targetNamespace, storageClass } = move
  const skipped = (why: string): ClaimMoved => ({ claim, outcome: 'skipped', why })
  const found = await source.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claim })
  if (bodyOf(found.status).phase !== 'Bound') return skipped('the claim has no volume')
  const [here, there] = await Promise.all([snapshotApi(source), snapshotApi(target)])
  if (here === undefined || there === undefined) return skipped(`${(here === undefined ? source : target).name} serves no VolumeSnapshots (${SNAPSHOT_GROUP})`)
  const make = async (object: KubeObject): Promise<void> => {
    await target.create(object).catch((error) => {
      if (!(error instanceof CodedError) || error.code !== 'ALREADY_EXISTS') throw error
    })
  }
  const made = fromSnapshot(clean([found], await loadApiFacts()).objects[0]!)
  made.metadata.namespace = targetNamespace
  if (storageClass !== undefined) made.spec = { ...bodyOf(made.spec), storageClassName: storageClass }
  // A claim is filled when it is made, and never again.
  if (await isThere(target, { ...made, namespace: targetNamespace, name: claim })) return skipped('the claim is on the target already')
  const to = { namespace: targetNamespace, name: claim }
  const taken = await takeSnapshot(source, here, { namespace, name: claim }, move, clock)
  await handOver(target, there, to, taken, make, move, clock)
  await make(made)
  return { claim, outcome: 'handed over', snapshot: taken.handle }
}

async function isThere(cluster: Cluster, ref: ObjectRef): Promise<boolean> {
  try {
    await cluster.get(ref)
    return true
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'NOT_FOUND') throw error
    return false
  }
}

const LOOK_AGAIN_MS = 500

async function untilUsable(cluster: Cluster, ref: ObjectRef, { waitMs, signal }: SnapshotOptions, clock: Clock): Promise<KubeObject> {
  const until = clock.now() + waitMs
  for (;;) {
    signal?.throwIfAborted()
    const found = await cluster.get(ref)
    const { readyToUse, error, boundVolumeSnapshotContentName } = bodyOf(found.status)
    if (readyToUse === true && boundVolumeSnapshotContentName !== undefined) return found
    if (clock.now() >= until) {
      const said = textOf(bodyOf(error).message)
      if (said !== undefined) throw new CodedError('VOLUME_NOT_MOVED', { claim: `${ref.namespace}/${ref.name}`, reason: said })
      throw new CodedError('TIMED_OUT', { what: `VolumeSnapshot ${ref.namespace}/${ref.name}`, limit: `${Math.round(waitMs / 1000)} s` })
    }
    await clock.sleep(LOOK_AGAIN_MS, signal)
  }
}
