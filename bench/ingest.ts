/**
 * Lines to the store, end to end: sink, queue, engine and roll-ups. MB of lines per CPU-second of this process and the engine child together, and bytes
 * per line on disk over all tables. Bar: ≥ 42 MB per CPU-second (goal 60), ≤ 34 B per line. `node bench/ingest.ts [LINES] [BATCH_BYTES] [ROUNDS]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadCountries } from '#capabilities/ingress-analytics/server/country.ts'
import { createAccessSink } from '#capabilities/ingress-analytics/server/sink.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { createLiveStream } from '#edges/telemetry/live/live-stream.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { accessLogBytes } from './access-log-generator.ts'
import { machineSpeed, median } from './measure.ts'
import { cpuSeconds, family, pssMegabytes } from './processes.ts'

const lines = Number(process.argv[2] ?? 1_000_000)
const batchBytes = Number(process.argv[3] ?? 2 * 1024 * 1024)
const rounds = Number(process.argv[4] ?? 5)
const cpu = () => family(process.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0)
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
/** Rounds before the first that counts: a server runs for weeks, its code is compiled and its words are known. */
const WARM_UP = 1
const began = Date.now()

console.log(`machine: ${machineSpeed().toFixed(0)} MB per CPU-second in a plain byte loop`)
const rates: number[] = []
const dir = mkdtempSync(join(tmpdir(), 'sallyport-ingest-'))
try {
  const telemetry = await openTelemetry({ dir, clock: systemClock })
  const sink = createAccessSink({ telemetry, live: createLiveStream({ clock: systemClock }), clock: systemClock, country: loadCountries() })
  let peak = 0
  let size = 0
  for (let round = 0; round < rounds + WARM_UP; round++) {
    // other lines in every round, at 2,000 a second: the rate of a middling site
    const bytes = accessLogBytes(lines, { format: 'upstreaminfo', seed: round, startsAt: began - 7_200_000 + (round * lines) / 2, linesPerSecond: 2000 })
    const before = cpu()
    const ours = cpuSeconds(process.pid)
    let batches = 0
    for (let from = 0; from < bytes.length; batches++) {
      const cut = from + batchBytes >= bytes.length ? bytes.length : bytes.lastIndexOf(10, from + batchBytes) + 1
      const id = uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10)))
      const batch = { id, cluster: 'bench', source: 'file', labels: {}, bytes: bytes.subarray(from, cut), receivedAt: Date.now() }
      const { rejected } = await sink.write(batch)
      if (rejected > 0) throw new Error(`${rejected} lines were rejected`)
      from = cut
    }
    while ((await telemetry.status()).queue.batches > 0) await wait(100)
    peak = Math.max(
      peak,
      family(process.pid).reduce((sum, pid) => sum + pssMegabytes(pid), 0),
    )
    // background merges go on for a while: they belong to the price
    await wait(5000)
    const own = cpuSeconds(process.pid) - ours
    const all = cpu() - before
    const total = lines * (round + 1)
    const { rows } = await telemetry.query({
      sql: 'SELECT (SELECT count() FROM access), (SELECT sum(requests) FROM access_1m), (SELECT sum(requests) FROM access_5m), (SELECT sum(requests) FROM access_1h)',
      scope: 'all',
    })
    if (rows[0]!.some((count) => Number(count) !== total)) throw new Error(`of ${total} lines there are ${JSON.stringify(rows[0])}`)
    size = (await telemetry.status()).signals.reduce((sum, signal) => sum + signal.bytes, 0) / total
    const rate = bytes.length / 1e6 / all
    if (round >= WARM_UP) rates.push(rate)
    console.log(
      `${round < WARM_UP ? 'warm-up' : `round ${round}`}: ${batches} batches, ${rate.toFixed(1)} MB/CPU-s; ours ${own.toFixed(2)} CPU-s, engine ${(all - own).toFixed(2)}; ${size.toFixed(1)} B/line; ${(bytes.length / lines).toFixed(0)} B a line`,
    )
  }
  await telemetry.close()
  console.log(
    `ingest: ${rounds} rounds of ${lines} lines in batches of ${(batchBytes / 1024).toFixed(0)} KiB: median ${median(rates).toFixed(1)} MB per CPU-second with roll-ups and merges (bar 42, goal 60), ${size.toFixed(1)} B/line on disk (bar 34), peak ${peak.toFixed(0)} MB PSS with the lines in memory`,
  )
} finally {
  rmSync(dir, { recursive: true, force: true })
}
