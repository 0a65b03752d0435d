import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BROKEN_STABLE, PILOT, run, SCENARIOS, type World } from '#bench/canary/worlds.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { type Block, type CanaryRequest, collectBlocks, totalOf } from './blocks.ts'
import { growthOfBet, logEvidence, observe, processAbove } from './e-process.ts'
import { quantileEstimate, shareEstimate } from './intervals.ts'
import { createJudge, judgeBlock } from './judge.ts'
import { BUCKETS, beyond, bucketOf, countFrom, quantileOf } from './latency-buckets.ts'
import { DEFAULT_CONFIG, type JudgeConfig, judgeConfig } from './limits.ts'
import { type Decision, reportOf } from './report.ts'

const scenario = (id: string) => [...SCENARIOS, ...BROKEN_STABLE].find((one) => one.id === id)!

function judge(id: string, seed: number, world: Partial<World> = {}, config: JudgeConfig = DEFAULT_CONFIG) {
  const state = createJudge(config)
  let decision: Decision
  for (const block of run(scenario(id), { ...PILOT, ...world }, seed)) {
    decision = judgeBlock(state, block)
    if (decision !== undefined) break
  }
  return { decision, minute: state.now / 60_000, report: reportOf(state, decision) }
}

const seeds = [11, 12, 13]

