/** A rule's hit as it is printed and stored. */
import type { Severity } from '#core/shapes/severity.ts'
import type { Hit } from './engine.ts'
import { type Actor, actorOf, type ObjectOf, objectOf } from './event.ts'
import { commandOf } from './rules/connections.ts'
import { rfc3339 } from './time.ts'

export interface HitRow {
  auditID: string
  rule: string
  aliases: readonly string[]
  severity: Severity
  title: string
  /** UTC, RFC 3339. */
  at: string
  actor: Actor
  verb: string
  object: ObjectOf
  /** HTTP status; 0: not known. */
  code: number
  /** What was run, where the event says so. */
  command?: string
  /** Would be delivered as an alarm. */
  alarm: boolean
}

export function hitRow({ rule, severity, event, alarm }: Hit, language: 'en' | 'zh-CN'): HitRow {
  const command = event.subresource === 'exec' ? commandOf(event) : ''
  return {
    auditID: event.id,
    rule: rule.id,
    aliases: rule.aliases,
    severity,
    title: rule.title[language],
    at: rfc3339(event.at),
    actor: actorOf(event),
    verb: event.verb,
    object: objectOf(event),
    code: event.code,
    ...(command === '' ? {} : { command: command.slice(0, 1024) }),
    alarm,
  }
}
