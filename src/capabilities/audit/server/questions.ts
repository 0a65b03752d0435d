import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { By, EventsAnswer, FirstSeenAnswer, SeriesAnswer, TopAnswer } from '../domain/api.ts'
import { type Asked, eventRow, eventsStatement, firstSeenStatement, seriesStatement, topStatement } from '../domain/queries.ts'

const MOST_POINTS = 300
const SOFT_STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400].map((seconds) => seconds * 1000)

/** Answers about one cluster, for a reader who may see `scope`. */
export function createQuestions(telemetry: Pick<Telemetry, 'query'>) {
  return {
    async events(asked: Asked, page: { order: 'asc' | 'desc'; limit: number; offset: number }, scope: Scope): Promise<EventsAnswer> {
      const { rows, rowsRead, elapsedMs } = await telemetry.query({ ...eventsStatement(asked, page), scope })
      return { events: rows.slice(0, page.limit).map(eventRow), more: rows.length > page.limit, rowsRead, elapsedMs }
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
