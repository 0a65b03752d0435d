import { describe, expect, it } from 'vitest'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { clean, FIELD_RULES, OBJECT_RULES } from './clean.ts'

const facts = await loadApiFacts()
const meta = (name: string, rest: object = {}) => ({
  name,
  namespace: 'shop',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
  managedFields: [],
  ...rest,
})
const of = (apiVersion: string, kind: string, rest: object, metadata: object = meta('x')): KubeObject => ({ apiVersion, kind, metadata, ...rest }) as KubeObject
const cleaned = (object: KubeObject, options = {}) => clean([object], facts, options).objects[0]!
const left = (...objects: KubeObject[]) => clean(objects, facts).left.map(({ rule }) => rule)

describe('objects that are left out', () => {
  it.each([
    [
      'owned',
      of('apps/v1', 'ReplicaSet', {}, meta('x', { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: '1', controller: true }] })),
    ],
    ['observed', of('v1', 'Event', {})],
    [
      'observed',
      of('discovery.k8s.io/v1', 'EndpointSlice', {}, meta('x', { labels: { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' } })),
    ],
    ['namespace-content', of('v1', 'ConfigMap', { data: {} }, meta('kube-root-ca.crt'))],
    ['namespace-content', of('v1', 'ServiceAccount', { secrets: [{ name: 'default-token-abcde' }] }, meta('default'))],
    [
      'namespace-content',
      of(
        'v1',
        'Secret',
        { type: 'kubernetes.io/service-account-token' },
        meta('default-token-abcde', { annotations: { 'kubernetes.io/service-account.uid': '1' } }),
      ),
    ],
    ['built-in', of('rbac.authorization.k8s.io/v1', 'ClusterRole', {}, { name: 'admin', labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } })],
    ['built-in', of('v1', 'Namespace', {}, { name: 'kube-system' })],
  ])('%s: %o', (rule, object) => {
    expect(left(object)).toEqual([rule])
  })

  it('are the endpoints of a Service with a selector, and not those made by hand', () => {
    const endpoints = of('v1', 'Endpoints', { subsets: [] })
    expect(left(of('v1', 'Service', { spec: { selector: { a: 'b' } } }), endpoints)).toEqual(['observed'])
    expect(left(of('v1', 'Service', { spec: {} }), endpoints)).toEqual([])
  })

  it.each([
    of('apps/v1', 'ReplicaSet', {}, meta('x', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'd', uid: '1' }] })),
    of('v1', 'ServiceAccount', { imagePullSecrets: [{ name: 'p' }] }, meta('default')),
    of('v1', 'Secret', { type: 'Opaque' }),
    of('discovery.k8s.io/v1', 'EndpointSlice', {}),
    of('v1', 'Namespace', {}, { name: 'shop' }),
  ])('are not others: %o', (object) => {
    expect(left(object)).toEqual([])
  })

  it('have rules with different names', () => {
    const ids = [...OBJECT_RULES, ...FIELD_RULES].map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('fields that are left out', () => {
  it('are those that the server wrote, and what people wrote stays', () => {
    const object = of(
      'v1',
      'ConfigMap',
      { data: { a: 'b' }, status: {} },
      meta('x', {
        generation: 3,
        labels: { app: 'a' },
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'mine' },
        finalizers: ['kubernetes.io/pvc-protection', 'mine.io/hold'],
      }),
    )
    expect(cleaned(object)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'x', namespace: 'shop', labels: { app: 'a' }, annotations: { note: 'mine' }, finalizers: ['mine.io/hold'] },
      data: { a: 'b' },
    })
  })

  it('are addresses and ports that were chosen for a Service', () => {
    const spec = {
      type: 'NodePort',
      clusterIP: '10.0.0.1',
      clusterIPs: ['10.0.0.1'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      ports: [
        { port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30001 },
        { port: 81, targetPort: 'http' },
      ],
    }
    expect(cleaned(of('v1', 'Service', { spec })).spec).toEqual({
      type: 'NodePort',
      ports: [
        { port: 80, protocol: 'TCP' },
        { port: 81, protocol: 'TCP', targetPort: 'http' },
      ],
    })
    expect(cleaned(of('v1', 'Service', { spec }), { nodePorts: true }).spec).toMatchObject({ ports: [{ nodePort: 30001 }, {}] })
    expect(cleaned(of('v1', 'Service', { spec: { clusterIP: 'None', clusterIPs: ['None'] } })).spec).toEqual({ clusterIP: 'None' })
  })

  it('are defaults, down to the last probe; what differs from them stays', () => {
    const spec = {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: { app: 'a' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 } },
      template: {
        metadata: { creationTimestamp: null, labels: { app: 'a' } },
        spec: {
          containers: [
            {
              name: 'a',
              image: 'a:1',
              imagePullPolicy: 'IfNotPresent',
              resources: {},
              terminationMessagePath: '/dev/termination-log',
              terminationMessagePolicy: 'File',
              ports: [{ containerPort: 80, protocol: 'TCP' }],
              livenessProbe: {
                httpGet: { path: '/x', port: 80, scheme: 'HTTP' },
                periodSeconds: 10,
                timeoutSeconds: 3,
                successThreshold: 1,
                failureThreshold: 3,
              },
            },
            { name: 'b', image: 'b', imagePullPolicy: 'IfNotPresent' },
          ],
          dnsPolicy: 'ClusterFirst',
          restartPolicy: 'Always',
          schedulerName: 'default-scheduler',
          securityContext: {},
          serviceAccount: 'cart',
          serviceAccountName: 'cart',
          terminationGracePeriodSeconds: 30,
          volumes: [
            { name: 'v', configMap: { name: 'c', defaultMode: 420 } },
            { name: 'e', emptyDir: {} },
          ],
        },
      },
    }
    const once = cleaned(of('apps/v1', 'Deployment', { spec }))
    expect(once.spec).toEqual({
      selector: { matchLabels: { app: 'a' } },
      strategy: { rollingUpdate: { maxUnavailable: 0 } },
      template: {
        metadata: { labels: { app: 'a' } },
        spec: {
          containers: [
            {
              name: 'a',
              image: 'a:1',
              ports: [{ containerPort: 80, protocol: 'TCP' }],
              livenessProbe: { httpGet: { path: '/x', port: 80 }, timeoutSeconds: 3 },
            },
            { name: 'b', image: 'b', imagePullPolicy: 'IfNotPresent' },
          ],
          serviceAccountName: 'cart',
          volumes: [
            { name: 'v', configMap: { name: 'c' } },
            { name: 'e', emptyDir: {} },
          ],
        },
      },
    })
    expect(cleaned(once)).toEqual(once)
  })

  it('are what admission put into a Pod', () => {
    const spec = {
      nodeName: 'n',
      priority: 0,
      enableServiceLinks: true,
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
        { key: 'mine', operator: 'Exists' },
      ],
      volumes: [{ name: 'kube-api-access-abcde', projected: {} }],
      containers: [{ name: 'a', image: 'a:1', volumeMounts: [{ name: 'kube-api-access-abcde', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] }],
    }
    expect(cleaned(of('v1', 'Pod', { spec })).spec).toEqual({ tolerations: [{ key: 'mine', operator: 'Exists' }], containers: [{ name: 'a', image: 'a:1' }] })
  })

  it('are uids of a Job, bindings of a claim, tokens of a service account', () => {
    const job = {
      selector: { matchLabels: { 'controller-uid': 'u' } },
      template: { metadata: { labels: { 'controller-uid': 'u', 'job-name': 'x', app: 'a' } }, spec: { containers: [] } },
    }
    expect(cleaned(of('batch/v1', 'Job', { spec: job })).spec).toEqual({ template: { metadata: { labels: { app: 'a' } }, spec: { containers: [] } } })
    const claim = of(
      'v1',
      'PersistentVolumeClaim',
      { spec: { volumeName: 'pv', volumeMode: 'Filesystem' } },
      meta('x', { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }),
    )
    expect(cleaned(claim)).toEqual({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'x', namespace: 'shop' }, spec: {} })
    expect(cleaned(claim, { volumes: true }).spec).toEqual({ volumeName: 'pv' })
    const secret = of('v1', 'Secret', { type: 'kubernetes.io/service-account-token', data: { token: 'x', 'ca.crt': 'y', extra: 'z' } })
    expect(cleaned(secret)).toMatchObject({ data: { extra: 'z' } })
    expect(cleaned(of('v1', 'ServiceAccount', { secrets: [{ name: 'x-token-abc12' }, { name: 'mine' }] })).secrets).toEqual([{ name: 'mine' }])
  })
})
