import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from './pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from './start.ts'
import type { Obj } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-api-'))
let api: SandboxApi
const start = async () => startSandboxApi({ folder, clock: systemClock, runtime: noPods })

function call(
  method: string,
  path: string,
  options: { body?: unknown; token?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; body: Obj }> {
  const text = options.body === undefined ? undefined : JSON.stringify(options.body)
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${options.token ?? api.tokens.admin}`, 'content-type': 'application/json', ...options.headers }
    const outgoing = request(api.url + path, { method, ca: api.ca, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => resolve({ status: incoming.statusCode!, body: JSON.parse(Buffer.concat(chunks).toString()) }))
    })
    outgoing.on('error', reject).end(text)
  })
}

beforeAll(async () => {
  api = await start()
})
afterAll(async () => {
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the sandbox API by itself', () => {
  it('keeps its objects over a restart, and no revision is given twice', async () => {
    const made = await call('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'kept' }, data: { a: '1' } } })
    expect(made.status).toBe(201)
    await api.close()
    api = await start()
    const again = await call('GET', '/api/v1/namespaces/default/configmaps/kept')
    expect(again.body).toEqual(made.body)
    const next = await call('POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'later' } } })
    expect(Number(next.body.metadata.resourceVersion)).toBeGreaterThan(Number(made.body.metadata.resourceVersion))
  })

  it('says who may not do what, and lets those who may', async () => {
    const token = api.tokens.alice!
    const refused = await call('GET', '/api/v1/namespaces/default/configmaps', { token })
    expect(refused.status).toBe(403)
    expect(refused.body.message).toContain('User "alice" cannot list resource "configmaps" in API group "" in the namespace "default"')
    const binding = {
      metadata: { name: 'dev-view' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'Group', name: 'dev' }],
    }
    expect((await call('POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', { body: binding })).status).toBe(201)
    expect((await call('GET', '/api/v1/namespaces/default/configmaps', { token })).status).toBe(200)
    expect((await call('GET', '/api/v1/namespaces/default/secrets', { token })).status).toBe(403)
    expect((await call('GET', '/api/v1/configmaps', { token })).status).toBe(403)
    const asAlice = { headers: { 'impersonate-user': 'alice', 'impersonate-group': 'dev' } }
    expect((await call('GET', '/api/v1/namespaces/default/configmaps', asAlice)).status).toBe(200)
    expect((await call('GET', '/api/v1/namespaces/default/secrets', asAlice)).status).toBe(403)
    expect((await call('GET', '/api/v1/namespaces/default/configmaps', { token, headers: { 'impersonate-user': 'admin' } })).status).toBe(403)
    const review = { spec: { resourceAttributes: { verb: 'delete', resource: 'pods', namespace: 'default' } } }
    const may = async (by: string) =>
      (await call('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body: review, token: by })).body.status.allowed
    expect([await may(token), await may(api.tokens.admin!)]).toEqual([false, true])
  })

  it('refuses who is not known', async () => {
    expect((await call('GET', '/api/v1/pods', { token: 'guessed' })).status).toBe(401)
    const review = await call('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { body: { spec: { token: api.tokens.bob } } })
    expect(review.body.status.user).toMatchObject({ username: 'bob', groups: ['ops', 'system:authenticated'] })
  })
})
