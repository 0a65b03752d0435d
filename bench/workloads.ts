/**
 * The objects browser over 30,000 pods: first page, a page by another order, search, requests for the rows in view while pods change, and memory.
 * The API server is a stand-in that answers from memory in a process of its own; measured is the server door over the real cluster edge.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pino } from 'pino'
import { door } from '#capabilities/workloads/server/index.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import { median } from './measure.ts'

const PODS = 30_000
const CHANGES = 200
const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-workloads-'))
const server = spawn(process.execPath, [join(import.meta.dirname, 'workloads/cluster.ts'), String(PODS), String(CHANGES)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
try {
  const address = await new Promise<string>((resolve, reject) => {
    server.stdout.on('data', (text) => resolve(String(text).trim()))
    server.on('exit', () => reject(new Error('the cluster ended')))
  })
  const access = { context: 'bench', server: address, namespace: 'default', user: 'bench', tls: {}, credentials: { kind: 'none' } } as const
  const { cluster, close } = openCluster({ name: 'local', access, clock: systemClock })
  const log = pino({ level: 'silent' })
  const auth = await openAuth(folder, systemClock)
  const http = await createHttp({ log, clock: systemClock, auth, version: '0' })
  const running = { door: await register() }
  await http.listen({ host: '127.0.0.1', port: 0 })
  const token = (await readFile(join(folder, 'cli-token'), 'utf8')).trim()
  const base = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}/api/v1/clusters/local`
  const headers = { authorization: `Bearer ${token}` }
  const ask = async (path: string) => {
    const began = performance.now()
    const body = (await (await fetch(base + path, { headers })).json()) as {
      total: number
      state: string
      rows: unknown[]
      missing: { progress?: { read: number; total?: number } }[]
    }
    return { ms: performance.now() - began, body }
  }
  async function register() {
    let started: Awaited<ReturnType<typeof door.start>> | undefined
    await http.register(
      async (api) => {
        started = await door.start({ http: api, clock: systemClock, log, telemetry: {}, ...fakeClusters(cluster) } as unknown as ServerContext)
      },
      { prefix: '/api/v1' },
    )
    return started!
  }

  // What any first visit pays once: discovery, for the list of kinds.
  await ask('/kinds')
  globalThis.gc?.()
  const before = process.memoryUsage().rss
  const first = await ask('/objects?kind=v1/Pod&sort=namespace&order=asc&limit=100')
  console.log(`first page of ${first.body.total} pods: ${first.ms.toFixed(0)} ms (${first.body.rows.length} rows, state "${first.body.state}"); bar 500 ms`)
  await systemClock.sleep(2_000)
  const listed = async () => Number(await (await fetch(`${address}/listed`)).text())
  const following = await ask('/objects?kind=v1/Pod&sort=namespace&order=asc&limit=100')
  console.log(
    `listed by the cluster for it, and for 2 s of looking at it while ${CHANGES} pods a second change: ${await listed()} pods; "${following.body.state}"`,
  )
  const scrolled = await ask('/objects?kind=v1/Pod&sort=namespace&order=asc&limit=100&offset=100')
  console.log(`the next page: ${scrolled.ms.toFixed(0)} ms; listed by then: ${await listed()} pods`)
  const early = await ask('/objects?kind=v1/Pod&sort=restarts&order=desc&limit=100')
  console.log(
    `a page in another order, of what was read by then: ${early.ms.toFixed(0)} ms (${early.body.missing.map(({ progress }) => `${progress?.read} of ${progress?.total}`).join()})`,
  )
  const started = performance.now()
  let whole = early
  while (whole.body.missing.length > 0) {
    await systemClock.sleep(250)
    whole = await ask('/objects?kind=v1/Pod&sort=restarts&order=desc&limit=100')
  }
  console.log(`that page of all pods: ${(early.ms + performance.now() - started).toFixed(0)} ms after it was first asked for`)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const cpu = process.cpuUsage()
  const times: Record<string, number[]> = {}
  const stop = new AbortController()
  let told = 0
  const listening = fetch(`${base}/objects/changes?kind=v1/Pod`, { headers, signal: stop.signal })
    .then(async ({ body }) => {
      for await (const chunk of body!) told += String(new TextDecoder().decode(chunk)).split('event: change').length - 1
    })
    .catch(() => {})
  const began = performance.now()
  const ASKED: Record<string, string> = {
    'page by name': '/objects?kind=v1/Pod&sort=namespace&order=asc&limit=100&offset=15000',
    'page by restarts': '/objects?kind=v1/Pod&sort=restarts&order=desc&limit=100',
    search: '/objects?kind=v1/Pod&search=pod-0299&sort=name&limit=100',
  }
  for (let round = 0; round < 8; round++) {
    for (const [name, path] of Object.entries(ASKED)) {
      const list = times[name] ?? []
      times[name] = list
      list.push((await ask(path)).ms)
    }
    await systemClock.sleep(250)
  }
  const seconds = (performance.now() - began) / 1000
  const used = process.cpuUsage(cpu)
  stop.abort()
  await listening
  for (const [name, list] of Object.entries(times)) console.log(`${name}, while ${CHANGES} pods a second change: median ${median(list).toFixed(0)} ms`)
  // The first says how it is.
  console.log(`changes told: ${((told - 1) / seconds).toFixed(1)} a second; bar 4`)
  console.log(
    `event loop delay p99: ${(delay.percentile(99) / 1e6).toFixed(0)} ms; CPU: ${((used.user + used.system) / 1e6 / seconds).toFixed(2)} of a core; memory: +${((process.memoryUsage().rss - before) / 1024 ** 2).toFixed(0)} MB`,
  )
  await running.door.stop()
  await http.close()
  await close()
} finally {
  server.kill()
  await rm(folder, { recursive: true, force: true })
}
