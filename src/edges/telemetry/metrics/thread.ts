/** A thread that evaluates queries one after the other. `Query` in, `Reply` out. */
import { parentPort } from 'node:worker_threads'
import { CodedError, type ErrorCode } from '#core/kernel/errors.ts'
import { type Answer, evaluate } from '#core/promql/evaluate.ts'
import { parse } from '#core/promql/parser.ts'
import { makePlan, type QueryRange, type Settings } from '#core/promql/plan.ts'
import type { Series } from '#core/promql/value.ts'
import { columnsOf, type Part } from './columns.ts'

export interface Query {
  text: string
  range: QueryRange
  settings: Settings
  /** Of each fetch of the plan. */
  parts: readonly (readonly Part[])[]
}
export type Reply = { ok: true; answer: Answer } | { ok: false; code: ErrorCode; details: CodedError['details'] } | { ok: false; error: string }

/** The numbers of all series in one piece of memory, which is handed over instead of copied. */
function packed(answer: Answer): { answer: Answer; buffers: ArrayBuffer[] } {
  const { value, grid } = answer
  if (value.type !== 'vector' || value.series.length === 0) return { answer, buffers: [] }
  const values = new Float64Array(value.series.length * grid.n)
  const kinds = new Uint8Array(value.series.length * grid.n)
  const series = value.series.map(({ labels, drop, kind, values: own, histograms }, i): Series => {
    const part = { kind: kinds.subarray(i * grid.n, (i + 1) * grid.n), values: values.subarray(i * grid.n, (i + 1) * grid.n) }
    part.kind.set(kind)
    part.values.set(own)
    return { labels, drop, ...part, histograms }
  })
  return { answer: { ...answer, value: { type: 'vector', series } }, buffers: [values.buffer, kinds.buffer] }
}

parentPort?.on('message', ({ text, range, settings, parts }: Query) => {
  const reply = (message: Reply, buffers: ArrayBuffer[] = []) => parentPort!.postMessage(message, buffers)
  try {
    const plan = makePlan(parse(text), text, range, settings)
    const { answer, buffers } = packed(
      evaluate(
        plan,
        parts.map((some) => some.flatMap(columnsOf)),
      ),
    )
    reply({ ok: true, answer }, buffers)
  } catch (error) {
    if (error instanceof CodedError) reply({ ok: false, code: error.code, details: error.details })
    else reply({ ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
