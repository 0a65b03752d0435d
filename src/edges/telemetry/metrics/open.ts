/** Metrics over the telemetry store: series in memory, samples in tables, PromQL by our own evaluator. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { LabelMatcher } from '#core/promql/ast.ts'
import { getLabel, type Labels, labelsFromKey, labelsOf } from '#core/promql/labels.ts'
import { parse } from '#core/promql/parser.ts'
import { DEFAULT_SETTINGS, makePlan, type Settings } from '#core/promql/plan.ts'
import type { Exemplar, Metadata, Metrics, MetricsQuestion, MetricsView, SampleBatch, SampleReceipt, SeriesQuestion } from '#core/shapes/ports/metrics.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { encodeRows, type Row } from '#core/telemetry/encode-rows.ts'
import { readNative } from '#core/telemetry/native-read.ts'
import { TABLES, type TableName } from '#core/telemetry/tables.ts'
import { histogramsBlock, runsBlock, startsBlock } from './blocks.ts'
import { checkSeries, fetchParts } from './fetch.ts'
import { createRegistry, type KnownSeries, type Registry, SLACK_MS } from './registry.ts'
import type { Query } from './thread.ts'
import { createThreads, type Lane } from './threads.ts'

export interface OpenMetricsOptions {
  telemetry: Telemetry
  clock: Clock
  /** Series of one cluster; samples of further ones are rejected. */
  seriesLimit?: number
}

const SERIES_LIMIT = 500_000
/** Series that one selector may match, and samples that one query may read. */
const QUERY_SERIES = 100_000
const QUERY_SAMPLES = 30_000_000
const FUTURE_MS = 10 * 60_000
const DAY_MS = 86_400_000
const FORGET_MS = 3_600_000
const LABELS_MAX = 64
const LABEL_TEXT_MAX = 4_096
const METADATA_MAX = 50_000
const EXEMPLARS_MAX = 10_000
/** What the store's times can tell, more or less: 1900 to 2200. */
const DATE_RANGE_MS = 70 * 365 * DAY_MS

interface ClusterMetrics {
  registry: Registry
  metadata: Map<string, Metadata>
  accepted: number
  rejected: number
  reasons: Record<string, number>
}

