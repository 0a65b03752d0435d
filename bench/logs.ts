/**
 * Logs of containers, from the lines as the agent sends them to rows in the engine, and a search through all of them.
 * Bars: ≥ 40 MB of lines per CPU-second (this process and the engine child, merges included); substring over 10 M lines ≤ 2 s.
 * `node bench/logs.ts [LINES] [BATCH_BYTES]`. The lines are seeded: JSON, logfmt, klog, Java and access lines of 40 services.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { liveQuery } from '#capabilities/logs/domain/api.ts'
import { countStatement, stepOf } from '#capabilities/logs/domain/queries.ts'
import { createQuestions } from '#capabilities/logs/server/questions.ts'
import { createLogSink } from '#capabilities/logs/server/sink.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { machineSpeed, median } from './measure.ts'
import { cpuSeconds, family, pssMegabytes } from './processes.ts'

const lines = Number(process.argv[2] ?? 10_000_000)
const batchBytes = Number(process.argv[3] ?? 1024 * 1024)
const SERVICES = 40
const cpu = () => family(process.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0)
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const began = Date.now()
const from = began - 6 * 3_600_000
const random = seededRandom(4)
const number = (below: number) => Math.floor(random() * below)
const hex = (length: number) => Array.from({ length }, () => number(16).toString(16)).join('')
const PATHS = ['/api/v1/orders', '/api/v1/cart', '/catalog/items', '/healthz', '/login', '/static/app.js']
const WORDS = ['connection', 'order', 'payment', 'retry', 'cache', 'session', 'upstream', 'customer', 'inventory', 'shipment']

const text = [
  () =>
    `{"level":"${number(20) === 0 ? 'error' : 'info'}","ts":"${number(1e9)}","msg":"${WORDS[number(10)]} ${number(1e6)} handled","path":"${PATHS[number(6)]}","status":${number(30) === 0 ? 502 : 200},"ms":${number(2000)},"trace_id":"${hex(32)}"}`,
  () =>
    `time="${new Date(from + number(1e7)).toISOString()}" level=${number(10) === 0 ? 'warning' : 'info'} msg="${WORDS[number(10)]} took ${number(900)}ms" id=${hex(12)} attempt=${number(5)}`,
  () =>
    `I0506 11:0${number(10)}:00.${number(1e6)}       1 controller.go:${number(900)}] "Reconciled" object="shop/${WORDS[number(10)]}-${number(500)}" generation=${number(90)}`,
  () =>
    `2026-05-06 11:00:${10 + number(50)}.${100 + number(899)}  INFO ${number(99)} --- [nio-8080-exec-${number(20)}] c.acme.shop.${WORDS[number(10)]}Service : ${WORDS[number(10)]} of customer ${number(1e5)} stored in ${number(300)} ms`,
  () =>
    `10.${number(9)}.${number(255)}.${number(255)} - - [06/May/2026:11:00:00 +0000] "GET ${PATHS[number(6)]}?id=${number(1e6)} HTTP/1.1" ${number(30) === 0 ? 502 : 200} ${number(90_000)} "-" "Mozilla/5.0" 0.${number(999)}`,
]

console.log(`machine: ${machineSpeed().toFixed(0)} MB per CPU-second in a plain byte loop`)
const dir = mkdtempSync(join(tmpdir(), 'sallyport-logs-'))
try {
  const telemetry = await openTelemetry({ dir, clock: systemClock })
  const sink = createLogSink({ telemetry, clock: systemClock, retentionDays: () => 14 })
  // texts are made once for each service; the times before them are new in every batch
  const texts = Array.from({ length: SERVICES }, (_, s) => Array.from({ length: 4000 }, text[s % text.length]!))
  const perBatch = Math.max(100, Math.floor(batchBytes / 230))
  let sent = 0
  let bytes = 0
  let used = 0
  let own = 0
  let peak = 0
  const rates: number[] = []
  const round = { bytes: 0, used: 0 }
  for (let batch = 0; sent < lines; batch++) {
    const service = batch % SERVICES
    const count = Math.min(perBatch, lines - sent)
    const start = from + (sent / lines) * (began - from)
    const span = ((count * SERVICES) / lines) * (began - from)
    const out: string[] = []
    for (let i = 0; i < count; i++)
      out.push(
        `${new Date(start + (i * span) / count - span).toISOString().replace('Z', `${100_000 + (i % 900_000)}Z`)} stdout F ${texts[service]![(batch * 977 + i) % 4000]}\n`,
      )
    // once in all of them
    if (batch === 5) out[17] = out[17]!.replace('\n', ' needle-in-the-haystack\n')
    const body = Buffer.from(out.join(''))
    const before = cpu()
    const ours = cpuSeconds(process.pid)
    const { rejected } = await sink.write({
      id: uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
      cluster: 'local',
      source: `shop/s${service}/app`,
      format: 'container',
      labels: {
        transport: 'agent',
        namespace: `ns-${service % 8}`,
        workload: `Deployment/s${service}`,
        pod: `s${service}-${hex(5)}`,
        container: 'app',
        node: 'n1',
      },
      bytes: body,
      receivedAt: Date.now(),
    })
    if (rejected > 0) throw new Error(`${rejected} lines were rejected`)
    own += cpuSeconds(process.pid) - ours
    sent += count
    bytes += body.length
    round.bytes += body.length
    while ((await telemetry.status()).queue.bytes > 16 * batchBytes) await wait(20)
    const spent = cpu() - before
    used += spent
    round.used += spent
    if (round.bytes > 200e6) {
      rates.push(round.bytes / 1e6 / round.used)
      Object.assign(round, { bytes: 0, used: 0 })
    }
  }
  const before = cpu()
  while ((await telemetry.status()).queue.batches > 0) await wait(100)
  await wait(5000) // merges go on for a while: they belong to the price
  used += cpu() - before
  peak = family(process.pid).reduce((sum, pid) => sum + pssMegabytes(pid), 0)
  const stored = (await telemetry.status()).signals.find(({ signal }) => signal === 'logs')!
  console.log(
    `ingest: ${sent} lines, ${(bytes / 1e6).toFixed(0)} MB (${(bytes / sent).toFixed(0)} B a line): ${(bytes / 1e6 / used).toFixed(1)} MB per CPU-second in all (bar 40), median of parts ${rates.length > 0 ? median(rates).toFixed(1) : '-'}; ours ${own.toFixed(1)} CPU-s of ${used.toFixed(1)}; ${(stored.bytes / stored.rows).toFixed(1)} B a row on disk, ${stored.rows} rows; ${peak.toFixed(0)} MB PSS`,
  )
  const questions = createQuestions(telemetry, () => undefined)
  for (const [name, q] of [
    ['a substring that is there once', 'needle-in-the-haystack'],
    ['the same, capitals matter', 'Needle-in'],
    ['a word that is in many', 'payment'],
    ['a field', 'status=502'],
    ['everything', ''],
  ] as const) {
    const walls: number[] = []
    const cpus: number[] = []
    let found = 0
    for (let i = 0; i < 3; i++) {
      const asked = { ...liveQuery.parse({ q }), from: from - 3_600_000 + i, to: began + 1000 + i }
      const cpuBefore = cpu()
      const startedAt = performance.now()
      const answer = await questions.records('local', { ...asked, order: 'desc', limit: 100, offset: 0 }, 'all')
      walls.push((performance.now() - startedAt) / 1000)
      cpus.push(cpu() - cpuBefore)
      found = answer.total
    }
    console.log(
      `search, ${name}: ${found} found with counts over time and the newest 100: ${median(walls).toFixed(2)} s (bar 2), ${median(cpus).toFixed(2)} CPU-s`,
    )
  }
  const { sql } = countStatement('local', { ...liveQuery.parse({}), from, to: began }, stepOf(from, began))
  console.log(`counted by: ${sql.slice(0, 120)}…`)
  await telemetry.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
