import type { z } from 'zod'
import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { Asked, ContextAnswer, CountsAnswer, contextQuery, Field, PatternsAnswer, RecordsAnswer, ValuesAnswer } from '../domain/api.ts'
import { patternsOf } from '../domain/patterns.ts'
import {
  contextStatement,
  countStatement,
  narrowed,
  type Page,
  pointsOf,
  recordOf,
  recordsStatement,
  sampleStatement,
  stepOf,
  sumOf,
  valuesStatement,
} from '../domain/queries.ts'

/** Records that patterns are looked for in. */
const SAMPLE = 20_000
/** Counts that were just asked for are not counted again for the rows beside them. */
const KEPT = 64

/** Answers about one cluster, for a reader who may see `scope`. */
export function createQuestions(telemetry: Pick<Telemetry, 'query'>, oldestAt: () => number | undefined) {
  const counted = new Map<string, Promise<CountsAnswer>>()

  async function count(cluster: string, asked: Asked, step: number, scope: Scope): Promise<CountsAnswer> {
    const { rows, rowsRead, bytesRead, elapsedMs } = await telemetry.query({ ...countStatement(cluster, asked, step), scope })
    const points = pointsOf(rows, step)
    return { step, total: points.reduce((sum, { counts }) => sum + sumOf(counts), 0), points, rowsRead, bytesRead, elapsedMs, oldestAt: oldestAt() }
  }

  /** The page asks for counts and rows at once: one scan answers both. */
  function counts(cluster: string, { step: wished, ...asked }: Asked & { step?: number }, scope: Scope): Promise<CountsAnswer> {
    const step = stepOf(asked.from, asked.to, wished)
    const { q, from, to, level, namespace, workload, pod, container, node, service, stream } = asked
    const key = JSON.stringify([cluster, scope, step, q, from, to, level, namespace, workload, pod, container, node, service, stream])
    const known = counted.get(key)
    if (known) return known
    const answer = count(cluster, asked, step, scope)
    counted.set(key, answer)
    for (const oldest of counted.keys()) {
      if (counted.size <= KEPT) break
      counted.delete(oldest)
    }
    answer.catch(() => counted.delete(key))
    return answer
  }

  return {
    counts,
    async records(cluster: string, asked: Asked & Page, scope: Scope): Promise<RecordsAnswer> {
      const { points, step, total, rowsRead, elapsedMs } = await counts(cluster, { ...asked }, scope)
      const part = narrowed(asked, points, step, asked)
      if (part === undefined) return { records: [], total, rowsRead, elapsedMs }
      const page = { order: asked.order, limit: asked.limit, offset: part.offset }
      const found = await telemetry.query({ ...recordsStatement(cluster, { ...asked, from: part.from, to: part.to }, page), scope })
      return { records: found.rows.map(recordOf), total, rowsRead: rowsRead + found.rowsRead, elapsedMs: elapsedMs + found.elapsedMs }
    },
    async patterns(cluster: string, asked: Asked & { limit: number }, scope: Scope): Promise<PatternsAnswer> {
      const { total } = await counts(cluster, { ...asked }, scope)
      const each = Math.max(1, Math.ceil(total / SAMPLE))
      const { rows } = await telemetry.query({ ...sampleStatement(cluster, asked, each, SAMPLE * 2), scope })
      const samples = rows.map(([body, severity, service, at]) => ({
        body: String(body),
        severity: Number(severity),
        service: String(service),
        at: Number(at),
      }))
      return { patterns: patternsOf(samples, asked.limit), looked: samples.length, total }
    },
    async values(cluster: string, asked: Asked & { field: Field; limit: number }, scope: Scope): Promise<ValuesAnswer> {
      const { rows } = await telemetry.query({ ...valuesStatement(cluster, asked, asked.field, asked.limit), scope })
      return { values: rows.map(([value, n]) => ({ value: String(value), count: Number(n) })) }
    },
    async context(cluster: string, asked: z.output<typeof contextQuery>, scope: Scope): Promise<ContextAnswer> {
      const [before, after] = await Promise.all(
        (['before', 'after'] as const).map((side) =>
          telemetry.query({ ...contextStatement(cluster, asked, side, side === 'before' ? asked.lines + 1 : asked.lines), scope }),
        ),
      )
      const earlier = before!.rows.map(recordOf)
      const record = earlier.find(({ ns }) => ns === asked.at)
      return { before: earlier.filter((one) => one !== record).reverse(), record, after: after!.rows.map(recordOf) }
    },
  }
}
