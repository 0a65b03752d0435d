import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import type { QueryResult } from '#core/shapes/ports/telemetry.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import type { RunningDoor, ServerContext } from '#kits/server-kit/door.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { type FakeClock, fakeClock } from '#test/fakes/clock.ts'
import { FAKE_KINDS, type FakeCluster, fakeCluster } from '#test/fakes/cluster.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import type { ActAnswer, AppsAnswer, KindsAnswer, NamespacesAnswer, ObjectAnswer, ObjectsAnswer, RelationsAnswer, TimelineAnswer } from '../domain/api.ts'
import { door } from './index.ts'

const NOW = Date.UTC(2026, 4, 6, 12)
const meta = (name: string, more: Partial<KubeObject['metadata']> = {}) => ({ name, namespace: 'shop', uid: `uid-${name}`, ...more })
const owner = (kind: string, name: string) => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `uid-${name}`, controller: true }] })
const running = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'main', ready: true, restartCount: 0 }] }
const pod = (name: string, more: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta(name, { labels: { app: 'cart' }, ...more }),
  spec: { nodeName: 'node1', containers: [{ name: 'main', image: 'cart:1' }] },
  status: running,
})
const objects: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta('cart'),
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'cart' } },
      template: { metadata: { labels: { app: 'cart' } }, spec: { containers: [{ name: 'main', image: 'cart:1' }] } },
    },
    status: { replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
  },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: meta('cart-1', owner('Deployment', 'cart')), spec: { replicas: 2 }, status: { readyReplicas: 2 } },
  pod('cart-1-a', owner('ReplicaSet', 'cart-1')),
  pod('cart-1-b', owner('ReplicaSet', 'cart-1')),
  { apiVersion: 'v1', kind: 'Service', metadata: meta('cart'), spec: { selector: { app: 'cart' } } },
  {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: meta('e1'),
    involvedObject: { kind: 'Pod', name: 'cart-1-a', uid: 'uid-cart-1-a' },
    reason: 'Pulled',
    lastTimestamp: '2026-05-06T11:59:00Z',
  },
]
// `scale` as a real server lists it.
const kinds = FAKE_KINDS.map((kind) => (kind.kind === 'Deployment' ? { ...kind, subresources: { scale: ['get', 'patch'] } } : kind))

let folder: string
let http: FastifyInstance
let running_: RunningDoor
let cluster: FakeCluster
let headers: Record<string, string>
let url: string
let asked: unknown[]
let clock: FakeClock

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-workloads-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

