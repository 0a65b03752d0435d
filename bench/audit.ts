/**
 * Audit events through all rules into the sealed store, and a search by person. Events per CPU-second of this process and the engine child together.
 * Bars: ≥ 20,000 events per CPU-second, 1 M events searched by person ≤ 2 s. `node bench/audit.ts [EVENTS] [EVENTS_PER_BATCH] [ROUNDS]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine } from '#capabilities/audit/domain/engine.ts'
import { createLists } from '#capabilities/audit/domain/lists.ts'
import { eventsStatement } from '#capabilities/audit/domain/queries.ts'
import { createRecorder, FIRST } from '#capabilities/audit/server/recorder.ts'
import { verifyChain } from '#capabilities/audit/server/verify.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { auditEventLines } from '#test/builders/audit-events.ts'
import { machineSpeed, median } from './measure.ts'
import { cpuSeconds, family, pssMegabytes } from './processes.ts'

const events = Number(process.argv[2] ?? 200_000)
const perBatch = Number(process.argv[3] ?? 2_000)
const rounds = Number(process.argv[4] ?? 5)
const WARM_UP = 1
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const cpu = () => family(process.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0)
const began = Date.now()

console.log(`machine: ${machineSpeed().toFixed(0)} MB per CPU-second in a plain byte loop`)
const dir = mkdtempSync(join(tmpdir(), 'sallyport-audit-'))
try {
  const telemetry = await openTelemetry({ dir, clock: systemClock })
  let hits = 0
  const recorder = createRecorder({
    telemetry,
    clock: systemClock,
    engine: async () => createEngine(createLists()),
    restore: async () => ({ head: FIRST, batches: [] }),
    retentionDays: () => 180,
    onHits: (_, found) => {
      hits += found.length
    },
    onSeal: () => {},
  })
  const rates: number[] = []
  for (let round = 0; round < rounds + WARM_UP; round++) {
    const batches: string[] = []
    const batch: string[] = []
    for (const line of auditEventLines(events, { seed: round, startsAt: began - 6 * 3_600_000 + round * 1_800_000, eventsPerSecond: 500 })) {
      batch.push(line)
      if (batch.length === perBatch) batches.push(`${batch.splice(0).join('\n')}\n`)
    }
    const bytes = batches.reduce((sum, text) => sum + text.length, 0)
    const before = cpu()
    const ours = cpuSeconds(process.pid)
    for (const [i, text] of batches.entries()) {
      const { rejected } = await recorder.write('bench', `0190a5e0-0000-7000-8000-${String(round * 100_000 + i).padStart(12, '0')}`, text)
      if (rejected > 0) throw new Error(`${rejected} events were rejected`)
    }
    while ((await telemetry.status()).queue.batches > 0) await wait(100)
    // background merges go on for a while: they belong to the price
    await wait(2000)
    const all = cpu() - before
    const own = cpuSeconds(process.pid) - ours
    const rate = (batches.length * perBatch) / all
    if (round >= WARM_UP) rates.push(rate)
    console.log(
      `round ${round}: ${rate.toFixed(0)} events per CPU-second (${all.toFixed(1)} s: ${own.toFixed(1)} ours, ${(all - own).toFixed(1)} engine), ${(bytes / events / 1000).toFixed(2)} kB an event, ${pssMegabytes(process.pid).toFixed(0)} MB`,
    )
  }
  const total = events * (rounds + WARM_UP)
  const searches: number[] = []
  for (let i = 0; i < 7; i++) {
    const at = performance.now()
    const asked = { cluster: 'bench', from: began - 24 * 3_600_000, to: began + 3_600_000, filter: [`user:eq:user-${i}`] }
    const { rows } = await telemetry.query({ ...eventsStatement(asked, { order: 'desc', limit: 200, offset: 0 }), scope: 'all' })
    if (rows.length < 200) throw new Error(`found ${rows.length}`)
    searches.push(performance.now() - at)
  }
  const at = performance.now()
  const { faults, rows } = await verifyChain(telemetry, 'bench', undefined, 0)
  console.log(`verified ${rows} rows in ${((performance.now() - at) / 1000).toFixed(1)} s, ${faults.length} faults`)
  const { signals } = await telemetry.status()
  const stored = signals.find(({ signal }) => signal === 'audit')!
  console.log(
    `median ${median(rates).toFixed(0)} events per CPU-second; search by person among ${total} rows: median ${median(searches).toFixed(0)} ms, most ${Math.max(...searches).toFixed(0)} ms; ${hits} hits; ${(stored.bytes / total).toFixed(0)} B an event on disk`,
  )
  await telemetry.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
