import { describe, expect, it } from 'vitest'
import { loadApiFacts } from '../api-facts/facts.ts'
import type { KubeObject } from '../objects.ts'
import { validateObject } from '../validate.ts'
import { convertObject, targetVersion, versionsOf } from './convert.ts'

const facts = await loadApiFacts()
const object = (apiVersion: string, kind: string, rest: Record<string, unknown>): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', namespace: 'shop' },
  ...rest,
})
const to = (from: KubeObject, apiVersion: string): KubeObject & { notes: string[] } => {
  const before = structuredClone(from)
  const result = convertObject(from, apiVersion)!
  expect(from).toEqual(before)
  return { ...result.object, notes: result.notes.map(({ kind, path }) => `${kind} ${path}`) }
}
const template = { metadata: { labels: { app: 'cart' } }, spec: { containers: [{ name: 'a', image: 'a' }] } }

describe('conversion', () => {
  it('knows a way from every removed version to the one that replaces it', () => {
    // Alpha versions whose shape has no counterpart: said so, not guessed.
    const without = /^(resource\.k8s\.io\/v1alpha2|v1) /
    const stuck = facts.kinds.filter(({ apiVersion, kind, replacedBy }) => replacedBy && !versionsOf({ apiVersion, kind }).includes(replacedBy.apiVersion))
    expect(stuck.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).filter((name) => !without.test(name))).toEqual([])
  })

  it('has no version that the facts do not know, unless it is newer', () => {
    const versions = facts.kinds.flatMap((kind) => versionsOf(kind).map((apiVersion) => ({ apiVersion, kind: kind.kind })))
    const unknown = new Set(versions.filter((ref) => facts.kind(ref) === undefined).map(({ apiVersion, kind }) => `${apiVersion} ${kind}`))
    expect([...unknown].sort()).toEqual([
      'authentication.k8s.io/v1alpha1 TokenReview',
      'certificates.k8s.io/v1 PodCertificateRequest',
      'resource.k8s.io/v1 DeviceTaintRule',
      'storage.k8s.io/v1alpha1 CSIDriver',
      'storage.k8s.io/v1alpha1 CSINode',
      'storage.k8s.io/v1alpha1 StorageClass',
      'storagemigration.k8s.io/v1 StorageVersionMigration',
    ])
  })

  it('writes old defaults down, so that a sparse Deployment keeps its meaning', () => {
    const old = object('extensions/v1beta1', 'Deployment', { spec: { template, rollbackTo: { revision: 3 } } })
    const now = to(old, 'apps/v1')
    expect(now.spec).toEqual({
      template,
      selector: { matchLabels: { app: 'cart' } },
      revisionHistoryLimit: 2147483647,
      progressDeadlineSeconds: 2147483647,
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
    })
    expect(now.metadata.annotations).toEqual({ 'deprecated.deployment.rollback.to': '3' })
    expect(to(now, 'extensions/v1beta1').spec).toMatchObject({ rollbackTo: { revision: 3 } })
    const odd = object('apps/v1beta1', 'Deployment', { spec: { template, rollbackTo: { revision: -3 } } })
    expect(to(to(odd, 'apps/v1'), 'apps/v1beta1').spec).toMatchObject({ rollbackTo: { revision: -3 } })
    expect(validateObject({ ...now, notes: undefined }, facts)).toEqual([{ path: 'notes', message: 'unknown field' }])
  })

  it('does not give a rolling update to a Deployment that recreates', () => {
    const now = to(object('extensions/v1beta1', 'Deployment', { spec: { template, strategy: { type: 'Recreate' } } }), 'apps/v1')
    expect(now.spec).toMatchObject({ strategy: { type: 'Recreate' } })
    expect((now.spec as { strategy: object }).strategy).not.toHaveProperty('rollingUpdate')
  })

  it.each(['networking.k8s.io/v1beta1', 'extensions/v1beta1'])('moves backends of an Ingress of %s and back', (version) => {
    const backend = { serviceName: 'cart', servicePort: 80 }
    const old = object(version, 'Ingress', {
      spec: {
        backend: { serviceName: 'front', servicePort: 'http' },
        rules: [
          {
            host: 'a',
            http: {
              paths: [
                { path: '/', backend },
                { pathType: 'Exact', backend: { resource: { kind: 'B', name: 'b' } } },
              ],
            },
          },
        ],
      },
    })
    const now = to(old, 'networking.k8s.io/v1')
    expect(now.spec).toEqual({
      defaultBackend: { service: { name: 'front', port: { name: 'http' } } },
      rules: [
        {
          host: 'a',
          http: {
            paths: [
              { path: '/', pathType: 'ImplementationSpecific', backend: { service: { name: 'cart', port: { number: 80 } } } },
              { pathType: 'Exact', backend: { resource: { kind: 'B', name: 'b' } } },
            ],
          },
        },
      ],
    })
    expect(now.notes).toEqual(['kept spec.rules[0].http.paths[0].pathType'])
    const back = to(now, version)
    expect(back.spec).toMatchObject({ backend: { serviceName: 'front', servicePort: 'http' }, rules: [{ http: { paths: [{ backend }, {}] } }] })
    expect(to(back, 'networking.k8s.io/v1').spec).toEqual(now.spec)
  })

  it('keeps a budget that matched nothing from matching everything, and the other way round', () => {
    const none = object('policy/v1beta1', 'PodDisruptionBudget', { spec: { minAvailable: 1, selector: {} } })
    const now = to(none, 'policy/v1')
    expect(now.spec).toMatchObject({
      selector: { matchExpressions: [{ key: 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match', operator: 'Exists' }] },
    })
    expect(now.notes).toEqual(['changed spec.selector'])
    expect(to(now, 'policy/v1beta1').spec).toEqual(none.spec)
    const all = object('policy/v1', 'PodDisruptionBudget', { spec: { minAvailable: 1, selector: {} } })
    expect(to(to(all, 'policy/v1beta1'), 'policy/v1').spec).toEqual(all.spec)
    const some = object('policy/v1beta1', 'PodDisruptionBudget', { spec: { selector: { matchLabels: { app: 'a' } } } })
    expect(to(some, 'policy/v1').spec).toEqual(some.spec)
  })

  it('reads who a binding of RBAC v1alpha1 meant', () => {
    const old = object('rbac.authorization.k8s.io/v1alpha1', 'RoleBinding', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'ServiceAccount', apiVersion: 'v1', name: 'sa', namespace: 'shop' },
        { kind: 'User', apiVersion: 'rbac.authorization.k8s.io/v1alpha1', name: 'alice' },
        { kind: 'User', name: '*' },
      ],
    })
    const now = to(old, 'rbac.authorization.k8s.io/v1')
    expect(now.subjects).toEqual([
      { kind: 'ServiceAccount', name: 'sa', namespace: 'shop' },
      { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'alice' },
      { kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:authenticated' },
    ])
    expect(now.notes).toEqual(['changed subjects[2]'])
    expect(to(to(now, 'rbac.authorization.k8s.io/v1alpha1'), 'rbac.authorization.k8s.io/v1').subjects).toEqual(now.subjects)
  })

  it('carries every metric of an autoscaler through v2beta1 and v1', () => {
    const spec = {
      maxReplicas: 9,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
      metrics: [
        { type: 'Resource', resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
        { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'app', target: { type: 'Utilization', averageUtilization: 60 } } },
        { type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '100' } } },
        { type: 'Object', object: { describedObject: { kind: 'Service', name: 's' }, metric: { name: 'q' }, target: { type: 'Value', value: '5' } } },
        {
          type: 'Object',
          object: { describedObject: { kind: 'Service', name: 's' }, metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '5' } },
        },
        { type: 'External', external: { metric: { name: 'e', selector: { matchLabels: { a: 'b' } } }, target: { type: 'AverageValue', averageValue: '2' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
      ],
    }
    const now = object('autoscaling/v2', 'HorizontalPodAutoscaler', { spec })
    const flat = to(now, 'autoscaling/v2beta1')
    expect(flat.spec).toMatchObject({
      metrics: [{ resource: { name: 'memory', targetAverageValue: '1Gi' } }, {}, { pods: { metricName: 'rps', targetAverageValue: '100' } }, {}, {}, {}, {}],
    })
    expect(flat.notes).toEqual([])
    expect(to(flat, 'autoscaling/v2')).toMatchObject(now)
    const simple = to(now, 'autoscaling/v1')
    expect(simple.spec).toEqual({ maxReplicas: 9, scaleTargetRef: spec.scaleTargetRef, targetCPUUtilizationPercentage: 70 })
    expect(simple.notes).toEqual([])
    expect(to(simple, 'autoscaling/v2').spec).toEqual(spec)
    expect(to(simple, 'autoscaling/v2').metadata).toEqual(now.metadata)
  })

  it('gives a webhook what v1 asks for, and says what it must lose', () => {
    const old = object('admissionregistration.k8s.io/v1beta1', 'ValidatingWebhookConfiguration', {
      webhooks: [{ name: 'a.b.c', clientConfig: { url: 'https://x' } }],
    })
    const now = to(old, 'admissionregistration.k8s.io/v1')
    expect(now.webhooks).toEqual([
      {
        name: 'a.b.c',
        clientConfig: { url: 'https://x' },
        failurePolicy: 'Ignore',
        matchPolicy: 'Exact',
        timeoutSeconds: 30,
        admissionReviewVersions: ['v1beta1'],
        sideEffects: 'None',
      },
    ])
    expect(now.notes).toContain('lost webhooks[0].sideEffects')
    const fine = object('admissionregistration.k8s.io/v1beta1', 'ValidatingWebhookConfiguration', {
      webhooks: [{ name: 'a.b.c', sideEffects: 'NoneOnDryRun' }],
    })
    expect(to(fine, 'admissionregistration.k8s.io/v1').notes.filter((note) => note.startsWith('lost'))).toEqual([])
  })

  it('moves schema, subresources and columns of a definition into its versions and back', () => {
    const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } }
    const old = object('apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition', {
      spec: {
        group: 'g.io',
        version: 'v1',
        names: { plural: 'as', kind: 'A' },
        scope: 'Namespaced',
        preserveUnknownFields: false,
        validation: schema,
        subresources: { status: {} },
        additionalPrinterColumns: [{ name: 'Age', type: 'date', JSONPath: '.metadata.creationTimestamp' }],
        conversion: { strategy: 'Webhook', webhookClientConfig: { url: 'https://x' }, conversionReviewVersions: ['v1'] },
      },
    })
    const now = to(old, 'apiextensions.k8s.io/v1')
    expect(now.spec).toEqual({
      group: 'g.io',
      names: { plural: 'as', kind: 'A' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema,
          subresources: { status: {} },
          additionalPrinterColumns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
        },
      ],
      conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://x' }, conversionReviewVersions: ['v1'] } },
    })
    expect(validateObject(convertObject(old, 'apiextensions.k8s.io/v1')!.object, facts)).toEqual([])
    expect(to(to(now, 'apiextensions.k8s.io/v1beta1'), 'apiextensions.k8s.io/v1').spec).toEqual(now.spec)
  })

  it('gives a definition without schema one that takes anything, and says so', () => {
    const old = object('apiextensions.k8s.io/v1beta1', 'CustomResourceDefinition', {
      spec: { group: 'g', versions: [{ name: 'v1', served: true, storage: true }], names: {} },
    })
    const now = to(old, 'apiextensions.k8s.io/v1')
    expect(now.spec).toMatchObject({ versions: [{ schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }] })
    expect(now.notes).toEqual(['kept spec.versions[0].schema'])
  })

  it('moves the fields of the smaller ones', () => {
    expect(to(object('node.k8s.io/v1alpha1', 'RuntimeClass', { spec: { runtimeHandler: 'runsc' } }), 'node.k8s.io/v1')).toMatchObject({ handler: 'runsc' })
    expect(to(object('node.k8s.io/v1', 'RuntimeClass', { handler: 'runsc' }), 'node.k8s.io/v1alpha1')).toMatchObject({ spec: { runtimeHandler: 'runsc' } })
    expect(to(object('authorization.k8s.io/v1beta1', 'SubjectAccessReview', { spec: { group: ['dev'] } }), 'authorization.k8s.io/v1').spec).toEqual({
      groups: ['dev'],
    })
    expect(to(object('apps/v1beta1', 'Scale', { status: { selector: { a: 'b', c: 'd' } } }), 'autoscaling/v1').status).toEqual({ selector: 'a=b,c=d' })
    const zero = object('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration', { spec: { limited: { nominalConcurrencyShares: 0 } } })
    expect(to(to(zero, 'flowcontrol.apiserver.k8s.io/v1beta3'), 'flowcontrol.apiserver.k8s.io/v1').spec).toEqual(zero.spec)
    expect(to(zero, 'flowcontrol.apiserver.k8s.io/v1beta1').notes).toEqual(['lost spec.limited.nominalConcurrencyShares'])
    const claim = object('resource.k8s.io/v1beta1', 'ResourceClaim', {
      spec: {
        devices: {
          requests: [
            { name: 'a', deviceClassName: 'gpu', count: 2 },
            { name: 'b', firstAvailable: [{ name: 'c' }] },
          ],
        },
      },
    })
    expect(to(claim, 'resource.k8s.io/v1').spec).toEqual({
      devices: {
        requests: [
          { name: 'a', exactly: { deviceClassName: 'gpu', count: 2 } },
          { name: 'b', firstAvailable: [{ name: 'c' }] },
        ],
      },
    })
    expect(to(object('certificates.k8s.io/v1beta1', 'CertificateSigningRequest', { spec: { request: '' } }), 'certificates.k8s.io/v1').notes).toContain(
      'lost spec.signerName',
    )
  })

  it('survives objects that are wrong', () => {
    for (const { apiVersion, kind } of facts.kinds)
      for (const body of [
        {},
        { spec: null },
        { spec: [] },
        { spec: 'x', status: 3, metadata: null },
        { webhooks: [null, 1], subjects: {}, endpoints: [[]], spec: { versions: [1], rules: [{ http: 1 }], metrics: [0] } },
      ])
        for (const version of versionsOf({ apiVersion, kind }))
          expect(() => convertObject({ apiVersion, kind, ...body } as unknown as KubeObject, version)).not.toThrow()
  })
})

