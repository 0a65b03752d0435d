/** `ScalePolicy`, as far as it can be replayed: one service and how it may scale. */
import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'

const seconds = (least: number, most: number) =>
  z
    .string()
    .max(20)
    .refine(
      (text) => {
        const ms = parseDuration(text)
        return ms !== undefined && ms >= least * 1_000 && ms <= most * 1_000
      },
      `must be a duration from ${least}s to ${most / 60}m`,
    )

const count = z.int().min(1).max(100_000)

export const scalePolicy = z.object({
  apiVersion: z.literal('sallyport.io/v1alpha1'),
  kind: z.literal('ScalePolicy'),
  metadata: z.looseObject({ name: z.string().min(1).max(253) }),
  spec: z
    .object({
      min: count.default(1),
      max: count,
      /** Requests per second that a ready pod answers within its objective. */
      loadPerPod: z.number().gt(0).max(10_000_000),
      /** From the decision to ready. */
      podStart: seconds(1, 3_600).default('45s'),
      /** Of the highest rate until a new pod is ready, to be prepared for. */
      quantile: z.number().min(0.5).max(0.9999).default(0.965),
      /** What may be waited at most before it counts as a violation. */
      objective: z.number().gt(0).max(60).default(0.25),
    })
    .refine(({ min, max }) => min <= max, { path: ['min'], message: 'must not be above max' }),
})
export type ScalePolicy = z.output<typeof scalePolicy>
