import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '#core/kernel/errors.ts'
import { runCommand } from '#test/fakes/command.ts'
import { addSimulate, type SimulateReport } from './simulate.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-simulate-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const write = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(dir, name), content)
  return join(dir, name)
}

const run = (...args: string[]) => runCommand(addSimulate, ['simulate', ...args])

const POLICY = 'apiVersion: sallyport.io/v1alpha1\nkind: ScalePolicy\nmetadata: { name: web }\nspec: { min: 2, max: 100, loadPerPod: 100, podStart: 45s }\n'
const trace = (skip: (minute: number) => boolean = () => false) =>
  `period,count\n${Array.from({ length: 2_880 }, (_, minute) => [minute, Math.round(60 * 1_000 * (1.5 + Math.sin(minute / 229)))] as const)
    .filter(([minute]) => !skip(minute))
    .map(([minute, count]) => `${new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString().slice(0, 19).replace('T', ' ')},${count}`)
    .join('\n')}\n`

describe('scale simulate', () => {
  it('replays a trace beside other policies', async () => {
    const args = ['--trace', write('t.csv.gz', gzipSync(trace())), '--policy', write('p.yaml', POLICY), '--warm-up', '1d', '--compare', 'hpa,keda,oracle']
    const { text, exit } = await run(...args, '-o', 'json')
    const report = JSON.parse(text) as SimulateReport
    expect(exit).toBe(0)
    expect(report.trace).toEqual({
      from: '2026-01-01T00:00:00Z',
      scored_from: '2026-01-02T00:00:00Z',
      to: '2026-01-03T00:00:00Z',
      period_seconds: 60,
      gaps: [],
      complete: true,
    })
    expect(report.policies.map(({ name }) => name)).toEqual(['planner', 'hpa', 'keda', 'oracle'])
    const [planner, hpa, , oracle] = report.policies
    expect(planner!.replica_hours).toBeLessThan(hpa!.replica_hours)
    expect(oracle!.violation_minutes).toBe(0)
    expect(Object.keys(planner!)).toEqual(['name', 'violation_minutes', 'replica_hours', 'scale_changes', 'worst'])
    expect((await run(...args)).text.trim().split('\n')).toHaveLength(5)
    const html = (await run(...args, '-o', 'html')).text
    expect(html).toContain('<td>planner</td>')
    expect(html).not.toContain('<script')
  })
  it('scales the traffic to a peak', async () => {
    const { text } = await run(
      '--trace',
      write('t.csv', trace()),
      '--policy',
      write('p.yaml', POLICY),
      '--peak',
      '250',
      '--to',
      '2026-01-01 06:00',
      '-o',
      'json',
    )
    expect((JSON.parse(text) as SimulateReport).policies[0]!.replica_hours).toBeLessThan(6 * 4)
  })
  it('does not take gaps for zeros: short ones are drawn over, long ones make the answer incomplete', async () => {
    const policy = write('p.yaml', POLICY)
    const short = await run(
      '--trace',
      write(
        'short.csv',
        trace((minute) => minute === 700),
      ),
      '--policy',
      policy,
      '-o',
      'json',
    )
    expect([short.exit, (JSON.parse(short.text) as SimulateReport).trace.gaps]).toEqual([0, [{ from: '2026-01-01T11:40:00Z', to: '2026-01-01T11:41:00Z' }]])
    const whole = await run('--trace', write('t.csv', trace()), '--policy', policy, '-o', 'json')
    const hours = (text: string) => (JSON.parse(text) as SimulateReport).policies[0]!.replica_hours
    expect(Math.abs(hours(short.text) - hours(whole.text))).toBeLessThan(1)
    const long = await run(
      '--trace',
      write(
        'long.csv',
        trace((minute) => minute > 700 && minute < 720),
      ),
      '--policy',
      policy,
      '-o',
      'json',
    )
    expect([long.exit, (JSON.parse(long.text) as SimulateReport).trace.complete]).toEqual([6, false])
  })
  it('lists all problems of the policy and of the trace', async () => {
    const good = write('t.csv', trace())
    const policy = write('bad.yaml', POLICY.replace('min: 2, max: 100', 'min: 20, max: 10').replace('45s', 'soon').replace('loadPerPod', 'loadPerPods'))
    const failure = await run('--trace', good, '--policy', policy).catch((error) => error)
    expect(failure.problems.map(({ path, suggestion }: Problem) => [path.split(': ')[1], suggestion])).toEqual(
      expect.arrayContaining([
        ['spec.loadPerPod', undefined],
        ['spec.podStart', undefined],
        ['spec.loadPerPods', 'loadPerPod'],
      ]),
    )
    const bounds = await run('--trace', good, '--policy', write('bounds.yaml', POLICY.replace('min: 2, max: 100', 'min: 20, max: 10'))).catch((error) => error)
    expect(bounds.problems.map(({ path, message }: Problem) => [path.split(': ')[1], message])).toEqual([['spec.min', 'must not be above max']])
    const lines = 'period,count\n2026-01-01 00:00:00,5\n2026-01-01 00:01:00,-5\nnever,5\n2026-01-01 00:01:00,many\n2025-01-01 00:00:00,5\n'
    const broken = await run('--trace', write('bad.csv', lines), '--policy', write('p.yaml', POLICY)).catch((error) => error)
    expect(broken.problems.map(({ line }: Problem) => line)).toEqual([3, 4, 5, 6])
    await expect(run('--trace', write('no.csv', 'a,b\n1,2\n'), '--policy', write('p.yaml', POLICY))).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(run('--trace', good, '--policy', write('p.yaml', POLICY), '--compare', 'kedaa')).rejects.toThrow('did you mean keda')
    await expect(run('--trace', good, '--policy', write('p.yaml', POLICY), '--warm-up', '9d')).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
})
