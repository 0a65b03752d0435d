import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { NO_TOTALS, statsOf, topRowOf } from '../domain/measures.ts'
import { door } from './index.ts'

const NOW = Date.UTC(2026, 4, 6, 12)
const totals = {
  ...NO_TOTALS,
  requests: 200,
  visitors: 7,
  s2xx: 190,
  s5xx: 10,
  timed: 200,
  time_sum: 10,
  time_max: 1.25,
  time_q: [0.02, 0.05, 0.06, 0.4, 0.9, 1],
  bytes_out: 2048,
}
const provenance = { from: NOW - 900_000, to: NOW, source: 'access', rowsRead: 200, elapsedMs: 3, incomplete: [] as string[] }
const row = { ts: NOW, status: 502, method: 'GET', host: 'shop.example', path: '/a\u001b[31m', request_time: 0.25, client: '192.0.2.1', route: 'shop/web' }
const tick = {
  now: NOW,
  freshnessMs: 400,
  completeness: 1,
  incomplete: [],
  seconds: [
    { second: NOW - 1000, requests: 500 },
    { second: NOW, requests: 2 },
  ],
  total: { requests: 600, qps: 10, success_rate: 0.5, p50: 0.01, p99: null, latenessMs: 0 },
  latest: [row, { ...row, status: 200, path: '/b' }],
}

async function run(line: string, answers: { stats?: object; top?: object } = {}) {
  let out = ''
  const notes: string[] = []
  const calls: { path: string; query: Record<string, unknown> }[] = []
  let exit: number | undefined
  const api = {
    get: async (path: string, query: Record<string, unknown>) => {
      calls.push({ path, query })
      return path.endsWith('/stats')
        ? { ...provenance, stats: statsOf(totals, 900), ...answers.stats }
        : { ...provenance, by: 'route', total: 12, rows: [topRowOf('shop/web', totals, 900, 400)], ...answers.top }
    },
    events: async function* (path: string, query: Record<string, unknown>) {
      calls.push({ path, query })
      yield { event: 'tick', data: tick }
    },
  }
  const context = {
    clock: fakeClock(NOW),
    language: 'en',
    out: {
      write(text: string) {
        out += text
        return true
      },
    },
    note: (text: string) => void notes.push(text),
    tty: false,
    color: false,
    columns: 80,
    unicode: true,
    api,
    exit: (code: number) => {
      exit = code
    },
    signal: new AbortController().signal,
  } as unknown as CliContext
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  door(program, context)
  await program.parseAsync(['ingress', ...line.split(' ')], { from: 'user' })
  return { out, notes, calls, exit }
}

describe('sallyport ingress stats', () => {
  it('asks for the last 15 minutes and prints one number a line', async () => {
    const { out, calls, exit } = await run('stats')
    expect(calls).toEqual([{ path: '/clusters/local/ingress/stats', query: { from: NOW - 900_000, to: NOW, filter: [], compare: undefined } }])
    expect(out).toMatch(/^NUMBER +VALUE\n/)
    expect(out).toMatch(/\nrequests +200\n/)
    expect(out).toMatch(/\nerror_rate +5 %\n/)
    expect(out).toMatch(/\np99 +400 ms\n/)
    expect(out).toMatch(/\np9999 +needs 10000\n/)
    expect(exit).toBeUndefined()
  })

  it('prints the answer as it is with -o json, and a line a number with ndjson', async () => {
    expect(JSON.parse((await run('stats -o json')).out)).toMatchObject({ source: 'access', stats: { requests: 200 } })
    expect((await run('stats -o ndjson')).out.split('\n')[0]).toBe('{"number":"requests","value":200}')
  })

  it('takes a range, filters and a comparison', async () => {
    const { calls, out } = await run('stats --from 2026-05-06T10:00:00Z --to 1h --filter status:gte:500 --filter host:eq:a --compare 1d --cluster prod', {
      stats: { compared: { from: 0, to: 1, stats: statsOf(NO_TOTALS, 900) } },
    })
    expect(calls[0]).toEqual({
      path: '/clusters/prod/ingress/stats',
      query: { from: NOW - 7_200_000, to: NOW - 3_600_000, filter: ['status:gte:500', 'host:eq:a'], compare: 86_400_000 },
    })
    expect(out).toMatch(/^NUMBER +VALUE +BEFORE\n/)
  })

  it('says what is missing, and ends with 6 when it exists elsewhere', async () => {
    const old = await run('stats', { stats: { incomplete: ['retention:1700000000000', 'rejected:edge'] } })
    expect(old.notes.length).toBe(2)
    expect(old.exit).toBeUndefined()
    expect((await run('stats', { stats: { incomplete: ['queue:3'] } })).exit).toBe(6)
  })

  it('tells everything that is wrong before it asks', async () => {
    const error = await run('stats --since soon --from never --filter hots:eq:a --compare x').catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(CodedError)
    expect((error as CodedError).problems.map(({ path }) => path)).toEqual(['--compare', '--filter', '--since', '--from'])
    expect((error as CodedError).problems[1]!.message).toContain('did you mean host?')
  })
})

describe('sallyport ingress top', () => {
  it('ranks by any dimension and number', async () => {
    const { calls, out, notes } = await run('top --by path_pattern --sort p99 --limit 1 --search cart')
    expect(calls[0]!.query).toMatchObject({ by: 'path_pattern', sort: 'p99', order: 'desc', limit: 1, offset: 0, search: 'cart' })
    expect(out).toMatch(/^PATH_PATTERN +REQUESTS +SHARE/)
    expect(out).toMatch(/\nshop\/web +200 +50 % +7 +95 % +0 % +5 % +50 ms +400 ms/)
    expect(notes).toEqual(['11 more.'])
    expect((await run('top -o name')).out).toBe('shop/web\n')
  })

  it('refuses what it does not know with the nearest name', async () => {
    await expect(run('top --by hots')).rejects.toThrow('Did you mean host?')
    await expect(run('top --limit 5000')).rejects.toThrow('from 1 to 1000')
  })
})

describe('sallyport ingress tail', () => {
  it('prints lines that cannot drive the terminal, oldest first, and says that there are more', async () => {
    const { out, notes, calls } = await run('tail --filter route:eq:shop/web')
    expect(calls[0]).toEqual({ path: '/clusters/local/ingress/live', query: { filter: ['route:eq:shop/web'] } })
    expect(out.split('\n')[0]).toContain('200  GET')
    expect(out).toContain('shop.example/a\\u001b[31m  250 ms  192.0.2.1')
    expect(notes[0]).toContain('500')
  })

  it('applies filters that the live stream does not know to the rows', async () => {
    const { out, calls } = await run('tail -o ndjson --filter status:gte:500')
    expect(calls[0]!.query).toEqual({ filter: [] })
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).status),
    ).toEqual([502])
  })

  it('prints numbers each second with --stats', async () => {
    expect((await run('tail --stats')).out).toBe('12:00:00.000  10/s  success 50 %  p50 10 ms  p99 -  newest 400 ms ago\n')
  })
})
