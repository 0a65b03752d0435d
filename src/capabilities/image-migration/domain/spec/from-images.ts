/** Rules from images that something already uses: manifests, and what runs in a cluster. */
import { parseReference } from '#core/oci/reference.ts'
import { parsePlace } from './places.ts'
import type { CopyRule, Origin } from './rule.ts'

export interface UsedImage {
  /** As written. */
  image: string
  origin: Origin
}

export interface FromImages {
  rules: readonly CopyRule[]
  /** No image references (templates, variables). */
  unreadable: readonly (UsedImage & { reason: string })[]
  /** There already. */
  atTarget: number
}

/**
 * One rule an image, each once, to the same path below `to`.
 * @param scoped keep the source's registry in the path, so that `docker.io/a/b` and `quay.io/a/b` stay apart
 * @returns what is wrong with `to`, as a sentence without subject, when it is no registry or namespace
 */
export function rulesFromImages(images: readonly UsedImage[], to: string, scoped = false): FromImages | string {
  const target = parsePlace(`${to.replace(/\/+$/, '')}/*`)
  if (!target.ok) return target.error
  if (target.value.place.kind !== 'namespace') return 'must be a registry, or a registry and a namespace'
  const { registry, prefix } = target.value.place
  const rules = new Map<string, CopyRule>()
  const unreadable: FromImages['unreadable'][number][] = []
  let atTarget = 0
  for (const used of images) {
    const parsed = parseReference(used.image)
    if (!parsed.ok) {
      unreadable.push({ ...used, reason: parsed.error })
      continue
    }
    const { digest, ...image } = parsed.value
    if (image.registry === registry && image.repository.startsWith(prefix)) {
      atTarget++
      continue
    }
    const tag = image.tag ?? (digest === undefined ? 'latest' : undefined)
    const key = `${image.registry}/${image.repository}:${tag}@${digest}`
    if (rules.has(key)) continue
    rules.set(key, {
      origin: used.origin,
      source: { kind: 'repository', registry: image.registry, repository: image.repository },
      target: { kind: 'repository', registry, repository: `${prefix}${targetPath(image, scoped)}` },
      // With a digest too the tag may have moved on: the digest is what runs, and it gets the tag.
      select: digest === undefined && tag !== undefined ? [{ names: [tag] }] : [],
      digests: digest === undefined ? [] : [digest],
      rename: digest !== undefined && tag !== undefined ? { [digest]: tag } : {},
      platforms: [],
      referrers: true,
    })
  }
  return { rules: [...rules.values()], unreadable, atTarget }
}

/** Below the target: the repository, with `scoped` the registry before it. */
export const targetPath = ({ registry, repository }: { registry: string; repository: string }, scoped: boolean): string =>
  scoped ? `${registry.replaceAll(/[^a-z0-9.-]/g, '-')}/${repository}` : repository
