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
const now = Date.now()
// 2,000 lines a second, the rate of a middling site
const bytes = accessLogBytes(lines, { format: 'upstreaminfo', startsAt: now - lines / 2, linesPerSecond: 2000 })
const cpu = () => family(process.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0)
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

console.log(`machine: ${machineSpeed().toFixed(0)} MB per CPU-second in a plain byte loop`)
const rates: number[] = []
const sizes: number[] = []
let peak = 0
for (let round = 0; round < rounds; round++) {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-ingest-'))
  try {
    const telemetry = await openTelemetry({ dir, clock: systemClock })
    const sink = createAccessSink({ telemetry, live: createLiveStream({ clock: systemClock }), clock: systemClock, country: loadCountries() })
    const before = cpu()
    const ours = cpuSeconds(process.pid)
    let batches = 0
    let accepted = 0
    for (let from = 0; from < bytes.length; batches++) {
      const cut = from + batchBytes >= bytes.length ? bytes.length : bytes.lastIndexOf(10, from + batchBytes) + 1
      const receipt = await sink.write({
        id: uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
        cluster: 'bench',
        source: 'file',
        labels: {},
        bytes: bytes.subarray(from, cut),
        receivedAt: Date.now(),
      })
      accepted += receipt.accepted
      from = cut
    }
    while ((await telemetry.status()).queue.batches > 0) await wait(100)
    peak = Math.max(
      peak,
      family(process.pid).reduce((sum, pid) => sum + pssMegabytes(pid), 0),
    )
    const used = cpu() - before
    const own = cpuSeconds(process.pid) - ours
    const { rows } = await telemetry.query({
      sql: 'SELECT (SELECT count() FROM access), (SELECT sum(requests) FROM access_1m), (SELECT sum(requests) FROM access_1h)',
      scope: 'all',
    })
    if (rows[0]!.some((count) => Number(count) !== lines) || accepted !== lines) throw new Error(`of ${lines} lines there are ${JSON.stringify(rows[0])}`)
    // background merges go on for a while: they belong to the price
    await wait(5000)
    const merged = cpu() - before
    const { signals } = await telemetry.status()
    const disk = signals.reduce((sum, signal) => sum + signal.bytes, 0)
    const parts = await telemetry
      .query({
        sql: `SELECT table, name, sum(column_data_compressed_bytes) AS b FROM system.parts_columns WHERE active AND table LIKE 'access%' GROUP BY table, column AS name ORDER BY b DESC LIMIT 14`,
        scope: 'all',
      })
      .catch(() => undefined)
    if (round === 0 && parts) for (const [table, name, size] of parts.rows) console.log(`  ${table}.${name} ${(Number(size) / lines).toFixed(2)} B/line`)
    await telemetry.close()
    rates.push(bytes.length / 1e6 / merged)
    sizes.push(disk / lines)
    console.log(
      `round ${round + 1}: ${batches} batches, ${(bytes.length / 1e6 / used).toFixed(1)} MB/CPU-s until stored, ${(bytes.length / 1e6 / merged).toFixed(1)} with the merges of 5 s after; ours ${own.toFixed(2)} CPU-s, engine ${(merged - own).toFixed(2)}; ${(disk / lines).toFixed(1)} B/line`,
    )
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
console.log(
  `ingest: ${lines} lines of ${(bytes.length / lines).toFixed(0)} B in batches of ${(batchBytes / 1024).toFixed(0)} KiB: median ${median(rates).toFixed(1)} MB per CPU-second (bar 42, goal 60), ${median(sizes).toFixed(1)} B/line on disk (bar 34), peak ${peak.toFixed(0)} MB PSS with the lines in memory`,
)
