import { describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { FAKE_KINDS, fakeCluster } from '../../../../test/fakes/cluster.ts'
import { verifyMove } from './verify.ts'

const service = (name: string, port: object, rest: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'store' },
  spec: { selector: { app: name }, ports: [port], ...rest },
})
const endpoints = (name: string, ...ips: string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name, namespace: 'store' },
  subsets: [{ addresses: ips.map((ip) => ({ ip })) }],
})
const kinds = [
  ...FAKE_KINDS.map((kind) => (kind.kind === 'Service' ? { ...kind, subresources: { proxy: ['get'] } } : kind)),
  { ...FAKE_KINDS.find(({ kind }) => kind === 'Service')!, kind: 'Endpoints', plural: 'endpoints' },
]
const failed = (reason: string, status = 503) => new CodedError('CLUSTER_FAILED', { cluster: 'new', status, reason })

/** What the API server's proxy says of each Service, by its path. */
const SAYS: Record<string, () => unknown> = {
  'fine:80': () => '',
  'https:sealed:443': () => '',
  // An application that answers with an error has answered.
  'broken:8080': () => Promise.reject(failed('Internal Server Error', 500)),
  'missing:80': () => Promise.reject(new CodedError('NOT_FOUND', { what: '/' })),
  'silent:80': () => Promise.reject(failed('error trying to reach service: dial tcp 10.1.1.1:80: connect: connection refused')),
  'forbidden:80': () => Promise.reject(new CodedError('FORBIDDEN', { verb: 'get', resource: 'services/proxy', cluster: 'new' })),
}

async function verify(objects: readonly KubeObject[], more: readonly KubeObject[], served = kinds) {
  const asked: string[] = []
  const fake = fakeCluster({ objects: [...objects, ...more], kinds: served })
  const cluster = {
    ...fake,
    raw: async (path: string) => {
      const name = /\/services\/(.+)\/proxy\/$/.exec(path)![1]!
      asked.push(name)
      return SAYS[name]!()
    },
  } as unknown as Cluster
  const verified = await verifyMove(
    cluster,
    objects.map((object) => ({ object, wave: 0, action: 'same', changes: [] })),
  )
  return { ...verified, asked: asked.sort() }
}

describe('what Services answer', () => {
  const http = { name: 'http', port: 80 }
  it('is asked through the proxy of the API server', async () => {
    const objects = [
      service('fine', http),
      service('sealed', { port: 443 }),
      service('broken', { port: 8080 }),
      service('missing', http),
      service('silent', http),
      service('forbidden', http),
      service('db', { name: 'sql', port: 5432 }),
      service('none', http),
    ]
    const ready = objects.flatMap(({ metadata: { name } }) => (name === 'none' ? [endpoints(name)] : [endpoints(name, '10.1.1.1')]))
    const { services, failing, asked } = await verify(objects, ready)
    expect(Object.fromEntries(services.map(({ service: name, answers }) => [name.slice('store/'.length), answers]))).toEqual({
      fine: 'yes',
      sealed: 'yes',
      broken: 'yes',
      missing: 'yes',
      silent: 'no',
      forbidden: 'unknown',
      db: 'unknown',
      none: 'no',
    })
    expect(failing).toEqual(['store/none', 'store/silent'])
    expect(asked).toEqual(Object.keys(SAYS).sort())
  })

  it('is unknown without a proxy, and nothing is asked of Services without pods of their own', async () => {
    const objects = [service('fine', http), service('outside', http, { selector: undefined, type: 'ExternalName' })]
    const { services, asked } = await verify(objects, [endpoints('fine', '10.1.1.1')], [...FAKE_KINDS, kinds.at(-1)!])
    expect(services).toEqual([{ service: 'store/fine', endpoints: 1, answers: 'unknown', why: 'the API server has no proxy' }])
    expect(asked).toEqual([])
  })
})
