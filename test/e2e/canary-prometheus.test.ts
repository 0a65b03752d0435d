/** PromQL as evidence, from Debian's Prometheus: both arms are asked, one that is worse is found, and a Prometheus that is gone is never a success. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createJudge } from '#capabilities/canary/domain/judge/judge.ts'
import { DEFAULT_CONFIG } from '#capabilities/canary/domain/judge/limits.ts'
import { reportOf } from '#capabilities/canary/domain/judge/report.ts'
import { type Metric, withMetrics } from '#capabilities/canary/domain/release/metrics.ts'
import { everyMsOf, metricReader } from '#capabilities/canary/server/metrics.ts'
import { outbound } from '#edges/outbound/send.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import { describeReal, program } from '#test/real.ts'
import { freePort } from './nginx-site.ts'

describeReal('metrics of a Prometheus', ['prometheus'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-prometheus-'))
  const allowed: string[] = []
  const calls = outbound(() => allowed)
  let prometheus: ChildProcess
  let url: string
  /** Of each pod: a queue of 10 on average, of cart-next 14; and one that only stable has. */
  const exporter = createServer((_, response) => {
    const line = (name: string, pod: string, value: number) => `${name}{namespace="shop",pod="${pod}"} ${value}`
    const around = (mean: number) => mean + Math.random()
    response.end(
      `${['cart-1', 'cart-2'].flatMap((pod) => [line('queue', pod, around(10)), line('only_stable', pod, 1)]).join('\n')}\n${['cart-next-1', 'cart-next-2'].map((pod) => line('queue', pod, around(14))).join('\n')}\n`,
    )
  })
  const began = () => Math.floor(Date.now() / 1000) * 1000

  beforeAll(async () => {
    await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve))
    const target = `127.0.0.1:${(exporter.address() as { port: number }).port}`
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const config = join(folder, 'prometheus.yml')
    writeFileSync(
      config,
      JSON.stringify({
        global: { scrape_interval: '1s', scrape_timeout: '1s' },
        scrape_configs: [{ job_name: 'shop', honor_labels: true, metrics_path: '/', static_configs: [{ targets: [target] }] }],
      }),
    )
    const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error']
    prometheus = spawn(program('prometheus')!, flags, { stdio: ['ignore', 'ignore', 'inherit'] })
    for (let tries = 0; ; tries++) {
      const ready = await fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      )
      if (ready) break
      if (tries > 300) throw new Error('prometheus does not start')
      await pause(100)
    }
  }, 60_000)
  afterAll(async () => {
    prometheus.kill('SIGKILL')
    exporter.closeAllConnections()
    exporter.close()
    await calls.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are read for both arms and judged', async () => {
    const metric = (name: string, query: string, more: Partial<Metric> = {}): Metric => ({
      name,
      query,
      better: 'lower',
      every: '1s',
      gate: true,
      budget: { times: 1.1, plus: 0 },
      margin: { times: 1.25, plus: 0 },
      source: { url },
      ...more,
    })
    const queue = 'avg(queue{namespace="{{namespace}}",pod=~"{{pods}}"})'
    const metrics = [
      metric('queue', queue),
      metric('free', queue, { better: 'higher' }),
      metric('lost', 'avg(only_stable{pod=~"{{pods}}"})'),
      metric('many', 'queue{pod=~"{{pods}}"}'),
      metric('wrong', 'avg(queue{{{pods}}'),
    ]
    const since = began() + 1000
    const words = (of: string) => ({ namespace: 'shop', service: of, deployment: of, pods: [`${of}-1`, `${of}-2`] })
    const read = metricReader(calls, undefined)
    const all = (list: readonly Metric[]) =>
      read('shop/cart', {
        cluster: fakeCluster({ kinds: FAKE_KINDS }),
        namespace: 'shop',
        metrics: list,
        stable: words('cart'),
        canary: words('cart-next'),
        since,
        now: Date.now(),
      })
    const judge = async (list: readonly Metric[]) => {
      const promote = { report: reportOf(createJudge(DEFAULT_CONFIG), 'promote'), decision: 'promote' as const }
      return withMetrics(promote, list, await all(list), DEFAULT_CONFIG, since, Date.now(), everyMsOf)
    }
    // An address of this machine is refused until the settings allow it.
    await expect.poll(async () => (await judge(metrics.slice(0, 1))).gone, { timeout: 10_000 }).toContain('of the server itself')
    allowed.push(new URL(url).host)
    for (let tries = 0; tries < 60 && (await judge(metrics.slice(0, 1))).decision !== 'rollback'; tries++) await pause(500)
    const found = await judge(metrics.slice(0, 1))
    expect(found.decision).toBe('rollback')
    const evidence = found.report.evidence.find(({ measure }) => measure === 'queue')!
    expect(evidence.stable!.value).toBeGreaterThan(9.9)
    expect(evidence.canary!.value).toBeGreaterThan(13.9)
    expect((await judge(metrics.slice(1, 2))).decision).toBe('promote')
    expect(await judge(metrics.slice(2, 3))).toMatchObject({ decision: undefined, gone: expect.stringContaining('lost has no values') })
    expect(await judge(metrics.slice(3, 4))).toMatchObject({ gone: expect.stringContaining('2 series for stable, not one') })
    expect(await judge(metrics.slice(4, 5))).toMatchObject({ decision: undefined, gone: expect.stringContaining('parse error') })

    prometheus.kill('SIGKILL')
    await new Promise((resolve) => prometheus.once('exit', resolve))
    await pause(1_100)
    expect(await judge(metrics.slice(1, 2))).toMatchObject({ decision: undefined, gone: expect.stringContaining('cannot connect') })
  }, 90_000)
})