/** Resolves when the series of earlier runs are known. */
export async function openMetrics(options: OpenMetricsOptions): Promise<Metrics & { close(): Promise<void> }> {
  const { telemetry, clock, seriesLimit = SERIES_LIMIT } = options
  const clusters = new Map<string, ClusterMetrics>()
  const of = (cluster: string): ClusterMetrics => {
    const known = clusters.get(cluster)
    if (known) return known
    const made: ClusterMetrics = { registry: createRegistry(), metadata: new Map(), accepted: 0, rejected: 0, reasons: {} }
    clusters.set(cluster, made)
    return made
  }
  const retentionDays = async () => (await telemetry.status()).signals.find(({ signal }) => signal === 'metrics')?.retentionDays ?? TABLES.sample_runs.ttlDays
  let keptMs = TABLES.sample_runs.ttlDays * DAY_MS
  const readRetention = async () => {
    // What cannot be read now stays as it was: samples are not thrown away for that.
    keptMs = await retentionDays().then(
      (days) => days * DAY_MS,
      () => keptMs,
    )
  }
  await readRetention()
  await restore(telemetry, of, clock.now() - keptMs)

  const threads = createThreads()
  const closing = new AbortController()
  const upkeep = (async () => {
    while (!closing.signal.aborted) {
      await clock.sleep(FORGET_MS, closing.signal).catch(() => {})
      await readRetention()
      for (const { registry } of clusters.values()) registry.forget(clock.now() - keptMs)
    }
  })()

  const append = (id: string, table: TableName, rows: number, native: Uint8Array) => telemetry.append({ id, table, rows, native })
  const appendRows = (table: TableName, rows: readonly Row[], id = uuidv7(clock.now(), randomBytes(10))) => {
    const block = encodeRows(TABLES[table], rows)
    return append(id, table, block.rows, block.native)
  }

  async function take(batch: SampleBatch): Promise<SampleReceipt> {
    const { cluster } = batch
    const state = of(cluster)
    const { registry } = state
    const now = clock.now()
    // What lies before 1970 has no half hour.
    const [earliest, latest] = [Math.max(0, now - keptMs), now + FUTURE_MS]
    const reasons: Record<string, number> = {}
    let rejected = 0
    const reject = (reason: string) => {
      rejected++
      reasons[reason] = (reasons[reason] ?? 0) + 1
    }
    const known: (KnownSeries | string | undefined)[] = new Array(batch.series.length)
    /** The series of a row, made when its first sample comes; undefined when the sample is not taken. */
    const resolve = (index: number, at: number): KnownSeries | undefined => {
      if (!(at >= earliest)) return void reject('old')
      if (at > latest) return void reject('future')
      let found = known[index]
      if (found === undefined) {
        const labels = batch.series[index]!
        found = registry.find(labels.key) ?? labelFault(labels) ?? (registry.size >= seriesLimit ? 'series-limit' : registry.add(labels, at))
        known[index] = found
      }
      if (typeof found === 'string') return void reject(found)
      if (at < found.min) found.min = at
      if (at > found.max) found.max = at
      return found
    }

    const n = batch.of.length
    const ids = new BigUint64Array(n)
    const ts = new Float64Array(n)
    const values = new Float64Array(n)
    const stale = new Uint8Array(n)
    const whole = new Uint8Array(n)
    const begun: { of: KnownSeries; ts: number; start: number }[] = []
    let rows = 0
    for (let i = 0; i < n; i++) {
      const found = resolve(batch.of[i]!, batch.ts[i]!)
      if (!found) continue
      ids[rows] = found.id
      ts[rows] = batch.ts[i]!
      values[rows] = batch.values[i]!
      if (batch.stale?.[i] === 1) stale[rows] = 1
      else if (inWhole(found, values[rows]!)) whole[rows] = 1
      const start = batch.starts?.[i]
      if (saysStart(start)) begun.push({ of: found, ts: batch.ts[i]!, start })
      rows++
    }
    const histograms = (batch.histograms ?? []).flatMap((one) => {
      const found = resolve(one.of, one.ts)
      if (!found) return []
      found.histograms = true
      if (saysStart(one.start)) begun.push({ of: found, ts: one.ts, start: one.start })
      return [{ ...one, id: found.id }]
    })
    const exemplars = (batch.exemplars ?? []).slice(0, EXEMPLARS_MAX).flatMap(({ of: index, ts: at, value, labels }) => {
      const found = known[index] ?? registry.find(batch.series[index]!.key)
      return typeof found === 'object' && at >= earliest && at <= latest ? [{ cluster, id: found.id, ts: at, value, labels }] : []
    })

    // The series first: samples without them would not be found after a restart.
    const unsaved = known.filter((one) => typeof one === 'object').filter((one) => !(one.max <= one.savedMax + SLACK_MS && one.min >= one.savedMin - SLACK_MS))
    if (unsaved.length > 0) {
      const bounds = unsaved.map(({ min, max }) => ({ min, max }))
      await appendRows(
        'series',
        unsaved.map((one) => seriesRow(cluster, one, state.metadata)),
      )
      unsaved.forEach((one, i) => {
        one.savedMin = bounds[i]!.min
        one.savedMax = bounds[i]!.max
      })
    }
    if (rows > 0) {
      const part = <T extends { subarray(from: number, to: number): T }>(column: T) => column.subarray(0, rows)
      const block = runsBlock(cluster, { ids: part(ids), ts: part(ts), values: part(values), stale: part(stale), whole: part(whole) })
      await append(batch.id, 'sample_runs', block.rows, block.native)
    }
    if (histograms.length > 0) {
      const histogramIds = BigUint64Array.from(histograms, ({ id }) => id)
      const times = Float64Array.from(histograms, ({ ts: at }) => at)
      const block = histogramsBlock(
        cluster,
        histogramIds,
        times,
        histograms.map(({ histogram }) => histogram),
      )
      await append(derivedId(batch.id, 'histograms'), 'histograms', histograms.length, block)
    }
    if (begun.length > 0) {
      for (const one of begun) one.of.starts = true
      const column = (pick: (one: (typeof begun)[number]) => number) => Float64Array.from(begun, pick)
      const block = startsBlock(
        cluster,
        BigUint64Array.from(begun, (one) => one.of.id),
        column(({ ts: at }) => at),
        column(({ start }) => start),
      )
      await append(derivedId(batch.id, 'starts'), 'starts', begun.length, block)
    }
    if (exemplars.length > 0) await appendRows('exemplars', exemplars, derivedId(batch.id, 'exemplars'))
    await takeMetadata(cluster, state, batch.metadata ?? [], now)

    state.accepted += rows + histograms.length
    state.rejected += rejected
    for (const [reason, count] of Object.entries(reasons)) state.reasons[reason] = (state.reasons[reason] ?? 0) + count
    return { accepted: rows + histograms.length, histograms: histograms.length, exemplars: exemplars.length, rejected, reasons }
  }

  async function takeMetadata(cluster: string, state: ClusterMetrics, metadata: readonly Metadata[], now: number): Promise<void> {
    const fresh = metadata.filter((one) => {
      const known = state.metadata.get(one.metric)
      if (!known) return state.metadata.size < METADATA_MAX
      return known.type !== one.type || known.help !== one.help || known.unit !== one.unit
    })
    if (fresh.length === 0) return
    const latest = [...new Map(fresh.map((one) => [one.metric, one])).values()]
    await appendRows(
      'metric_metadata',
      latest.map(({ metric, type, unit, help }) => ({ cluster, metric, type, unit, help, updated_at: now })),
    )
    for (const one of latest) state.metadata.set(one.metric, one)
  }

  const select = ({ cluster, namespaces }: MetricsView, matchers: readonly LabelMatcher[], from: number, to: number) => {
    const found = clusters.get(cluster)?.registry.select(matchers, from, to) ?? []
    if (namespaces === 'all') return found
    const visible = new Set(namespaces)
    return found.filter(({ key }) => visible.has(getLabel(labelsFromKey(key), 'namespace')))
  }
  const selectAny = ({ view, matchers, from, to }: SeriesQuestion) => {
    if (matchers.length <= 1) return select(view, matchers[0] ?? [], from, to)
    return [...new Map(matchers.flatMap((set) => select(view, set, from, to)).map((one) => [one.id, one])).values()]
  }

  const asking: Asking = { telemetry, clock, select, sizeOf: (cluster, high) => of(cluster).registry.sizeOf(high) }
  return {
    append: take,
    query: (question) => ask(asking, question, (query, lane, signal) => threads.evaluate(query, lane, signal)),
    json: (question, form) => ask(asking, question, (query, lane, signal) => threads.json({ ...query, form }, lane, signal)),
    series: (question) => selectAny(question).map(({ key }) => labelsFromKey(key)),
    metadata: (cluster) => [...(clusters.get(cluster)?.metadata.values() ?? [])],
    exemplars: (question) => readExemplars(telemetry, question, selectAny(question)),
    status(cluster) {
      const state = clusters.get(cluster)
      return {
        series: state?.registry.size ?? 0,
        seriesLimit,
        accepted: state?.accepted ?? 0,
        rejected: state?.rejected ?? 0,
        reasons: { ...state?.reasons },
      }
    },
    async close() {
      closing.abort()
      await upkeep
      await threads.close()
    },
  }
}

