import { expect, it } from 'vitest'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { createAccessSink } from './sink.ts'

const sink = createAccessSink({ telemetry: { append: async () => {} }, live: { publish: () => {} }, clock: systemClock, country: () => '' })
const pushed = (line: string, more: object = {}) =>
  sink.accepts({
    id: '',
    cluster: 'local',
    source: 'x',
    labels: { transport: 'loki' },
    signals: ['access', 'logs'],
    bytes: Buffer.from(`${line}\n`),
    times: new Float64Array([1.7e12]),
    receivedAt: 1.7e12,
    ...more,
  })
const REQUEST = '10.0.0.1 - - [24/Nov/2026:12:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl"'

it('takes access logs of a push that may hold other logs, and leaves those', () => {
  expect(pushed(REQUEST)).toBe(true)
  expect(pushed('{"status":200,"request_uri":"/a","request_time":0.1}')).toBe(true)
  expect(pushed('{"level":"warn","msg":"slow","status":502}')).toBe(false)
  expect(pushed('level=error msg="payment failed"')).toBe(false)
  expect(pushed(REQUEST, { signals: ['logs'] })).toBe(false)
  expect(pushed('anything', { signals: ['access'] })).toBe(true)
  expect(pushed('anything', { format: 'combined' })).toBe(true)
  expect(pushed(REQUEST, { format: 'container' })).toBe(false)
})
