/** The run: pairs in, images at their targets and a report out. */
import { CodedError } from '#core/kernel/errors.ts'
import { isIndexType, parseManifest } from '#core/oci/manifest.ts'
import { formatImage, formatPlace, type ImageReference } from '#core/oci/place.ts'
import type { Descriptor, Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import type { ItemReport, Job, Outcome, Pair } from './job.ts'
import { filterIndex } from './platforms.ts'
import { createSignatures, type Signatures } from './referrers.ts'
import { createTarget, type From, newTally, type Tally, type Target } from './target.ts'
import { all, createGate, failureOf, on, once, sided, type World } from './world.ts'

/** Pairs that are worked on at once; the requests of all of them are paced by host. */
export const PAIRS_AT_ONCE = 32

/** The tag or digest by which an image is asked for; '' is the only image of a file. */
export const referenceOf = ({ digest, tag }: ImageReference): string => digest ?? tag ?? ''
/** Where it is put: under its tag when it has one. */
export const targetReferenceOf = ({ digest, tag }: ImageReference): string => tag ?? digest ?? ''

/** Copies every pair. Never rejects for what happens to one of them: that is in its report. */
export async function copyImages({ pairs }: Job, world: World): Promise<ItemReport[]> {
  const targets = new Map<string, Promise<Target>>()
  const signatures = new Map<string, Promise<Signatures>>()
  const gate = createGate(PAIRS_AT_ONCE)
  const resumes = world.journal.begin()
  const progress = { pairsDone: 0, pairs: pairs.length, bytesDone: 0, bytesKnown: 0 }
  const changed = () => world.emit({ type: 'progress', ...progress })
  const bytes = {
    known: (more: number) => {
      progress.bytesKnown += more
      changed()
    },
    done: (more: number) => {
      progress.bytesDone += more
      changed()
    },
  }
  const targetOf = (image: ImageReference) =>
    once(targets, formatPlace(image.place), async () => createTarget(await on('target', world.open(image.place)), world, bytes, resumes))
  const signaturesOf = (from: From) => once(signatures, `${from.registry.name}\0${from.repository}`, async () => createSignatures(from, world))

  async function copyPair(pair: Pair, tally: Tally): Promise<Pick<ItemReport, 'outcome' | 'digest' | 'targetDigest' | 'referrers' | 'notes'>> {
    const { source, target } = pair
    const [registry, to] = await Promise.all([on('source', world.open(source.place)), targetOf(target)])
    const from: From = { registry, repository: source.repository }
    const reference = targetReferenceOf(target)
    const followed = pair.referrers === false || target.place.transport === 'dir' ? undefined : await signaturesOf(from)
    let stored: StoredManifest | undefined
    let wanted: Descriptor | undefined
    let there: Descriptor | undefined
    // Into a new repository everything goes, so the manifest is read at once. Where what is there is to be kept, each tag is looked for.
    if (pair.existing !== 'keep' && target.tag !== undefined && to.isNew(target.repository))
      wanted = stored = await on('source', registry.manifest(source.repository, referenceOf(source)))
    else [wanted, there] = await all([on('source', registry.resolve(source.repository, referenceOf(source))), to.resolve(target.repository, reference)])
    if (!wanted) throw sided('source', notFound(source, registry))
    if (target.digest !== undefined && target.digest !== wanted.digest && !pair.platforms)
      throw sided('source', new CodedError('DIGEST_MISMATCH', { place: registry.name, what: formatImage(source), wanted: target.digest, found: wanted.digest }))
    const notes: string[] = []
    if (pair.platforms) {
      stored ??= await on('source', fetch(registry, source, wanted.digest))
      const filtered = await on('source', filterIndex(stored, pair.platforms, from, world.digestOf))
      if (filtered === undefined) throw sided('source', new CodedError('NOT_FOUND', { what: `${formatImage(source)} for ${pair.platforms.join(', ')}` }))
      if (filtered !== stored) notes.push(`the index was cut to ${pair.platforms.join(', ')}, so its digest is no longer ${stored.digest}`)
      stored = filtered
    }
    const digest = stored?.digest ?? wanted.digest
    let outcome: Outcome
    if (there?.digest === digest) outcome = 'unchanged'
    else if (there && pair.existing === 'keep') return { outcome: 'kept', digest: wanted.digest, targetDigest: there.digest, referrers: [], notes }
    else {
      stored ??= await on('source', fetch(registry, source, digest))
      await to.bring(from, stored, target.repository, reference, tally)
      outcome = 'copied'
    }
    tally.digests.add(digest)
    if (outcome === 'unchanged' && followed && isIndexType(there?.mediaType) && (await followed.any()))
      for (const child of await on('target', childrenOf(to.registry, target.repository, digest))) tally.digests.add(child)
    const referrers = (await followed?.bring(to, target.repository, tally)) ?? []
    if (outcome === 'unchanged' && referrers.length > 0) outcome = 'copied'
    return { outcome, digest: wanted.digest, targetDigest: digest, referrers, notes }
  }

  async function report(pair: Pair): Promise<ItemReport> {
    const began = world.clock.now()
    const tally = newTally()
    const base = { source: formatImage(pair.source), target: formatImage(pair.target), ...(pair.rule ? { rule: pair.rule } : {}) }
    let found: Omit<ItemReport, 'source' | 'target' | 'took' | 'manifests' | 'blobs' | 'bytesSent' | 'bytesSpared' | 'mounts' | 'foreignLayers'>
    if (world.signal.aborted) found = { outcome: 'stopped', referrers: [], notes: [] }
    else {
      try {
        found = await copyPair(pair, tally)
      } catch (error) {
        if (world.signal.aborted) found = { outcome: 'stopped', referrers: [], notes: [] }
        else found = { outcome: 'failed', failure: failureOf(error), referrers: [], notes: [] }
      }
    }
    const { digests: _, ...counts } = tally
    progress.pairsDone++
    const item = { ...base, ...found, ...counts, took: world.clock.now() - began }
    changed()
    world.emit({ type: 'item', item })
    return item
  }

  world.emit({ type: 'begin', pairs: pairs.length })
  const items = await all(pairs.map((pair) => gate(() => report(pair))))
  if (!items.some(({ outcome }) => outcome === 'failed' || outcome === 'stopped')) world.journal.end()
  return items
}

async function fetch(registry: Registry, image: ImageReference, digest: string): Promise<StoredManifest> {
  // By tag where files have no other name for it; what comes is verified either way.
  const stored = await registry.manifest(image.repository, digest)
  if (!stored) throw notFound(image, registry)
  return stored
}

const notFound = (image: ImageReference, registry: Registry): CodedError =>
  new CodedError('NOT_FOUND', { what: image.place.transport === 'registry' ? formatImage(image) : `${registry.name}${image.tag ? `:${image.tag}` : ''}` })

/** Digests of the manifests that an index holds. */
export async function childrenOf(registry: Registry, repository: string, digest: string): Promise<string[]> {
  const stored = await registry.manifest(repository, digest)
  const parsed = stored && parseManifest(stored.bytes, stored.mediaType)
  return parsed?.ok ? parsed.value.manifests.map((child: Descriptor) => child.digest) : []
}
