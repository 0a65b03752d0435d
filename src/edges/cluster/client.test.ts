import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clock } from '#core/kernel/clock.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { eventually } from '#test/contracts/cluster.ts'
import { fakeApiServer } from '#test/fakes/api-server.ts'
import { openCluster } from './client.ts'
import type { Credentials } from './kubeconfig.ts'

const quick: Clock = { now: () => performance.now() * 100, sleep: (ms, signal) => pause(ms / 100, undefined, { signal }) }
const POD = { apiVersion: 'v1', kind: 'Pod' }
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' }

let api: Awaited<ReturnType<typeof fakeApiServer>>
let opened: ReturnType<typeof openCluster>[]
beforeEach(async () => {
  api = await fakeApiServer({ objects: [{ ...NAMESPACE, metadata: { name: 'shop' } }] })
  opened = []
})
afterEach(async () => {
  await Promise.all(opened.map(({ close }) => close()))
  await api.close()
})
function open(server = api.url, credentials: Credentials = { kind: 'none' }) {
  const states: string[] = []
  const one = openCluster({
    name: 'prod',
    access: { context: 'c', server, namespace: 'default', user: 'u', tls: {}, credentials },
    clock: quick,
    random: () => 0.5,
    onHealth: ({ state, error }) => states.push(error ? `${state} ${error.code}` : state),
  })
  opened.push(one)
  return { ...one, states }
}

describe('a cluster that is not well', () => {
  it('is asked less and less, answers at once while it is away, and is back when it is back', async () => {
    const { cluster, states } = open('http://127.0.0.1:1')
    for (let i = 0; i < 3; i++)
      await expect(cluster.list(NAMESPACE)).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE', details: { reason: 'nothing listens there' } })
    const errors = await Promise.all(Array.from({ length: 50 }, () => cluster.list(NAMESPACE).catch((error: unknown) => error)))
    // The same error, not a new attempt each.
    expect(new Set(errors).size).toBe(1)
    expect(states).toEqual(['failing CLUSTER_UNREACHABLE'])
    expect(cluster.health()).toMatchObject({ state: 'failing' })
  })

  it('that takes a request and never answers is given up after its time, and others are not held up', async () => {
    const { cluster } = open()
    const other = open()
    await Promise.all([cluster.list(NAMESPACE), other.cluster.list(NAMESPACE)])
    const asked = Promise.withResolvers<void>()
    api.intercept(() => {
      asked.resolve()
      return true
    })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const slow = cluster.list(NAMESPACE).catch((error: unknown) => error)
      await asked.promise
      api.intercept(undefined)
      expect((await other.cluster.list(NAMESPACE)).items.length).toBeGreaterThan(0)
      await vi.advanceTimersByTimeAsync(30_000)
      expect(await slow).toMatchObject({ code: 'TIMED_OUT', details: { cluster: 'prod', limit: '30 s' } })
      expect(cluster.health()).toMatchObject({ state: 'failing', error: { code: 'CLUSTER_UNREACHABLE', details: { reason: 'no answer within 30 s' } } })
    } finally {
      vi.useRealTimers()
    }
  })

  it('applies by itself where the server knows no server-side apply', async () => {
    const { cluster } = open()
    const methods: string[] = []
    api.intercept((request, response) => {
      if (request.method !== 'GET') methods.push(`${request.method} ${request.headers['content-type']}`)
      if (request.headers['content-type'] !== 'application/apply-patch+yaml') return false
      response.writeHead(415).end(JSON.stringify({ reason: 'UnsupportedMediaType', message: 'the body of the request was in an unknown format' }))
      return true
    })
    await cluster.apply({ ...NAMESPACE, metadata: { name: 'made' } }, { fieldManager: 'sallyport' })
    expect(methods).toEqual(['PATCH application/apply-patch+yaml', 'POST application/json'])
  })

  it('says what HTTP said', async () => {
    const { cluster } = open()
    await cluster.list(NAMESPACE)
    const said = async (status: number, body: unknown, headers: Record<string, string> = {}) => {
      api.intercept((_, response) => {
        response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
        return true
      })
      return cluster.list(NAMESPACE).catch((error: unknown) => error)
    }
    expect(await said(500, '<html><b>proxy</b></html>')).toMatchObject({ code: 'CLUSTER_FAILED', details: { status: 500 } })
    expect(await said(200, '{"items": [')).toMatchObject({ code: 'CLUSTER_FAILED' })
    expect(await said(410, { reason: 'Expired' })).toMatchObject({ code: 'LIST_EXPIRED' })
    expect(await said(504, {})).toMatchObject({ code: 'TIMED_OUT' })
    expect(await said(429, {}, { 'retry-after': '1' })).toMatchObject({ code: 'CLUSTER_BUSY' })
    expect(await said(422, { reason: 'Invalid', message: 'bad', details: { causes: [{ field: 'spec.x', message: 'no' }] } })).toMatchObject({
      code: 'OBJECT_REJECTED',
      problems: [{ path: 'spec.x', message: 'no' }],
    })
    expect(await said(403, { reason: 'Forbidden', message: 'pods "a" is forbidden: exceeded quota: q' })).toMatchObject({ code: 'OBJECT_REJECTED' })
    expect(
      await said(403, { reason: 'Forbidden', message: 'users "x" is forbidden: User "me" cannot impersonate resource "users" in API group ""' }),
    ).toMatchObject({
      code: 'FORBIDDEN',
      details: { verb: 'impersonate', resource: 'users' },
    })
  })

  it('names credentials that have expired, and those that are not taken', async () => {
    await api.close()
    api = await fakeApiServer({ users: { good: 'me' } })
    const exp = Math.floor(quick.now() / 1000) - 10
    const expired = `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.y`
    await expect(open(api.url, { kind: 'token', token: expired }).cluster.list(NAMESPACE)).rejects.toMatchObject({ code: 'CREDENTIALS_EXPIRED' })
    await expect(open(api.url, { kind: 'token', token: 'bad' }).cluster.list(NAMESPACE)).rejects.toMatchObject({
      code: 'CLUSTER_UNAUTHORIZED',
      details: { who: 'u' },
    })
    const { cluster } = open(api.url, { kind: 'token', token: 'good' })
    await cluster.list(NAMESPACE)
    await expect(cluster.as({ kind: 'token', token: 'other' }).list(NAMESPACE)).rejects.toMatchObject({
      code: 'CLUSTER_UNAUTHORIZED',
      details: { who: 'this user' },
    })
    // Somebody's bad token says nothing about the cluster.
    expect(cluster.health()).toMatchObject({ state: 'ready' })
    await expect(cluster.as({ kind: 'impersonated', user: 'a\nb', groups: [] }).list(NAMESPACE)).rejects.toMatchObject({ code: 'CREDENTIALS_FAILED' })
  })

  it('tells a clock that goes wrong', async () => {
    const { cluster } = open()
    api.intercept((_, response) => {
      response.setHeader('date', new Date(quick.now() + 3_600_000).toUTCString())
      return false
    })
    await cluster.list(NAMESPACE)
    expect(Math.abs(cluster.health().clockSkewMs! - 3_600_000)).toBeLessThan(60_000)
  })
})

