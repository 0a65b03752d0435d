/**
 * kill -9 of the server's process and of the engine while it takes batches, at seeded random moments. After each: no acknowledged row is lost or doubled,
 * and raw rows and roll-ups agree. `node test/soak/kill.ts [POINTS] [SEED]`
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { family } from '#bench/processes.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { seededRandom } from '#core/kernel/random.ts'
import type { Batch } from '#core/shapes/ports/telemetry.ts'
import { encodeRows } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { accessRow } from '#test/builders/access-rows.ts'

const clock: Clock = { now: Date.now, sleep: (ms, signal) => pause(ms, undefined, { signal }) }
/** Near the end of a partition of every table, so that many blocks fall into two. */
const MIDNIGHT = Math.ceil((Date.now() - 86_400_000) / 86_400_000) * 86_400_000

/** Batch `n` of a seed: the same bytes and id whenever it is made. The host says which batch a row is of. */
function batchOf(seed: number, n: number): Batch {
  const random = seededRandom(seed * 1_000_003 + n)
  const rows = Array.from({ length: 100 + Math.floor(random() * 1500) }, (_, i) =>
    accessRow({ ts: MIDNIGHT + Math.floor((random() - 0.5) * 600_000), route: `r${i % 7}`, host: `b${n}`, path: `/${n}/${i}`, request_time: random() }),
  )
  const serial = new Uint8Array(10)
  new DataView(serial.buffer).setUint32(6, n)
  new DataView(serial.buffer).setUint32(2, seed)
  return { id: uuidv7(MIDNIGHT + n, serial), table: 'access', ...encodeRows(TABLES.access, rows) }
}

/** The process that is killed: opens the store, appends from batch `from` on, and says which were acknowledged. */
async function ingest(dir: string, seed: number, from: number): Promise<void> {
  const store = await openTelemetry({ dir, clock })
  console.log('open')
  for (let n = from; ; n++) {
    const { id, ...batch } = batchOf(seed, n)
    await store.append({ id, ...batch })
    console.log(`${n} ${batch.rows}`)
    await pause(5)
  }
}

interface Wrong {
  point: number
  what: string
}

const lines = (child: ChildProcess, each: (line: string) => void) => createInterface({ input: child.stdout! }).on('line', each)
const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve()))

/** Kills at `points` moments, in turn the server and the engine, and returns all that was wrong afterwards; empty is good. */
export async function killAndCheck(points: number, seed: number, log: (line: string) => void): Promise<Wrong[]> {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-kill-'))
  const random = seededRandom(seed)
  const acknowledged = new Map<number, number>()
  const wrong: Wrong[] = []
  try {
    for (let point = 0; point < points; point++) {
      // a sender that does not know what arrived sends the last ones again
      const from = Math.max(0, acknowledged.size - 10)
      const child = spawn(process.execPath, [import.meta.filename, 'ingest', dir, String(seed), String(from)], { stdio: ['ignore', 'pipe', 'inherit'] })
      const opened = new Promise<void>((resolve, reject) => {
        child.once('exit', () => reject(new Error('the store did not open')))
        lines(child, (line) => {
          if (line === 'open') return resolve()
          const [n, rows] = line.split(' ').map(Number)
          acknowledged.set(n!, rows!)
        })
      })
      await opened
      await pause(100 + random() * 2500)
      const what = point % 2 === 0 ? 'server' : 'engine'
      const engine = family(child.pid!)[1]
      if (what === 'engine') {
        if (engine !== undefined) process.kill(engine, 'SIGKILL')
        await pause(random() * 3000)
      }
      child.kill('SIGKILL')
      await ended(child)

      const store = await openTelemetry({ dir, clock })
      const one = async (sql: string) => (await store.query({ sql, scope: 'all' })).rows
      const byBatch = new Map(
        (await one('SELECT host, count(), uniqExact(path) FROM access GROUP BY host')).map(([host, rows, distinct]) => [
          Number(String(host).slice(1)),
          { rows: Number(rows), distinct: Number(distinct) },
        ]),
      )
      for (const [n, rows] of acknowledged) {
        const found = byBatch.get(n)
        if (found?.rows !== rows) wrong.push({ point, what: `batch ${n}: ${found?.rows ?? 0} of ${rows} rows` })
      }
      for (const [n, { rows, distinct }] of byBatch) if (rows !== distinct) wrong.push({ point, what: `batch ${n}: ${rows} rows, ${distinct} different` })
      const perMinute = (table: string) => one(`SELECT host, toUnixTimestamp(toStartOfHour(ts)), ${table} GROUP BY 1, 2 ORDER BY 1, 2`)
      const raw = JSON.stringify(await perMinute('count(), sum(bytes_out) FROM access'))
      for (const table of ['access_1m', 'access_5m', 'access_1h']) {
        if (JSON.stringify(await perMinute(`sum(requests), sum(bytes_out) FROM ${table}`)) !== raw) wrong.push({ point, what: `${table} and access differ` })
      }
      log(`point ${point + 1}: ${what} killed; ${acknowledged.size} batches acknowledged, ${byBatch.size} stored; ${wrong.length} wrong so far`)
      await store.close()
    }
    return wrong
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const [first = '20', ...rest] = process.argv.slice(2)
  if (first === 'ingest') await ingest(rest[0]!, Number(rest[1]), Number(rest[2]))
  else {
    const wrong = await killAndCheck(Number(first), Number(rest[0] ?? 1), console.log)
    for (const { point, what } of wrong) console.log(`point ${point + 1}: ${what}`)
    process.exit(wrong.length > 0 ? 1 : 0)
  }
}
