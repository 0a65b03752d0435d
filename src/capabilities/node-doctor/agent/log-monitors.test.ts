import { expect, it } from 'vitest'
import { fakeHost } from '#test/fakes/host.ts'
import { conditionsOf, EMPTY, type NodeState, settleKernel } from '../domain/conditions.ts'
import { readNpdConfig } from '../domain/npd-config.ts'
import { createLogMonitors } from './log-monitors.ts'

const NOW = Date.UTC(2026, 0, 5, 12)
const condition = { type: 'StoreCorrupt', reason: 'StoreWell', message: 'the store is well' }
const rules = [
  { type: 'permanent', condition: 'StoreCorrupt', reason: 'StoreBroken', pattern: 'layer \\w+ is broken.*' },
  { type: 'temporary', reason: 'StoreSlow', pattern: 'store took \\d+ s' },
]
const journald = {
  plugin: 'journald',
  pluginConfig: { source: 'stored' },
  logPath: '/var/log/journal',
  source: 'store-monitor',
  conditions: [condition],
  rules,
}
const filelog = {
  plugin: 'filelog',
  pluginConfig: { timestamp: '^.{15}', message: 'stored: (.*)', timestampFormat: 'Jan _2 15:04:05' },
  logPath: '/var/log/store',
  source: 'store-file',
  conditions: [condition],
  rules,
}
const entry = (MESSAGE: string, seconds = 0) =>
  JSON.stringify({ MESSAGE, SYSLOG_IDENTIFIER: 'stored', __REALTIME_TIMESTAMP: String((NOW / 1000 + seconds) * 1e6) })

function watch(config: object) {
  const read = readNpdConfig(config)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  const host = fakeHost()
  const state = structuredClone(EMPTY) as NodeState
  const monitors = createLogMonitors(host, state, [read.value])
  monitors.begin(undefined)
  const status = (at = NOW) => conditionsOf(state, monitors.sources, at, { StoreCorrupt: condition }).find(({ type }) => type === 'StoreCorrupt')
  return { host, state, monitors, status }
}

it.each([
  ['journald', journald, '/var/log/journal:stored', entry],
  ['filelog', filelog, '/var/log/store', (text: string) => `Jan  5 12:00:00 node stored: ${text}`],
])('%s monitors set their condition, tell what is only for now, and clear', (_, config, place, line) => {
  const { host, state, monitors, status } = watch(config)
  // what cannot be read is no health
  monitors.poll(NOW)
  expect(status()).toMatchObject({ status: 'Unknown', reason: 'Blind' })
  host.logs[place] = [line('layer abc is fine'), line('store took 9 s')]
  expect(monitors.poll(NOW).map(({ trouble }) => trouble.reason)).toEqual(['StoreSlow'])
  expect(status()).toMatchObject({ status: 'False', reason: 'StoreWell', message: 'the store is well' })
  host.logs[place] = [line('layer abc is broken: checksum'), line('layer abc is broken: checksum')]
  expect(monitors.poll(NOW).map(({ what, trouble }) => [what, trouble.reason, trouble.message])).toEqual([
    ['opened', 'StoreBroken', 'layer abc is broken: checksum'],
  ])
  expect(status()).toMatchObject({ status: 'True', reason: 'StoreBroken' })
  const later = NOW + 61_000
  const changes = settleKernel(state, { bootId: '', died: false, waiting: {}, quietMs: 60_000 }, later)
  expect(changes.find(({ trouble }) => trouble.reason === 'StoreBroken')).toMatchObject({ what: 'closed', proof: 'no line about it for 60 s' })
  expect(status(later)).toMatchObject({ status: 'False', reason: 'StoreWell' })
})

it('go on where they stopped, and look back only as far as they are told', () => {
  const file = (text: string, at: string) => `${at} node stored: ${text}`
  const { host, state, monitors } = watch({ ...filelog, lookback: '10m' })
  host.logs['/var/log/store'] = [file('store took 9 s', '2026-01-05T11:40:00Z'), file('layer a is broken', '2026-01-05T11:55:00Z'), 'store took 8 s']
  expect(host.followedFrom).toEqual([{ after: undefined, lookbackMs: 600_000 }])
  expect(monitors.poll(NOW).map(({ trouble }) => trouble.reason)).toEqual(['StoreBroken'])
  // what comes from then on is new, whatever stands before it
  host.logs['/var/log/store'] = ['stored: store took 7 s']
  expect(monitors.poll(NOW).map(({ trouble }) => trouble.reason)).toEqual(['StoreSlow'])

  const read = readNpdConfig({ ...filelog, lookback: '10m' })
  const again = createLogMonitors(host, JSON.parse(JSON.stringify(state)), read.ok ? [read.value] : [])
  again.begin(60_000)
  expect(host.followedFrom.at(-1)).toEqual({ after: '4', lookbackMs: 0 })
  const fresh = createLogMonitors(host, structuredClone(EMPTY) as NodeState, read.ok ? [read.value] : [])
  fresh.begin(60_000)
  expect(host.followedFrom.at(-1)).toEqual({ after: undefined, lookbackMs: 60_000 })
  expect(readNpdConfig({ ...filelog, lookback: 'soon' })).toMatchObject({ ok: false, error: [{ path: 'lookback' }] })
})

it('counters follow the journal of their program, within their window', () => {
  const args = ['--journald-source=stored', '--lookback=20m', '--count=3', '--pattern=Started']
  const config = {
    plugin: 'custom',
    source: 'store-restarts',
    conditions: [{ ...condition, type: 'OftenStarted' }],
    rules: [{ type: 'permanent', condition: 'OftenStarted', reason: 'OftenStarted', path: '/home/kubernetes/bin/log-counter', args }],
  }
  const { host, monitors } = watch(config)
  host.logs['/var/log/journal:stored'] = [entry('Started', 0), entry('Started', 60), entry('Started', 1300)]
  expect(monitors.poll(NOW)).toEqual([])
  host.logs['/var/log/journal:stored'] = [entry('Started', 1310), entry('Started', 1320)]
  expect(monitors.poll(NOW).map(({ trouble }) => [trouble.reason, trouble.condition])).toEqual([['OftenStarted', 'OftenStarted']])
})
