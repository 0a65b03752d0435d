import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { type AccessRow, accessBatch, accessRow, seededAccessRows } from '#test/builders/access-rows.ts'
import { openTestStore, type TestStore } from '#test/builders/store.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { requestsQuery, seriesQuery, statsQuery, topQuery } from '../domain/api.ts'
import { createQuestions, type Questions } from './questions.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 4, 6, 12, 34, 56, 789)
const START = NOW - 26 * HOUR

let store: TestStore
let ask: Questions
const rows = seededAccessRows(60_000, START, NOW - 1)
/** Hours in which nothing at all was sent: a gap. */
const sent = rows.filter(({ ts }) => ts < NOW - 5 * HOUR || ts >= NOW - 4 * HOUR)
const elsewhere = [accessRow({ ts: NOW - 4.5 * HOUR, cluster: 'other', client: 'elsewhere' })]

beforeAll(async () => {
  const clock = fakeClock(NOW)
  store = await openTestStore(clock)
  await store.fill([...Array.from({ length: 6 }, (_, i) => accessBatch(sent.slice(i * 10_000, (i + 1) * 10_000))), accessBatch(elsewhere)])
  const live = {
    window: () => ({
      total: emptyBucket({ cluster: 'c', route: '', namespace: '', service: '', arm: '', second: 0 }),
      perSecond: [],
      completeness: 0,
      senders: 0,
      silent: 0,
    }),
  }
  ask = createQuestions({ telemetry: store.telemetry, live, clock, sources: () => [] })
}, 120_000)
afterAll(() => store?.[Symbol.asyncDispose]())

const within = (from: number, to: number, also: (row: AccessRow) => boolean = () => true) => sent.filter((row) => row.ts >= from && row.ts < to && also(row))
const sumOf = (list: readonly AccessRow[], column: string) => list.reduce((sum, row) => sum + (row[column] as number), 0)
const timesOf = (list: readonly AccessRow[], column = 'request_time') =>
  list
    .map((row) => row[column] as number)
    .filter((time) => !Number.isNaN(time))
    .sort((a, b) => a - b)
/** The sketch promises 1 %; the two ranks next to the asked one are as right as it. */
function near(value: unknown, sorted: readonly number[], q: number) {
  const rank = q * (sorted.length - 1)
  const low = sorted[Math.max(0, Math.floor(rank) - 1)]!
  const high = sorted[Math.min(sorted.length - 1, Math.ceil(rank) + 1)]!
  expect(value).toBeTypeOf('number')
  expect(value as number).toBeGreaterThanOrEqual(low * 0.9899)
  expect(value as number).toBeLessThanOrEqual(high * 1.0101)
}

