/** From rules to a job. */
import type { Registries } from '#core/shapes/ports/registry.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import type { Spec } from '../domain/spec/rule.ts'
import { type Resolved, refuseConflicts, resolveSpec } from '../sources/resolve.ts'
import { type JobOptions, sharedOptions } from './job-of.ts'

/** The job of rules; what was not as asked is said. INVALID_INPUT when two rules write one target. */
export async function jobOfSpec(
  spec: Spec,
  options: JobOptions,
  registries: Registries,
  { note, language }: CliContext,
): Promise<Pick<Resolved, 'job' | 'failed'>> {
  const resolved = await resolveSpec(spec, registries, language)
  for (const each of resolved.notes) note(each)
  refuseConflicts(resolved)
  const more = sharedOptions(options)
  const { pairs, mirrors } = resolved.job
  return { job: { pairs: pairs.map((pair) => ({ ...pair, ...more })), mirrors }, failed: resolved.failed }
}
