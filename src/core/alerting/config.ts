import { z } from 'zod'
import { parseDuration } from '../kernel/duration.ts'
import { nearest } from '../kernel/nearest.ts'
import { parseMatcher } from './matchers.ts'
import { receiverConfig } from './receivers.ts'

const duration = z
  .string()
  .max(32)
  .refine((text) => parseDuration(text) !== undefined, 'must be a duration such as 30s, 5m or 4h')
const positive = duration.refine((text) => parseDuration(text) !== 0, 'must be longer than 0')
const matcher = z
  .string()
  .max(1024)
  .superRefine((text, context) => {
    const parsed = parseMatcher(text)
    if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.error })
  })
const matchers = z.array(matcher).max(64)
const labelName = z.string().min(1).max(256)
const receiverNames = z.union([z.string().min(1).max(128), z.array(z.string().min(1).max(128)).max(32)])

/** Alertmanager's route, in camelCase. What is left out is taken from the parent (https://prometheus.io/docs/alerting/latest/configuration/#route). */
export const routeConfig = z.object({
  /** Who is told: one receiver, or several. At the root, left out: nobody. */
  receiver: receiverNames.optional(),
  /** Alerts with equal values of these labels are told together; `...` means all labels. */
  groupBy: z.array(labelName).max(32).optional(),
  /** Before the first message of a group, so that what belongs together arrives together. */
  groupWait: duration.optional(),
  /** Between messages of a group when something changed. */
  groupInterval: positive.optional(),
  /** Before the same is said again. */
  repeatInterval: positive.optional(),
  matchers: matchers.optional(),
  /** Look at the following siblings too. */
  continue: z.boolean().optional(),
  get routes() {
    return z.array(routeConfig).max(200).optional()
  },
})
export type RouteConfig = z.output<typeof routeConfig>

const inhibitRule = z.object({
  sourceMatchers: matchers.min(1),
  targetMatchers: matchers.min(1),
  /** Labels that must be equal in both; missing equals empty. */
  equal: z.array(labelName).max(32).default([]),
})

const instant = z.iso.datetime({ offset: true })
/** ms since the epoch of an ISO 8601 instant. */
export const instantMs = (text: string): number =>
  // biome-ignore lint/style/noRestrictedGlobals: reads no clock
  Date.parse(text)
const silence = z
  .object({
    id: z.string().min(1).max(64),
    matchers: matchers.min(1),
    startsAt: instant,
    endsAt: instant,
    createdBy: z.string().max(256).default(''),
    comment: z.string().max(1024).default(''),
  })
  .refine((s) => instantMs(s.startsAt) < instantMs(s.endsAt), { path: ['endsAt'], message: 'must be after startsAt' })
export type Silence = z.output<typeof silence>

/** Who is told about what, when: Alertmanager's words in camelCase. */
export const alertingConfig = z
  .object({
    route: routeConfig,
    receivers: z.array(receiverConfig).max(100).default([]),
    inhibitRules: z.array(inhibitRule).max(200).default([]),
    silences: z.array(silence).max(1000).default([]),
  })
  .superRefine((config, context) => {
    const names = new Set<string>()
    const problem = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message })
    config.receivers.forEach(({ name }, i) => {
      if (names.has(name)) problem(['receivers', i, 'name'], `there are two receivers "${name}"`)
      names.add(name)
    })
    const ids = new Set<string>()
    config.silences.forEach(({ id }, i) => {
      if (ids.has(id)) problem(['silences', i, 'id'], `there are two silences "${id}"`)
      ids.add(id)
    })
    if (config.route.matchers?.length) problem(['route', 'matchers'], 'the root route takes every alert and has no matchers')
    if (config.route.continue) problem(['route', 'continue'], 'the root route has no siblings to continue with')
    let routes = 0
    const check = (route: RouteConfig, path: (string | number)[]) => {
      if (++routes === 1001) problem(path, 'at most 1000 routes')
      if (routes > 1000) return
      for (const name of [route.receiver ?? []].flat()) {
        if (names.has(name)) continue
        const suggestion = nearest(name, names)
        problem([...path, 'receiver'], `there is no receiver "${name}"${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`)
      }
      for (const [i, child] of (route.routes ?? []).entries()) check(child, [...path, 'routes', i])
    }
    check(config.route, ['route'])
  })
export type AlertingConfig = z.output<typeof alertingConfig>
