import { describe, expect, it } from 'vitest'
import type { Latency, Stats, StatsAnswer } from '../domain/api.ts'
import { LADDER, ladder, ownShare, tiles } from './tiles.ts'

const few = { missing: 'few', needs: 10_000 } as const
const times = (p50: Latency, p9999: Latency) => ({ mean: p50, p50, p90: p50, p95: p50, p99: p50, p999: p50, p9999, max: p50 })
const stats = (over: Partial<Stats> = {}): Stats => ({
  requests: 1000,
  visitors: 20,
  qps: 10,
  success_rate: 0.98,
  error_rate: 0.02,
  classes: { '1xx': 0, '2xx': 950, '3xx': 0, '4xx': 30, '5xx': 20 },
  s499: 0,
  s502: 0,
  s503: 0,
  s504: 0,
  bytes_in: 1,
  bytes_out: 2,
  latency: times(0.2, few),
  upstream: times(0.15, few),
  ...over,
})
const answer = (now: Stats, then?: Stats): StatsAnswer => ({
  from: 0,
  to: 1,
  source: 'access_1m',
  rowsRead: 1,
  elapsedMs: 1,
  incomplete: [],
  stats: now,
  ...(then ? { compared: { from: 0, to: 1, stats: then } } : {}),
})
const none = stats({ requests: 0, visitors: 0, qps: 0, success_rate: null, error_rate: null, classes: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 } })

describe('tiles', () => {
  it('say missing and not zero when there were no requests', () => {
    const byId = new Map(tiles(answer(none)).map((t) => [t.id, t.value]))
    expect(byId.get('pv')).toBe(0)
    for (const id of ['success', 'c4xx', 'c5xx'] as const) expect(byId.get(id)).toBeNull()
  })

  it('are there before their numbers', () => {
    expect(tiles(undefined).map((t) => t.id)).toEqual(tiles(answer(none)).map((t) => t.id))
    expect(tiles(undefined).every((t) => t.value === undefined && t.before === undefined)).toBe(true)
  })

  it('carry the earlier number only when something is compared', () => {
    const success = (a: StatsAnswer) => tiles(a).find((t) => t.id === 'success')
    expect(success(answer(stats()))).toMatchObject({ value: 0.98, before: undefined, better: 'higher' })
    expect(success(answer(stats(), none))).toMatchObject({ value: 0.98, before: null })
  })
})

describe('latency ladder', () => {
  const at = (cells: (Latency | undefined)[], rung: (typeof LADDER)[number]) => cells[LADDER.indexOf(rung)]
  it('passes on why a quantile is missing', () => {
    const [total, upstream] = ladder(answer(stats()))
    expect(at(total!.cells, 'p9999')).toEqual(few)
    expect(at(total!.cells, 'p50')).toBe(0.2)
    expect(at(upstream!.cells, 'p50')).toBe(0.15)
  })

  it('puts the earlier period below its own row', () => {
    expect(ladder(answer(stats(), none)).map((r) => r.id)).toEqual(['total', 'totalBefore', 'upstream', 'upstreamBefore'])
  })

  it('knows what the upstreams did not take', () => {
    expect(ownShare(answer(stats()))).toBeCloseTo(0.25)
    expect(ownShare(answer(stats({ upstream: times({ missing: 'none' }, few) })))).toBeUndefined()
    expect(ownShare(answer(stats({ upstream: times(0.3, few) })))).toBe(0)
  })
})
