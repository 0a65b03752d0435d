import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import type { CustomResource, Resource } from '#core/shapes/custom-resource.ts'
import { judgeConfig } from '../domain/judge/limits.ts'

const name = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'a name of Kubernetes: lower case, digits and -')
const duration = z.string().refine((text) => parseDuration(text) !== undefined, 'must be a duration like 5m or 90s')
const version = z.strictObject({ deployment: name.optional(), service: name })
const secretRef = z.strictObject({ name, key: z.string().min(1).max(253) })
const url = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((text) => !/^\w+:\/\/[^/]*@/.test(text), 'must not hold a password: name a Secret')
const regExp = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => {
    try {
      return Boolean(new RegExp(text))
    } catch {
      return false
    }
  }, 'is no regular expression')

const step = z
  .strictObject({
    weight: z.number().min(0).max(100).default(0),
    header: z
      .strictObject({ name: z.string().regex(/^[A-Za-z0-9-]{1,60}$/), value: z.string().min(1).max(200).optional(), pattern: regExp.optional() })
      .optional(),
    cookie: z.strictObject({ name: z.string().regex(/^[\w.-]{1,60}$/) }).optional(),
    hold: duration.default('5m'),
    pause: z.boolean().default(false),
  })
  .refine(({ header }) => header?.value === undefined || header.pattern === undefined, { path: ['header'], message: 'has a value or a pattern, not both' })
  .refine(
    ({ weight, header, cookie }) => weight > 0 || header !== undefined || cookie !== undefined,
    'sends nothing to the canary: set weight, header or cookie',
  )

const hook = z.strictObject({
  name: z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'lower case letters, digits and -'),
  when: z.enum(['preRollout', 'step', 'confirmPromotion', 'postPromotion', 'rollback']),
  url,
  timeout: duration.default('10s').refine((text) => (parseDuration(text) ?? 0) <= 60_000, 'must be at most 60s'),
  retries: z.number().int().min(0).max(10).default(2),
  secretRef: secretRef.optional().describe('Signs the body: a Secret with the label sallyport.io/use: canary.'),
})

/** By which the pods of an arm are told in a query. */
export const ARM_FIELDS = ['service', 'deployment', 'pods'] as const
const bound = (times: number) => z.strictObject({ times: z.number().min(1).max(100).default(times), plus: z.number().min(0).default(0) }).prefault({})
const metric = z.strictObject({
  name: z.string().regex(/^[A-Za-z][\w-]{0,40}$/, 'letters, digits, - and _'),
  query: z
    .string()
    .min(1)
    .max(4000)
    .refine((text) => ARM_FIELDS.some((field) => text.includes(`{{${field}}}`)), 'does not tell the arms apart: use {{service}}, {{deployment}} or {{pods}}'),
  better: z.enum(['lower', 'higher']).default('lower'),
  every: duration.default('1m').refine((text) => (parseDuration(text) ?? 0) >= 1_000, 'must be at least 1s'),
  budget: bound(1.1).describe('Proven to be exceeded: rolled back. Worse than stable by so many times, or by so much more.'),
  margin: bound(1.25).describe('Proven to be kept: may be promoted.'),
  gate: z.boolean().default(true),
  source: z.strictObject({ url, secretRef: secretRef.optional() }).optional().describe('A Prometheus API; left out: the metrics of this server.'),
})

const spec = z
  .strictObject({
    mode: z.enum(['release', 'judge']).default('release').describe('judge: another tool shifts the traffic and asks for the verdict.'),
    stable: version,
    canary: version.optional(),
    replicas: z.number().int().min(1).max(100).default(2),
    routes: z
      .array(z.strictObject({ apiVersion: z.string().max(120).default('networking.k8s.io/v1'), kind: z.string().max(60).default('Ingress'), name }))
      .max(10)
      .default([]),
    canaryPort: z.number().int().min(1).max(65_535).optional(),
    sticky: z.boolean().default(false),
    steps: z.array(step).max(50).default([]),
    minPods: z.number().int().min(1).max(100).default(2),
    onePlace: z.enum(['check', 'allow']).default('check').describe('A canary of one pod or on one node: only after an A/A check of the places, or without.'),
    hooks: z.array(hook).max(20).default([]),
    metrics: z.array(metric).max(10).default([]),
    minRequests: z.number().int().min(1).max(1_000_000).default(100),
    deadline: duration.default('6h'),
    promotion: z.enum(['template', 'traffic']).default('template'),
    judge: judgeConfig.omit({ expectedShare: true }).prefault({}),
  })
  .superRefine(({ mode, stable, canary, routes, steps, hooks, metrics }, context) => {
    const problem = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (mode === 'judge') {
      if (canary === undefined) problem(['canary'], 'is needed: the Service of the version that is judged')
      for (const [field, list] of Object.entries({ routes, steps, hooks })) if (list.length > 0) problem([field], 'is for mode release: another tool does this')
    } else {
      if (stable.deployment === undefined) problem(['stable', 'deployment'], 'is needed')
      if (canary !== undefined && canary.deployment === undefined) problem(['canary', 'deployment'], 'is needed')
      if (routes.length === 0) problem(['routes'], 'at least one is needed')
      if (steps.length === 0) problem(['steps'], 'at least one is needed')
    }
    for (const [field, list] of Object.entries({ hooks, metrics })) {
      const names = list.map((one) => one.name)
      names.forEach((one, i) => {
        if (names.indexOf(one) < i) problem([field, i, 'name'], `is there twice: ${one}`)
      })
    }
    steps.forEach(({ weight }, i) => {
      if (i > 0 && weight < steps[i - 1]!.weight) problem(['steps', i, 'weight'], `goes backwards: step ${i} has ${steps[i - 1]!.weight}`)
    })
    if (steps.at(-1)?.weight === 0)
      problem(['steps', steps.length - 1, 'weight'], 'the last step must have a weight: nothing is promoted on marked requests alone')
    if (canary?.deployment !== undefined && canary.deployment === stable.deployment) problem(['canary', 'deployment'], 'is the stable one')
    if (canary?.service === stable.service) problem(['canary', 'service'], 'is the stable one')
  })

