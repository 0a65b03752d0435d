/**
 * What refers to an image moves with it: by the referrers API (distribution-spec 1.1, "Listing Referrers"), by its fallback tag `sha256-HEX`,
 * and by the tags of cosign (`sha256-HEX.sig`, `.att`, `.sbom`). Where the target has no such API, its fallback tag is kept up.
 */
import { isError } from '#core/kernel/errors.ts'
import { type ManifestDescriptor, MEDIA_TYPES, parseManifest } from '#core/oci/manifest.ts'
import type { StoredManifest } from '#core/shapes/ports/registry.ts'
import type { From, Tally, Target } from './target.ts'
import { readManifest } from './target.ts'
import { all, on, once, type World } from './world.ts'

export interface Signatures {
  /** May anything in the repository refer to something? */
  any(): Promise<boolean>
  /** Tags and digests that refer to a digest. */
  of(digest: string): Promise<{
    tags: readonly string[]
    digests: readonly string[]
    /** Does the registry have the list? Else it is asked for it once, and fallback tags are read. */
    listed: boolean
  }>
  /** Brings what refers to the digests of a tally, and what refers to that; the digests of what was written. */
  bring(to: Target, repository: string, tally: Tally): Promise<string[]>
}

const DIGEST_TAG = /^(sha256|sha512)-([0-9a-f]{64,128})(\.\w+)?$/
const MOST_REFERRERS = 10_000

/** `sha256:abc…` → `sha256-abc…`, cut to the longest tag (distribution-spec, "Referrers Tag Schema"). */
export const fallbackTag = (digest: string): string => digest.replace(':', '-').slice(0, 128)

export function createSignatures(from: From, world: World): Signatures {
  const { registry, repository: own } = from
  /** Digest tags of the source's repository, by the digest that they are about. */
  const tags = readTags()
  tags.catch(() => {})
  const put = new Map<string, Promise<boolean>>()

  async function readTags(): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>()
    try {
      for await (const tag of registry.tags(own)) {
        const [, algorithm, hex] = DIGEST_TAG.exec(tag) ?? []
        if (hex === undefined) continue
        const digest = `${algorithm}:${hex}`
        found.set(digest, [...(found.get(digest) ?? []), tag])
      }
    } catch (error) {
      // Some may pull but not list: the API is what is left.
      if (!isError(error, 'REGISTRY_UNAUTHORIZED') && !isError(error, 'REGISTRY_REFUSED') && !isError(error, 'NOT_FOUND')) throw error
    }
    return found
  }

  const listed = (digest: string) => on('source', registry.referrers(own, digest))

  async function bringOf(subject: string, to: Target, repository: string, tally: Tally): Promise<string[]> {
    const written: string[] = []
    const tagged = (await on('source', tags)).get(subject) ?? []
    const listing = await listed(subject)
    let refer: readonly ManifestDescriptor[] = listing ?? []
    for (const tag of tagged) {
      if (tag !== fallbackTag(subject)) {
        if (await bringTag(tag, to, repository, tally)) written.push(tag)
      } else if (listing === undefined) refer = await fallbackList(from, tag)
    }
    if (refer.length > MOST_REFERRERS) refer = refer.slice(0, MOST_REFERRERS)
    const unlisted: ManifestDescriptor[] = []
    await all(
      refer.map(async (descriptor) => {
        const done = await to.bringDigest(from, descriptor.digest, repository, tally)
        if (done === 'present') unlisted.push(descriptor)
        else {
          written.push(descriptor.digest)
          if (!done.listsSubject) unlisted.push(descriptor)
        }
      }),
    )
    if (unlisted.length > 0 && (await listFallback(to, repository, subject, refer))) written.push(fallbackTag(subject))
    return written
  }

  /** Copies a tag as it is; true when it was not there so. */
  const bringTag = (tag: string, to: Target, repository: string, tally: Tally): Promise<boolean> =>
    once(put, `${to.registry.name}\0${repository}\0${tag}`, async () => {
      const [wanted, there] = await all([on('source', registry.resolve(own, tag)), on('target', to.registry.resolve(repository, tag))])
      if (!wanted || wanted.digest === there?.digest) return false
      const { stored } = await on('source', readManifest(from, wanted.digest))
      await to.bring(from, stored, repository, tag, tally)
      return true
    })

  /** Where the target keeps no list itself, the fallback tag gets the entries that it lacks; what stands there already stays. */
  const listFallback = (to: Target, repository: string, subject: string, refer: readonly ManifestDescriptor[]): Promise<boolean> =>
    once(put, `${to.registry.name}\0${repository}\0${subject}`, async () => {
      const listing = await on('target', to.registry.referrers(repository, subject))
      if (listing !== undefined) return false
      const tag = fallbackTag(subject)
      const there = await on('target', to.registry.manifest(repository, tag))
      const source = (await on('source', tags)).get(subject)?.includes(tag) ? await on('source', registry.manifest(own, tag)) : undefined
      const stored = mergeFallback(there, source, refer, world.digestOf)
      if (stored === undefined || stored.digest === there?.digest) return false
      await on('target', to.registry.putManifest(repository, tag, stored))
      return true
    })

  return {
    any: async () => (await on('source', tags)).size > 0 || (await listed(`sha256:${'0'.repeat(64)}`)) !== undefined,
    async of(digest) {
      const tagged = (await on('source', tags)).get(digest) ?? []
      const listing = await listed(digest)
      const fallback = fallbackTag(digest)
      const refer = listing ?? (tagged.includes(fallback) ? await fallbackList(from, fallback) : [])
      return { tags: tagged.filter((tag) => tag !== fallback), digests: refer.map((one) => one.digest), listed: listing !== undefined }
    },
    async bring(to, repository, tally) {
      const seen = new Set<string>()
      const written: string[] = []
      // What was brought may be referred to itself: a signature of an SBOM.
      for (let fresh = [...tally.digests]; fresh.length > 0; fresh = [...tally.digests].filter((digest) => !seen.has(digest))) {
        for (const digest of fresh) seen.add(digest)
        for (const some of await all(fresh.map((digest) => bringOf(digest, to, repository, tally)))) written.push(...some)
      }
      return written
    },
  }
}

async function fallbackList(from: From, tag: string): Promise<readonly ManifestDescriptor[]> {
  const { manifest } = await on('source', readManifest(from, tag))
  return manifest.manifests
}

/**
 * The index that the fallback tag shall hold: the source's as it is where the target has none, else the target's with the entries that it lacks.
 * Undefined when nothing has to be written.
 */
export function mergeFallback(
  there: StoredManifest | undefined,
  source: StoredManifest | undefined,
  refer: readonly ManifestDescriptor[],
  digestOf: (bytes: Uint8Array) => string,
): StoredManifest | undefined {
  if (!there && source) return source
  const parsed = there && parseManifest(there.bytes, there.mediaType)
  const old =
    parsed?.ok && parsed.value.kind === 'index' ? (JSON.parse(new TextDecoder().decode(there!.bytes)) as { manifests?: ManifestDescriptor[] }) : undefined
  const known = new Set((old?.manifests ?? []).map(({ digest }) => digest))
  const missing = refer.filter(({ digest }) => !known.has(digest))
  if (missing.length === 0) return undefined
  const document = { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, ...old, manifests: [...(old?.manifests ?? []), ...missing] }
  const bytes = new TextEncoder().encode(JSON.stringify(document))
  return { mediaType: MEDIA_TYPES.ociIndex, digest: digestOf(bytes), size: bytes.length, bytes }
}
