import type { Finding } from './finding.ts'
import type { Plan } from './plan.ts'
import type { Severity } from './severity.ts'

export const CATEGORIES = ['security', 'performance', 'stability', 'limitation', 'cost'] as const
export type Category = (typeof CATEGORIES)[number]

/** Unknown is never ok: a check that could not look says why. */
export type CheckResult = { result: 'ok' } | { result: 'findings'; findings: readonly Finding[] } | { result: 'unknown'; reason: string }

export interface Check<Facts> {
  /** Permanent. */
  id: string
  /** The ids that other tools use for the same thing. */
  aliases?: readonly string[]
  category: Category
  severity: Severity
  /** Names of the facts it reads; when one is missing the runner answers `unknown` for it. */
  needs: readonly (keyof Facts & string)[]
  evaluate(facts: Facts, now: number): CheckResult
  fix?(finding: Finding, facts: Facts): Plan
}
