import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { closure, graphOf, wavesOf } from './graph.ts'
import { keyOfObject } from './parts.ts'

const object = (apiVersion: string, kind: string, name: string, rest: Record<string, unknown> = {}, namespace: string | undefined = 'shop'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  ...rest,
})
const cluster = (apiVersion: string, kind: string, name: string, rest: Record<string, unknown> = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name },
  ...rest,
})
const deployment = (name: string, podSpec: Record<string, unknown> = {}, namespace = 'shop'): KubeObject =>
  object(
    'apps/v1',
    'Deployment',
    name,
    { spec: { template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'a', image: 'a' }], ...podSpec } } } },
    namespace,
  )

const SHOP = [
  cluster('v1', 'Namespace', 'shop'),
  cluster('v1', 'Namespace', 'other'),
  deployment('cart', {
    serviceAccountName: 'cart',
    priorityClassName: 'high',
    imagePullSecrets: [{ name: 'pull' }],
    volumes: [
      { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
      { name: 'p', projected: { sources: [{ secret: { name: 'tls' } }] } },
    ],
    containers: [
      {
        name: 'a',
        image: 'a',
        envFrom: [{ configMapRef: { name: 'settings' } }],
        env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'maybe', key: 'k', optional: true } } }],
      },
    ],
  }),
  deployment('orders'),
  deployment('cart', {}, 'other'),
  object('v1', 'ServiceAccount', 'cart'),
  object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'cart', {
    roleRef: { kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'cart', namespace: 'shop' }],
  }),
  object('rbac.authorization.k8s.io/v1', 'Role', 'reader'),
  cluster('scheduling.k8s.io/v1', 'PriorityClass', 'high'),
  object('v1', 'PersistentVolumeClaim', 'data', { spec: { storageClassName: 'fast' } }),
  cluster('storage.k8s.io/v1', 'StorageClass', 'fast'),
  object('v1', 'Secret', 'tls'),
  object('v1', 'ConfigMap', 'settings'),
  object('v1', 'ConfigMap', 'unrelated'),
  object('v1', 'Service', 'cart', { spec: { selector: { app: 'cart' } } }),
  object('v1', 'Service', 'orders', { spec: { selector: { app: 'orders' } } }),
  object('networking.k8s.io/v1', 'Ingress', 'shop', {
    spec: { ingressClassName: 'nginx', rules: [{ http: { paths: [{ backend: { service: { name: 'cart' } } }] } }] },
  }),
  cluster('networking.k8s.io/v1', 'IngressClass', 'nginx'),
  object('autoscaling/v2', 'HorizontalPodAutoscaler', 'cart', { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' } } }),
  object('policy/v1', 'PodDisruptionBudget', 'cart', { spec: { selector: { matchLabels: { app: 'cart' } } } }),
  object('networking.k8s.io/v1', 'NetworkPolicy', 'orders', { spec: { podSelector: { matchLabels: { app: 'orders' } } } }),
  cluster('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'carts.shop.io', { spec: { group: 'shop.io', names: { kind: 'Cart' } } }),
  object('shop.io/v1', 'Cart', 'a'),
]
const names = (objects: readonly KubeObject[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace === 'other' ? 'other/' : ''}${metadata.name}`).sort()

describe('an app and everything it needs', () => {
  it('takes what it needs and what serves, scales and guards it, and nothing else', () => {
    const taken = closure(SHOP, (one) => one.kind === 'Deployment' && one.metadata.name === 'cart' && one.metadata.namespace === 'shop')
    expect(names(taken)).toEqual([
      'ConfigMap settings',
      'Deployment cart',
      'HorizontalPodAutoscaler cart',
      'Ingress shop',
      'IngressClass nginx',
      'Namespace shop',
      'PersistentVolumeClaim data',
      'PodDisruptionBudget cart',
      'PriorityClass high',
      'Role reader',
      'RoleBinding cart',
      'Secret tls',
      'Service cart',
      'ServiceAccount cart',
      'StorageClass fast',
    ])
    expect(names(closure(SHOP, ({ kind }) => kind === 'Cart'))).toEqual(['Cart a', 'CustomResourceDefinition carts.shop.io', 'Namespace shop'])
  })

  it('names what is not there, and whether the app works without it', () => {
    const { missing } = graphOf(SHOP)
    expect(missing.map(({ kind, name, by, optional }) => ({ kind, name, by, optional }))).toEqual([
      { kind: 'Secret', name: 'pull', by: 'Deployment shop/cart', optional: undefined },
      { kind: 'Secret', name: 'maybe', by: 'Deployment shop/cart', optional: true },
    ])
  })

  it('knows an object by its kind whatever its version', () => {
    const old = object('autoscaling/v1', 'HorizontalPodAutoscaler', 'h', {
      spec: { scaleTargetRef: { apiVersion: 'extensions/v1beta1', kind: 'Deployment', name: 'orders' } },
    })
    expect(graphOf([...SHOP, old]).missing).toHaveLength(2)
  })
})

describe('waves', () => {
  it('put a webhook after the pods that answer it', () => {
    const webhook = cluster('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'w', {
      webhooks: [{ clientConfig: { service: { name: 'cart', namespace: 'shop' } } }],
    })
    const { waves } = wavesOf(graphOf([webhook, ...SHOP]))
    const at = (kind: string) =>
      waves.findIndex((wave) => wave.some((one) => one.kind === kind && one.metadata.namespace !== 'other' && one.metadata.name !== 'orders'))
    expect(at('ValidatingWebhookConfiguration')).toBeGreaterThan(at('Deployment'))
    expect(at('Deployment')).toBeGreaterThan(at('PersistentVolumeClaim'))
    expect(at('Namespace')).toBe(0)
  })

  it('never create anything before what it needs, on any graph; only circles share a wave', () => {
    const graphs = fc
      .integer({ min: 1, max: 40 })
      .chain((count) => fc.array(fc.tuple(fc.nat({ max: count - 1 }), fc.nat({ max: count - 1 })), { maxLength: 120 }).map((edges) => ({ count, edges })))
    fc.assert(
      fc.property(graphs, ({ count, edges }) => {
        const list = Array.from({ length: count }, (_, i) =>
          object('v1', 'Pod', `p${i}`, {
            metadata: {
              name: `p${i}`,
              namespace: 'shop',
              ownerReferences: edges.filter(([from]) => from === i).map(([, to]) => ({ apiVersion: 'v1', kind: 'Pod', name: `p${to}`, uid: '' })),
            },
          }),
        )
        const graph = graphOf(list)
        const { waves, cycles } = wavesOf(graph)
        expect(waves.flat()).toHaveLength(count)
        const level = new Map(waves.flatMap((wave, i) => wave.map((one) => [keyOfObject(one), i] as const)))
        const circle = new Map(cycles.flatMap((members, i) => members.map((name) => [name, i] as const)))
        for (const [key, needed] of graph.before)
          for (const other of needed) {
            const [a, b] = [graph.objects.get(key)!, graph.objects.get(other)!].map((one) => circle.get(`Pod shop/${one.metadata.name}`))
            if (a !== undefined && a === b) expect(level.get(other)).toBe(level.get(key))
            else expect(level.get(other)).toBeLessThan(level.get(key)!)
          }
      }),
    )
  })

  it('stand 10,000 objects in a chain', () => {
    const list = Array.from({ length: 10_000 }, (_, i) =>
      object('v1', 'Pod', `p${i}`, {
        metadata: { name: `p${i}`, ownerReferences: i === 0 ? [] : [{ apiVersion: 'v1', kind: 'Pod', name: `p${i - 1}`, uid: '' }] },
      }),
    )
    expect(wavesOf(graphOf(list)).waves).toHaveLength(10_000)
  })
})
