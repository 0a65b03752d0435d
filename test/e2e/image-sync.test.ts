/** ImageSyncs on the sandbox's API, between two real registries: what a user writes, what the status says, what makes it run again. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { notification, pushedIn } from '#capabilities/image-migration/domain/notification.ts'
import { IMAGE_SYNC, imageSync } from '#capabilities/image-migration/resources/image-sync.ts'
import { type Moves, openMoves } from '#capabilities/image-migration/server/moves.ts'
import { syncReconciler, wantSyncsOf } from '#capabilities/image-migration/server/sync.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { registriesWith } from '#edges/registry/open.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { createReconciling } from '#kits/server-kit/reconcile.ts'
import { noPods } from '#sandbox/api/pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from '#sandbox/api/start.ts'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { OCI_MANIFEST, pushImage } from '#test/builders/images.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import { describeReal } from '#test/real.ts'

describeReal('an ImageSync', ['docker-registry'], () => {
  let folder: string
  let api: SandboxApi
  let open: OpenCluster
  let source: RegistryProcess
  let target: RegistryProcess
  let moves: Moves
  let reconciling: ReturnType<typeof createReconciling>
  const plans: Row[] = []
  const log = pino({ level: 'silent' })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-sync-'))
    ;[source, target] = await Promise.all([startDockerRegistry({ deletes: true }), startDockerRegistry({ deletes: true })])
    await pushImage(source.host, 'team/app', '1.0', [{ seed: 1, size: 5000 }])
    api = await startSandboxApi({ folder, clock: systemClock, runtime: noPods })
    const access = await parseKubeconfig(await readKubeconfigFile(api.kubeconfig)).select()
    open = openCluster({ name: 'local', access, clock: systemClock })
    await open.cluster.create(definitionOf(imageSync))
    moves = await openMoves({ open: registriesWith(systemClock), clock: systemClock, log, folder: join(folder, 'moves') })
    reconciling = createReconciling({
      clusters: fakeClusters(open.cluster).clusters,
      clock: systemClock,
      log,
      random: () => 0,
      lead: (_, onChange) => {
        setImmediate(() => onChange(true))
        return { leading: () => true, stop: async () => {} }
      },
      record: async (row) => void plans.push(row),
    })
    reconciling.run(syncReconciler(moves, systemClock), (cluster) => cluster)
  }, 30_000)
  afterAll(async () => {
    await moves?.stop()
    await reconciling?.stop()
    await open?.close()
    await api?.close()
    await source?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const refOf = (name: string) => ({ ...IMAGE_SYNC, namespace: 'default', name })
  const create = (name: string, spec: object) => open.cluster.create({ ...IMAGE_SYNC, metadata: { name, namespace: 'default' }, spec } as KubeObject)
  type Status = Record<string, unknown>
  const until = async (name: string, holds: (status: Status) => boolean): Promise<Status> => {
    for (;;) {
      const status = ((await open.cluster.get(refOf(name))) as { status?: Status }).status ?? {}
      if (holds(status)) return status
      await systemClock.sleep(30)
    }
  }
  const digestAt = async (host: string, path: string, tag: string) =>
    (await fetch(`http://${host}/v2/${path}/manifests/${tag}`, { method: 'HEAD', headers: { accept: OCI_MANIFEST } })).headers.get('docker-content-digest')
  const report = (repository: string) => notification.parse({ events: [{ id: '1', action: 'push', target: { repository, tag: 'x' } }] })

  it('runs at once, and again when a registry reports a push of what it copies', async () => {
    await create('app', { schedule: '0 3 1 1 *', copy: [{ from: `${source.host}/team/app`, to: `${target.host}/m/app` }] })
    const first = await until('app', ({ phase }) => phase === 'Synced')
    expect(first).toMatchObject({ images: 1, copied: 1, failed: 0, observedGeneration: 1 })
    expect(first.nextRunAt).toMatch(/-01-01T03:00:00\.000Z$/)
    expect(await digestAt(target.host, 'm/app', '1.0')).toBe(await digestAt(source.host, 'team/app', '1.0'))

    await pushImage(source.host, 'team/app', '1.1', [{ seed: 2, size: 5000 }])
    expect(await wantSyncsOf(open.cluster, pushedIn(report('team/other')), systemClock.now())).toEqual([])
    expect(await wantSyncsOf(open.cluster, pushedIn(report('team/app')), systemClock.now())).toEqual(['default/app'])
    const second = await until('app', ({ phase, move }) => phase === 'Synced' && move !== first.move)
    expect(second).toMatchObject({ images: 2, copied: 1 })
    expect(await digestAt(target.host, 'm/app', '1.1')).toBe(await digestAt(source.host, 'team/app', '1.1'))
    expect(plans.map(({ subject, state }) => `${state} ${subject}`)).toEqual(['applied ImageSync default/app', 'applied ImageSync default/app'])
  }, 60_000)

  it('follows its schedule and a changed spec, and rests while suspended', async () => {
    await create('often', { schedule: '@every 4s', copy: [{ from: `${source.host}/team/app:1.0`, to: `${target.host}/o/app` }] })
    const first = await until('often', ({ phase }) => phase === 'Synced')
    await until('often', ({ phase, move }) => phase === 'Synced' && move !== first.move)
    await open.cluster.patch(refOf('often'), 'merge', { spec: { suspend: true } })
    const { move } = await until('often', ({ phase }) => phase === 'Suspended')
    await systemClock.sleep(4500)
    expect((await until('often', () => true)).move).toBe(move)
    await open.cluster.patch(refOf('often'), 'merge', {
      spec: { suspend: false, schedule: null, copy: [{ from: `${source.host}/team/app:1.0`, to: `${target.host}/o/renamed` }] },
    })
    const changed = await until('often', ({ phase, move: now }) => phase === 'Synced' && now !== move)
    expect(changed.nextRunAt).toBeUndefined()
    expect(await digestAt(target.host, 'o/renamed', '1.0')).not.toBeNull()
  }, 60_000)

  it('removes what the source no longer has, of what it copied itself, once it may', async () => {
    const push = (host: string, path: string, tag: string, seed: number) => pushImage(host, path, tag, [{ seed, size: 5000 }])
    for (const [tag, seed] of [
      ['1', 11],
      ['2', 12],
      ['3', 13],
    ] as const)
      await push(source.host, 'team/gone', tag, seed)
    // Somebody else's, and one that was there with the same bytes already.
    await push(target.host, 'p/gone', 'theirs', 14)
    await push(target.host, 'p/gone', '3', 13)
    await create('gone', { prune: 'preview', copy: [{ from: `${source.host}/team/gone`, to: `${target.host}/p/gone` }] })
    const first = await until('gone', ({ phase }) => phase === 'Synced')
    expect(first).toMatchObject({ images: 3, copied: 2, removed: 0, prunable: 0 })
    const remove = async (tag: string) => {
      const digest = await digestAt(source.host, 'team/gone', tag)
      expect((await fetch(`http://${source.host}/v2/team/gone/manifests/${digest}`, { method: 'DELETE' })).status).toBe(202)
    }
    await remove('2')
    await remove('3')
    const run = async (before: Status) => {
      await wantSyncsOf(open.cluster, ['team/gone'], systemClock.now())
      return until('gone', ({ phase, move }) => phase === 'Synced' && move !== before.move)
    }
    const second = await run(first)
    expect(second).toMatchObject({ images: 1, removed: 0, prunable: 1 })
    expect((await moves.items(String(second.move), { outcome: 'extra', offset: 0, limit: 10 })).items.map(({ target: at }) => at)).toEqual([
      `${target.host}/p/gone:2`,
    ])
    expect(await digestAt(target.host, 'p/gone', '2')).not.toBeNull()

    await open.cluster.patch(refOf('gone'), 'merge', { spec: { prune: 'delete' } })
    const third = await until('gone', ({ phase, move }) => phase === 'Synced' && move !== second.move)
    expect(third).toMatchObject({ images: 1, removed: 1, prunable: 0 })
    const left = (await (await fetch(`http://${target.host}/v2/p/gone/tags/list`)).json()) as { tags: string[] }
    expect(left.tags.sort()).toEqual(['1', '3', 'theirs'])
    expect(plans.at(-1)).toMatchObject({ subject: 'ImageSync default/gone' })
  }, 60_000)

  it('says what is wrong with it, and does the rest', async () => {
    await create('odd', { schedule: '61 * * * *', copy: [{ from: 'not a place', to: 'oci:/etc/x' }] })
    const { message } = await until('odd', ({ phase }) => phase === 'Invalid')
    expect(message).toContain('61 is not between 0 and 59')
    await create('disk', { copy: [{ from: `${source.host}/team/app:1.0`, to: 'oci:/tmp/stolen:x' }] })
    expect((await until('disk', ({ phase }) => phase === 'Invalid')).message).toContain("the server's disk")
    await create('locked', { pullSecrets: ['none'], copy: [{ from: `${source.host}/team/app:1.0`, to: `${target.host}/l/app` }] })
    expect((await until('locked', ({ phase }) => phase === 'Failed')).message).toContain('none')
    await create('half', {
      copy: [
        { from: `${source.host}/team/app:1.0`, to: `${target.host}/h/app` },
        { from: `${source.host}/team/none:1`, to: `${target.host}/h/none` },
      ],
    })
    expect(await until('half', ({ phase }) => phase === 'Partly')).toMatchObject({ images: 2, copied: 1, failed: 1 })
  }, 60_000)
})
