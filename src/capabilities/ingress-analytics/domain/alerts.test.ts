import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { alertLabels, decide, type Look, liveRule, type Memory, rehearse, withAbsent } from './alerts.ts'
import { type AlertRuleInput, alertRule } from './api.ts'

const rule = (more: Partial<AlertRuleInput> = {}) => alertRule.parse({ name: 'errors', threshold: 0.05, ...more })
const seen = (value: number | null, requests = 100, group = ''): Look => ({ known: true, observations: [{ group, value, requests }] })
const unknown: Look = { known: false, reason: 'the engine is away' }
const run = (of: ReturnType<typeof rule>, looks: readonly Look[], every = 10_000) => {
  let memory: Memory = new Map()
  return looks.map((look, i) => {
    const decision = decide(of, look, memory, i * every)
    memory = decision.memory
    return decision.states.map(({ state }) => state).join(',')
  })
}

describe('decide', () => {
  it('fires above a threshold and clears below it', () => {
    expect(run(rule(), [seen(0.04), seen(0.05), seen(0.06), seen(0.04)])).toEqual(['ok', 'ok', 'firing', 'ok'])
    expect(run(rule({ comparison: '<', number: 'qps', threshold: 5 }), [seen(5), seen(4)])).toEqual(['ok', 'firing'])
  })

  it('waits for its time, and starts anew when the condition breaks', () => {
    const of = rule({ for: 20_000 })
    expect(run(of, [seen(0.1), seen(0.1), seen(0.1)])).toEqual(['pending', 'pending', 'firing'])
    expect(run(of, [seen(0.1), seen(0.1), seen(0), seen(0.1), seen(0.1), seen(0.1)])).toEqual(['pending', 'pending', 'ok', 'pending', 'pending', 'firing'])
  })

  it('does not fire on a number that does not exist, or on too few requests', () => {
    expect(run(rule(), [seen(null, 0)])).toEqual(['ok'])
    expect(run(rule({ minRequests: 50 }), [seen(1, 49), seen(1, 50)])).toEqual(['ok', 'firing'])
  })

  it('goes on firing while nothing is known, and never begins then', () => {
    expect(run(rule(), [seen(0.1), unknown, unknown, seen(0.01), unknown])).toEqual(['firing', 'unknown', 'unknown', 'ok', 'unknown'])
    let memory: Memory = new Map()
    for (const look of [seen(0.1), unknown, unknown]) memory = decide(rule(), look, memory, 0).memory
    expect([...memory.values()].map(({ firing }) => firing)).toEqual([true])
    expect(run(rule({ for: 15_000 }), [seen(0.1), unknown, unknown, seen(0.1)])).toEqual(['pending', 'unknown', 'unknown', 'firing'])
  })

  it('watches for absence', () => {
    expect(run(rule({ absent: true }), [seen(null, 3), seen(null, 0), unknown, seen(null, 1)])).toEqual(['ok', 'firing', 'unknown', 'ok'])
    expect(withAbsent([{ group: 'a', value: 1, requests: 1 }], ['a', 'b'])).toEqual([
      { group: 'a', value: 1, requests: 1 },
      { group: 'b', value: null, requests: 0 },
    ])
  })

  it('keeps groups apart and forgets those that are gone', () => {
    const of = rule({ groupBy: 'host' })
    const both: Look = {
      known: true,
      observations: [
        { group: 'a', value: 0.1, requests: 9 },
        { group: 'b', value: 0.01, requests: 9 },
      ],
    }
    const first = decide(of, both, new Map(), 0)
    expect([...first.memory.keys()]).toEqual(['a'])
    expect([...decide(of, { known: true, observations: [] }, first.memory, 1).memory]).toEqual([])
  })

  it('fires exactly when the condition has held for its time without a break (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('high', 'low', 'unknown'), { maxLength: 60 }), fc.integer({ min: 0, max: 5 }), (kinds, steps) => {
        const states = run(
          rule({ for: steps * 10_000 }),
          kinds.map((kind) => (kind === 'unknown' ? unknown : seen(kind === 'high' ? 1 : 0))),
        )
        let since: number | undefined
        kinds.forEach((kind, i) => {
          if (kind === 'low') since = undefined
          if (kind === 'high') since ??= i
          const expected = kind === 'unknown' ? 'unknown' : kind === 'low' ? 'ok' : i - since! >= steps ? 'firing' : 'pending'
          expect(states[i]).toBe(expected)
        })
      }),
    )
  })
})

describe('rehearse', () => {
  it('counts episodes and how long they lasted', () => {
    const looks = [0, 1, 1, 0, 0, 1, 0].map((value) => seen(value))
    const episodes = rehearse(rule(), { at: looks.map((_, i) => i * 60_000), looks })
    expect(episodes).toEqual([
      { group: '', from: 60_000, to: 180_000, value: 1 },
      { group: '', from: 300_000, to: 360_000, value: 1 },
    ])
  })

  it('counts one that still lasts', () => {
    expect(rehearse(rule(), { at: [0, 1], looks: [seen(1), seen(1)] })).toEqual([{ group: '', from: 0, to: 1, value: 1 }])
  })
})

describe('liveRule', () => {
  it('knows what the live stream can answer', () => {
    expect(liveRule(rule({ filter: ['route:eq:a', 'namespace:eq:b'] }), 'c')).toEqual({ cluster: 'c', route: 'a', namespace: 'b' })
    for (const more of [
      { window: 660_000 },
      { groupBy: 'host' as const },
      { filter: ['status:gte:500'] },
      { filter: ['route:eq:a', 'route:eq:b'] },
      { number: 's502' as const },
    ]) {
      expect(liveRule(rule(more), 'c')).toBeUndefined()
    }
    expect(emptyBucket({ cluster: 'c', route: '', namespace: '', service: '', arm: '', second: 0 }).s499).toBe(0)
  })
})

describe('alertLabels', () => {
  it('name the rule, its group and what the filters pin down', () => {
    expect(alertLabels(rule({ groupBy: 'host', filter: ['namespace:eq:shop', 'path:eq:/a', 'path:eq:/b', 'status:gte:500'] }), 'x.example')).toEqual({
      alertname: 'errors',
      capability: 'ingress-analytics',
      severity: 'warning',
      namespace: 'shop',
      host: 'x.example',
    })
  })
})