describe('stats', () => {
  const cases: { name: string; from: number; to: number; filter?: string[]; also?: (row: AccessRow) => boolean; source: string; visitors: number }[] = [
    { name: '4 minutes, raw', from: NOW - 4 * 60_000, to: NOW, source: 'access', visitors: 0.01 },
    { name: '15 minutes, minutes with raw ends', from: NOW - 15 * 60_000, to: NOW, source: 'access_1m', visitors: 0.02 },
    { name: '6 hours, hours with finer ends', from: NOW - 6 * HOUR, to: NOW, source: 'access_1h', visitors: 0.03 },
    { name: 'a crooked range', from: NOW - 7 * HOUR + 12_345, to: NOW - 3 * HOUR - 4321, source: 'access_1h', visitors: 0.03 },
    {
      name: 'filters that roll-ups know',
      from: NOW - 6 * HOUR,
      to: NOW,
      filter: ['namespace:eq:n1', 'namespace:eq:n2', 'arm:ne:canary'],
      also: (row) => row.namespace !== 'n0' && row.arm !== 'canary',
      source: 'access_1h',
      visitors: 0.03,
    },
    {
      name: 'filters that only raw rows know',
      from: NOW - 6 * HOUR,
      to: NOW,
      filter: ['status:gte:500', 'path:contains:/P1', 'method:eq:GET', 'bytes_in:gte:300'],
      also: (row) => row.status >= 500 && row.path.includes('/p1') && row.method === 'GET' && row.bytes_in >= 300,
      source: 'access',
      visitors: 0.01,
    },
  ]
  cases.push(
    {
      name: 'raw rows of whole partitions and their ends',
      from: NOW - 23 * HOUR + 12_345,
      to: NOW - 4321,
      filter: ['status:ne:404', 'status:ne:99999'],
      also: (row) => row.status !== 404,
      source: 'access',
      visitors: 0.01,
    },
    {
      name: 'one whole partition',
      from: Date.UTC(2026, 4, 6, 4),
      to: Date.UTC(2026, 4, 6, 8),
      filter: ['method:eq:GET'],
      also: (row) => row.method === 'GET',
      source: 'access',
      visitors: 0.01,
    },
  )
  for (const { name, from, to, filter = [], also, source, visitors } of cases) {
    it(`counts exactly over ${name}`, async () => {
      const answer = await ask.stats('c', 'all', statsQuery.parse({ from, to, filter }))
      const list = within(from, to, also)
      const times = timesOf(list)
      const upstream = timesOf(list, 'upstream_time')
      const status = (test: (status: number) => boolean) => list.filter((row) => test(row.status)).length
      expect(answer).toMatchObject({ from, to, source, incomplete: [] })
      expect(answer.stats).toMatchObject({
        requests: list.length,
        bytes_in: sumOf(list, 'bytes_in'),
        bytes_out: sumOf(list, 'bytes_out'),
        classes: {
          '1xx': 0,
          '2xx': status((s) => s === 200),
          '3xx': status((s) => s === 301),
          '4xx': status((s) => s === 404 || s === 499),
          '5xx': status((s) => s >= 500),
        },
        s499: status((s) => s === 499),
        s502: status((s) => s === 502),
        s503: status((s) => s === 503),
        s504: status((s) => s === 504),
      })
      expect(answer.stats.qps).toBeCloseTo((list.length * 1000) / (to - from), 9)
      expect(answer.stats.success_rate).toBeCloseTo(status((s) => s < 500 && s !== 499) / list.length, 9)
      expect(answer.stats.latency.mean).toBeCloseTo(times.reduce((a, b) => a + b, 0) / times.length, 9)
      expect(answer.stats.latency.max).toBeCloseTo(times.at(-1)!, 6)
      near(answer.stats.latency.p50, times, 0.5)
      near(answer.stats.upstream.p50, upstream, 0.5)
      if (times.length >= 1000)
        for (const [level, q] of [
          ['p90', 0.9],
          ['p95', 0.95],
          ['p99', 0.99],
          ['p999', 0.999],
        ] as const)
          near(answer.stats.latency[level], times, q)
      const clients = new Set(list.map((row) => row.client)).size
      expect(Math.abs(answer.stats.visitors / clients - 1)).toBeLessThanOrEqual(visitors)
    })
  }

  it('says that there are too few requests for P9999 instead of drawing one', async () => {
    const from = NOW - HOUR
    const { stats } = await ask.stats('c', 'all', statsQuery.parse({ from, to: NOW }))
    expect(timesOf(within(from, NOW)).length).toBeLessThan(10_000)
    expect(stats.latency.p9999).toEqual({ missing: 'few', needs: 10_000 })
    const nothing = await ask.stats('c', 'all', statsQuery.parse({ from, to: NOW, filter: 'status:eq:499.5' }))
    expect(nothing.stats.requests).toBe(0)
    const none = await ask.stats('c', 'all', statsQuery.parse({ from, to: NOW, filter: 'status:eq:499' }))
    expect(none.stats.upstream.p50).toEqual({ missing: 'none' })
  })

  it('has no rates for no requests', async () => {
    const { stats } = await ask.stats('c', 'all', statsQuery.parse({ from: NOW - HOUR, to: NOW, filter: 'host:eq:nobody.example' }))
    expect(stats).toMatchObject({ requests: 0, qps: 0, success_rate: null, error_rate: null, latency: { mean: { missing: 'none' }, max: { missing: 'none' } } })
  })

  it('compares with an earlier period of the same length', async () => {
    const from = NOW - HOUR
    const { compared } = await ask.stats('c', 'all', statsQuery.parse({ from, to: NOW, compare: 10 * HOUR }))
    expect(compared).toMatchObject({ from: from - 10 * HOUR, to: NOW - 10 * HOUR, stats: { requests: within(from - 10 * HOUR, NOW - 10 * HOUR).length } })
  })

  it('widens ends whose raw rows may be gone to whole minutes, and says so', async () => {
    const from = NOW - 25.7 * HOUR
    const answer = await ask.stats('c', 'all', statsQuery.parse({ from, to: NOW }))
    expect(answer.from).toBe(Math.floor(from / 60_000) * 60_000)
    expect(answer.stats.requests).toBe(within(answer.from, NOW).length)
  })

  it('says so when it was asked for more than there is', async () => {
    const { incomplete } = await ask.stats('c', 'all', statsQuery.parse({ from: START - 100 * HOUR, to: NOW }))
    expect(incomplete[0]).toMatch(/^retention:\d+$/)
  })

  it('shows only what the reader may see, and nothing of other clusters', async () => {
    const query = statsQuery.parse({ from: NOW - 6 * HOUR, to: NOW })
    const mine = await ask.stats('c', [{ cluster: 'c', namespaces: ['n1'] }], query)
    expect(mine.stats.requests).toBe(within(NOW - 6 * HOUR, NOW, (row) => row.namespace === 'n1').length)
    expect((await ask.stats('c', [{ cluster: 'other' }], query)).stats.requests).toBe(0)
    expect((await ask.stats('other', 'all', query)).stats.requests).toBe(1)
  })
})

