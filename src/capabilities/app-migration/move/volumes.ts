/** The data of claims as a part of a move: what is possible is known before the first write, and data is there before the pods that use it. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { describeRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { type Obstacle, type ObstacleKind, obstacle } from '../domain/obstacles.ts'
import { bodyOf, textOf } from '../domain/parts.ts'
import { type ClaimData, fromSnapshot, SNAPSHOT_GROUP, type VolumeOrder } from '../domain/volumes.ts'
import { moveClaim, podsUsing } from '../volumes/pods.ts'
import { handOver, snapshotApi, takeSnapshot } from '../volumes/snapshot.ts'
import type { ApplyOptions } from './apply.ts'
import { each } from './target.ts'

type Name = { namespace: string; name: string }
export const nameOf = ({ namespace, name }: Name): string => `${namespace}/${name}`

export interface VolumePlan {
  /** By `namespace/name` on the target: where the data of a claim is. Claims whose data does not come along are not in it. */
  moving: ReadonlyMap<string, Name>
  obstacles: readonly Obstacle[]
}

export const isClaim = ({ apiVersion, kind }: KubeObject): boolean => apiVersion === 'v1' && kind === 'PersistentVolumeClaim'

/**
 * Which data comes along, and what stands in the way. Nothing is written.
 * @param origins by `namespace/name` on the target, the claim of the source
 */
export async function planVolumes(
  ends: { source: Cluster; target: Cluster },
  claims: readonly KubeObject[],
  origins: ReadonlyMap<string, Name>,
  order: VolumeOrder | undefined,
  signal: AbortSignal,
): Promise<VolumePlan> {
  const moving = new Map<string, Name>()
  const obstacles: Obstacle[] = []
  const [here, there] = order?.method === 'snapshot' ? await Promise.all([snapshotApi(ends.source), snapshotApi(ends.target)]) : []
  await each(claims, 8, async (claim) => {
    signal.throwIfAborted()
    const say = (kind: ObstacleKind, details: Record<string, string> = {}): void => void obstacles.push(obstacle(kind, describeRef(refOf(claim)), details))
    const key = nameOf(claim.metadata as Name)
    const from = origins.get(key)
    if (order === undefined || from === undefined) return say('volume-left')
    const { spec, status } = await ends.source.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...from })
    if (bodyOf(status).phase !== 'Bound') return say('volume-none')
    if (order.method === 'mover') {
      if (bodyOf(spec).volumeMode === 'Block') return say('volume-block')
    } else {
      if (here === undefined || there === undefined) return say('volume-no-snapshots', { cluster: (here === undefined ? ends.source : ends.target).name })
      const driver = await driverOf(ends.source, textOf(bodyOf(spec).volumeName))
      if (driver === 'none') return say('volume-no-driver')
      if (driver !== undefined && (await isAbsent(ends.target, driver))) return say('volume-driver-missing', { driver })
      say('volume-same-storage')
    }
    moving.set(key, from)
    for (const { cluster, verb, group, resource, namespace } of rightsFor(ends, order, from, claim.metadata as Name)) {
      const { allowed, reason } = await cluster.may({ verb, group, resource, ...(namespace === undefined ? {} : { namespace }) })
      const what = `${resource}${group === '' ? '' : `.${group}`}${namespace === undefined ? '' : ` in ${namespace}`} (${cluster.name})`
      if (!allowed) say('no-right', { verb, resource: what, reason: reason || 'RBAC' })
    }
    try {
      const users = (await podsUsing(ends.source, from.namespace, from.name)).map(({ metadata }) => metadata.name).join(', ')
      if (users !== '') say(order.live ? 'volume-live' : 'volume-used', { users })
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      say('volume-users-unseen', { reason: error.message })
    }
  })
  return { moving, obstacles: obstacles.sort((a, b) => a.object.localeCompare(b.object)) }
}

const pods = ['pods', 'secrets'].map((resource) => ({ verb: 'create', group: '', resource }))
function rightsFor({ source, target }: { source: Cluster; target: Cluster }, { method }: VolumeOrder, from: Name, to: Name) {
  if (method === 'mover')
    return pods.flatMap((right) => [
      { cluster: source, namespace: from.namespace, ...right },
      { cluster: target, namespace: to.namespace, ...right },
    ])
  const snapshots = { verb: 'create', group: SNAPSHOT_GROUP, resource: 'volumesnapshots' }
  const contents = { group: SNAPSHOT_GROUP, resource: 'volumesnapshotcontents', namespace: undefined }
  return [
    { cluster: source, namespace: from.namespace, ...snapshots },
    { cluster: source, verb: 'get', ...contents },
    { cluster: target, namespace: to.namespace, ...snapshots },
    { cluster: target, verb: 'create', ...contents },
  ]
}

