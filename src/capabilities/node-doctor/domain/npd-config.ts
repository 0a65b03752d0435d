/**
 * node-problem-detector's log monitors, applied to recorded lines: its `kmsg`, `journald` and `filelog` plugins, and `custom` rules that run its log-counter.
 * A pattern (RE2) must end on the newest line of a buffer of `bufferSize` lines; see docs/system_log_monitor.md of that project.
 */
import { RE2JS } from 're2js'
import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import type { Problem } from '#core/kernel/errors.ts'
import { jsonPath, parseInput } from '#core/kernel/problems.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { LogSource } from '#core/shapes/ports/host.ts'
import type { ExtraRules } from './diagnose.ts'
import { type LogLine, lineSeconds } from './line.ts'

const MAX_RULES = 1000
const MAX_BUFFER = 100

const CONFIG = z.looseObject({
  plugin: z.enum(['kmsg', 'journald', 'filelog', 'custom']),
  pluginConfig: z.looseObject({ source: z.string().optional(), message: z.string().optional(), timestamp: z.string().optional() }).optional(),
  source: z.string(),
  logPath: z.string().max(4096).optional(),
  lookback: z.string().optional(),
  conditions: z
    .array(z.looseObject({ type: z.string().min(1).max(200), reason: z.string().max(200), message: z.string().max(2000) }))
    .max(200)
    .default([]),
  bufferSize: z.number().int().min(1).max(MAX_BUFFER).default(10),
  skipList: z.array(z.string()).default([]),
  rules: z
    .array(
      z.looseObject({
        type: z.enum(['temporary', 'permanent']),
        reason: z.string().min(1),
        condition: z.string().optional(),
        pattern: z.string().optional(),
        path: z.string().optional(),
        args: z.array(z.string()).default([]),
      }),
    )
    .max(MAX_RULES),
})
type Config = z.output<typeof CONFIG>
type Rule = Config['rules'][number]

/** Is asked about one line; the text that matched, or undefined. */
type Match = (line: LogLine, raw: string) => string | undefined

export interface NpdRules {
  apply: ExtraRules
  source: string
  /** How much of what its log holds already counts, ms. */
  lookbackMs: number
  /** Those that its permanent rules set, with what they say when all is well. */
  conditions: readonly { type: string; reason: string; message: string }[]
  /** Where its lines come from, besides the kernel's log. */
  follows: readonly LogSource[]
  /** Does it read the kernel's log? */
  kernel: boolean
  /** Reasons of rules that run a program, which recorded lines cannot answer. */
  notApplied: readonly string[]
}

/** The rules of one configuration, or everything that is wrong with it. Each file needs rules of its own: they remember lines. */
export function readNpdConfig(input: unknown): Result<NpdRules, readonly Problem[]> {
  const parsed = parseInput(CONFIG, input)
  if (!parsed.ok) return parsed
  const config = parsed.value
  const problems: Problem[] = []
  const notApplied: string[] = []
  const matches: { rule: Rule; match: Match }[] = []
  config.rules.forEach((rule, i) => {
    const at = (field: string) => jsonPath(['rules', i, field])
    const counter = rule.path?.endsWith('log-counter') ? counterOf(rule, (message) => problems.push({ path: at('args'), message })) : undefined
    if (counter) matches.push({ rule, match: counter })
    else if (rule.path !== undefined) notApplied.push(rule.reason)
    else if (rule.pattern === undefined) problems.push({ path: at('pattern'), message: 'is missing' })
    else {
      const match = bufferMatch(rule.pattern, config.bufferSize, (message) => problems.push({ path: at('pattern'), message }))
      if (match) matches.push({ rule, match })
    }
  })
  const message =
    config.plugin === 'filelog' && config.pluginConfig?.message
      ? compile(config.pluginConfig.message, (text) => problems.push({ path: 'pluginConfig.message', message: text }))
      : undefined
  const lookbackMs = config.lookback === undefined ? 0 : parseDuration(config.lookback)
  if (lookbackMs === undefined) problems.push({ path: 'lookback', message: 'is no duration' })
  if (problems.length > 0) return err(problems)
  const permanent = new Set(config.rules.flatMap(({ type, condition }) => (type === 'permanent' && condition !== undefined ? [condition] : [])))
  const program = config.plugin === 'kmsg' ? 'kernel' : config.plugin === 'journald' ? config.pluginConfig?.source : undefined
  return ok({
    notApplied,
    source: config.source,
    lookbackMs: lookbackMs ?? 0,
    conditions: config.conditions.filter(({ type }) => permanent.has(type)),
    ...placesOf(config),
    apply(line, raw) {
      // a console or a plain file does not say who spoke
      if (program !== undefined && line.program !== undefined && line.program !== program) return []
      if (config.skipList.some((word) => raw.includes(word))) return []
      let heard = line
      if (message) {
        const text = extract(message, raw, 1)
        if (text === undefined) return []
        // In a syslog line we know better where the message begins: a greedy pattern swallows `[#1]`, another the number that its rule asks for.
        if (line.program === undefined) heard = { ...line, message: text }
      }
      return matches.flatMap(({ rule, match }) => {
        const found = match(heard, raw)
        return found === undefined
          ? []
          : [
              {
                kind: 'custom' as const,
                reason: rule.reason,
                title: found,
                ...(rule.type === 'permanent' ? { severity: 'error' as const, condition: rule.condition ?? '' } : { severity: 'warning' as const }),
              },
            ]
      })
    },
  })
}

