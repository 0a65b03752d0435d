import { describe, expect, it } from 'vitest'
import { gapsOf } from './gaps.ts'

const HOUR = 3_600_000
const NOW = 100 * HOUR
const whole = { dropped: 0, droppedAt: null, rejected: {}, rejectedAt: null, sources: [], since: 0 }
const checks = (more: Partial<Parameters<typeof gapsOf>[0]>, now = NOW) => gapsOf({ ...whole, ...more }, now).map(({ check, key }) => `${check} ${key}`.trim())
const source = (lastAt: number, accepted = 10_000) => ({ source: 'webhook', accepted, rejected: 0, lastAt })

describe('gaps', () => {
  it('are none while events come and are kept', () => expect(checks({ sources: [source(NOW - 60_000)] })).toEqual([]))
  it('are events that were dropped, for a day', () => {
    expect(checks({ dropped: 3, droppedAt: NOW })).toEqual(['audit/dropped'])
    expect(checks({ dropped: 3, droppedAt: NOW }, NOW + 25 * HOUR)).toEqual([])
  })
  it('are events that could not be read, and not copies or old ones', () => {
    expect(checks({ rejected: { version: 1 }, rejectedAt: NOW })).toEqual(['audit/unread'])
    expect(checks({ rejected: { duplicate: 9, old: 2 }, rejectedAt: NOW })).toEqual([])
  })
  it('are a source that was steady and fell silent, until it speaks again', () => {
    expect(checks({ sources: [source(NOW - HOUR)] })).toEqual(['audit/silent webhook'])
    expect(checks({ sources: [source(NOW - HOUR, 20)] })).toEqual([])
    expect(checks({ sources: [source(NOW - 1_000)] })).toEqual([])
  })
})