describe('names', () => {
  it.each(['..', '.', 'a/b', '%2e%2e', ''])('%j never becomes part of a path', async (name) => {
    const { cluster } = open()
    await expect(cluster.get({ ...POD, namespace: 'shop', name })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(cluster.list(POD, { namespace: name })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
  it('with markup are handed on as they are', async () => {
    const { cluster } = open()
    await expect(cluster.get({ ...NAMESPACE, name: '<b>&"' })).rejects.toMatchObject({ code: 'NOT_FOUND', details: { what: expect.stringContaining('<b>&"') } })
  })
})

describe('informers', () => {
  const pod = (name: string, bytes = 10): KubeObject => ({ ...POD, metadata: { name, namespace: 'shop' }, spec: { text: 'x'.repeat(bytes) } })

  it('read objects of a megabyte in small pages, small ones in large pages, and smaller pages when one was too large', async () => {
    const limits: number[] = []
    let refuseAbove = Infinity
    api.intercept((request, response) => {
      const limit = Number(new URL(request.url!, 'http://x').searchParams.get('limit') ?? 0)
      if (limit > 0) limits.push(limit)
      if (limit <= refuseAbove) return false
      response.writeHead(413).end()
      return true
    })
    const read = async () => {
      limits.length = 0
      const { cluster } = open()
      const informer = cluster.informer(POD, { keep: ({ metadata }) => metadata.name })
      await informer.synced
      return informer.size
    }
    for (let i = 0; i < 600; i++) api.put(pod(`a-${i}`))
    expect(await read()).toBe(600)
    expect(limits[0]).toBe(10)
    expect(limits[1]).toBeGreaterThan(100)
    expect(limits.length).toBeLessThan(5)
    refuseAbove = 5
    expect(await read()).toBe(600)
    expect(limits.slice(0, 4)).toEqual([10, 3, 3, 3])
    refuseAbove = Infinity
    for (let i = 0; i < 24; i++) api.put(pod(`0-${i}`, 1024 * 1024))
    expect(await read()).toBe(624)
    expect(limits.slice(0, 3)).toEqual([10, 1, 1])
  })

  it('say that a list is forbidden, and do not say that there is nothing', async () => {
    await api.close()
    api = await fakeApiServer({ users: { t: 'me' }, may: () => false })
    const { cluster } = open(api.url, { kind: 'token', token: 't' })
    const informer = cluster.informer(POD)
    await expect(informer.synced).rejects.toMatchObject({ code: 'FORBIDDEN', details: { verb: 'list', resource: 'pods' } })
    expect(informer.status()).toMatchObject({ state: 'starting', error: { code: 'FORBIDDEN' } })
  })

  it('are behind and say since when, while the cluster is away; others go on', async () => {
    const other = open()
    const elsewhere = other.cluster.informer(NAMESPACE)
    const { cluster } = open()
    const informer = cluster.informer(NAMESPACE)
    await Promise.all([informer.synced, elsewhere.synced])
    api.intercept((request, response) => {
      if (request.headers.host !== undefined && request.url?.includes('watch')) response.destroy()
      return request.url?.includes('watch') ?? false
    })
    api.forget()
    await eventually(() => expect(informer.status()).toMatchObject({ state: 'behind', error: { code: 'CLUSTER_UNREACHABLE' } }))
    expect(informer.status().currentAt).toBeGreaterThan(0)
    expect(informer.size).toBe(1)
    api.intercept(undefined)
    await eventually(() => expect(informer.status()).toMatchObject({ state: 'following' }))
  })

  it('end when their cluster is removed in the middle of a watch', async () => {
    const kept = open()
    const stays = kept.cluster.informer(NAMESPACE)
    const { cluster, close } = open()
    const informer = cluster.informer(NAMESPACE)
    await Promise.all([informer.synced, stays.synced])
    await close()
    await eventually(() => expect(informer.status()).toMatchObject({ state: 'stopped', error: { code: 'CLUSTER_REMOVED' } }))
    await expect(cluster.list(NAMESPACE)).rejects.toMatchObject({ code: 'CLUSTER_REMOVED' })
    api.put({ ...NAMESPACE, metadata: { name: 'late' } })
    await eventually(() => expect(stays.size).toBe(2))
    expect(informer.size).toBe(1)
  })
})
