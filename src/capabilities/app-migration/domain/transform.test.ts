import { describe, expect, it } from 'vitest'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { MAPPING, mapName } from './mapping.ts'
import { transform } from './transform.ts'

const facts = await loadApiFacts()
const of = (apiVersion: string, kind: string, rest: object, name = 'x', namespace: string | undefined = 'shop'): KubeObject =>
  ({ apiVersion, kind, metadata: { name, ...(namespace === '' ? {} : { namespace }) }, ...rest }) as KubeObject
const run = (objects: KubeObject[], mapping: object) => transform(objects, MAPPING.parse(mapping), facts)
const one = (object: KubeObject, mapping: object) => run([object], mapping).objects[0]!
const pod = (container: object, spec: object = {}) => of('v1', 'Pod', { spec: { containers: [{ name: 'a', image: 'a', ...container }], ...spec } })

describe('a namespace with another name', () => {
  const MOVE = { namespaces: { shop: 'store' } }
  it.each([
    [of('v1', 'Namespace', {}, 'shop', ''), { metadata: { name: 'store' } }],
    [of('v1', 'ConfigMap', { data: { namespace: 'keep' } }), { metadata: { namespace: 'store' }, data: { namespace: 'keep' } }],
    [
      of(
        'rbac.authorization.k8s.io/v1',
        'ClusterRoleBinding',
        {
          subjects: [
            { kind: 'ServiceAccount', name: 'a', namespace: 'shop' },
            { kind: 'User', name: 'system:serviceaccount:shop:a' },
            { kind: 'Group', name: 'system:serviceaccounts:shop' },
          ],
        },
        'b',
        '',
      ),
      { subjects: [{ namespace: 'store' }, { name: 'system:serviceaccount:store:a' }, { name: 'system:serviceaccounts:store' }] },
    ],
    [
      of(
        'admissionregistration.k8s.io/v1',
        'ValidatingWebhookConfiguration',
        {
          webhooks: [
            { clientConfig: { service: { name: 's', namespace: 'shop' } }, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } },
          ],
        },
        'w',
        '',
      ),
      { webhooks: [{ clientConfig: { service: { namespace: 'store' } }, namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'store' } } }] },
    ],
    [
      of('networking.k8s.io/v1', 'NetworkPolicy', {
        spec: {
          ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['shop', 'b'] }] } }] }],
        },
      }),
      { spec: { ingress: [{ from: [{ namespaceSelector: { matchExpressions: [{ values: ['store', 'b'] }] } }] }] } },
    ],
    [
      of('monitoring.coreos.com/v1', 'ServiceMonitor', { spec: { namespaceSelector: { matchNames: ['shop', 'other'] } } }),
      { spec: { namespaceSelector: { matchNames: ['store', 'other'] } } },
    ],
    [
      of('gateway.networking.k8s.io/v1', 'HTTPRoute', { spec: { parentRefs: [{ name: 'g', namespace: 'shop' }] } }),
      { spec: { parentRefs: [{ namespace: 'store' }] } },
    ],
  ])('is renamed in %o', (object, expected) => {
    expect(run([of('v1', 'Secret', {}), object], MOVE).objects[1]).toMatchObject(expected)
  })

  it.each([
    ['http://cart.shop.svc.cluster.local:80/x', 'http://cart.store.svc.cluster.local:80/x'],
    ['cart.shop.svc', 'cart.store.svc'],
    ['redis-0.redis.shop.svc.cluster.local', 'redis-0.redis.store.svc.cluster.local'],
    ['a=cart.shop:80;b=cart.shop', 'a=cart.store:80;b=cart.store'],
    ['https://www.shop.example/', 'https://www.shop.example/'],
    ['workshop.svc', 'workshop.svc'],
    ['cart.shop-2.svc', 'cart.shop-2.svc'],
    ['unknown.shop', 'unknown.shop'],
  ])('in the text %s', (text, expected) => {
    const service = of('v1', 'Service', {}, 'cart')
    expect(run([service, pod({ env: [{ name: 'X', value: text }] })], MOVE).objects[1]).toMatchObject({
      spec: { containers: [{ env: [{ value: expected }] }] },
    })
  })

  it('changes places with another, each text once', () => {
    const text = 'cart.shop.svc:80,http://cart.store.svc.cluster.local,system:serviceaccount:shop:a,0.cart.shop.svc'
    const swap = { namespaces: { shop: 'store', store: 'shop' } }
    const objects = [of('v1', 'Secret', {}), of('v1', 'Secret', {}, 'b', 'store'), pod({ env: [{ name: 'X', value: text }] })]
    const { objects: once, undecided } = run(objects, swap)
    expect(once[2]).toMatchObject({
      metadata: { namespace: 'store' },
      spec: { containers: [{ env: [{ value: 'cart.store.svc:80,http://cart.shop.svc.cluster.local,system:serviceaccount:store:a,0.cart.store.svc' }] }] },
    })
    expect(undecided).toEqual([])
    expect(run(once, swap).objects).toEqual(objects)
  })

  it('names the texts that it could not decide, and no others', () => {
    const { undecided } = run(
      [
        pod({
          env: [
            { name: 'A', value: 'shop' },
            { name: 'B', value: 'photoshop' },
          ],
          args: ['--ns=shop'],
        }),
        of('v1', 'ConfigMap', { data: { a: 'unknown.shop' } }, 'shop'),
      ],
      MOVE,
    )
    expect(undecided.map(({ path, text }) => [path, text])).toEqual([
      ['spec.containers[0].env[0].value', 'shop'],
      ['spec.containers[0].args[0]', '--ns=shop'],
      ['data.a', 'unknown.shop'],
    ])
  })

  it('leaves secrets as they are', () => {
    expect(run([of('v1', 'Secret', { data: { a: 'c2hvcA==', namespace: 'shop' } })], MOVE).objects[0]).toMatchObject({
      data: { a: 'c2hvcA==', namespace: 'shop' },
    })
  })
})

