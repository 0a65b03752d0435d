import type { z } from 'zod'
import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { By, EventRow, EventsAnswer, FirstSeenAnswer, PersonAnswer, personQuery, SeriesAnswer, TopAnswer } from '../domain/api.ts'
import {
  type Asked,
  deedsStatement,
  eventRow,
  eventsStatement,
  exportStatement,
  factsStatement,
  firstSeenStatement,
  type Mark,
  markOf,
  seriesStatement,
  topStatement,
} from '../domain/queries.ts'

const MOST_POINTS = 300
/** Rows of one query of many. */
const EXPORT_PAGE = 10_000
const SOFT_STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400].map((seconds) => seconds * 1000)

/** Answers about one cluster, for a reader who may see `scope`. */
export function createQuestions(telemetry: Pick<Telemetry, 'query'>) {
  return {
    async events(asked: Asked, page: { order: 'asc' | 'desc'; limit: number; offset: number }, scope: Scope): Promise<EventsAnswer> {
      const { rows, rowsRead, elapsedMs } = await telemetry.query({ ...eventsStatement(asked, page), scope })
      return { events: rows.slice(0, page.limit).map(eventRow), more: rows.length > page.limit, rowsRead, elapsedMs }
    },
    /** All events that answer, oldest first, page by page; what is exported is bounded by the question only. */
    async *all(asked: Asked, scope: Scope, signal?: AbortSignal): AsyncGenerator<EventRow[]> {
      for (let after: Mark | undefined; signal?.aborted !== true; ) {
        const { rows } = await telemetry.query({ ...exportStatement({ ...asked, from: after?.at ?? asked.from }, after, EXPORT_PAGE), scope })
        yield rows.map(eventRow)
        if (rows.length < EXPORT_PAGE) return
        after = markOf(rows.at(-1)!)
      }
    },
    async person(cluster: string, { what, name, after }: z.output<typeof personQuery>, scope: Scope): Promise<PersonAnswer> {
      const [at, batch, seq] = after?.split('_') ?? []
      const mark = after === undefined ? undefined : { at: Number(at), batch: batch!, seq: Number(seq) }
      const statement = what === 'facts' ? factsStatement(cluster, mark, EXPORT_PAGE) : deedsStatement(cluster, name, mark, EXPORT_PAGE)
      const { rows } = await telemetry.query({ ...statement, scope })
      if (rows.length < EXPORT_PAGE) return { events: rows.map(eventRow) }
      const last = markOf(rows.at(-1)!)
      return { events: rows.map(eventRow), next: `${last.at}_${last.batch}_${last.seq}` }
    },
    async top(asked: Asked, by: By, limit: number, scope: Scope): Promise<TopAnswer> {
      const { rows } = await telemetry.query({ ...topStatement(asked, by, limit), scope })
      return {
        rows: rows.map(([key, events, sensitive, refused, lastAt]) => ({
          key: String(key),
          events: Number(events),
          sensitive: Number(sensitive),
          refused: Number(refused),
          lastAt: Number(lastAt),
        })),
      }
    },
    async series(asked: Asked, wished: number | undefined, scope: Scope): Promise<SeriesAnswer> {
      const least = Math.max(wished ?? 0, (asked.to - asked.from) / MOST_POINTS)
      const step = SOFT_STEPS.find((candidate) => candidate >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000
      const { rows } = await telemetry.query({ ...seriesStatement(asked, step), scope })
      return { step, points: rows.map(([at, events, sensitive, refused]) => [Number(at), Number(events), Number(sensitive), Number(refused)]) }
    },
    async firstSeen(asked: Asked, scope: Scope): Promise<FirstSeenAnswer> {
      const kinds = ['user', 'source_ip', 'user_agent'] as const
      const answers = await Promise.all(kinds.map((what) => telemetry.query({ ...firstSeenStatement(asked, what), scope })))
      const rows = answers.flatMap(({ rows }, i) => rows.map(([key, user, at]) => ({ what: kinds[i]!, key: String(key), user: String(user), at: Number(at) })))
      return { rows: rows.sort((a, b) => b.at - a.at) }
    },
  }
}
