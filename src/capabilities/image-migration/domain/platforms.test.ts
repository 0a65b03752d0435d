import { expect, it } from 'vitest'
import { MEDIA_TYPES } from '#core/oci/manifest.ts'
import type { Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { filterIndex } from './platforms.ts'

const digestAt = (level: number) => `sha256:${String(level).padStart(64, '0')}`
/** An index that holds the next one, without an end. */
function indexAt(level: number): StoredManifest {
  const manifests = [{ mediaType: MEDIA_TYPES.ociIndex, digest: digestAt(level + 1), size: 300 }]
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests }))
  return { mediaType: MEDIA_TYPES.ociIndex, digest: digestAt(level), size: bytes.length, bytes }
}

it('leaves nothing out in silence that lies too deep', async () => {
  let read = 0
  const registry = {
    name: 'source',
    manifest: async (_: string, digest: string) => (read++, indexAt(Number(digest.slice(7)))),
  } as Partial<Registry> as Registry
  const filtering = filterIndex(indexAt(0), ['linux/arm64'], { registry, repository: 'a' }, () => digestAt(0))
  await expect(filtering).rejects.toMatchObject({ code: 'IMAGE_TOO_DEEP', details: { place: 'source', limit: 8 } })
  expect(read).toBe(8)
})
