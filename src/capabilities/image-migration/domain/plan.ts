/** What a copy would take. */
import { CodedError } from '#core/kernel/errors.ts'
import { DEEPEST_INDEX, isIndexType, isManifestType } from '#core/oci/manifest.ts'
import type { Descriptor, Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { childrenOf, PAIRS_AT_ONCE, targetReferenceOf } from './copy.ts'
import type { Job, Prediction } from './job.ts'
import { items, type Looked, wantedOf } from './look.ts'
import { createSignatures, type Signatures } from './referrers.ts'
import { ASK_FIRST, type From, parseStored, readManifest } from './target.ts'
import { BIG, PIECE } from './transfer.ts'
import { all, on, once, sided, type World } from './world.ts'

/** What a copy would send and ask, without writing; the manifests of what changed are read, which costs pulls where those are counted. */
export async function planImages(job: Job, world: World): Promise<{ items: Looked[]; prediction: Prediction }> {
  const prediction: Prediction = { requests: {}, pulls: {} }
  /** Blobs of target repositories that an image before has to bring. */
  const claimed = new Set<string>()
  const homes = new Map<string, string>()
  const manifests = new Set<string>()
  const empty = new Map<string, Promise<boolean>>()
  const pairsOf = new Map<string, number>()
  const signatures = new Map<string, Promise<Signatures>>()
  const unlisted = new Set<string>()
  const add = (place: string, requests: number, pulls = 0) => {
    prediction.requests[place] = (prediction.requests[place] ?? 0) + requests
    if (pulls > 0) prediction.pulls[place] = (prediction.pulls[place] ?? 0) + pulls
  }
  const isEmpty = (registry: Registry, repository: string) =>
    once(empty, `${registry.name}\0${repository}`, async () => {
      add(registry.name, 1)
      try {
        for await (const _ of registry.tags(repository)) return false
      } catch {}
      return true
    })
  const signaturesOf = (from: From) =>
    once(signatures, `${from.registry.name}\0${from.repository}`, async () => {
      add(from.registry.name, 1)
      return createSignatures(from, world)
    })
  const fateOf = async (source: Registry, target: Registry, repository: string, { digest }: Descriptor): Promise<'claimed' | 'there' | 'mount' | 'send'> => {
    const key = `${target.name}\0${repository}\0${digest}`
    if (claimed.has(key)) return 'claimed'
    claimed.add(key)
    const home = homes.get(`${target.name}\0${digest}`)
    homes.set(`${target.name}\0${digest}`, repository)
    if (source === target || home !== undefined) return 'mount'
    return !(await isEmpty(target, repository)) && (await on('target', target.hasBlob(repository, digest))) ? 'there' : 'send'
  }

  const looked = await items(job, world, async (pair, source, target) => {
    const reference = targetReferenceOf(pair.target)
    const there = await on('target', target.resolve(pair.target.repository, reference))
    const { digest, targetDigest, filtered } = await wantedOf(pair, source, world)
    const key = `${target.name}\0${pair.target.repository}`
    const before = pairsOf.get(key) ?? 0
    pairsOf.set(key, before + 1)
    // Once the first ones have found a new repository, a copy looks for no tag of it any more.
    const looksFor =
      there || pair.existing === 'keep' || pair.target.tag === undefined || before < PAIRS_AT_ONCE || !(await isEmpty(target, pair.target.repository))
    add(source.name, looksFor ? 1 : 0)
    add(target.name, looksFor ? 1 : 0)
    if (there && there.digest !== targetDigest && pair.existing === 'keep') return { outcome: 'kept', digest, targetDigest: there.digest }
    const tally = { manifests: 0, blobs: 0, bytesSent: 0, bytesSpared: 0, mounts: 0, foreignLayers: 0 }
    const from: From = { registry: source, repository: pair.source.repository }
    const { repository } = pair.target
    const followed = pair.referrers === false || pair.target.place.transport === 'dir' ? undefined : await signaturesOf(from)
    const subjects = new Set<string>()

    const walk = async (wanted: string, given: StoredManifest | undefined, depth: number, tagged: boolean): Promise<void> => {
      if (depth > DEEPEST_INDEX) throw sided('source', new CodedError('IMAGE_TOO_DEEP', { place: source.name, what: wanted, limit: DEEPEST_INDEX }))
      subjects.add(wanted)
      const key = `${target.name}\0${repository}\0${wanted}`
      const known = manifests.has(key)
      if (known && !tagged) return
      manifests.add(key)
      const manifest = given ? parseStored(given, source.name, wanted) : (await on('source', readManifest(from, wanted))).manifest
      // A further tag is one more read and one more write of the same manifest.
      tally.manifests++
      add(source.name, 1, 1)
      add(target.name, tagged || (await isEmpty(target, repository)) ? 1 : 2)
      if (known) return
      tally.foreignLayers += manifest.blobs.filter(({ foreign }) => foreign).length
      const held = new Map(
        [...manifest.blobs.filter(({ foreign }) => !foreign), ...manifest.manifests.filter(({ mediaType }) => !isManifestType(mediaType))].map((blob) => [
          blob.digest,
          blob,
        ]),
      )
      for (const blob of held.values()) {
        const fate = await fateOf(source, target, repository, blob)
        if (fate === 'claimed') tally.bytesSpared += blob.size
        else if (fate === 'send') {
          tally.blobs++
          tally.bytesSent += blob.size
          add(source.name, 1)
          add(
            target.name,
            2 + (blob.size >= ASK_FIRST && !(await isEmpty(target, repository)) ? 1 : 0) + (blob.size > BIG ? Math.ceil(blob.size / PIECE) - 1 : 0),
          )
        } else {
          tally.bytesSpared += blob.size
          add(target.name, 1)
          if (fate === 'mount') tally.mounts++
        }
      }
      for (const child of manifest.manifests) if (isManifestType(child.mediaType)) await walk(child.digest, undefined, depth + 1, false)
    }

    const unchanged = there?.digest === targetDigest
    if (!unchanged) await walk(targetDigest, filtered, 0, true)
    else {
      subjects.add(digest)
      if (followed && isIndexType(there?.mediaType) && (await followed.any())) {
        add(target.name, 1)
        for (const child of await on('target', childrenOf(target, repository, digest))) subjects.add(child)
      }
    }
    // What refers to the image, and to that; the set grows while it is gone through.
    const referrers: string[] = []
    if (followed)
      for (const subject of subjects) {
        const { tags, digests, listed } = await followed.of(subject)
        if (listed || !unlisted.has(source.name)) add(source.name, 1)
        if (!listed) unlisted.add(source.name)
        for (const name of [...tags, ...digests]) {
          const tagged = !name.includes(':')
          if (tagged) add(source.name, 1)
          add(target.name, 1)
          const [wanted, found] = await all([
            tagged ? on('source', source.resolve(from.repository, name)) : Promise.resolve({ digest: name }),
            on('target', target.resolve(repository, name)),
          ])
          if (!wanted || wanted.digest === found?.digest) continue
          referrers.push(name)
          await walk(wanted.digest, undefined, 0, tagged)
        }
      }
    if (unchanged && referrers.length === 0) return { outcome: 'unchanged', digest, targetDigest }
    return { outcome: 'planned', digest, targetDigest, referrers, ...tally }
  })
  return { items: looked, prediction }
}
