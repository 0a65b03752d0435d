import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'
import { CodedError, describeError, ERRORS, invalidInput, isError } from './errors.ts'
import { UUID, uuidv7 } from './ids.ts'
import { nearest } from './nearest.ts'
import { formatBytes, parseQuantity } from './quantity.ts'
import { seededRandom } from './random.ts'

describe('durations', () => {
  it('reads what Prometheus reads, and nothing else', () => {
    expect(parseDuration('1h30m')).toBe(5_400_000)
    expect(parseDuration('0')).toBe(0)
    expect(parseDuration('1d2h3m4s5ms')).toBe(93_784_005)
    for (const bad of ['', '5', '-5m', '1.5h', '5m1h', '1 h', '1h ', '1x', '9999999999999999y']) expect(parseDuration(bad), bad).toBeUndefined()
  })

  it('prints what it reads back to the same number', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 1e13 }), (ms) => parseDuration(formatDuration(ms)) === ms))
  })
})

describe('quantities', () => {
  it('reads Kubernetes quantities', () => {
    expect(parseQuantity('500m')).toBe(0.5)
    expect(parseQuantity('1Gi')).toBe(1024 ** 3)
    expect(parseQuantity('1e3')).toBe(1000)
    expect(parseQuantity('2E')).toBe(2e18)
    for (const bad of ['', 'Gi', '1GB', '1 Gi', '--1', '1e', 'NaN']) expect(parseQuantity(bad), bad).toBeUndefined()
  })

  it('prints bytes with three digits', () => {
    expect(formatBytes(0)).toBe('0 B')
    expect(formatBytes(1536)).toBe('1.5 KiB')
    expect(formatBytes(45 * 1024 ** 3)).toBe('45 GiB')
  })
})

describe('uuidv7', () => {
  it('is a version 7 UUID that sorts by time', () => {
    const random = new Uint8Array(10).fill(255)
    const [a, b] = [uuidv7(1_700_000_000_000, random), uuidv7(1_700_000_000_001, new Uint8Array(10))]
    expect(a).toMatch(UUID)
    expect(a[14]).toBe('7')
    expect('89ab').toContain(a[19])
    expect(a < b).toBe(true)
    expect(() => uuidv7(0, new Uint8Array(9))).toThrow(RangeError)
  })
})

describe('seededRandom', () => {
  it('repeats itself from the same seed and spreads evenly', () => {
    const draw = (seed: number) => Array.from({ length: 4 }, seededRandom(seed))
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
    const random = seededRandom(42)
    const bins = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) bins[Math.floor(random() * 10)]!++
    for (const bin of bins) expect(Math.abs(bin - 10_000)).toBeLessThan(500)
  })
})

describe('nearest', () => {
  it('finds what was probably meant, and nothing far away', () => {
    expect(nearest('stauts', ['status', 'path', 'host'])).toBe('status')
    expect(nearest('pth', ['status', 'path'])).toBe('path')
    expect(nearest('zebra', ['status', 'path'])).toBeUndefined()
  })
})

describe('errors', () => {
  it('has both languages, a next step and the same placeholders in each row', () => {
    for (const [code, row] of Object.entries(ERRORS)) {
      const placeholders = (text: string) => new Set(text.match(/\{\w+\}/g))
      expect(code).toMatch(/^[A-Z][A-Z0-9_]+$/)
      for (const text of [row.en, row['zh-CN'], row.next.en, row.next['zh-CN']]) expect(text.length, code).toBeGreaterThan(3)
      expect(placeholders(row['zh-CN']), code).toEqual(placeholders(row.en))
      expect(/[\u4e00-\u9fff]/.test(row['zh-CN']), code).toBe(true)
    }
  })

  it('fills its text, keeps all problems, and is told apart by code', () => {
    const error = invalidInput([{ path: 'a.b', message: 'must be a number', line: 3 }])
    expect(isError(error, 'INVALID_INPUT')).toBe(true)
    expect(isError(error, 'NOT_FOUND')).toBe(false)
    expect(describeError(error, 'zh-CN')).toMatchObject({
      code: 'INVALID_INPUT',
      message: '输入有 1 处问题。',
      next: ERRORS.INVALID_INPUT.next['zh-CN'],
      problems: [{ path: 'a.b', message: '必须是数字', line: 3 }],
    })
    expect(new CodedError('NOT_FOUND', { what: 'Rule x' }).message).toBe('Rule x was not found.')
  })
})
