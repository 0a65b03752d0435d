// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables as files write them
import { createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MoveItems, MovePreview, MoveSummary } from '#capabilities/image-migration/domain/moves.ts'
import { IMAGE_SYNC, WANTED_SINCE } from '#capabilities/image-migration/resources/image-sync.ts'
import { door } from '#capabilities/image-migration/server/index.ts'
import { parseSignature, verifyReport } from '#capabilities/image-migration/signing.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { ServedKind } from '#core/shapes/ports/cluster.ts'
import type { OpenRegistries } from '#core/shapes/ports/registry.ts'
import { registriesWith } from '#edges/registry/open.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import type { RunningDoor, ServerContext } from '#kits/server-kit/door.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { openSettings } from '#kits/server-kit/settings.ts'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { pushImage } from '#test/builders/images.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import { describeReal } from '#test/real.ts'

const unused = undefined as never
const kind: ServedKind = {
  ...IMAGE_SYNC,
  group: 'sallyport.io',
  version: 'v1alpha1',
  plural: 'imagesyncs',
  singular: 'imagesync',
  namespaced: true,
  verbs: ['get', 'list', 'watch', 'patch', 'create'],
  shortNames: [],
  categories: [],
  subresources: {},
  preferred: true,
}
const syncOf = (name: string, from: string) =>
  ({ ...IMAGE_SYNC, metadata: { name, namespace: 'shop' }, spec: { copy: [{ from, to: 'r.example/m/x' }] } }) as KubeObject
const cluster = fakeCluster({ name: 'local', kinds: [...FAKE_KINDS, kind], objects: [syncOf('app', 'a.example/team/app'), syncOf('all', 'a.example/web/*')] })

