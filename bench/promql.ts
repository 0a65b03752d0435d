/** The PromQL evaluator over columns in memory, without a store: CPU milliseconds of two panels, median of 7. `node bench/promql.ts` */
import { median } from '#bench/measure.ts'
import { evaluate } from '#core/promql/evaluate.ts'
import { labelsOf } from '#core/promql/labels.ts'
import { parse } from '#core/promql/parser.ts'
import { makePlan } from '#core/promql/plan.ts'
import type { Columns } from '#core/promql/value.ts'

const STEP = 15_000
const END = 4_200_000

/** Counters with uneven growth and a reset now and then, seeded. */
function counters(count: number): Columns[] {
  let seed = 42
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 2 ** 32
  }
  return Array.from({ length: count }, (_, s) => {
    const n = END / STEP + 1
    const ts = new Float64Array(n)
    const values = new Float64Array(n)
    for (let i = 0; i < n; i++) {
      ts[i] = i * STEP + Math.floor(random() * 50)
      values[i] = i === 0 || random() < 0.002 ? 0 : values[i - 1]! + Math.floor(random() * 100)
    }
    const labels = labelsOf(Object.entries({ __name__: 'm', job: `job-${s % 20}`, instance: `10.0.${s >> 8}.${s & 255}:9100` }))
    return { labels, ts, values, stale: null, histograms: null, starts: null }
  })
}

for (const [text, count, step] of [
  ['rate(m[5m])', 100, 15_000],
  ['sum by (job) (m)', 10_000, 60_000],
  ['sum by (job) (rate(m[5m]))', 10_000, 60_000],
] as const) {
  const data = counters(count)
  const times: number[] = []
  let points = 0
  for (let round = 0; round < 7; round++) {
    const before = process.cpuUsage()
    const { value } = evaluate(makePlan(parse(text), text, { start: END - 3_600_000, end: END, step }), [data])
    const used = process.cpuUsage(before)
    times.push((used.user + used.system) / 1000)
    if (value.type === 'vector') points = value.series.reduce((sum, { kind }) => sum + kind.filter(Boolean).length, 0)
  }
  if (points === 0) throw new Error(`${text} gave nothing`)
  console.log(`${text.padEnd(28)} ${String(count).padStart(6)} series, 1 h / ${step / 1000} s: ${median(times).toFixed(1)} CPU ms, ${points} points`)
}
