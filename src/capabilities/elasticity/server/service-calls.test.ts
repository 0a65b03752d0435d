import { describe, expect, it } from 'vitest'
import { CONFIDENT } from '../domain/calls.ts'
import { followCalls } from './service-calls.ts'

const T = 1_800_000_000_000
const follow = (counted: (now: number, entry: number) => number | undefined, given?: number) => {
  let now = T
  const entry = () => 50 + 30 * Math.sin(now / 200_000)
  const calls = followCalls({
    cluster: 'c',
    namespace: 'n',
    entries: ['web'],
    given,
    requests: 'x',
    live: { requests: (_select, from, to) => Array.from({ length: (to - from) / 1_000 }, entry) },
    ask: async () => {
      const value = counted(now, entry())
      return value === undefined ? undefined : { value, freshnessMs: 0, completeness: 1 }
    },
  })
  return {
    calls,
    now: () => now,
    async look(seconds: number) {
      for (const end = now + seconds * 1_000; now < end; now += 10_000) await calls.look(now, { known: true, now: 1_000, requests: () => 0, partial: false })
    },
  }
}

describe('calls of a service behind the entry', () => {
  it('are those of its own traffic first, and learned when that is certain', async () => {
    const { calls, look, now } = follow((_, entry) => 0.4 * entry)
    expect(calls.now(now())).toBeUndefined()
    await look(20)
    expect(calls.now(now())).toMatchObject({ how: 'own traffic', calls: expect.closeTo(0.4, 2) })
    await look(600)
    expect(calls.now(now())).toMatchObject({ how: 'learned', calls: expect.closeTo(0.4, 2) })
    expect(calls.learned()).toMatchObject([{ entry: 'web', calls: 0.4 }])
    expect(calls.learned()[0]!.confidence).toBeGreaterThan(CONFIDENT)
  })
  it('stay those of its own traffic while the entry does not explain them, and are not known when that is not counted', async () => {
    let n = 0
    const { calls, look, now } = follow(() => (n > 90 ? undefined : n++ % 2 === 0 ? 1 : 90))
    await look(600)
    expect(calls.now(now())?.how).toBe('own traffic')
    await look(600)
    expect(calls.now(now())).toBeUndefined()
  })
  it('are what a person gave, and what was learned is shown beside', async () => {
    const { calls, look, now } = follow((_, entry) => 2 * entry, 0.7)
    await look(600)
    expect(calls.now(now())).toEqual({ calls: 0.7, how: 'given' })
    expect(calls.learned()).toMatchObject([{ calls: 2 }])
  })
})
