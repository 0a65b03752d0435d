import { describe, expect, it } from 'vitest'
import { planDrain } from './drain.ts'
import type { KubeObject, OwnerReference } from './objects.ts'

const pod = (name: string, more: Partial<KubeObject['metadata']> = {}, phase = 'Running'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'shop', labels: { app: 'web' }, ownerReferences: [owner('ReplicaSet')], ...more },
  status: { phase },
})
const owner = (kind: string): OwnerReference => ({ apiVersion: 'apps/v1', kind, name: 'x', uid: 'x', controller: true })
const budget = (allowed: number, more: object = {}): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'web', namespace: 'shop', generation: 2 },
  spec: { selector: { matchLabels: { app: 'web' } } },
  status: { disruptionsAllowed: allowed, observedGeneration: 2, ...more },
})
const names = (pods: readonly KubeObject[]) => pods.map(({ metadata }) => metadata.name)

describe('planDrain', () => {
  it('sends away what has a controller elsewhere, and leaves what belongs to the node', () => {
    const plan = planDrain(
      [
        pod('a'),
        pod('b', { ownerReferences: [owner('DaemonSet')] }),
        pod('c', { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
        pod('d', { ownerReferences: [] }),
        pod('e', {}, 'Succeeded'),
        pod('f', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      ],
      [],
    )
    expect(names(plan.evict)).toEqual(['a'])
    expect(plan.stay.map(({ why }) => why)).toEqual(['daemon set', 'static', 'ended'])
    expect(names(plan.blocked.map((one) => one.pod))).toEqual(['d', 'f'])
  })

  it('asks no more of a disruption budget than it allows', () => {
    const three = [pod('a'), pod('b'), pod('c', { labels: { app: 'other' } })]
    expect(names(planDrain(three, [budget(1)]).evict)).toEqual(['a', 'c'])
    expect(names(planDrain(three, [budget(0)]).evict)).toEqual(['c'])
    // of an older spec, or none yet
    expect(names(planDrain(three, [budget(2, { observedGeneration: 1 })]).evict)).toEqual(['c'])
    expect(names(planDrain(three, [{ ...budget(2), status: undefined }]).evict)).toEqual(['c'])
    expect(planDrain(three, [budget(0)]).blocked[0]!.why).toContain('web')
  })
})
