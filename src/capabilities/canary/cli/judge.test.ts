import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { runCommand } from '#test/fakes/command.ts'
import { addJudge, type FileVerdict } from './judge.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-judge-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const judge = (...args: string[]) => runCommand(addJudge, ['judge', ...args])

/** Ten minutes at 20 requests a second; a fifth goes to the canary, of which `failing` fail. */
function requests(failing: number) {
  const random = seededRandom(9)
  return Array.from({ length: 12_000 }, (_, i) => {
    const canary = i % 5 === 0
    return {
      ts: 1_700_000_000_000 + i * 50,
      arm: canary ? 'canary' : 'stable',
      status: random() < (canary ? failing : 0.001) ? 500 : 200,
      latency_ms: 20 + random() * 50,
      pod: `p${i % 5}`,
    }
  })
}
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}
const lines = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).join('\n')

describe('canary judge', () => {
  it('rolls a failing canary back, and says when and on what evidence', async () => {
    const all = requests(0.2)
    const { text, exit } = await judge('-f', write('bad.ndjson', lines(all)), '-o', 'json', '--fail-on-rollback')
    const verdict = JSON.parse(text) as FileVerdict
    expect(verdict.verdict).toBe('rollback')
    expect(exit).toBe(3)
    // Not before the warm-up, and soon after it.
    expect(verdict.at! - all[0]!.ts).toBeGreaterThan(180_000)
    expect(verdict.at! - all[0]!.ts).toBeLessThan(300_000)
    const until = all.filter(({ ts }) => ts < verdict.at!)
    expect(verdict.requests).toEqual({ stable: until.filter(({ arm }) => arm === 'stable').length, canary: until.filter(({ arm }) => arm === 'canary').length })
    expect(verdict.evidence.find(({ measure }) => measure === 'errors')).toMatchObject({ finding: 'exceeded', unit: 'share' })
  })

  it('reads CSV, gzip and lines in any order alike', async () => {
    const all = requests(0.2)
    const plain = JSON.parse((await judge('-f', write('a.ndjson', lines(all)), '-o', 'json')).text) as FileVerdict
    const csv = ['pod,ts,status,arm,latency_ms', ...all.map((one) => `${one.pod},${one.ts},${one.status},"${one.arm}",${one.latency_ms}`)].join('\r\n')
    const asCsv = JSON.parse((await judge('-f', write('a.csv.gz', gzipSync(csv)), '-o', 'json')).text) as FileVerdict
    const reversed = JSON.parse((await judge('-f', write('c.ndjson', lines([all[0], ...all.slice(1).reverse()])), '-o', 'json')).text) as FileVerdict
    for (const other of [asCsv, reversed]) expect({ ...other, lines: 0 }).toEqual({ ...plain, lines: 0 })
  })

  it('counts lines that are no requests by reason, and ends as incomplete', async () => {
    const bad = [
      '{',
      '[]',
      '{"ts":1}',
      '{"ts":1,"arm":"blue","status":200}',
      '{"ts":1,"arm":"canary","status":"ok"}',
      '{"ts":1,"arm":"canary","status":200,"latency_ms":-1}',
      'x'.repeat(70_000),
      '',
    ]
    const { text, exit, notes } = await judge('-f', write('mixed.ndjson', `${lines(requests(0).slice(0, 100))}\n${bad.join('\n')}\n`), '-o', 'json')
    expect((JSON.parse(text) as FileVerdict).rejected).toEqual({ json: 1, fields: 1, arm: 2, status: 1, latency_ms: 1, long: 1 })
    expect(exit).toBe(6)
    expect(notes).toContain(
      `1 line was not used: it is neither JSON nor below a first line of CSV that names ts, arm and status (first ${join(dir, 'mixed.ndjson')}:101)`,
    )
  })

  it('has nothing to say of garbage or of a file that is not there', async () => {
    await expect(judge('-f', write('garbage', 'no\nrequests\nhere'))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path: `${join(dir, 'garbage')}:1`, message: expect.stringContaining('(3 of 3 lines)') }],
    })
    const blue = write('blue', lines(requests(0).map((one) => ({ ...one, arm: 'blue' }))))
    await expect(judge('-f', blue)).rejects.toMatchObject({
      problems: [{ path: `${blue}:1`, message: expect.stringContaining('neither "stable" nor "canary"') }],
    })
    await expect(judge('-f', join(dir, 'missing'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  })

  it('lists all problems of a configuration, with the nearest valid name', async () => {
    const config = write('config.yaml', 'minSoak: soon\nfalseRollback: 2\nmeasures:\n  error: {}\n')
    const failure = await judge('-f', write('any.ndjson', lines(requests(0))), '--config', config).catch((error) => error)
    expect(failure).toMatchObject({ code: 'INVALID_INPUT' })
    expect(failure.problems.map((one: { path: string; suggestion?: string }) => [one.path.split(': ')[1], one.suggestion])).toEqual([
      ['minSoak', undefined],
      ['falseRollback', undefined],
      ['measures.error', 'errors'],
    ])
  })

  it('judges by its configuration: a budget that allows the harm lets it pass', async () => {
    const file = write('harm.ndjson', lines(requests(0.2)))
    const config = write('wide.yaml', 'measures:\n  errors: { budget: { plus: 0.5 }, margin: { plus: 0.6 } }\n')
    const verdict = JSON.parse((await judge('-f', file, '--config', config, '-o', 'json')).text) as FileVerdict
    expect(verdict.verdict).toBe('inconclusive')
    expect(verdict.evidence.find(({ measure }) => measure === 'errors')).not.toMatchObject({ finding: 'exceeded' })
    expect(JSON.parse((await judge('-f', file, '-o', 'json')).text)).toMatchObject({ verdict: 'rollback' })
  })

  it('shows success, timeouts and bytes, each with its interval and its n, and decides nothing by them', async () => {
    const all = requests(0.01).map((one, i) => ({ ...one, status: i % 100 === 0 ? 504 : 200, bytes: one.arm === 'canary' ? 2000 + (i % 7) : 1000 }))
    const { evidence, requests: seen } = JSON.parse((await judge('-f', write('bytes.ndjson', lines(all)), '-o', 'json')).text) as FileVerdict
    const find = (measure: string) => evidence.find((one) => one.measure === measure)!
    expect(find('timeouts')).toMatchObject({ unit: 'share', finding: 'shown', stable: { value: 0, n: seen.stable }, canary: { n: seen.canary } })
    expect(find('timeouts').canary!.value).toBeCloseTo(0.05, 3)
    expect(find('success').canary!.value).toBeCloseTo(0.95, 3)
    expect(find('bytes')).toMatchObject({ unit: 'bytes', finding: 'shown', stable: { value: 1000, low: 1000, high: 1000 } })
    const { value, low, high } = find('bytes').canary!
    expect([low! < value, value < high!, high! - low! < 1, Math.round(value)]).toEqual([true, true, true, 2003])
    expect(find('mean').canary!.low).toBeLessThan(find('mean').canary!.value)
  })

  it('reads times in other units and as text, numbers as text, and cells with commas, to the same verdict', async () => {
    const all = requests(0.2)
    const verdict = async (name: string, content: string) => {
      const { text, notes, exit } = await judge('-f', write(name, content), '-o', 'json')
      return { ...(JSON.parse(text) as FileVerdict), notes, exit }
    }
    const plain = await verdict('ms', lines(all))
    const csv = ['agent,ts,arm,status,latency_ms,pod', ...all.map((one) => `"a, ""b""",${one.ts},${one.arm},${one.status},${one.latency_ms},${one.pod}`)]
    for (const [name, content, note] of [
      ['s', lines(all.map((one) => ({ ...one, ts: one.ts / 1000 }))), 'ts is read as seconds since 1970.'],
      ['us', lines(all.map((one) => ({ ...one, ts: one.ts * 1000 }))), 'ts is read as microseconds since 1970.'],
      ['ns', lines(all.map((one) => ({ ...one, ts: `${one.ts}000000` }))), 'ts is read as nanoseconds since 1970.'],
      ['iso', lines(all.map((one) => ({ ...one, ts: new Date(one.ts).toISOString() }))), 'ts is read as text (ISO 8601; UTC where no zone is named).'],
      ['texts', lines(all.map((one) => ({ ...one, ts: `${one.ts}`, status: `${one.status}`, latency_ms: `${one.latency_ms}` }))), undefined],
      ['commas', `\ufeff${csv.join('\n')}`, undefined],
    ] as const) {
      const { verdict: found, at, requests: seen, notes, exit } = await verdict(name, content)
      expect([name, found, at, seen, notes, exit]).toEqual([name, plain.verdict, plain.at, plain.requests, note === undefined ? [] : [note], 0])
    }
    // Milliseconds of a clock that begins with the run are milliseconds; of seconds it says that this is too short.
    expect((await verdict('zero', lines(all.map((one) => ({ ...one, ts: one.ts - all[0]!.ts }))))).verdict).toBe('rollback')
    const short = await verdict('short', lines(all.map((one) => ({ ...one, ts: (one.ts - all[0]!.ts) / 1000 }))))
    expect(short).toMatchObject({ verdict: 'inconclusive', warnings: expect.arrayContaining([expect.stringContaining('All requests lie within 0.6 s')]) })
    expect(await verdict('empty', '')).toMatchObject({ verdict: 'inconclusive', lines: 0, exit: 6, notes: ['There is not a single request.'] })
  })

  it('says what an absent arm leaves open, and never promotes without it', async () => {
    for (const [arm, text, seen] of [
      ['stable', 'There was no request to the canary.', { stable: 9_600, canary: 0 }],
      ['canary', 'There was no request to stable while the canary ran.', { stable: 0, canary: 2_400 }],
    ] as const) {
      const file = write('one.ndjson', lines(requests(0.5).filter((one) => one.arm === arm)))
      expect(JSON.parse((await judge('-f', file, '-o', 'json')).text)).toMatchObject({ verdict: 'inconclusive', reason: text, requests: seen })
    }
  })

  it('prints a table for people', async () => {
    const { text } = await judge('-f', write('t.ndjson', lines(requests(0.2))))
    expect(text).toMatch(/^ROLLBACK at 2023-11-14T22:1\d/)
    expect(text).toMatch(/MEASURE +STABLE +CANARY +FINDING/)
    expect(text).toMatch(/errors +0\.\d+% .* exceeded/)
  })
})
