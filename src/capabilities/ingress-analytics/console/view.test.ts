import { describe, expect, it } from 'vitest'
import { readState, writeState } from '#kits/console-kit/url-state.ts'
import { compareOffset, filtersOf, liveFilters, rankingView, sharedView, textsOf } from './view.ts'

const HOUR = 3_600_000

describe('what stands in the URL', () => {
  it('comes back as it was written, and defaults leave no trace', () => {
    const filters = filtersOf(['host:eq:shop.example', 'status:gte:500'])
    const search = writeState(sharedView, {}, { f: textsOf(filters), compare: '1d', live: true })
    expect(search).toEqual({ f: ['host:eq:shop.example', 'status:gte:500'], compare: '1d', live: 'true' })
    expect(filtersOf(readState(sharedView, search).f)).toEqual(filters)
    expect(writeState(sharedView, search, { f: [], compare: 'off', live: false })).toEqual({})
  })

  it('loses only the part that is bent', () => {
    const state = readState(sharedView, { f: ['host:eq:a', 'what is this'], compare: 'last year', live: 'perhaps' })
    expect([filtersOf(state.f).length, state.compare, state.live]).toEqual([1, 'off', false])
    expect(readState(rankingView, { by: 'nosuch' })).toEqual({ by: 'route' })
  })

  it('is bounded', () => {
    expect(filtersOf(Array.from({ length: 90 }, (_, i) => `host:eq:h${i}`))).toHaveLength(32)
  })
})

describe('comparison', () => {
  it('steps back by the range, a day or a week', () => {
    expect(compareOffset('off', 0, HOUR)).toBeUndefined()
    expect(compareOffset('previous', 0, HOUR)).toBe(HOUR)
    expect(compareOffset('1d', 0, HOUR)).toBe(24 * HOUR)
    expect(compareOffset('1w', 0, 25 * HOUR)).toBe(168 * HOUR)
  })
  it('refuses a period that reaches into the range', () => {
    expect(compareOffset('1d', 0, 25 * HOUR)).toBe('overlaps')
  })
})

describe('live filters', () => {
  it('are those that the live stream can follow: one value of a field that it knows', () => {
    const follow = (...texts: string[]) => textsOf(liveFilters(filtersOf(texts)))
    expect(follow('route:eq:a', 'arm:eq:canary', 'host:eq:h', 'namespace:ne:x')).toEqual(['route:eq:a', 'arm:eq:canary'])
    expect(follow('service:eq:a', 'service:eq:b', 'route:eq:r', 'route:ne:q')).toEqual([])
  })
})
