import fastify from 'fastify'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AlertingConfig } from '#core/alerting/config.ts'
import type { Delivery, Notification } from '#core/shapes/ports/notifier.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { encodeRows, type Row } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import type { ActiveAlert, SectionDefinition, Settings } from '#kits/server-kit/door.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { type Alerts, createAlerts } from './alerts.ts'

const MINUTE = 60_000
const alert = (name: string, value = 1): ActiveAlert => ({
  labels: { alertname: name, service: 'cart' },
  severity: 'error',
  annotations: { summary: `${name} is high` },
  value,
  activeSince: 0,
  path: '/ingress/alerts',
})

let clock: ReturnType<typeof fakeClock>
let rows: Row[]
let sent: Notification[]
let answers: Delivery[]
let storeFails: boolean
let queryFails: boolean
let running: Alerts[]
const config: unknown = {
  route: { receiver: 'pager', groupBy: ['alertname'], groupWait: '10s' },
  receivers: [{ kind: 'webhook', name: 'pager', url: 'http://a.example' }],
}

beforeEach(() => {
  clock = fakeClock()
  ;[rows, sent, answers, running, storeFails, queryFails] = [[], [], [], [], false, false]
})
afterEach(async () => {
  await Promise.all(running.map((alerts) => alerts.stop()))
})

function start(): Alerts {
  const settings: Settings = {
    section: (_name: string, definition: SectionDefinition<never>) => {
      const value = (definition.schema as { parse(input: unknown): AlertingConfig }).parse(config)
      return { read: () => value as never, write: async () => value as never, onChange: () => {} }
    },
  }
  const alerts = createAlerts({
    clock,
    settings,
    log: pino({ level: 'silent' }),
    telemetry: {
      query: async () => {
        if (queryFails) throw new Error('the engine is restarting')
        return {
          rows: rows
            .slice(rows.findLastIndex(({ state }) => state === 'snapshot'))
            .filter(({ state }) => state === 'snapshot' || state === 'change')
            .map(({ state, annotations }) => [state, annotations]),
        }
      },
    } as unknown as Telemetry,
    write: async (table, added) => {
      if (storeFails) throw new Error('queue full')
      encodeRows(TABLES[table], added)
      rows.push(...added)
    },
    notifier: () => ({
      kind: 'fake',
      send: async (notification) => {
        sent.push(notification)
        return answers.shift() ?? { delivered: true }
      },
    }),
    externalUrl: () => 'http://127.0.0.1:7070',
  })
  alerts.start()
  running.push(alerts)
  return alerts
}
const states = () => rows.map(({ state }) => state).filter((state) => state !== 'snapshot' && state !== 'change')
const settled = () => clock.advance(0)

