/** The collector scrapes Debian's node_exporter and sends to our server in its own format and to Debian's Prometheus by remote write; killed hard on the way. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import { describeReal, program } from '#test/real.ts'
import { killCollecting } from '#test/soak/collect.ts'

let data: string
let server: RunningServer
let admin: Record<string, string>
let token: string
const children: ChildProcess[] = []
let scrapes = 0
const counter = createServer((_request, response) => {
  scrapes++
  response.setHeader('content-type', 'text/plain; version=0.0.4').end(`# TYPE scrapes_total counter\nscrapes_total ${scrapes}\n`)
})

const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
const start = (command: string, args: string[], env = {}) => {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } })
  children.push(child)
  return child
}
const until = async (what: string, fact: () => Promise<boolean>) => {
  for (const deadline = performance.now() + 60_000; !(await fact().catch(() => false)); await pause(300))
    if (performance.now() > deadline) throw new Error(`not seen: ${what}`)
}
type Row = { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }
const ask = async (base: string, query: string, headers = {}): Promise<Row[]> => {
  const response = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(query)}`, { headers })
  return ((await response.json()) as { data: { result: Row[] } }).data.result
}
const ours = (query: string) => ask(`${server.url}/clusters/local/prometheus`, query, admin)

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-collect-'))
  server = await startServer({
    data: join(data, 'server'),
    port: 0,
    listen: '127.0.0.1',
    host: [],
    log: pino({ level: 'silent' }),
    capabilities: [() => import('#capabilities/metrics/server/index.ts').then(({ door }) => door)],
  })
  admin = { authorization: `Bearer ${(await readFile(join(data, 'server', 'cli-token'), 'utf8')).trim()}` }
  token = (await server.tokens.issue({ name: 'collect', signals: ['metrics'] })).token
  await new Promise<void>((resolve) => counter.listen(0, '127.0.0.1', resolve))
}, 60_000)

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  counter.close()
  await server?.close()
  await rm(data, { recursive: true, force: true, maxRetries: 5 })
})

describeReal('sallyport collect', ['prometheus', 'prometheus-node-exporter'], () => {
  it('fills our server and a Prometheus alike, and what it queued is there once after kill -9', async () => {
    const [node, prom] = [await freePort(), await freePort()]
    start(program('prometheus-node-exporter')!, [`--web.listen-address=127.0.0.1:${node}`])
    await writeFile(join(data, 'prom.yml'), 'global: {}')
    start(program('prometheus')!, [
      `--config.file=${join(data, 'prom.yml')}`,
      `--storage.tsdb.path=${join(data, 'prom')}`,
      `--web.listen-address=127.0.0.1:${prom}`,
      '--web.enable-remote-write-receiver',
    ])
    const config = join(data, 'collect.yml')
    await writeFile(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s', external_labels: { site: 'test' } },
        scrape_configs: [
          {
            job_name: 'node',
            static_configs: [{ targets: [`127.0.0.1:${node}`] }],
            metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'go_.*', action: 'drop' }],
          },
          { job_name: 'counter', static_configs: [{ targets: [`127.0.0.1:${(counter.address() as AddressInfo).port}`] }] },
        ],
        remote_write: [{ url: `http://127.0.0.1:${prom}/api/v1/write` }],
      }),
    )
    const collect = () =>
      start(process.execPath, ['src/apps/collect/main.ts', '--config', config, '--server', server.url, '--data', join(data, 'collector')], {
        SALLYPORT_TOKEN: token,
      })
    for (let kills = 0; kills < 2; kills++) {
      const child = collect()
      const before = scrapes
      await until('scrapes', async () => scrapes > before + 3)
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('exit', resolve))
    }
    collect()
    const exposed = (await (await fetch(`http://127.0.0.1:${node}/metrics`)).text())
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('go_')).length
    await until('node_exporter here', async () => Number((await ours('count({job="node",__name__!~"up|scrape_.*"})'))[0]?.value?.[1]) >= exposed - 5)
    await until(
      'node_exporter there',
      async () => Number((await ask(`http://127.0.0.1:${prom}`, 'count({job="node",__name__!~"up|scrape_.*"})'))[0]?.value?.[1]) >= exposed - 5,
    )
    expect(await ours('count({job="node",site="test",__name__=~"go_.*"})')).toEqual([])
    expect((await ours('up{job="node"}'))[0]?.value?.[1]).toBe('1')
    const here = (await ours('scrapes_total[5m]'))[0]!.values!
    const there = (await ask(`http://127.0.0.1:${prom}`, 'scrapes_total[5m]'))[0]!.values!
    // Both got the same samples, each once: values only grow, times too.
    const both = Math.min(here.at(-1)![0], there.at(-1)![0])
    const upTo = (rows: [number, string][]) => rows.filter(([time]) => time <= both)
    expect(upTo(here)).toEqual(upTo(there))
    const values = here.map(([, value]) => Number(value))
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b))
    expect(values.length).toBeGreaterThan(4)
  }, 120_000)
})

it('what was queued is stored once, though collector and server are killed and the server stays away for a while', async () => {
  const said: string[] = []
  expect(await killCollecting({ killMs: 9_000, outageMs: 4_000, seed: 7, say: (line) => said.push(line) })).toEqual([])
  expect(said.at(-1)).toMatch(/^[1-9]\d+ samples queued/)
}, 180_000)
