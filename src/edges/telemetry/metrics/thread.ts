/** A thread that evaluates queries one after the other. `Query` in, `Reply` out. */
import { parentPort } from 'node:worker_threads'
import { CodedError, type ErrorCode } from '#core/kernel/errors.ts'
import { answerJson, success } from '#core/promql/answer-json.ts'
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
/** `form`: the body of an answer instead of the answer. */
export type Asked = Query & { form?: 'instant' | 'range' }
export type Reply =
  | { ok: true; answer: Answer }
  | { ok: true; json: Uint8Array<ArrayBuffer> }
  | { ok: false; code: ErrorCode; details: CodedError['details'] }
  | { ok: false; error: string }

const text8 = new TextEncoder()

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

parentPort?.on('message', ({ text, range, settings, parts, form }: Asked) => {
  const reply = (message: Reply, buffers: ArrayBuffer[] = []) => parentPort!.postMessage(message, buffers)
  try {
    const plan = makePlan(parse(text), text, range, settings)
    const whole = evaluate(
      plan,
      parts.map((some) => some.flatMap(columnsOf)),
    )
    if (form !== undefined) {
      const json = text8.encode(success(answerJson(whole, form === 'instant'), whole))
      reply({ ok: true, json }, [json.buffer])
      return
    }
    const { answer, buffers } = packed(whole)
    reply({ ok: true, answer }, buffers)
  } catch (error) {
    if (error instanceof CodedError) reply({ ok: false, code: error.code, details: error.details })
    else reply({ ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})
