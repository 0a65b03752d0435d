/** Cutting an index down to some platforms. The one place where bytes of a manifest are made and not copied; the digest changes, and the report says so. */
import { CodedError } from '#core/kernel/errors.ts'
import { DEEPEST_INDEX, isIndexType, type ManifestDescriptor, matchesPlatform, parseManifest } from '#core/oci/manifest.ts'
import type { StoredManifest } from '#core/shapes/ports/registry.ts'
import { type From, readManifest } from './target.ts'

/** On entries that attest another one of the same index (as BuildKit writes them). */
const ATTESTED = 'vnd.docker.reference.digest'

/**
 * The index with only the entries of these platforms, and the attestations of those; the same object when nothing is left out or it is no index;
 * undefined when nothing would be left. Order and all other fields stay. An index within it of which only some is wanted gives its place to what is wanted
 * of it, so that no second manifest has to be made.
 * @param from where the manifests are that its entries name
 */
export async function filterIndex(
  stored: StoredManifest,
  platforms: readonly string[],
  from: From,
  digestOf: (bytes: Uint8Array) => string,
): Promise<StoredManifest | undefined> {
  const kept = await entriesOf(stored, platforms, from, DEEPEST_INDEX)
  if (kept === 'all') return stored
  if (kept.length === 0) return undefined
  const document = JSON.parse(new TextDecoder().decode(stored.bytes)) as { manifests: unknown[] }
  document.manifests = kept
  const bytes = new TextEncoder().encode(JSON.stringify(document, undefined, 3))
  return { mediaType: stored.mediaType, digest: digestOf(bytes), size: bytes.length, bytes }
}

/** Entries as they are written that are of these platforms; 'all' when none is left out. */
async function entriesOf(stored: StoredManifest, platforms: readonly string[], from: From, levels: number): Promise<'all' | ManifestDescriptor[]> {
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  if (!parsed.ok || parsed.value.kind !== 'index') return 'all'
  const { manifests: written } = JSON.parse(new TextDecoder().decode(stored.bytes)) as { manifests: ManifestDescriptor[] }
  const entries = parsed.value.manifests
  const wanted = new Set(entries.filter(({ platform }) => matchesPlatform(platform, platforms)).map(({ digest }) => digest))
  const kept: ManifestDescriptor[] = []
  let whole = true
  for (const [index, entry] of entries.entries()) {
    const attested = entry.annotations?.[ATTESTED]
    if (wanted.has(entry.digest) || (attested !== undefined && wanted.has(attested))) kept.push(written[index]!)
    else if (entry.platform === undefined && attested === undefined && isIndexType(entry.mediaType)) {
      if (levels === 0) throw new CodedError('IMAGE_TOO_DEEP', { place: from.registry.name, what: entry.digest, limit: DEEPEST_INDEX })
      const within = await entriesOf((await readManifest(from, entry.digest)).stored, platforms, from, levels - 1)
      if (within === 'all') kept.push(written[index]!)
      else {
        whole = false
        kept.push(...within)
      }
    } else whole = false
  }
  return whole ? 'all' : kept
}
