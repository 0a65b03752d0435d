/** Lines become rows: parsed in slices between which the event loop breathes, appended as one batch with the sender's id, then shown live. */
import { setImmediate as breathe } from 'node:timers/promises'
import type { Clock } from '#core/kernel/clock.ts'
import type { LineBatch, LineReceipt, LineSink } from '#core/shapes/ports/lines.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { access } from '#core/telemetry/tables/access.ts'
import type { RequestRow, SourceStatus } from '../domain/api.ts'
import { findFormat } from '../domain/formats/catalog.ts'
import { detectFormat } from '../domain/formats/detect.ts'
import type { LineFormat } from '../domain/formats/line.ts'
import { createBlockBuilder } from '../domain/rows/columns.ts'
import { createLineReader } from '../domain/rows/read-lines.ts'
import { createRejects, SAMPLE_MAX } from '../domain/rows/rejects.ts'
import { createVocabulary, type Vocabulary, type VocabularyOptions } from '../domain/rows/vocabulary.ts'
import type { Backends } from './backends.ts'

/** Bytes parsed before others get their turn: about 2 ms. */
const SLICE = 256 * 1024
const FUTURE_MS = 10 * 60_000
const DAY_MS = 86_400_000
/** Sources whose status is kept; the one heard of longest ago goes first. */
const SOURCES_MAX = 2_000
const LATEST_MAX = 400
/** Clusters whose words are remembered; the one that sent longest ago goes first. */
const VOCABULARIES_MAX = 32

export interface AccessSinkOptions extends Pick<VocabularyOptions, 'country'> {
  telemetry: Pick<Telemetry, 'append'>
  live: Pick<LiveStream, 'publish'>
  clock: Pick<Clock, 'now'>
  /** Pods and namespaces of the senders' clusters. */
  backends?: Pick<Backends, 'ready' | 'of' | 'namespaces' | 'version'>
  /** Days that rows are kept; older lines are rejected as `clock`. Asked for at every batch. */
  retentionDays?: () => number
  /** Formats that users named: name → pattern. Asked for when a batch names a format that is not built in. */
  patterns?: () => Readonly<Record<string, string>>
}

export interface AccessSink extends LineSink {
  /** Since when the counts run, ms. */
  readonly since: number
  /** Every source heard of, by name; `cluster` narrows it to one. */
  sources(cluster: string): SourceStatus[]
  /** The newest rows that arrived, newest first, for the live table. */
  latest(select: { cluster: string; route?: string; namespace?: string; service?: string }, limit?: number): RequestRow[]
}

interface Source {
  status: SourceStatus
  format: LineFormat | undefined
  /** What the batch named; a change means looking again. */
  asked: string | undefined
}

const decoder = new TextDecoder()
/** Any program's JSON may have a status and a message; only a proxy's has these. */
const OF_REQUESTS = /"(?:request_?time|request_uri|remote_addr|upstream_\w+|DownstreamStatus|RequestPath|response_code|(?:body_)?bytes_sent)"\s*:/i

/** Agents of several nodes may name their sources alike. */
const senderOf = ({ source, labels }: LineBatch): string => [source, labels.node, labels.host, labels.pod].filter((part) => part !== undefined).join(' ')

const transportOf = (batch: LineBatch): SourceStatus['transport'] => {
  const { transport } = batch.labels
  return transport === 'agent' || transport === 'syslog' || transport === 'loki' || transport === 'ndjson' ? transport : 'lines'
}

