import type { Plan } from './plan.ts'

/** Level-based and restart-safe: it is told that something may have changed, never what happened. */
export interface Reconciler<Facts, Ports> {
  name: string
  /** `group/version/Kind` of what wakes it. */
  watches: readonly string[]
  keyOf(object: { kind: string; namespace?: string; name: string }): string
  gather(key: string, ports: Ports): Promise<Facts>
  /** Pure. */
  decide(facts: Facts, now: number): Plan
  /** Resolves to how long until it should look again, in milliseconds, or undefined when settled. */
  apply(plan: Plan, ports: Ports): Promise<number | undefined>
}