describe('the verdict', () => {
  it.each(['S5', 'S6', 'S7', 'S13'])('rolls %s back', (id) => {
    for (const seed of seeds) expect(judge(id, seed).decision, `seed ${seed}`).toBe('rollback')
  })

  it('finds the burst of S13 within two minutes of its onset', () => {
    for (const seed of seeds) expect(judge('S13', seed).minute).toBeLessThanOrEqual(14)
  })

  it.each(['S0', 'S2', 'S10'])('promotes %s, not before the minimum soak', (id) => {
    for (const seed of seeds) {
      const { decision, minute } = judge(id, seed)
      expect(decision, `seed ${seed}`).toBe('promote')
      expect(minute).toBeGreaterThanOrEqual(20)
    }
  })

  it('does not take a shock that both arms share for harm', () => {
    for (const seed of seeds) expect(judge('S1', seed).decision).not.toBe('rollback')
  })

  it('does not take noise between pods for harm', () => {
    for (const seed of seeds) expect(judge('S0', seed, { noise: 0.3, keeps: 0.8 }).decision).not.toBe('rollback')
  })

  it('says what is missing at low traffic, and never promotes on it', () => {
    const { decision, report } = judge('S0L', 1)
    expect(decision).toBeUndefined()
    expect(report.verdict).toBe('inconclusive')
    expect(report.forecast?.moreRequests).toBeGreaterThan(1000)
    expect(report.reason).toMatch(/not enough evidence yet on .*errors.*more canary requests/)
    // 2 rps × 10 % × 60 min is about 720 canary requests: a P9999 of them would be a guess.
    expect(report.evidence.find(({ measure }) => measure === 'p9999')?.canary).toBeNull()
  })

  it('names the measure that was exceeded', () => {
    const { report } = judge('S5', 3)
    expect(report.evidence.filter(({ finding }) => finding === 'exceeded').map(({ measure }) => measure)).toEqual(['errors'])
    expect(report.reason).toContain('errors')
  })

  it('refuses to judge when the split is not what was asked', () => {
    const asked = judgeConfig.parse({ expectedShare: 0.2 })
    const { decision, report } = judge('S5', 5, {}, asked)
    expect(decision).toBe('split')
    expect(report.verdict).toBe('inconclusive')
    expect(report.split).toMatchObject({ asked: 0.2, right: false })
    expect(judge('S0', 5, {}, judgeConfig.parse({ expectedShare: 0.1 })).decision).toBe('promote')
  })

  it('does not count a gate that is off', () => {
    const off = judgeConfig.parse({ measures: { errors: { gate: false } } })
    const { decision, report } = judge('S5', 3, {}, off)
    expect(decision).toBe('promote')
    expect(report.evidence[0]).toMatchObject({ measure: 'errors', finding: 'shown' })
  })

  it('cannot promote what has no latency, and says so', () => {
    const state = createJudge(DEFAULT_CONFIG)
    for (const block of run(scenario('S0'), PILOT, 1)) {
      for (const pods of [block.stable, block.canary])
        for (const counts of pods.values()) Object.assign(counts, { timed: 0, sumMs: 0, latency: new Uint32Array(BUCKETS) })
      expect(judgeBlock(state, block)).toBeUndefined()
    }
    expect(reportOf(state, undefined).warnings.join()).toContain('No latency')
  })

  it('is not blinded by a pod of stable that went down, before the canary came or while it is judged', () => {
    const verdict = (id: string, from: number, to: number, canaryFrom: number) => {
      const state = createJudge(DEFAULT_CONFIG)
      let block = 0
      for (const { stable, canary, ...time } of run(scenario(id), { ...PILOT, rps: 60, share: 0.2, errorRate: 0.004 }, 31)) {
        const minute = block++ / 4 - canaryFrom
        if (minute >= from && minute < to) stable.get('pod-9')!.errors = stable.get('pod-9')!.requests
        const decision = judgeBlock(state, { ...time, stable, canary: minute < 0 ? new Map() : canary })
        if (decision !== undefined) return { decision, minute }
      }
      return { decision: undefined, minute: 60 - canaryFrom }
    }
    expect(verdict('S5', -9, -7, 10)).toMatchObject({ decision: 'rollback' })
    expect(verdict('S0', -9, -7, 10)).toMatchObject({ decision: 'promote' })
    expect(verdict('S5', 2, 2.25, 0)).toMatchObject({ decision: 'rollback' })
    // What took stable down may take the canary down too: a good canary is left alone.
    expect(verdict('S0', 2, 2.25, 0).decision).not.toBe('rollback')
  })

  it.each(['F1', 'F2', 'F3', 'F4', 'F5'])('promotes a good canary beside a stable pod that fails (%s), and says which one was set aside', (id) => {
    const { decision, minute, report } = judge(id, 11)
    expect(decision).toBe('promote')
    expect(minute).toBeLessThan(30)
    expect(report.warnings.join()).toContain('Stable pod pod-9 failed while the others did not')
  })

  it.each(['F6', 'F7', 'F8', 'F9'])('rolls a bad canary back beside a stable pod that fails (%s)', (id) => {
    for (const seed of seeds) expect(judge(id, seed).decision, `seed ${seed}`).toBe('rollback')
  })

  it('sets no pod aside for a shock of all, for errors in sessions, or for noise', () => {
    for (const [id, world] of [
      ['S1', {}],
      ['S0', { sessions: 0.2, errorRate: 0.01 }],
      ['S0', { noise: 0.3, keeps: 0.8 }],
    ] as const)
      expect(judge(id, 12, world).report.warnings.join(), JSON.stringify(world)).not.toContain('failed while the others did not')
  })

  it('counts pods that fail by turns as noise: a canary whose pod fails as they do is left alone', () => {
    const state = createJudge(DEFAULT_CONFIG)
    let block = 0
    for (const { stable, canary, ...time } of run(scenario('S0'), { ...PILOT, canaryPods: 2, share: 0.2 }, 31)) {
      // Each pod is down for a minute, one after the other; those of the canary last.
      const pod = (Math.floor(block++ / 4) + 2) % 10
      const counts = (pod < 2 ? canary : stable).get(`pod-${pod}`)!
      counts.errors = counts.requests
      expect(judgeBlock(state, { ...time, stable, canary }), `minute ${block / 4}`).not.toBe('rollback')
    }
    expect(reportOf(state, undefined).warnings.join()).toContain('Pods of stable fail by turns')
  })

  it('judges latencies of which many are equal, and leaves open those that are longer than what is told apart', () => {
    const verdict = (stableMs: () => number, canaryMs: () => number) => {
      const state = createJudge(DEFAULT_CONFIG)
      let decision: Decision
      const blocks = collectBlocks((block) => {
        decision ??= judgeBlock(state, block)
      })
      for (let i = 0; i < 40 * 60 * 60; i++) {
        const arm = i % 5 === 0 ? 'canary' : 'stable'
        blocks.add({
          ts: 1_700_000_000_000 + (i * 1_000) / 60,
          arm,
          status: 200,
          latencyMs: (arm === 'canary' ? canaryMs : stableMs)(),
          pod: `${arm}-${(i >> 3) % 2}`,
        })
      }
      blocks.end()
      return decision
    }
    const random = seededRandom(9)
    const whole = () => Math.round(6 * Math.exp(random() + random() - 1))
    expect(verdict(whole, whole)).toBe('promote')
    expect(verdict(whole, () => whole() + 1)).toBe('rollback')
    for (const ms of [0, 100])
      expect(
        verdict(
          () => ms,
          () => ms,
        ),
        `${ms} ms`,
      ).toBe('promote')
    expect(
      verdict(
        () => 100,
        () => 110,
      ),
    ).toBe('rollback')
    const hours = () => 3_600_000 * (1 + random())
    expect(verdict(hours, () => 2 * hours())).toBeUndefined()
  })

  it('works without pods, by the arms alone', () => {
    const merged = (block: Block): Block => ({
      ...block,
      stable: new Map([['', totalOf(block.stable.values())]]),
      canary: new Map([['', totalOf(block.canary.values())]]),
    })
    for (const [id, wanted] of [
      ['S5', 'rollback'],
      ['S7', 'rollback'],
      ['S13', 'rollback'],
      ['S0', 'promote'],
    ] as const) {
      const state = createJudge(DEFAULT_CONFIG)
      let decision: Decision
      for (const block of run(scenario(id), PILOT, 21)) {
        decision = judgeBlock(state, merged(block))
        if (decision) break
      }
      expect(decision, id).toBe(wanted)
      expect(reportOf(state, decision).warnings.join()).toContain('Fewer than 2 stable pods')
    }
  })
})

