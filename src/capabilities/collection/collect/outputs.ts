/** Where queued batches go: this product's server in its own format, or any server by remote write. */
import type { Clock } from '#core/kernel/clock.ts'
import { type Codec, frameHead, METRIC_BATCH_TYPE, readPages, readSamples, readSections } from '#core/telemetry/metric-batch.ts'
import { type RemoteWriteVersion, type WritePage, writePage, writeRequests } from '../domain/remote-write.ts'
import { snappyCompress } from '../domain/snappy.ts'
import { type Access, call } from './http-client.ts'
import type { Queue, QueuedBatch } from './queue.ts'

export type Outcome = { outcome: 'taken' } | { outcome: 'refused'; reason: string } | { outcome: 'later'; reason: string; afterMs?: number }

export interface Output {
  name: string
  /** Never rejects but for the signal. */
  send(batch: QueuedBatch, queue: Queue, signal: AbortSignal): Promise<Outcome>
  /** Of all requests, those that failed too. */
  sent: { bytes: number }
}

const later = (reason: string, retryAfter?: string): Outcome => {
  const seconds = Number(retryAfter)
  return { outcome: 'later', reason, ...(seconds > 0 ? { afterMs: Math.min(seconds, 300) * 1000 } : {}) }
}
const whyOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message

/** Sends to `POST …/api/v1/ingest/metrics`. Pages go when the server says that it does not know them. */
export function serverOutput(options: { server: URL; token(): string; access: Access }): Output {
  const base = options.server.href.endsWith('/') ? options.server.href : `${options.server.href}/`
  const url = new URL('api/v1/ingest/metrics', base)
  const sent = { bytes: 0 }
  return {
    name: 'server',
    sent,
    async send(batch, queue, signal) {
      let wanted: ReadonlySet<string> = new Set()
      for (let attempt = 0; ; attempt++) {
        try {
          const body = Buffer.concat([frameHead(), ...queue.pages(batch.segment, wanted), batch.section])
          sent.bytes += body.length
          const answer = await call({
            url,
            method: 'POST',
            headers: { authorization: `Bearer ${options.token()}`, 'content-type': METRIC_BATCH_TYPE, 'sallyport-batch': batch.id },
            body,
            tls: options.access.tls(),
            signal,
          })
          if (answer.status >= 200 && answer.status < 300) return { outcome: 'taken' }
          if (answer.status === 409 && attempt < 3) {
            const { missing } = JSON.parse(answer.text) as { missing?: string[] }
            if (!Array.isArray(missing) || missing.length === 0) return later('409 without pages')
            wanted = new Set([...wanted, ...missing])
            continue
          }
          const reason = String(answer.status)
          return answer.status === 400 || answer.status === 413 || answer.status === 415 ? { outcome: 'refused', reason } : later(reason, answer.retryAfter)
        } catch (error) {
          return later(whyOf(error))
        }
      }
    },
  }
}

const MOST_SAMPLES = 10_000
const MOST_PAGES = 8192

/** Remote write 1.0 or 2.0; what a server refuses for good (4xx but 429) is counted and left. */
export function remoteWriteOutput(options: {
  name: string
  url: URL
  version: RemoteWriteVersion
  timeoutMs: number
  headers: Readonly<Record<string, string>>
  access: Access
  exemplars: boolean
  histograms: boolean
  codec: Codec
}): Output {
  const { version, codec } = options
  const pages = new Map<string, WritePage>()
  const fixed = {
    ...options.headers,
    'content-encoding': 'snappy',
    'content-type': version === '1.0' ? 'application/x-protobuf' : 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    'x-prometheus-remote-write-version': version === '1.0' ? '0.1.0' : '2.0.0',
    'user-agent': 'sallyport-collect',
  }
  /** Requests of the batch that were taken, when a later one was not. */
  let progress = { id: '', requests: 0 }
  const sent = { bytes: 0 }
  return {
    name: options.name,
    sent,
    async send(batch, queue, signal) {
      try {
        const blocks = readSections(batch.section, false).flatMap((section) => readSamples(section, codec))
        const unknown = new Set(blocks.map(({ pageId }) => pageId).filter((id) => !pages.has(id)))
        if (unknown.size > 0) {
          if (pages.size > MOST_PAGES) pages.clear()
          for (const section of queue.pages(batch.segment, unknown))
            for (const sub of readSections(section, false))
              for (const { id, bytes } of readPages(sub, codec)) if (unknown.has(id)) pages.set(id, writePage(bytes, version))
        }
        const skip = progress.id === batch.id ? progress.requests : 0
        let at = 0
        for (const { bytes } of writeRequests(blocks, (id) => pages.get(id), version, MOST_SAMPLES, options)) {
          if (at++ < skip) continue
          const headers = { ...fixed, ...(await options.access.headers()) }
          const body = snappyCompress(bytes)
          sent.bytes += body.length
          const answer = await call({
            url: options.url,
            method: 'POST',
            headers,
            body,
            tls: options.access.tls(),
            timeoutMs: options.timeoutMs,
            signal,
          })
          if (answer.status >= 500 || answer.status === 429) return later(String(answer.status), answer.retryAfter)
          if (answer.status >= 300) return { outcome: 'refused', reason: `${answer.status} ${answer.text.slice(0, 200)}`.trim() }
          progress = { id: batch.id, requests: at }
        }
        return { outcome: 'taken' }
      } catch (error) {
        return later(whyOf(error))
      }
    },
  }
}

export interface OutputState {
  name: string
  batches: number
  samples: number
  refused: number
  lastError: string
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 30_000

/** Sends what is queued, in order, until `signal` is aborted. */
export async function drain(output: Output, queue: Queue, state: OutputState, deps: { clock: Clock; random(): number }, signal: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE_MS
  while (!signal.aborted) {
    const batch = queue.next(output.name)
    if (!batch) {
      await queue.wait(signal)
      continue
    }
    const result = await output.send(batch, queue, signal)
    if (result.outcome === 'later') {
      if (signal.aborted) return
      state.lastError = result.reason
      // Spread out, so that many collectors do not come back together; never before the server's own word.
      const ms = result.afterMs === undefined ? pause * (0.5 + deps.random() / 2) : result.afterMs + (pause / 2) * deps.random()
      await deps.clock.sleep(ms, signal).catch(() => {})
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      continue
    }
    pause = FIRST_PAUSE_MS
    state.batches++
    if (result.outcome === 'taken') {
      state.samples += batch.samples
      state.lastError = ''
    } else {
      state.refused += batch.samples
      state.lastError = result.reason
    }
    queue.done(output.name, batch)
  }
}
