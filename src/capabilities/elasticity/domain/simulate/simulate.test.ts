import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { createPlanner } from '../planner/planner.ts'
import { type Policy, perSecond, simulate, type World } from './fluid.ts'
import { hpaPolicy, kedaPolicy, oraclePolicy, plannerPolicy } from './policies.ts'

const steady = (pods: number): Policy => ({ name: 'steady', every: 15, decide: () => pods })
const world = (load: Float64Array, more: Partial<World> = {}): World => ({ load, podRps: 100, podStart: 30, unscored: 0, min: 1, max: 1_000, ...more })
const flat = (seconds: number, rps: number) => new Float64Array(seconds).fill(rps)

/** Days with a curve, noise from minute to minute, and a rise of half in four minutes at the same time each day. */
function days(count: number, seed: number): Float64Array {
  const random = seededRandom(seed)
  const counts = new Float64Array(count * 1440)
  for (let minute = 0; minute < counts.length; minute++) {
    const time = minute % 1440
    const event = time >= 840 && time < 960 ? Math.min(1, (time - 840) / 4) * 0.5 : 0
    counts[minute] = 60 * 3_000 * (1.2 - Math.cos((time / 1440) * 2 * Math.PI)) * (1 + event) * (1 + (random() - 0.5) * 0.06)
  }
  return perSecond(counts, 60)
}

describe('the fluid model', () => {
  it('counts pods by the hour, and no violation where there is room', () => {
    expect(simulate(world(flat(7_200, 950)), steady(10))).toMatchObject({ violation_minutes: 0, replica_hours: 20, scale_changes: 0, worst: [] })
  })
  it('makes requests wait from the second at which a quarter of a second of work is queued', () => {
    // one per cent too much: a quarter of a second after 25 seconds
    const outcome = simulate(world(flat(60, 1_010)), steady(10))
    expect(outcome.violation_minutes * 60).toBe(60 - 25)
    expect(outcome.worst).toEqual([{ second: 0, violation_seconds: 35, load: 1_010, capacity: 1_000, longest_wait: expect.closeTo(0.6, 5) }])
  })
  it('has new pods work only when they are ready, and takes those away first that are not', () => {
    const wanted = [2, 6, 3, 3]
    const seen: number[] = []
    simulate(world(flat(60, 100)), {
      name: 'change',
      every: 15,
      decide({ now, ready }) {
        seen.push(ready)
        return wanted[now / 15]!
      },
    })
    // asked for 5 more at 15 s, three of them taken back at 30 s: two are ready at 45 s
    expect(seen).toEqual([1, 1, 2, 3])
  })
  it('does not let a policy see the future', () => {
    expect(() => simulate(world(flat(60, 1)), { name: 'seer', every: 1, decide: ({ now, requests }) => requests(now, now + 1) })).toThrow('future')
  })
  it('draws straight lines between the middles of periods, and keeps the sum in the middle', () => {
    const load = perSecond(Float64Array.of(60, 120, 60), 60)
    expect([load[0], load[29], load[90]]).toEqual([1, expect.closeTo(1, 1), expect.closeTo(2, 1)])
  })
})

describe('policies', () => {
  const load = days(4, 7)
  const replayed = (policy: Policy, podStart = 45) => simulate(world(load, { podStart, unscored: 2 * 86_400 }), policy)
  const oracle = replayed(oraclePolicy(load))
  const planner = replayed(plannerPolicy(0.965))
  const hpa = replayed(hpaPolicy({ target: 0.7, window: 120, scrape: 30 }))

  it('the oracle violates nothing', () => {
    expect(oracle.violation_minutes).toBe(0)
  })
  it('the planner needs far fewer pods than the HPA, hardly more than the oracle, and hardly violates', () => {
    expect(planner.replica_hours).toBeLessThan(oracle.replica_hours * 1.1)
    expect(planner.replica_hours).toBeLessThan(hpa.replica_hours * 0.85)
    expect(planner.violation_minutes).toBeLessThan(10)
  })
  it('the HPA violates more the nearer its target is to what a pod can do', () => {
    const tight = replayed(hpaPolicy({ target: 0.95, window: 120, scrape: 30 }))
    expect(tight.violation_minutes).toBeGreaterThan(hpa.violation_minutes + 60)
    expect(tight.replica_hours).toBeLessThan(hpa.replica_hours)
    expect(replayed(kedaPolicy(0.7)).replica_hours).toBeGreaterThan(oracle.replica_hours)
  })
  it('are the same each time', () => {
    expect(replayed(plannerPolicy(0.965))).toEqual(planner)
  })
})

describe('the planner', () => {
  const facts = { now: 0, replicas: 8, ready: 8, podRps: 100, podStart: 45, min: 2, max: 50, requests: undefined }
  it('never shrinks on traffic that it does not know', () => {
    const plan = createPlanner({ every: 2, quantile: 0.965 })
    for (let now = 0; now < 10_000; now += 2) expect(plan({ ...facts, now })).toEqual({ replicas: 8, why: 'keeps 8 pods: the traffic is not known' })
  })
  it('does not shrink when traffic becomes unknown in the middle, and grows with what waits', () => {
    const plan = createPlanner({ every: 2, quantile: 0.965 })
    const rate = 500
    const requests = (from: number, to: number) => (to - from) * rate
    let replicas = 8
    for (let now = 0; now < 3_000; now += 2) replicas = plan({ ...facts, now, replicas, ready: replicas, requests }).replicas
    expect(replicas).toBe(5)
    expect(plan({ ...facts, now: 3_000, replicas, ready: replicas }).replicas).toBe(5)
    const surge = (from: number, to: number) => (to - from) * rate + Math.max(0, to - Math.max(from, 3_000)) * 1_500
    let last = plan({ ...facts, now: 3_002, replicas, ready: replicas, requests: surge })
    for (let now = 3_004; now < 3_020; now += 2) last = plan({ ...facts, now, replicas: last.replicas, ready: 5, requests: surge })
    expect(last.replicas).toBe(50)
    expect(last.why).toMatch(/that wait|are right/)
  })
})