describe('series', () => {
  for (const { name, from, step, filter = [], also, source } of [
    { name: 'seconds from raw rows', from: NOW - 15 * 60_000, step: 5000, source: 'access' },
    { name: 'minutes', from: NOW - 3 * HOUR, step: 60_000, source: 'access_1m' },
    { name: 'five minutes', from: NOW - 20 * HOUR, step: 300_000, source: 'access_5m' },
    { name: 'hours', from: NOW - 20 * HOUR, step: HOUR, source: 'access_1h' },
    {
      name: 'minutes of what only raw rows know',
      from: NOW - HOUR,
      step: 60_000,
      filter: ['status:eq:404'],
      also: (row: AccessRow) => row.status === 404,
      source: 'access',
    },
  ]) {
    it(`adds up exactly: ${name}`, async () => {
      const answer = await ask.series('c', 'all', seriesQuery.parse({ from, to: NOW, step, filter }))
      expect(answer).toMatchObject({ step, source, from: Math.floor(from / step) * step })
      answer.ts.forEach((ts, i) => {
        const list = within(ts, ts + step, also)
        const times = timesOf(list)
        if (answer.series.requests[i] === null) {
          // Only the newest bucket and hours in which the whole cluster was silent are gaps.
          expect(ts + step > NOW - 2000 || within(Math.floor(ts / 60_000) * 60_000, Math.ceil((ts + step) / 60_000) * 60_000).length === 0).toBe(true)
          for (const column of Object.values(answer.series)) expect(column[i]).toBeNull()
          return
        }
        expect(answer.series.requests[i]).toBe(list.length)
        expect(answer.series.c5xx[i]).toBe(list.filter((row) => row.status >= 500).length)
        expect(answer.series.bytes_out[i]).toBe(sumOf(list, 'bytes_out'))
        expect(answer.series.success_rate[i] === null).toBe(list.length === 0)
        if (times.length >= 100) near(answer.series.p99[i], times, 0.99)
        else expect(answer.series.p99[i]).toBeNull()
        if (times.length > 0) expect(answer.series.max[i]).toBeCloseTo(times.at(-1)!, 6)
      })
      expect(answer.series.requests.some((n) => n !== null && n > 0)).toBe(true)
    })
  }

  it('leaves a gap where nothing was sent, and zero where others were', async () => {
    const gap = await ask.series('c', 'all', seriesQuery.parse({ from: NOW - 6 * HOUR, to: NOW - 3 * HOUR, step: 60_000 }))
    const at = gap.ts.findIndex((ts) => ts > NOW - 4.5 * HOUR)
    expect(gap.series.requests[at]).toBeNull()
    const zero = await ask.series('c', 'all', seriesQuery.parse({ from: NOW - HOUR, to: NOW - 1000, step: 60_000, filter: 'host:eq:nobody.example' }))
    expect(zero.series.requests[5]).toBe(0)
    expect(zero.series.success_rate[5]).toBeNull()
  })

  it('returns at most 600 points whatever the step', async () => {
    const answer = await ask.series('c', 'all', seriesQuery.parse({ from: START, to: NOW, step: 1000 }))
    expect(answer.ts.length).toBeLessThanOrEqual(600)
    expect(answer.step).toBeGreaterThanOrEqual(120_000)
  })
})

