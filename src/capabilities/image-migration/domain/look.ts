/** What is alike at source and target, what is proven, and what is there too much. */
import { CodedError } from '#core/kernel/errors.ts'
import { DEEPEST_INDEX, isManifestType } from '#core/oci/manifest.ts'
import { formatImage, formatPlace } from '#core/oci/place.ts'
import type { Descriptor, Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { referenceOf, targetReferenceOf } from './copy.ts'
import type { Finding, ItemReport, Job, Outcome, Pair } from './job.ts'
import { filterIndex } from './platforms.ts'
import { createSignatures } from './referrers.ts'
import { type From, readManifest } from './target.ts'
import { all, createGate, failureOf, on, once, sided, type World } from './world.ts'

const PAIRS_AT_ONCE = 32
const BLOBS_AT_ONCE = 16

export type Looked = ItemReport<Outcome | Finding>
type Found = Pick<Looked, 'outcome'> & Partial<Looked>

/** Every pair through `work`; what it rejects with is the item's failure. */
export async function items({ pairs }: Job, world: World, work: (pair: Pair, source: Registry, target: Registry) => Promise<Found>): Promise<Looked[]> {
  const gate = createGate(PAIRS_AT_ONCE)
  let pairsDone = 0
  const one = async (pair: Pair): Promise<Looked> => {
    const began = world.clock.now()
    let found: Found
    if (world.signal.aborted) found = { outcome: 'stopped' }
    else {
      try {
        const [source, target] = await Promise.all([on('source', world.open(pair.source.place)), on('target', world.open(pair.target.place))])
        found = await work(pair, source, target)
      } catch (error) {
        found = world.signal.aborted ? { outcome: 'stopped' } : { outcome: 'failed', failure: failureOf(error) }
      }
    }
    const item: Looked = {
      ...nothingDone,
      source: formatImage(pair.source),
      target: formatImage(pair.target),
      ...(pair.rule ? { rule: pair.rule } : {}),
      ...found,
      took: world.clock.now() - began,
    }
    world.emit({ type: 'progress', pairsDone: ++pairsDone, pairs: pairs.length, bytesDone: 0, bytesKnown: 0 })
    return item
  }
  world.emit({ type: 'begin', pairs: pairs.length })
  return all(pairs.map((pair) => gate(() => one(pair))))
}

export const nothingDone = { manifests: 0, blobs: 0, bytesSent: 0, bytesSpared: 0, mounts: 0, referrers: [], foreignLayers: 0, notes: [], took: 0 } as const

/** What the source has under the name of a pair, and what the target should have. */
export async function wantedOf(pair: Pair, source: Registry, world: World): Promise<{ digest: string; targetDigest: string; filtered?: StoredManifest }> {
  const found = await on('source', source.resolve(pair.source.repository, referenceOf(pair.source)))
  if (!found) throw sided('source', new CodedError('NOT_FOUND', { what: formatImage(pair.source) }))
  if (!pair.platforms) return { digest: found.digest, targetDigest: found.digest }
  const from: From = { registry: source, repository: pair.source.repository }
  const { stored } = await on('source', readManifest(from, found.digest))
  const filtered = await on('source', filterIndex(stored, pair.platforms, from, world.digestOf))
  if (!filtered) throw sided('source', new CodedError('NOT_FOUND', { what: `${formatImage(pair.source)} for ${pair.platforms.join(', ')}` }))
  return { digest: found.digest, targetDigest: filtered.digest, filtered }
}

/** `same`, `differs` or `missing` for each pair: two HEADs. */
export const diffImages = (job: Job, world: World): Promise<Looked[]> =>
  items(job, world, async (pair, source, target) => {
    const [{ digest, targetDigest }, there] = await all<unknown>([
      wantedOf(pair, source, world),
      on('target', target.resolve(pair.target.repository, targetReferenceOf(pair.target))),
    ]).then(([wanted, found]) => [wanted as Awaited<ReturnType<typeof wantedOf>>, found as Descriptor | undefined] as const)
    const outcome: Finding = !there ? 'missing' : there.digest === targetDigest ? 'same' : 'differs'
    return { outcome, digest, ...(there ? { targetDigest: there.digest } : {}) }
  })

/**
 * Proves each pair: the target's manifests are read and hashed, and so is every blob once a place (with `quick`: asked for only);
 * what refers to the image at the source is there too.
 */
export async function verifyImages(job: Job, world: World, { quick = false } = {}): Promise<Looked[]> {
  const proven = new Map<string, Promise<void>>()
  const gate = createGate(BLOBS_AT_ONCE)
  const proveBlob = (target: Registry, repository: string, blob: Descriptor) =>
    once(proven, `${target.name}\0${repository}\0${blob.digest}`, async () => {
      const missing = () => new CodedError('NOT_FOUND', { what: `blob ${blob.digest} of ${target.name}/${repository}` })
      if (quick || proven.has(`${target.name}\0${blob.digest}`)) {
        if (!(await target.hasBlob(repository, blob.digest))) throw missing()
      }
      if (!quick)
        await once(proven, `${target.name}\0${blob.digest}`, () =>
          gate(async () => {
            for await (const _ of target.blob(repository, blob));
          }),
        )
    })

  async function prove(
    at: From,
    reference: string,
    wanted: string | undefined,
    seen: Set<string>,
    counts: { manifests: number; blobs: number; foreignLayers: number },
    depth = 0,
  ): Promise<void> {
    const { stored, manifest } = await readManifest(at, reference)
    if (wanted !== undefined && stored.digest !== wanted)
      throw new CodedError('DIGEST_MISMATCH', { place: at.registry.name, what: `${at.repository} ${reference}`, wanted, found: stored.digest })
    if (seen.has(stored.digest)) return
    seen.add(stored.digest)
    if (depth > DEEPEST_INDEX) throw new CodedError('IMAGE_TOO_DEEP', { place: at.registry.name, what: stored.digest, limit: DEEPEST_INDEX })
    counts.manifests++
    const held = [...manifest.blobs.filter(({ foreign }) => !foreign), ...manifest.manifests.filter(({ mediaType }) => !isManifestType(mediaType))]
    counts.blobs += held.length
    counts.foreignLayers += manifest.blobs.filter(({ foreign }) => foreign).length
    const children = manifest.manifests.filter(({ mediaType }) => isManifestType(mediaType))
    await all([
      ...held.map((blob) => proveBlob(at.registry, at.repository, blob)),
      ...children.map(({ digest }) => prove(at, digest, digest, seen, counts, depth + 1)),
    ])
  }

  return items(job, world, async (pair, source, target) => {
    const { digest, targetDigest } = await wantedOf(pair, source, world)
    const at: From = { registry: target, repository: pair.target.repository }
    const counts = { manifests: 0, blobs: 0, foreignLayers: 0 }
    const seen = new Set<string>()
    await on('target', prove(at, targetReferenceOf(pair.target), targetDigest, seen, counts))
    const referrers: string[] = []
    if (pair.referrers !== false && pair.target.place.transport !== 'dir') {
      const signatures = createSignatures({ registry: source, repository: pair.source.repository }, world)
      for (const subject of [...seen]) {
        const { tags, digests } = await signatures.of(subject)
        for (const name of [...tags, ...digests]) {
          const wanted = name.includes(':') ? name : (await on('source', source.resolve(pair.source.repository, name)))?.digest
          await on('target', prove(at, name, wanted, seen, counts))
          referrers.push(name)
        }
      }
    }
    return { outcome: 'verified', digest, targetDigest, referrers, ...counts }
  })
}

const DIGEST_TAG = /^sha(?:256|512)-[0-9a-f]{64,128}/

export interface ExtraTag {
  registry: Registry
  repository: string
  tag: string
  /** Tags of the repository that are not to go. */
  staying: readonly string[]
  target: string
}

/** Tags of mirrored repositories that the job does not bring; digest tags belong to images and are left alone. Repositories to which it brings nothing are not looked at. */
export async function extraTags({ pairs, mirrors }: Job, world: World): Promise<ExtraTag[]> {
  const found: ExtraTag[] = []
  for (const { place, repository, tags } of mirrors) {
    const brought = new Set(
      pairs.filter(({ target }) => formatPlace(target.place) === formatPlace(place) && target.repository === repository).map(({ target }) => target.tag),
    )
    if (brought.size === 0) continue
    const registry = await on('target', world.open(place))
    const owned = tags === undefined ? undefined : new RegExp(`^(?:${tags})$`)
    const there: string[] = []
    for await (const tag of registry.tags(repository)) there.push(tag)
    const extra = there.filter((tag) => !brought.has(tag) && !DIGEST_TAG.test(tag) && (owned?.test(tag) ?? true))
    const staying = there.filter((tag) => !extra.includes(tag))
    for (const tag of extra) found.push({ registry, repository, tag, staying, target: formatImage({ place, repository, tag }) })
  }
  return found
}

/**
 * Removes the tags that `extraTags` finds (without `really`: says them), of those that `may` names. A tag whose digest a staying tag has is never removed by
 * that digest.
 */
export async function pruneImages(job: Job, world: World, really: boolean, may: (extra: ExtraTag) => Promise<boolean> = async () => true): Promise<Looked[]> {
  const done: Looked[] = []
  for (const extra of await extraTags(job, world)) {
    const { registry, repository, tag, staying, target } = extra
    const base = { ...nothingDone, source: '', target }
    try {
      if (!(await may(extra))) continue
      if (!really) {
        done.push({ ...base, outcome: 'extra' })
        continue
      }
      await registry.remove(repository, tag).catch(async (error: unknown) => {
        if (!(error instanceof CodedError && error.code === 'REGISTRY_REFUSED' && [400, 404, 405, 501].includes(Number(error.details.status)))) throw error
        // Registries of before OCI 1.1 remove by digest, with all its tags.
        const digest = (await registry.resolve(repository, tag))?.digest
        if (digest === undefined) return
        for (const other of staying) if ((await registry.resolve(repository, other))?.digest === digest) throw error
        await registry.remove(repository, digest)
      })
      done.push({ ...base, outcome: 'removed' })
    } catch (error) {
      done.push({ ...base, outcome: 'failed', failure: failureOf(sided('target', error)) })
    }
  }
  return done
}
