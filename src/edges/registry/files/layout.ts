/** An OCI image layout as a place (image-spec 1.1, image-layout.md): tags are reference names in index.json, all lies in one repository ''. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#core/kernel/errors.ts'
import { type ManifestDescriptor, MEDIA_TYPES, parseManifest } from '#core/oci/manifest.ts'
import { DIGEST } from '#core/oci/place.ts'
import type { Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { fileBlob, fileProblem, fileUploads, readSmall, sizeIfThere, storedManifest, writeWhole } from './content.ts'

export const REF_NAME = 'org.opencontainers.image.ref.name'
const LAYOUT = '{"imageLayoutVersion": "1.0.0"}'

interface IndexDocument {
  manifests: (ManifestDescriptor & { annotations?: Record<string, string> })[]
  [more: string]: unknown
}

export function createLayout(dir: string, name: string): Registry {
  const problem = fileProblem(name)
  const pathOf = (digest: string) => join(dir, 'blobs', digest.slice(0, digest.indexOf(':')), digest.slice(digest.indexOf(':') + 1))
  const uploads = fileUploads(join(dir, '.uploads'), name, pathOf, problem)
  let index: Promise<IndexDocument> | undefined
  /** Changes of index.json one after the other. */
  let writing: Promise<unknown> = Promise.resolve()

  const readIndex = (): Promise<IndexDocument> => {
    index ??= read().catch((error) => {
      index = undefined
      throw problem('index.json', error)
    })
    return index
  }
  async function read(): Promise<IndexDocument> {
    const bytes = await readSmall(join(dir, 'index.json'), name, 'index.json')
    if (!bytes) return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: [] }
    const parsed = parseManifest(bytes, MEDIA_TYPES.ociIndex)
    if (!parsed.ok) throw new CodedError('MANIFEST_INVALID', { place: name, what: 'index.json', reason: parsed.error.reason })
    return { manifests: [], ...(JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<IndexDocument>) }
  }
  const change = (work: (document: IndexDocument) => void): Promise<void> => {
    const done = writing.then(async () => {
      const document = await readIndex()
      work(document)
      await mkdir(join(dir, 'blobs', 'sha256'), { recursive: true })
      await writeWhole(join(dir, 'oci-layout'), LAYOUT)
      await writeWhole(join(dir, 'index.json'), JSON.stringify(document, undefined, 2))
    })
    writing = done.catch(() => {})
    return done.catch((error) => {
      throw problem('index.json', error)
    })
  }

  async function find(reference: string): Promise<ManifestDescriptor | undefined> {
    const { manifests } = await readIndex()
    if (DIGEST.test(reference)) {
      const size = await sizeIfThere(pathOf(reference))
      const listed = manifests.find(({ digest }) => digest === reference)
      return size === undefined ? undefined : { mediaType: listed?.mediaType ?? '', digest: reference, size }
    }
    if (reference !== '') return manifests.find(({ annotations }) => annotations?.[REF_NAME] === reference)
    const images = manifests.filter(({ annotations }) => annotations?.[REF_NAME] !== undefined || manifests.length === 1)
    if (images.length > 1) throw new CodedError('NOT_FOUND', { what: `${name} holds ${images.length} images; the name of one of them` })
    return images[0]
  }
  async function manifest(reference: string): Promise<StoredManifest | undefined> {
    const found = await find(reference)
    const bytes = found && (await readSmall(pathOf(found.digest), name, found.digest))
    return bytes && storedManifest(bytes, found.digest, found.mediaType, name, found.digest)
  }

  return {
    name,
    async resolve(_, reference) {
      const found = await find(reference)
      if (!found || (await sizeIfThere(pathOf(found.digest))) === undefined) return undefined
      if (found.mediaType !== '') return { mediaType: found.mediaType, digest: found.digest, size: found.size }
      const stored = await manifest(found.digest)
      return stored && { mediaType: stored.mediaType, digest: stored.digest, size: stored.size }
    },
    manifest: (_, reference) => manifest(reference),
    blob: (_, blob, from = 0) => readable(blob, from),
    async *tags() {
      for (const { annotations } of (await readIndex()).manifests) if (annotations?.[REF_NAME] !== undefined) yield annotations[REF_NAME]
    },
    async *repositories() {
      yield ''
    },
    async referrers(_, digest) {
      const found: ManifestDescriptor[] = []
      for (const entry of (await readIndex()).manifests) {
        const bytes = entry.annotations?.[REF_NAME] === undefined ? await readSmall(pathOf(entry.digest), name, entry.digest) : undefined
        const parsed = bytes && parseManifest(bytes, entry.mediaType)
        if (parsed?.ok && parsed.value.subject?.digest === digest) found.push(entry)
      }
      return found
    },
    hasBlob: async (_, digest) => (await sizeIfThere(pathOf(digest))) !== undefined,
    ...uploads,
    async putManifest(_, reference, stored) {
      try {
        await writeWhole(pathOf(stored.digest), stored.bytes)
      } catch (error) {
        throw problem(stored.digest, error)
      }
      const parsed = parseManifest(stored.bytes, stored.mediaType)
      const subject = parsed.ok && parsed.value.subject !== undefined
      const entry = { mediaType: stored.mediaType, digest: stored.digest, size: stored.size }
      if (!DIGEST.test(reference)) {
        await change((document) => {
          const named = document.manifests.filter(({ annotations }) => annotations?.[REF_NAME] !== reference)
          document.manifests = [...named, reference === '' ? entry : { ...entry, annotations: { [REF_NAME]: reference } }]
        })
      } else if (subject) {
        await change((document) => {
          if (!document.manifests.some(({ digest }) => digest === stored.digest)) document.manifests.push(entry)
        })
      }
      return { listsSubject: true }
    },
    remove: (_, reference) =>
      change((document) => {
        document.manifests = document.manifests.filter(({ digest, annotations }) => digest !== reference && annotations?.[REF_NAME] !== reference)
      }),
    close: () => uploads.close(),
  }

  async function* readable(blob: { digest: string; size: number }, from: number): AsyncGenerator<Uint8Array> {
    const size = await sizeIfThere(pathOf(blob.digest))
    if (size === undefined) throw new CodedError('NOT_FOUND', { what: `blob ${blob.digest} in ${name}` })
    if (size !== blob.size) throw new CodedError('SIZE_MISMATCH', { place: name, what: `blob ${blob.digest}`, wanted: blob.size, found: size })
    yield* fileBlob(pathOf(blob.digest), 0, blob, from, name)
  }
}
