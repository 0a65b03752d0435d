import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyHpaState, type HpaSpec, hpaDecide, type PodReading, type Reading } from './hpa.ts'

const spec: HpaSpec = { minReplicas: 1, maxReplicas: 100 }
/** It was looked at before, longer ago than any window. */
const longAgo = (replicas: number) => ({ ...emptyHpaState(), recommendations: [{ at: 0, replicas }] })
const once = (readings: readonly Reading[], current: number, more: Partial<HpaSpec> = {}, ready = current) =>
  hpaDecide({ ...spec, ...more }, { current, ready, readings }, longAgo(current), 1_000).replicas
const atOnce = { stabilizationWindowSeconds: 0 }
const average = (value: number | undefined, target = 100): Reading => ({ type: 'averageValue', value, target })
const cpu = (target: number, ...pods: PodReading[]): Reading => ({ type: 'utilization', target, pods })
const pod = (value: number | undefined, more: Partial<PodReading> = {}): PodReading => ({ value, request: 100, ...more })

describe('the HPA', () => {
  it.each([
    ['grows by the ratio', [average(1_000)], 5, 10],
    ['rests within the tolerance', [average(1_090)], 10, 10],
    ['rests a tenth short', [average(3_050)], 28, 28],
    ['takes the metric that asks for most', [average(300), average(800)], 5, 8],
    ['at most doubles', [average(10_000)], 10, 20],
    ['grows to four when few', [average(10_000)], 1, 4],
    ['keeps the pods when a metric is gone and the other would shrink', [average(undefined), average(100)], 5, 5],
    ['grows though a metric is gone', [average(undefined), average(800)], 5, 8],
    ['keeps the pods when nothing can be read', [average(undefined)], 5, 5],
    ['is paused at zero', [average(800)], 0, 0],
  ] as const)('%s', (_, readings, current, wanted) => {
    expect(once(readings, current)).toBe(wanted)
  })
  it('clamps without reading metrics', () => {
    expect(once([average(undefined)], 120)).toBe(100)
    expect(once([average(undefined)], 1, { minReplicas: 3 })).toBe(3)
  })
  it('scales ready pods by the ratio of a whole value', () => {
    expect(once([{ type: 'value', value: 200, target: 100 }], 10, {}, 6)).toBe(12)
  })
  it('counts missing pods as full when shrinking and as idle when growing', () => {
    expect(once([cpu(50, pod(10), pod(10), pod(10))], 3)).toBe(1)
    // one at 100 % of its request: (10 + 10 + 100) / 300 = 40 %, a ratio of 0.8 of three pods
    expect(once([cpu(50, pod(10), pod(10), pod(undefined))], 3)).toBe(3)
    expect(once([cpu(50, pod(100), pod(100), pod(undefined))], 3)).toBe(4)
  })
  it('counts unready pods as idle when growing, and does not turn around', () => {
    expect(once([cpu(50, pod(100), pod(100), pod(90, { unready: true }))], 3)).toBe(4)
    expect(once([cpu(50, pod(60), pod(5, { unready: true }), pod(5, { unready: true }))], 3)).toBe(3)
    expect(once([cpu(50, pod(100), pod(100, { gone: true }))], 2)).toBe(2)
  })
  it('cannot reckon utilization without requests', () => {
    expect(once([cpu(50, pod(100), { value: 100 })], 2)).toBe(2)
  })
  it('shrinks only when nothing more was wanted for five minutes', () => {
    const state = emptyHpaState()
    let current = 10
    const at: number[] = []
    for (let now = 0; now <= 330; now += 15) {
      current = hpaDecide(spec, { current, ready: current, readings: [average(now === 0 ? 1_000 : 300)] }, state, now).replicas
      if (current < 10 && at.length === 0) at.push(now)
    }
    expect([at, current]).toEqual([[315], 3])
  })
  it('keeps to the policies of its behavior over their periods', () => {
    const behavior = { scaleUp: { policies: [{ type: 'Pods' as const, value: 2, periodSeconds: 60 }] } }
    const state = emptyHpaState()
    const seen: number[] = []
    let current = 4
    for (let now = 0; now <= 120; now += 15) {
      current = hpaDecide({ ...spec, behavior }, { current, ready: current, readings: [average(5_000)] }, state, now).replicas
      seen.push(current)
    }
    expect(seen).toEqual([6, 6, 6, 6, 8, 8, 8, 8, 10])
    expect(once([average(10_000)], 2, { behavior: {} })).toBe(6)
    expect(once([average(100)], 10, { behavior: { scaleDown: { ...atOnce, selectPolicy: 'Disabled' } } })).toBe(10)
    expect(once([average(100)], 10, { behavior: { scaleDown: { ...atOnce, policies: [{ type: 'Percent', value: 25, periodSeconds: 60 }] } } })).toBe(7)
  })
  it('never shrinks on what it cannot read, and never leaves its bounds', () => {
    const reading = fc.oneof(
      fc.record({
        type: fc.constantFrom('value' as const, 'averageValue' as const),
        value: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
        target: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
      }),
    )
    fc.assert(
      fc.property(
        fc.array(reading, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 50, max: 120 }),
        (readings, current, min, max) => {
          const { replicas } = hpaDecide({ minReplicas: min, maxReplicas: max }, { current, ready: current, readings }, emptyHpaState(), 0)
          expect(replicas).toBeGreaterThanOrEqual(min)
          expect(replicas).toBeLessThanOrEqual(max)
          if (readings.some(({ value }) => value === undefined) && current <= max) expect(replicas).toBeGreaterThanOrEqual(current)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