describe('the mapping', () => {
  it.each([
    ['nginx', 'reg.io/hub/library/nginx'],
    ['bitnami/redis:7', 'reg.io/hub/bitnami/redis:7'],
    [`docker.io/library/nginx@sha256:${'a'.repeat(64)}`, `reg.io/hub/library/nginx@sha256:${'a'.repeat(64)}`],
    ['quay.io/x/y:1', 'reg.io/q/y:1'],
    ['quay.io/xx/y:1', 'quay.io/xx/y:1'],
    ['localhost:5000/a', 'localhost:5000/a'],
  ])('sends the image %s to %s', (image, expected) => {
    expect(one(pod({ image }), { registries: { 'docker.io': 'reg.io/hub', 'quay.io/x': 'reg.io/q' } })).toMatchObject({
      spec: { containers: [{ image: expected }] },
    })
  })

  it('maps classes, domains, node selectors, annotations and node ports', () => {
    const ingress = of('networking.k8s.io/v1', 'Ingress', {
      spec: { ingressClassName: 'nginx', rules: [{ host: 'www.shop.example' }, { host: 'other.example' }, {}], tls: [{ hosts: ['shop.example'] }] },
    })
    expect(one(ingress, { ingressClasses: { nginx: 'traefik' }, domains: { 'shop.example': 'store.test' }, annotations: { set: { a: 'b' } } })).toMatchObject({
      metadata: { annotations: { a: 'b' } },
      spec: { ingressClassName: 'traefik', rules: [{ host: 'www.store.test' }, { host: 'other.example' }, {}], tls: [{ hosts: ['store.test'] }] },
    })
    expect(one(pod({}, { nodeSelector: { zone: 'a', disk: 'ssd', gone: '1' } }), { nodeSelectors: { 'zone=a': 'zone=b', 'gone=1': '' } })).toMatchObject({
      spec: { nodeSelector: { zone: 'b', disk: 'ssd' } },
    })
    expect(one(of('v1', 'PersistentVolumeClaim', { spec: { storageClassName: 'ssd-fast' } }), { storageClasses: { 'ssd-*': 'disk-*' } })).toMatchObject({
      spec: { storageClassName: 'disk-fast' },
    })
    const service = of('v1', 'Service', {
      spec: {
        ports: [
          { port: 80, nodePort: 30001 },
          { port: 81, nodePort: 30002 },
        ],
      },
    })
    expect(one(service, { nodePorts: { 30001: 31001 } })).toMatchObject({ spec: { ports: [{ nodePort: 31001 }, { nodePort: 30002 }] } })
    expect(one(service, {}).spec).toEqual({ ports: [{ port: 80 }, { port: 81 }] })
  })

  it('patches by JSON, merge and strategic patches, and says which could not be made', () => {
    const mapping = {
      patches: [
        { match: { kind: 'Pod', name: 'x*' }, strategic: { spec: { containers: [{ name: 'a', env: [{ name: 'NEW', value: '1' }] }] } } },
        { match: { kind: 'Pod' }, merge: { metadata: { labels: { a: 'b' } } }, json: [{ op: 'replace', path: '/spec/containers/0/image', value: 'z' }] },
        { match: { kind: 'Pod' }, json: [{ op: 'remove', path: '/spec/none' }] },
        { match: { kind: 'Pod', namespace: 'other' }, merge: { spec: null } },
      ],
    }
    const { objects, failed } = run([pod({ env: [{ name: 'OLD', value: '0' }] })], mapping)
    const [container] = (objects[0]!.spec as { containers: { image: string; env: { name: string }[] }[] }).containers
    expect(container!.image).toBe('z')
    expect(container!.env.map(({ name }) => name).sort()).toEqual(['NEW', 'OLD'])
    expect(objects[0]!.metadata.labels).toEqual({ a: 'b' })
    expect(failed).toMatchObject([{ object: 'Pod shop/x', patch: 2 }])
  })

  it('gives the same the second time', () => {
    const mapping = { namespaces: { shop: 'store' }, registries: { 'docker.io': 'reg.io/hub' }, domains: { 'shop.example': 'store.test' } }
    const once = run(
      [pod({ env: [{ name: 'A', value: 'x.shop.svc' }] }), of('networking.k8s.io/v1', 'Ingress', { spec: { rules: [{ host: 'shop.example' }] } })],
      mapping,
    ).objects
    expect(run(once, mapping).objects).toEqual(once)
  })

  it('prefers exact names to patterns, and longer patterns', () => {
    const rules = { 'team-*': 'moved-*', 'team-a-*': 'a-*', 'team-x': 'x', '*-old': '*' }
    expect(['team-b', 'team-a-1', 'team-x', 'z-old', 'other'].map((name) => mapName(rules, name))).toEqual(['moved-b', 'a-1', 'x', 'z', undefined])
  })
})
