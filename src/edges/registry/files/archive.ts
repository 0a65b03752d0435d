/**
 * Archives of `docker save`. Read: those of Docker 25 and later are an OCI layout in a tar, so digests are those that were pushed; older ones have
 * lost their manifests, and one is made of what is there. Written: a layout and a docker archive in one, the whole file at the end.
 */
import { createWriteStream } from 'node:fs'
import { readdir, readFile, rename, rm } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CodedError } from '#core/kernel/errors.ts'
import { LARGEST_MANIFEST, type ManifestDescriptor, MEDIA_TYPES, parseManifest } from '#core/oci/manifest.ts'
import { DIGEST } from '#core/oci/place.ts'
import type { Descriptor, Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { digestOf, hasherOf } from '../digest.ts'
import { bytesOf, fileBlob, fileProblem, sizeIfThere, storedManifest } from './content.ts'
import { createLayout, REF_NAME } from './layout.ts'
import { readTar, TAR_END, type TarEntry, tarHeader, tarPadding } from './tar.ts'

const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json'
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar'

/** An archive that is there is read; one that is not is written. */
export async function openArchive(path: string, name: string): Promise<Registry> {
  if ((await sizeIfThere(path)) === undefined) return createArchive(path, name)
  const problem = fileProblem(name)
  try {
    return await readArchive(path, name, await readTar(path))
  } catch (error) {
    throw problem('tar', error)
  }
}

async function readArchive(path: string, name: string, entries: readonly TarEntry[]): Promise<Registry> {
  const files = new Map(entries.map((entry) => [entry.name, entry]))
  const fileOf = (file: string, hops = 0): TarEntry | undefined => {
    const found = files.get(posix.normalize(file))
    if (found?.link === undefined || hops > 4) return found
    return fileOf(posix.join(posix.dirname(found.name), found.link), hops + 1) ?? fileOf(found.link, hops + 1)
  }
  const read = async ({ offset, size }: TarEntry, what: string): Promise<Uint8Array> => {
    if (size > LARGEST_MANIFEST)
      throw new CodedError('MANIFEST_INVALID', { place: name, what, reason: `it has ${size} bytes; the limit is ${LARGEST_MANIFEST}` })
    const parts: Uint8Array[] = []
    for await (const part of bytesOf(path, offset, size)) parts.push(part)
    return Buffer.concat(parts)
  }
  /** Content by digest: of the layout, or of what was hashed. */
  const known = new Map<string, TarEntry>()
  const made = new Map<string, StoredManifest>()
  const entryOf = (digest: string) => known.get(digest) ?? fileOf(`blobs/${digest.replace(':', '/')}`)
  /** Names of images; one that has none is ''. */
  const names = new Map<string, () => Promise<{ digest: string; mediaType?: string }>>()

  const index = fileOf('index.json')
  const list = fileOf('manifest.json')
  let listed: readonly ManifestDescriptor[] = []
  if (index && fileOf('oci-layout')) {
    const parsed = parseManifest(await read(index, 'index.json'), MEDIA_TYPES.ociIndex)
    if (!parsed.ok) throw new CodedError('MANIFEST_INVALID', { place: name, what: 'index.json', reason: parsed.error.reason })
    listed = parsed.value.manifests
    for (const entry of listed) {
      // Docker writes the whole name here, and its tag as reference name.
      for (const label of new Set([entry.annotations?.['io.containerd.image.name'] ?? entry.annotations?.[REF_NAME], entry.annotations?.[REF_NAME]]))
        if (label !== undefined || listed.length === 1) names.set(label ?? '', async () => entry)
    }
  } else if (list) {
    const images = JSON.parse(Buffer.from(await read(list, 'manifest.json')).toString('utf8')) as {
      Config?: string
      RepoTags?: string[] | null
      Layers?: string[]
    }[]
    if (!Array.isArray(images)) throw new CodedError('MANIFEST_INVALID', { place: name, what: 'manifest.json', reason: 'it is no list of images' })
    for (const image of images) {
      let pending: Promise<StoredManifest> | undefined
      const make = () => (pending ??= makeManifest(image))
      for (const label of image.RepoTags?.length ? image.RepoTags : ['']) names.set(label, make)
    }
  } else throw new CodedError('MANIFEST_INVALID', { place: name, what: 'archive', reason: 'it has neither index.json nor manifest.json' })

  /** The same for the same archive: layers as they lie there. */
  async function makeManifest({ Config, Layers }: { Config?: string; Layers?: string[] }): Promise<StoredManifest> {
    const describe = async (file: string | undefined, mediaType: string): Promise<Descriptor> => {
      const entry = file === undefined ? undefined : fileOf(file)
      if (!entry) throw new CodedError('MANIFEST_INVALID', { place: name, what: 'manifest.json', reason: `${file} is not in the archive` })
      const hasher = hasherOf('sha256:')
      let first: Uint8Array | undefined
      for await (const part of bytesOf(path, entry.offset, entry.size)) {
        first ??= part
        hasher.update(part)
      }
      const digest = hasher.digest()
      known.set(digest, entry)
      const gzipped = first?.[0] === 0x1f && first[1] === 0x8b
      return { mediaType: mediaType === DOCKER_LAYER && gzipped ? `${DOCKER_LAYER}.gzip` : mediaType, size: entry.size, digest }
    }
    const config = await describe(Config, DOCKER_CONFIG)
    const layers: Descriptor[] = []
    for (const layer of Layers ?? []) layers.push(await describe(layer, DOCKER_LAYER))
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPES.dockerManifest, config, layers }, undefined, 3))
    const stored = { mediaType: MEDIA_TYPES.dockerManifest, digest: digestOf(bytes), size: bytes.length, bytes }
    made.set(stored.digest, stored)
    return stored
  }

  async function manifest(reference: string): Promise<StoredManifest | undefined> {
    let digest = reference
    let mediaType: string | undefined
    if (!DIGEST.test(reference)) {
      if (reference === '' && new Set(names.values()).size > 1)
        throw new CodedError('NOT_FOUND', { what: `${name} holds several images; the name of one of them` })
      const found = reference === '' ? [...names.values()][0] : (names.get(reference) ?? names.get(`${reference}:latest`))
      if (!found) return undefined
      ;({ digest, mediaType } = await found())
    }
    const own = made.get(digest)
    if (own) return own
    const entry = entryOf(digest)
    return entry && storedManifest(await read(entry, digest), digest, mediaType, name, digest)
  }
  const readOnly = () => {
    throw new CodedError('REGISTRY_REFUSED', {
      place: name,
      verb: 'change',
      what: 'an archive that is there',
      status: 0,
      reason: 'remove the file or name another',
    })
  }

  return {
    name,
    async resolve(_, reference) {
      const stored = await manifest(reference)
      return stored && { mediaType: stored.mediaType, digest: stored.digest, size: stored.size }
    },
    manifest: (_, reference) => manifest(reference),
    async *blob(_, blob, from = 0) {
      const entry = entryOf(blob.digest)
      if (!entry) throw new CodedError('NOT_FOUND', { what: `blob ${blob.digest} in ${name}` })
      if (entry.size !== blob.size) throw new CodedError('SIZE_MISMATCH', { place: name, what: `blob ${blob.digest}`, wanted: blob.size, found: entry.size })
      yield* fileBlob(path, entry.offset, blob, from, name)
    },
    async *tags() {
      yield* names.keys()
    },
    async *repositories() {
      yield ''
    },
    async referrers(_, digest) {
      const found: ManifestDescriptor[] = []
      for (const entry of listed) {
        const stored = entry.annotations?.[REF_NAME] === undefined ? await manifest(entry.digest) : undefined
        const parsed = stored && parseManifest(stored.bytes, stored.mediaType)
        if (parsed?.ok && parsed.value.subject?.digest === digest) found.push(entry)
      }
      return found
    },
    hasBlob: async (_, digest) => entryOf(digest) !== undefined,
    beginUpload: async () => readOnly(),
    uploadState: async () => undefined,
    appendUpload: async () => readOnly(),
    finishUpload: async () => readOnly(),
    cancelUpload: async () => {},
    putManifest: async () => readOnly(),
    remove: async () => readOnly(),
    close: async () => {},
  }
}

