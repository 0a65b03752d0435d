import { describe, expect, it } from 'vitest'
import type { LiveTick } from '../domain/api.ts'
import { liveBars, liveState, withLatest } from './live-bars.ts'

const NOW = 1_700_000_000_400
const tick = (over: Partial<LiveTick>): LiveTick => ({
  now: NOW,
  freshnessMs: 400,
  completeness: 1,
  incomplete: [],
  seconds: [],
  total: { requests: 0, qps: 0, success_rate: null, p50: null, p99: null, latenessMs: 0 },
  latest: [],
  ...over,
})
const second = (before: number, requests: number) => ({
  second: Math.floor(NOW / 1000) * 1000 - before * 1000,
  requests,
  c4xx: 1,
  c5xx: 2,
  bytes_out: 0,
  mean: null,
  p99: 0.3,
})

describe('live bars', () => {
  it('cover 60 whole seconds, the running one left out', () => {
    const bars = liveBars(tick({ seconds: [second(0, 50), second(1, 10), second(60, 7), second(61, 9)] }))
    expect(bars.ts).toHaveLength(60)
    expect(bars.ok.at(-1)).toBe(7)
    expect(bars.ok[0]).toBe(4)
    expect([bars.c4xx.at(-1), bars.c5xx.at(-1), bars.p99.at(-1), bars.peak]).toEqual([1, 2, 0.3, 10])
  })

  it('are zero where nothing came and gaps where nothing was watched', () => {
    const bars = liveBars(tick({ completeness: 0.5 }))
    expect(bars.ok.slice(0, 30).every((v) => v === null)).toBe(true)
    expect(bars.ok.slice(30).every((v) => v === 0)).toBe(true)
    expect(liveBars(tick({ freshnessMs: null })).ok.every((v) => v === null)).toBe(true)
  })
})

describe('state of the live view', () => {
  it('tells quiet traffic from a lost connection', () => {
    expect(liveState(undefined, 0)).toBe('waiting')
    expect(liveState(tick({}), 300)).toBe('fresh')
    expect(liveState(tick({ freshnessMs: 9000 }), 300)).toBe('quiet')
    expect(liveState(tick({ freshnessMs: null }), 300)).toBe('quiet')
    expect(liveState(tick({}), 6000)).toBe('stale')
  })
})

describe('latest lines', () => {
  it('stay until newer ones push them out', () => {
    const rows = (from: number, count: number) => Array.from({ length: count }, (_, i) => ({ ts: from - i }))
    expect(withLatest(rows(3, 3), [])).toEqual(rows(3, 3))
    expect(withLatest(rows(3, 3), rows(5, 2))).toEqual(rows(5, 5))
    expect(withLatest(rows(40, 40), rows(60, 20))).toHaveLength(50)
  })
})
