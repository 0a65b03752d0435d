/** Moves by the server between two API servers: as a person asks for them, and as a Migration does, whose status tells how it stands. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import type { RunningServer } from '#apps/server/main.ts'
import type { AppMove, PlanView } from '#capabilities/app-migration/domain/moves.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { type MigrationSite, startMigrationSite } from '#test/builders/migration-site.ts'
import { startTestServer } from '#test/builders/started-server.ts'

const SECRET = 'c2VjcmV0LXZhbHVl'

describe('moves of applications by the server', () => {
  let server: RunningServer
  let headers: Record<string, string>
  let site: MigrationSite
  let open: MigrationSite['open']

  const start = async () => {
    const data = join(site.folder, 'server')
    server = await startTestServer({ data, kubeconfig: [{ file: site.files.old }, { file: site.files.new }] })
    headers = { authorization: `Bearer ${(await readFile(join(data, 'cli-token'), 'utf8')).trim()}`, 'content-type': 'application/json' }
  }

  beforeAll(async () => {
    site = await startMigrationSite()
    open = site.open
    await start()
  }, 60_000)
  afterAll(async () => {
    await server?.close()
    await site?.close()
  })

  const ask = async <T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }> => {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : method === 'POST' ? { body: '{}' } : {}),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as T }
  }
  const fill = async (cluster: Cluster, namespace: string, more: readonly KubeObject[] = []) => {
    const within = (apiVersion: string, kind: string, name: string, rest: object): KubeObject => ({ apiVersion, kind, metadata: { name, namespace }, ...rest })
    const objects = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      within('v1', 'Secret', 'db', { type: 'Opaque', data: { password: SECRET } }),
      within('v1', 'ConfigMap', 'settings', { data: { URL: `http://cart.${namespace}.svc.cluster.local` } }),
      within('apps/v1', 'Deployment', 'cart', {
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: 'cart' } },
          template: {
            metadata: { labels: { app: 'cart' } },
            spec: { containers: [{ name: 'web', image: 'nginx:1', envFrom: [{ secretRef: { name: 'db' } }, { configMapRef: { name: 'settings' } }] }] },
          },
        },
      }),
      within('v1', 'Service', 'cart', { spec: { selector: { app: 'cart' }, ports: [{ name: 'http', port: 80 }] } }),
      ...more,
    ]
    for (const object of objects) await cluster.create(object as KubeObject)
  }
  const ended = async (id: string): Promise<AppMove> => {
    for (;;) {
      const { body } = await ask<AppMove>('GET', `/app-moves/${id}`)
      if (body.endedAt !== undefined && !['planning', 'applying', 'verifying', 'rolling-back'].includes(body.state)) return body
      await systemClock.sleep(50)
    }
  }
  const there = (cluster: Cluster, kind: string, namespace: string, name: string) =>
    cluster.get({ apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1', kind, namespace, name }).then(
      () => true,
      () => false,
    )

  it('plans without a write, moves, compares and undoes', { timeout: 60_000 }, async () => {
    await fill(open.old.cluster, 'shop')
    const request = {
      from: 'old',
      to: 'new',
      namespaces: ['shop'],
      mappingText: 'namespaces: { shop: store }\nregistries: { docker.io/library: r.example/hub }',
    }
    const { status, body: plan } = await ask<PlanView>('POST', '/app-moves/plan', request)
    expect([status, plan.blocking, plan.counts.blocked]).toEqual([200, 0, 0])
    expect(JSON.stringify(plan)).not.toContain(SECRET)
    expect(plan.steps.find(({ kind }) => kind === 'Deployment')).toMatchObject({
      action: 'create',
      namespace: 'store',
      manifest: expect.stringContaining('r.example/hub/nginx:1'),
    })
    expect(await there(open.new.cluster, 'ConfigMap', 'store', 'settings')).toBe(false)

    const { body: begun } = await ask<AppMove>('POST', '/app-moves', request)
    const move = await ended(begun.id)
    expect(move).toMatchObject({ state: 'done', counts: { created: plan.objects }, progress: { done: plan.objects, objects: plan.objects, wave: plan.waves } })
    expect(move.progress.bytes).toBeGreaterThan(500)
    expect(move.verified!.services).toMatchObject([{ service: 'store/cart', endpoints: 0, sourceEndpoints: 0 }])
    const { data } = (await open.new.cluster.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'store', name: 'settings' })) as { data?: unknown }
    expect(data).toEqual({ URL: 'http://cart.store.svc.cluster.local' })

    // The same again: names are taken, and that is known before the first write.
    const again = await ask<PlanView>('POST', '/app-moves/plan', request)
    expect(again.body.blocking).toBeGreaterThan(0)
    expect(await ended((await ask<AppMove>('POST', '/app-moves', request)).body.id)).toMatchObject({ state: 'blocked', progress: { done: 0 } })

    // A server that was stopped still knows it, and undoes it.
    await server.close()
    await start()
    expect((await ask<{ moves: AppMove[] }>('GET', '/app-moves')).body.moves.find(({ id }) => id === begun.id)).toMatchObject({
      state: 'done',
      resumable: true,
    })
    await ask('POST', `/app-moves/${begun.id}/rollback`)
    expect(await ended(begun.id)).toMatchObject({ state: 'rolled-back' })
    expect(await there(open.new.cluster, 'Deployment', 'store', 'cart')).toBe(false)
  })

  it('says all that is wrong with a request', async () => {
    const { status, body } = await ask<{ error: { problems: { path: string }[] } }>('POST', '/app-moves/plan', {
      from: 'old',
      to: 'new',
      namespaces: ['shop'],
      mappingText: 'namespaces: 3\nnope: 1',
    })
    expect([status, body.error.problems.map(({ path }) => path)]).toEqual([400, ['mappingText.namespaces', 'mappingText.nope']])
    expect((await ask<{ error: { code: string } }>('POST', '/app-moves/plan', { from: 'old', to: 'new', namespaces: ['empty'] })).body.error.code).toBe(
      'NO_OBJECTS',
    )
    expect((await ask<{ code: string }>('POST', '/app-moves/plan', { from: 'old', to: 'gone', namespaces: ['shop'] })).status).toBe(404)
  })

  it('does what a Migration asks for: plan, apply, roll back', { timeout: 90_000 }, async () => {
    const ports = [{ name: 'http', port: 80, nodePort: 30080 }]
    await fill(open.old.cluster, 'crew', [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'door', namespace: 'crew' }, spec: { type: 'NodePort', ports } },
    ])
    await site.migrate('crew', {
      namespaces: ['crew'],
      mapping: {
        namespaces: { crew: 'team' },
        nodePorts: { 30080: 30081 },
        patches: [
          { match: { kind: 'Deployment', name: 'c*' }, json: [{ op: 'add', path: '/metadata/labels', value: { tier: 'gold' } }] },
          { match: { kind: 'Deployment' }, strategic: { spec: { template: { spec: { containers: [{ name: 'web', image: 'nginx:2' }] } } } } },
          { match: { kind: 'ConfigMap', name: 'settings' }, merge: { data: { EXTRA: 'yes' } } },
        ],
      },
    })
    const planned = await site.until('crew', 'Planned')
    expect(planned).toMatchObject({ blocking: 0, done: 0 })
    expect(await there(open.new.cluster, 'ConfigMap', 'team', 'settings')).toBe(false)

    await site.change('crew', { action: 'apply' })
    expect(await site.until('crew', 'Done')).toMatchObject({ done: planned.objects, objects: planned.objects, waves: planned.waves, created: planned.objects })
    expect(await there(open.new.cluster, 'Secret', 'team', 'db')).toBe(true)
    const at = (kind: string, name: string) => open.new.cluster.get({ apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1', kind, namespace: 'team', name })
    expect((await at('Service', 'door')).spec).toMatchObject({ ports: [{ nodePort: 30081 }] })
    expect(await at('Deployment', 'cart')).toMatchObject({
      metadata: { labels: { tier: 'gold' } },
      spec: { template: { spec: { containers: [{ name: 'web', image: 'nginx:2', envFrom: [{}, {}] }] } } },
    })
    expect((await at('ConfigMap', 'settings')).data).toEqual({ URL: 'http://cart.team.svc.cluster.local', EXTRA: 'yes' })
    expect((await ask<{ migrations: object[] }>('GET', '/clusters/old/migrations')).body.migrations).toMatchObject([
      { namespace: 'moves', name: 'crew', action: 'apply', current: true },
    ])
    // It is no move of a person.
    expect((await ask<{ moves: AppMove[] }>('GET', '/app-moves')).body.moves.filter(({ by }) => by === 'Migration')).toEqual([])

    await ask('POST', '/clusters/old/migrations/moves/crew/action', { action: 'rollback' })
    await site.until('crew', 'RolledBack')
    expect(await there(open.new.cluster, 'Secret', 'team', 'db')).toBe(false)
  })

  it('uses only Secrets that are meant for it, and kubeconfigs that run nothing', { timeout: 60_000 }, async () => {
    const text = await readFile(site.files.new, 'utf8')
    const config = parse(text)
    const user = (how: object) => stringify({ ...config, users: config.users.map((one: object) => ({ ...one, user: how })) })
    await site.secret('plain', text, {})
    await site.secret('exec', user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/id' } }))
    await site.secret('provider', user({ 'auth-provider': { name: 'gcp', config: {} } }))
    await site.secret('file', user({ tokenFile: '/etc/passwd' }))
    const through = { ...config.clusters[0].cluster, 'proxy-url': 'http://127.0.0.1:1' }
    await site.secret('proxy', stringify({ ...config, clusters: config.clusters.map((one: object) => ({ ...one, cluster: through })) }))
    for (const [name, target, said] of [
      ['unlabeled', 'plain', 'has no label sallyport.io/use: migration'],
      ['missing', 'nowhere', 'Secret nowhere is not there'],
      ['program', 'exec', 'names something of the machine'],
      ['provider', 'provider', 'auth-provider.name "gcp" was removed'],
      ['file', 'file', 'names something of the machine'],
      ['proxy', 'proxy', 'proxy-url is not used'],
    ] as const) {
      await site.migrate(name, { target: { secret: target }, namespaces: ['crew'] })
      expect(await site.until(name, 'Invalid').then(({ message }) => message), name).toContain(said)
    }
    await site.migrate('ports', { namespaces: ['crew'], mapping: { nodePorts: { http: 1 } } })
    expect((await site.until('ports', 'Invalid')).message).toContain('spec.mapping.nodePorts')
  })

  it('goes on after the server was stopped in the middle', { timeout: 90_000 }, async () => {
    const many = Array.from({ length: 300 }, (_, i) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `map-${i}`, namespace: 'big' },
      data: { i: `${i}` },
    }))
    await fill(open.old.cluster, 'big', many)
    await site.migrate('big', { namespaces: ['big'], action: 'apply', parallel: 1 })
    for (;;) {
      const { items } = await open.new.cluster.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'big' }).catch(() => ({ items: [] }))
      if (items.length > 20) break
      await systemClock.sleep(10)
    }
    await server.close()
    const { items } = await open.new.cluster.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'big' })
    expect(items.length).toBeLessThan(300)
    await start()
    expect(await site.until('big', 'Done')).toMatchObject({ objects: 305, done: 305 })
    expect(
      (await open.new.cluster.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'big' })).items.filter(({ metadata }) =>
        metadata.name.startsWith('map-'),
      ),
    ).toHaveLength(300)
  })
})
