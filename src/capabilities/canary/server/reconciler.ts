/** Does what `decide` says: first the status, which is the intent; then the world; then tells people. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { RESOURCE_API } from '#core/shapes/custom-resource.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import type { EventRecorder } from '#kits/server-kit/kube-events.ts'
import { decide } from '../domain/release/decide.ts'
import type { Action, CanaryPlan, Facts } from '../domain/release/facts.ts'
import { cloneOf, mergePatchTo } from '../domain/release/objects.ts'
import { candidateOf, stableOf } from '../domain/release/spec.ts'
import type { CanaryObject } from '../resources/canary.ts'
import { gather, maybe, ownerReferenceOf, type Ports, refOfKey, targetsOf, withFinalizer } from './gather.ts'

const FIELD_MANAGER = 'sallyport-canary'
// biome-ignore lint/suspicious/noExplicitAny: workloads are read field by field
type Loose = any

export interface CanaryPorts extends Ports {
  events: EventRecorder
  /** What was decided last, for pages and notifications. */
  told(key: string, plan: CanaryPlan | undefined, facts: Facts): void
}

export const canaryReconciler: Reconciler<Facts, CanaryPorts> = {
  name: 'canary',
  watches: [{ apiVersion: RESOURCE_API, kind: 'Canary' }],
  keysOf: ({ metadata }) => [`${metadata.namespace}/${metadata.name}`],
  gather,
  decide,
  async apply(plan, facts, ports) {
    const { canary } = facts
    const made = plan as CanaryPlan
    ports.told(facts.key, facts.gone ? undefined : made, facts)
    if (facts.gone || !canary) return undefined
    const ref = refOfKey(facts.key)
    const world = async () => {
      for (const { action } of plan.steps) await act(action as unknown as Action, canary, ports)
    }
    if (made.worldFirst) await world()
    const status = mergePatchTo(canary.status ?? {}, made.status) as object
    if (Object.keys(status).length > 0 && canary.metadata.deletionTimestamp === undefined)
      await ports.cluster.patch(ref, 'merge', { status }, { subresource: 'status', fieldManager: FIELD_MANAGER })
    if (!made.worldFirst) await world()
    for (const event of made.events) await ports.events.record(canary as unknown as KubeObject, event)
    return made.again
  },
}

async function act(action: Action, canary: CanaryObject, { cluster, router, hooks }: CanaryPorts): Promise<void> {
  const { spec, metadata } = canary
  const namespace = metadata.namespace ?? ''
  const names = candidateOf(spec)
  const stable = stableOf(spec)
  const deployment = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name })
  const service = (name: string) => ({ apiVersion: 'v1', kind: 'Service', namespace, name })
  const by = { fieldManager: FIELD_MANAGER }
  switch (action.do) {
    case 'finalizer': {
      const now = await maybe(cluster.get(refOfKey(`${namespace}/${metadata.name}`)))
      if (now)
        await cluster.patch(
          refOfKey(`${namespace}/${metadata.name}`),
          'merge',
          { metadata: { finalizers: withFinalizer(now.metadata.finalizers, action.on) } },
          by,
        )
      return
    }
    case 'split':
      for (const target of targetsOf(canary)) {
        const done = await router.write(target, action.split)
        if (!done.ok) throw new CodedError('ROUTE_NOT_SPLIT', { reason: done.error.message })
      }
      return
    case 'release':
      for (const target of targetsOf(canary)) {
        const done = await router.release(target)
        if (!done.ok && done.error.reason !== 'unfit' && done.error.reason !== 'unsupported')
          throw new CodedError('ROUTE_NOT_SPLIT', { reason: done.error.message })
      }
      return
    case 'pause':
      await cluster.patch(deployment(stable.deployment), 'merge', { spec: { paused: action.paused } }, by)
      return
    case 'template': {
      const [old, candidate] = (await Promise.all([cluster.get(deployment(stable.deployment)), cluster.get(deployment(names.deployment))])) as Loose[]
      const patch = mergePatchTo(old.spec.template.spec, candidate.spec.template.spec)
      await cluster.patch(
        deployment(stable.deployment),
        'merge',
        { metadata: { resourceVersion: old.metadata.resourceVersion }, spec: { template: { spec: patch } } },
        by,
      )
      return
    }
    case 'clone': {
      const [old, oldService] = await Promise.all([cluster.get(deployment(stable.deployment)), cluster.get(service(spec.stable.service))])
      for (const object of cloneOf(old, oldService, names, spec.replicas, ownerReferenceOf(canary))) await cluster.apply(object, { ...by, force: true })
      return
    }
    case 'call':
      return hooks.call(cluster, namespace, action.call)
    case 'removeClone':
      for (const ref of [deployment(names.deployment), service(names.service)]) {
        const object = await maybe(cluster.get(ref))
        // Only what was made here.
        if (object?.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid)) await maybe(cluster.delete(ref, { propagation: 'Background' }))
      }
  }
}
