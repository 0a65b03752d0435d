import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import type { CustomResource } from '#core/shapes/custom-resource.ts'

export const ACTIONS = ['taint', 'cordon', 'drain', 'restartService', 'reboot', 'replace'] as const
export type Action = (typeof ACTIONS)[number]

const duration = (initial: string) =>
  z
    .string()
    .max(20)
    .default(initial)
    .refine((text) => parseDuration(text) !== undefined, 'must be a duration such as 5m')
const share = (initial: string) =>
  z
    .string()
    .max(6)
    .regex(/^(?:\d{1,5}|\d{1,2}%|100%)$/, 'must be a count or a percentage')
    .default(initial)

const spec = z.object({
  /** Labels of the nodes that it is for; left out: all. */
  nodeLabels: z.record(z.string().max(317), z.string().max(63)).default({}),
  /** Says what would be done, and does nothing. */
  dryRun: z.boolean().default(true),
  problems: z
    .array(
      z.object({
        /** Type of a NodeCondition that is True when something is wrong. */
        condition: z.string().min(1).max(316),
        /** Left out: every reason. */
        reasons: z.array(z.string().max(300)).max(50).default([]),
        /** It must hold for so long. */
        after: duration('5m'),
        actions: z.array(z.enum(ACTIONS)).min(1).max(ACTIONS.length),
      }),
    )
    .min(1)
    .max(100),
  budget: z
    .object({
      /** Nodes that may be out of service at once, whoever took them out: cordoned ones and those that are not ready. */
      maxUnavailable: share('10%'),
      /** Nodes that repair begins with, in an hour. */
      perHour: z.number().int().min(1).max(10_000).default(3),
    })
    .prefault({}),
  /** So many nodes falling ill within ten minutes are no illness of nodes. */
  storm: share('30%'),
  controlPlane: z.boolean().default(false),
  /** It must be over for so long before what was done is undone. */
  undoAfter: duration('5m'),
  /** Where to ask for what is not done through Kubernetes: a POST with `{action, node, providerID, reason}`. */
  hooks: z
    .object({
      restartService: z.string().max(2000).optional(),
      reboot: z.string().max(2000).optional(),
      replace: z.string().max(2000).optional(),
    })
    .default({}),
})

const status = z.object({
  observedGeneration: z.number().int().optional(),
  /** What keeps it from acting, if something does. */
  brake: z.string().max(500).optional(),
  /** Steps that would be taken now. */
  proposed: z.array(z.string().max(500)).max(50).optional(),
  /** Nodes that it holds. */
  holding: z.array(z.string().max(253)).max(1000).optional(),
  lastActionAt: z.string().max(40).optional(),
  problems: z.array(z.string().max(500)).max(50).optional(),
})

export const repairPolicy: CustomResource<typeof spec, typeof status> = {
  kind: 'RepairPolicy',
  plural: 'repairpolicies',
  shortNames: ['rp'],
  scope: 'Cluster',
  description: 'What to do with a node that is ill, within which budget.',
  spec,
  status,
  columns: [
    { name: 'Dry-Run', type: 'boolean', jsonPath: '.spec.dryRun', description: 'It only says what it would do.' },
    { name: 'Holding', type: 'string', jsonPath: '.status.holding', description: 'Nodes that it took out of service.' },
    { name: 'Brake', type: 'string', jsonPath: '.status.brake', description: 'What keeps it from acting.' },
  ],
}
export type RepairPolicySpec = z.output<typeof spec>
