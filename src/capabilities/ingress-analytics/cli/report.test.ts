import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { Command } from 'commander'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessLogBytes } from '#bench/access-log-generator.ts'
import type { ExitCode, Language } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { describeReal, program } from '../../../../test/real.ts'
import { createLine } from '../domain/formats/line.ts'
import { Distinct } from '../domain/report/distinct.ts'
import { createLineFeed } from '../domain/report/line-feed.ts'
import type { Report } from '../domain/report/report.ts'
import { Tally } from '../domain/report/tally.ts'
import { createRow } from '../domain/rows/row.ts'
import { addReport } from './report.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-report-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function run(args: string[], language: Language = 'en') {
  let out = ''
  const notes: string[] = []
  let exit: ExitCode = 0
  const context = {
    clock: { now: () => 0, sleep: async () => {} },
    language,
    out: new Writable({
      write: (chunk, _encoding, done) => {
        out += chunk
        done()
      },
    }),
    note: (line: string) => void notes.push(line),
    tty: false,
    color: false,
    columns: 120,
    unicode: true,
    exit: (code: ExitCode) => {
      exit = code
    },
    signal: new AbortController().signal,
  } as unknown as CliContext
  const command = new Command().exitOverride()
  addReport(command, context)
  await command.parseAsync(['report', ...args], { from: 'user' })
  return { out, notes, exit }
}
const file = (name: string, bytes: Uint8Array | string) => {
  const path = join(dir, name)
  writeFileSync(path, bytes)
  return path
}
const json = async (...args: string[]) => JSON.parse((await run([...args, '-o', 'json'])).out) as Report

