/** Hits that are alarms, held for a while by rule, person and namespace, and reported as what fires now. */
import type { Clock } from '#core/kernel/clock.ts'
import { SEVERITIES } from '#core/shapes/severity.ts'
import type { ActiveAlert, AlertSink } from '#kits/server-kit/door.ts'
import type { Hit } from '../domain/engine.ts'
import { effectiveUser } from '../domain/event.ts'
import { hitRow } from '../domain/hit.ts'
import { rfc3339 } from '../domain/time.ts'

export const REPORTER = 'audit'
/** How long an alarm stands after the last hit: deeds are over at once, people need to see them. */
const HOLD_MS = 10 * 60_000
const REPEAT_MS = 30_000
const MOST = 1_500
/** Of what the person did around it; alerting keeps it with its state, so it is short, and the link shows the rest. */
const AROUND_MS = 10 * 60_000
const SESSION = 8

interface Alarm {
  alert: ActiveAlert
  count: number
  lastAt: number
}

export interface Alarms {
  /** Resolves when the alert sink has them. */
  raise(cluster: string, hits: readonly Hit[]): Promise<void>
  stop(): Promise<void>
}

export function createAlarms(deps: { alerts: AlertSink; clock: Clock; onError(error: unknown): void }): Alarms {
  const { alerts, clock } = deps
  const clusters = new Map<string, Map<string, Alarm>>()
  /** What a person's hits were, newest last. */
  const sessions = new Map<string, { at: number; line: string }[]>()
  const stopping = new AbortController()

  function session(cluster: string, hit: Hit): readonly string[] {
    const { event } = hit
    const key = `${cluster} ${event.user}`
    const lines = sessions.get(key) ?? []
    const row = hitRow(hit, 'en')
    const object = [row.object.namespace, row.object.resource, row.object.name].filter(Boolean).join('/')
    lines.push({
      at: event.at,
      line: `${rfc3339(event.at)} ${event.verb} ${object} ${event.code || ''} [${hit.rule.id}]${row.command ? ` ${row.command}` : ''}`.slice(0, 300),
    })
    if (lines.length > SESSION) lines.shift()
    sessions.delete(key)
    sessions.set(key, lines)
    if (sessions.size > 2_000) sessions.delete(sessions.keys().next().value!)
    return lines.filter(({ at }) => Math.abs(at - event.at) <= AROUND_MS).map(({ line }) => line)
  }

  function hold(cluster: string, hit: Hit): void {
    const { rule, event, severity } = hit
    const user = effectiveUser(event)
    const around = session(cluster, hit)
    if (!hit.alarm) return
    const held = clusters.get(cluster) ?? new Map<string, Alarm>()
    clusters.set(cluster, held)
    const key = JSON.stringify([rule.id, user, event.namespace, event.resource, event.name])
    const now = clock.now()
    const before = held.get(key)
    const count = (before?.count ?? 0) + 1
    const row = hitRow(hit, 'en')
    const object = [row.object.resource, row.object.name].filter(Boolean).join('/')
    const from = Math.min(before?.alert.activeSince ?? event.at, event.at) - AROUND_MS
    const alert: ActiveAlert = {
      labels: {
        alertname: `audit:${rule.id}`,
        capability: REPORTER,
        cluster,
        user,
        ...(event.namespace === '' ? {} : { namespace: event.namespace }),
        ...(object === '' ? {} : { object }),
      },
      severity,
      annotations: {
        summary: `${rule.title.en}: ${user}${event.impersonated === '' ? '' : ` (really ${event.user})`} ${event.verb} ${object}`.slice(0, 500),
        'summary.zh-CN': `${rule.title['zh-CN']}：${user} ${event.verb} ${object}`.slice(0, 500),
        aliases: rule.aliases.join(', '),
        origin: `${event.ip} ${event.userAgent}`.slice(0, 300),
        auditID: event.id,
        ...(row.command === undefined ? {} : { command: row.command }),
        session: around.join('\n'),
      },
      value: count,
      activeSince: before?.alert.activeSince ?? event.at,
      path: `/audit?${new URLSearchParams({ f: `user:eq:${event.user}`, from: rfc3339(from), to: rfc3339(event.at + AROUND_MS) })}`,
    }
    held.delete(key)
    held.set(key, { alert, count, lastAt: now })
    if (held.size <= MOST) return
    // the least severe of the oldest goes
    const victim = [...held].slice(0, 200).sort(([, a], [, b]) => SEVERITIES.indexOf(a.alert.severity) - SEVERITIES.indexOf(b.alert.severity))[0]![0]
    held.delete(victim)
  }

  async function report(cluster: string): Promise<void> {
    const held = clusters.get(cluster)
    if (!held) return
    const now = clock.now()
    for (const [key, { lastAt }] of held) if (lastAt < now - HOLD_MS) held.delete(key)
    await alerts.report(
      REPORTER,
      cluster,
      [...held.values()].map(({ alert }) => alert),
    )
    if (held.size === 0) clusters.delete(cluster)
  }

  /** One report of a cluster at a time: what comes meanwhile goes with the next, so that a storm makes no queue of reports. */
  const telling = new Map<string, { now: Promise<void>; next?: Promise<void> }>()
  function tell(cluster: string): Promise<void> {
    const begun = telling.get(cluster)
    if (begun) {
      begun.next ??= begun.now.catch(() => {}).then(() => begin(cluster))
      return begun.next
    }
    return begin(cluster)
  }
  function begin(cluster: string): Promise<void> {
    const one: { now: Promise<void>; next?: Promise<void> } = { now: report(cluster) }
    telling.set(cluster, one)
    const over = () => {
      if (one.next === undefined && telling.get(cluster) === one) telling.delete(cluster)
    }
    one.now.then(over, over)
    return one.now
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(REPEAT_MS, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      for (const cluster of [...clusters.keys()]) await tell(cluster).catch(deps.onError)
    }
  })()

  return {
    async raise(cluster, hits) {
      for (const hit of hits) hold(cluster, hit)
      if (hits.some(({ alarm }) => alarm)) await tell(cluster)
    },
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
