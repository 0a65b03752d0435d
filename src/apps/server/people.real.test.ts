/** A real API server decides what people see. Two people with rights in one namespace each, made for this test. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { accessBatch, accessRow } from '#test/builders/access-rows.ts'
import { describeCluster } from '#test/real.ts'
import { nameFor } from './cluster-sources.ts'
import { type RunningServer, startServer } from './main.ts'

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' }
const RBAC = 'rbac.authorization.k8s.io/v1'

describeCluster('people on a real cluster', (kubeconfig) => {
  const mine = ['ann', 'ben'].map((person) => ({ person, namespace: `people-${person}-${randomBytes(4).toString('hex')}` }))
  let data: string
  let server: RunningServer
  let name: string
  let admin: ReturnType<typeof openCluster>
  const tokens: Record<string, string> = {}

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'sallyport-people-'))
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    admin = openCluster({ name: 'real', access, clock: systemClock })
    const { cluster } = admin
    name = nameFor(access.context)
    for (const { person, namespace } of mine) {
      await cluster.create({ ...NAMESPACE, metadata: { name: namespace } })
      await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: person, namespace } })
      const rules = [
        { apiGroups: ['telemetry.sallyport.io'], resources: ['access'], verbs: ['get'] },
        { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] },
      ]
      await cluster.create({ apiVersion: RBAC, kind: 'Role', metadata: { name: 'reader', namespace }, rules })
      await cluster.create({
        apiVersion: RBAC,
        kind: 'RoleBinding',
        metadata: { name: 'reader', namespace },
        subjects: [{ kind: 'ServiceAccount', name: person, namespace }],
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      })
      const made = await cluster.create(
        { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: '' }, spec: { expirationSeconds: 3600 } },
        { under: { ref: { apiVersion: 'v1', kind: 'ServiceAccount', name: person, namespace }, subresource: 'token' } },
      )
      tokens[person] = (made.status as { token: string }).token
    }
    const looking = async () => ({
      id: 'looking',
      start: async ({ http, telemetry, clusterOf }: ServerContext) => {
        http.get(
          '/clusters/:cluster/seen',
          async (request) => (await telemetry.query({ sql: 'SELECT DISTINCT namespace FROM access ORDER BY 1', scope: request.scope })).rows,
        )
        http.get('/clusters/:cluster/maps/:namespace', async (request) => {
          const { cluster: of, namespace } = request.params as Record<string, string>
          return (await clusterOf(request, of!).list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace })).items.length
        })
        return { stop: async () => {} }
      },
    })
    server = await startServer({
      data,
      port: 0,
      listen: '127.0.0.1',
      host: [],
      log: pino({ level: 'silent' }),
      kubeconfig: [{ file: kubeconfig }],
      capabilities: [looking],
      openStore: async (options) => {
        const store = await openTelemetry(options)
        await store.append(
          accessBatch([...mine.map(({ namespace }) => namespace), 'secret'].map((namespace) => accessRow({ ts: Date.now(), cluster: name, namespace }))),
        )
        return store
      },
    })
  }, 60_000)
  afterAll(async () => {
    await server?.close()
    for (const { namespace } of mine) await admin.cluster.delete({ ...NAMESPACE, name: namespace }).catch(() => {})
    await admin.close()
    await rm(data, { recursive: true, force: true })
  })

  it.each(['ann', 'ben'])('%s sees the objects and the telemetry of her or his namespace only', async (person) => {
    const own = mine.find((one) => one.person === person)!.namespace
    const other = mine.find((one) => one.person !== person)!.namespace
    const headers = { authorization: `Bearer ${tokens[person]}` }
    const get = async (path: string) => {
      const answer = await fetch(`${server.url}/api/v1${path}`, { headers })
      return { status: answer.status, body: (await answer.json()) as unknown }
    }
    // Tokens are reviewed by the cluster, which a busy machine reaches a little later.
    for (let tries = 0; tries < 50 && ((await get('/me')).body as { user: string | null }).user === null; tries++) await systemClock.sleep(200)
    expect((await get('/me')).body).toMatchObject({ user: `system:serviceaccount:${own}:${person}`, admin: false })
    for (let tries = 0; tries < 50 && ((await get(`/clusters/${name}/seen`)).body as unknown[]).length === 0; tries++) await systemClock.sleep(200)
    expect(await get(`/clusters/${name}/seen`)).toEqual({ status: 200, body: [[own]] })
    expect((await get(`/clusters/${name}/maps/${own}`)).status).toBe(200)
    expect(await get(`/clusters/${name}/maps/${other}`)).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN', details: { verb: 'list', resource: `configmaps in ${other}` } } },
    })
    expect((await get('/ingest-tokens')).status).toBe(403)
  })
})
