import { describe, expect, it } from 'vitest'
import type { SeriesAnswer } from '../domain/api.ts'
import { layOver, panels } from './panels.ts'

const NAMES =
  'requests qps c2xx c3xx c4xx c5xx success_rate bytes_in bytes_out mean p50 p90 p95 p99 max upstream_mean upstream_p99 visitors s499 s502 s503 s504'.split(' ')
const answer = (step: number, value: number | null): SeriesAnswer => ({
  from: 0,
  to: 3 * step,
  source: 'access_1m',
  rowsRead: 3,
  elapsedMs: 1,
  incomplete: [],
  step,
  ts: [0, step, 2 * step],
  series: Object.fromEntries(NAMES.map((n) => [n, [value, null, value]])) as SeriesAnswer['series'],
})

describe('panels', () => {
  it('show sums as rates, whatever the bucket, and keep gaps', () => {
    for (const step of [1000, 60_000]) {
      const requests = panels(answer(step, 120), undefined).find((p) => p.id === 'requests')!
      expect(requests.series[0]!.values).toEqual([120_000 / step, null, 120_000 / step])
    }
  })

  it('take rates over the part of a bucket that is in the range, and leave out counts of cut buckets', () => {
    const cut = { ...answer(60_000, 120), from: 30_000, to: 125_000 }
    const values = (id: string) => panels(cut, undefined).find((p) => p.id === id)!.series[0]!.values
    // Half of the first bucket, 5 s of the third.
    expect(values('requests')).toEqual([4, null, null])
    expect(values('visitors')).toEqual([null, null, null])
    expect(values('latency')).toEqual([120, null, 120])
  })

  it('leave shares and times as they are and name the bucket of counts', () => {
    const all = panels(answer(60_000, 0.5), undefined)
    expect(all.find((p) => p.id === 'success')!.series[0]!.values).toEqual([0.5, null, 0.5])
    expect(all.filter((p) => p.per === 60_000).map((p) => p.id)).toEqual(['visitors', 'failures'])
  })

  it('draw the earlier period only when there is one', () => {
    const earlier = (a: SeriesAnswer, offset?: number) => panels(a, offset).flatMap((p) => p.series.filter((s) => s.compared).map((s) => `${p.id}.${s.name}`))
    expect(earlier(answer(1000, 1))).toEqual([])
    const with_ = { ...answer(1000, 1), compared: { ts: [-60_000, -59_000, -58_000], series: Object.fromEntries(NAMES.map((n) => [n, [1, 2, 3]])) } }
    expect(earlier(with_, 60_000)).toContain('requests.requests')
    expect(earlier(with_, 60_000)).toContain('latency.p99')
  })
})

describe('laying an earlier period over this one', () => {
  it('goes by time and not by position', () => {
    expect(layOver([100, 110, 120], [0, 20, 30], [1, 2, 3], 100, 10)).toEqual([1, null, 2])
  })
  it('holds when the offset is no whole number of buckets', () => {
    expect(layOver([100, 110, 120], [0, 10, 20], [1, 2, 3], 104, 10)).toEqual([1, 2, 3])
  })
})
