import type { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { isError } from '#core/kernel/errors.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { QueryResult, Scope, StoreStatus, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { incompleteReasons, readBuckets, requestRows, SETTLE, seriesColumns } from '../domain/answers.ts'
import type {
  MarksAnswer,
  Provenance,
  RequestsAnswer,
  rangeQuery,
  requestsQuery as requestsSchema,
  SeriesAnswer,
  SourceStatus,
  StatsAnswer,
  seriesQuery as seriesSchema,
  statsQuery,
  TopAnswer,
  topQuery,
} from '../domain/api.ts'
import { filtersOf } from '../domain/filters.ts'
import { alertMarks, changeMarks, joinMarks, MARK_MEASURES, markStep, settingMarks } from '../domain/marks.ts'
import { readTotals, statsOf, topRowOf } from '../domain/measures.ts'
import {
  type Asked,
  alertsQuery,
  coarsest,
  keysQuery,
  type Part,
  partsOf,
  presenceQuery,
  type Range,
  rankQuery,
  ranksAll,
  ranksFirst,
  requestCountQuery,
  requestsQuery,
  rollable,
  type Statement,
  seriesPart,
  seriesQuery,
  settingsQuery,
  spanOf,
  stepOf,
  totalsQuery,
} from '../domain/queries.ts'

export interface QuestionPorts {
  telemetry: Pick<Telemetry, 'query' | 'status'>
  live: Pick<LiveStream, 'window'>
  clock: Clock
  /** Sources of a cluster, for what they could not read. */
  sources(cluster: string): readonly SourceStatus[]
}

export type Questions = ReturnType<typeof createQuestions>

const STATUS_AGE = 2000
/** Raw rows of more than this are a long read, ms. */
const SCAN_RANGE = 1_800_000

const scans = (parts: readonly Part[]): boolean => parts.some((part) => part.source === 'access' && part.to - part.from > SCAN_RANGE)

/** Answers the API's questions about one cluster, for a reader who may see `scope`. */
export function createQuestions({ telemetry, live, clock, sources }: QuestionPorts) {
  let status: { at: number; value: Promise<StoreStatus> } | undefined
  const storeStatus = () => {
    if (!status || clock.now() - status.at > STATUS_AGE) status = { at: clock.now(), value: telemetry.status() }
    return status.value
  }

  /** What is gathered while one question is answered. */
  function begin(cluster: string, scope: Scope) {
    const started = clock.now()
    const limited: string[] = []
    let rowsRead = 0
    const run = async (statement: Statement, parts: readonly Part[] = []): Promise<QueryResult> => {
      const result = await telemetry.query({ ...statement, scope, lane: scans(parts) ? 'scans' : 'interactive' })
      rowsRead += result.rowsRead
      return result
    }
    // Asked for at once: behind the question itself it would wait for other people's questions.
    const store = storeStatus()
    const newestArrival = newestOf(cluster, scope)
    for (const early of [store, newestArrival]) early.catch(() => {})
    return {
      run,
      /** A part without which the answer still stands: undefined when it exceeds its limit, and the answer says so. */
      optional: async <T>(part: string, work: Promise<T>): Promise<T | undefined> =>
        work.catch((error: unknown) => {
          if (!isError(error, 'QUERY_LIMIT')) throw error
          limited.push(part)
          return undefined
        }),
      async provenance(source: Provenance['source'], range: Range): Promise<Provenance> {
        const { signals, queue } = await store
        const newestAt = await newestArrival
        const now = clock.now()
        const { oldestAt } = signals.find(({ signal }) => signal === 'access') ?? {}
        return {
          ...range,
          source,
          rowsRead,
          elapsedMs: now - started,
          ...(newestAt === undefined ? {} : { newestAt }),
          incomplete: incompleteReasons(range, { oldestAt, queue, sources: sources(cluster), limited, now }),
        }
      },
    }
  }

  /** The newest arrival; after a start, while nothing has arrived yet, the event time of the newest row. */
  async function newestOf(cluster: string, scope: Scope): Promise<number | undefined> {
    const now = clock.now()
    const freshness = live.window({ cluster }, now - 1000, now).freshnessMs
    if (freshness !== undefined) return now - freshness
    const { rows } = await telemetry.query({
      sql: 'SELECT toUnixTimestamp64Milli(max(ts)) AS newest FROM access WHERE cluster = {cluster:String} AND ts >= (SELECT max(ts) FROM access_1h WHERE cluster = {cluster:String})',
      params: { cluster },
      scope,
    })
    const newest = Number(rows[0]?.[0] ?? 0)
    return newest > 0 ? newest : undefined
  }

  const askedOf = (cluster: string, query: { filter: readonly string[] }): Asked => ({ cluster, filters: filtersOf(query.filter) })
  const earlier = (range: Range, offset: number): Range => ({ from: Math.max(0, range.from - offset), to: Math.max(1, range.to - offset) })

  return {
    async stats(cluster: string, scope: Scope, query: z.output<typeof statsQuery>): Promise<StatsAnswer> {
      const { run, optional, provenance } = begin(cluster, scope)
      const asked = askedOf(cluster, query)
      const read = async (range: Range) => {
        const parts = partsOf(range, rollable(asked.filters), clock.now())
        const span = spanOf(parts)
        const result = await run(totalsQuery(parts, asked), parts)
        const seconds = Math.max(1, Math.min(span.to, clock.now()) - span.from) / 1000
        return { parts, span, stats: statsOf(readTotals(result.columns, result.rows[0] ?? []), seconds) }
      }
      const [now, before] = await Promise.all([read(query), query.compare === undefined ? undefined : optional('compare', read(earlier(query, query.compare)))])
      return {
        ...(await provenance(coarsest(now.parts), now.span)),
        stats: now.stats,
        ...(before ? { compared: { ...before.span, stats: before.stats } } : {}),
      }
    },

    async series(cluster: string, scope: Scope, query: z.output<typeof seriesSchema>): Promise<SeriesAnswer> {
      const { run, optional, provenance } = begin(cluster, scope)
      const asked = askedOf(cluster, query)
      const step = stepOf(query, query.step)
      const read = async (range: Range) => {
        const part = seriesPart(range, step, rollable(asked.filters))
        const presence = presenceQuery(part, step, cluster)
        // Without filters and by the minute or more, the rows themselves tell when anything was sent.
        const needed = asked.filters.length > 0 || step < presence.step
        const [result, seen] = await Promise.all([run(seriesQuery(part, step, asked), [part]), needed ? optional('gaps', run(presence)) : undefined])
        const sent = new Set(seen?.rows.map((row) => Number(row[0])))
        const known = (bucket: number) => sent.has(Math.floor(bucket / presence.step) * presence.step)
        return { part, ...seriesColumns(readBuckets(result), part, step, known, clock.now()) }
      }
      const [now, before] = await Promise.all([read(query), query.compare === undefined ? undefined : optional('compare', read(earlier(query, query.compare)))])
      return {
        ...(await provenance(now.part.source, { from: now.part.from, to: now.part.to })),
        step,
        ts: now.ts,
        series: now.series,
        ...(before ? { compared: { ts: before.ts, series: before.series } } : {}),
      }
    },

    async top(cluster: string, scope: Scope, query: z.output<typeof topQuery>): Promise<TopAnswer> {
      const { run, provenance } = begin(cluster, scope)
      const asked = askedOf(cluster, query)
      const parts: Part[] = partsOf(query, rollable(asked.filters, query.by), clock.now())
      const span = spanOf(parts)
      const rank = (offset: number) => run(rankQuery(parts, asked, { ...query, offset }), parts)
      const [ranked, all] = await Promise.all([rank(query.offset), ranksAll(query) ? undefined : run(totalsQuery(parts, asked, ['requests']), parts)])
      const keys = ranked.rows.map((row) => String(row[0]))
      const detail = ranksFirst(parts, query.by) && keys.length > 0 ? await run(keysQuery(parts, asked, query.by, keys), parts) : ranked
      const totals = new Map(detail.rows.map((row) => [String(row[0]), readTotals(detail.columns, row)]))
      // Beyond the last page no row carries the count.
      const counted = ranked.rows[0] ?? (query.offset > 0 ? (await rank(0)).rows[0] : undefined)
      const everything = Number((all ? all.rows[0]?.[0] : counted?.[2]) ?? 0)
      const seconds = Math.max(1, Math.min(span.to, clock.now()) - span.from) / 1000
      return {
        ...(await provenance(coarsest(parts), span)),
        by: query.by,
        rows: keys.flatMap((key) => {
          const found = totals.get(key)
          return found ? [topRowOf(key, found, seconds, everything)] : []
        }),
        total: Number(counted?.[1] ?? 0),
      }
    },

    async marks(cluster: string, scope: Scope, query: z.output<typeof rangeQuery>): Promise<MarksAnswer> {
      const { run } = begin(cluster, scope)
      const asked = askedOf(cluster, query)
      const step = markStep(query)
      const part = seriesPart(query, step, rollable(asked.filters))
      const range = { from: query.from, to: query.to }
      const [buckets, alerts, settings] = await Promise.all([
        run(seriesQuery(part, step, asked, MARK_MEASURES), [part]),
        run(alertsQuery(range, cluster)),
        run(settingsQuery(range, cluster)),
      ])
      return { marks: joinMarks(changeMarks(readBuckets(buckets), part, step, clock.now() - SETTLE), alertMarks(alerts), settingMarks(settings)) }
    },

    async requests(cluster: string, scope: Scope, query: z.output<typeof requestsSchema>): Promise<RequestsAnswer> {
      const { run, optional, provenance } = begin(cluster, scope)
      const asked = askedOf(cluster, query)
      const raw: Part[] = [{ source: 'access', from: query.from, to: query.to }]
      const [page, count] = await Promise.all([
        run(requestsQuery(query, asked, query), raw),
        optional('total', run(requestCountQuery(query, asked, query), raw)),
      ])
      const rows = requestRows(page)
      return {
        ...(await provenance('access', { from: query.from, to: query.to })),
        rows,
        total: count ? Number(count.rows[0]?.[0] ?? 0) : query.offset + rows.length,
      }
    },
  }
}
