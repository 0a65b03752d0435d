import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import type { Latency, StatsAnswer, TopAnswer } from '#capabilities/ingress-analytics/domain/api.ts'
import { describeReal, program } from '#test/real.ts'
import { type Counted, countLog, freePort, type NginxSite, startNginx } from './nginx-site.ts'

const AGENT = join(import.meta.dirname, '../../src/apps/agent/main.ts')
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Mostly good answers, some missing, some broken, a few slow ones and some that reach nobody. */
const WRK = `
local i = 0
request = function()
  i = i + 1
  local path = "/products/" .. (i % 500)
  if i % 10 == 3 then path = "/cart?add=" .. i elseif i % 10 == 6 then path = "/orders/" .. i
  elseif i % 25 == 0 then path = "/missing/" .. i elseif i % 40 == 1 then path = "/broken" elseif i % 400 == 7 then path = "/big" elseif i % 500 == 9 then path = "/down" end
  return wrk.format("GET", path, { ["User-Agent"] = "wrk " .. (i % 7), ["Referer"] = "https://shop.example/" })
end
`

describeReal('nginx, followed by the agent', ['nginx', 'wrk'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-nginx-'))
  let server: RunningServer
  let site: NginxSite
  let syslogPort: number
  let agent: ChildProcess | undefined
  const startedAt = Date.now()

  const startAgent = () => {
    agent = spawn(
      process.execPath,
      [AGENT, '--server', server.url, '--token-file', join(folder, 'token'), '--data', folder, '--file', `${site.log}:upstreaminfo`, '--parent-watch'],
      { stdio: ['pipe', 'ignore', 'inherit'] },
    )
  }
  const ended = (child: ChildProcess) =>
    new Promise<void>((resolve) => (child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve())))

  async function api<T>(path: string, init: { method?: string; body?: unknown } = {}): Promise<T> {
    const answer = await fetch(`${server.url}/api/v1${path}`, {
      method: init.method,
      headers: {
        authorization: `Bearer ${readFileSync(join(folder, 'server/cli-token'), 'utf8').trim()}`,
        ...(init.body ? { 'content-type': 'application/json' } : {}),
      },
      body: init.body === undefined ? undefined : JSON.stringify(init.body),
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as T
  }
  const range = () => `from=${startedAt - 60_000}&to=${Date.now() + 60_000}`
  const stats = async (filter: string) => (await api<StatsAnswer>(`/clusters/local/ingress/stats?${range()}&filter=${encodeURIComponent(filter)}`)).stats

  async function arrived(filter: string, requests: number) {
    for (let i = 0; i < 150; i++) {
      const now = await stats(filter)
      if (now.requests >= requests) return now
      await wait(200)
    }
    return stats(filter)
  }

  async function expectSame(source: string, log: Counted): Promise<void> {
    const filter = `source:eq:${source}`
    const got = await arrived(filter, log.requests)
    expect(got.requests).toBe(log.requests)
    expect(got.bytes_out).toBe(log.bytesOut)
    expect(got.bytes_in).toBe(log.bytesIn)
    const top = await api<TopAnswer>(`/clusters/local/ingress/top?${range()}&by=status&limit=100&filter=${encodeURIComponent(filter)}`)
    expect(Object.fromEntries(top.rows.map((row) => [row.key, row.requests]))).toEqual(log.statuses)
    const compare = (name: string, value: Latency, share: number) => {
      if (typeof value !== 'number') return expect(value.missing, name).toBe('few')
      const at = (log.times.length - 1) * share
      const [low, high] = [log.times[Math.floor(at)]!, log.times[Math.ceil(at)]!]
      expect(value, `${name} from below`).toBeGreaterThanOrEqual(low * 0.99 - 1e-6)
      expect(value, `${name} from above`).toBeLessThanOrEqual(high * 1.01 + 1e-6)
    }
    compare('p50', got.latency.p50, 0.5)
    compare('p90', got.latency.p90, 0.9)
    compare('p95', got.latency.p95, 0.95)
    compare('p99', got.latency.p99, 0.99)
    compare('p999', got.latency.p999, 0.999)
    compare('max', got.latency.max, 1)
    const mean = log.times.reduce((sum, time) => sum + time, 0) / log.times.length
    expect(got.latency.mean).toBeCloseTo(mean, 5)
  }

  beforeAll(async () => {
    server = await startServer({ data: join(folder, 'server'), port: 0, listen: '127.0.0.1', host: [], log: pino({ level: 'warn' }) })
    const { token } = await server.tokens.issue({ name: 'agent', cluster: 'local' })
    writeFileSync(join(folder, 'token'), token)
    syslogPort = await freePort()
    site = await startNginx(join(folder, 'nginx'), syslogPort)
  }, 60_000)

  afterAll(async () => {
    agent?.kill('SIGKILL')
    await site?.stop()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('counts what nginx counts, through rotations and a kill -9 of the agent', async () => {
    writeFileSync(join(folder, 'wrk.lua'), WRK)
    startAgent()
    // A first generation that is gone before the very first look is nothing that an agent could know of.
    await fetch(site.url)
    expect((await arrived(`source:eq:${site.log}`, 1)).requests).toBe(1)
    const wrk = spawn(program('wrk')!, ['-t1', '-c24', '-d6s', '-s', join(folder, 'wrk.lua'), site.url], { stdio: 'ignore' })
    const rotated: string[] = []
    const rotate = () => {
      rotated.push(`${site.log}.${rotated.length + 1}`)
      renameSync(site.log, rotated.at(-1)!)
      site.reopen()
    }
    await wait(1500)
    rotate()
    await wait(1000)
    const killed = agent!
    killed.kill('SIGKILL')
    await ended(killed)
    // Twice with no agent running: one file comes and goes unseen.
    rotate()
    await wait(600)
    rotate()
    await wait(600)
    startAgent()
    await ended(wrk)
    await wait(500)
    const log = countLog([...rotated, site.log])
    expect(log.requests).toBeGreaterThan(1000)
    expect(Object.keys(log.statuses)).toEqual(expect.arrayContaining(['200', '201', '302', '404', '500', '502']))
    await expectSame(site.log, log)
    agent!.stdin!.end()
    await ended(agent!)
    expect(agent!.exitCode).toBe(0)
  }, 120_000)

  it('takes the same lines over syslog', async () => {
    await api('/settings/syslog', { method: 'PUT', body: { listeners: [{ protocol: 'udp', port: syslogPort, source: 'edge', format: 'upstreaminfo' }] } })
    await wait(300)
    const paths = ['/products/1', '/cart', '/orders/7', '/missing', '/broken', '/down']
    const answers: Record<string, number> = {}
    for (let i = 0; i < 240; i++) {
      const { status } = await fetch(`${site.syslogUrl}${paths[i % paths.length]}`, { redirect: 'manual' })
      answers[status] = (answers[status] ?? 0) + 1
    }
    const got = await arrived('source:eq:edge', 240)
    expect(got.requests).toBe(240)
    const top = await api<TopAnswer>(`/clusters/local/ingress/top?${range()}&by=status&filter=${encodeURIComponent('source:eq:edge')}`)
    expect(Object.fromEntries(top.rows.map((row) => [row.key, row.requests]))).toEqual(answers)
  }, 60_000)
})
