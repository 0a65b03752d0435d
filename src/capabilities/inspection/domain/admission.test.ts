import { describe, expect, it } from 'vitest'
import { reviewAnswer } from './admission.ts'
import type { InspectionFinding } from './inspect.ts'

const finding = (check: string, severity: InspectionFinding['severity'], path = 'spec'): InspectionFinding => ({
  file: '',
  line: 0,
  object: 'Pod a/b',
  check,
  aliases: [],
  category: 'security',
  severity,
  path,
  message: { en: `${check} is wrong`, 'zh-CN': '' },
})

describe('the answer to an API server', () => {
  it('refuses what is bad enough, and warns of the rest', () => {
    const found = [finding('small', 'advice'), finding('bad', 'error')]
    expect(reviewAnswer(found, [], 'Deny', 'error')).toEqual({
      allowed: false,
      warnings: ['small: small is wrong spec'],
      status: { code: 403, reason: 'Forbidden', message: 'bad: bad is wrong spec' },
    })
    expect(reviewAnswer(found, [], 'Warn', 'error')).toMatchObject({
      allowed: true,
      warnings: [expect.stringContaining('bad'), expect.stringContaining('small')],
    })
    expect(reviewAnswer([], [], 'Deny', 'advice')).toEqual({ allowed: true })
  })

  it('is about what is new only, and not longer than API servers take', () => {
    expect(reviewAnswer([finding('bad', 'error')], [finding('bad', 'error')], 'Deny', 'error')).toEqual({ allowed: true })
    expect(reviewAnswer([finding('bad', 'error', 'other')], [finding('bad', 'error')], 'Deny', 'error').allowed).toBe(false)
    const many = Array.from({ length: 30 }, (_, i) => finding(`c${i}`, 'advice', 'x'.repeat(500)))
    const { warnings = [] } = reviewAnswer(many, [], 'Deny', 'error')
    expect(warnings).toHaveLength(11)
    expect(Math.max(...warnings.map(({ length }) => length))).toBeLessThan(256)
  })
})