export const PHASES = ['Invalid', 'Waiting', 'Preparing', 'Progressing', 'Paused', 'Promoting', 'RollingBack', 'Promoted', 'RolledBack'] as const

const time = z.number().describe('Milliseconds since the epoch.')
const status = z.object({
  phase: z.enum(PHASES).optional(),
  message: z.string().optional(),
  run: z.number().int().optional().describe('How many versions were tried.'),
  version: z.string().optional().describe('Of the canary: a hash of its pod template.'),
  stableVersion: z.string().optional(),
  decided: z.string().optional().describe('The version about which there is a decision.'),
  step: z.number().int().optional(),
  stepSince: time.optional(),
  since: time.optional().describe('Begin of the phase.'),
  startedAt: time.optional().describe('Begin of the analysis.'),
  weight: z.number().optional().describe('Percent that the route gives to the canary now.'),
  verdict: z.string().optional(),
  requests: z.number().optional().describe('Of the canary, since the analysis began.'),
  expected: z.string().optional().describe('When a decision is expected.'),
  outlook: z.string().optional().describe('Before the start: how long it will take at this traffic.'),
  places: z.string().optional().describe('What the A/A check said, where the canary has one place.'),
  hooks: z
    .array(
      z.object({
        id: z.string(),
        hook: z.string(),
        at: time,
        attempts: z.number().int(),
        state: z.enum(['open', 'passed', 'failed']),
        message: z.string().optional().describe('Why it failed.'),
      }),
    )
    .optional()
    .describe('Calls of hooks and what became of them.'),
  blindSince: time.optional().describe('Since when there is no evidence.'),
  command: z.string().optional().describe('The last command of a person that was obeyed.'),
  weights: z
    .array(z.object({ at: time, weight: z.number() }))
    .optional()
    .describe('Of this run.'),
  addresses: z
    .object({ stable: z.array(z.string()), canary: z.array(z.string()) })
    .optional()
    .describe('Of pods of this run: address=pod.'),
  decisions: z
    .array(
      z.object({
        at: time,
        run: z.number(),
        what: z.string(),
        why: z.string(),
        evidence: z.string().optional().describe('What was known then: requests, and each measure of canary and stable.'),
      }),
    )
    .optional(),
  conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string(), message: z.string(), lastTransitionTime: z.string() })).optional(),
})

export const canaryResource: CustomResource<typeof spec, typeof status> = {
  kind: 'Canary',
  plural: 'canaries',
  scope: 'Namespaced',
  description: 'A new version beside the one that runs: given more traffic step by step, promoted or rolled back by evidence.',
  spec,
  status,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'What is done now.' },
    { name: 'Step', type: 'integer', jsonPath: '.status.step', description: 'Of the steps, from 1.' },
    { name: 'Weight', type: 'number', jsonPath: '.status.weight', description: 'Percent of the traffic that the canary gets.' },
    { name: 'Verdict', type: 'string', jsonPath: '.status.verdict', description: 'What the evidence says so far.' },
    { name: 'Requests', type: 'integer', jsonPath: '.status.requests', description: 'That the canary answered.' },
    { name: 'Expected', type: 'string', jsonPath: '.status.expected', description: 'When a decision is expected.' },
    { name: 'Message', type: 'string', jsonPath: '.status.message', description: 'Why.', priority: 1 },
  ],
}

export type CanarySpec = z.output<typeof spec>
export type CanaryStatus = z.output<typeof status>
export type CanaryObject = Resource<CanarySpec, CanaryStatus>

export const COMMANDS = ['promote', 'abort', 'pause', 'resume', 'restart'] as const
export type CanaryCommand = (typeof COMMANDS)[number]
/** What a person wants, `VERB ID`; obeyed once. */
export const COMMAND_ANNOTATION = 'sallyport.io/canary-command'
export const FINALIZER = 'sallyport.io/canary'
