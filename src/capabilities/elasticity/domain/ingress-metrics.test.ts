import { describe, expect, it } from 'vitest'
import type { LiveBucket, LiveStream } from '#core/shapes/ports/live-stream.ts'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { openTestLive } from '#test/builders/live.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { createIngressMetrics, selectionOf } from './ingress-metrics.ts'
import { formatMilli } from './milli.ts'

const bucket = (second: number, requests: number, more: Partial<LiveBucket> = {}): LiveBucket => ({
  ...emptyBucket({ cluster: 'c', route: 'shop/web-front', namespace: 'shop', service: 'web-front', arm: '', second }),
  requests,
  ...more,
})
async function world() {
  const clock = fakeClock(1_800_000_000_000)
  const live: LiveStream = openTestLive(clock)
  const read = createIngressMetrics(live)
  /** Each second, each sender says so many requests. */
  const run = async (seconds: number, senders: Readonly<Record<string, number>>) => {
    for (let s = 0; s < seconds; s++) {
      await clock.advance(1_000)
      for (const [sender, requests] of Object.entries(senders)) live.publish([bucket(clock.now() - 500, requests, { s504: 1 })], sender)
    }
  }
  const qps = (selector = 'sls.ingress.route=shop-web-front-http', name = 'sls_ingress_qps') => read(name, 'c', selectionOf(selector, 'shop'), clock.now())
  return { clock, run, qps }
}

describe('metrics of the ingress', () => {
  it('are the rate of whole seconds, by every name of the route', async () => {
    const { run, qps } = await world()
    await run(30, { a: 40, b: 60 })
    for (const selector of [
      'sls.ingress.route=shop-web-front-http',
      'sls.ingress.route=sticky-shop-web-front-80',
      'ingress=web-front',
      'service=web-front',
      '',
    ])
      expect(qps(selector)).toMatchObject({ value: 100, completeness: 1, window: 15 })
    expect(qps('service=web-front', 'sallyport_ingress_timeouts_per_second')?.value).toBe(2)
  })
  it('are not known when the source is stale, was never met, or the stream is younger than the window: never 0', async () => {
    const { clock, run, qps } = await world()
    expect(qps()).toBeUndefined()
    await run(5, { a: 40 })
    expect(qps()).toBeUndefined()
    await run(20, { a: 40 })
    expect(qps('service=web-fornt')).toBeUndefined()
    await clock.advance(14_000)
    expect(qps()?.value).toBe(40)
    await clock.advance(2_000)
    expect(qps()).toBeUndefined()
    expect(qps('service=web-front', 'sls_ingress_latency_p99')).toBeUndefined()
  })
  it('do not fall because one of the senders went silent, yet rise with the others; and fall again when all are heard', async () => {
    const { run, qps } = await world()
    await run(60, { a: 40, b: 60 })
    expect(qps()).toMatchObject({ value: 100, completeness: 1 })
    await run(40, { a: 40 })
    expect(qps()).toMatchObject({ value: 100, completeness: 0.5 })
    await run(30, { a: 300 })
    expect(qps()).toMatchObject({ value: 300, completeness: 0.5 })
    await run(30, { a: 20, b: 20 })
    expect(qps()).toMatchObject({ value: 40, completeness: 1 })
  })
  it('refuse labels that are not theirs', () => {
    for (const wrong of ['sls.ingress.rout=x', 'window=0', 'window', 'sls.query.interval=1h']) expect(() => selectionOf(wrong, 'shop')).toThrow()
  })
  it('are written to the thousandth', () => {
    expect([0, 0.93, 1.2e-5, 12, 1234.5678, 3e15].map(formatMilli)).toEqual(['0', '930m', '1m', '12', '1234568m', '3000000000000000'])
  })
})