describe('the version for a cluster', () => {
  it.each([
    ['extensions/v1beta1', 'Ingress', 36, { apiVersion: 'networking.k8s.io/v1', because: 'replaced' }],
    ['networking.k8s.io/v1', 'Ingress', 18, { apiVersion: 'networking.k8s.io/v1beta1', because: 'replaced' }],
    ['autoscaling/v1', 'HorizontalPodAutoscaler', 36, { apiVersion: 'autoscaling/v1', because: 'served' }],
    ['autoscaling/v2', 'HorizontalPodAutoscaler', 20, { apiVersion: 'autoscaling/v2beta2', because: 'replaced' }],
    ['autoscaling/v2beta2', 'HorizontalPodAutoscaler', 24, { apiVersion: 'autoscaling/v2', because: 'replaced' }],
    ['batch/v1', 'CronJob', 20, { apiVersion: 'batch/v1beta1', because: 'replaced' }],
    ['policy/v1beta1', 'Eviction', 36, { apiVersion: 'policy/v1', because: 'replaced' }],
    ['policy/v1', 'Eviction', 20, { apiVersion: 'policy/v1beta1', because: 'replaced' }],
    ['extensions/v1beta1', 'Scale', 36, { apiVersion: 'autoscaling/v1', because: 'replaced' }],
    ['apps/v1beta1', 'DeploymentRollback', 36, { because: 'gone' }],
    ['certificates.k8s.io/v1beta1', 'PodCertificateRequest', 36, { apiVersion: 'certificates.k8s.io/v1beta1', because: 'served' }],
    ['v1', 'Event', 36, { apiVersion: 'v1', because: 'served' }],
    ['policy/v1beta1', 'PodSecurityPolicy', 36, { because: 'gone' }],
    ['shop.io/v1', 'Cart', 36, { because: 'unknown' }],
  ])('%s %s on 1.%i', (apiVersion, kind, minor, expected) => {
    expect(targetVersion(facts, { apiVersion, kind }, minor)).toEqual(expected)
  })
})
