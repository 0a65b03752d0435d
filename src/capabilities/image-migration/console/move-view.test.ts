import { expect, it } from 'vitest'
import { rateOf, shareDone, timeLeft } from './move-view.ts'

const progress = { pairs: 10, pairsDone: 5, bytesDone: 0, bytesKnown: 0 }

it('the share is unknown until it can be known, and never whole before the end', () => {
  expect(shareDone({ state: 'looking', progress })).toBeUndefined()
  expect(shareDone({ state: 'running', progress: { ...progress, pairs: 0, pairsDone: 0 } })).toBeUndefined()
  expect(shareDone({ state: 'running', progress })).toBe(0.5)
  expect(shareDone({ state: 'running', progress: { ...progress, bytesDone: 100, bytesKnown: 100 } })).toBeCloseTo(0.6)
  expect(shareDone({ state: 'running', progress: { pairs: 1, pairsDone: 0, bytesDone: 50, bytesKnown: 100 } })).toBe(0.5)
  expect(shareDone({ state: 'running', progress: { pairs: 1, pairsDone: 0, bytesDone: 100, bytesKnown: 100 } })).toBeLessThan(1)
  expect(shareDone({ state: 'done', progress: { ...progress, pairsDone: 10 } })).toBe(1)
})

it('a rate needs time and bytes', () => {
  expect(rateOf({ progress }, 1000)).toBeUndefined()
  expect(rateOf({ startedAt: 0, progress }, 1000)).toBeUndefined()
  expect(rateOf({ startedAt: 0, progress: { ...progress, bytesDone: 500 } }, 1000)).toBe(500)
  expect(rateOf({ startedAt: 0, endedAt: 500, progress: { ...progress, bytesDone: 500 } }, 9000)).toBe(1000)
})

it('the time left is told while a move goes on and enough of it is done', () => {
  expect(timeLeft({ state: 'running', startedAt: 1000, progress }, 11_000)).toBe(10_000)
  expect(timeLeft({ state: 'running', startedAt: 0, progress: { ...progress, pairsDone: 9 } }, 9_001)).toBe(2000)
  expect(timeLeft({ state: 'running', progress }, 11_000)).toBeUndefined()
  expect(timeLeft({ state: 'running', startedAt: 0, progress: { ...progress, pairsDone: 0 } }, 11_000)).toBeUndefined()
  expect(timeLeft({ state: 'canceled', startedAt: 0, progress }, 11_000)).toBeUndefined()
})
