/** When a rule fires. Pure: what was seen and what is remembered in, what fires out. */
import type { LiveWindow, RouteSelector } from '#core/shapes/ports/live-stream.ts'
import type { AlertRule, RuleState } from './api.ts'
import type { NumberName } from './dimensions.ts'
import { filtersOf } from './filters.ts'
import { LEVELS, numberOf, readTotals, type Totals } from './measures.ts'

/** One group of a rule ('' when it has no `groupBy`) in its window. */
export interface Observation {
  group: string
  /** The number watched; null: there is none (no requests, nothing timed, too few for the quantile). */
  value: number | null
  requests: number
}

/** What was seen of a rule's window, or why nothing can be said about it. */
export type Look = { known: true; observations: readonly Observation[] } | { known: false; reason: string }

export interface Remembered {
  /** Since when the condition holds, ms. */
  since: number
  firing: boolean
  value: number | null
  requests: number
}
export type Memory = ReadonlyMap<string, Remembered>

export interface Decision {
  memory: Memory
  states: RuleState[]
}

/** Numbers whose absence means zero; all others do not exist without requests. */
const COUNTS: ReadonlySet<NumberName> = new Set(['requests', 'qps', 'visitors', 'bytes_in', 'bytes_out', 's499', 's502', 's503', 's504'])
export const needsRequests = (rule: AlertRule): boolean => !rule.absent && !COUNTS.has(rule.number)

export function holds(rule: AlertRule, { value, requests }: Observation): boolean {
  if (rule.absent) return requests === 0
  if (value === null || requests < rule.minRequests) return false
  return rule.comparison === '>' ? value > rule.threshold : value < rule.threshold
}

/**
 * A rule at one moment. What is unknown is not ok: what fired goes on firing, what was pending waits.
 * A group that was not seen, or seen without its condition, is forgotten.
 */
export function decide(rule: AlertRule, look: Look, before: Memory, now: number): Decision {
  const state = (state: RuleState['state'], seen: Observation, since: number | null, reason?: string): RuleState => ({
    state,
    ...seen,
    since,
    evaluatedAt: now,
    ...(reason === undefined ? {} : { reason }),
  })
  if (!look.known) {
    const states = [...before].map(([group, { value, requests, since }]) => state('unknown', { group, value, requests }, since, look.reason))
    const nothing: RuleState = { state: 'unknown', group: '', value: null, requests: null, since: null, evaluatedAt: now, reason: look.reason }
    return { memory: before, states: states.length > 0 ? states : [nothing] }
  }
  const memory = new Map<string, Remembered>()
  const states = look.observations.map((seen) => {
    if (!holds(rule, seen)) return state('ok', seen, null)
    const known = before.get(seen.group)
    const since = known?.since ?? now
    const firing = known?.firing === true || now - since >= rule.for
    memory.set(seen.group, { since, firing, value: seen.value, requests: seen.requests })
    return state(firing ? 'firing' : 'pending', seen, since)
  })
  return { memory, states }
}

/** Measures of groups as observations. */
export const observe = (rule: AlertRule, groups: Iterable<readonly [string, Totals]>): Observation[] =>
  [...groups].map(([group, totals]) => ({ group, value: numberOf(rule.number, totals, rule.window / 1000), requests: totals.requests }))

/** Groups that were there before and have no requests now, as zeros: what a rule about absence looks for. */
export function withAbsent(observations: readonly Observation[], before: Iterable<string>): Observation[] {
  const seen = new Set(observations.map(({ group }) => group))
  return [...observations, ...[...before].filter((group) => !seen.has(group)).map((group) => ({ group, value: null, requests: 0 }))]
}

const LIVE_NUMBERS: ReadonlySet<NumberName> = new Set([
  'requests',
  'qps',
  'success_rate',
  'error_rate',
  'rate_4xx',
  'rate_5xx',
  'bytes_in',
  'bytes_out',
  's499',
  'mean',
  'max',
  'p50',
  'p90',
  'p95',
  'p99',
  'p999',
  'p9999',
])
const LIVE_WINDOW = 600_000

/** The traffic that filters select in the live stream, or undefined when it does not know it by these. */
export function liveSelector(cluster: string, texts: readonly string[]): RouteSelector | undefined {
  const select: RouteSelector = { cluster }
  for (const { field, operator, value } of filtersOf(texts)) {
    if (operator !== 'eq' || (field !== 'route' && field !== 'namespace' && field !== 'service' && field !== 'arm') || select[field] !== undefined)
      return undefined
    select[field] = String(value)
  }
  return select
}

/** The selector for rules that the live stream can answer; it sees seconds, the store sees minutes. */
export const liveRule = (rule: AlertRule, cluster: string): RouteSelector | undefined =>
  rule.window <= LIVE_WINDOW && rule.groupBy === undefined && (rule.absent || LIVE_NUMBERS.has(rule.number)) ? liveSelector(cluster, rule.filter) : undefined

/** A live window as measures; those that the stream does not count are zero. */
export function liveTotals({ total }: LiveWindow): Totals {
  const [s1xx, s2xx, s3xx, s4xx, s5xx] = total.classes
  return {
    ...readTotals([], []),
    requests: total.requests,
    bytes_in: total.bytesIn,
    bytes_out: total.bytesOut,
    s1xx: s1xx!,
    s2xx: s2xx!,
    s3xx: s3xx!,
    s4xx: s4xx!,
    s5xx: s5xx!,
    s499: total.s499,
    timed: total.timed,
    time_sum: total.timeSum,
    time_max: total.timeMax,
    time_q: LEVELS.map((level) => total.times.quantile(level) ?? null),
  }
}

/** Moments at which a preview looks, and what it saw at each. */
export interface PreviewLooks {
  /** Moments, ascending, ms. */
  at: readonly number[]
  looks: readonly Look[]
}

/** What a rule would have done at each moment. */
export function rehearse(rule: AlertRule, { at, looks }: PreviewLooks) {
  let memory: Memory = new Map()
  const open = new Map<string, { group: string; from: number; to: number; value: number | null }>()
  const episodes: { group: string; from: number; to: number; value: number | null }[] = []
  at.forEach((now, i) => {
    memory = decide(rule, looks[i]!, memory, now).memory
    for (const [group, { firing, value }] of memory) {
      if (!firing) continue
      const episode = open.get(group)
      if (episode) episode.to = now
      else open.set(group, { group, from: now, to: now, value })
    }
    for (const [group, episode] of open) {
      if (memory.get(group)?.firing) continue
      episode.to = now
      episodes.push(episode)
      open.delete(group)
    }
  })
  return [...episodes, ...open.values()].sort((a, b) => a.from - b.from)
}

/** One line for people: `error_rate > 0.05 over 5m`. */
export const conditionText = (rule: AlertRule, window: string): string =>
  rule.absent ? `no requests for ${window}` : `${rule.number} ${rule.comparison} ${rule.threshold} over ${window}`

/** Labels by which an alert is known and routed: the rule, its group, and what its filters pin down. */
export function alertLabels(rule: AlertRule, group: string): Record<string, string> & { alertname: string } {
  const labels: Record<string, string> & { alertname: string } = { alertname: rule.name, capability: 'ingress-analytics', severity: rule.severity }
  const pinned = new Map<string, string[]>()
  for (const { field, operator, value } of filtersOf(rule.filter)) if (operator === 'eq') pinned.set(field, [...(pinned.get(field) ?? []), String(value)])
  for (const [field, values] of pinned) if (values.length === 1) labels[field] = values[0]!
  if (rule.groupBy !== undefined) labels[rule.groupBy] = group
  return labels
}