const JOURNAL = '/var/log/journal'

/** A counter of the journal asks for the lines of one program; those of the kernel are in its own log too, sooner. */
function placesOf({ plugin, pluginConfig, logPath, rules }: Config): Pick<NpdRules, 'follows' | 'kernel'> {
  if (plugin === 'kmsg') return { kernel: true, follows: [] }
  if (plugin === 'filelog') return { kernel: false, follows: logPath === undefined ? [] : [{ file: logPath }] }
  const journals =
    plugin === 'journald'
      ? [pluginConfig?.source]
      : rules.filter(({ path }) => path?.endsWith('log-counter')).map(({ args }) => args.map((arg) => /^--?journald-source=(.+)$/.exec(arg)?.[1]).find(Boolean))
  const others = new Set(journals.filter((name) => name !== 'kernel'))
  const journal = plugin === 'journald' && logPath !== undefined ? logPath : JOURNAL
  return {
    kernel: journals.includes('kernel'),
    follows: [...others].map((identifier) => ({ journal, ...(identifier === undefined ? {} : { identifier }) })),
  }
}

type Tell = (message: string) => void

function compile(pattern: string, tell: Tell): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    tell(`is no valid RE2 pattern: ${(error as Error).message}`)
    return undefined
  }
}

/** Letters that every match holds: lines without them need not be shown to the slower pattern. Empty when the pattern does not begin with letters. */
function literalOf(pattern: string): string {
  if (pattern.replace(/\([^()]*\)/g, '').includes('|')) return ''
  const run = /^(?:\.\*)?([\w /:,=-]*)(.?)/.exec(pattern)!
  // what a quantifier follows may be absent
  return /[?*{]/.test(run[2]!) ? run[1]!.slice(0, -1) : run[1]!
}

/** A match must end with the newest line, and may begin in lines before. */
function bufferMatch(pattern: string, size: number, tell: Tell): Match | undefined {
  const compiled = compile(`(?:${pattern})\\z`, tell)
  if (!compiled) return undefined
  const literal = literalOf(pattern)
  // only these can cross the end of a line
  const across = /\\[nsWDPxQ]|\[|\(\?[a-z]*s|\n/.test(pattern)
  const buffer: string[] = []
  return ({ message }) => {
    if (!across) {
      if (literal !== '' && !message.includes(literal)) return undefined
      return extract(compiled, message)
    }
    buffer.push(message)
    if (buffer.length > size) buffer.shift()
    const joined = buffer.join('\n')
    const found = joined.includes(literal) ? extract(compiled, joined) : undefined
    if (found !== undefined) buffer.length = 0
    return found
  }
}

/** What matched; of a pattern with a group, the group when `group` is asked for. */
function extract(pattern: RE2JS, text: string, group = 0): string | undefined {
  const matcher = pattern.matcher(text)
  return matcher.find() ? (matcher.group(Math.min(group, matcher.groupCount())) ?? undefined) : undefined
}

/** log-counter: so many lines within `--lookback`, less those of the revert pattern. */
function counterOf(rule: Rule, tell: Tell): Match | undefined {
  const args = new Map(
    rule.args.map((arg) => /^--?([\w-]+)=([\s\S]*)$/.exec(arg)?.slice(1, 3) as [string, string] | undefined).filter((arg) => arg !== undefined),
  )
  const count = Number(args.get('count') ?? 1)
  const window = parseDuration(args.get('lookback') ?? '5m')
  const given = args.get('pattern')
  if (given === undefined) tell('--pattern is missing')
  if (!Number.isInteger(count) || count < 1 || count > 10_000) tell('--count must be a whole number from 1 to 10000')
  if (window === undefined) tell('--lookback is no duration')
  if (given === undefined || window === undefined) return undefined
  const pattern = bufferMatch(given, 1, tell)
  const revertText = args.get('revert-pattern')
  const revert = revertText === undefined ? undefined : bufferMatch(revertText, 1, tell)
  const program = args.get('journald-source')
  const seen: number[] = []
  return (line, raw) => {
    if (program !== undefined && line.program !== undefined && line.program !== program) return undefined
    if (revert?.(line, raw) !== undefined) seen.pop()
    const found = pattern?.(line, raw)
    if (found === undefined) return undefined
    // lines without a time are taken as one after the other
    const now = lineSeconds(raw) ?? seen.at(-1) ?? 0
    seen.push(now)
    while (seen.length > 0 && seen[0]! < now - window / 1000) seen.shift()
    if (seen.length < count) return undefined
    seen.length = 0
    return found
  }
}
