/** What only many events tell: bursts and storms by one actor, and clients and addresses that a person never used. Bounded, and in event time. */
import type { Severity } from '#core/shapes/severity.ts'
import { type AuditEvent, actorKind, isAllowed } from './event.ts'
import type { AuditRule } from './rules/rule.ts'

interface Burst {
  id: string
  aliases: readonly string[]
  severity: Severity
  title: AuditRule['title']
  /** How many different things within how long, ms. */
  count: number
  within: number
  /** What is counted of the event; undefined: not concerned. */
  of(event: AuditEvent): string | undefined
}

const MINUTE = 60_000
const thing = (event: AuditEvent) => `${event.namespace}/${event.resource}/${event.name}/${event.id}`

const BURSTS: readonly Burst[] = [
  {
    id: 'mass-deletion',
    aliases: [],
    severity: 'error',
    title: { en: 'Many objects deleted within a minute', 'zh-CN': '一分钟内删除大量对象' },
    count: 20,
    within: MINUTE,
    // what controllers clean up follows from what somebody deleted
    of: (event) => (event.verb === 'delete' && isAllowed(event) && !event.user.startsWith('system:') ? thing(event) : undefined),
  },
  {
    id: 'secret-burst',
    aliases: ['elastic/Kubernetes Secret Access Burst'],
    severity: 'error',
    title: { en: 'Many secrets read within a minute', 'zh-CN': '一分钟内读取大量 Secret' },
    count: 10,
    within: MINUTE,
    of: (event) =>
      event.resource === 'secrets' && event.verb === 'get' && isAllowed(event) && !['node', 'system'].includes(actorKind(event.user))
        ? `${event.namespace}/${event.name}`
        : undefined,
  },
  {
    id: 'secrets-dump',
    aliases: ['panther/Kubernetes.Secrets.Dump', 'stratus/k8s.credential-access.dump-secrets'],
    severity: 'error',
    title: { en: 'Secrets of many namespaces listed', 'zh-CN': '列出多个命名空间的 Secret' },
    count: 5,
    within: 5 * MINUTE,
    of: (event) =>
      event.resource === 'secrets' && event.verb === 'list' && isAllowed(event) && event.namespace !== '' && actorKind(event.user) !== 'system'
        ? event.namespace
        : undefined,
  },
  {
    id: 'refusal-storm',
    aliases: ['panther/Kubernetes.Multiple.403', 'elastic/Kubernetes Denied Service Account Request'],
    severity: 'warning',
    title: { en: 'Many requests refused within a minute', 'zh-CN': '一分钟内大量请求被拒绝' },
    count: 15,
    within: MINUTE,
    of: (event) => (event.code === 403 || event.code === 401 || event.decision === 'forbid' ? event.id : undefined),
  },
]

/** Events of a person after which a client or an address they never had says something. */
const FAMILIAR = 200

const UNUSUAL: readonly { id: string; severity: Severity; title: AuditRule['title']; of(event: AuditEvent): string }[] = [
  {
    id: 'client-unusual',
    severity: 'warning',
    title: { en: 'A client that this person never used', 'zh-CN': '用户首次使用的客户端' },
    // program without version
    of: ({ userAgent }) => /^[^/ ]+/.exec(userAgent)?.[0] ?? '',
  },
  {
    id: 'origin-unusual',
    severity: 'warning',
    title: { en: 'An address that this person never came from', 'zh-CN': '用户首次来自的地址' },
    of: ({ ip }) => (ip.includes(':') ? ip.split(':').slice(0, 4).join(':') : ip.split('.').slice(0, 3).join('.')),
  },
  {
    id: 'hour-unusual',
    severity: 'advice',
    title: { en: 'An hour at which this person never worked', 'zh-CN': '用户首次在该时段操作' },
    of: ({ at }) => `${Math.floor(at / 3_600_000) % 24} h`,
  },
]

const rowOf = ({
  id,
  severity,
  title,
  aliases = [],
}: {
  id: string
  severity: Severity
  title: AuditRule['title']
  aliases?: readonly string[]
}): AuditRule => ({
  id,
  aliases,
  severity,
  title,
  resources: ['*'],
  needs: 'Metadata',
  test: () => false,
})

/** As rules, for lists of rules; they are judged here. */
export const BEHAVIOR_RULES: readonly AuditRule[] = [...BURSTS, ...UNUSUAL].map(rowOf)
const RULE = new Map(BEHAVIOR_RULES.map((rule) => [rule.id, rule]))

const MOST_WINDOWS = 5_000
const MOST_PEOPLE = 5_000
const MOST_HABITS = 64

interface Window {
  /** Thing → when it was seen last. */
  seen: Map<string, number>
  firedAt: number
}
interface Person {
  events: number
  habits: Map<string, Set<string>>
}

export interface Behavior {
  judge(event: AuditEvent): readonly AuditRule[]
  /** What is known of a person from before: clients, addresses, hours. */
  learn(user: string, rule: string, habit: string, events: number): void
}

export function createBehavior(): Behavior {
  const windows = new Map<string, Window>()
  const people = new Map<string, Person>()

  function bounded<T>(map: Map<string, T>, key: string, most: number, make: () => T): T {
    let found = map.get(key)
    if (found) return found
    found = make()
    map.set(key, found)
    if (map.size > most) map.delete(map.keys().next().value!)
    return found
  }

  function burst(rule: Burst, event: AuditEvent): boolean {
    const what = rule.of(event)
    if (what === undefined) return false
    const window = bounded(windows, `${rule.id} ${event.user}`, MOST_WINDOWS, () => ({ seen: new Map(), firedAt: Number.NEGATIVE_INFINITY }))
    // what was seen last stands last
    window.seen.delete(what)
    window.seen.set(what, event.at)
    for (const [key, at] of window.seen) {
      if (at > event.at - rule.within && window.seen.size <= rule.count) break
      window.seen.delete(key)
    }
    if (window.seen.size < rule.count || event.at - window.firedAt < rule.within) return false
    window.firedAt = event.at
    return true
  }

  const person = (user: string) => bounded(people, user, MOST_PEOPLE, () => ({ events: 0, habits: new Map(UNUSUAL.map(({ id }) => [id, new Set<string>()])) }))

  function unusual(event: AuditEvent, found: AuditRule[]): void {
    if (event.plane !== 'kubernetes' || actorKind(event.user) !== 'person') return
    const known = person(event.user)
    known.events++
    for (const rule of UNUSUAL) {
      const habit = rule.of(event)
      const habits = known.habits.get(rule.id)!
      if (habit === '' || habits.has(habit)) continue
      if (habits.size < MOST_HABITS) habits.add(habit)
      if (known.events > FAMILIAR) found.push(RULE.get(rule.id)!)
    }
  }

  return {
    judge(event) {
      if (event.stage !== 'ResponseComplete' && event.stage !== '') return []
      const found: AuditRule[] = []
      for (const rule of BURSTS) if (burst(rule, event)) found.push(RULE.get(rule.id)!)
      unusual(event, found)
      return found
    },
    learn(user, rule, habit, events) {
      const known = person(user)
      known.events = Math.max(known.events, events)
      known.habits.get(rule)?.add(habit)
    },
  }
}