beforeEach(async () => {
  clock = fakeClock(NOW)
  const log = pino({ level: 'silent' })
  cluster = fakeCluster({ objects, kinds })
  asked = []
  const auth = await openAuth(folder, clock)
  http = await createHttp({ log, clock, auth, version: '0' })
  await http.register(
    async (api) => {
      const telemetry = {
        query: async (query: unknown): Promise<QueryResult> => {
          asked.push(query)
          return { columns: [], rows: [], rowsRead: 0, bytesRead: 0, elapsedMs: 0 }
        },
      }
      running_ = await door.start({ http: api, clock, log, telemetry, ...fakeClusters(cluster) } as unknown as ServerContext)
    },
    { prefix: '/api/v1' },
  )
  await http.listen({ host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}/api/v1/clusters/local`
  headers = { authorization: `Bearer ${(await readFile(join(folder, 'cli-token'), 'utf8')).trim()}` }
  return async () => {
    await running_.stop()
    await http.close()
  }
})

async function ask<T>(path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const response = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as T }
}
const CART = '/objects/apps/v1/Deployment/shop/cart'

describe('lists', () => {
  it('objects: pages, search, labels and order; a bad kind is refused with its name', async () => {
    const { body } = await ask<ObjectsAnswer>('/objects?kind=v1/Pod&sort=name&order=desc&limit=1')
    expect(body).toMatchObject({ total: 2, namespaced: true, rows: [{ name: 'cart-1-b', status: { word: 'running' } }], missing: [] })
    expect((await ask<ObjectsAnswer>('/objects?kind=v1/Pod&search=1-a')).body.rows.map(({ name }) => name)).toEqual(['cart-1-a'])
    expect((await ask<ObjectsAnswer>('/objects?kind=v1/Pod&labels=app%3Dother')).body.total).toBe(0)
    expect(await ask('/objects?kind=v1/Nothing')).toMatchObject({ status: 404, body: { error: { code: 'KIND_UNKNOWN' } } })
    expect((await ask('/objects?kind=Pod')).status).toBe(400)
    expect((await ask<KindsAnswer>('/kinds')).body.kinds.map(({ kind }) => kind)).toContain('Lease')
  })
  it('a list that is forbidden is refused with the verb, also when it was held before', async () => {
    expect((await ask('/objects?kind=v1/Pod&search=x')).status).toBe(200)
    cluster.allow((_, { verb, resource }) => !(verb === 'list' && ['pods', 'namespaces'].includes(resource)))
    expect(await ask('/objects?kind=v1/Pod&search=x')).toMatchObject({
      status: 403,
      body: { error: { code: 'FORBIDDEN', message: expect.stringContaining('list pods') } },
    })
    expect((await ask<NamespacesAnswer>('/namespaces')).body).toMatchObject({ names: [], known: false })
  })
  it('apps: pods under their owner, opened on demand; without the right to list pods they are unknown, not none', async () => {
    const app = { app: { kind: 'Deployment', name: 'cart', desired: 2, pods: { total: 2, byLevel: { ok: 2 } } } }
    expect((await ask<AppsAnswer>('/apps')).body).toMatchObject({ total: 1, lines: [app], missing: [] })
    expect((await ask<AppsAnswer>('/apps?expand=uid-cart')).body.lines).toMatchObject([app, { pod: { name: 'cart-1-a' } }, { pod: { name: 'cart-1-b' } }])
    cluster.allow((_, { resource }) => resource !== 'pods')
    const { lines, missing } = (await ask<AppsAnswer>('/apps?namespace=shop')).body
    expect(lines).toMatchObject([{ app: { name: 'cart', pods: null, restarts: null, status: { word: 'ready' } } }])
    expect(missing).toMatchObject([{ what: 'Pod', code: 'FORBIDDEN' }])
  })
  it('apps over more pods than can be read: numbers are the owners’, pods are read below what is opened', async () => {
    const { list } = cluster
    cluster.list = async (kind, select) => {
      const page = await list(kind, select)
      return kind.kind === 'Pod' ? { ...page, remaining: 5_000 } : page
    }
    const informers: unknown[] = []
    const informer = cluster.informer
    cluster.informer = ((kind, options) => {
      informers.push([kind.kind, options?.labels])
      return informer(kind, options)
    }) as typeof informer
    const { lines, missing } = (await ask<AppsAnswer>('/apps')).body
    expect(lines).toMatchObject([{ app: { name: 'cart', desired: 2, pods: null, status: { word: 'ready' } } }])
    expect(missing).toEqual([{ what: 'Pod', code: 'many', message: '5001' }])
    expect(informers).not.toContainEqual(['Pod', undefined])
    const opened = (await ask<AppsAnswer>('/apps?expand=uid-cart')).body.lines
    expect(opened).toMatchObject([{ app: { name: 'cart' } }, { pod: { name: 'cart-1-a' } }, { pod: { name: 'cart-1-b' } }])
    expect(informers).toContainEqual(['Pod', 'app=cart'])
  })
  it('a change is told over the event stream, and the next page has it', async () => {
    const stop = new AbortController()
    const stream = await fetch(`${url}/objects/changes?kind=v1/Pod&namespace=shop`, { headers, signal: stop.signal })
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader()
    let heard = ''
    await clock.advance(1_000)
    while (!heard.includes('event: change')) heard += (await reader.read()).value ?? ''
    await cluster.create(pod('cart-1-c'))
    await expect.poll(async () => (await ask<ObjectsAnswer>('/objects?kind=v1/Pod&namespace=shop&sort=status')).body.total).toBe(3)
    stop.abort()
  })
})

describe('one object', () => {
  it('its state, YAML without managed fields, and each right with the verb it needs', async () => {
    cluster.allow((_, { subresource, verb }) => subresource !== 'scale' && verb !== 'delete')
    const { body } = await ask<ObjectAnswer>(CART)
    expect(body).toMatchObject({
      status: { word: 'ready' },
      rights: {
        restart: { allowed: true },
        edit: { allowed: true },
        scale: { allowed: false, needs: 'patch deployments/scale.apps' },
        delete: { allowed: false, needs: 'delete deployments.apps' },
      },
    })
    expect(body.yaml).toContain('replicas: 2')
    expect(body.rights.exec).toBeUndefined()
    expect(await ask('/objects/apps/v1/Deployment/shop/none')).toMatchObject({ status: 404 })
  })
  it('relations and timeline say what they could not read', async () => {
    expect((await ask<RelationsAnswer>(`${CART}/relations`)).body.related.map(({ relation, name }) => `${relation} ${name}`)).toEqual([
      'owns cart-1',
      'owns cart-1-a',
      'owns cart-1-b',
      'selectedBy cart',
    ])
    const { happenings } = (await ask<TimelineAnswer>(`${CART}/timeline`)).body
    expect(happenings.find(({ source }) => source === 'event')).toMatchObject({ title: 'Pulled', about: 'Pod cart-1-a' })
    // Kept history is read with the asker's scope.
    expect(asked).toMatchObject([{ scope: 'all' }, { scope: 'all' }])
    cluster.allow((_, { resource, verb }) => !(verb === 'list' && resource === 'events'))
    expect((await ask<TimelineAnswer>(`${CART}/timeline`)).body.missing).toMatchObject([{ what: 'Event', code: 'FORBIDDEN' }])
  })
})

describe('acts', () => {
  it('a preview changes nothing and shows the plan; the act is done as asked', async () => {
    const preview = await ask<ActAnswer>(`${CART}/scale`, { dryRun: true, replicas: 5 })
    expect(preview.body).toMatchObject({ done: false, plan: { steps: [{ what: 'scale Deployment shop/cart from 2 to 5', reversible: true }] } })
    expect(preview.body.after).toContain('replicas: 5')
    expect(cluster.writes).toEqual([])
    expect((await ask<ActAnswer>(`${CART}/scale`, { dryRun: true, replicas: 2 })).body.plan).toMatchObject({ steps: [], idle: 'nothing is different' })
    expect((await ask<ActAnswer>(`${CART}/restart`, { dryRun: false })).body.after).toContain('kubectl.kubernetes.io/restartedAt')
    expect(cluster.writes).toMatchObject([{ verb: 'patch', ref: { name: 'cart' } }])
  })
  it('an edit is checked: another object, broken YAML and an old version are refused', async () => {
    const { yaml } = (await ask<ObjectAnswer>(CART)).body
    const edited = yaml.replace('replicas: 2', 'replicas: 3')
    const preview = await ask<ActAnswer>(`${CART}/edit`, { dryRun: true, yaml: edited })
    expect(preview.body.plan.steps.map(({ what }) => what)).toEqual(['change spec.replicas of Deployment shop/cart'])
    expect(await ask(`${CART}/edit`, { dryRun: false, yaml: yaml.replace('name: cart', 'name: other') })).toMatchObject({
      status: 400,
      body: { error: { code: 'INVALID_INPUT' } },
    })
    expect(await ask(`${CART}/edit`, { dryRun: false, yaml: 'a: [1' })).toMatchObject({
      status: 400,
      body: { error: { problems: [{ path: expect.stringMatching(/^yaml:\d+$/) }] } },
    })
    expect((await ask(`${CART}/edit`, { dryRun: false, yaml: edited })).status).toBe(200)
    expect(await ask(`${CART}/edit`, { dryRun: false, yaml: edited })).toMatchObject({ status: 409, body: { error: { code: 'CONFLICT' } } })
  })
  it('what is forbidden is refused by the cluster, and nothing is done', async () => {
    cluster.allow((_, { verb }) => verb === 'get' || verb === 'list')
    expect(await ask(`${CART}/delete`, { dryRun: false })).toMatchObject({ status: 403 })
    expect(await ask('/objects/core/v1/Pod/shop/cart-1-a/exec', {})).toMatchObject({
      status: 403,
      body: { error: { message: expect.stringContaining('pods/exec') } },
    })
    expect(cluster.writes).toEqual([])
  })
})

describe('streams', () => {
  it('logs of several pods come as lines, and end with what could not be read', async () => {
    cluster.containerLogs.set('shop/cart-1-a', '2026-05-06T12:00:00.5Z one\n2026-05-06T12:00:01Z two\n')
    const response = await fetch(`${url}/logs?namespace=shop&pod=cart-1-a&pod=gone`, { headers })
    const text = await response.text()
    const events = [...text.matchAll(/event: (\w+)\ndata: (.*)/g)].map(([, name, data]) => ({
      name,
      data: JSON.parse(data!) as { lines?: { pod: string; text: string }[]; problems?: { pod: string; code: string }[] },
    }))
    expect(events.flatMap(({ data }) => data.lines ?? []).map(({ pod: from, text: line }) => `${from} ${line}`)).toEqual(['cart-1-a one', 'cart-1-a two'])
    expect(events.at(-1)).toMatchObject({ name: 'end', data: { problems: [{ pod: 'gone', code: 'NOT_FOUND' }] } })
  })
  it('a terminal opens with a ticket of its own, once', async () => {
    const { body } = await ask<{ ticket: string }>('/objects/core/v1/Pod/shop/cart-1-a/exec', {})
    const open = (ticket: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = new WebSocket(`${url.replace('http', 'ws')}/terminals/${ticket}`, { headers } as never)
        const heard: string[] = []
        socket.binaryType = 'arraybuffer'
        socket.onopen = () => socket.send(new TextEncoder().encode('hi'))
        socket.onmessage = ({ data }) => {
          heard.push(typeof data === 'string' ? data : new TextDecoder().decode(data as ArrayBuffer))
          if (typeof data !== 'string') socket.close()
        }
        socket.onclose = () => resolve(heard.join('|'))
        socket.onerror = () => reject(new Error('refused'))
      })
    expect(await open('made-up')).toContain('NOT_FOUND')
    // The fake's program says what it hears.
    expect(await open(body.ticket)).toBe('hi')
    expect(await open(body.ticket)).toContain('NOT_FOUND')
  })
})
