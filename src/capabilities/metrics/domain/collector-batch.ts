/** Batches of the collector (core/telemetry/metric-batch.ts): pages are kept as label sets, so that samples need no label work. */
import { type Labels, labelsOf } from '#core/promql/labels.ts'
import type { Metadata } from '#core/shapes/ports/metrics.ts'
import { type Codec, decodePage, readPages, readSamples, readSections, TAG } from '#core/telemetry/metric-batch.ts'
import { ProtobufReader } from '#core/telemetry/protobuf.ts'
import { ExpositionError, NAME_LABEL, parseSeries } from '#core/telemetry/series-text.ts'
import { type Brought, createCollected } from './collected.ts'
import { nativeHistogram } from './remote-write.ts'

export interface KnownPage {
  series: readonly Labels[]
  metadata: readonly Metadata[]
}

/** Pages by cluster and id, the least used going first. */
export interface PageShelf {
  get(cluster: string, id: string): KnownPage | undefined
  put(cluster: string, id: string, page: KnownPage): void
}

/** @param most pages over all clusters (of up to 256 series each) */
export function createPageShelf(most: number): PageShelf {
  const pages = new Map<string, KnownPage>()
  return {
    get(cluster, id) {
      const key = `${cluster}\n${id}`
      const page = pages.get(key)
      if (page) {
        pages.delete(key)
        pages.set(key, page)
      }
      return page
    },
    put(cluster, id, page) {
      pages.set(`${cluster}\n${id}`, page)
      if (pages.size > most) pages.delete(pages.keys().next().value!)
    },
  }
}

/** The samples of a frame, or the ids of the pages that are needed first. Pages in it are shelved either way. Throws RangeError for broken bytes. */
export function readCollectorBatch(body: Uint8Array, cluster: string, shelf: PageShelf, codec: Codec): { brought: Brought } | { missing: string[] } {
  const collected = createCollected()
  const missing = new Set<string>()
  const sections = readSections(body)
  for (const section of sections)
    if (section.kind === 'pages')
      for (const { id, bytes } of readPages(section, codec)) {
        const page = knownPage(bytes)
        shelf.put(cluster, id, page)
        collected.metadata.push(...page.metadata)
      }
  for (const section of sections) {
    if (section.kind !== 'samples') continue
    const at = new Map<string, number>()
    for (const block of readSamples(section, codec)) {
      const page = shelf.get(cluster, block.pageId)
      if (!page) {
        missing.add(block.pageId)
        continue
      }
      let first = at.get(block.pageId)
      if (first === undefined) {
        page.series.forEach((labels, i) => {
          const index = collected.addSeries(labels)
          if (i === 0) first = index
        })
        at.set(block.pageId, first ?? 0)
      }
      const base = first ?? 0
      for (let i = 0; i < block.slots.length; i++) {
        const slot = block.slots[i]!
        if (slot >= page.series.length) throw new RangeError('a sample of a series that its page has not')
        const tag = block.tags[i]!
        const ts = block.times[i]!
        const histogram = tag === TAG.histogram ? block.histograms.get(i) : undefined
        if (!histogram) {
          collected.add(base + slot, ts, block.values[i]!, tag === TAG.stale)
          continue
        }
        // The histogram of remote write, as the field of a message of its own.
        const message = new Uint8Array([0x1a, ...varint(histogram.length), ...histogram])
        const reader = new ProtobufReader(message)
        reader.next()
        nativeHistogram(reader, collected, base + slot)
        collected.histograms.at(-1)!.ts = ts
      }
      for (const { slot, labels, value, ts } of block.exemplars) {
        if (slot >= page.series.length) continue
        const own = series(`x${labels}`)
        own.delete(NAME_LABEL)
        collected.exemplars.push({ of: base + slot, ts, value, labels: Object.fromEntries(own) })
      }
    }
  }
  return missing.size > 0 ? { missing: [...missing] } : { brought: collected.done() }
}

function* varint(value: number): Generator<number> {
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) yield (rest % 128) | 128
  yield rest
}

function knownPage(bytes: Uint8Array): KnownPage {
  const page = decodePage(bytes)
  return {
    series: page.series.map(({ text }) => labelsOf(new Map([...page.shared, ...series(text)]))),
    metadata: page.families.map(({ name, type, help, unit }) => ({ metric: name, type, help, unit })),
  }
}

function series(text: string): Map<string, string> {
  try {
    return parseSeries(text)
  } catch (error) {
    if (error instanceof ExpositionError) throw new RangeError(`a series is ${JSON.stringify(text.slice(0, 200))}: ${error.reason}`)
    throw error
  }
}