/** The CSI driver of a volume; `none` when it has none; undefined when it may not be seen. */
async function driverOf(cluster: Cluster, volume: string | undefined): Promise<string | undefined> {
  if (volume === undefined) return undefined
  try {
    const { spec } = await cluster.get({ apiVersion: 'v1', kind: 'PersistentVolume', name: volume })
    return textOf(bodyOf(bodyOf(spec).csi).driver) ?? 'none'
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return undefined
  }
}

async function isAbsent(cluster: Cluster, driver: string): Promise<boolean> {
  try {
    await cluster.get({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', name: driver })
    return false
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return error.code === 'NOT_FOUND' || error.code === 'KIND_UNKNOWN'
  }
}

/** Claims that are filled from a snapshot name it as their source. */
export const withSources = (objects: readonly KubeObject[], { moving }: VolumePlan, order: VolumeOrder | undefined): KubeObject[] =>
  objects.map((object) => (order?.method === 'snapshot' && isClaim(object) && moving.has(nameOf(object.metadata as Name)) ? fromSnapshot(object) : object))

export interface DataOptions {
  order: VolumeOrder
  plan: VolumePlan
  /** False: a pass while the app runs, to be followed by another one. */
  final: boolean
  waitMs: number
  signal: AbortSignal
  tell(data: ClaimData): void
}

/** Data moves when its claim is there and before the next wave, in which the pods are; a snapshot before its claim. What a journal has recorded is not moved again. */
export function volumeWork(
  { source, target }: { source: Cluster; target: Cluster },
  { order, plan, final, waitMs, signal, tell }: DataOptions,
  clock: Clock,
): Pick<ApplyOptions, 'beforeWave' | 'afterWave'> {
  const movingAmong = (objects: readonly KubeObject[]): [Name, Name][] =>
    objects.filter(isClaim).flatMap(({ metadata }) => {
      const from = plan.moving.get(nameOf(metadata as Name))
      return from === undefined ? [] : [[metadata as Name, from]]
    })
  if (order.method === 'snapshot')
    return {
      beforeWave: async ({ objects, make, recorded, record }) => {
        for (const [to, from] of movingAmong(objects)) {
          if (recorded(`data ${nameOf(to)}`)) continue
          const options = { waitMs, signal, ...(order.snapshotClass === undefined ? {} : { snapshotClass: order.snapshotClass }) }
          const [here, there] = await Promise.all([snapshotApi(source), snapshotApi(target)])
          const taken = await takeSnapshot(source, here!, from, options, clock)
          await handOver(target, there!, to, taken, make, options, clock)
          await record(`data ${nameOf(to)}`)
          tell({ claim: nameOf(to), outcome: 'moved', snapshot: taken.handle })
        }
      },
    }
  return {
    afterWave: async ({ objects, recorded, record }) => {
      for (const [to, from] of movingAmong(objects)) {
        if (recorded(`data ${nameOf(to)}`)) continue
        const { address, image = '' } = order
        const moved = await moveClaim(
          source,
          target,
          {
            claim: from.name,
            namespace: from.namespace,
            targetNamespace: to.namespace,
            image,
            final: final && !order.live,
            waitMs,
            signal,
            ...(address === undefined ? {} : { address }),
          },
          clock,
        )
        if (moved.outcome === 'skipped') throw new CodedError('VOLUME_NOT_MOVED', { claim: nameOf(to), reason: moved.why })
        if (moved.outcome === 'unequal') throw new CodedError('VOLUME_NOT_MOVED', { claim: nameOf(to), reason: 'the checksums of the two sides differ' })
        const { bytes, sentBytes, checksum } = moved.sent
        if (final) await record(`data ${nameOf(to)}`)
        tell({ claim: nameOf(to), outcome: final ? 'moved' : 'copied', bytes, sentBytes, ...(checksum === undefined ? {} : { checksum: checksum.target }) })
      }
    },
  }
}
