/**
 * From a line in a file to the live view and to queries, at 20,000 lines/s, with the real agent (bundle) and the real server, each a process of its own.
 * Marks are lines of a service that nothing else has. Bars: ≤ 1.5 s to the live view, ≤ 3 s to queries; agent ≤ 80 MB resident.
 * `node bench/latency.ts [SECONDS] [LINES_PER_SECOND]`
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LiveTick, StatsAnswer } from '#capabilities/ingress-analytics/domain/api.ts'
import { accessLogBytes } from './access-log-generator.ts'
import { median } from './measure.ts'
import { cpuSeconds, family, pssMegabytes } from './processes.ts'

const seconds = Number(process.argv[2] ?? 40)
const perSecond = Number(process.argv[3] ?? 20_000)
const root = join(import.meta.dirname, '..')
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const folder = mkdtempSync(join(tmpdir(), 'sallyport-latency-'))
const data = join(folder, 'server')
const log = join(folder, 'access.log')
const children: ChildProcess[] = []

const start = (args: string[]) => {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'], cwd: root })
  children.push(child)
  return child
}
const ended = (child: ChildProcess) => new Promise<void>((resolve) => (child.exitCode === null ? child.once('exit', () => resolve()) : resolve()))

async function untilReady(): Promise<string> {
  for (let i = 0; i < 300; i++) {
    await wait(200)
    try {
      const { url } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { url: string }
      if ((await fetch(`${url}/readyz`)).ok) return url
    } catch {}
  }
  throw new Error('the server does not start')
}

try {
  if (!existsSync(join(root, 'dist/agent.js'))) spawnSync(process.execPath, ['deploy/bundle.ts'], { cwd: root, stdio: 'inherit' })
  const server = start(['src/apps/cli/main.ts', 'server', '--data', data, '--port', '0', '--log-level', 'error'])
  const url = await untilReady()
  const headers = { authorization: `Bearer ${readFileSync(join(data, 'cli-token'), 'utf8').trim()}` }
  const issued = await fetch(`${url}/api/v1/ingest-tokens`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{"name":"bench"}',
  })
  const { token } = (await issued.json()) as { token: string }
  writeFileSync(join(folder, 'token'), token)
  writeFileSync(log, '')
  const agent = start([
    'dist/agent.js',
    '--server',
    url,
    '--token-file',
    join(folder, 'token'),
    '--data',
    folder,
    '--file',
    `${log}:upstreaminfo`,
    '--parent-watch',
  ])
  await wait(1500)

  const began = Date.now()
  const live: number[] = []
  const queried: number[] = []
  const marks: { n: number; at: number; seen: boolean }[] = []
  const filter = encodeURIComponent('service:eq:latency')
  const watching = new AbortController()
  void (async () => {
    const answer = await fetch(`${url}/api/v1/clusters/local/ingress/live?filter=${filter}`, { headers, signal: watching.signal })
    let text = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const payload = /^data: ?(.*)$/m.exec(text.slice(0, end))?.[1]
        text = text.slice(end + 2)
        if (!payload) continue
        const tick = JSON.parse(payload) as LiveTick
        for (const mark of marks.slice(0, tick.total?.requests ?? 0)) {
          if (!mark.seen) live.push(Date.now() - mark.at)
          mark.seen = true
        }
      }
    }
  })().catch(() => {})

  // As a dashboard asks: one question after the other.
  let asking = true
  const answers = (async () => {
    let come = 0
    while (asking || (come < marks.length && Date.now() - marks.at(-1)!.at < 30_000)) {
      const answer = await fetch(`${url}/api/v1/clusters/local/ingress/stats?from=${began - 60_000}&to=${began + 600_000}&filter=${filter}`, { headers })
      const { stats } = (await answer.json()) as StatsAnswer
      for (; come < (stats?.requests ?? 0); come++) queried.push(Date.now() - marks[come]!.at)
      await wait(200)
    }
  })()

  const pool = accessLogBytes(perSecond * 4, { format: 'upstreaminfo', startsAt: Date.now() - 2000, linesPerSecond: perSecond })
  const starts = [0]
  for (let at = pool.indexOf(10); at !== -1; at = pool.indexOf(10, at + 1)) starts.push(at + 1)
  const cpuBefore = { agent: cpuSeconds(agent.pid!), server: family(server.pid!).reduce((sum, pid) => sum + cpuSeconds(pid), 0) }
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))![1]) / 1000
  let [written, next, largest, serverPss] = [0, 0, 0, 0]
  let nextMark = began + 2000
  for (let now = began; now - began < seconds * 1000; now = Date.now()) {
    const due = Math.floor(((now - began) / 1000) * perSecond)
    while (written < due) {
      const count = Math.min(due - written, starts.length - 1 - next)
      appendFileSync(log, pool.subarray(starts[next]!, starts[next + count]!))
      written += count
      next = (next + count) % (starts.length - 1)
    }
    if (now >= nextMark && now - began < (seconds - 3) * 1000) {
      const n = marks.length
      const at = new Date(now).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000')
      appendFileSync(
        log,
        `10.0.0.1 - - [${at}] "GET /mark/${n} HTTP/1.1" 200 5 "-" "bench" 100 0.010 [bench-latency-80] [] 10.1.1.1:80 5 0.010 200 ${String(n).padStart(32, '0')}\n`,
      )
      marks.push({ n, at: Date.now(), seen: false })
      nextMark += 1370
      largest = Math.max(largest, rss())
      serverPss = Math.max(
        serverPss,
        family(server.pid!).reduce((sum, pid) => sum + pssMegabytes(pid), 0),
      )
    }
    await wait(10)
  }
  const took = (Date.now() - began) / 1000
  asking = false
  await answers
  await wait(1500)
  const cpu = { agent: cpuSeconds(agent.pid!) - cpuBefore.agent, server: family(server.pid!).reduce((sum, pid) => sum + cpuSeconds(pid), 0) - cpuBefore.server }
  watching.abort()
  const say = (name: string, values: readonly number[], bar: number) => {
    const worst = Math.max(...values)
    console.log(
      `${name}: median ${(median(values) / 1000).toFixed(2)} s, worst ${(worst / 1000).toFixed(2)} s of ${values.length} marks; bar ${bar} s: ${worst <= bar * 1000 ? 'met' : 'NOT met'}`,
    )
  }
  console.log(`${written} lines in ${took.toFixed(1)} s (${Math.round(written / took)} lines/s)`)
  say('line to live view', live, 1.5)
  if (live.length < marks.length) console.log(`NOT met: ${marks.length - live.length} marks never came to the live view`)
  say('line to query', queried, 3)
  if (queried.length < marks.length) console.log(`NOT met: ${marks.length - queried.length} marks never came to queries`)
  console.log(
    `agent: ${largest.toFixed(0)} MB resident at most (bar 80: ${largest <= 80 ? 'met' : 'NOT met'}), ${((cpu.agent / took) * 100).toFixed(1)} % of a core`,
  )
  console.log(`server with engine: ${serverPss.toFixed(0)} MB PSS at most, ${((cpu.server / took) * 100).toFixed(0)} % of a core`)
} finally {
  for (const child of children.reverse()) {
    child.kill('SIGTERM')
    await Promise.race([ended(child), wait(10_000).then(() => child.kill('SIGKILL'))])
  }
  rmSync(folder, { recursive: true, force: true })
}
