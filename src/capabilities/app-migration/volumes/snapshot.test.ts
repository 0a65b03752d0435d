import { describe, expect, it } from 'vitest'
import type { Clock } from '#core/kernel/clock.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { FAKE_KINDS, fakeCluster } from '../../../../test/fakes/cluster.ts'
import { moveBySnapshot } from './snapshot.ts'

const API = 'snapshot.storage.k8s.io/v1beta1'
const [namespaced, global] = [FAKE_KINDS.find(({ kind }) => kind === 'Service')!, FAKE_KINDS.find(({ kind }) => kind === 'Node')!]
const claims = { ...namespaced, kind: 'PersistentVolumeClaim', plural: 'persistentvolumeclaims' }
const snapshots = [
  { ...namespaced, apiVersion: API, kind: 'VolumeSnapshot', plural: 'volumesnapshots' },
  { ...global, apiVersion: API, kind: 'VolumeSnapshotContent', plural: 'volumesnapshotcontents' },
]
const claim = (phase: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'shop', uid: 'u', annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'slow', volumeName: 'pv', resources: { requests: { storage: '1Gi' } } },
  status: { phase },
})
const cluster = (name: string, objects: KubeObject[], able = true) => fakeCluster({ name, objects, kinds: [...FAKE_KINDS, claims, ...(able ? snapshots : [])] })

/** Each time somebody waits, what controller and driver do; a minute passes. */
function driven(sides: readonly Cluster[], says: object = { readyToUse: true }): Clock {
  let now = 0
  return {
    now: () => now,
    sleep: async () => {
      now += 60_000
      for (const side of sides)
        for (const { metadata, spec, status } of (await side.list({ apiVersion: API, kind: 'VolumeSnapshot' })).items) {
          if (status !== undefined) continue
          const given = (spec as { source: { volumeSnapshotContentName?: string } }).source.volumeSnapshotContentName
          if (given === undefined)
            await side.create({
              apiVersion: API,
              kind: 'VolumeSnapshotContent',
              metadata: { name: 'content' },
              spec: { driver: 'csi.example', deletionPolicy: 'Delete' },
              status: { snapshotHandle: 'snap-1' },
            } as KubeObject)
          const ref = { apiVersion: API, kind: 'VolumeSnapshot', namespace: metadata.namespace!, name: metadata.name }
          await side.patch(ref, 'merge', { status: { ...says, boundVolumeSnapshotContentName: given ?? 'content' } })
        }
    },
  } as Clock
}
const MOVE = { claim: 'data', namespace: 'shop', targetNamespace: 'store', waitMs: 600_000 }
const there = (target: Cluster, kind: string, name: string) =>
  target.get({ apiVersion: kind === 'PersistentVolumeClaim' ? 'v1' : API, kind, name, ...(kind === 'VolumeSnapshotContent' ? {} : { namespace: 'store' }) })

describe('a claim by its snapshot', () => {
  it('is made on the target, filled from what the storage has, and once only', async () => {
    const [source, target] = [cluster('old', [claim('Bound')]), cluster('new', [])]
    const clock = driven([source, target])
    expect(await moveBySnapshot(source, target, { ...MOVE, snapshotClass: 'fast', storageClass: 'ssd' }, clock)).toEqual({
      claim: 'data',
      outcome: 'handed over',
      snapshot: 'snap-1',
    })
    const made = await there(target, 'PersistentVolumeClaim', 'data')
    expect(made.metadata.annotations).toBeUndefined()
    expect(made.spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'ssd',
      resources: { requests: { storage: '1Gi' } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'sallyport-data' },
    })
    expect((await there(target, 'VolumeSnapshotContent', 'sallyport-store-data')).spec).toMatchObject({
      driver: 'csi.example',
      deletionPolicy: 'Retain',
      source: { snapshotHandle: 'snap-1' },
    })
    expect((await there(source, 'VolumeSnapshotContent', 'content')).spec).toMatchObject({ deletionPolicy: 'Retain' })
    expect(await moveBySnapshot(source, target, MOVE, clock)).toMatchObject({ outcome: 'skipped', why: 'the claim is on the target already' })
  })

  it('is skipped with the reason, or fails with what the driver says', async () => {
    const skipped = async (source: Cluster, target: Cluster) => {
      const moved = await moveBySnapshot(source, target, MOVE, driven([]))
      return 'why' in moved ? moved.why : moved.outcome
    }
    expect(await skipped(cluster('old', [claim('Pending')]), cluster('new', []))).toBe('the claim has no volume')
    expect(await skipped(cluster('old', [claim('Bound')], false), cluster('new', []))).toContain('old serves no VolumeSnapshots')
    expect(await skipped(cluster('old', [claim('Bound')]), cluster('new', [], false))).toContain('new serves no VolumeSnapshots')
    const source = cluster('old', [claim('Bound')])
    const target = cluster('new', [])
    const broken = driven([source], { readyToUse: false, error: { message: 'disk is full' } })
    await expect(moveBySnapshot(source, target, MOVE, broken)).rejects.toMatchObject({ code: 'VOLUME_NOT_MOVED', details: { reason: 'disk is full' } })
    expect(target.writes).toEqual([])
    await expect(moveBySnapshot(cluster('old', [claim('Bound')]), target, MOVE, driven([]))).rejects.toMatchObject({ code: 'TIMED_OUT' })
  })
})