/** Whether it says when counting began, ms. */
const saysStart = (start: number | undefined): start is number => start !== undefined && start !== 0 && Math.abs(start) < DATE_RANGE_MS

/** Whether the value is stored as an integer: series that have had a broken number are not asked again, so that their values lie together. */
function inWhole(series: KnownSeries, value: number): boolean {
  if (!series.whole) return false
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return true
  // NaN says nothing of the others.
  if (!Number.isNaN(value)) series.whole = false
  return false
}

/** Why a series is not taken. */
function labelFault({ pairs, key }: Labels): string | undefined {
  if (pairs.length / 2 > LABELS_MAX || key.length > LABELS_MAX * 256) return 'labels'
  let named = false
  for (let i = 0; i < pairs.length; i++) {
    if (pairs[i]!.length > LABEL_TEXT_MAX || pairs[i]!.includes('\xff')) return 'labels'
    if (i % 2 === 0 && pairs[i] === '__name__') named = true
  }
  return named ? undefined : 'labels'
}

const seriesRow = (cluster: string, { id, key, min, max }: KnownSeries, metadata: ReadonlyMap<string, Metadata>): Row => {
  const pairs = key.split('\xff')
  const labels: Record<string, string> = {}
  let metric = ''
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] === '__name__') metric = pairs[i + 1]!
    else labels[pairs[i]!] = pairs[i + 1]!
  }
  const about = metadata.get(metric)
  return { cluster, id, metric, labels, type: about?.type ?? '', unit: about?.unit ?? '', min_ts: min, max_ts: max }
}

/** An id of its own for another table's part of a batch: the same each time. */
const derivedId = (id: string, table: string): string => {
  const hash = createHash('sha256').update(`${id} ${table}`).digest()
  return uuidv7(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), hash)
}