export function createAccessSink(options: AccessSinkOptions): AccessSink {
  const { telemetry, live, clock } = options
  const reader = createLineReader()
  const builder = createBlockBuilder()
  /** One for each cluster: the same name may mean another thing in each. */
  const vocabularies = new Map<string, { version: number; words: Vocabulary }>()
  const sources = new Map<string, Source>()
  const latest = new Map<string, RequestRow[]>()
  /** Batches are parsed one after the other: they share the builder's arrays. */
  let turn: Promise<unknown> = Promise.resolve()

  function vocabularyOf({ cluster, receivedAt }: LineBatch): Vocabulary {
    const version = options.backends?.version(cluster) ?? 0
    const known = vocabularies.get(cluster)
    vocabularies.delete(cluster)
    const keep = known !== undefined && known.version === version && !known.words.isStale(receivedAt, 1 / (vocabularies.size + 1))
    const words = keep
      ? known.words
      : createVocabulary({
          country: options.country,
          namespaces: options.backends?.namespaces(cluster),
          backendOf: (address) => options.backends?.of(cluster, address),
        })
    vocabularies.set(cluster, { version, words })
    for (const idle of vocabularies.keys()) {
      if (vocabularies.size <= VOCABULARIES_MAX) break
      vocabularies.delete(idle)
    }
    return words
  }

  function sourceOf(batch: LineBatch): Source {
    const key = `${batch.cluster}\n${batch.source}`
    const known = sources.get(key)
    if (known) {
      sources.delete(key)
      sources.set(key, known)
      return known
    }
    const status: SourceStatus = {
      source: batch.source,
      transport: transportOf(batch),
      format: null,
      accepted: 0,
      rejected: 0,
      repaired: 0,
      reasons: {},
      lastAt: null,
      samples: [],
    }
    const source: Source = { status, format: undefined, asked: undefined }
    sources.set(key, source)
    for (const oldest of sources.keys()) {
      if (sources.size <= SOURCES_MAX) break
      sources.delete(oldest)
    }
    return source
  }

  /** The format of a batch: the one it names, else the one found before, else the one that its first lines tell. */
  function formatOf(batch: LineBatch, source: Source): LineFormat | undefined {
    const asked = batch.format === 'auto' || batch.format === '' ? undefined : batch.format
    if (asked !== source.asked) source.format = undefined
    source.asked = asked
    if (source.format) return source.format
    if (asked === undefined) source.format = detectFormat(batch.bytes, batch.times)
    else {
      const found = findFormat(options.patterns?.()[asked] ?? asked)
      if (!found.ok) throw found.error
      source.format = { ...found.value, name: asked.slice(0, 80) }
    }
    return source.format
  }

  async function parse(batch: LineBatch) {
    const source = sourceOf(batch)
    let format = formatOf(batch, source)
    const vocabulary = vocabularyOf(batch)
    // a plain view: Node's Buffers would make the hot loops serve two kinds of array
    const bytes = new Uint8Array(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const once = async () => {
      const run = {
        format,
        earliest: batch.receivedAt - (options.retentionDays?.() ?? access.ttlDays) * DAY_MS,
        latest: batch.receivedAt + FUTURE_MS,
        rejects: createRejects(),
        accepted: 0,
        ...(batch.times ? { times: batch.times } : {}),
      }
      const slice = format?.slice ?? SLICE
      reader.reset()
      builder.begin({ cluster: batch.cluster, source: batch.source, receivedAt: batch.receivedAt, vocabulary })
      for (let at = 0; at < bytes.length; ) {
        at = reader.read(run, bytes, view, at, Math.min(bytes.length, at + slice), builder)
        if (at < bytes.length) await breathe()
      }
      return run
    }
    let run = await once()
    // the file's format may have changed; a format that the sender named stays
    if (source.asked === undefined && (run.rejects.reasons.format ?? 0) > run.accepted) {
      const other = detectFormat(batch.bytes, batch.times)
      if (other !== undefined && other !== format) {
        source.format = other
        format = other
        run = await once()
      }
    }
    return { source, run, format, block: builder.finish() }
  }

  /** Parses alone, whatever came of the batch before. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result.catch(() => {})
    return result
  }

  async function take(batch: LineBatch): Promise<LineReceipt> {
    await options.backends?.ready(batch.cluster)
    const { source, run, format, block } = await inTurn(() => parse(batch))
    if (block.rows > 0) await telemetry.append({ id: batch.id, table: 'access', rows: block.rows, native: block.native })
    // from here on nothing can fail: the counts, the live view and the store agree
    live.publish(block.live, senderOf(batch))
    const recent = [...block.latest, ...(latest.get(batch.cluster) ?? [])]
    latest.set(batch.cluster, recent.slice(0, LATEST_MAX))
    const { status } = source
    status.transport = transportOf(batch)
    status.format = format?.name ?? null
    status.accepted += run.accepted
    status.rejected += run.rejects.total
    status.repaired += block.repaired
    for (const [reason, count] of Object.entries(run.rejects.reasons)) status.reasons[reason] = (status.reasons[reason] ?? 0) + count
    status.lastAt = Math.max(status.lastAt ?? 0, batch.receivedAt)
    const fresh = run.rejects.samples.map((sample) => ({ at: batch.receivedAt, ...sample }))
    status.samples = [...fresh, ...status.samples].slice(0, SAMPLE_MAX)
    return { accepted: run.accepted, rejected: run.rejects.total, reasons: { ...run.rejects.reasons } }
  }

  /** Of pushes that may be other logs too, those whose lines are access logs, or that say so. */
  function accepts(batch: LineBatch): boolean {
    const { format, signals, labels, bytes, times } = batch
    if (format === 'container') return false
    if (format !== undefined || signals === undefined || labels.transport !== 'loki') return true
    if (!signals.includes('access') || !signals.includes('logs')) return signals.includes('access')
    const found = detectFormat(bytes, times)
    return found !== undefined && (found.name !== 'json' || OF_REQUESTS.test(decoder.decode(bytes.subarray(0, 4096))))
  }

  return {
    name: 'access',
    since: clock.now(),
    accepts,
    write: take,
    sources: (cluster) => [...sources].filter(([key]) => key.startsWith(`${cluster}\n`)).map(([, source]) => structuredClone(source.status)),
    latest(select, limit = 20) {
      const rows = latest.get(select.cluster) ?? []
      const same = (name: 'route' | 'namespace' | 'service') => (row: RequestRow) => select[name] === undefined || row[name] === select[name]
      return rows.filter(same('route')).filter(same('namespace')).filter(same('service')).slice(0, limit)
    },
  }
}
