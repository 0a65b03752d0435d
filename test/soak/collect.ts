/**
 * kill -9 of the collector and of the server, then a long outage of the server: every sample that the collector had queued is in the store, once.
 * What was queued is known from a second output, a remote write receiver in this process that is always there: both outputs drain the same queue.
 * `node test/soak/collect.ts [SECONDS_OF_KILLS] [SECONDS_OF_OUTAGE] [SEED]`
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { uncompressSync } from 'snappy'
import { startServer } from '#apps/server/main.ts'
import { readRemoteWrite1 } from '#capabilities/metrics/domain/remote-write.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { openIngestTokens } from '#kits/server-kit/ingest-tokens.ts'

const TARGETS = 10
const SERIES = 40
const KILL_EVERY_MS = 10_000
const clock = { now: Date.now, sleep: (ms: number, signal?: AbortSignal) => pause(ms, undefined, { signal }) }

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
const listening = (server: ReturnType<typeof createServer>) =>
  new Promise<number>((resolve) => void server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('exit', () => resolve()) : resolve()))

/** The process that is killed: a server with the metrics alone. */
async function serve(data: string, port: number): Promise<void> {
  await startServer({
    data,
    port,
    listen: '127.0.0.1',
    host: [],
    log: pino({ level: 'silent' }),
    capabilities: [() => import('#capabilities/metrics/server/index.ts').then(({ door }) => door)],
  })
}

interface Soak {
  killMs: number
  outageMs: number
  seed: number
  say(line: string): void
}

