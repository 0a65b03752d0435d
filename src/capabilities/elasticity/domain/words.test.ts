import { describe, expect, it } from 'vitest'
import { inLanguage, say } from './words.ts'

describe('sentences of scaling', () => {
  it('are told in Chinese as a whole, whatever stands in whatever', () => {
    const leaf = say('grows', { rate: '120', ahead: '150', start: 45, pod: '10' })
    const kept = say('kept', { pods: 20, minutes: 5, now: 15, why: leaf })
    const floor = say('floor', { pods: 30, because: say('atLeast', { window: 'sale', min: 30 }), why: kept })
    expect(inLanguage(floor, 'en')).toBe(floor)
    expect(inLanguage(floor, 'zh-CN')).toBe(
      '30 个 Pod，即下限（sale：至少 30 个）；保留 20 个 Pod：最近 5 分钟内需要过；现在需要 15 个：现在每秒 120 个请求，45 秒内最多 150 个：每个 Pod 可处理 10 个',
    )
    expect(inLanguage(say('alone', { why: say('watched', { pods: 2, seconds: 9, now: 1, why: say('learning', { rate: '8.4' }) }) }), 'zh-CN')).not.toMatch(
      /[a-z]{4}/,
    )
  })
  it('leave what others said', () => expect(inLanguage('admission webhook denied', 'zh-CN')).toBe('admission webhook denied'))
})
