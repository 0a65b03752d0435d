/** Every check, and how people ask for some of them. */

import type { Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { InspectionCheck } from './check.ts'
import { AGENT_CHECKS } from './checks/agents.ts'
import { AVAILABILITY_CHECKS } from './checks/availability.ts'
import { CLUSTER_HEALTH_CHECKS } from './checks/cluster-health.ts'
import { COMPONENT_CHECKS, vulnerabilityCheck } from './checks/components.ts'
import { CONTAINER_CHECKS } from './checks/containers.ts'
import { CONTROL_PLANE_CHECKS } from './checks/control-plane.ts'
import { EXPOSURE_CHECKS } from './checks/exposure.ts'
import { ROUTE_CHECKS } from './checks/gateways.ts'
import { HYGIENE_CHECKS } from './checks/hygiene.ts'
import { IMAGE_AND_RESOURCE_CHECKS } from './checks/images-and-resources.ts'
import { LINTER_CHECKS } from './checks/linters.ts'
import { LIVE_CHECKS } from './checks/live.ts'
import { NAMESPACE_CHECKS } from './checks/namespaces.ts'
import { NETWORK_AND_DATA_CHECKS } from './checks/network-and-data.ts'
import { PERMISSION_CHECKS } from './checks/permissions.ts'
import { POD_CHECKS } from './checks/pods.ts'
import { POWER_CHECKS } from './checks/powers.ts'
import { REFERENCE_CHECKS } from './checks/references.ts'
import { SECURITY_CONTEXT_CHECKS } from './checks/security-context.ts'
import { USAGE_CHECKS } from './checks/usage.ts'
import { WORD_CHECKS } from './checks/words.ts'
import type { Vulnerability } from './vulnerabilities.ts'

/** Controls of Kubescape that its NSA framework (the hardening guidance of NSA and CISA) is made of: the guidance itself has no ids. */
const NSA = new Set(
  ['02', '05', '09', '12', '13', '16', '17', '30', '34', '35', '38', '41', '44', '46', '54', '55', '57', '58', '59', '66', '67', '68', '69', '70']
    .map((number) => `kubescape/C-00${number}`)
    .concat('kubescape/C-0270', 'kubescape/C-0271'),
)
const withNsa = (check: InspectionCheck): InspectionCheck => {
  const controls = check.aliases.filter((alias) => NSA.has(alias)).map((alias) => alias.replace('kubescape/', 'nsa/'))
  return controls.length === 0 ? check : { ...check, aliases: [...check.aliases, ...controls] }
}

export const CHECKS: readonly InspectionCheck[] = [
  ...CONTAINER_CHECKS,
  ...POD_CHECKS,
  ...PERMISSION_CHECKS,
  ...NETWORK_AND_DATA_CHECKS,
  ...AGENT_CHECKS,
  ...AVAILABILITY_CHECKS,
  ...IMAGE_AND_RESOURCE_CHECKS,
  ...CLUSTER_HEALTH_CHECKS,
  ...COMPONENT_CHECKS,
  ...CONTROL_PLANE_CHECKS,
  ...EXPOSURE_CHECKS,
  ...HYGIENE_CHECKS,
  ...LINTER_CHECKS,
  ...LIVE_CHECKS,
  ...NAMESPACE_CHECKS,
  ...POWER_CHECKS,
  ...REFERENCE_CHECKS,
  ...ROUTE_CHECKS,
  ...SECURITY_CONTEXT_CHECKS,
  ...USAGE_CHECKS,
  ...WORD_CHECKS,
].map(withNsa)

const bare = (alias: string): string => alias.slice(alias.indexOf('/') + 1)

/** Our own id wins over a name of another tool. */
function named(wanted: string, among: readonly InspectionCheck[]): readonly InspectionCheck[] {
  const own = among.filter(({ id }) => id === wanted)
  return own.length > 0 ? own : among.filter(({ aliases }) => aliases.some((alias) => alias.toLowerCase() === wanted || bare(alias).toLowerCase() === wanted))
}

/** Sets of checks: what is recommended, everything, or what another tool looks at. */
export const PROFILES = ['recommended', 'all', 'polaris', 'kubescape', 'cis', 'nsa', 'popeye', 'kube-linter', 'kube-score'] as const
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
