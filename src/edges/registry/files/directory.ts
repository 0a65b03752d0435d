/** A directory with one image, as skopeo writes it (containers-transports(5), `dir:`): manifest.json, further manifests and blobs by their digests. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#core/kernel/errors.ts'
import { DIGEST } from '#core/oci/place.ts'
import type { Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { digestOf } from '../digest.ts'
import { fileBlob, fileProblem, fileUploads, readSmall, sizeIfThere, storedManifest, writeWhole } from './content.ts'

export function createDirectory(dir: string, name: string): Registry {
  const problem = fileProblem(name)
  const hex = (digest: string) => (digest.startsWith('sha256:') ? digest.slice(7) : digest.replace(':', '-'))
  const blobPath = (digest: string) => join(dir, hex(digest))
  const main = join(dir, 'manifest.json')
  const uploads = fileUploads(join(dir, '.uploads'), name, blobPath, problem)

  async function manifest(reference: string): Promise<StoredManifest | undefined> {
    try {
      const child = DIGEST.test(reference) ? await readSmall(join(dir, `${hex(reference)}.manifest.json`), name, reference) : undefined
      if (child) return storedManifest(child, reference, undefined, name, reference)
      const bytes = await readSmall(main, name, 'manifest.json')
      if (!bytes) return undefined
      const digest = digestOf(bytes, DIGEST.test(reference) ? reference : undefined)
      return DIGEST.test(reference) && digest !== reference ? undefined : storedManifest(bytes, digest, undefined, name, 'manifest.json')
    } catch (error) {
      throw problem('manifest.json', error)
    }
  }

  return {
    name,
    async resolve(_, reference) {
      const stored = await manifest(reference)
      return stored && { mediaType: stored.mediaType, digest: stored.digest, size: stored.size }
    },
    manifest: (_, reference) => manifest(reference),
    blob: (_, blob, from = 0) => readable(blob, from),
    async *tags() {
      if ((await sizeIfThere(main)) !== undefined) yield ''
    },
    async *repositories() {
      yield ''
    },
    referrers: async () => [],
    hasBlob: async (_, digest) => (await sizeIfThere(blobPath(digest))) !== undefined,
    ...uploads,
    async putManifest(_, reference, stored) {
      try {
        await writeWhole(join(dir, 'version'), 'Directory Transport Version: 1.1\n')
        await writeWhole(DIGEST.test(reference) ? join(dir, `${hex(reference)}.manifest.json`) : main, stored.bytes)
        return { listsSubject: true }
      } catch (error) {
        throw problem(reference, error)
      }
    },
    remove: (_, reference) => rm(DIGEST.test(reference) ? join(dir, `${hex(reference)}.manifest.json`) : main, { force: true }),
    close: () => uploads.close(),
  }

  async function* readable(blob: { digest: string; size: number }, from: number): AsyncGenerator<Uint8Array> {
    if ((await sizeIfThere(blobPath(blob.digest))) === undefined) throw new CodedError('NOT_FOUND', { what: `blob ${blob.digest} in ${name}` })
    yield* fileBlob(blobPath(blob.digest), 0, blob, from, name)
  }
}
