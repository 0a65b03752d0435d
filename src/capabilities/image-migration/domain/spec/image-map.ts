/** Where images are after a move, for rewriting what uses them. */

import { err, ok, type Result } from '#core/kernel/result.ts'
import type { ImageMap } from '#core/oci/rewrite.ts'
import { targetPath } from './from-images.ts'
import { parsePlace } from './places.ts'
import type { CopyRule } from './rule.ts'
import { matcher, selectTags } from './tags.ts'

/** Every image to the same path below `to`; images that are there already stay. What is wrong with `to`, as a sentence without subject. */
export function mapTo(to: string, scoped = false): Result<ImageMap, string> {
  const target = parsePlace(`${to.replace(/\/+$/, '')}/*`)
  if (!target.ok) return target
  const { place } = target.value
  if (place.kind !== 'namespace') return err('must be a registry, or a registry and a namespace')
  return ok((image) =>
    image.registry === place.registry && image.repository.startsWith(place.prefix)
      ? undefined
      : { ...image, registry: place.registry, repository: `${place.prefix}${targetPath(image, scoped)}` },
  )
}

/**
 * `FROM=TO`, both a registry or the beginning of a path; the longest FROM wins, and only whole parts of a path count.
 * What is wrong, as a sentence without subject.
 */
export function mapPrefixes(pairs: readonly string[]): Result<ImageMap, string> {
  const prefixes: { registry: string; prefix: string; to: { registry: string; prefix: string } }[] = []
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    const [from, to] = [pair.slice(0, Math.max(0, at)), pair.slice(at + 1)].map((text) => parsePlace(`${text.replace(/\/+$/, '')}/*`))
    if (at < 1 || !from?.ok || !to?.ok || from.value.place.kind !== 'namespace' || to.value.place.kind !== 'namespace') return err(`is not FROM=TO: "${pair}"`)
    prefixes.push({ ...from.value.place, to: to.value.place })
  }
  prefixes.sort((a, b) => b.prefix.length - a.prefix.length)
  return ok((image) => {
    const found = prefixes.find(({ registry, prefix }) => registry === image.registry && `${image.repository}/`.startsWith(prefix))
    if (!found) return undefined
    const rest = image.repository.slice(found.prefix.length)
    const repository = rest === '' ? found.to.prefix.replace(/\/$/, '') : found.to.prefix + rest
    return { ...image, registry: found.to.registry, repository }
  })
}

/**
 * As rules copy them: the first rule that means an image says where it is. "Newest N" cannot be known without asking, so there every tag that passes the
 * rest counts as copied.
 */
export function mapByRules(rules: readonly CopyRule[]): ImageMap {
  const tests = rules.map((rule) => ({ rule, passes: matcher(rule.repositories), select: rule.select.map(({ newest: _, ...selection }) => selection) }))
  return (image) => {
    const tag = image.tag ?? (image.digest === undefined ? 'latest' : undefined)
    for (const { rule, passes, select } of tests) {
      const { source, target } = rule
      let repository: string | undefined
      if (source.kind === 'repository' && target.kind === 'repository' && source.registry === image.registry && source.repository === image.repository)
        repository = target.repository
      else if (source.kind === 'namespace' && target.kind === 'namespace' && source.registry === image.registry && image.repository.startsWith(source.prefix))
        repository = passes(image.repository) ? target.prefix + image.repository.slice(source.prefix.length) : undefined
      if (repository === undefined || !('registry' in target)) continue
      const all = select.length === 0 && rule.digests.length === 0
      const byTag = tag !== undefined && (all || (select.length > 0 && selectTags(select, [tag]).length > 0))
      const byDigest = image.digest !== undefined && (all || rule.digests.includes(image.digest))
      if (!byTag && !byDigest) continue
      const renamed = tag === undefined ? undefined : rule.rename[tag]
      return {
        registry: target.registry,
        repository,
        ...(image.tag === undefined && renamed === undefined ? {} : { tag: renamed ?? image.tag! }),
        ...(image.digest === undefined ? {} : { digest: image.digest }),
      }
    }
    return undefined
  }
}
