/** From what the command line names to a job. */
import { CodedError, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { type ImageReference, parseImage } from '#core/oci/place.ts'
import type { Registries } from '#core/shapes/ports/registry.ts'
import type { Job, Pair } from '../domain/job.ts'

export interface JobOptions {
  allTags?: boolean
  platform: string[]
  referrers: boolean
  keep?: boolean
}

/** What the command line says of every pair. */
export const sharedOptions = ({ platform, referrers, keep }: JobOptions): Pick<Pair, 'platforms' | 'referrers' | 'existing'> => ({
  ...(platform.length > 0 ? { platforms: platform } : {}),
  ...(referrers ? {} : { referrers: false }),
  ...(keep ? { existing: 'keep' } : {}),
})

/** Two references, or with `--all-tags` two repositories. */
export async function jobOf(names: readonly string[], options: JobOptions, registries: Registries): Promise<Job> {
  if (names.length !== 2) throw new CodedError('USAGE', { reason: 'a source and a target are needed' })
  const problems: Problem[] = []
  const [source, target] = names.map((name) => {
    const parsed = parseImage(name)
    if (!parsed.ok) problems.push({ path: name, message: parsed.error })
    return parsed.ok ? parsed.value : undefined
  })
  for (const platform of options.platform)
    if (!/^[a-z0-9]+(\/[a-z0-9]+){0,2}$/.test(platform)) problems.push({ path: platform, message: 'is no platform such as linux/arm64' })
  if (options.allTags && (source?.tag ?? source?.digest ?? target?.tag ?? target?.digest) !== undefined)
    problems.push({ path: names.join(' '), message: 'with --all-tags repositories are named, without tag and digest' })
  if (problems.length > 0 || !source || !target) throw invalidInput(problems)
  const rest = sharedOptions(options)
  if (!options.allTags) {
    const named = withTag(source)
    // A target without a tag gets the source's, a registry's or a file's.
    const goal =
      (target.tag ?? target.digest) !== undefined || target.place.transport === 'dir'
        ? target
        : { ...target, ...(named.digest && !named.tag ? { digest: named.digest } : named.tag ? { tag: named.tag } : {}) }
    return { pairs: [{ source: named, target: goal, ...rest }], mirrors: [] }
  }
  const pairs: Pair[] = []
  const registry = await registries.open(source.place)
  for await (const tag of registry.tags(source.repository)) pairs.push({ source: { ...source, tag }, target: { ...target, tag }, ...rest })
  return { pairs, mirrors: target.place.transport === 'dir' ? [] : [{ place: target.place, repository: target.repository }] }
}

const withTag = (image: ImageReference): ImageReference =>
  image.place.transport === 'registry' && image.tag === undefined && image.digest === undefined ? { ...image, tag: 'latest' } : image
