import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createEngine } from '#capabilities/audit/domain/engine.ts'
import type { AuditEvent } from '#capabilities/audit/domain/event.ts'
import { createLists } from '#capabilities/audit/domain/lists.ts'
import { readText } from '#capabilities/audit/domain/read.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from './pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from './start.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-sandbox-audit-'))
const lines: string[] = []
let api: SandboxApi
beforeAll(async () => {
  const runtime = { ...noPods, run: async () => 0 }
  api = await startSandboxApi({ folder, clock: systemClock, runtime, auditLog: (line) => void lines.push(line) })
})
afterAll(async () => {
  await api.close()
  rmSync(folder, { recursive: true, force: true })
})

function call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      ca: api.ca,
      agent: false as const,
      headers: { authorization: `Bearer ${api.tokens.admin}`, 'content-type': 'application/json', ...headers },
    }
    const outgoing = request(api.url + path, options, (incoming) => incoming.resume().on('end', () => resolve(incoming.statusCode!)))
    outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
  })
}
const events = () => {
  const found: AuditEvent[] = []
  for (const line of lines) readText(line.trim(), { event: (event) => found.push(event), reject: (reason) => expect.fail(reason) })
  return found
}
const eventOf = async (match: (event: AuditEvent) => boolean) => {
  await expect.poll(() => events().some(match)).toBe(true)
  return events().find(match)!
}

it('are written by the policy that setup prints, say that they are of the sandbox, and hold no secret', async () => {
  const secret = { metadata: { name: 'db' }, data: { password: 'aHVudGVyMg==' } }
  await call('POST', '/api/v1/namespaces/default/secrets', secret)
  await call('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'app' }, data: { color: 'blue' } })
  await call('GET', '/api/v1/namespaces/default/configmaps/app')
  await call('GET', '/healthz')
  await call('GET', '/api/v1/namespaces/default/secrets/db', undefined, { 'impersonate-user': 'mallory' })
  await call('GET', '/api/v1/pods', undefined, { authorization: 'Bearer guessed' })

  expect(await eventOf(({ resource, verb }) => resource === 'configmaps' && verb === 'create')).toMatchObject({
    level: 'Request',
    user: 'admin',
    name: 'app',
    namespace: 'default',
    code: 201,
    decision: 'allow',
    request: { data: { color: 'blue' } },
    annotations: { 'sallyport.io/sandbox': 'true' },
  })
  expect(await eventOf(({ resource, verb }) => resource === 'configmaps' && verb === 'get')).toMatchObject({ level: 'Metadata', request: undefined })
  expect(await eventOf(({ impersonated }) => impersonated === 'mallory')).toMatchObject({ user: 'admin', resource: 'secrets', code: 403, decision: 'forbid' })
  expect(await eventOf(({ code }) => code === 401)).toMatchObject({ user: '', resource: 'pods' })
  expect(lines.join('')).not.toMatch(/aHVudGVyMg|healthz|guessed|Bearer/)
})

it('tell of an exec when it begins, and the rules know it', async () => {
  const pod = { metadata: { name: 'cart' }, spec: { containers: [{ name: 'c', image: 'app' }] } }
  expect(await call('POST', '/api/v1/namespaces/default/pods', pod)).toBe(201)
  const url = `${api.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/cart/exec?command=cat&command=%2Fetc%2Fshadow&stdout=true`
  const socket = new WebSocket(url, ['v5.channel.k8s.io'], { ca: api.ca, headers: { authorization: `Bearer ${api.tokens.admin}` } })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const begun = await eventOf(({ subresource, stage }) => subresource === 'exec' && stage === 'ResponseStarted')
  expect(begun).toMatchObject({ verb: 'get', code: 101, name: 'cart', level: 'Metadata' })
  socket.close()
  const over = await eventOf(({ subresource, stage }) => subresource === 'exec' && stage === 'ResponseComplete')
  expect([over.id, over.code]).toEqual([begun.id, 101])
  const engine = createEngine(createLists())
  expect([begun, over].flatMap((event) => engine.judge(event)).map(({ rule }) => rule.id)).toEqual(['pod-exec-credentials'])
})
