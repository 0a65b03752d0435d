/** `hpaDecide` beside what a real controller did on numbers of our metrics API (bench/hpa-record.ts), and beside a second reading of the rules. */
import { describe, expect, it } from 'vitest'
import { compareWithPlain } from '#test/builders/hpa-states.ts'
import { emptyHpaState, type HpaSpec, hpaDecide } from './hpa.ts'
import recorded from './hpa-recorded.json' with { type: 'json' }

/** Of the controller that was recorded, seconds. */
const DOWNSCALE_STABILIZATION = 20

describe('the HPA', () => {
  it('decides as the real controller did', () => {
    const different: unknown[] = []
    let states = 0
    for (const { name, spec, targets, looks } of recorded.workloads) {
      const state = emptyHpaState()
      for (const { at, readings, current, ready, replicas } of looks) {
        states++
        const facts = { current, ready, readings: targets.map(({ type, target }, i) => ({ type: type as 'value', target, value: readings[i] ?? undefined })) }
        const made = hpaDecide({ ...(spec as HpaSpec), downscaleStabilization: DOWNSCALE_STABILIZATION, controller: 'v1.20' }, facts, state, at)
        if (made.replicas !== replicas) different.push({ name, at, readings, current, ready, real: replicas, ours: made.replicas })
      }
    }
    expect(different).toEqual([])
    expect(states).toBeGreaterThanOrEqual(200)
  })
  it('decides as a second reading of the rules does', () => {
    expect(compareWithPlain(40_000, 3)).toEqual([])
  })
})