describe('top', () => {
  const group = (list: readonly AccessRow[], by: string) => {
    const groups = new Map<string, AccessRow[]>()
    for (const row of list) groups.set(String(row[by]), [...(groups.get(String(row[by])) ?? []), row])
    return groups
  }
  for (const [by, from] of [
    ['route', NOW - 6 * HOUR],
    ['host', NOW - 90 * 60_000],
    ['status', NOW - HOUR],
    ['path', NOW - 6 * HOUR],
    ['client', NOW - 2 * HOUR],
    ['upstream_addr', NOW - 3 * 60_000],
  ] as const) {
    it(`ranks by ${by} exactly`, async () => {
      const answer = await ask.top('c', 'all', topQuery.parse({ from, to: NOW, by, limit: 7 }))
      const list = within(from, NOW)
      const groups = group(list, by)
      const expected = [...groups].map(([key, rows]) => ({ key, n: rows.length })).sort((a, b) => b.n - a.n || (a.key < b.key ? -1 : 1))
      expect(answer.total).toBe(groups.size)
      expect(answer.rows.map(({ key, requests }) => ({ key, n: requests }))).toEqual(expected.slice(0, 7))
      for (const row of answer.rows) {
        expect(row.share).toBeCloseTo(row.requests / list.length, 9)
        const mine = groups.get(row.key)!
        expect(row.s502).toBe(mine.filter((r) => r.status === 502).length)
        expect(row.bytes_out).toBe(sumOf(mine, 'bytes_out'))
        if (timesOf(mine).length >= 100) near(row.p99, timesOf(mine), 0.99)
      }
    })
  }

  it('sorts by any number, and leaves out keys that have none', async () => {
    const from = NOW - 6 * HOUR
    const groups = group(within(from, NOW), 'path_pattern')
    const p99 = await ask.top('c', 'all', topQuery.parse({ from, to: NOW, by: 'path_pattern', sort: 'p99', limit: 100 }))
    expect(p99.total).toBe([...groups.values()].filter((list) => timesOf(list).length >= 100).length)
    for (let i = 1; i < p99.rows.length; i++) expect(p99.rows[i]!.p99 as number).toBeLessThanOrEqual(p99.rows[i - 1]!.p99 as number)
    const errors = await ask.top('c', 'all', topQuery.parse({ from, to: NOW, by: 'upstream_addr', sort: 's502' }))
    const worst = [...group(within(from, NOW), 'upstream_addr')].map(([, list]) => list.filter((r) => r.status === 502).length).sort((a, b) => b - a)
    expect(errors.rows.map((row) => row.s502)).toEqual(worst.slice(0, 10))
    for (const sort of ['visitors', 'success_rate', 'error_rate', 'rate_4xx', 'mean', 'max', 'upstream_mean', 'upstream_p99', 'bytes_in', 'qps'] as const) {
      for (const by of ['route', 'method'] as const) {
        const answer = await ask.top('c', 'all', topQuery.parse({ from, to: NOW, by, sort, order: 'asc' }))
        expect(answer.rows.length).toBe(group(within(from, NOW), by).size)
      }
    }
  })

  it('pages and searches', async () => {
    const query = { from: NOW - HOUR, to: NOW, by: 'path' }
    const first = await ask.top('c', 'all', topQuery.parse({ ...query, limit: 20 }))
    const second = await ask.top('c', 'all', topQuery.parse({ ...query, limit: 10, offset: 10 }))
    expect(second.rows).toEqual(first.rows.slice(10))
    const beyond = await ask.top('c', 'all', topQuery.parse({ ...query, offset: 100_000 }))
    expect(beyond).toMatchObject({ rows: [], total: first.total })
    const found = await ask.top('c', 'all', topQuery.parse({ ...query, search: 'P11/' }))
    expect(found.total).toBe(new Set(within(NOW - HOUR, NOW, (row) => row.path.includes('p11/')).map((row) => row.path)).size)
  })
})

