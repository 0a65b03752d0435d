import type { Price, ScalePolicyRow } from './api.ts'

const GIB = 2 ** 30

/** Of pods that request so much, for an hour. Undefined: no pod of them requests anything, so that nothing is known. */
export function costPerHour({ cpuHour, memoryHour }: Price, pods: number, perPod: { cpu: number; memory: number } | null): number | undefined {
  if (perPod === null || (perPod.cpu === 0 && perPod.memory === 0)) return undefined
  return pods * (perPod.cpu * cpuHour + (perPod.memory / GIB) * memoryHour)
}

/** Of all that a policy scales. Undefined: of some it is not known. */
export function policyCost(price: Price, { targets }: Pick<ScalePolicyRow, 'targets'>): number | undefined {
  let sum = 0
  for (const { wanted, perPod } of targets) {
    const one = wanted === null ? undefined : costPerHour(price, wanted, perPod)
    if (one === undefined) return undefined
    sum += one
  }
  return targets.length === 0 ? undefined : sum
}