describeReal('image moves of the server', ['docker-registry'], () => {
  let folder: string
  let http: FastifyInstance
  let running: RunningDoor
  let user: Record<string, string>
  let source: RegistryProcess
  let target: RegistryProcess

  async function start(registries: OpenRegistries = registriesWith(systemClock)) {
    const log = pino({ level: 'silent' })
    const auth = await openAuth(folder, systemClock)
    http = await createHttp({ log, clock: systemClock, auth, version: '0' })
    const settings = await openSettings(folder)
    await http.register(
      async (api) => {
        settings.routes(api)
        const context: ServerContext = {
          http: api,
          metricStore: unused,
          telemetry: unused,
          live: unused,
          clock: systemClock,
          log,
          metrics: new Registry(),
          settings,
          alerts: unused,
          ...fakeClusters(cluster),
          registries: async () => registries,
          dataFolder: join(folder, 'image-migration'),
        }
        running = await door.start(context)
      },
      { prefix: '/api/v1' },
    )
    user = { authorization: `Bearer ${(await readFile(join(folder, 'cli-token'), 'utf8')).trim()}` }
  }
  const ask = async <T>(method: 'GET' | 'POST', path: string, payload?: object): Promise<{ status: number; body: T }> => {
    const answer = await http.inject({ method, url: `/api/v1/image-moves${path}`, headers: user, ...(payload ? { payload } : {}) })
    return { status: answer.statusCode, body: answer.json() as T }
  }
  const finished = async (id: string): Promise<MoveSummary> => {
    for (;;) {
      const { body } = await ask<MoveSummary>('GET', `/${id}`)
      if (body.endedAt !== undefined) return body
      await systemClock.sleep(20)
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sallyport-moves-'))
    ;[source, target] = await Promise.all([startDockerRegistry(), startDockerRegistry()])
    for (const tag of ['1.0', '1.1', '2.0']) await pushImage(source.host, 'team/app', tag, [{ seed: Number(tag), size: 5000 }])
    await pushImage(source.host, 'team/big', 'v1', [{ seed: 7, size: 3_000_000 }])
    await start()
  }, 30_000)
  afterAll(async () => {
    await running?.stop()
    await http?.close()
    await source?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it('moves what an image-syncer file says, and leaves a report that proves itself', async () => {
    const spec = JSON.stringify({
      [`${source.host}/team/app:/^1\\./`]: [`${target.host}/m/app`, `${target.host}/m/again`],
      [`${source.host}/team/none:1`]: `${target.host}/m/none`,
    })
    const preview = await ask<MovePreview>('POST', '/preview', { spec })
    expect(preview.body).toMatchObject({ pairs: 5, conflicts: [], failed: [], changesDigests: 0 })
    expect(preview.body.sample).toContainEqual({ source: `${source.host}/team/app:1.0`, target: `${target.host}/m/app:1.0`, platforms: [] })

    expect(preview.body.prediction).toBeUndefined()
    const { prediction } = (await ask<MovePreview>('POST', '/preview?predict=true', { spec })).body
    expect(prediction).toMatchObject({ images: 4, unchanged: 0, failed: 1 })
    expect(prediction!.places.find(({ place }) => place === source.host)).toMatchObject({ pulls: 4 })

    const { status, body } = await ask<MoveSummary>('POST', '', { spec, title: 'first' })
    expect(status).toBe(201)
    const move = await finished(body.id)
    expect(move).toMatchObject({ state: 'partly', title: 'first', counts: { copied: 4, failed: 1 }, progress: { pairs: 5, pairsDone: 5 } })
    // What was foretold is what was sent.
    expect(move.bytesSent).toBe(prediction!.bytesSent)
    const failed = await ask<MoveItems>('GET', `/${move.id}/items?outcome=failed`)
    expect(failed.body).toMatchObject({ total: 1, items: [{ source: `${source.host}/team/none:1`, failure: { code: 'NOT_FOUND', side: 'source' } }] })

    const report = await http.inject({ method: 'GET', url: `/api/v1/image-moves/${move.id}/report`, headers: user })
    const signature = await http.inject({ method: 'GET', url: `/api/v1/image-moves/${move.id}/report.sig`, headers: user })
    const key = createPublicKey(await readFile(join(folder, 'image-migration/report-key.pem.pub')))
    expect(verifyReport(report.rawPayload, parseSignature(signature.body, 'sig'), key)).toMatchObject({ intact: true, trusted: true })
    expect(report.json()).toMatchObject({ kind: 'copy', totals: { copied: 4, failed: 1 } })

    const again = await finished((await ask<MoveSummary>('POST', '', { spec })).body.id)
    expect(again.counts).toMatchObject({ copied: 0, unchanged: 4, failed: 1 })
  })

  it('takes the reports of registries as they are, and asks the ImageSyncs that copy from there to run', async () => {
    const post = async (url: string, payload: object | string, type = 'application/json') => {
      const sent = typeof payload === 'string' ? payload : JSON.stringify(payload)
      const answer = await http.inject({
        method: 'POST',
        url: `/api/v1/clusters/local/image-syncs${url}`,
        headers: { ...user, 'content-type': type },
        payload: sent,
      })
      return { status: answer.statusCode, body: answer.json() }
    }
    const wanted = async (name: string) => (await cluster.get({ ...IMAGE_SYNC, namespace: 'shop', name })).metadata.annotations?.[WANTED_SINCE]
    const events = (action: string, repository: string) => ({
      events: [{ id: 'x', action, target: { repository, mediaType: 'm' }, request: { host: 'inside:5000' } }],
    })
    const type = 'application/vnd.docker.distribution.events.v1+json'
    expect(await post('/notifications', events('pull', 'team/app'), type)).toEqual({ status: 202, body: { syncs: 0 } })
    expect(await post('/notifications', events('push', 'other/app'), type)).toEqual({ status: 202, body: { syncs: 0 } })
    expect(await wanted('app')).toBeUndefined()
    expect(await post('/notifications', events('push', 'team/app'), type)).toEqual({ status: 202, body: { syncs: 1 } })
    expect(await wanted('app')).toBeDefined()
    const harbor = { type: 'PUSH_ARTIFACT', event_data: { repository: { repo_full_name: 'web/front/app' } } }
    expect(await post('/notifications', harbor)).toEqual({ status: 202, body: { syncs: 1 } })
    expect(await wanted('all')).toBeDefined()
    expect((await post('/notifications', { events: 'none' })).status).toBe(400)
    expect((await post('/notifications', '{', type)).status).toBe(400)
    const stranger = await http.inject({ method: 'POST', url: '/api/v1/clusters/local/image-syncs/notifications', payload: events('push', 'team/app') })
    expect(stranger.statusCode).toBe(401)
    const { syncs } = (await http.inject({ url: '/api/v1/clusters/local/image-syncs', headers: user })).json()
    expect(syncs.map(({ name }: { name: string }) => name).sort()).toEqual(['all', 'app'])
    expect((await post('/shop/none/run', {})).status).toBe(404)
    expect((await post('/shop/app/run', {})).status).toBe(202)
  })

  it('never tells the spec or a password again, nor keeps it on disk', async () => {
    const registries = { [source.host]: { username: 'u', password: 'S3CRET' } }
    const { body } = await ask<MoveSummary>('POST', '', {
      spec: JSON.stringify({ registries, copy: [{ from: `${source.host}/team/app:1.0`, to: `${target.host}/s/app` }] }),
    })
    const move = await finished(body.id)
    expect(move.state).toBe('done')
    expect(JSON.stringify([move, (await ask('GET', '')).body])).not.toContain('S3CRET')
    for (const end of ['.move', '.json']) expect(await readFile(join(folder, 'image-migration/reports', move.id + end), 'utf8')).not.toContain('S3CRET')
  })

  it('refuses before anything is copied: problems, conflicts, the disk and the environment of the server', async () => {
    const wrong = await ask<{ error: { problems: { path: string; line: number }[] } }>('POST', '', { spec: 'copy:\n  - {form: a, to: b}\n' })
    expect(wrong.status).toBe(400)
    expect(wrong.body.error.problems).toContainEqual(expect.objectContaining({ path: 'spec: copy[0].form', line: 2, suggestion: 'from' }))
    for (const spec of [
      `copy: [{from: "dir:/etc", to: ${target.host}/x}]`,
      `registries: {a.b: {certDir: /etc}}\ncopy: [{from: a, to: b.c/d}]`,
      'copy: [{from: a, to: b.c/d}]\nregistries: {a.b: {password: "${PATH}"}}',
    ])
      expect((await ask('POST', '', { spec })).status).toBe(400)
    const conflict = `copy:\n- {from: "${source.host}/team/app:1.0", to: "${target.host}/x:1"}\n- {from: "${source.host}/team/app:2.0", to: "${target.host}/x:1"}\n`
    expect(await finished((await ask<MoveSummary>('POST', '', { spec: conflict })).body.id)).toMatchObject({
      state: 'failed',
      failure: { code: 'INVALID_INPUT' },
    })
    expect((await fetch(`http://${target.host}/v2/x/tags/list`)).status).toBe(404)
  })

  it('can be canceled, and goes on later', async () => {
    const spec = `copy: [{from: "${source.host}/team/big:v1", to: "${target.host}/c/big"}]`
    const slow = (await ask<MoveSummary>('POST', '', { spec, bytesPerSecond: 200_000 })).body
    while ((await ask<MoveSummary>('GET', `/${slow.id}`)).body.state !== 'running') await systemClock.sleep(10)
    await systemClock.sleep(100)
    await ask('POST', `/${slow.id}/cancel`)
    expect(await finished(slow.id)).toMatchObject({ state: 'canceled' })
    expect(await finished((await ask<MoveSummary>('POST', '', { spec })).body.id)).toMatchObject({ state: 'done', counts: { copied: 1 } })
  })

  it('what was done is still known after a restart', async () => {
    const before = (await ask<{ moves: MoveSummary[] }>('GET', '')).body.moves
    await running.stop()
    await http.close()
    await start()
    const after = (await ask<{ moves: MoveSummary[] }>('GET', '')).body.moves
    expect(after.map(({ id, state }) => [id, state])).toEqual(before.map(({ id, state }) => [id, state]))
    const first = after.find(({ title }) => title === 'first')!
    expect((await ask<MoveItems>('GET', `/${first.id}/items?outcome=copied&limit=1`)).body).toMatchObject({ total: 4, items: [{ outcome: 'copied' }] })
    expect((await ask('GET', '/018f0000-0000-7000-8000-000000000000')).status).toBe(404)
  })
})
