/**
 * `npm run soak -- promql`, or `node test/soak/promql.ts [QUERIES] [SEED] [memory]`: generated queries over generated series, asked in three ways: the plain evaluator, the one
 * that adds as it reads, and the store (runs in the engine, read back and evaluated in threads). All must agree to the bit. `memory`: without the store. Ends with 1 when some do not.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { uuidv7 } from '#core/kernel/ids.ts'
import { seededRandom } from '#core/kernel/random.ts'
import type { QueryRange } from '#core/promql/plan.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { openMetrics } from '#edges/telemetry/metrics/open.ts'
import { createRegistry } from '#edges/telemetry/metrics/registry.ts'
import { evaluators, outcome } from '../promqltest/agree.ts'
import { randomQuery, randomSamples } from '../promqltest/generate.ts'
import type { LoadedSample } from '../promqltest/script.ts'
import { batchOf } from '../promqltest/through-api.ts'

const QUERIES = Number(process.argv[2] ?? 100_000)
const SEED = Number(process.argv[3] ?? 1)
const OF_ONE = 1_000
const MEMORY = process.argv[4] === 'memory'
const START = Math.floor((Date.now() - 2 * 86_400_000) / 1_800_000) * 1_800_000 + 600_000

const dir = await mkdtemp(join(tmpdir(), 'sallyport-promql-'))
const clock = { now: () => Date.now(), sleep: (ms: number, signal?: AbortSignal) => pause(ms, undefined, { ...(signal && { signal }) }) }
const telemetry = await openTelemetry({ dir, clock })
const metricStore = await openMetrics({ telemetry, clock })
let [asked, answers, failures, wrong] = [0, 0, 0, 0]
const began = performance.now()
try {
  for (let set = 0; asked < QUERIES; set++) {
    const random = seededRandom(SEED * 1_000_003 + set)
    const cluster = `set${set}`
    const samples = randomSamples(random, START)
    // In several inserts, so that what is read was merged, or not yet.
    const pieces = 1 + Math.floor(random() * 6)
    const ordered = samples.toSorted((a, b) => a.at - b.at)
    for (let i = 0; i < pieces; i++) {
      const part = ordered.slice(Math.floor((i * ordered.length) / pieces), Math.floor(((i + 1) * ordered.length) / pieces))
      if (!MEMORY) await metricStore.append({ ...batchOf(cluster, part, Date.now()), id: uuidv7(Date.now(), randomBytes(10)) })
    }
    while ((await telemetry.status()).queue.batches > 0) await pause(5)
    const { plain, streamed } = evaluators(inOrderOfIds(ordered, pieces))
    const stored = (text: string, { start, end, step }: QueryRange) => metricStore.query({ view: { cluster, namespaces: 'all' }, text, start, end, step })
    for (let i = 0; i < OF_ONE && asked < QUERIES; i++, asked++) {
      const { text, range } = randomQuery(random, START)
      const [wanted, ...others] = await Promise.all((MEMORY ? [plain, streamed] : [plain, streamed, stored]).map((ask) => outcome(() => ask(text, range))))
      if (wanted!.startsWith('[')) answers += Number(/^\["vector",\[\[/.test(wanted!))
      else failures++
      for (const [k, other] of others.entries()) {
        if (other === wanted || (k === 1 && withoutHints(other) === withoutHints(wanted!))) continue
        wrong++
        if (wrong <= 20)
          console.log(
            `seed ${SEED}, set ${set}: ${['streamed', 'store'][k]} differs on ${text} ${JSON.stringify(range)}\n  ${wanted!.slice(0, 600)}\n  ${other.slice(0, 600)}`,
          )
      }
    }
    if (set % 10 === 9) console.log(`${asked} asked, ${wrong} differ, ${((performance.now() - began) / 1000).toFixed(0)} s`)
  }
} finally {
  await metricStore.close()
  await telemetry.close()
  await rm(dir, { recursive: true, force: true })
}
console.log(`${asked} generated queries (${answers} with values, ${failures} that fail the same way), ${MEMORY ? 'two' : 'three'} ways each: ${wrong} differ`)
process.exitCode = wrong > 0 || answers < asked / 3 ? 1 : 0

/** Whether a histogram goes on from the one before is not said where that one lies more than five minutes before the window; no value depends on it there. */
function withoutHints(text: string): string {
  return text.replace(/\["hint","(?:unknown|not_reset)"\]/g, '')
}

/** The store reads series in the order of their ids, by which equal values are sorted and sums are added. */
function inOrderOfIds(samples: readonly LoadedSample[], pieces: number): LoadedSample[] {
  const registry = createRegistry()
  const seen = new Map<string, bigint>()
  for (let i = 0; i < pieces; i++)
    for (const { labels } of samples.slice(Math.floor((i * samples.length) / pieces), Math.floor(((i + 1) * samples.length) / pieces)))
      if (!seen.has(labels.key)) seen.set(labels.key, registry.add(labels, 0).id)
  return samples.toSorted((a, b) => Number(seen.get(a.labels.key)! - seen.get(b.labels.key)!))
}
