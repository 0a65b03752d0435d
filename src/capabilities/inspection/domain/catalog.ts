/** Every check, and how people ask for some of them. */

import type { Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { InspectionCheck } from './check.ts'
import { AGENT_CHECKS } from './checks/agents.ts'
import { AVAILABILITY_CHECKS } from './checks/availability.ts'
import { COMPONENT_CHECKS, vulnerabilityCheck } from './checks/components.ts'
import { CONTAINER_CHECKS } from './checks/containers.ts'
import { CONTROL_PLANE_CHECKS } from './checks/control-plane.ts'
import { EXPOSURE_CHECKS } from './checks/exposure.ts'
import { HYGIENE_CHECKS } from './checks/hygiene.ts'
import { IMAGE_AND_RESOURCE_CHECKS } from './checks/images-and-resources.ts'
import { LIVE_CHECKS } from './checks/live.ts'
import { NAMESPACE_CHECKS } from './checks/namespaces.ts'
import { NETWORK_AND_DATA_CHECKS } from './checks/network-and-data.ts'
import { PERMISSION_CHECKS } from './checks/permissions.ts'
import { POD_CHECKS } from './checks/pods.ts'
import { POWER_CHECKS } from './checks/powers.ts'
import { REFERENCE_CHECKS } from './checks/references.ts'
import { SECURITY_CONTEXT_CHECKS } from './checks/security-context.ts'
import { WORD_CHECKS } from './checks/words.ts'
import type { Vulnerability } from './vulnerabilities.ts'

export const CHECKS: readonly InspectionCheck[] = [
  ...CONTAINER_CHECKS,
  ...POD_CHECKS,
  ...PERMISSION_CHECKS,
  ...NETWORK_AND_DATA_CHECKS,
  ...AGENT_CHECKS,
  ...AVAILABILITY_CHECKS,
  ...IMAGE_AND_RESOURCE_CHECKS,
  ...COMPONENT_CHECKS,
  ...CONTROL_PLANE_CHECKS,
  ...EXPOSURE_CHECKS,
  ...HYGIENE_CHECKS,
  ...LIVE_CHECKS,
  ...NAMESPACE_CHECKS,
  ...POWER_CHECKS,
  ...REFERENCE_CHECKS,
  ...SECURITY_CONTEXT_CHECKS,
  ...WORD_CHECKS,
]

const bare = (alias: string): string => alias.slice(alias.indexOf('/') + 1)

/** Our own id wins over a name of another tool. */
function named(wanted: string, among: readonly InspectionCheck[]): readonly InspectionCheck[] {
  const own = among.filter(({ id }) => id === wanted)
  return own.length > 0 ? own : among.filter(({ aliases }) => aliases.some((alias) => alias.toLowerCase() === wanted || bare(alias).toLowerCase() === wanted))
}

/** Sets of checks: what is recommended, everything, or what another tool looks at. */
export const PROFILES = ['recommended', 'all', 'polaris', 'kubescape', 'cis', 'popeye', 'kube-linter', 'kube-score'] as const
export type Profile = (typeof PROFILES)[number]

export function checksOf(profile: Profile, among = CHECKS): readonly InspectionCheck[] {
  if (profile === 'all') return among
  if (profile === 'recommended') return among.filter(({ optional }) => !optional)
  return among.filter(({ aliases }) => aliases.some((alias) => alias.startsWith(`${profile}/`)))
}

/** By our id or by one of another tool, whole (`polaris/hostPIDSet`) or without the tool's name (`hostPIDSet`); upper and lower case do not matter. */
export function checksNamed(names: readonly string[], among = CHECKS): Result<readonly InspectionCheck[], readonly Problem[]> {
  const problems: Problem[] = []
  const found = new Set<InspectionCheck>()
  for (const name of names) {
    const wanted = name.toLowerCase()
    const same = named(wanted, among)
    for (const check of same) found.add(check)
    if (same.length > 0) continue
    const suggestion = nearest(
      name,
      among.flatMap(({ id, aliases }) => (name.includes('/') ? aliases : [id, ...aliases.map(bare)])),
    )
    problems.push({ path: name, message: 'no check has this id', ...(suggestion === undefined ? {} : { suggestion }) })
  }
  return problems.length > 0 ? err(problems) : ok([...found])
}

/** All checks with newer data of known vulnerabilities: entries take the place of those with the same ids, the others are added. */
export function withVulnerabilities(entries: readonly Vulnerability[]): readonly InspectionCheck[] {
  const fresh = new Map(entries.map((entry) => [entry.id.toLowerCase(), vulnerabilityCheck(entry)]))
  const builtIn = new Set(CHECKS.map(({ id }) => id))
  return [...CHECKS.map((check) => fresh.get(check.id) ?? check), ...[...fresh.values()].filter(({ id }) => !builtIn.has(id))]
}
