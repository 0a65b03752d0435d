/**
 * The data of claims as a part of a Migration, between two API servers: by mover pods (what a kubelet would start runs here, over two folders), and by a CSI snapshot
 * (what snapshot controller and driver would write into the status is written by the test). And a server that is killed in the middle.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunningServer } from '#apps/server/main.ts'
import { receiver } from '#capabilities/app-migration/volumes/receive.ts'
import { sendTree } from '#capabilities/app-migration/volumes/send.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { type MigrationSite, startMigrationSite } from '#test/builders/migration-site.ts'
import { startTestServer } from '#test/builders/started-server.ts'
import { freePort } from './nginx-site.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects are read field by field
type Loose = any

const SALLYPORT = join(import.meta.dirname, '../../bin/sallyport')
const SNAPSHOTS = 'snapshot.storage.k8s.io'
const claimRef = (namespace: string, name = 'data') => ({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name })

/** As the CSI snapshotter's definitions, without what is not needed here. */
const definition = (kind: string, plural: string, scope: 'Namespaced' | 'Cluster'): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${SNAPSHOTS}` },
  spec: {
    group: SNAPSHOTS,
    scope,
    names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
})

describe('the data of claims in a Migration', () => {
  let site: MigrationSite
  let server: RunningServer | undefined
  let old: Cluster
  let fresh: Cluster
  const stop = new AbortController()

  beforeAll(async () => {
    site = await startMigrationSite()
    old = site.open.old.cluster
    fresh = site.open.new.cluster
    const { old: a, new: b } = site.files
    server = await startTestServer({ data: join(site.folder, 'server'), kubeconfig: [{ file: a }, { file: b }] })
  }, 60_000)
  afterAll(async () => {
    stop.abort()
    await server?.close()
    await site?.close()
  })

  /** A database with its claim, which is bound to a volume. */
  async function database(namespace: string, volume: object): Promise<void> {
    const labels = { app: 'db' }
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: 'db', image: 'db:1' }], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
    }
    const claim = { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: namespace, resources: { requests: { storage: '1Gi' } } }
    for (const object of [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: namespace },
        spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...volume },
      },
      { ...claimRef(namespace), metadata: { name: 'data', namespace }, spec: claim },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'db', namespace }, spec: { replicas: 0, selector: { matchLabels: labels }, template } },
    ])
      await old.create(object as KubeObject)
    await old.patch(claimRef(namespace), 'merge', { status: { phase: 'Bound' } }, { subresource: 'status' })
  }

  /** Starts what mover pods would be, as a kubelet does, with a folder for the claim; and answers as the kubelet does. */
  function kubelet(cluster: Cluster, namespace: string, root: string, port: number, began: string[]): void {
    const servers = new Map<string, Server>()
    const known = new Set<string>()
    const say = (name: string, status: object) =>
      cluster.patch({ apiVersion: 'v1', kind: 'Pod', namespace, name }, 'merge', { status }, { subresource: 'status' }).catch(() => {})
    const run = async (pod: Loose) => {
      const { name } = pod.metadata
      began.push(name.split('-').at(-1))
      const { args } = pod.spec.containers[0]
      const secret: Loose = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name })
      const key = Buffer.from(Buffer.from(secret.data.key, 'base64').toString())
      if (args.includes('receive')) {
        servers.set(name, await receiver(root, key, port, '127.0.0.1'))
        await say(name, { phase: 'Running', podIP: '127.0.0.1', conditions: [{ type: 'Ready', status: 'True' }] })
        return
      }
      const [host = '', to = ''] = args[args.indexOf('--to') + 1].split(':')
      const sent = await sendTree(root, { host, port: Number(to) }, key, args.includes('--checksum'))
      await say(name, { phase: 'Succeeded', containerStatuses: [{ name: 'mover', state: { terminated: { exitCode: 0, message: JSON.stringify(sent) } } }] })
    }
    void (async () => {
      while (!stop.signal.aborted) {
        const { items } = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace }).catch(() => ({ items: [] }))
        const names = items.map(({ metadata }) => metadata.name)
        for (const pod of items.filter(({ metadata }) => !known.has(metadata.name) && metadata.name.startsWith('sallyport-mover-'))) {
          known.add(pod.metadata.name)
          void run(pod)
        }
        for (const [name, one] of servers) if (!names.includes(name) && servers.delete(name)) one.close()
        await systemClock.sleep(20)
      }
      for (const one of servers.values()) one.close()
    })()
  }

  it('goes from pod to pod, a pass while the app runs and one more, before the pods that use it', { timeout: 60_000 }, async () => {
    await database('db', { hostPath: { path: '/none' } })
    const [from, to] = ['from', 'to'].map((name) => join(site.folder, name)) as [string, string]
    for (const folder of [from, to]) mkdirSync(folder)
    for (let i = 0; i < 4; i++) writeFileSync(join(from, `segment-${i}`), randomBytes(100_000))
    const port = await freePort()
    const began: string[] = []
    kubelet(old, 'db', from, port, began)
    kubelet(fresh, 'store', to, port, began)
    const volumes = { method: 'mover', image: 'sallyport:1', address: `127.0.0.1:${port}` }
    const mapping = { namespaces: { db: 'store' } }
    // Without a word about volumes the plan says what stays behind.
    await site.migrate('db', { namespaces: ['db'], mapping })
    const said = async () => ((await site.until('db', 'Planned')).obstacles as Loose[]).map(({ text }) => text).join('\n')
    expect(await said()).toContain('its data does not come along')
    expect((await site.until('db', 'Planned')).blocking).toBe(0)

    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'db-0', namespace: 'db' } }
    const spec = { containers: [{ name: 'db', image: 'db:1' }], volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] }
    await old.create({ ...pod, spec } as KubeObject)
    await site.change('db', { volumes, action: 'copy' })
    expect(await site.until('db', 'Copied')).toMatchObject({ volumes: [{ claim: 'store/data', outcome: 'copied', bytes: 400_000, sentBytes: 400_000 }] })
    expect(readFileSync(join(to, 'segment-3')).equals(readFileSync(join(from, 'segment-3')))).toBe(true)
    await expect(fresh.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'store', name: 'db' })).rejects.toMatchObject({ code: 'NOT_FOUND' })

    // The last pass is not made under a running app, and that is known in the plan.
    await site.change('db', { action: 'apply' })
    await expect(site.until('db', 'Done')).rejects.toThrow(/Blocked.*db-0 still use/)
    await old.delete({ ...pod, namespace: 'db', name: 'db-0' }, { gracePeriodSeconds: 0 })
    writeFileSync(join(from, 'segment-0'), 'changed')
    await site.change('db', { waitSeconds: 60 })
    const done = await site.until('db', 'Done')
    expect(done).toMatchObject({
      volumes: [{ claim: 'store/data', outcome: 'moved', sentBytes: 'changed'.length, checksum: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    })
    expect(readFileSync(join(to, 'segment-0'), 'utf8')).toBe('changed')
    expect(began).toEqual(['receive', 'send', 'receive', 'send'])
    const made = async (ref: { apiVersion: string; kind: string }, name: string) =>
      (await fresh.get({ ...ref, namespace: 'store', name })).metadata.creationTimestamp!
    expect((await made({ apiVersion: 'apps/v1', kind: 'Deployment' }, 'db')) >= (await made(claimRef('store'), 'data'))).toBe(true)
    await site.change('db', { action: 'rollback' })
    await site.until('db', 'RolledBack')
    await expect(fresh.get(claimRef('store'))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  /** What snapshot controller and CSI driver write: a handle for what is taken, ready for what is handed over. */
  function snapshotter(cluster: Cluster, wrong?: string): void {
    const api = { apiVersion: `${SNAPSHOTS}/v1` }
    void (async () => {
      while (!stop.signal.aborted) {
        const { items } = await cluster.list({ ...api, kind: 'VolumeSnapshot' }).catch(() => ({ items: [] }))
        for (const { metadata, spec, status } of items as Loose[]) {
          if (status !== undefined) continue
          const ref = { ...api, kind: 'VolumeSnapshot', namespace: metadata.namespace, name: metadata.name }
          const write = (next: object) => cluster.patch(ref, 'merge', { status: next }, { subresource: 'status' })
          const given = spec.source.volumeSnapshotContentName
          if (wrong !== undefined) await write({ readyToUse: false, error: { message: wrong } })
          else if (given !== undefined) {
            const content: Loose = await cluster.get({ ...api, kind: 'VolumeSnapshotContent', name: given })
            const { volumeSnapshotRef: bound, source } = content.spec
            if (bound.name !== metadata.name || bound.namespace !== metadata.namespace || source.snapshotHandle !== 'snap-1')
              throw new Error('not for this snapshot')
            await write({ readyToUse: true, boundVolumeSnapshotContentName: given })
          } else {
            const name = `snapcontent-${metadata.uid}`
            const source = { volumeHandle: 'vol-1' }
            const volumeSnapshotRef = { namespace: metadata.namespace, name: metadata.name }
            const content = { ...api, kind: 'VolumeSnapshotContent' }
            await cluster.create({
              ...content,
              metadata: { name },
              spec: { driver: 'csi.example', deletionPolicy: 'Delete', source, volumeSnapshotRef },
            } as KubeObject)
            await cluster.patch({ ...content, name }, 'merge', { status: { snapshotHandle: 'snap-1', readyToUse: true } }, { subresource: 'status' })
            await write({ readyToUse: true, boundVolumeSnapshotContentName: name, restoreSize: '1Gi' })
          }
        }
        await systemClock.sleep(20)
      }
    })().catch((error) => {
      if (!stop.signal.aborted) throw error
    })
  }

  it('is handed over as a CSI snapshot where both sides have them, and left behind with a note where not', { timeout: 60_000 }, async () => {
    await database('ledger', { csi: { driver: 'csi.example', volumeHandle: 'vol-1' } })
    await database('plain', { hostPath: { path: '/none' } })
    const mapping = { namespaces: { ledger: 'books' } }
    const volumes = { method: 'snapshot', snapshotClass: 'fast' }
    const texts = ({ obstacles }: Loose) => obstacles.map(({ text }: Loose) => text).join('\n')
    await site.migrate('ledger', { namespaces: ['ledger'], mapping, volumes })
    expect(texts(await site.until('ledger', 'Planned'))).toContain('source of moves serves no VolumeSnapshots')
    const kinds = [definition('VolumeSnapshot', 'volumesnapshots', 'Namespaced'), definition('VolumeSnapshotContent', 'volumesnapshotcontents', 'Cluster')]
    for (const kind of kinds) await old.create(kind)
    await site.change('ledger', { waitSeconds: 61 })
    expect(texts(await site.until('ledger', 'Planned'))).toContain('target of moves serves no VolumeSnapshots')
    for (const kind of kinds) await fresh.create(kind)
    await site.change('ledger', { waitSeconds: 62 })
    expect(texts(await site.until('ledger', 'Planned'))).toContain('the target has no CSI driver csi.example')
    await fresh.create({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: 'csi.example' }, spec: {} } as KubeObject)
    await site.migrate('plain', { namespaces: ['plain'], volumes })
    expect(texts(await site.until('plain', 'Planned'))).toContain('its volume is of no CSI driver')

    await site.change('ledger', { action: 'copy' })
    expect((await site.until('ledger', 'Invalid')).message).toContain('copy needs the method mover')

    snapshotter(old)
    snapshotter(fresh)
    await site.change('ledger', { action: 'apply' })
    const done = await site.until('ledger', 'Done')
    expect(texts(done)).toContain('whether both clusters reach the same storage cannot be seen')
    expect(done.volumes).toEqual([{ claim: 'books/data', outcome: 'moved', snapshot: 'snap-1' }])
    expect(((await fresh.get(claimRef('books'))).spec as Loose).dataSource).toEqual({ apiGroup: SNAPSHOTS, kind: 'VolumeSnapshot', name: 'sallyport-data' })
    const taken: Loose = await old.get({ apiVersion: `${SNAPSHOTS}/v1`, kind: 'VolumeSnapshot', namespace: 'ledger', name: 'sallyport-data' })
    expect(taken.spec).toEqual({ source: { persistentVolumeClaimName: 'data' }, volumeSnapshotClassName: 'fast' })
    const contents = async (cluster: Cluster) => (await cluster.list({ apiVersion: `${SNAPSHOTS}/v1`, kind: 'VolumeSnapshotContent' })).items as Loose[]
    // The storage keeps it, also when the objects go.
    expect((await contents(old)).map(({ spec }) => spec.deletionPolicy)).toEqual(['Retain'])
    expect((await contents(fresh)).map(({ spec }) => spec)).toEqual([
      {
        driver: 'csi.example',
        deletionPolicy: 'Retain',
        source: { snapshotHandle: 'snap-1' },
        volumeSnapshotRef: { namespace: 'books', name: 'sallyport-data' },
      },
    ])
    await site.change('ledger', { action: 'rollback' })
    await site.until('ledger', 'RolledBack')
    expect(await contents(fresh)).toEqual([])
  })

  it('ends in the same state after kill -9 of the server in mid-apply', { timeout: 240_000 }, async () => {
    const namespace = 'crash'
    await old.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    for (let i = 0; i < 80; i++)
      await old.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `map-${i}`, namespace }, data: { i: `${i}` } } as KubeObject)
    await fresh.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    await fresh.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map-7', namespace }, data: { i: 'of somebody' } } as KubeObject)
    await server?.close()
    server = undefined
    const begin = () =>
      spawn(SALLYPORT, ['server', '--data', join(site.folder, 'server'), '--port', '0', '--kubeconfig', site.files.old, '--log-level', 'error'], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    const gone = (child: ChildProcess) =>
      new Promise<void>((resolve) => (child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve())))
    const made = async () => {
      const { items } = await fresh.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace })
      return items.filter(({ metadata }) => metadata.name.startsWith('map-'))
    }
    await site.migrate('crash', { namespaces: [namespace], action: 'apply', existing: 'skip', parallel: 1 })
    const first = begin()
    while ((await made()).length < 30 && first.exitCode === null) await systemClock.sleep(5)
    first.kill('SIGKILL')
    await gone(first)
    // It was in the middle.
    expect((await made()).length).toBeLessThan(80)
    const child = begin()
    try {
      const done = await site.until('crash', 'Done')
      expect(done).toMatchObject({ phase: 'Done', objects: done.done })
    } finally {
      child.kill('SIGTERM')
      await gone(child)
    }
    expect((await made()).map(({ metadata, data }) => `${metadata.name} ${(data as Loose).i}`).sort()).toEqual(
      Array.from({ length: 80 }, (_, i) => `map-${i} ${i === 7 ? 'of somebody' : i}`).sort(),
    )
  })
})