describe('ingress report', () => {
  const log = accessLogBytes(2000, { format: 'upstreaminfo', clients: 100 })

  it('counts what is in the file, plain or gzipped, and what could not be read', async () => {
    const path = file('a.log', Buffer.concat([log, Buffer.from('garbage\n\n')]))
    const report = await json('-f', path)
    const lines = log.toString().trimEnd().split('\n')
    const bodies = lines.map((line) => /" (\d{3}) (\d+) "/.exec(line)!)
    expect(report.requests).toBe(2000)
    expect(report.lines).toBe(2002)
    expect(report.bytes).toBe(bodies.reduce((sum, found) => sum + Number(found[2]), 0))
    const statuses: Record<string, number> = {}
    for (const found of bodies) statuses[found[1]!] = (statuses[found[1]!] ?? 0) + 1
    expect(report.status).toEqual(statuses)
    const visitor = (line: string) => `${line.slice(0, line.indexOf(' '))} ${/" "([^"]*)" \d+ [\d.]+ \[/.exec(line)![1]}`
    expect(report.visitors).toBe(new Set(lines.filter((line) => !/" 4\d\d \d+ "/.test(line)).map(visitor)).size)
    expect(report.rejected.reasons).toEqual({ format: 1, empty: 1 })
    expect(report.files).toEqual([{ path, format: 'upstreaminfo', lines: 2002 }])
    const sum = (name: keyof Report['tables']) => report.tables[name].rows.reduce((all, row) => all + row.requests, 0)
    for (const name of ['statuses', 'methods', 'hours', 'ua_families'] as const) expect(sum(name)).toBe(2000)

    const times = lines.map((line) => Number(/" \d+ ([\d.]+) \[/.exec(line)![1]) * 1000).sort((a, b) => a - b)
    expect(report.latency_ms.max).toBe(times.at(-1))
    for (const [name, q] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const exact = times[Math.floor(q * (times.length - 1))]!
      expect(Math.abs(report.latency_ms[name]! / exact - 1)).toBeLessThanOrEqual(0.01)
    }
    expect(report.latency_ms.p9999).toBeNull()
    expect(report.latency_ms.missing.p9999).toContain('10000')

    const zipped = await json('-f', file('a.log.gz', Buffer.concat([gzipSync(log.subarray(0, 5000)), gzipSync(log.subarray(5000))])))
    expect(zipped.requests).toBe(2000)
    expect(zipped.status).toEqual(report.status)
    const twice = await json('-f', path, '-f', path)
    expect(twice.requests).toBe(4000)
    expect(twice.visitors).toBe(report.visitors)
  })

  it('ends with the code that the outcome asks for', async () => {
    const path = file('b.log', Buffer.concat([log, Buffer.from('garbage\n')]))
    const plain = await run(['-f', path])
    expect(plain).toMatchObject({ exit: 0, notes: ['1 lines were not read: format 1'] })
    expect(plain.out).toContain('upstreaminfo')
    expect((await run(['-f', path, '--fail-on-rejected'])).exit).toBe(6)
    await expect(run(['-f', file('c.log', 'hello\nworld\n')])).rejects.toMatchObject({ code: 'NOTHING_READ', details: { lines: 2 } })
    await expect(run(['-f', join(dir, 'none')])).rejects.toMatchObject({ code: 'FILE_UNREADABLE', details: { reason: 'ENOENT' } })
    await expect(run(['-f', file('cut.gz', gzipSync(log).subarray(0, 4000))])).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(run(['-f', path, '--format', 'combind'])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(json('-f', file('empty.log', ''))).resolves.toMatchObject({ requests: 0, range: null, success_rate: null })
  })

  it('writes one safe HTML file in both languages', async () => {
    const nasty = file(
      'd.log',
      '1.2.3.4 - - [23/Nov/2026:10:00:00 +0000] "GET /<script>alert(1)</script> HTTP/1.1" 200 1 "-" "<img src=x onerror=1>"\n<b>garbage\n',
    )
    const { out } = await run(['-f', nasty, '-o', 'html'])
    expect(out).not.toMatch(/<script|<img|<b>|https?:\/\/|<link/)
    expect(out).toContain('&lt;script&gt;')
    expect((await run(['-f', nasty, '-o', 'html'], 'zh-CN')).out).toContain('<html lang="zh-CN">')
  })

  it('reads stdin through the whole CLI process', () => {
    const child = spawnSync(join(import.meta.dirname, '../../../../bin/sallyport'), ['ingress', 'report', '-o', 'json'], {
      input: gzipSync(log),
      encoding: 'utf8',
    })
    expect(child.stderr).toBe('')
    expect(JSON.parse(child.stdout)).toMatchObject({ requests: 2000 })
  })
})

describe('line feed', () => {
  it('gives the same lines however the stream is cut', () => {
    const text = fc.array(fc.stringMatching(/^[a-z]{0,30}\n?$/), { maxLength: 40 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 10 }), (whole, cuts) => {
        const bytes = new TextEncoder().encode(whole)
        let got = ''
        const feed = createLineFeed((chunk, _view, until) => {
          got += new TextDecoder().decode(chunk.subarray(0, until))
        })
        let at = 0
        for (const cut of [...cuts, bytes.length]) {
          feed.push(bytes.subarray(at, Math.min(bytes.length, at + cut)))
          at = Math.min(bytes.length, at + cut)
        }
        feed.push(bytes.subarray(at))
        feed.end()
        expect(got).toBe(whole)
      }),
    )
  })
  it('drops the rest of a line without end, in bounded memory', () => {
    const handed: number[] = []
    const feed = createLineFeed((_bytes, _view, until) => handed.push(until))
    for (let i = 0; i < 50; i++) feed.push(new Uint8Array(100_000).fill(97))
    feed.push(new TextEncoder().encode('\nnext\n'))
    feed.end()
    expect(handed).toEqual([2 * 1024 * 1024, 5])
  })
})

describe('bounded counting', () => {
  it('is exact below its bounds and off by what it says above', () => {
    const row = createRow(createLine())
    const dropped = new Map<string, number>()
    const tally = new Tally({ cap: 100, onDrop: ({ key, requests }) => dropped.set(key, (dropped.get(key) ?? 0) + requests) })
    const truth = new Map<string, number>()
    for (let i = 0; i < 20_000; i++) {
      const key = `k${i % 3 === 0 ? i : i % 7}`
      truth.set(key, (truth.get(key) ?? 0) + 1)
      const bytes = new TextEncoder().encode(key)
      tally.add(new DataView(bytes.buffer), bytes, 0, bytes.length, row)
    }
    expect(tally.size).toBeLessThanOrEqual(101)
    expect(tally.error).toBeGreaterThan(0)
    for (const found of tally.top(7)) {
      expect(found.requests).toBeLessThanOrEqual(truth.get(found.key)!)
      expect(found.requests + tally.error).toBeGreaterThanOrEqual(truth.get(found.key)!)
    }
    // nothing vanishes: what was let go was handed on
    const kept = [...tally.rows()].reduce((sum, found) => sum + found.requests, 0)
    expect(kept + [...dropped.values()].reduce((a, b) => a + b, 0)).toBe(20_000)
  })
  it('counts different things exactly, then within a few percent', () => {
    const hash = (i: number, seed: number) => {
      let h = Math.imul(i ^ seed, 0x9e3779b1)
      h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
      return h ^ (h >>> 13)
    }
    const exact = new Distinct(10_000)
    for (let twice = 0; twice < 2; twice++) for (let i = 0; i < 9_000; i++) exact.add(hash(i, 1), hash(i, 77))
    expect(exact).toMatchObject({ count: 9_000, exact: true })
    const sampled = new Distinct(10_000)
    for (let i = 0; i < 300_000; i++) sampled.add(hash(i, 1), hash(i, 77))
    expect(sampled.exact).toBe(false)
    expect(Math.abs(sampled.count / 300_000 - 1)).toBeLessThan(0.05)
  })
})

describeReal('GoAccess', ['goaccess'], () => {
  it('says the same of requests, bytes, visitors and statuses', async () => {
    const path = file('g.log', accessLogBytes(20_000, { format: 'combined', clients: 3000 }))
    const report = await json('-f', path)
    const peer = spawnSync(program('goaccess')!, [path, '--log-format=COMBINED', '-o', 'json', '--no-global-config', '--no-progress'], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    const theirs = JSON.parse(peer.stdout) as {
      general: { valid_requests: number; bandwidth: number; unique_visitors: number }
      status_codes: { data: { items?: { data: string; hits: { count: number } }[] }[] }
    }
    expect(report.requests).toBe(theirs.general.valid_requests)
    expect(report.bytes).toBe(theirs.general.bandwidth)
    expect(report.visitors).toBe(theirs.general.unique_visitors)
    const statuses = theirs.status_codes.data.flatMap(({ items = [] }) => items.map((item) => [item.data.slice(0, 3), item.hits.count]))
    expect(Object.fromEntries(statuses)).toEqual(report.status)
  })
})