describe('requests', () => {
  it('lists raw rows by any order, page by page', async () => {
    const from = NOW - HOUR
    const list = within(from, NOW, (row) => row.status >= 500)
    const query = { from, to: NOW, filter: 'status:gte:500', limit: 20 }
    const newest = await ask.requests('c', 'all', requestsQuery.parse(query))
    expect(newest.total).toBe(list.length)
    expect(newest.rows.map((row) => row.ts)).toEqual(
      list
        .map((row) => row.ts)
        .sort((a, b) => b - a)
        .slice(0, 20),
    )
    expect(newest.rows[0]).toMatchObject({ route: expect.stringMatching(/^n\d\/r\d$/), trace_id: '', status: expect.any(Number) })
    const slow = await ask.requests('c', 'all', requestsQuery.parse({ ...query, sort: 'request_time', offset: 20 }))
    const times = timesOf(list).reverse()
    expect(slow.total).toBe(times.length)
    expect(slow.rows.map((row) => row.request_time)).toEqual(times.slice(20, 40).map((time) => expect.closeTo(time, 6)))
    const small = await ask.requests('c', 'all', requestsQuery.parse({ ...query, sort: 'bytes_out', order: 'asc' }))
    expect(small.rows.map((row) => row.bytes_out)).toEqual(
      list
        .map((row) => row.bytes_out)
        .sort((a, b) => a - b)
        .slice(0, 20),
    )
  })

  it('finds text wherever a person would look for it, and takes it as text', async () => {
    const from = NOW - HOUR
    const client = sent.at(-1)!.client
    const found = await ask.requests('c', 'all', requestsQuery.parse({ from, to: NOW, search: client }))
    expect(found.total).toBe(within(from, NOW, (row) => row.client.includes(client)).length)
    for (const nasty of ["' OR 1=1 --", '\\', '{t0:String}', '%', 'ünï\u0000cödé']) {
      expect(
        (await ask.requests('c', 'all', requestsQuery.parse({ from, to: NOW, search: nasty, filter: [`path:eq:${nasty}`, `host:contains:${nasty}`] }))).total,
      ).toBe(0)
    }
  })

  it('has null for times that were not logged', async () => {
    const { rows } = await ask.requests('c', 'all', requestsQuery.parse({ from: NOW - 6 * HOUR, to: NOW, filter: 'status:eq:499' }))
    expect(rows.length).toBeGreaterThan(0)
    expect(rows.every((row) => row.upstream_time === null)).toBe(true)
  })
})
