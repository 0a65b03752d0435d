/** Cutting an index down to some platforms. The one place where bytes of a manifest are made and not copied; the digest changes, and the report says so. */
import { matchesPlatform, parseManifest } from '#core/oci/manifest.ts'
import type { StoredManifest } from '#core/shapes/ports/registry.ts'

/** On entries that attest another one of the same index (as BuildKit writes them). */
const ATTESTED = 'vnd.docker.reference.digest'

/**
 * The index with only the entries of these platforms, and the attestations of those; the same object when nothing is left out or it is no index;
 * undefined when nothing would be left. Order and all other fields stay.
 */
export function filterIndex(stored: StoredManifest, platforms: readonly string[], digestOf: (bytes: Uint8Array) => string): StoredManifest | undefined {
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  if (!parsed.ok || parsed.value.kind !== 'index') return stored
  const entries = parsed.value.manifests
  const kept = new Set(entries.filter(({ platform }) => matchesPlatform(platform, platforms)).map(({ digest }) => digest))
  if (kept.size === 0) return undefined
  for (const { digest, annotations } of entries) if (annotations?.[ATTESTED] !== undefined && kept.has(annotations[ATTESTED])) kept.add(digest)
  if (entries.every(({ digest }) => kept.has(digest))) return stored
  const document = JSON.parse(new TextDecoder().decode(stored.bytes)) as { manifests: { digest: string }[] }
  document.manifests = document.manifests.filter(({ digest }) => kept.has(digest))
  const bytes = new TextEncoder().encode(JSON.stringify(document, undefined, 3))
  return { mediaType: stored.mediaType, digest: digestOf(bytes), size: bytes.length, bytes }
}