/** What was wrong at the end; empty is good. */
export async function killCollecting({ killMs, outageMs, seed, say }: Soak): Promise<string[]> {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-soak-collect-'))
  const random = seededRandom(seed)
  const children = new Set<ChildProcess>()
  /** Series and time → value, of everything that was queued. */
  const queued = new Map<string, number>()
  let resent = 0
  const scraped = new Array<number>(TARGETS).fill(0)
  const targets = createServer((request, response) => {
    const target = Number(/target=(\d+)/.exec(request.url ?? '')?.[1])
    const count = ++scraped[target]!
    const lines = Array.from({ length: SERIES }, (_, n) => `soak_total{n="${n}"} ${count * 1000 + n}\n`)
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(`# TYPE soak_total counter\n${lines.join('')}`)
  })
  const receiver = createServer(async (request, response) => {
    const { series, of, ts, values } = readRemoteWrite1(uncompressSync(await bodyOf(request), { asBuffer: true }) as Buffer)
    for (let row = 0; row < ts.length; row++) {
      const key = `${JSON.stringify(series[of[row]!])} ${ts[row]}`
      if (queued.has(key)) resent++
      queued.set(key, values[row]!)
    }
    response.writeHead(204).end()
  })
  const start = (args: string[]) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, SALLYPORT_TOKEN: token } })
    children.add(child)
    return child
  }
  const kill = async (child: ChildProcess) => {
    child.kill('SIGKILL')
    await ended(child)
    children.delete(child)
  }
  let token = ''
  try {
    const [targetPort, receiverPort] = [await listening(targets), await listening(receiver)]
    const probe = createServer()
    const port = await listening(probe)
    probe.close()
    const data = join(dir, 'server')
    mkdirSync(data, { mode: 0o700 })
    const tokens = await openIngestTokens(data, clock)
    token = (await tokens.issue({ name: 'collect', signals: ['metrics'] })).token
    const config = join(dir, 'collect.yml')
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s' },
        scrape_configs: Array.from({ length: TARGETS }, (_, target) => ({
          job_name: `t${target}`,
          params: { target: [String(target)] },
          static_configs: [{ targets: [`127.0.0.1:${targetPort}`] }],
        })),
        remote_write: [{ url: `http://127.0.0.1:${receiverPort}/` }],
      }),
    )
    const server = () => start([import.meta.filename, 'serve', data, String(port)])
    const collector = () =>
      start([
        join(import.meta.dirname, '../../src/apps/collect/main.ts'),
        ...['--config', config, '--server', `http://127.0.0.1:${port}`, '--data', join(dir, 'collector')],
      ])
    let [ours, theirs] = [server(), collector()]
    let kills = 0
    for (const until = Date.now() + killMs; Date.now() < until; kills++) {
      const first = KILL_EVERY_MS * (0.3 + random() * 0.4)
      await pause(first)
      await kill(theirs)
      theirs = collector()
      await pause((KILL_EVERY_MS - first) * random())
      await kill(ours)
      ours = server()
      await pause(Math.max(0, KILL_EVERY_MS - first) * random())
      if (kills % 5 === 0) say(`${kills + 1} kills of each; ${queued.size} samples queued, ${resent} of them sent again`)
    }
    await kill(ours)
    say(`the server is away for ${Math.round(outageMs / 1000)} s`)
    await pause(outageMs / 2)
    await kill(theirs)
    theirs = collector()
    await pause(outageMs / 2)
    ours = server()
    const auth = async () => ({ authorization: `Bearer ${(await readFile(join(data, 'cli-token'), 'utf8')).trim()}` })
    const newest = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${port}/clusters/local/prometheus/api/v1/query?query=max(timestamp(soak_total))`, { headers: await auth() })
      const { data: found } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
      return Number(found.result[0]?.value[1] ?? 0) * 1000
    }
    const back = Date.now()
    while ((await newest().catch(() => 0)) < back) {
      if (Date.now() - back > 180_000) return ['three minutes after the server came back, what was queued meanwhile had not arrived']
      await pause(500)
    }
    say(`caught up ${((Date.now() - back) / 1000).toFixed(0)} s after the server was started`)
    // what is scraped last is queued, sent to both, and nothing comes after it
    const stopped = new Promise((resolve) => theirs.once('exit', resolve))
    await pause(3000)
    theirs.kill('SIGTERM')
    await stopped
    // the rest of the queue is sent by a collector that scrapes nothing
    const idle = join(dir, 'idle.yml')
    writeFileSync(idle, JSON.stringify({ remote_write: [{ url: `http://127.0.0.1:${receiverPort}/` }] }))
    const last = start([
      join(import.meta.dirname, '../../src/apps/collect/main.ts'),
      '--config',
      idle,
      '--server',
      `http://127.0.0.1:${port}`,
      '--data',
      join(dir, 'collector'),
    ])
    for (let size = -1; size !== queued.size; await pause(3000)) size = queued.size
    await kill(last)
    await kill(ours)

    const store = await openTelemetry({ dir: join(data, 'telemetry'), clock })
    const { rows } = await store.query({
      sql: `SELECT count(), uniqExact(id, ts), countIf(id IN (SELECT id FROM series WHERE metric = 'soak_total')), sumIf(v, NOT isNaN(v) AND id IN (SELECT id FROM series WHERE metric = 'soak_total'))
FROM (
  SELECT id, toUnixTimestamp(slot) * 1000 + t AS ts, v FROM sample_runs ARRAY JOIN at AS t, value AS v
  UNION ALL
  SELECT id, toUnixTimestamp(slot) * 1000 + t AS ts, toFloat64(v) FROM sample_runs ARRAY JOIN whole_at AS t, whole AS v
)`,
      scope: 'all',
      limits: { seconds: 60 },
    })
    await store.close()
    const [total, distinct, soak, sum] = rows[0]!.map(Number) as [number, number, number, number]
    const wanted = [...queued].filter(([key]) => key.includes('soak_total'))
    const wantedSum = wanted.reduce((all, [, value]) => all + (Number.isNaN(value) ? 0 : value), 0)
    say(
      `${queued.size} samples queued (${resent} sent again to the receiver), ${total} stored, ${distinct} different; ${scraped.reduce((a, b) => a + b)} scrapes answered; ${kills} kills of each`,
    )
    const wrong: string[] = []
    if (total !== distinct) wrong.push(`${total - distinct} samples are doubled`)
    if (distinct !== queued.size) wrong.push(`of ${queued.size} queued samples ${distinct} are stored`)
    if (soak !== wanted.length) wrong.push(`of ${wanted.length} queued samples of soak_total ${soak} are stored`)
    if (sum !== wantedSum) wrong.push(`the values of soak_total add up to ${sum}, not to ${wantedSum}`)
    if (queued.size < TARGETS * SERIES) wrong.push('hardly anything was queued')
    return wrong
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await Promise.all([...children].map(ended))
    targets.closeAllConnections()
    targets.close()
    receiver.closeAllConnections()
    receiver.close()
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
}

if (import.meta.main) {
  const [first = '300', second = '600', third = '1'] = process.argv.slice(2)
  if (first === 'serve') await serve(second, Number(third))
  else {
    const wrong = await killCollecting({ killMs: Number(first) * 1000, outageMs: Number(second) * 1000, seed: Number(third), say: console.log })
    for (const what of wrong) console.log(what)
    process.exit(wrong.length > 0 ? 1 : 0)
  }
}
