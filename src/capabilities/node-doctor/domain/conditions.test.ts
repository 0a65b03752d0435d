import { describe, expect, it } from 'vitest'
import { applyKernelProblems, applyVerdict, conditionsOf, EMPTY, type NodeState, type Proofs, settleKernel } from './conditions.ts'
import { createDiagnosis } from './diagnose.ts'
import { loadPlugins } from './npd-plugins.ts'

const fresh = () => structuredClone(EMPTY) as NodeState
const says = (state: NodeState, now: number, ...lines: string[]) => {
  const diagnosis = createDiagnosis('en')
  for (const line of lines) diagnosis.line(line)
  return applyKernelProblems(state, diagnosis.drain().problems, now)
}
const told = (state: NodeState, ...lines: string[]) => {
  const diagnosis = createDiagnosis('en')
  for (const line of lines) diagnosis.line(line)
  return applyKernelProblems(state, diagnosis.finish().problems, 1_000)
}
const proofs: Proofs = { bootId: 'a', died: false, waiting: {}, quietMs: 60_000 }
const detector = { id: 'd', condition: 'Bad' }
const bad = { state: 'looked', troubles: [{ key: 'k', reason: 'R', severity: 'error', message: 'm' }] } as const

describe('conditions', () => {
  it('a hung task is over when it does not wait any more, not before', () => {
    const state = fresh()
    expect(told(state, '[ 1.0] INFO: task dockerd:77 blocked for more than 120 seconds.').map(({ what }) => what)).toEqual(['opened'])
    expect(settleKernel(state, { ...proofs, waiting: { 77: true } }, 10_000_000)).toEqual([])
    expect(settleKernel(state, { ...proofs, waiting: { 77: false } }, 10_000_000)[0]!.proof).toContain('does not wait')
  })

  it('a dead kernel stays ill until the machine is started anew', () => {
    const state = fresh()
    settleKernel(state, proofs, 0)
    told(state, '[ 1.0] BUG: kernel NULL pointer dereference, address: 0000000000000008')
    expect(settleKernel(state, { ...proofs, died: true }, 10_000_000)).toEqual([])
    // what is not known proves nothing
    expect(settleKernel(state, { ...proofs, died: undefined }, 10_000_000)).toEqual([])
    expect(settleKernel(state, { ...proofs, bootId: 'b', died: false }, 10_000_000)[0]!.proof).toContain('started anew')
  })

  it('a quiet window ends the rest, and every line begins it again', () => {
    const state = fresh()
    told(state, '[ 1.0] EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2')
    expect(settleKernel(state, proofs, 60_999)).toEqual([])
    says(state, 50_000, '[ 2.0] EXT4-fs error (device sda1): ext4_find_entry:1455: inode #2')
    expect(settleKernel(state, proofs, 62_000)).toEqual([])
    expect(settleKernel(state, proofs, 110_000)).toHaveLength(1)
    expect(conditionsOf(state, [], 110_000).filter(({ status }) => status === 'True')).toEqual([])
  })

  it('is unknown before it was looked at and while it is blind, and never healthy then', () => {
    const state = fresh()
    const status = () => conditionsOf(state, [detector], 5).find(({ type }) => type === 'Bad')?.status
    expect(status()).toBe('Unknown')
    applyVerdict(state, detector, { state: 'blind', why: 'no privilege' }, 1)
    expect(status()).toBe('Unknown')
    applyVerdict(state, detector, { state: 'looked', troubles: [] }, 2)
    expect(status()).toBe('False')
    applyVerdict(state, detector, bad, 3)
    expect(status()).toBe('True')
    // blindness does not heal
    applyVerdict(state, detector, { state: 'blind', why: 'no privilege' }, 4)
    expect(status()).toBe('True')
  })

  it('goes on after a restart as if there had been none', () => {
    const state = fresh()
    applyVerdict(state, detector, bad, 3)
    const since = conditionsOf(state, [detector], 5).find(({ type }) => type === 'Bad')!.since
    const again = JSON.parse(JSON.stringify(state)) as NodeState
    expect(applyVerdict(again, detector, bad, 100)).toEqual([])
    expect(conditionsOf(again, [detector], 100).find(({ type }) => type === 'Bad')).toMatchObject({ status: 'True', since })
  })

  it('binary bytes and torn lines of a flood are bounded, and no kind is lost', () => {
    const state = fresh()
    const diagnosis = createDiagnosis('en')
    for (let i = 0; i < 20_000; i++) diagnosis.line(`[ 1.0] I/O error, dev sd${i}, sector ${i} \x00\xff\x1b[31m`)
    diagnosis.line('kernel BUG at mm/slub.c:379!')
    applyKernelProblems(state, diagnosis.finish().problems, 1)
    expect(Object.keys(state.troubles).length).toBeLessThanOrEqual(101)
    expect(Object.values(state.troubles).map(({ kind }) => kind)).toContain('bug')
    expect(JSON.stringify(state)).not.toMatch(/\\u0000|\\u001b/)
  })
})

describe('custom plugins of node-problem-detector', () => {
  const config = {
    plugin: 'custom',
    pluginConfig: { invoke_interval: '10s', timeout: '3s', max_output_length: 10 },
    source: 'mine',
    conditions: [{ type: 'NTPProblem', reason: 'NTPIsUp', message: 'ntp is up' }],
    rules: [
      { type: 'permanent', condition: 'NTPProblem', reason: 'NTPIsDown', path: '/p', timeout: '1s' },
      { type: 'temporary', reason: 'Once', path: '/q' },
    ],
  }
  it('0 is well, 1 is not, everything else is not known; what it says is cut', () => {
    const { detectors, healthy } = loadPlugins('f', JSON.stringify(config))
    const judge = (ran: object) =>
      detectors[0]!.judge({ ok: true, value: { code: 0, stdout: '', stderr: '', timedOut: false, cut: false, ...ran } }, {} as never, undefined, 0).verdict
    expect(judge({})).toEqual({ state: 'looked', troubles: [] })
    expect(judge({ code: 1, stdout: 'a long long message\n' })).toMatchObject({ troubles: [{ reason: 'NTPIsDown', message: 'a long lon' }] })
    expect(judge({ code: 2 }).state).toBe('blind')
    expect(judge({ code: null, timedOut: true })).toMatchObject({ state: 'blind', why: expect.stringContaining('1 s') })
    expect(healthy).toEqual({ NTPProblem: { reason: 'NTPIsUp', message: 'ntp is up' } })
    expect(detectors.map(({ everyMs, condition }) => [everyMs, condition])).toEqual([
      [10_000, 'NTPProblem'],
      [10_000, ''],
    ])
  })

  it('says all that is wrong with a configuration at once', () => {
    expect(() => loadPlugins('f', '{')).toThrow()
    const wrong = { ...config, rules: [{ ...config.rules[0], condition: 'Other', timeout: 'soon' }] }
    try {
      loadPlugins('f', JSON.stringify(wrong))
      expect.unreachable()
    } catch (error) {
      expect((error as { problems: { path: string }[] }).problems.map(({ path }) => path)).toEqual(['f: rules[0].condition', 'f: rules[0].timeout'])
    }
  })
})
