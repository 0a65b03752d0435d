import { describe, expect, it } from 'vitest'
import type { LiveWindow } from '#core/shapes/ports/live-stream.ts'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { followLoads } from './pod-loads.ts'

const T = 1_800_000_000_000

function world(workloads: Parameters<typeof followLoads>[0]['workloads'] = [{ given: false }]) {
  let now = T
  const state = { rate: 100, seconds: 0.05, silent: 0 }
  const live = {
    window(): LiveWindow {
      const total = emptyBucket({ cluster: 'c', route: 'r', namespace: 'n', service: 'web', arm: '', second: now })
      total.requests = state.rate * 10
      total.timed = 100
      for (let i = 0; i < 100; i++) total.times.add(state.seconds)
      return { total, perSecond: [], senders: 1, silent: state.silent, freshnessMs: 500, completeness: 1 }
    },
  }
  const loads = followLoads({ cluster: 'c', namespace: 'n', entries: ['web'], objective: 0.25, workloads, live })
  return {
    state,
    loads,
    look(seconds: number, pods: (number | undefined)[], calls: (number | undefined)[] = [1]) {
      for (const end = now + seconds * 1_000; now < end; now += 1_000) loads.look(now, pods, calls)
    },
  }
}

describe('what a pod answers', () => {
  it('is learned for the entry and what stands behind it, by its calls', () => {
    const { look, loads } = world([{ given: false }, { given: false }, { given: true }])
    look(60, [4, 5, 1], [1, 0.5, 1])
    expect(loads.read(0)?.sure).toBe(false)
    look(400, [4, 5, 1], [1, 0.5, 1])
    expect(loads.read(0)).toMatchObject({ sure: true, missed: false, known: { load: expect.closeTo(25, 0) } })
    expect(loads.read(1)).toMatchObject({ sure: true, known: { load: expect.closeTo(10, 0) } })
    expect(loads.read(2)).toBeUndefined()
  })
  it('is less than where users waited', () => {
    const { state, look, loads } = world()
    look(400, [4])
    Object.assign(state, { rate: 200, seconds: 0.9 })
    look(100, [4])
    expect(loads.read(0)).toMatchObject({ sure: true, missed: true, known: { load: expect.closeTo(25, 0) } })
  })
  it('is not learned in a rollout, from a silent source, or while calls are not known', () => {
    const { state, look, loads } = world([{ given: false }, { given: false }])
    look(400, [undefined, 4], [1, undefined])
    state.silent = 1
    look(400, [4, 4], [1, 1])
    expect(loads.read(0)?.known).toBeUndefined()
    expect(loads.read(1)?.known).toBeUndefined()
  })
})
