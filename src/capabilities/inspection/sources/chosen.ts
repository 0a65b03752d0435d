/** The checks that an Inspection asks for, and what keeps it from them. */
import type { Problem } from '#core/kernel/errors.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { checksNamed, checksOf, withVulnerabilities } from '../domain/catalog.ts'
import { compileCelChecks } from '../domain/cel-checks.ts'
import type { InspectionCheck } from '../domain/check.ts'
import type { InspectionSpec } from '../resources/inspection.ts'

/** @param onUnknown is told what a check of the user could not answer */
export function checksFor(
  { profile, checks = [], skip = [], userChecks = [], suppressions = [], vulnerabilities = [] }: InspectionSpec,
  onUnknown: (problem: Problem) => void,
): Result<readonly InspectionCheck[], readonly Problem[]> {
  const problems: Problem[] = []
  const all = withVulnerabilities(vulnerabilities)
  const namedIn = (names: readonly string[], field: string): readonly InspectionCheck[] => {
    const found = checksNamed(names, all)
    if (found.ok) return found.value
    problems.push(...found.error.map((problem) => ({ ...problem, path: `spec.${field}: ${problem.path}` })))
    return []
  }
  const asked = checks.length > 0 ? namedIn(checks, 'checks') : checksOf(profile ?? 'recommended', all)
  const left = new Set(namedIn(skip, 'skip'))
  namedIn(
    suppressions.map(({ check }) => check).filter((check) => !check.startsWith('user/')),
    'suppressions',
  )
  const own = compileCelChecks(userChecks, onUnknown)
  if (!own.ok) problems.push(...own.error.map((problem) => ({ ...problem, path: `spec.userChecks: ${problem.path}` })))
  if (problems.length > 0) return err(problems)
  return ok([...asked.filter((check) => !left.has(check)), ...(own.ok ? own.value : [])])
}