describe('the e-process', () => {
  it('exceeds 1/alpha with a chance of at most alpha, however often it is looked at', () => {
    const random = seededRandom(4)
    let crossed = 0
    for (let i = 0; i < 2000; i++) {
      const process = processAbove(1)
      for (let block = 0; block < 200; block++) {
        let canary = 0
        const total = Math.floor(random() * 12)
        // Equal rates: each event falls to the canary with its share of the requests.
        for (let k = 0; k < total; k++) if (random() < 0.1) canary++
        observe(process, canary, 100, total - canary, 900)
        if (logEvidence(process, 1) >= Math.log(1 / 0.05)) {
          crossed++
          break
        }
      }
    }
    expect(crossed / 2000).toBeLessThan(0.05)
    expect(crossed).toBeGreaterThan(0)
  })

  it('grows as fast as the forecast says', () => {
    expect(growthOfBet(2, 1, 1, 9)).toBeGreaterThan(0)
    expect(growthOfBet(2, 2, 1, 9)).toBeCloseTo(0, 12)
    expect(growthOfBet(4, 1, 1, 9)).toBeGreaterThan(growthOfBet(2, 1, 1, 9))
    // At the limit itself no evidence grows, whatever is bet on.
    expect(growthOfBet(2, 1, 2, 9)).toBeLessThan(0)
  })
})

describe('blocks', () => {
  const request = fc.record({
    ts: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_300_000 }),
    arm: fc.constantFrom('stable' as const, 'canary' as const),
    status: fc.constantFrom(200, 404, 499, 500),
    latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    pod: fc.constantFrom('a', 'b', ''),
  })
  const collect = (requests: readonly CanaryRequest[]) => {
    const given: Block[] = []
    const blocks = collectBlocks((block) => given.push(block))
    for (const one of requests) expect(blocks.add(one)).toBe(true)
    blocks.end()
    return given
  }

  it('do not depend on the order of the requests, but for where the first one lies', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 2, maxLength: 60 }), fc.integer(), (requests, seed) => {
        const random = seededRandom(seed)
        const [first, ...rest] = requests
        const shuffled = [
          first!,
          ...rest
            .map((one) => ({ one, key: random() }))
            .sort((a, b) => a.key - b.key)
            .map(({ one }) => one),
        ]
        const round = (blocks: Block[]) =>
          blocks.map(({ from, stable, canary }) => [
            from,
            [stable, canary].map((pods) =>
              [...pods].sort(([a], [b]) => (a < b ? -1 : 1)).map(([pod, { sumMs, ...counts }]) => [pod, Math.round(sumMs), counts]),
            ),
          ])
        expect(round(collect(shuffled))).toEqual(round(collect(requests)))
      }),
    )
  })

  it('that had to go early count what comes too late', () => {
    const given: Block[] = []
    const blocks = collectBlocks((block) => given.push(block), { maxCells: 2 })
    const at = (ts: number) => blocks.add({ ts, arm: 'stable', status: 200, latencyMs: 1, pod: '' })
    expect([at(0), at(20_000), at(40_000), at(1), at(41_000)]).toEqual([true, true, true, false, true])
    blocks.end()
    expect(given.map(({ from }) => from)).toEqual([0, 15_000, 30_000])
  })
})

describe('latencies', () => {
  it('lie within 0.5 % at every quantile', () => {
    const values = Array.from({ length: 10_001 }, (_, i) => 0.1 * 1.001 ** i)
    const counts = new Uint32Array(BUCKETS)
    for (const value of values) counts[bucketOf(value)]!++
    for (const q of [0.01, 0.5, 0.9, 0.99, 0.999]) expect(quantileOf(q, counts, values.length)! / values[Math.floor(q * 10_000)]!).toBeCloseTo(1, 2)
    const threshold = beyond(0.99, counts, values.length)
    expect(countFrom(threshold, counts)).toBeLessThanOrEqual(101)
  })

  it('have intervals that hold the truth', () => {
    expect(shareEstimate(0, 100)).toMatchObject({ value: 0, low: 0 })
    // Wilson's interval of 10 of 100, as tables give it.
    expect(shareEstimate(10, 100)!.low).toBeCloseTo(0.0552, 3)
    expect(shareEstimate(10, 100)!.high).toBeCloseTo(0.1744, 3)
    expect(shareEstimate(0, 0)).toBeUndefined()
    const counts = new Uint32Array(BUCKETS)
    for (let i = 1; i <= 1000; i++) counts[bucketOf(i)]!++
    const median = quantileEstimate(0.5, counts, 1000)!
    expect(median.low).toBeLessThan(500)
    expect(median.high).toBeGreaterThan(500)
    expect(quantileEstimate(0.9999, counts, 1000)).toBeUndefined()
    expect(quantileEstimate(0.999, counts, 1000)!.high).toBeUndefined()
  })
})
