import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { absolute, freeze, isLive, niceStep, parseRange, rangeText, resolveEnd, resolveRange, shift } from './time-range.ts'

const NOW = Date.UTC(2026, 10, 3, 14, 30, 15)
const range = (text: string, zone = 'utc') => {
  const parsed = parseRange(text, NOW, zone)
  if (!('range' in parsed)) throw new Error(`${text}: ${parsed.problem}`)
  return parsed.range
}
const moments = (text: string, zone = 'utc') => {
  const { from, to } = resolveRange(range(text, zone), NOW)
  return [new Date(from).toISOString(), new Date(to).toISOString()]
}

describe('what people type', () => {
  test.each([
    ['6h', '2026-11-03T08:30:15.000Z', '2026-11-03T14:30:15.000Z'],
    ['-2d', '2026-11-01T14:30:15.000Z', '2026-11-03T14:30:15.000Z'],
    ['now-6h to now-1h', '2026-11-03T08:30:15.000Z', '2026-11-03T13:30:15.000Z'],
    ['now-6h → now', '2026-11-03T08:30:15.000Z', '2026-11-03T14:30:15.000Z'],
    ['2026-11-03 14:00', '2026-11-03T14:00:00.000Z', '2026-11-03T14:30:15.000Z'],
    ['2026-11-02', '2026-11-02T00:00:00.000Z', '2026-11-03T00:00:00.000Z'],
    ['2026-11-01 - 2026-11-02', '2026-11-01T00:00:00.000Z', '2026-11-03T00:00:00.000Z'],
    ['2026-11-03T10:00:00Z/2026-11-03T11:00:00Z', '2026-11-03T10:00:00.000Z', '2026-11-03T11:00:00.000Z'],
    ['2026-11-03T10:00:00+08:00 to now', '2026-11-03T02:00:00.000Z', '2026-11-03T14:30:15.000Z'],
    ['1793700000, 1793703600', '2026-11-03T10:00:00.000Z', '2026-11-03T11:00:00.000Z'],
    ['1793700000123 .. now', '2026-11-03T10:00:00.123Z', '2026-11-03T14:30:15.000Z'],
    ['yesterday', '2026-11-02T00:00:00.000Z', '2026-11-03T14:30:15.000Z'],
    ['昨天 到 昨天', '2026-11-02T00:00:00.000Z', '2026-11-03T00:00:00.000Z'],
    ['now/d to now', '2026-11-03T00:00:00.000Z', '2026-11-03T14:30:15.000Z'],
    ['http://127.0.0.1:7070/ingress?filter=status:gte:500&from=now-3h&to=now-1h#x', '2026-11-03T11:30:15.000Z', '2026-11-03T13:30:15.000Z'],
    ['{"from":"now-1h","to":"now"}', '2026-11-03T13:30:15.000Z', '2026-11-03T14:30:15.000Z'],
  ])('%s', (text, from, to) => expect(moments(text)).toEqual([from, to]))

  test.each([
    ['', 'empty'],
    ['soon', 'unreadable'],
    ['2026-02-30 10:00', 'unreadable'],
    ['2026-11-03 25:00', 'unreadable'],
    ['now-1h to now-6h', 'backwards'],
    ['now to now', 'backwards'],
    ['a to b to c', 'unreadable'],
    ['now-900y', 'outside'],
    ['9'.repeat(3000), 'unreadable'],
  ])('%j is refused as %s', (text, problem) => expect(parseRange(text, NOW, 'utc')).toMatchObject({ problem }))

  test('wall times are of the zone, also around a change of clocks', () => {
    expect(moments('2026-11-03 14:00 to 2026-11-03 15:00', 'Asia/Shanghai')).toEqual(['2026-11-03T06:00:00.000Z', '2026-11-03T07:00:00.000Z'])
    expect(moments('2026-10-25', 'Europe/Berlin')).toEqual(['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'])
  })

  test('separators alone are no range', () => {
    for (const text of ['~', ',', '..', '→']) expect(parseRange(text, NOW, 'utc')).toEqual({ problem: 'unreadable', part: text })
  })

  test('never throws, and what it accepts resolves to a range that is not empty', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^(now|-|\d|[smhd]| to |:|T|Z|\/){1,12}$/)), (text) => {
        const parsed = parseRange(text, NOW, 'utc')
        if (!('range' in parsed)) return
        const { from, to } = parsed.range
        expect((resolveEnd(from, NOW, 'utc', 'from') as number) < (resolveEnd(to, NOW, 'utc', 'to') as number)).toBe(true)
        // And the text that is copied reads back as the same.
        expect(parseRange(rangeText(parsed.range), NOW, 'utc')).toEqual(parsed)
      }),
    )
  })
})

test('freezing keeps the moments and stops them', () => {
  const frozen = freeze(range('6h'), NOW)
  expect(resolveRange(frozen, NOW + 3_600_000)).toEqual(resolveRange(range('6h'), NOW))
  expect([isLive(range('6h')), isLive(frozen)]).toEqual([true, false])
})

test('earlier and later move by half, zooming out doubles', () => {
  const hour = absolute(NOW - 3_600_000, NOW, 'utc')
  expect(resolveRange(shift(hour, NOW, -1), NOW)).toEqual({ from: NOW - 5_400_000, to: NOW - 1_800_000 })
  expect(shift(shift(hour, NOW, 1), NOW, -1)).toEqual(hour)
  expect(resolveRange(shift(hour, NOW, 0), NOW)).toEqual({ from: NOW - 5_400_000, to: NOW + 1_800_000 })
})

test('a link that cannot be read shows the last hour', () => {
  expect(resolveRange({ from: 'x', to: 'now', zone: 'utc' }, NOW)).toEqual({ from: NOW - 3_600_000, to: NOW })
})

test('steps are round and few enough', () => {
  expect(niceStep(NOW - 3_600_000, NOW)).toBe(15_000)
  expect(niceStep(NOW - 7 * 86_400_000, NOW)).toBe(3_600_000)
})
