/** One target, scraped at its interval: the answer into columns, columns into the batch, and what the target's own series say of it. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '#core/kernel/clock.ts'
import { TAG } from '#core/telemetry/metric-batch.ts'
import { ExpositionError } from '#core/telemetry/series-text.ts'
import { compact, createMemory, REPORT_SERIES, type TargetMemory, withText } from '../domain/exposition/memory.ts'
import { readProtobuf } from '../domain/exposition/protobuf.ts'
import {
  type Columns,
  createColumns,
  LimitExceeded,
  markAllStale,
  newCounts,
  putNumber,
  reserveColumns,
  type ScrapeCounts,
} from '../domain/exposition/scrape-columns.ts'
import { type Body, readText } from '../domain/exposition/text.ts'
import type { ScrapeJob } from '../domain/jobs.ts'
import type { Relabel } from '../domain/relabel.ts'
import { admission, type Target } from '../domain/targets.ts'
import type { Batcher } from './batch.ts'
import { type AnswerHead, BodyTooLarge } from './http-body.ts'
import type { Access } from './http-client.ts'
import { createConnection } from './scrape-connection.ts'
import { textCodec } from './text-codec.ts'

export interface TargetState {
  target: Target
  health: 'unknown' | 'up' | 'down'
  /** Why it is down; of broken expositions with line and column. */
  lastError: string
  /** ms since the epoch, 0 before the first. */
  lastScrape: number
  lastSeconds: number
  samples: number
  kept: number
  series: number
  duplicates: number
}

export interface LoopDeps {
  clock: Clock
  batch: Batcher
  access: Access
  metric: Relabel
  /** Of a target that is no server: its text, in a body that is its own until the next is asked for. Throws an Error that says why there is none. */
  read?(): Body
  onScrape(state: TargetState): void
}

/** Scrapes are put to the time they were meant for when they are this near, so that times of a series compress. */
const TOLERANCE_MS = 2
const MOST_REDIRECTS = 5

const WEIGHTED: Record<ScrapeJob['protocols'][number], string> = {
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
}
const acceptHeader = (protocols: ScrapeJob['protocols']): string =>
  [...protocols.map((name, i) => `${WEIGHTED[name]};q=0.${protocols.length + 1 - i}`), '*/*;q=0.1'].join(',')

/** One parse at a time: all targets share the columns. */
const columns: Columns = createColumns()

