import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '#core/kube/json.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { applyJsonPatch, parseJsonPatch } from '#core/kube/patch/json-patch.ts'
import type { FixEdit } from './check.ts'
import { edited } from './fix.ts'
import { budgetsOver, keeperOf, type PatchStep, patchesOf, restartOf, rolloutOf } from './live-fix.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects of tests are made field by field
type Loose = any
const apply = (object: unknown, steps: readonly PatchStep[]): Loose => {
  const read = parseJsonPatch(steps)
  const done = read.ok ? applyJsonPatch(object as Json, read.value) : read
  if (!done.ok) throw new Error(done.error)
  return done.value
}
const deployment = (more: object = {}): Loose => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart', namespace: 'shop', resourceVersion: '7', generation: 2 },
  spec: {
    replicas: 3,
    template: {
      metadata: { labels: { app: 'cart' } },
      spec: { hostPID: true, securityContext: null, containers: [{ name: 'a', args: ['x', 'y'] }, { name: 'b' }] },
    },
  },
  ...more,
})
const pod = ['spec', 'template', 'spec']

describe('patches', () => {
  it('make the edits, and take them back, whatever was there', () => {
    const edit: fc.Arbitrary<FixEdit> = fc.record({
      path: fc.constantFrom(
        [...pod, 'hostPID'],
        [...pod, 'hostIPC'],
        [...pod, 'securityContext', 'runAsNonRoot'],
        [...pod, 'containers', 0, 'securityContext', 'capabilities', 'drop'],
        [...pod, 'containers', 1, 'resources', 'limits', 'cpu'],
        [...pod, 'containers', 0, 'args', 1],
        ['metadata', 'labels', 'app.kubernetes.io/name'],
      ),
      value: fc.constantFrom<unknown>(true, 'x', ['ALL'], undefined),
    })
    fc.assert(
      fc.property(fc.uniqueArray(edit, { maxLength: 5, selector: ({ path }) => path.join() }), (edits) => {
        const object = deployment()
        const { forward, back } = patchesOf(object, edits)
        const after = apply(object, forward)
        expect(apply(after, back)).toEqual(object)
        for (const { path, value } of edits) if (value !== undefined) expect(path.reduce((inner: Loose, step) => inner?.[step], after)).toEqual(value)
      }),
    )
  })

  it('agree with what edits do elsewhere, and refuse another version or what somebody changed since', () => {
    const object = deployment()
    const edits = [{ path: [...pod, 'hostPID'], value: false }]
    const { forward, back } = patchesOf(object, edits)
    expect(apply(object, forward)).toEqual(edited(object, edits))
    expect(() => apply({ ...object, metadata: { ...object.metadata, resourceVersion: '8' } }, forward)).toThrow()
    expect(() => apply(deployment(), back)).toThrow()
  })
})

describe('what starts anew', () => {
  const edits = [{ path: [...pod, 'hostPID'], value: false }]
  it.each([
    [deployment(), edits, { kind: 'rolling', pods: 3, atOnce: '25%' }],
    [deployment({ spec: { replicas: 2, strategy: { type: 'Recreate' } } }), edits, { kind: 'rolling', pods: 2, atOnce: 'all' }],
    [deployment(), [{ path: ['metadata', 'labels', 'a'], value: 'b' }], { kind: 'none' }],
    [{ ...deployment(), kind: 'ReplicaSet' }, edits, { kind: 'by-hand' }],
    [{ ...deployment(), kind: 'CronJob' }, [{ path: ['spec', 'jobTemplate', 'spec'], value: {} }], { kind: 'next-run' }],
  ])('is said', (object, list, expected) => {
    expect(restartOf(object, list)).toEqual(expected)
  })

  it('and how many pods may go, or that it is not known', () => {
    const budget = (name: string, labels: object, status: object): Loose => ({
      metadata: { name, namespace: 'shop', generation: 1 },
      spec: { selector: { matchLabels: labels } },
      status,
    })
    expect(
      budgetsOver(deployment(), [
        budget('a', { app: 'cart' }, { disruptionsAllowed: 1, observedGeneration: 1 }),
        budget('b', { app: 'cart' }, { disruptionsAllowed: 1, observedGeneration: 0 }),
        budget('c', { app: 'pay' }, {}),
      ]),
    ).toEqual([
      { name: 'a', allowed: 1 },
      { name: 'b', allowed: null },
    ])
  })

  it('and who would put it back', () => {
    const by = (metadata: object) => keeperOf({ metadata } as KubeObject)
    expect(by({ labels: { 'app.kubernetes.io/managed-by': 'Helm' }, annotations: { 'meta.helm.sh/release-name': 'shop' } })).toBe('Helm release shop')
    expect(by({ ownerReferences: [{ kind: 'Rollout', name: 'x', controller: true }] })).toBe('Rollout x')
    expect(by({})).toBeUndefined()
  })
})

describe('a rollout', () => {
  const status = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3 }
  const waiting = (reason: string): Loose => ({
    metadata: { name: 'p' },
    status: { containerStatuses: [{ name: 'a', state: { waiting: { reason, message: 'no' } } }] },
  })
  it('is done, under way or failed', () => {
    expect(rolloutOf(deployment({ status }), [])).toEqual({ state: 'done' })
    expect(rolloutOf(deployment({ status: { ...status, observedGeneration: 1 } }), [])).toMatchObject({ state: 'waiting' })
    expect(rolloutOf(deployment({ status: { ...status, updatedReplicas: 1 } }), [waiting('ContainerCreating')])).toMatchObject({ state: 'waiting' })
    expect(rolloutOf(deployment({ status: { ...status, updatedReplicas: 1 } }), [waiting('CrashLoopBackOff')])).toMatchObject({ state: 'failed' })
    expect(rolloutOf(deployment({ status: { ...status, conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }] } }), [])).toMatchObject({
      state: 'failed',
    })
    expect(rolloutOf({ ...deployment(), kind: 'Service' }, [])).toEqual({ state: 'done' })
  })
})
