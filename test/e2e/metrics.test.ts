/** Debian's Prometheus and vmagent write into the server unchanged, and the server answers the same questions as that Prometheus. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import { describeReal, program } from '#test/real.ts'

let data: string
let server: RunningServer
let admin: Record<string, string>
let token: string
let otherToken: string
const children: ChildProcess[] = []
let target: ReturnType<typeof createServer>

const freePort = () =>
  new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-metrics-'))
  await mkdir(join(data, 'server', 'metrics', 'rules'), { recursive: true })
  await writeFile(
    join(data, 'server', 'metrics', 'rules', 'shop.yml'),
    `groups:
- name: shop
  interval: 1s
  rules:
  - record: code:requests:sum
    expr: sum by (code) (requests_total)
  - alert: ShopIsUp
    expr: up{job="shop"} == 1
    for: 2s
    labels: { severity: critical, team: '{{ $labels.job }}s' }
    annotations: { summary: '{{ $labels.instance }} says {{ $value | printf "%.1f" }}' }
  - alert: ShopIsDown
    expr: up{job="shop"} == 0
`,
  )
  server = await startServer({
    data: join(data, 'server'),
    port: 0,
    listen: '127.0.0.1',
    host: [],
    log: pino({ level: 'silent' }),
    capabilities: [() => import('#capabilities/metrics/server/index.ts').then(({ door }) => door)],
  })
  admin = { authorization: `Bearer ${(await readFile(join(data, 'server', 'cli-token'), 'utf8')).trim()}` }
  token = (await server.tokens.issue({ name: 'metrics', signals: ['metrics'] })).token
  otherToken = (await server.tokens.issue({ name: 'other', cluster: 'other', signals: ['metrics'] })).token
  const started = Date.now()
  target = createServer((_request, response) => {
    const seconds = (Date.now() - started) / 1000
    const lines = Array.from({ length: 20 }, (_, i) => `requests_total{path="/${i}",code="${i % 3 === 0 ? 500 : 200}"} ${Math.floor(seconds * (i + 1) * 10)}`)
    const buckets = ['0.1', '0.5', '1', '+Inf'].map((le, i) => `latency_seconds_bucket{le="${le}"} ${Math.floor(seconds * (i + 1) * 7)}`)
    response.end(
      [
        '# HELP requests_total Requests.',
        '# TYPE requests_total counter',
        ...lines,
        '# TYPE latency_seconds histogram',
        ...buckets,
        `latency_seconds_sum ${seconds * 3}`,
        `latency_seconds_count ${Math.floor(seconds * 28)}`,
        '# TYPE temperature gauge',
        `temperature ${20 + Math.sin(seconds)}`,
        '',
      ].join('\n'),
    )
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
}, 60_000)

afterAll(async () => {
  for (const child of children) {
    child.kill('SIGKILL')
  }
  target?.close()
  await server?.close()
  await rm(data, { recursive: true, force: true, maxRetries: 5 })
})

const scrapeConfig = () => `
global: { scrape_interval: 1s }
scrape_configs:
- job_name: shop
  static_configs: [{ targets: ['127.0.0.1:${(target.address() as AddressInfo).port}'] }]
`
const ask = async (base: string, path: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${base}${path}`, { headers })
  return { status: response.status, body: (await response.json()) as { status: string; data: never; error?: string } }
}
const until = async (what: string, fact: () => Promise<boolean>) => {
  for (const deadline = performance.now() + 60_000; !(await fact().catch(() => false)); await pause(300))
    if (performance.now() > deadline) throw new Error(`not seen: ${what}`)
}
const countOf = async (query: string, cluster = 'local') => {
  const { body } = await ask(server.url, `/clusters/${cluster}/prometheus/api/v1/query?query=${encodeURIComponent(query)}`, admin)
  const [first] = (body.data as { result: { value: [number, string] }[] }).result
  return first === undefined ? 0 : Number(first.value[1])
}

describeReal('what writes to a Prometheus writes to the server', ['prometheus', 'vmagent'], () => {
  it('takes what Prometheus and vmagent send, and answers like that Prometheus', async () => {
    const port = await freePort()
    const config = scrapeConfig()
    await writeFile(
      join(data, 'prometheus.yml'),
      `${config}
remote_write:
- url: ${server.url}/prometheus/api/v1/write
  authorization: { credentials: ${token} }
  queue_config: { batch_send_deadline: 1s }
  metadata_config: { send_interval: 2s }
`,
    )
    children.push(
      spawn(
        program('prometheus')!,
        [`--config.file=${join(data, 'prometheus.yml')}`, `--storage.tsdb.path=${join(data, 'tsdb')}`, `--web.listen-address=127.0.0.1:${port}`],
        {
          stdio: 'ignore',
        },
      ),
    )
    await writeFile(join(data, 'vmagent.yml'), config)
    children.push(
      spawn(
        program('vmagent')!,
        [
          `-promscrape.config=${join(data, 'vmagent.yml')}`,
          `-remoteWrite.url=${server.url}/prometheus/api/v1/write`,
          `-remoteWrite.bearerToken=${otherToken}`,
          `-remoteWrite.tmpDataPath=${join(data, 'vmagent')}`,
          `-httpListenAddr=127.0.0.1:${await freePort()}`,
        ],
        { stdio: 'ignore' },
      ),
    )
    await until('samples of Prometheus', async () => (await countOf('count(requests_total)')) === 20)
    await until('samples of vmagent', async () => (await countOf('count(requests_total)', 'other')) === 20)
    await until('ten samples', async () => (await countOf('min(count_over_time(requests_total[1m]))')) >= 10)
    await until('metadata', async () =>
      JSON.stringify((await ask(server.url, '/prometheus/api/v1/metadata?metric=requests_total', admin)).body.data).includes('counter'),
    )

    const prometheus = `http://127.0.0.1:${port}`
    // Both have what was scraped before this moment; wait until it has come over.
    const end = Math.floor(Date.now() / 1000) - 1
    await until('the latest sample', async () => (await countOf(`max(timestamp(requests_total))`)) > end)
    const range = `&start=${end - 8}&end=${end}&step=1`
    const queries = [
      'requests_total',
      'sum by (code) (requests_total)',
      'topk(3, requests_total)',
      'requests_total > 100 and on (path) requests_total{code="500"}',
      'max_over_time(temperature[3s])',
      'histogram_quantile(0.9, latency_seconds_bucket)',
      'count_values("v", requests_total > bool 50)',
      'label_replace(temperature, "a", "$1", "job", "(.*)")',
      'changes(temperature[4s]) + resets(temperature[4s])',
      'absent(nothing)',
      'vector(1) == 1',
      'temperature offset 2s',
      '1 +',
      'sum(requests_total) + on () group_left requests_total',
      'rate(temperature)',
    ]
    for (const query of queries) {
      const path = `/api/v1/query_range?query=${encodeURIComponent(query)}${range}`
      const ours = await ask(`${server.url}/prometheus`, path, admin)
      const theirs = await ask(prometheus, path)
      expect([query, ours.status], JSON.stringify(ours.body)).toEqual([query, theirs.status])
      if (theirs.status !== 200) continue
      expect([query, values(ours.body.data)]).toEqual([query, values(theirs.body.data)])
    }
  }, 120_000)
})

describeReal('rules of a file', ['prometheus', 'prometheus-alertmanager'], () => {
  it('record, fire, and reach a real Alertmanager', async () => {
    const port = await freePort()
    await writeFile(join(data, 'alertmanager.yml'), 'route: { receiver: none }\nreceivers: [{ name: none }]\n')
    const alertmanager = `http://127.0.0.1:${port}`
    children.push(
      spawn(
        program('prometheus-alertmanager')!,
        [
          `--config.file=${join(data, 'alertmanager.yml')}`,
          `--storage.path=${join(data, 'alertmanager')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
        ],
        { stdio: 'ignore' },
      ),
    )
    const put = (section: string, value: object) =>
      fetch(`${server.url}/api/v1/settings/${section}`, {
        method: 'PUT',
        headers: { ...admin, 'content-type': 'application/json' },
        body: JSON.stringify(value),
      })
    expect((await put('outbound', { allow: [`127.0.0.1:${port}`] })).status).toBe(200)
    expect((await put('alertmanagers', { urls: [alertmanager] })).status).toBe(200)
    await until('what was recorded', async () => (await countOf('count(code:requests:sum)')) === 2)
    await until('ALERTS', async () => (await countOf('ALERTS{alertname="ShopIsUp",alertstate="firing",severity="critical",team="shops"}')) === 1)
    const rules = (await ask(server.url, '/prometheus/api/v1/rules', admin)).body.data as {
      groups: { rules: { name: string; state?: string; health: string }[] }[]
    }
    expect(rules.groups[0]!.rules.map(({ name, state, health }) => [name, state, health])).toEqual([
      ['code:requests:sum', undefined, 'ok'],
      ['ShopIsUp', 'firing', 'ok'],
      ['ShopIsDown', 'inactive', 'ok'],
    ])
    const told = async () =>
      (await (await fetch(`${alertmanager}/api/v2/alerts`)).json()) as { labels: Record<string, string>; annotations: { summary: string } }[]
    await until('the alert in Alertmanager', async () => (await told()).some(({ labels }) => labels.alertname === 'ShopIsUp'))
    const [alert] = await told()
    expect(alert!.labels).toMatchObject({ alertname: 'ShopIsUp', severity: 'critical', cluster: 'local', team: 'shops' })
    expect(alert!.annotations.summary).toMatch(/^127\.0\.0\.1:\d+ says 1\.0$/)
    expect((await told()).some(({ labels }) => labels.alertname === 'ShopIsDown')).toBe(false)
  }, 120_000)
})

type Matrix = { result: { metric: Record<string, string>; values: [number, string][] }[] }
/** In an order of its own. */
const values = (answer: Matrix) => answer.result.map(({ metric, values: list }) => JSON.stringify([Object.entries(metric).sort(), list])).sort()
