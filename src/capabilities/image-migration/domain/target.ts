/** What is known of one target place during a run: every blob and manifest is brought there once, whoever needs it. */
import { CodedError, isError } from '#core/kernel/errors.ts'
import { type BlobDescriptor, DEEPEST_INDEX, isManifestType, type Manifest, parseManifest } from '#core/oci/manifest.ts'
import type { Descriptor, Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { BIG, transferBlob } from './transfer.ts'
import { all, createGate, on, once, sided, type World } from './world.ts'

/** Bytes from which a HEAD is cheaper than to begin an upload that turns out to be needless. */
export const ASK_FIRST = 1024 * 1024
/** Blobs above this many bytes are moved a few at a time: more at once is not faster, and takes memory. */
const LARGE = 256 * 1024
const LARGE_AT_ONCE = 6
/** Those that go in pieces hold two of them in memory. */
const BIG_AT_ONCE = 2

/** What was done for one pair. */
export interface Tally {
  manifests: number
  blobs: number
  bytesSent: number
  bytesSpared: number
  mounts: number
  foreignLayers: number
  /** Of all manifests of the image, index first; signatures refer to these. */
  digests: Set<string>
}

export const newTally = (): Tally => ({ manifests: 0, blobs: 0, bytesSent: 0, bytesSpared: 0, mounts: 0, foreignLayers: 0, digests: new Set() })

export interface Bytes {
  known(bytes: number): void
  done(bytes: number): void
}

export interface Target {
  registry: Registry
  /** What is there under a tag or digest. */
  resolve(repository: string, reference: string): Promise<Descriptor | undefined>
  /** Is it known that no tag of this repository was there when the run began? False until tags were looked for in vain. */
  isNew(repository: string): boolean
  /** Brings a manifest with all that it holds, children first; `reference` is the tag or digest that it is put under. */
  bring(from: From, stored: StoredManifest, repository: string, reference: string, tally: Tally): Promise<{ listsSubject: boolean }>
  /** The same by digest; what is there is left alone. */
  bringDigest(from: From, digest: string, repository: string, tally: Tally): Promise<{ listsSubject: boolean } | 'present'>
}

export interface From {
  registry: Registry
  repository: string
}

/** Manifest and what it says. @throws MANIFEST_INVALID, IMAGE_SCHEMA1, NOT_FOUND */
export async function readManifest({ registry, repository }: From, reference: string): Promise<{ stored: StoredManifest; manifest: Manifest }> {
  const what = repository === '' ? reference : `${repository}${reference.includes(':') ? '@' : ':'}${reference}`
  const stored = await registry.manifest(repository, reference)
  if (!stored) throw new CodedError('NOT_FOUND', { what: `${registry.name}/${what}` })
  return { stored, manifest: parseStored(stored, registry.name, what) }
}

export function parseStored(stored: StoredManifest, place: string, what: string): Manifest {
  const parsed = parseManifest(stored.bytes, stored.mediaType)
  if (!parsed.ok) throw sided('source', new CodedError(parsed.error.code, { place, what, reason: parsed.error.reason }))
  return parsed.value
}

/** @param resumes a run before this one was cut off: then an empty list of tags says nothing of what is there */
export function createTarget(registry: Registry, world: World, bytes: Bytes, resumes: boolean): Target {
  const brought = new Map<string, Promise<{ listsSubject: boolean } | 'present'>>()
  const blobs = new Map<string, Promise<unknown>>()
  /** A repository that has the blob, or will. */
  const homes = new Map<string, { repository: string; there: Promise<unknown> }>()
  const empty = new Map<string, Promise<boolean>>()
  const missed = new Map<string, number>()
  const known = new Set<string>()
  const large = createGate(LARGE_AT_ONCE)
  const big = createGate(BIG_AT_ONCE)

  /** Has the repository no tag? Then it has no blobs worth asking for, and an upload that begins asks anyway. */
  const isEmpty = (repository: string) =>
    once(empty, repository, async () => {
      if (resumes) return false
      try {
        for await (const _ of registry.tags(repository)) return false
        return true
      } catch (error) {
        if (isError(error, 'NOT_FOUND')) return true
        return false
      }
    })

  function bringBlob(from: From, blob: BlobDescriptor, repository: string, tally: Tally): Promise<unknown> {
    const key = `${repository}\0${blob.digest}`
    if (blobs.has(key)) tally.bytesSpared += blob.size
    return once(blobs, key, () => {
      const there = moveBlob(from, blob, repository, tally)
      if (!homes.has(blob.digest)) {
        homes.set(blob.digest, { repository, there })
        there.catch(() => homes.delete(blob.digest))
      }
      return there
    })
  }

  async function moveBlob(from: From, blob: BlobDescriptor, repository: string, tally: Tally): Promise<void> {
    const home = homes.get(blob.digest)
    const same = from.registry === registry
    let mountFrom = same ? from.repository : repository
    if (home && home.repository !== repository) {
      const there = await home.there.then(
        () => true,
        () => false,
      )
      if (there) mountFrom = home.repository
    }
    // What is there needs no upload; where a mount is sure to be tried, or nothing can be there, asking is a request too many.
    if (mountFrom === repository && blob.size >= ASK_FIRST && !(await isEmpty(repository)) && (await on('target', registry.hasBlob(repository, blob.digest)))) {
      tally.bytesSpared += blob.size
      return
    }
    let stands = 0
    bytes.known(blob.size)
    const progress = (now: number) => {
      bytes.done(now - stands)
      stands = now
    }
    const transfer = { source: from.registry, sourceRepository: from.repository, target: registry, repository, blob, mountFrom, progress }
    try {
      const gate = blob.size > BIG ? big : blob.size > LARGE ? large : undefined
      const sent = await (gate ? gate(() => transferBlob(transfer, world)) : transferBlob(transfer, world))
      if (sent === 'present') {
        bytes.known(-blob.size)
        if (mountFrom !== repository) tally.mounts++
        tally.bytesSpared += blob.size
      } else {
        tally.blobs++
        tally.bytesSent += sent
      }
    } catch (error) {
      progress(0)
      bytes.known(-blob.size)
      throw error
    }
  }

  /** All that a manifest needs at the target before it. */
  async function bringContent(from: From, digest: string, manifest: Manifest, repository: string, tally: Tally, above: readonly string[]): Promise<void> {
    tally.digests.add(digest)
    const held = manifest.blobs.filter(({ foreign }) => !foreign)
    tally.foreignLayers += manifest.blobs.length - held.length
    // Caches of builders list layers in an index; they are blobs there too.
    const layers = manifest.manifests.filter(({ mediaType }) => !isManifestType(mediaType)).map((child) => ({ ...child, foreign: false }))
    const blobs = new Map([...held, ...layers].map((blob) => [blob.digest, blob]))
    const path = [...above, digest]
    const children = new Map(manifest.manifests.filter(({ mediaType }) => isManifestType(mediaType)).map((child) => [child.digest, child]))
    if (children.size > 0 && (path.length >= DEEPEST_INDEX || path.some((parent) => children.has(parent))))
      throw sided('source', new CodedError('IMAGE_TOO_DEEP', { place: from.registry.name, what: digest, limit: DEEPEST_INDEX }))
    await all([
      ...[...blobs.values()].map((blob) => bringBlob(from, blob, repository, tally)),
      ...[...children.values()].map((child) => bringDigest(from, child.digest, repository, tally, path, child.size)),
    ])
  }

  function bringDigest(from: From, digest: string, repository: string, tally: Tally, above: readonly string[] = [], size?: number) {
    tally.digests.add(digest)
    return once(brought, `${repository}\0${digest}`, async () => {
      if (!(await isEmpty(repository)) && (await on('target', registry.resolve(repository, digest)))) return 'present' as const
      const { stored, manifest } = await on('source', readManifest(from, digest))
      if (size !== undefined && stored.size !== size)
        throw sided('source', new CodedError('SIZE_MISMATCH', { place: from.registry.name, what: digest, wanted: size, found: stored.size }))
      await bringContent(from, digest, manifest, repository, tally, above)
      const put = await on('target', registry.putManifest(repository, digest, stored))
      tally.manifests++
      return put
    })
  }

  return {
    registry,
    async resolve(repository, reference) {
      const there = await on('target', registry.resolve(repository, reference))
      if (!there) {
        const misses = (missed.get(repository) ?? 0) + 1
        missed.set(repository, misses)
        // One question more, and none for each tag that is still to come.
        if (misses === 2) void isEmpty(repository).then((yes) => yes && known.add(repository))
      }
      return there
    },
    isNew: (repository) => known.has(repository),
    bringDigest: (from, digest, repository, tally) => bringDigest(from, digest, repository, tally),
    async bring(from, stored, repository, reference, tally) {
      const manifest = parseStored(stored, from.registry.name, reference)
      await bringContent(from, stored.digest, manifest, repository, tally, [])
      const put = await on('target', registry.putManifest(repository, reference, stored))
      tally.manifests++
      return put
    },
  }
}