/** Runs until `signal` is aborted; then its series are stale, unless `leaving` says that the whole collector stops. */
export async function scrapeLoop(target: Target, state: TargetState, deps: LoopDeps, signal: AbortSignal, leaving: () => boolean): Promise<void> {
  const { clock, batch, access } = deps
  const { job } = target
  const memory = createMemory(target.labels, admission(target, deps.metric))
  const connection = createConnection()
  const fixed: Record<string, string> = {
    accept: acceptHeader(job.protocols),
    'user-agent': 'sallyport-collect',
    'x-prometheus-scrape-timeout-seconds': String(target.timeoutMs / 1000),
    ...(job.enable_compression ? { 'accept-encoding': 'gzip' } : {}),
  }

  async function scrape(ts: number): Promise<void> {
    const started = performance.now()
    let counts: ScrapeCounts = newCounts()
    let size = 0
    const report = (error: unknown) => {
      const seconds = (performance.now() - started) / 1000
      state.health = error === undefined ? 'up' : 'down'
      state.lastError = error === undefined ? '' : reasonOf(error)
      state.lastScrape = ts
      state.lastSeconds = seconds
      state.samples = counts.scraped
      state.kept = counts.kept
      state.series = memory.slotCount - REPORT_SERIES.length
      state.duplicates = counts.duplicates
      putReports(memory, [error === undefined ? 1 : 0, seconds, counts.scraped, counts.kept, counts.added, target.timeoutMs / 1000, size])
      batch.add(memory, columns, ts)
      compact(memory)
    }
    const use = (head: AnswerHead, body: Body) => {
      const to = head.headers.get('location')
      if (head.status >= 300 && head.status < 400 && to !== undefined && job.follow_redirects) return to
      size = body.length
      let error: unknown
      try {
        if (head.status !== 200) throw new Error(`the target answers ${head.status}`)
        counts = readBody(memory, head, body, job, ts)
      } catch (thrown) {
        error = thrown
        counts = newCounts()
        markFailed(memory, thrown, job)
      }
      report(error)
      return undefined
    }
    const takeAnswer = (head: AnswerHead, body: Body) => withText(memory, textCodec, () => use(head, body))
    try {
      if (deps.read) {
        takeAnswer({ status: 200, headers: OWN_HEADERS }, deps.read())
        return
      }
      let { url } = target
      const headers = { ...fixed, ...(await access.headers()) }
      for (let i = 0; ; i++) {
        const to = await connection.get({ url, headers, tls: access.tls(), timeoutMs: target.timeoutMs, bodySizeLimit: job.limits.body }, signal, takeAnswer)
        if (to === undefined) return
        if (i === MOST_REDIRECTS) throw new Error('redirected too often')
        const next = new URL(to, url)
        if (!/^https?:$/.test(next.protocol)) throw new Error(`redirected to ${next.protocol}`)
        // What lets us in at one server is not for another.
        if (next.origin !== url.origin) delete (headers as Record<string, string>).authorization
        url = next
      }
    } catch (error) {
      if (signal.aborted) return
      withText(memory, textCodec, () => {
        markAllStale(memory, columns, true)
        report(error)
      })
    }
  }

  try {
    const offset = offsetOf(target.key, target.intervalMs)
    const now = clock.now()
    let due = now - (now % target.intervalMs) + offset
    while (due < now) due += target.intervalMs
    for (;;) {
      await clock.sleep(due - clock.now(), signal)
      const at = clock.now()
      await scrape(Math.abs(at - due) <= Math.max(TOLERANCE_MS, target.intervalMs / 100) ? due : at)
      deps.onScrape(state)
      due += target.intervalMs
      // What was missed is not made up for.
      for (const late = clock.now(); due < late; ) due += target.intervalMs
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    connection.close()
    if (!leaving() && state.lastScrape > 0) {
      withText(memory, textCodec, () => {
        markAllStale(memory, columns, job.track_timestamps_staleness)
        for (let slot = 0; slot < REPORT_SERIES.length; slot++) columns.tags[slot] = TAG.stale
        batch.add(memory, columns, clock.now())
      })
    }
  }
}

const OWN_HEADERS = new Map([['content-type', 'text/plain; version=0.0.4']])

/** A parser that failed has marked what went; anything else has not. */
function markFailed(memory: TargetMemory, error: unknown, job: ScrapeJob): void {
  if (!memory.empty) markAllStale(memory, columns, job.track_timestamps_staleness)
  else if (!(error instanceof ExpositionError || error instanceof LimitExceeded)) columns.tags.fill(TAG.absent, 0, memory.slotCount)
}

function putReports(memory: TargetMemory, values: readonly number[]): void {
  reserveColumns(columns, memory.slotCount)
  values.forEach((value, slot) => {
    putNumber(columns, slot, value)
    columns.times[slot] = 0
  })
}

function readBody(memory: TargetMemory, head: AnswerHead, body: Body, job: ScrapeJob, now: number): ScrapeCounts {
  const type = (head.headers.get('content-type') ?? '').toLowerCase()
  const options = { now, honorTimestamps: job.honor_timestamps, trackTimestamps: job.track_timestamps_staleness, sampleLimit: job.limits.samples }
  const known = /^(application\/vnd\.google\.protobuf|application\/openmetrics-text|text\/plain)\b/.exec(type)?.[1]
  const fallback = job.fallback_scrape_protocol
  const what = known ?? (fallback && WEIGHTED[fallback].split(';')[0])
  if (what === undefined)
    throw new Error(`the content type ${JSON.stringify(type)} is none of Prometheus; set fallback_scrape_protocol to read it nevertheless`)
  if (what === 'application/vnd.google.protobuf')
    return readProtobuf(memory, body, columns, {
      ...options,
      native: job.scrape_native_histograms ?? false,
      classicToo: job.always_scrape_classic_histograms ?? job.scrape_classic_histograms ?? false,
    })
  return readText(memory, body, columns, { ...options, openMetrics: what === 'application/openmetrics-text' })
}

function reasonOf(error: unknown): string {
  if (error instanceof ExpositionError || error instanceof LimitExceeded || error instanceof BodyTooLarge) return error.message
  const { code, message } = error as NodeJS.ErrnoException
  return message || code || String(error)
}

/** Spreads targets over the interval, the same for the same target in every run (FNV-1a). */
export function offsetOf(key: string, intervalMs: number): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  return (hash >>> 0) % intervalMs
}
