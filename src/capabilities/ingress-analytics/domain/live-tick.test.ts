import { describe, expect, it } from 'vitest'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { liveTick } from './live-tick.ts'

const NOW = 1_790_000_000_000
const window = (completeness: number) => ({
  total: emptyBucket({ cluster: 'c', route: '', namespace: '', service: '', arm: '', second: 0 }),
  perSecond: [],
  completeness,
  senders: 1,
  silent: 0,
  freshnessMs: 100,
})

describe('the live tick', () => {
  it('says that it is incomplete while the stream does not cover the minute, and no longer', () => {
    expect([0, 0.5, 0.98, 0.9999, 1].map((share) => liveTick(window(share), NOW - 60_000, NOW, []).incomplete)).toEqual([['live'], ['live'], ['live'], [], []])
  })
})