describe('alerts', () => {
  it('tell people when something begins and when it is over, and store every step', async () => {
    const alerts = start()
    await settled()
    await alerts.report('ingress', 'local', [alert('Errors')])
    expect(states()).toEqual(['firing'])
    await clock.advance(10_000)
    expect(sent).toMatchObject([
      { receiver: 'pager', alerts: [{ status: 'firing', link: 'http://127.0.0.1:7070/ingress/alerts', labels: { alertname: 'Errors', cluster: 'local' } }] },
    ])
    expect(states()).toEqual(['firing', 'notified'])
    expect(rows.find(({ state }) => state === 'notified')).toMatchObject({ cluster: 'local', rule: 'Errors', receiver: 'pager', severity: 'error' })
    await alerts.report('ingress', 'local', [])
    await clock.advance(6 * MINUTE)
    expect(sent.map(({ alerts: [first] }) => first!.status)).toEqual(['firing', 'resolved'])
    expect(states()).toEqual(['firing', 'notified', 'resolved', 'notified'])
  })

  it('write nothing when only numbers move', async () => {
    const alerts = start()
    await settled()
    await alerts.report('ingress', 'local', [alert('Errors', 1)])
    const before = rows.length
    for (let i = 2; i < 5; i++) await alerts.report('ingress', 'local', [alert('Errors', i)])
    expect(rows).toHaveLength(before)
  })

  it('write what changed, however much fires, and take all of it up again', async () => {
    const alerts = start()
    await settled()
    const many = Array.from({ length: 200 }, (_, i) => alert(`A${i}`))
    for (let i = 1; i <= many.length; i++) await alerts.report('ingress', 'local', many.slice(0, i))
    const lengths = rows.filter(({ state }) => state === 'change').map(({ annotations }) => String(annotations).length)
    expect(lengths.length).toBeGreaterThan(150)
    // of a change the fingerprints of what its reporter says are most
    expect(Math.max(...lengths)).toBeLessThan(200 * 24 + 1_000)
    await clock.advance(20_000)
    expect(sent).toHaveLength(200)
    await alerts.stop()
    await start().report('ingress', 'local', many.slice(0, 150))
    await clock.advance(6 * MINUTE)
    expect(sent.slice(200).map(({ alerts: [one] }) => one!.status)).toEqual(Array(50).fill('resolved'))
  })

  it('go on after a restart: nobody is told twice, and nothing ends because its reporter is not up yet', async () => {
    const first = start()
    await settled()
    await first.report('ingress', 'local', [alert('Errors')])
    await clock.advance(20_000)
    await first.stop()
    const second = start()
    await clock.advance(5 * MINUTE)
    expect(states()).toEqual(['firing', 'notified'])
    await second.report('ingress', 'local', [])
    await clock.advance(6 * MINUTE)
    expect(sent.map(({ alerts: [one] }) => one!.status)).toEqual(['firing', 'resolved'])
  })

  it('end what a reporter said that never came back', async () => {
    const first = start()
    await settled()
    await first.report('gone', 'local', [alert('Errors')])
    await clock.advance(20_000)
    await first.stop()
    start()
    await clock.advance(25 * MINUTE)
    expect(states()).toEqual(['firing', 'notified', 'resolved', 'notified'])
  })

  it('try again while a receiver is down, give up for good when it refuses', async () => {
    const down: Delivery = { delivered: false, retry: true, reason: 'HTTP 503' }
    answers = [down, down, { delivered: true }]
    const alerts = start()
    await settled()
    await alerts.report('ingress', 'local', [alert('Errors')])
    await clock.advance(30_000)
    expect(sent).toHaveLength(3)
    expect(JSON.parse(String(rows.find(({ state }) => state === 'notified')!.annotations))).toMatchObject({ attempts: 3, status: 'firing' })
    answers = [{ delivered: false, retry: false, reason: 'HTTP 404' }]
    await alerts.report('ingress', 'local', [alert('Errors'), alert('Slow')])
    await clock.advance(12_000)
    expect(rows.filter(({ state }) => state === 'failed')).toMatchObject([{ rule: 'Slow', annotations: expect.stringContaining('HTTP 404') }])
  })

  it('tell nobody what could not be stored, and do when it can', async () => {
    const alerts = start()
    await settled()
    storeFails = true
    await alerts.report('ingress', 'local', [alert('Errors')])
    await clock.advance(MINUTE)
    expect(sent).toEqual([])
    storeFails = false
    await clock.advance(MINUTE)
    expect(sent).toHaveLength(1)
  })

  it('wait until the store says what was known', async () => {
    queryFails = true
    const alerts = start()
    await settled()
    await alerts.report('ingress', 'local', [alert('Errors')])
    await clock.advance(MINUTE)
    expect([sent.length, rows.length]).toEqual([0, 0])
    queryFails = false
    await clock.advance(MINUTE)
    expect(sent).toHaveLength(1)
  })

  it('are listed with who was told and why not', async () => {
    const alerts = start()
    const http = fastify()
    http.setValidatorCompiler(() => (value) => ({ value }))
    http.setSerializerCompiler(() => JSON.stringify)
    http.decorateRequest('scope', { getter: () => 'all' as const })
    alerts.routes(http)
    await settled()
    await alerts.report('ingress', 'local', [alert('Errors')])
    await alerts.report('ingress', 'other', [alert('Errors')])
    await clock.advance(11_000)
    const answer = (await http.inject('/clusters/local/alerts')).json()
    expect(answer).toMatchObject({
      known: true,
      alerts: [{ labels: { cluster: 'local' }, told: ['pager'], muted: null, fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) }],
    })
    await http.close()
  })
})
