/** `ScalePolicy` as a file: what the replay reads is what the cluster takes. */
import { z } from 'zod'
import { scalePolicySpec } from '../resources/scale-policy.ts'

export const scalePolicy = z
  .object({
    apiVersion: z.literal('sallyport.io/v1alpha1'),
    kind: z.literal('ScalePolicy'),
    metadata: z.looseObject({ name: z.string().min(1).max(253) }),
    spec: scalePolicySpec,
  })
  .refine(({ spec }) => (spec as { loadPerPod?: unknown } | undefined)?.loadPerPod !== undefined, {
    path: ['spec', 'loadPerPod'],
    message: 'is missing: a replay has no latency to learn it from',
    // Told beside whatever else is wrong.
    when: () => true,
  })
export type ScalePolicy = z.output<typeof scalePolicy>
