import { type AlertingConfig, instantMs } from './config.ts'
import { type Matcher, matchAll } from './matchers.ts'
import type { Labels } from './types.ts'

/** Why nobody is told about an alert now. */
export interface Mute {
  /** Ids of silences. */
  silencedBy: readonly string[]
  /** Labels of a firing alert that makes this one redundant. */
  inhibitedBy?: Labels
}

export interface MutePlan {
  silences: readonly { id: string; matches: Matcher; from: number; to: number }[]
  rules: readonly { source: Matcher; target: Matcher; equal: readonly string[] }[]
}

export function planMutes(config: AlertingConfig): MutePlan {
  return {
    silences: config.silences.map((s) => ({ id: s.id, matches: matchAll(s.matchers), from: instantMs(s.startsAt), to: instantMs(s.endsAt) })),
    rules: config.inhibitRules.map((rule) => ({ source: matchAll(rule.sourceMatchers), target: matchAll(rule.targetMatchers), equal: rule.equal })),
  }
}

/**
 * Which label sets are muted at `now`. A silence holds from startsAt until before endsAt. An inhibition holds while a source fires, also a silenced one;
 * an alert that is both source and target of a rule is not muted by another such (Alertmanager, inhibit/inhibit.go).
 */
export function muter(plan: MutePlan, firing: readonly Labels[], now: number): (labels: Labels) => Mute | undefined {
  const silences = plan.silences.filter(({ from, to }) => from <= now && now < to)
  const rules = plan.rules.map((rule) => {
    const same = (labels: Labels) => JSON.stringify(rule.equal.map((name) => labels[name] ?? ''))
    const sources = new Map<string, { any: Labels; oneSided?: Labels }>()
    for (const labels of firing) {
      if (!rule.source(labels)) continue
      const found = sources.get(same(labels)) ?? { any: labels }
      if (!rule.target(labels)) found.oneSided ??= labels
      sources.set(same(labels), found)
    }
    return (labels: Labels) => {
      if (sources.size === 0 || !rule.target(labels)) return undefined
      const found = sources.get(same(labels))
      return rule.source(labels) ? found?.oneSided : found?.any
    }
  })
  return (labels) => {
    const silencedBy = silences.filter(({ matches }) => matches(labels)).map(({ id }) => id)
    let inhibitedBy: Labels | undefined
    for (const rule of rules) inhibitedBy ??= rule(labels)
    if (silencedBy.length === 0 && inhibitedBy === undefined) return undefined
    return { silencedBy, inhibitedBy }
  }
}
