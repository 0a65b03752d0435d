/** Custom plugins of node-problem-detector: programs whose exit code says how a node is. docs/custom_plugin_monitor.md of that project. */
import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import { invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { Ran, Reading } from '#core/shapes/ports/host.ts'
import { blind, type Detector, looked } from './detector.ts'

const duration = (initial: string) =>
  z
    .string()
    .default(initial)
    .transform((text, context) => {
      const ms = parseDuration(text)
      if (ms === undefined || ms <= 0 || ms > 86_400_000) context.addIssue('must be a duration such as 30s, at most a day')
      return ms ?? 0
    })

const CONFIG = z.looseObject({
  plugin: z.literal('custom'),
  pluginConfig: z
    .looseObject({
      invoke_interval: duration('30s'),
      timeout: duration('5s'),
      max_output_length: z.number().int().min(1).max(65_536).default(80),
      concurrency: z.number().int().min(1).max(100).default(3),
    })
    .prefault({}),
  source: z.string().min(1).max(200),
  conditions: z
    .array(z.looseObject({ type: z.string().min(1).max(200), reason: z.string().max(200), message: z.string().max(2000) }))
    .max(200)
    .default([]),
  rules: z
    .array(
      z.looseObject({
        type: z.enum(['temporary', 'permanent']),
        condition: z.string().max(200).optional(),
        reason: z.string().min(1).max(200),
        path: z.string().min(1).max(4096),
        args: z.array(z.string().max(4096)).max(100).default([]),
        timeout: z.string().optional(),
      }),
    )
    .max(200),
})

export interface Plugins {
  detectors: readonly Detector[]
  /** What a condition says when all is well. */
  healthy: Readonly<Record<string, { reason: string; message: string }>>
  /** Rules that need a program of that project which we do ourselves. */
  notRun: readonly string[]
}

/** Their own programs, whose work our detectors do. */
const OWN = /(?:^|\/)(?:health-checker|log-counter)$/

/** The plugins of one configuration; of another kind of configuration none. Throws INVALID_INPUT with all problems. */
export function loadPlugins(file: string, text: string): Plugins {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw invalidInput([{ path: file, message: (error as Error).message }])
  }
  if ((json as { plugin?: unknown } | null)?.plugin !== 'custom') return { detectors: [], healthy: {}, notRun: [] }
  const parsed = parseInput(CONFIG, json)
  if (!parsed.ok) throw invalidInput(parsed.error.map((problem) => ({ ...problem, path: `${file}: ${problem.path}` })))
  const { pluginConfig, source, conditions, rules } = parsed.value
  const problems = rules.flatMap(({ type, condition, timeout }, i) => [
    ...(type === 'permanent' && !conditions.some((one) => one.type === condition)
      ? [{ path: `${file}: rules[${i}].condition`, message: 'is none of `conditions`' }]
      : []),
    ...(timeout !== undefined && parseDuration(timeout) === undefined ? [{ path: `${file}: rules[${i}].timeout`, message: 'is no duration' }] : []),
  ])
  if (problems.length > 0) throw invalidInput(problems)
  const own = rules.filter(({ path }) => OWN.test(path))
  return {
    healthy: Object.fromEntries(conditions.map(({ type, reason, message }) => [type, { reason, message }])),
    notRun: own.map(({ reason }) => reason),
    detectors: rules
      .filter(({ path }) => !OWN.test(path))
      .map(({ type, condition, reason, path, args, timeout }): Detector<Reading<Ran>> => {
        const allowed = Math.min((timeout === undefined ? undefined : parseDuration(timeout)) ?? pluginConfig.timeout, pluginConfig.timeout)
        return {
          id: `npd:${source}:${reason}:${path}`,
          condition: type === 'permanent' ? condition! : '',
          title: { en: `${source}: ${reason}`, 'zh-CN': `${source}：${reason}` },
          everyMs: pluginConfig.invoke_interval,
          clear: 1,
          gather: (host) => host.run(path, args, { timeoutMs: allowed, maxBytes: 4 * pluginConfig.max_output_length }),
          judge(ran) {
            if (!ran.ok) return { verdict: blind(`${path}: ${ran.reason}`) }
            const { code, stdout, timedOut } = ran.value
            if (timedOut) return { verdict: blind(`${path} did not end within ${allowed / 1000} s and was killed`) }
            const message = stdout.trim().slice(0, pluginConfig.max_output_length)
            if (code === 0) return { verdict: looked() }
            if (code !== 1) return { verdict: blind(`${path} ended with ${code ?? 'a signal'}: ${message}`) }
            return { verdict: looked({ key: reason, reason, severity: type === 'permanent' ? 'error' : 'warning', message: message || reason }) }
          },
        }
      }) as unknown as Detector[],
  }
}
