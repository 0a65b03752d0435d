import { describe, expect, test } from 'vitest'
import { alerts, sources, store } from '#test/browser/canned-answers.ts'
import { problemsOf } from './problems.ts'

const NOW = 1_793_700_000_000
const ids = (facts: Parameters<typeof problemsOf>[0]) => problemsOf(facts, NOW).map(({ id }) => id)

test('nothing known and nothing wrong is an empty list', () => {
  expect(ids({})).toEqual([])
  expect(ids({ alerts: alerts(NOW, 'empty'), store: store(NOW, 'empty'), sources: sources(NOW, 'empty') })).toEqual([])
})

test('the worst first, then the oldest; what is silenced is left out', () => {
  expect(ids({ alerts: alerts(NOW, 'normal'), sources: sources(NOW, 'normal'), store: store(NOW, 'normal') })).toEqual([
    'alert:9f2c',
    'silent:edge-syslog',
    'rejected:edge-syslog',
  ])
  expect(problemsOf({ alerts: alerts(NOW, 'normal') }, NOW)[0]).toMatchObject({ severity: 'critical', path: '/ingress?filter=route:eq:shop/cart' })
})

describe('the store', () => {
  const healthy = store(NOW, 'normal')
  test('an engine that is down, a queue that waits, a full disk', () => {
    expect(
      ids({
        store: {
          ...healthy,
          engine: { ...healthy.engine, state: 'restarting' },
          queue: { batches: 9, bytes: 1, oldestAt: NOW - 60_000 },
          disk: { ...healthy.disk, freeBytes: 1000 },
        },
      }),
    ).toEqual(['disk', 'engine', 'queue'])
  })
  test('a budget that is nearly used up says so, one that fills slowly or is far from full does not', () => {
    const signal = (bytes: number, daysLeft: number) =>
      ids({ store: { ...healthy, signals: [{ signal: 'logs', bytes, rows: 1, budgetBytes: 100, retentionDays: 7, daysLeft }] } })
    expect(signal(90, 2)).toEqual(['filling:logs'])
    expect(signal(90, 20)).toEqual([])
    expect(signal(10, 2)).toEqual([])
  })
})
