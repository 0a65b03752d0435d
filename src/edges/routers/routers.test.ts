import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import type { SplitRoute } from '#core/shapes/ports/traffic-router.ts'
import { type RouterHarness, trafficRouterContract } from '#test/contracts/traffic-router.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import { trafficRouter } from './open.ts'

const kindsOf = (apiVersion: string, kind: string) => ({
  ...FAKE_KINDS[3]!,
  apiVersion,
  kind,
  group: apiVersion.split('/')[0]!,
  version: apiVersion.split('/')[1]!,
  plural: `${kind.toLowerCase()}s`,
})

async function harness(object: KubeObject, more: readonly KubeObject[] = []): Promise<RouterHarness & { cluster: ReturnType<typeof fakeCluster> }> {
  const cluster = fakeCluster({ objects: [object, ...more], kinds: [kindsOf(object.apiVersion, object.kind)] })
  const target: SplitRoute = {
    route: { apiVersion: object.apiVersion, kind: object.kind, namespace: 'shop', name: object.metadata.name },
    stable: 'cart',
    canary: 'cart-next',
    owner: 'shop/cart',
  }
  return {
    cluster,
    router: trafficRouter(cluster),
    target,
    writes: () => cluster.writes.length,
    async world() {
      const { items } = await cluster.list(object)
      return items.map(({ metadata: { name, annotations = {} }, spec }) => ({ name, annotations, spec }))
    },
  }
}
const metadata = { name: 'api', namespace: 'shop' }
const objects = {
  ingress: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata,
    spec: {
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'api.example.com',
          http: {
            paths: [
              { path: '/cart', pathType: 'Prefix', backend: { service: { name: 'cart', port: { name: 'http' } } } },
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } },
            ],
          },
        },
      ],
    },
  },
  oldIngress: {
    apiVersion: 'networking.k8s.io/v1beta1',
    kind: 'Ingress',
    metadata,
    spec: { rules: [{ http: { paths: [{ path: '/cart', backend: { serviceName: 'cart', servicePort: 80 } }] } }] },
  },
  httpRoute: {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata,
    spec: {
      parentRefs: [{ name: 'gateway' }],
      rules: [
        { name: 'cart', matches: [{ path: { type: 'PathPrefix', value: '/cart' } }], backendRefs: [{ name: 'cart', port: 80 }] },
        { backendRefs: [{ name: 'web', port: 80 }] },
      ],
    },
  },
  virtualService: {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata,
    spec: {
      hosts: ['cart'],
      http: [{ name: 'main', match: [{ uri: { prefix: '/cart' } }], route: [{ destination: { host: 'cart.shop.svc.cluster.local', port: { number: 80 } } }] }],
    },
  },
  ingressRoute: {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'IngressRoute',
    metadata,
    spec: { routes: [{ match: 'Host(`api.example.com`) && PathPrefix(`/cart`)', kind: 'Rule', priority: 10, services: [{ name: 'cart', port: 80 }] }] },
  },
  traefikService: {
    apiVersion: 'traefik.io/v1alpha1',
    kind: 'TraefikService',
    metadata,
    spec: { weighted: { services: [{ name: 'cart', port: 80 }] } },
  },
} satisfies Record<string, KubeObject>

trafficRouterContract('ingress-nginx', () => harness(objects.ingress))
trafficRouterContract('ingress-nginx, API v1beta1', () => harness(objects.oldIngress))
trafficRouterContract('Gateway API', () => harness(objects.httpRoute))
trafficRouterContract('Istio', () => harness(objects.virtualService), { fractions: false })
trafficRouterContract('Traefik IngressRoute', () => harness(objects.ingressRoute))
trafficRouterContract('Traefik IngressRoute, version 2', () => harness({ ...objects.ingressRoute, apiVersion: 'traefik.containo.us/v1alpha1' }))
trafficRouterContract('TraefikService', () => harness(objects.traefikService), { marks: false })

