/** What an ImageSync copied itself: only that may it remove again. */
import type { ItemReport } from './job.ts'
import type { ExtraTag, Looked } from './look.ts'

/** Digest by target (`registry/repository:tag`). */
export type Copied = ReadonlyMap<string, string>

export const readCopied = (text: string): Copied => new Map(Object.entries(JSON.parse(text) as Record<string, string>))
export const copiedText = (copied: Copied): string => `${JSON.stringify(Object.fromEntries(copied), undefined, 1)}\n`

/** After a run. What was there with these bytes already, put by whomever, is not this one's; what was removed is no more. */
export function afterRun(copied: Copied, items: readonly Pick<ItemReport, 'target' | 'outcome' | 'targetDigest'>[], pruned: readonly Looked[]): Copied {
  const now = new Map(copied)
  for (const { target, outcome, targetDigest } of items) if (outcome === 'copied' && targetDigest !== undefined) now.set(target, targetDigest)
  for (const { target, outcome } of pruned) if (outcome === 'removed') now.delete(target)
  return now
}

/** Is the tag one that was copied, and still what was put there? A tag that somebody else moved since is theirs. */
export async function isOwn(copied: Copied, { registry, repository, tag, target }: ExtraTag): Promise<boolean> {
  const digest = copied.get(target)
  return digest !== undefined && (await registry.resolve(repository, tag))?.digest === digest
}
