/** What a spec means. */
import type { TrafficSplit } from '#core/shapes/ports/traffic-router.ts'
import type { CanarySpec } from '../../resources/canary.ts'

/** One Deployment, whose changed template is cloned. */
export const isClone = (spec: CanarySpec): boolean => spec.canary === undefined
export const stableOf = ({ stable }: CanarySpec) => ({ deployment: stable.deployment ?? '', service: stable.service })
export const candidateOf = ({ stable, canary }: CanarySpec) => ({
  deployment: canary ? (canary.deployment ?? '') : `${stable.deployment}-canary`,
  service: canary?.service ?? `${stable.service}-canary`,
})

export const splitOfStep = ({ steps }: CanarySpec, step: number): TrafficSplit => {
  const { weight, header, cookie } = steps[Math.min(step, steps.length) - 1]!
  return { weight, ...(header ? { header } : {}), ...(cookie ? { cookie } : {}) }
}
