/**
 * Metrics in the store: disk bytes per sample of seeded counters, then two panels beside Debian's Prometheus over the same samples, both asked over HTTP,
 * CPU milliseconds of all processes, median. `node bench/promql-store.ts [SERIES] [SAMPLES]`
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { median } from '#bench/measure.ts'
import { queryRoutes } from '#capabilities/metrics/server/query.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { labelsOf } from '#core/promql/labels.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { openMetrics } from '#edges/telemetry/metrics/open.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { cpuSeconds, family } from './processes.ts'

const SERIES = Number(process.argv[2] ?? 10_000)
const SAMPLES = Number(process.argv[3] ?? 1_000)
const STEP = 15_000
/** Prometheus is given the last 70 minutes: all that the questions read. */
const SHARED = 280
const ROUNDS = 15
const END = Math.floor(Date.now() / STEP) * STEP - 60_000

/** Numerical Recipes' generator: https://en.wikipedia.org/wiki/Linear_congruential_generator */
let seed = 42
const random = () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'))
let prometheus: ChildProcess | undefined
const clock = { now: () => Date.now(), sleep: (ms: number, signal?: AbortSignal) => pause(ms, undefined, { ...(signal && { signal }) }) }
const telemetry = await openTelemetry({ dir: join(dir, 'store'), clock })
const metricStore = await openMetrics({ telemetry, clock })
const http = await createHttp({ log: pino({ level: 'silent' }), clock, auth: await openAuth(dir, clock), version: '0' })
queryRoutes(http, { metricStore, clock, version: '0' })
const ours = await http.listen({ host: '127.0.0.1', port: 0 })
const authorization = `Bearer ${(await readFile(join(dir, 'cli-token'), 'utf8')).trim()}`

try {
  // The first hundred are a metric of their own.
  const series = Array.from({ length: SERIES }, (_, s) =>
    labelsOf(Object.entries({ __name__: s < 100 ? 'few' : 'many', job: `job-${s % 20}`, instance: `10.0.${s >> 8}.${s & 255}:9100` })),
  )
  const values = new Float64Array(SERIES)
  const text = createWriteStream(join(dir, 'samples.txt'))
  const told: string[][] = series.map(() => [])
  const of = Uint32Array.from(series, (_, s) => s)
  for (let i = 0; i < SAMPLES; i++) {
    const ts = END - (SAMPLES - 1 - i) * STEP
    for (let s = 0; s < SERIES; s++) values[s] = random() < 0.0005 ? 0 : values[s]! + Math.floor(random() * 100)
    if (i >= SAMPLES - SHARED) series.forEach((_, s) => void told[s]!.push(`${values[s]} ${ts / 1000}`))
    const id = uuidv7(
      ts,
      Uint8Array.from({ length: 10 }, () => Math.floor(random() * 256)),
    )
    await metricStore.append({ id, cluster: 'local', series, of, ts: new Float64Array(SERIES).fill(ts), values: values.slice() })
    while ((await telemetry.status()).queue.batches > 20) await pause(50)
  }
  while ((await telemetry.status()).queue.batches > 0) await pause(100)
  // Merges of the engine go on for a while.
  let bytes = 0
  for (let calm = 0; calm < 5; await pause(2_000)) {
    const now = (await telemetry.status()).signals.find(({ signal }) => signal === 'metrics')!.bytes
    calm = now === bytes ? calm + 1 : 0
    bytes = now
  }
  console.log(`disk: ${(bytes / SERIES / SAMPLES).toFixed(2)} bytes/sample, ${SERIES} counters x ${SAMPLES} samples, series table included`)

  for (const metric of ['few', 'many']) {
    text.write(`# TYPE ${metric} unknown\n`)
    series.forEach(({ pairs }, s) => {
      if (s < 100 !== (metric === 'few')) return
      const labels = `${metric}{instance="${pairs[3]}",job="${pairs[5]}"}`
      text.write(told[s]!.map((sample) => `${labels} ${sample}\n`).join(''))
    })
  }
  await new Promise<void>((resolve) => text.end('# EOF\n', () => resolve()))
  mkdirSync(join(dir, 'tsdb'))
  execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(dir, 'samples.txt'), join(dir, 'tsdb')], { stdio: 'ignore' })
  writeFileSync(join(dir, 'prometheus.yml'), '')
  const port = 20_000 + (process.pid % 20_000)
  const flags = [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'tsdb')}`, `--web.listen-address=127.0.0.1:${port}`]
  prometheus = spawn('prometheus', flags, { stdio: 'ignore' })
  const theirs = `http://127.0.0.1:${port}/api/v1`
  while (
    !(await fetch(`http://127.0.0.1:${port}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await pause(200)

  const ask = async (base: string, query: string, step: number) => {
    const end = END / 1000
    const question = new URLSearchParams({ query, start: String(end - 3600), end: String(end), step: String(step) })
    const answer = await fetch(`${base}/query_range?${question}`, { headers: { authorization } })
    if (!answer.ok) throw new Error(`${query}: ${answer.status} ${await answer.text()}`)
    return (await answer.text()).length
  }
  const measured = async (base: string, pids: () => number[], query: string, step: number) => {
    const used: number[] = []
    let length = 0
    for (let round = -3; round < ROUNDS; round++) {
      const cpu = () => pids().reduce((sum, pid) => sum + cpuSeconds(pid), 0)
      const before = cpu()
      // Processes count in hundredths of a second: a few questions make one measure.
      for (let n = 0; n < 5; n++) length = await ask(base, query, step)
      if (round >= 0) used.push(((cpu() - before) * 1000) / 5)
    }
    return { ms: median(used), length }
  }
  const own = () => family(process.pid).filter((pid) => pid !== prometheus!.pid)
  for (const [query, step] of [
    ['rate(few[5m])', 15],
    ['max_over_time(few[5m])', 15],
    ['sum by (job) (many)', 60],
    ['sum by (job) (rate(many[5m]))', 60],
  ] as const) {
    const here = await measured(`${ours}/clusters/local/prometheus/api/v1`, own, query, step)
    const there = await measured(theirs, () => [prometheus!.pid!], query, step)
    const ratio = (here.ms / there.ms).toFixed(2)
    console.log(`${query}: ${here.ms.toFixed(1)} CPU ms here, ${there.ms.toFixed(1)} Prometheus, ${ratio} (${here.length} and ${there.length} bytes)`)
  }
} finally {
  prometheus?.kill('SIGTERM')
  await http.close()
  await metricStore.close()
  await telemetry.close()
  await rm(dir, { recursive: true, force: true })
}
