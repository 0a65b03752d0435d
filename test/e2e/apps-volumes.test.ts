/** The data of a hostPath volume moves by a pair of mover pods, twice: all of it while the app runs, then what changed. Between two clusters where E2E_KUBECONFIG_2 names a second: start both by test/builders/own-cgroups. */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { loadMoverImage, MOVER_IMAGE, scriptIndex } from '#test/builders/mover-image.ts'
import { OLD_IMAGE } from '#test/builders/old-shop.ts'
import { describeCluster } from '#test/real.ts'

const MEGABYTES = Number(process.env.SALLYPORT_VOLUME_MB ?? 48)

describeCluster('the data of a volume moves', (kubeconfig) => {
  const second = process.env.E2E_KUBECONFIG_2 || kubeconfig
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-volumes-'))
  const id = randomBytes(3).toString('hex')
  const [from, to] = [`data-from-${id}`, `data-to-${id}`]
  const servers: Server[] = []
  const sides: { open: OpenCluster; namespace: string; folder: string }[] = []

  const volume = (namespace: string, path: string): KubeObject[] => [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: namespace },
      spec: {
        capacity: { storage: '2Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path },
        storageClassName: '',
        persistentVolumeReclaimPolicy: 'Retain',
        claimRef: { namespace, name: 'data' },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: '', volumeName: namespace, resources: { requests: { storage: '2Gi' } } },
    },
  ]

  beforeAll(async () => {
    const indexes = [kubeconfig, second].map((path) => scriptIndex(path))
    if (indexes.includes(undefined)) throw new Error('the mover image is laid onto clusters of kube-cluster only')
    await loadMoverImage(indexes as string[])
    for (const [config, namespace] of [
      [kubeconfig, from],
      [second, to],
    ] as const) {
      const access = await parseKubeconfig(await readKubeconfigFile(config)).select()
      const open = openCluster({ name: namespace, access, clock: systemClock })
      const path = join(folder, namespace)
      mkdirSync(path)
      sides.push({ open, namespace, folder: path })
      for (const object of volume(namespace, path)) await open.cluster.create(object)
      for (;;) {
        const { status } = await open.cluster.get({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: 'data' })
        if ((status as { phase?: string }).phase === 'Bound') break
        await systemClock.sleep(100)
      }
    }
    mkdirSync(join(sides[0]!.folder, 'db'))
    for (let i = 0; i < MEGABYTES / 16; i++) writeFileSync(join(sides[0]!.folder, 'db', `segment-${i}`), randomBytes(16 * 1024 * 1024))
  }, 200_000)
  afterAll(async () => {
    for (const server of servers) server.close()
    for (const { open, namespace } of sides) {
      await open.cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace }).catch(() => {})
      await open.cluster.delete({ apiVersion: 'v1', kind: 'PersistentVolume', name: namespace }).catch(() => {})
      await open.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })

  /** Pods of two clusters of this machine do not see each other: what a load balancer does in front of the receiver. */
  const balancer = async (): Promise<string[]> => {
    if (second === kubeconfig) return []
    const server = createServer((client) => {
      const failed = () => client.destroy()
      client.on('error', failed)
      sides[1]!.open.cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace: to, labels: 'app.kubernetes.io/name=sallyport-mover' }).then(({ items }) => {
        const upstream = connect(8443, String((items[0]?.status as { podIP?: string } | undefined)?.podIP))
        upstream.on('error', failed)
        client.pipe(upstream).pipe(client)
      }, failed)
    })
    const host = `10.250.${scriptIndex(kubeconfig)}.1`
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    servers.push(server)
    return ['--address', `${host}:${(server.address() as AddressInfo).port}`]
  }

  const move = (...more: string[]) =>
    new Promise<{
      code: number
      moved: { outcome: string; why?: string; sent?: { sentBytes: number; bytes: number; checksum?: { source: string; target: string } } }[]
      err: string
    }>((resolve) => {
      const words = ['apps', 'volumes', '--from-kubeconfig', kubeconfig, '-n', from, '--to-kubeconfig', second, '--to-namespace', to, '--claim', 'data']
      const all = [join(import.meta.dirname, '../../src/apps/cli/main.ts'), '--data', folder, ...words, '--mover-image', MOVER_IMAGE, '-o', 'json', ...more]
      execFile(process.execPath, all, { env: { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8' } }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), moved: out === '' ? [] : JSON.parse(out), err }),
      )
    })

  it('while the app runs, and again when it stands still, with equal checksums', { timeout: 240_000 }, async () => {
    const address = await balancer()
    const [source, target] = sides as [(typeof sides)[0], (typeof sides)[0]]
    await source.open.cluster.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'db', namespace: from },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'db', image: OLD_IMAGE, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      },
    })
    const first = await move(...address)
    expect([first.code, first.err]).toEqual([0, expect.any(String)])
    expect(first.moved[0]).toMatchObject({ outcome: 'moved', sent: { sentBytes: MEGABYTES * 1024 * 1024 } })
    // The last pass is not made under a running app.
    expect(await move('--final', ...address)).toMatchObject({ code: 6, moved: [{ outcome: 'skipped', why: expect.stringContaining('db still use') }] })

    writeFileSync(join(source.folder, 'db', 'segment-0'), 'changed')
    writeFileSync(join(source.folder, 'new'), 'new')
    await source.open.cluster.delete({ apiVersion: 'v1', kind: 'Pod', namespace: from, name: 'db' }, { gracePeriodSeconds: 0 })
    const last = await move('--final', ...address)
    expect([last.code, last.err]).toEqual([0, expect.any(String)])
    const { sent } = last.moved[0]!
    expect(sent!.sentBytes).toBe('changed'.length + 'new'.length)
    expect(sent!.checksum!.source).toBe(sent!.checksum!.target)
    expect(readFileSync(join(target.folder, 'db', 'segment-0'), 'utf8')).toBe('changed')
    expect(readFileSync(join(target.folder, 'db', 'segment-1')).equals(readFileSync(join(source.folder, 'db', 'segment-1')))).toBe(true)
    for (const { open, namespace } of sides) {
      const pods = await open.cluster.list({ apiVersion: 'v1', kind: 'Pod' }, { namespace })
      expect(pods.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.name)).toEqual([])
    }
  })
})