/** Collects a layout beside the file and packs it when closed; a run that was killed goes on with what was collected. */
function createArchive(path: string, name: string): Registry {
  const folder = `${path}.collected`
  const problem = fileProblem(name)
  const layout = createLayout(folder, name)
  return {
    ...layout,
    async close() {
      await layout.close()
      try {
        if ((await sizeIfThere(join(folder, 'index.json'))) === undefined) return
        await pipeline(packed(folder, layout), createWriteStream(`${path}.part`))
        await rename(`${path}.part`, path)
        await rm(folder, { recursive: true, force: true })
      } catch (error) {
        throw problem('tar', error)
      }
    },
  }
}

async function* packed(folder: string, layout: Registry): AsyncGenerator<Uint8Array> {
  const file = async function* (name: string, bytes: Uint8Array) {
    yield tarHeader(name, bytes.length)
    yield bytes
    yield tarPadding(bytes.length)
  }
  yield* file('oci-layout', await readFile(join(folder, 'oci-layout')))
  yield* file('index.json', await readFile(join(folder, 'index.json')))
  const images: { Config: string; RepoTags: string[]; Layers: string[] }[] = []
  const inTar = (digest: string) => `blobs/${digest.replace(':', '/')}`
  for await (const tag of layout.tags('')) {
    const stored = await layout.manifest('', tag)
    const parsed = stored && parseManifest(stored.bytes, stored.mediaType)
    // `docker load` of before 25 reads single images only.
    if (parsed?.ok && parsed.value.kind === 'image' && parsed.value.blobs.length > 0) {
      const [config, ...layers] = parsed.value.blobs
      images.push({ Config: inTar(config!.digest), RepoTags: tag.includes(':') ? [tag] : [], Layers: layers.map(({ digest }) => inTar(digest)) })
    }
  }
  yield* file('manifest.json', Buffer.from(JSON.stringify(images)))
  for (const algorithm of (await readdir(join(folder, 'blobs'))).sort()) {
    for (const hex of (await readdir(join(folder, 'blobs', algorithm))).sort()) {
      const path = join(folder, 'blobs', algorithm, hex)
      const size = (await sizeIfThere(path))!
      yield tarHeader(posix.join('blobs', algorithm, hex), size)
      yield* bytesOf(path, 0, size)
      yield tarPadding(size)
    }
  }
  yield TAR_END
}
