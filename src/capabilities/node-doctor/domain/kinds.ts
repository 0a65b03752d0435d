import type { Severity } from '#core/shapes/severity.ts'

export const KINDS = [
  'hang',
  'lockup',
  'rcu-stall',
  'oops',
  'panic',
  'bug',
  'divide-error',
  'memory-safety',
  'data-race',
  'deadlock',
  'warning',
  'leak',
  'oom',
  'fs-error',
  'io-error',
  'hw-error',
  'netdev-leak',
  'net-error',
  'limit',
  'reboot',
  'custom',
] as const
export type Kind = (typeof KINDS)[number]

/** One thing that went wrong, with all lines that tell of it. */
export interface NodeProblem {
  kind: Kind
  /** CamelCase, stable; for rules of a configuration the reason written there. */
  reason: string
  /** The line that gave it away, without timestamps. */
  title: string
  severity: Severity
  /** Lines of the file, from 1. */
  firstLine: number
  lastLine: number
  /** Kernel functions, the innermost that is no plumbing first, its callers after ` < `; a device or file system for problems of those. */
  where: string | null
  /** `name[pid]` */
  process: string | null
  /** Uid of the pod whose cgroup the line names. */
  pod: string | null
  advice: string
  /** Of a rule of a configuration: the NodeCondition that it names. */
  condition?: string
  /** How often the same was seen; firstLine and lastLine are of the first and of the last. */
  count: number
}
