/** What is judged beside the requests: metrics by their samples, places by an A/A check, and how long it will take. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PILOT, run, SCENARIOS, type World } from '#bench/canary/worlds.ts'
import { seededRandom } from '#core/kernel/random.ts'
import type { CanarySpec } from '../../resources/canary.ts'
import { queryOf, type Readings, withMetrics } from '../release/metrics.ts'
import type { Block } from './blocks.ts'
import { createJudge } from './judge.ts'
import { DEFAULT_CONFIG } from './limits.ts'
import { outlookOf } from './outlook.ts'
import { checkPlaces } from './places.ts'
import { type Decision, reportOf } from './report.ts'
import { judgeSamples, type Sample } from './samples.ts'

const MINUTE = 60_000
const limits = { better: 'lower' as const, budget: { times: 1.1, plus: 0 }, margin: { times: 1.25, plus: 0 } }
const samples = (count: number, of: (i: number) => [number | null, number | null]): Sample[] =>
  Array.from({ length: count }, (_, i) => ({ at: i * MINUTE, stable: of(i)[0], canary: of(i)[1] }))

describe('samples of a metric', () => {
  it('prove harm and its absence, in the direction that is asked for', () => {
    expect(
      judgeSamples(
        samples(12, () => [100, 130]),
        limits,
      ).harm,
    ).toBeGreaterThan(Math.log(100))
    expect(
      judgeSamples(
        samples(12, () => [100, 101]),
        limits,
      ).kept,
    ).toBeGreaterThan(Math.log(20))
    expect(
      judgeSamples(
        samples(12, () => [100, 70]),
        limits,
      ).harm,
    ).toBeLessThan(0)
    expect(
      judgeSamples(
        samples(12, () => [100, 70]),
        { ...limits, better: 'higher' },
      ).harm,
    ).toBeGreaterThan(Math.log(100))
    // Between budget and margin.
    const between = judgeSamples(
      samples(12, () => [100, 115]),
      limits,
    )
    expect(between.harm).toBeGreaterThan(Math.log(100))
    expect(between.kept).toBeGreaterThan(Math.log(20))
  })

  it('are nothing where an arm has no value', () => {
    expect(
      judgeSamples(
        samples(100, (i) => (i % 2 ? [null, 1] : [1, null])),
        limits,
      ),
    ).toMatchObject({ pairs: 0, missing: 100, harm: 0, kept: 0, stable: null })
  })

  it('find harm in an equal canary as seldom as is said, whatever the values are', () => {
    const random = seededRandom(5)
    let wrong = 0
    for (let run = 0; run < 2_000; run++) {
      const all: Sample[] = []
      for (let i = 0; i < 60; i++) {
        // Heavy tails; no budget at all, so that every second sample is beyond it.
        all.push({ at: i, stable: 1 / random(), canary: 1 / random() })
        if (i % 5 === 0 && judgeSamples(all, { ...limits, budget: { times: 1, plus: 0 } }).harm >= Math.log(100)) {
          wrong++
          break
        }
      }
    }
    expect(wrong / 2_000).toBeLessThanOrEqual(0.012)
  })
})

describe('metrics beside requests', () => {
  const metric = { name: 'queue', query: 'x{{pods}}', every: '1m', gate: true, ...limits } as CanarySpec['metrics'][number]
  const judged = (decision: Decision) => ({ report: reportOf(createJudge(DEFAULT_CONFIG), decision), decision })
  const now = 30 * MINUTE
  const join = (decision: Decision, reading: Readings | undefined, of = metric) =>
    withMetrics(judged(decision), [of], new Map(reading ? [['queue', reading]] : []), DEFAULT_CONFIG, 0, now, () => MINUTE)
  const good = { samples: samples(30, () => [5, 5]) }
  const bad = { samples: samples(30, () => [5, 9]) }

  it('let a promotion pass only when they have proven their margin', () => {
    expect(join('promote', good)).toMatchObject({ decision: 'promote' })
    expect(join('promote', { samples: samples(3, () => [5, 5]).map((one) => ({ ...one, at: now })) }).decision).toBeUndefined()
    expect(join(undefined, good).decision).toBeUndefined()
  })
  it('roll back by themselves, but not where they only are to be shown', () => {
    expect(join('promote', bad)).toMatchObject({ decision: 'rollback', report: { verdict: 'rollback', reason: expect.stringContaining('queue') } })
    expect(join('promote', bad, { ...metric, gate: false }).decision).toBe('promote')
  })
  it('that are gone are never a success', () => {
    fc.assert(
      fc.property(fc.constantFrom('promote' as const, undefined, 'split' as const), fc.integer({ min: 0, max: 20 }), (decision, few) => {
        for (const reading of [undefined, { fault: 'HTTP 503' }, { samples: [] }, { samples: samples(30, (i) => (i < few ? [5, 5] : [null, 5])) }]) {
          const joined = join(decision, reading)
          expect(joined.decision).not.toBe('promote')
          expect(joined.gone).toContain('queue')
        }
      }),
    )
  })
  it('ask for the pods of an arm, and for none when there are none', () => {
    const words = { namespace: 'n', service: 's', deployment: 'd', pods: ['a.b', 'c'] }
    expect(queryOf('f{ns="{{namespace}}",pod=~"{{pods}}"} {{other}}', words)).toBe('f{ns="n",pod=~"a\\\\.b|c"} {{other}}')
    expect(queryOf('{{pods}}', { ...words, pods: [] })).toBe('-')
  })
})

/** Half an hour of stable alone: the canary's pod of the stream is one of stable's. */
const stableOnly = (world: World, id = 'S0', minutes = 30): Block[] =>
  [...run(SCENARIOS.find((one) => one.id === id)!, world, 7)].slice(0, minutes * 4).map((block) => ({
    ...block,
    stable: new Map([...block.stable, ...block.canary]),
    canary: new Map(),
  }))

describe('A/A check', () => {
  it('passes where pods are alike, and finds one whose place makes it slow or failing', () => {
    expect(checkPlaces(stableOnly(PILOT), DEFAULT_CONFIG)).toMatchObject({ state: 'passed', pods: 8 })
    const eight = { ...PILOT, pods: 8, share: 1 / 8 }
    for (const id of ['S5', 'S8']) expect(checkPlaces(stableOnly(eight, id), DEFAULT_CONFIG)).toMatchObject({ state: 'failed', pod: 'pod-0' })
  })
  it('says when there is too little to tell', () => {
    expect(checkPlaces(stableOnly({ ...PILOT, rps: 1 }), DEFAULT_CONFIG)).toMatchObject({ state: 'few' })
    expect(checkPlaces(stableOnly({ ...PILOT, pods: 1, canaryPods: 0 }), DEFAULT_CONFIG)).toEqual({ state: 'onePod' })
  })
})

describe('outlook', () => {
  const steps = [{ share: 0.1, hold: 5 * MINUTE }]
  it('is soon where there is much traffic, late where there is little, and never where there is next to none', () => {
    const minutes = (rps: number) => outlookOf(DEFAULT_CONFIG, stableOnly({ ...PILOT, rps }), steps, 2, 6 * 60 * MINUTE)?.minutes
    expect(minutes(500)).toBe(20)
    expect(minutes(30)).toBeGreaterThan(minutes(100)!)
    expect(minutes(2)).toBeNull()
    expect(outlookOf(DEFAULT_CONFIG, [], steps, 2, 6 * 60 * MINUTE)).toBeUndefined()
  })
})
