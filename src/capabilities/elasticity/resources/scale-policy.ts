import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import type { CustomResource, Resource } from '#core/shapes/custom-resource.ts'
import { scheduleText, zoneName } from '#core/shapes/schedule.ts'
import { TARGET_KINDS } from '../domain/foreign.ts'
import { promqlProblem } from '../domain/promql.ts'

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'a name of Kubernetes: lower case, digits and -')
const duration = (least: number, most: number) =>
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
/** Told beside whatever else is wrong. */
const numbered = ({ value }: { value: unknown }) => {
  const { min, max } = (value ?? {}) as { min?: unknown; max?: unknown }
  return typeof min === 'number' && typeof max === 'number'
}
const promql = z
  .string()
  .min(1)
  .max(10_000)
  .superRefine((text, context) => {
    const message = promqlProblem(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

const target = z.strictObject({ kind: z.enum(TARGET_KINDS).default('Deployment'), name })

const service = z
  .strictObject({
    target,
    min: count.default(1),
    max: count,
    /** Requests per second that a ready pod answers within the objective; left out: learned. */
    loadPerPod: z.number().gt(0).max(10_000_000).optional(),
    /** Requests that it gets for each request at the entry; given, it is not learned. Default: learned from `requests`, or 1. */
    callsPerRequest: z.number().gt(0).max(10_000).optional(),
    /** PromQL: requests per second that it gets, as a mesh or its own metrics count them. What it gets for each request at the entry is learned from it. */
    requests: promql.optional(),
    podStart: duration(1, 3_600).optional(),
  })
  .refine(({ min, max }) => min <= max, { path: ['min'], message: 'must not be above max', when: numbered })

const bounds = z
  .strictObject({
    name: z.string().min(1).max(63),
    /** Cron, five or six fields: when the window begins and ends. */
    start: scheduleText,
    end: scheduleText,
    timezone: zoneName.optional(),
    min: z.int().min(0).max(100_000).optional(),
    max: count.optional(),
    /** Days on which it does not begin, as schedules of which only the day counts. */
    exclude: z.array(scheduleText).max(200).default([]),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'says neither min nor max')
  .refine(({ min = 0, max = Number.POSITIVE_INFINITY }) => min <= max, { path: ['min'], message: 'must not be above max' })
  .refine(({ start, end }) => start.trim() !== end.trim(), { path: ['end'], message: 'the window ends when it begins' })

const traffic = z
  .strictObject({
    /** Services of the policy's namespace that the ingress sends to; their requests add up. Default: the one named as the target. */
    services: z.array(name).min(1).max(50).optional(),
    /** PromQL instead: its one value is requests per second. Sees the series of the policy's namespace. */
    promql: promql.optional(),
  })
  .refine(({ services, promql }) => (services === undefined) !== (promql === undefined), 'says either services or promql')

export const scalePolicySpec = z
  .strictObject({
    /** What is scaled. Only a replay does without. */
    target: target.optional(),
    /** `preview` decides and records, `active` also writes. */
    mode: z.enum(['preview', 'active']).default('preview'),
    /** When somebody else writes the replicas: leave it to them, take over, or only watch. */
    otherWriters: z.enum(['refuse', 'adopt', 'shadow']).default('refuse'),
    min: count.default(1),
    max: count,
    /** Requests per second that a ready pod answers within its objective; left out: learned from latency and errors of the entry. */
    loadPerPod: z.number().gt(0).max(10_000_000).optional(),
    /** From the decision to ready. */
    podStart: duration(1, 3_600).default('45s'),
    /** Of the highest rate until a new pod is ready, to be prepared for. */
    quantile: z.number().min(0.5).max(0.9999).default(0.965),
    /** What may be waited at most before it counts as a violation. */
    objective: z.number().gt(0).max(60).default(0.25),
    /** How long pods are kept after they were last needed. */
    keep: duration(0, 3_600).default('5m'),
    /** How long a scale by hand is left as it is. */
    respectManualFor: duration(0, 86_400).default('15m'),
    timezone: zoneName.optional(),
    traffic: traffic.optional(),
    /** Floors and ceilings over time. */
    bounds: z.array(bounds).max(100).default([]),
    /** What stands behind the target, the nearest first: scaled with the same traffic, the last first on the way up. */
    services: z.array(service).max(50).default([]),
  })
  .refine(({ min, max }) => min <= max, { path: ['min'], message: 'must not be above max', when: numbered })
  .superRefine(({ target: own, services, bounds: windows, max }, context) => {
    const names = new Map<string, string>(own === undefined ? [] : [[`${own.kind} ${own.name}`, 'target']])
    services.forEach(({ target: { kind, name: of } }, i) => {
      const before = names.get(`${kind} ${of}`)
      if (before !== undefined) context.addIssue({ code: 'custom', path: ['services', i, 'target', 'name'], message: `is ${before} already` })
      names.set(`${kind} ${of}`, `services[${i}]`)
    })
    windows.forEach(({ min = 0 }, i) => {
      if (min > max) context.addIssue({ code: 'custom', path: ['bounds', i, 'min'], message: `is above spec.max, ${max}` })
    })
  })

const time = z.number().describe('Milliseconds since the epoch.')
const condition = z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string(), lastTransitionTime: z.string() })
const status = z.object({
  phase: z.enum(['Invalid', 'Conflict', 'Preview', 'Active', 'Manual', 'Blind']).optional(),
  message: z.string().optional().describe('Why there are so many pods, in one sentence.'),
  desired: z.number().int().optional().describe('Pods of the target that are wanted.'),
  services: z
    .array(z.object({ name: z.string(), desired: z.number(), written: z.number().optional(), why: z.string() }))
    .optional()
    .describe('Of each that is scaled, the target first.'),
  requestsPerSecond: z.number().optional(),
  calls: z
    .array(
      z.object({
        name: z.string(),
        used: z.number().optional(),
        how: z.string(),
        learned: z.array(z.object({ entry: z.string(), calls: z.number(), confidence: z.number() })),
      }),
    )
    .optional()
    .describe(
      'Of each service behind the target: the calls for each request at the entry that are reckoned with, where they are from (given, learned, own traffic), and what was learned.',
    ),
  loads: z
    .array(z.object({ name: z.string(), load: z.number(), confidence: z.number() }))
    .optional()
    .describe('Requests per second that a pod answers well, where it is learned, with the confidence.'),
  manual: z
    .array(z.object({ name: z.string(), replicas: z.number(), at: time, by: z.string() }))
    .optional()
    .describe('Scaled by hand, and since when that is respected.'),
  conditions: z.array(condition).optional(),
})

export const scalePolicyResource: CustomResource<typeof scalePolicySpec, typeof status> = {
  kind: 'ScalePolicy',
  plural: 'scalepolicies',
  shortNames: ['sp'],
  scope: 'Namespaced',
  description: 'How many pods a workload and what stands behind it should have: by time, by traffic, by what the traffic may become.',
  spec: scalePolicySpec,
  status,
  columns: [
    { name: 'Target', type: 'string', jsonPath: '.spec.target.name', description: 'What is scaled.' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Does it act?' },
    { name: 'Desired', type: 'integer', jsonPath: '.status.desired', description: 'Pods of the target that are wanted.' },
    { name: 'QPS', type: 'number', jsonPath: '.status.requestsPerSecond', description: 'Requests per second at the entry.' },
    { name: 'Why', type: 'string', jsonPath: '.status.message', description: 'In one sentence.' },
  ],
}

export type ScalePolicySpec = z.output<typeof scalePolicySpec>
export type ScalePolicyStatus = z.output<typeof status>
export type ScalePolicyObject = Resource<ScalePolicySpec, ScalePolicyStatus>
