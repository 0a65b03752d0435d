/** What the routers write, and the kind Canary, taken by a real API server. The CRD of HTTPRoute is a stand-in: its own validation is not here. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { canaryResource } from '#capabilities/canary/resources/canary.ts'
import type { Clock } from '#core/kernel/clock.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { trafficRouter } from '#edges/routers/open.ts'
import { trafficRouterContract } from '#test/contracts/traffic-router.ts'
import { describeCluster } from '#test/real.ts'
import { gatewayDefinitions } from '../../src/sandbox/site/gateway-api.ts'

const clock: Clock = { now: Date.now, sleep: (ms, signal) => import('node:timers/promises').then(({ setTimeout }) => setTimeout(ms, undefined, { signal })) }
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' }

describeCluster('canaries on a real API server', (kubeconfig) => {
  const namespace = `canary-${randomBytes(4).toString('hex')}`
  let cluster: Cluster
  let close: () => Promise<void>
  beforeAll(async () => {
    const opened = await openCluster({ name: 'real', access: await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select(), clock })
    cluster = opened.cluster
    close = opened.close
    await cluster.create({ ...NAMESPACE, metadata: { name: namespace } })
    const definitions = [
      definitionOf(canaryResource),
      ...(gatewayDefinitions() as unknown as KubeObject[]).filter(({ metadata }) => metadata.name.startsWith('httproutes.')),
    ]
    for (const definition of definitions) {
      // The API server keeps this group to those who say whose it is.
      const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a test' }
      await cluster.apply({ ...definition, metadata: { ...definition.metadata, annotations } }, { fieldManager: 'test', force: true })
    }
    for (const kind of [
      { apiVersion: 'sallyport.io/v1alpha1', kind: 'Canary' },
      { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute' },
    ]) {
      for (let tries = 0; tries < 100; tries++) {
        const { kinds } = await cluster.discover({ fresh: true })
        if (kinds.some((one) => one.apiVersion === kind.apiVersion && one.kind === kind.kind)) break
        await clock.sleep(100)
      }
    }
  }, 60_000)
  afterAll(async () => {
    await cluster.delete({ ...NAMESPACE, name: namespace })
    await close()
  })

  const harness = async (object: Omit<KubeObject, 'metadata'>) => {
    const name = `api-${randomBytes(3).toString('hex')}`
    // Each on a host of its own: one canary per rule.
    const made = JSON.parse(JSON.stringify(object).replaceAll('HOST', `${name}.example.com`)) as KubeObject
    await cluster.create({ ...made, metadata: { name, namespace } })
    return {
      router: trafficRouter(cluster),
      target: { route: { apiVersion: made.apiVersion, kind: made.kind, namespace, name }, stable: 'cart', canary: 'cart-next', owner: 'shop/cart' },
      writes: () => 0,
      async world() {
        const { items } = await cluster.list(made, { namespace })
        return items
          .filter(({ metadata }) => metadata.name.startsWith(name))
          .map(({ metadata, spec }) => ({ name: metadata.name, annotations: metadata.annotations ?? {}, spec }))
      },
    }
  }

  trafficRouterContract('ingress-nginx annotations', () =>
    harness({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      spec: {
        ingressClassName: 'nginx',
        rules: [{ host: 'HOST', http: { paths: [{ path: '/cart', pathType: 'Prefix', backend: { service: { name: 'cart', port: { name: 'http' } } } }] } }],
      },
    }),
  )
  trafficRouterContract('HTTPRoute', () =>
    harness({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      spec: {
        parentRefs: [{ name: 'gateway' }],
        rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/cart' } }], backendRefs: [{ name: 'cart', port: 80 }] }],
      },
    }),
  )

  const canary = (spec: object): KubeObject => ({
    apiVersion: 'sallyport.io/v1alpha1',
    kind: 'Canary',
    metadata: { name: `c-${randomBytes(3).toString('hex')}`, namespace },
    spec,
  })
  const good = { stable: { deployment: 'cart', service: 'cart' }, routes: [{ name: 'api' }], steps: [{ weight: 10 }] }

  it('takes a Canary, fills in its defaults, and takes its status apart from its spec', async () => {
    const made = await cluster.create(canary(good))
    expect(made.spec).toMatchObject({
      minPods: 2,
      judge: { minSoak: '20m', measures: { errors: { budget: { times: 1.05 } } } },
      steps: [{ weight: 10, hold: '5m', pause: false }],
    })
    const ref = { apiVersion: made.apiVersion, kind: made.kind, namespace, name: made.metadata.name }
    await cluster.patch(ref, 'merge', { status: { phase: 'Progressing', weight: 10, step: 1 } }, { subresource: 'status' })
    const table = await cluster.table(made, { namespace })
    expect(table.columns.map(({ name }) => name)).toEqual(expect.arrayContaining(['Phase', 'Step', 'Weight', 'Verdict', 'Requests', 'Expected']))
    expect(table.items.map(({ cells }) => cells)).toContainEqual(expect.arrayContaining([made.metadata.name, 'Progressing', 1, 10]))
  })

  it.each([
    ['a weight over 100', { ...good, steps: [{ weight: 120 }] }],
    ['a mode that is not there', { ...good, mode: 'watch' }],
    ['a metric without a query', { ...good, metrics: [{ name: 'queue' }] }],
    ['a hook at no known point', { ...good, hooks: [{ name: 'h', when: 'sometimes', url: 'http://hooks.example/' }] }],
  ])('refuses %s', async (_, spec) => {
    await expect(cluster.create(canary(spec))).rejects.toMatchObject({ code: 'OBJECT_REJECTED' })
  })
})
