import type { KubeObject } from '../kube/objects.ts'
import type { Plan } from './plan.ts'

/** What a reconciler is woken by: kind and metadata only; it gathers the rest itself. */
export type Waking = Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>

/** Level-based and restart-safe: it is told that something may have changed, never what happened. */
export interface Reconciler<Facts, Ports> {
  name: string
  /** What wakes it. */
  watches: readonly { apiVersion: string; kind: string }[]
  /** What is to be looked at because of this object: mostly `namespace/name` of the owner of the desired state. None: not of interest. */
  keysOf(object: Waking): readonly string[]
  /** The facts are what the world is now, also that the object is gone. */
  gather(key: string, ports: Ports): Promise<Facts>
  /** Pure. */
  decide(facts: Facts, now: number): Plan
  /** Called for idle plans too, so that a status can be written. Resolves to how long until it should look again, in milliseconds, or undefined when settled. */
  apply(plan: Plan, facts: Facts, ports: Ports): Promise<number | undefined>
}
