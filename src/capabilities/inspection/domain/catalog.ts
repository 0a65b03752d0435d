/** Every check, and how people ask for some of them. */

import type { Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { InspectionCheck } from './check.ts'
import { AVAILABILITY_CHECKS } from './checks/availability.ts'
import { CONTAINER_CHECKS } from './checks/containers.ts'
import { IMAGE_AND_RESOURCE_CHECKS } from './checks/images-and-resources.ts'
import { NETWORK_AND_DATA_CHECKS } from './checks/network-and-data.ts'
import { PERMISSION_CHECKS } from './checks/permissions.ts'
import { POD_CHECKS } from './checks/pods.ts'

export const CHECKS: readonly InspectionCheck[] = [
  ...CONTAINER_CHECKS,
  ...POD_CHECKS,
  ...PERMISSION_CHECKS,
  ...NETWORK_AND_DATA_CHECKS,
  ...AVAILABILITY_CHECKS,
  ...IMAGE_AND_RESOURCE_CHECKS,
]

/** By our id or by one of another tool, whole (`polaris/hostPIDSet`) or without the tool's name (`hostPIDSet`); upper and lower case do not matter. */
export function checksNamed(names: readonly string[]): Result<readonly InspectionCheck[], readonly Problem[]> {
  const problems: Problem[] = []
  const found = new Set<InspectionCheck>()
  for (const name of names) {
    const wanted = name.toLowerCase()
    const same = CHECKS.filter(({ id, aliases }) =>
      [id, ...aliases, ...aliases.map((alias) => alias.slice(alias.indexOf('/') + 1))].some((known) => known.toLowerCase() === wanted),
    )
    for (const check of same) found.add(check)
    if (same.length > 0) continue
    const suggestion = nearest(
      name,
      CHECKS.flatMap(({ id, aliases }) => (name.includes('/') ? aliases : [id, ...aliases.map((alias) => alias.slice(alias.indexOf('/') + 1))])),
    )
    problems.push({ path: name, message: 'no check has this id', ...(suggestion === undefined ? {} : { suggestion }) })
  }
  return problems.length > 0 ? err(problems) : ok([...found])
}
