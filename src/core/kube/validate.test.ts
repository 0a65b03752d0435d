import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadApiFacts } from './api-facts/facts.ts'
import { validateObject } from './validate.ts'

const facts = await loadApiFacts()
const pod = (spec: object) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec })

describe('validation', () => {
  it('finds nothing in a right object, nor in fields without value', () => {
    const right = pod({
      containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: '500m', memory: 64 } }, ports: [{ containerPort: 80 }] }],
      nodeSelector: null,
    })
    expect(validateObject(right, facts)).toEqual([])
  })

  it('tells everything that is wrong at once, with paths and near names', () => {
    const wrong = pod({
      containers: [{ imag: 'a', ports: [{ containerPort: '80' }], env: {}, resources: { limits: { cpu: 'much' } } }],
      volumes: [{ name: 'v', secret: { defaultMode: 2 ** 40, items: [{ key: 'a', path: 1 }] } }],
      nodeSelector: { 'a/b.c': 1 },
      hostNetwork: 'yes',
    })
    expect(validateObject(wrong, facts)).toEqual([
      { path: 'spec.containers[0].env', message: 'must be a list, not an object' },
      { path: 'spec.containers[0].name', message: 'is required' },
      { path: 'spec.containers[0].ports[0].containerPort', message: 'must be a whole number, not a string' },
      { path: 'spec.containers[0].resources.limits.cpu', message: 'must be a quantity such as 500m or 1Gi' },
      { path: 'spec.containers[0].imag', message: 'unknown field', suggestion: 'image' },
      { path: 'spec.hostNetwork', message: 'must be true or false, not a string' },
      { path: 'spec.nodeSelector["a/b.c"]', message: 'must be a string, not the number 1' },
      { path: 'spec.volumes[0].secret.defaultMode', message: 'must fit 32 bits' },
      { path: 'spec.volumes[0].secret.items[0].path', message: 'must be a string, not the number 1' },
    ])
  })

  it('looks at closed lists of values when asked', () => {
    const wrong = pod({ restartPolicy: 'Allways', containers: [] })
    expect(validateObject(wrong, facts)).toEqual([])
    expect(validateObject(wrong, facts, { values: true })).toEqual([
      { path: 'spec.restartPolicy', message: 'must be one of "Always", "OnFailure", "Never"', suggestion: 'Always' },
    ])
  })

  it('knows nothing of other kinds, and says what has none', () => {
    expect(validateObject({ apiVersion: 'shop.io/v1', kind: 'Cart', spec: 3 }, facts)).toBeUndefined()
    expect(validateObject({ kind: 'Pod' }, facts)).toEqual([{ path: 'apiVersion', message: 'must be a non-empty string' }])
    expect(validateObject([], facts)).toEqual([{ path: '', message: 'must be an object' }])
  })

  it.each([
    ['2026-01-31T12:00:00Z', true],
    ['2026-01-31T12:00:00.123456+02:00', true],
    ['2026-13-01T12:00:00Z', false],
    ['yesterday', false],
  ])('reads the time %s: %s', (creationTimestamp, right) => {
    expect(validateObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', creationTimestamp } }, facts)!.length === 0).toBe(right)
  })

  it('ends on anything, with a bounded answer', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(...facts.kinds), (body, { apiVersion, kind }) => {
        const problems = validateObject({ ...(typeof body === 'object' ? body : {}), apiVersion, kind }, facts)!
        expect(problems.length).toBeLessThanOrEqual(200)
      }),
    )
    let deep: object = {}
    for (let i = 0; i < 5000; i++) deep = { not: deep }
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: {},
      spec: {
        group: 'g',
        names: { kind: 'A', plural: 'as' },
        scope: 'Namespaced',
        versions: [{ name: 'v', served: true, storage: true, schema: { openAPIV3Schema: deep } }],
      },
    }
    expect(validateObject(crd, facts)!.map(({ message }) => message)).toContain('is nested more than 64 deep')
  })
})
