/** A rule is a row: what it listens to, what it must be able to see, and a test. */
import type { Severity } from '#core/shapes/severity.ts'
import type { AuditEvent, Level } from '../event.ts'
import type { Lists } from '../lists.ts'

export interface AuditRule {
  /** Permanent. */
  id: string
  /** Names by which other tools know it. */
  aliases: readonly string[]
  severity: Severity
  title: { en: string; 'zh-CN': string }
  /** Plurals, with subresource after `/`; `*`: all. Events of other resources never reach `test`. */
  resources: readonly string[]
  verbs?: readonly string[]
  /** Least that the audit policy must record of these resources; less makes the rule blind. */
  needs: Exclude<Level, ''>
  /** Looks at an answer that has begun (connections) and not only at finished requests. */
  started?: boolean
  /** Needs no Kubernetes event: the planes it is for. Default `kubernetes`. */
  planes?: readonly AuditEvent['plane'][]
  test(event: AuditEvent, lists: Lists): boolean
  /** A part of the platform doing its ordinary work: a hit, but no alarm. */
  routine?(event: AuditEvent, lists: Lists): boolean
  /** A hit of the rule is an alarm; by default when its severity is warning or more. */
  alarm?: boolean
}

export const falco = (name: string): string => `falco/${name}`

export const CHANGES = ['create', 'update', 'patch'] as const
export const DELETIONS = ['delete', 'deletecollection'] as const
/** Where the control plane lives. */
export const SYSTEM_NAMESPACES: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease'])