describe('ingress-nginx', () => {
  it('makes an Ingress for the rules of stable alone, with weights in tenths where needed', async () => {
    const { router, target, cluster } = await harness(objects.ingress)
    await router.write(target, { weight: 0.5, header: { name: 'x-user', pattern: '^qa' } })
    const made = await cluster.get({ ...target.route, name: 'api-sallyport-canary' })
    expect(made.metadata.annotations).toMatchObject({
      'nginx.ingress.kubernetes.io/canary': 'true',
      'nginx.ingress.kubernetes.io/canary-weight': '5',
      'nginx.ingress.kubernetes.io/canary-weight-total': '1000',
      'nginx.ingress.kubernetes.io/canary-by-header': 'x-user',
      'nginx.ingress.kubernetes.io/canary-by-header-pattern': '^qa',
    })
    expect(made.spec).toEqual({
      ingressClassName: 'nginx',
      rules: [
        {
          host: 'api.example.com',
          http: { paths: [{ path: '/cart', pathType: 'Prefix', backend: { service: { name: 'cart-next', port: { name: 'http' } } } }] },
        },
      ],
    })
  })

  const theirs = (service: string): KubeObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name: 'theirs',
      namespace: 'shop',
      annotations: { 'nginx.ingress.kubernetes.io/canary': 'true', 'nginx.ingress.kubernetes.io/canary-weight': '7' },
    },
    spec: {
      rules: [
        { host: 'api.example.com', http: { paths: [{ path: '/cart', pathType: 'Prefix', backend: { service: { name: service, port: { number: 80 } } } }] } },
      ],
    },
  })

  it('takes over the annotations of a canary Ingress that is there, and leaves it', async () => {
    const { router, target, cluster } = await harness(objects.ingress, [theirs('cart-next')])
    expect(await router.read(target)).toEqual({ ok: true, value: { weight: 7 } })
    await router.write(target, { weight: 30 })
    expect(cluster.writes.map(({ verb, ref }) => [verb, ref.name])).toEqual([['patch', 'theirs']])
    expect(await router.read(target)).toEqual({ ok: true, value: { weight: 30 } })
    await router.release(target)
    const left = await cluster.get({ ...target.route, name: 'theirs' })
    expect(left.metadata.annotations).toMatchObject({ 'nginx.ingress.kubernetes.io/canary-weight': '0' })
    expect(left.metadata.annotations).not.toHaveProperty('sallyport.io/canary')
  })

  it('does not add a second canary to a rule', async () => {
    const { router, target, cluster } = await harness(objects.ingress, [theirs('other')])
    expect(await router.write(target, { weight: 30 })).toMatchObject({ ok: false, error: { reason: 'owned' } })
    expect(cluster.writes).toEqual([])
  })
})

describe('routes as proxies read them', () => {
  it('HTTPRoute: marked requests first, weights in the rule of stable, others untouched', async () => {
    const { router, target, cluster } = await harness(objects.httpRoute)
    await router.write(target, { weight: 25, header: { name: 'x-canary', value: 'yes' } })
    expect((await cluster.get(target.route)).spec).toEqual({
      parentRefs: [{ name: 'gateway' }],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/cart' }, headers: [{ type: 'Exact', name: 'x-canary', value: 'yes' }] }],
          backendRefs: [{ name: 'cart-next', port: 80 }],
        },
        {
          name: 'cart',
          matches: [{ path: { type: 'PathPrefix', value: '/cart' } }],
          backendRefs: [
            { name: 'cart', port: 80, weight: 75 },
            { name: 'cart-next', port: 80, weight: 25 },
          ],
        },
        { backendRefs: [{ name: 'web', port: 80 }] },
      ],
    })
  })

  it('keeps a backend of the canary that the user declared', async () => {
    const declared = structuredClone(objects.httpRoute) as KubeObject & { spec: { rules: { backendRefs: object[] }[] } }
    declared.spec.rules[0]!.backendRefs.push({ name: 'cart-next', port: 8080, weight: 0 })
    const { router, target, cluster } = await harness(declared)
    await router.write(target, { weight: 50 })
    await router.release(target)
    expect((await cluster.get(target.route)).spec).toMatchObject({
      rules: [{ backendRefs: [{ name: 'cart' }, { name: 'cart-next', port: 8080, weight: 0 }] }, {}],
    })
  })

  it('Traefik: a marked route beats the priority of the plain one', async () => {
    const { router, target, cluster } = await harness(objects.ingressRoute)
    await router.write(target, { weight: 5, header: { name: 'X-Canary' } })
    expect((await cluster.get(target.route)).spec).toMatchObject({
      routes: [
        { match: '(Host(`api.example.com`) && PathPrefix(`/cart`)) && Header(`X-Canary`, `always`)', priority: 11, services: [{ name: 'cart-next' }] },
        { priority: 10, services: [{ weight: 95 }, { name: 'cart-next', weight: 5 }] },
      ],
    })
  })

  it('says what a router cannot do, and changes nothing', async () => {
    const istio = await harness(objects.virtualService)
    expect(await istio.router.write(istio.target, { weight: 0.5 })).toMatchObject({ ok: false, error: { reason: 'unsupported' } })
    expect(await istio.router.write({ ...istio.target, sticky: true }, { weight: 5 })).toMatchObject({ ok: false, error: { reason: 'unsupported' } })
    const service = await harness(objects.traefikService)
    expect(await service.router.write(service.target, { weight: 5, cookie: { name: 'a' } })).toMatchObject({ ok: false, error: { reason: 'unsupported' } })
    const other = await harness({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: {} })
    expect(await other.router.write(other.target, { weight: 5 })).toMatchObject({ ok: false, error: { reason: 'unsupported' } })
    for (const { cluster } of [istio, service, other]) expect(cluster.writes).toEqual([])
  })
})
