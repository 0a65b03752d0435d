import { expect, it } from 'vitest'
import { inLanguage, say } from './words.ts'

it('tells every text again in Chinese, also those in others', () => {
  const why = say('openWhen', { measures: 'errors, p99', more: 12_000, minutes: 31 })
  expect(inLanguage(say('step', { step: 1, all: 3, weight: 10, why }), 'zh-CN')).toBe(
    '第 1 步（共 3 步）：10 % 的流量。errors, p99 的证据尚不足；如果与稳定版一样好，还需约 12000 个金丝雀请求（按当前流量 31 分钟）。',
  )
  expect(inLanguage(say('waitingFor', { what: say('podsReady', { ready: 1, min: 2 }) }), 'zh-CN')).toBe('等待金丝雀：2 个 Pod 中有 1 个就绪。')
  expect(inLanguage(`${say('goneService', { name: 'a' })}; ${say('goneDeployment', { name: 'b' })}`, 'zh-CN')).toBe('Service a 不存在；Deployment b 不存在')
  expect(inLanguage(say('blind', { why: say('metricGone', { name: 'queue', why: 'HTTP 503' }) }), 'zh-CN')).toBe(
    '10 分钟内一无所知：指标 queue 没有数值：HTTP 503。',
  )
})

it('leaves what it did not say, and English, as they are', () => {
  expect(inLanguage('back-off pulling image', 'zh-CN')).toBe('back-off pulling image')
  expect(inLanguage('', 'zh-CN')).toBe('')
  expect(inLanguage(say('proven'), 'en')).toBe('Every measure is proven to stay within its margin.')
})
