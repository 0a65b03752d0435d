import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { CHECKS } from './catalog.ts'
import { type CelCheck, compileCelChecks } from './cel-checks.ts'
import { createCurrent, idOf, tryAlone } from './current.ts'
import { inspect } from './inspect.ts'
import type { Item } from './inventory.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects of tests are made field by field
const item = (object: any): Item => ({ object: object as KubeObject, file: '', line: 0 })
const NAMESPACES = ['a', 'b']
const NAMES = ['x', 'y']
const NOW = Date.UTC(2026, 0, 5)
const label = fc.constantFrom(...NAMES)

const pods = (app: string, account: string, more: object) => ({
  metadata: { labels: { app } },
  spec: { serviceAccountName: account, containers: [{ name: 'main', image: 'r/x:1', ...more }], volumes: [{ name: 'v', configMap: { name: app } }] },
})
/** Objects that refer to one another, so that a change of one changes what is said of another. */
const object: fc.Arbitrary<KubeObject> = fc
  .record({
    kind: fc.constantFrom(
      'Deployment',
      'Pod',
      'Service',
      'PodDisruptionBudget',
      'NetworkPolicy',
      'ConfigMap',
      'ServiceAccount',
      'RoleBinding',
      'Role',
      'Ingress',
      'HorizontalPodAutoscaler',
      'Namespace',
      'PersistentVolumeClaim',
    ),
    namespace: fc.constantFrom(...NAMESPACES),
    name: label,
    app: label,
    more: fc.constantFrom({}, { securityContext: { privileged: true } }),
    other: fc.constantFrom(...NAMESPACES),
  })
  .map(({ kind, namespace, name, app, more, other }) => {
    const metadata = {
      name: kind === 'Namespace' ? namespace : name,
      ...(kind === 'Namespace' ? {} : { namespace }),
      uid: `${kind}-${namespace}-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
    }
    const bodies: Record<string, object> = {
      Deployment: { apiVersion: 'apps/v1', spec: { replicas: 2, selector: { matchLabels: { app } }, template: pods(app, name, more) } },
      Pod: {
        metadata: { ...metadata, labels: { app }, ownerReferences: [{ uid: `Deployment-${namespace}-${name}` }] },
        spec: pods(app, name, more).spec,
        status: { phase: 'Running' },
      },
      Service: { spec: { selector: { app }, ports: [{ port: 80 }] } },
      PodDisruptionBudget: { spec: { selector: { matchLabels: { app } }, maxUnavailable: 0 } },
      NetworkPolicy: { spec: { podSelector: { matchLabels: { app } } } },
      ConfigMap: { data: {} },
      ServiceAccount: {},
      RoleBinding: { subjects: [{ kind: 'ServiceAccount', name: app, namespace: other }], roleRef: { kind: 'Role', name } },
      Role: { rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] },
      Ingress: { spec: { rules: [{ http: { paths: [{ path: '/', backend: { service: { name: app, port: { number: 80 } } } }] } }] } },
      HorizontalPodAutoscaler: { spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: app } } },
      Namespace: {},
      PersistentVolumeClaim: { status: { phase: 'Bound' } },
    }
    return { apiVersion: 'v1', kind, metadata, ...bodies[kind] } as unknown as KubeObject
  })

const said = (findings: readonly { check: string; object: string; path: string; what?: string }[]) =>
  findings.map(({ check, object: about, path, what }) => `${check} ${about} ${path} ${what ?? ''}`).sort()

describe('findings that are kept current', () => {
  it('are those of looking at everything anew, after any change', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 14 }), fc.array(fc.tuple(object, fc.boolean()), { minLength: 1, maxLength: 6 }), (first, changes) => {
        const now = new Map(first.map((one) => [idOf({ object: one }), item(one)]))
        const current = createCurrent([...now.values()], CHECKS, { now: NOW })
        for (const [one, stays] of changes) {
          const id = idOf({ object: one })
          const before = new Set(current.all().map(({ finding }) => finding))
          const { gone, found } = current.change(id, stays ? item(one) : undefined)
          if (stays) now.set(id, item(one))
          else now.delete(id)
          for (const { finding } of gone) expect(before.delete(finding)).toBe(true)
          for (const { finding } of found) before.add(finding)
          expect(said([...before])).toEqual(said(current.all().map(({ finding }) => finding)))
          expect(said(current.all().map(({ finding }) => finding))).toEqual(said(inspect([...now.values()], CHECKS, { now: NOW }).findings))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('are of checks of users too, and so is what is tried out', () => {
    const label = "has(object.metadata.labels) && 'team' in object.metadata.labels"
    const own = (id: string, expression: string) =>
      ({ id, title: 'x', severity: 'error', category: 'stability', kinds: ['ConfigMap'], each: 'object', expression }) satisfies CelCheck
    const checks = compileCelChecks([own('team', label), own('space', 'has(namespaceObject.metadata.labels)')], () => {})
    if (!checks.ok) throw new Error(JSON.stringify(checks.error))
    const map = (labels?: object) => item({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', namespace: 'a', ...(labels ? { labels } : {}) } })
    const space = item({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } })
    const tried = (found: readonly { finding: { check: string } }[]) => found.map(({ finding }) => finding.check)
    const current = createCurrent([space], checks.value, { now: NOW })
    expect(tried(current.tryOut('ConfigMap\na\nm', map()))).toEqual(['user/team', 'user/space'])
    expect(tried(current.tryOut('ConfigMap\na\nm', map({ team: 'x' })))).toEqual(['user/space'])
    expect(tried(tryAlone(map(), checks.value, {}))).toEqual(['user/team'])
    expect(tried(current.change('ConfigMap\na\nm', map()).found)).toEqual(['user/team', 'user/space'])
    const labelled = { ...space, object: { ...space.object, metadata: { ...space.object.metadata, labels: {} } } }
    const { gone, found } = current.change(idOf(space), labelled)
    expect([gone, found].map((list) => tried(list).filter((one) => one === 'user/space').length)).toEqual([1, 0])
  })

  it('are not changed by trying something out', () => {
    const deployment = (image: string) =>
      item({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x', namespace: 'a' }, spec: { template: pods('x', 'x', { image }) } })
    const current = createCurrent([deployment('r/x:1')], CHECKS, { now: NOW })
    const before = said(current.all().map(({ finding }) => finding))
    const tried = current.tryOut('Deployment\na\nx', deployment('r/x:latest')).map(({ finding }) => finding.check)
    expect(tried).toContain('image-version-missing')
    expect(said(current.all().map(({ finding }) => finding))).toEqual(before)
    expect(tryAlone(deployment('r/x:latest'), CHECKS, {}).map(({ finding }) => finding.check)).toContain('image-version-missing')
    // What is missing around it cannot be known from one object.
    expect(tryAlone(deployment('r/x:latest'), CHECKS, {}).map(({ finding }) => finding.check)).not.toContain('reference-missing')
  })
})
