/** Events through all rules: an index by resource, and memory of the requests that have fired. */
import { atLeast, type Severity } from '#core/shapes/severity.ts'
import { type Behavior, createBehavior } from './behavior.ts'
import { type AuditEvent, resourceOf } from './event.ts'
import type { Lists } from './lists.ts'
import { accessRules } from './rules/access.ts'
import { activityRules } from './rules/activity.ts'
import { clusterRules } from './rules/cluster.ts'
import { connectionRules } from './rules/connections.ts'
import { grantRules } from './rules/grants.ts'
import type { AuditRule } from './rules/rule.ts'
import { workloadRules } from './rules/workloads.ts'

/** Every rule that looks at one event. */
export const RULES: readonly AuditRule[] = [...connectionRules, ...workloadRules, ...accessRules, ...grantRules, ...clusterRules, ...activityRules]

export interface Hit {
  rule: AuditRule
  severity: Severity
  event: AuditEvent
  /** Severe enough, and not the platform at its ordinary work. */
  alarm: boolean
}

export interface Engine {
  /** What the event fires; each rule at most once for a request. */
  judge(event: AuditEvent): readonly Hit[]
  /** What is known of a person from before: see `Behavior`. */
  learn: Behavior['learn']
  /** Other lists and rules from now on; what was seen stays known. */
  configure(lists: Lists, more: readonly AuditRule[]): void
}

/** Requests of connections whose answer has begun and may end much later. */
const REMEMBERED = 50_000
const MOST_FIRED = 8_000
const NO_HITS: readonly Hit[] = Object.freeze([])

/** @param more rules besides ours */
export function createEngine(firstLists: Lists, more: readonly AuditRule[] = []): Engine {
  let lists = firstLists
  let all: readonly AuditRule[] = []
  const index = new Map<string, Map<string, readonly AuditRule[]>>()
  let indexed = 0
  /** auditID → what fired for it, as text. */
  const fired = new Map<string, string>()
  const behavior = createBehavior()

  function configure(nextLists: Lists, nextMore: readonly AuditRule[]): void {
    lists = nextLists
    all = [...RULES, ...nextMore].filter((rule) => (rule.id === 'event' ? lists.allEvents : true))
    index.clear()
    indexed = 0
  }
  configure(firstLists, more)

  function rulesFor(event: AuditEvent): readonly AuditRule[] {
    const resource = resourceOf(event)
    // two short keys are found sooner than a long one is made
    const byVerb = index.get(resource)
    const verb = event.plane === 'kubernetes' ? event.verb : `${event.plane} ${event.verb}`
    let found = byVerb?.get(verb)
    if (!found) {
      found = all.filter(
        ({ planes = ['kubernetes'], verbs, resources }) =>
          planes.includes(event.plane) && (verbs === undefined || verbs.includes(event.verb)) && (resources.includes(resource) || resources.includes('*')),
      )
      // verbs and resources come from strangers
      if (indexed++ < 10_000) index.set(resource, (byVerb ?? new Map<string, readonly AuditRule[]>()).set(verb, found))
    }
    return found
  }

  /** Has the rule fired for this request before? From now on it has. */
  function isRepeated(event: AuditEvent, rule: AuditRule): boolean {
    // clients may choose the id, so requests that share one are told apart by their time
    const what = `${rule.id} ${event.received}\n`
    const before = fired.get(event.id)
    if (before?.includes(what)) return true
    // a client that gives all its requests one id makes no memory grow
    fired.set(event.id, before === undefined || before.length > MOST_FIRED ? what : before + what)
    if (before === undefined && fired.size > REMEMBERED) fired.delete(fired.keys().next().value!)
    return false
  }

  return {
    judge(event) {
      const began = event.stage === 'ResponseStarted'
      if (!began && event.stage !== 'ResponseComplete' && event.stage !== '') return NO_HITS
      let hits: Hit[] | undefined
      for (const rule of rulesFor(event)) {
        if ((began && !rule.started) || !rule.test(event, lists) || isRepeated(event, rule)) continue
        const alarm = (rule.alarm ?? atLeast(rule.severity, 'warning')) && rule.routine?.(event, lists) !== true
        hits ??= []
        hits.push({ rule, severity: rule.severity, event, alarm })
      }
      for (const rule of behavior.judge(event)) {
        hits ??= []
        hits.push({ rule, severity: rule.severity, event, alarm: atLeast(rule.severity, 'warning') })
      }
      return hits ?? NO_HITS
    },
    learn: behavior.learn,
    configure,
  }
}