async function restore(telemetry: Telemetry, of: (cluster: string) => ClusterMetrics, since: number): Promise<void> {
  const limits = { seconds: 120, memoryBytes: 2 ** 31, rows: 10_000_000 }
  const decoder = new TextDecoder()
  const idsIn = async (table: 'histograms' | 'starts') => {
    const found = readNative(await telemetry.columns({ sql: `SELECT DISTINCT CAST(cluster AS String) AS c, id FROM ${table}`, scope: 'all', limits }))
    const of = new BigUint64Array(found.numbers('id'))
    return new Set(found.texts('c').map((cluster, i) => `${decoder.decode(cluster)} ${of[i]}`))
  }
  const [histograms, starts] = [await idsIn('histograms'), await idsIn('starts')]
  const rows = readNative(
    await telemetry.columns({
      sql: `SELECT CAST(cluster AS String) AS c, id, CAST(metric AS String) AS m, toJSONString(labels) AS l,
toFloat64(toUnixTimestamp64Milli(min_ts)) AS a, toFloat64(toUnixTimestamp64Milli(max_ts)) AS b
FROM series FINAL WHERE max_ts >= fromUnixTimestamp64Milli(toInt64({since:Int64}), 'UTC')`,
      params: { since: Math.floor(since) },
      scope: 'all',
      limits,
    }),
  )
  const [c, m, l] = [rows.texts('c'), rows.texts('m'), rows.texts('l')]
  const ids = new BigUint64Array(rows.numbers('id'))
  const [min, max] = [new Float64Array(rows.numbers('a')), new Float64Array(rows.numbers('b'))]
  for (let i = 0; i < rows.rows; i++) {
    const cluster = decoder.decode(c[i])
    const labels = labelsOf([['__name__', decoder.decode(m[i])], ...Object.entries(JSON.parse(decoder.decode(l[i])) as Record<string, string>)])
    of(cluster).registry.restore({
      labels,
      id: ids[i]!,
      min: min[i]!,
      max: max[i]!,
      histograms: histograms.has(`${cluster} ${ids[i]}`),
      starts: starts.has(`${cluster} ${ids[i]}`),
    })
  }
  const about = await telemetry.query({ sql: 'SELECT cluster, metric, type, unit, help FROM metric_metadata FINAL', scope: 'all', limits })
  for (const [cluster, metric, type, unit, help] of about.rows as string[][])
    of(cluster!).metadata.set(metric!, { metric: metric!, type: type!, unit: unit!, help: help! })
}

interface Asking {
  telemetry: Telemetry
  clock: Clock
  select(view: MetricsView, matchers: readonly LabelMatcher[], from: number, to: number): KnownSeries[]
  sizeOf(cluster: string, high: number): number
}

const TIMEOUT_MS = 60_000
const MOST_TIMEOUT_MS = 120_000

async function ask<T>(
  { telemetry, clock, select, sizeOf }: Asking,
  question: MetricsQuestion,
  evaluated: (query: Query, lane: Lane, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = Math.min(question.timeoutMs ?? TIMEOUT_MS, MOST_TIMEOUT_MS)
  const settings: Settings = {
    ...DEFAULT_SETTINGS,
    lookback: question.lookback ?? DEFAULT_SETTINGS.lookback,
    limits: { ...DEFAULT_SETTINGS.limits, samples: QUERY_SAMPLES },
  }
  const { text, start, end, step, view, lane = 'interactive' } = question
  const range = { start, end, step }
  // What is wrong with the text or too long a range is known before anything is read.
  const { fetches } = makePlan(parse(text), text, range, settings)
  const answered = new AbortController()
  const late = new AbortController()
  const deadline = clock.sleep(timeout, answered.signal).then(
    () => {
      late.abort(new CodedError('TIMED_OUT', { what: 'The query', limit: `${timeout / 1000} s` }))
      throw late.signal.reason
    },
    () => new Promise<never>(() => {}),
  )
  const answer = async () => {
    const parts = await Promise.all(
      fetches.map(({ matchers, from, to }) => {
        const selected = select(view, matchers, from, to)
        checkSeries(selected.length, QUERY_SERIES)
        return fetchParts({ telemetry, cluster: view.cluster, lane, samples: QUERY_SAMPLES, sizeOf: (high) => sizeOf(view.cluster, high) }, selected, from, to)
      }),
    )
    return evaluated({ text, range, settings, parts }, lane, late.signal)
  }
  try {
    return await Promise.race([answer(), deadline])
  } finally {
    answered.abort()
  }
}

async function readExemplars(telemetry: Telemetry, { view, from, to }: SeriesQuestion, selected: readonly KnownSeries[]): Promise<Exemplar[]> {
  const byId = new Map(selected.slice(0, EXEMPLARS_MAX).map(({ id, key }) => [String(id), labelsFromKey(key)]))
  if (byId.size === 0) return []
  const { rows } = await telemetry.query({
    sql: `SELECT toString(id), toUnixTimestamp64Milli(ts), value, labels FROM exemplars WHERE cluster = {cluster:String} AND id IN (${[...byId.keys()].join(',')})
AND ts >= fromUnixTimestamp64Milli(toInt64({from:Int64}), 'UTC') AND ts <= fromUnixTimestamp64Milli(toInt64({to:Int64}), 'UTC') ORDER BY id, ts LIMIT ${EXEMPLARS_MAX}`,
    params: { cluster: view.cluster, from: Math.floor(from), to: Math.floor(to) },
    scope: [{ cluster: view.cluster, signals: ['metrics'] }],
  })
  return rows.map(([id, ts, value, labels]) => ({
    series: byId.get(String(id))!,
    ts: Number(ts),
    value: value === null ? Number.NaN : Number(value),
    labels: labels as Record<string, string>,
  }))
}
