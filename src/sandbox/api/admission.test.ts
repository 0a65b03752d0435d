import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { serverCertificate } from './certificates.ts'
import { noPods } from './pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from './start.ts'
import type { Obj } from './store.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-admission-'))
let api: SandboxApi
let hook: Server
let answer: (request: Obj) => object
let asked: Obj[] = []

beforeAll(async () => {
  api = await startSandboxApi({ folder, clock: systemClock, runtime: noPods })
  const { cert, key } = await serverCertificate(folder, Date.now())
  hook = createServer({ cert, key }, (incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const { request: about } = JSON.parse(Buffer.concat(chunks).toString()) as { request: Obj }
      asked.push(about)
      const response = { uid: about.uid, ...answer(about) }
      outgoing.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }))
    })
  })
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
})
beforeEach(async () => {
  for (const kind of ['mutating', 'validating']) await call('DELETE', `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`)
  asked = []
})
afterAll(async () => {
  hook.closeAllConnections()
  hook.close()
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

function call(method: string, path: string, body?: unknown, type = 'application/json'): Promise<{ status: number; body: Obj; warning?: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${api.tokens.admin}`, 'content-type': type }
    const outgoing = request(api.url + path, { method, ca: api.ca, headers, agent: false }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode!,
          body: JSON.parse(Buffer.concat(chunks).toString()) as Obj,
          warning: incoming.headers.warning as string | undefined,
        }),
      )
    })
    outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}
async function register(kind: 'Mutating' | 'Validating', more: object = {}) {
  const made = await call('POST', `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`, {
    metadata: { name: `test-${kind.toLowerCase()}` },
    webhooks: [
      {
        name: 'hook.example.com',
        clientConfig: { url: `https://127.0.0.1:${(hook.address() as AddressInfo).port}/admit`, caBundle: Buffer.from(api.ca).toString('base64') },
        rules: [{ operations: ['CREATE', 'UPDATE', 'DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        ...more,
      },
    ],
  })
  expect(made.status).toBe(201)
  return made.body
}
const MAPS = '/api/v1/namespaces/default/configmaps'
const patchOf = (steps: object[]) => ({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(steps)).toString('base64') })

describe('admission webhooks', () => {
  it('change what is written, in every way of writing', async () => {
    await register('Mutating')
    answer = ({ object }) => (object === null ? { allowed: true } : patchOf([{ op: 'add', path: '/data', value: { ...object.data, seen: 'yes' } }]))
    const made = await call('POST', MAPS, { metadata: { name: 'changed' }, data: { a: '1' } })
    expect([made.status, made.body.data]).toEqual([201, { a: '1', seen: 'yes' }])
    expect(asked[0]).toMatchObject({
      operation: 'CREATE',
      name: 'changed',
      namespace: 'default',
      userInfo: { username: 'admin' },
      oldObject: null,
      dryRun: false,
    })
    const patched = await call('PATCH', `${MAPS}/changed`, { data: { a: '2', seen: null } }, 'application/merge-patch+json')
    expect(patched.body.data).toEqual({ a: '2', seen: 'yes' })
    expect(asked[1]).toMatchObject({ operation: 'UPDATE', object: { data: { a: '2' } }, oldObject: { data: { a: '1', seen: 'yes' } } })
    const applied = await call(
      'PATCH',
      `${MAPS}/applied?fieldManager=me`,
      { apiVersion: 'v1', kind: 'ConfigMap', data: { b: '1' } },
      'application/apply-patch+yaml',
    )
    expect([applied.status, applied.body.data]).toEqual([201, { b: '1', seen: 'yes' }])
    expect(asked[2]?.operation).toBe('CREATE')
  })

  it('refuse with their own words, and nothing is written', async () => {
    await register('Validating')
    answer = ({ object, operation }) =>
      operation === 'DELETE' || object.data?.bad !== undefined
        ? { allowed: false, status: { message: 'not like this', code: 422, reason: 'Invalid' }, warnings: ['mind'] }
        : { allowed: true, warnings: ['be careful'] }
    expect((await call('POST', MAPS, { metadata: { name: 'refused' }, data: { bad: '1' } })).body).toMatchObject({
      code: 422,
      message: 'admission webhook "hook.example.com" denied the request: not like this',
    })
    expect((await call('GET', `${MAPS}/refused`)).status).toBe(404)
    const made = await call('POST', MAPS, { metadata: { name: 'fine' } })
    expect([made.status, made.warning]).toEqual([201, '299 - "be careful"'])
    expect((await call('DELETE', `${MAPS}/fine`)).status).toBe(422)
    expect((await call('GET', `${MAPS}/fine`)).status).toBe(200)
    expect((await call('POST', `${MAPS}?dryRun=All`, { metadata: { name: 'dry' } })).status).toBe(201)
    expect(asked.at(-1)?.dryRun).toBe(true)
  })

  it('are asked for what their rules and selectors name, and for nothing else', async () => {
    await register('Validating', {
      namespaceSelector: { matchLabels: { guarded: 'yes' } },
      objectSelector: { matchExpressions: [{ key: 'free', operator: 'DoesNotExist' }] },
    })
    answer = () => ({ allowed: false })
    expect((await call('POST', MAPS, { metadata: { name: 'unguarded' } })).status).toBe(201)
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'guarded', labels: { guarded: 'yes' } } })
    const guarded = '/api/v1/namespaces/guarded/configmaps'
    expect((await call('POST', guarded, { metadata: { name: 'a' } })).body.message).toContain('denied the request without explanation')
    expect((await call('POST', guarded, { metadata: { name: 'b', labels: { free: '' } } })).status).toBe(201)
    expect((await call('POST', '/api/v1/namespaces/guarded/serviceaccounts', { metadata: { name: 'c' } })).status).toBe(201)
    expect(asked.length).toBe(1)
  })

  it('that do not answer refuse or are passed over, as their policy says', async () => {
    const nowhere = { clientConfig: { service: { namespace: 'default', name: 'none' } } }
    await register('Validating', nowhere)
    expect((await call('POST', MAPS, { metadata: { name: 'lost' } })).body).toMatchObject({
      code: 500,
      message: expect.stringContaining('failed calling webhook "hook.example.com": no endpoints available for service "none"'),
    })
    await call('DELETE', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/test-validating')
    await register('Validating', { ...nowhere, failurePolicy: 'Ignore' })
    expect((await call('POST', MAPS, { metadata: { name: 'passed' } })).status).toBe(201)
  })

  it('can only be registered in a way that can work', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'
    const webhook = { name: 'a.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', clientConfig: { url: 'http://plain' } }
    expect((await call('POST', path, { metadata: { name: 'x' }, webhooks: [webhook] })).body.message).toContain("'https' is the only allowed URL scheme")
    expect((await call('POST', path, { metadata: { name: 'x' }, webhooks: [{ ...webhook, clientConfig: {} }] })).status).toBe(422)
  })
})
