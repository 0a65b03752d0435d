import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatAge, formatSeconds, formatShare, formatTime, formatValue } from './format.ts'

const en = { language: 'en', zone: 'utc' } as const
const zh = { language: 'zh-CN', zone: 'utc' } as const

test.each([
  [12_345, 'number', '12,345', '12,345'],
  [1_234_567, 'number', '1.23M', '123.46万'],
  [3.14159, 'rate', '3.14/s', '3.14/s'],
  [0.9995, 'share', '99.95%', '99.95%'],
  [1536, 'bytes', '1.5 KiB', '1.5 KiB'],
  [0.0123, 'seconds', '12.3 ms', '12.3 ms'],
  [1_793_700_000_000, 'time', '2026-11-03 10:00:00', '2026-11-03 10:00:00'],
] as const)('%d as %s', (value, unit, english, chinese) => {
  expect(formatValue(value, unit, en)).toBe(english)
  expect(formatValue(value, unit, zh)).toBe(chinese)
})

test('missing is never zero', () => {
  for (const value of [null, undefined, Number.NaN, '', Number.POSITIVE_INFINITY]) expect(formatValue(value, 'number', en)).toBe('–')
  expect(formatValue(0, 'number', en)).toBe('0')
})

test('durations at every size', () => {
  expect([0, 0.00085, 0.0123, 1.2345, 125, 12_000, 200_000].map((s) => formatSeconds(s, 'en'))).toEqual([
    '0 s',
    '850 µs',
    '12.3 ms',
    '1.23 s',
    '2 min 5 s',
    '3 h 20 min',
    '2 d 7 h',
  ])
})

test('a share that is not whole is never written as 0% or 100%', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
      const text = formatShare(share, 'en')
      expect(text === '100%').toBe(share === 1)
      expect(text === '0%' || text === '-0%').toBe(share === 0)
    }),
  )
})

test('times in zones, with milliseconds, and ages', () => {
  expect(formatTime(1_793_700_000_123, { zone: 'Asia/Shanghai', millis: true })).toBe('2026-11-03 18:00:00.123')
  expect(formatAge(0, 180_000, 'en')).toBe('3 minutes ago')
  expect(formatAge(0, 180_000, 'zh-CN')).toBe('3分钟前')
})
