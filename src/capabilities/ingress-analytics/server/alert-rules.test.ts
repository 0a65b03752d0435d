import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { LiveBucket } from '#core/shapes/ports/live-stream.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { encodeRows } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import type { ActiveAlert } from '#kits/server-kit/door.ts'
import { openSettings } from '#kits/server-kit/settings.ts'
import { accessBatch, accessRow } from '#test/builders/access-rows.ts'
import { openTestLive } from '#test/builders/live.ts'
import { openTestStore, type TestStore } from '#test/builders/store.ts'
import { liveBucket } from '#test/contracts/live-stream.ts'
import { type FakeClock, fakeClock } from '#test/fakes/clock.ts'
import type { AlertRuleInput } from '../domain/api.ts'
import { createAlertRules } from './alert-rules.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 4, 6, 12)
let folder: string
let clock: FakeClock
let store: TestStore
let away: boolean
let stops: (() => Promise<void>)[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-rules-'))
  clock = fakeClock(START)
  store = await openTestStore(clock)
  away = false
  stops = []
})
afterEach(async () => {
  await Promise.all(stops.map((stop) => stop()))
  await store[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** The engine, which a test can take away. */
const telemetry = (): Telemetry => ({
  ...store.telemetry,
  query: (query) => (away ? Promise.reject(new CodedError('ENGINE_UNAVAILABLE')) : store.telemetry.query(query)),
})

const rule = (more: Partial<AlertRuleInput>): AlertRuleInput => ({ name: 'r', ...more })

describe('alert rules', () => {
  /** Rules in the file before the start, as after a restart. */
  async function running(...rules: AlertRuleInput[]) {
    await writeFile(join(folder, 'settings.yaml'), JSON.stringify({ ingressAlerts: { clusters: { c: rules } } }))
    const settings = await openSettings(folder)
    const live = openTestLive(clock)
    const reports: (readonly ActiveAlert[])[] = []
    const alerts = createAlertRules({
      telemetry: telemetry(),
      live,
      clock,
      log: pino({ level: 'silent' }),
      settings,
      alerts: { report: async (_, __, firing) => void reports.push(firing) },
    })
    stops.push(() => alerts.stop())
    /** Lets one round pass and gives what it reported. */
    const round = async () => {
      const before = reports.length
      await clock.advance(10_000)
      await expect.poll(() => reports.length, { timeout: 5000 }).toBeGreaterThan(before)
      return reports.at(-1)!
    }
    await expect.poll(() => reports.length, { timeout: 5000 }).toBeGreaterThan(0)
    return { live, reports, round }
  }
  const publish = (live: { publish(buckets: readonly LiveBucket[]): void }, requests: number, failed: number) => {
    const bucket = liveBucket({ second: Math.floor(clock.now() / 1000) * 1000 }, Array(requests).fill(0.1))
    bucket.classes[1] = requests - failed
    bucket.classes[4] = failed
    live.publish([bucket])
  }

  it('fire from the live stream within a round, say what was seen, and clear', async () => {
    const { live, round } = await running(
      rule({ number: 'rate_5xx', threshold: 0.1, window: MINUTE, filter: ['namespace:eq:shop'], summary: 'look at the upstreams' }),
    )
    for (let i = 0; i < 7; i++) {
      publish(live, 100, 0)
      await round()
    }
    publish(live, 100, 90)
    const [alert] = await round()
    expect(alert).toMatchObject({
      labels: { alertname: 'r', capability: 'ingress-analytics', namespace: 'shop', severity: 'warning' },
      annotations: { summary: 'look at the upstreams', condition: 'rate_5xx > 0.1 over 1m' },
      path: '/ingress?cluster=c&f=namespace%3Aeq%3Ashop',
    })
    expect(alert!.value).toBeCloseTo(90 / 700, 1)
    for (let i = 0; i < 6; i++) {
      publish(live, 100, 0)
      await round()
    }
    expect(await round()).toEqual([])
  })

  it('fire from the store, by group, for what the live stream does not know', async () => {
    const rows = Array.from({ length: 300 }, (_, i) =>
      accessRow({ ts: START - 3 * MINUTE + i * 500, host: i % 3 === 0 ? 'bad' : 'good', status: i % 3 === 0 ? 502 : 200 }),
    )
    await store.fill([accessBatch(rows)])
    const { reports } = await running(rule({ number: 's502', threshold: 50, window: 5 * MINUTE, groupBy: 'host' }))
    // The store is asked for whole minutes: the last half minute of rows is not judged yet.
    expect(reports[0]!.map(({ labels, value }) => [labels.host, value])).toEqual([['bad', 80]])
  })

  it('go on firing while the engine is away, and say so', async () => {
    await store.fill([accessBatch(Array.from({ length: 100 }, (_, i) => accessRow({ ts: START - 2 * MINUTE + i * 100, status: 502 })))])
    const { round, reports } = await running(rule({ number: 's502', threshold: 50, window: 5 * MINUTE }))
    expect(reports[0]!.length).toBe(1)
    away = true
    for (let i = 0; i < 6; i++) await round()
    const [alert] = await round()
    expect(alert!.annotations.unknown).toContain('engine')
    away = false
    expect((await round())[0]!.annotations.unknown).toBeUndefined()
  })

  it('do not clear because the whole cluster fell silent', async () => {
    const { live, round, reports } = await running(rule({ number: 'rate_5xx', threshold: 0.1, window: MINUTE }))
    for (let i = 0; i < 7; i++) await round()
    publish(live, 100, 50)
    await round()
    expect((await round()).length).toBe(1)
    for (let i = 0; i < 12; i++) await round()
    expect(reports.at(-1)![0]!.annotations.unknown).toContain('no requests')
  })

  it('tell absent traffic from a server that has not run long enough to know', async () => {
    const { live, round, reports } = await running(rule({ absent: true, window: MINUTE, filter: ['route:eq:shop/web'] }))
    expect(reports[0]).toEqual([])
    publish(live, 1, 0)
    for (let i = 0; i < 5; i++) expect(await round()).toEqual([])
    let fired: readonly ActiveAlert[] = []
    for (let i = 0; i < 4 && fired.length === 0; i++) {
      live.publish([liveBucket({ second: clock.now(), route: 'shop/other' }, [0.1])])
      fired = await round()
    }
    expect(fired[0]!.annotations.condition).toBe('no requests for 1m')
    publish(live, 1, 0)
    expect(await round()).toEqual([])
  })

  it('take up after a restart what fired before, without waiting again', async () => {
    const firing = {
      ts: START - MINUTE,
      cluster: 'c',
      fingerprint: new Uint8Array(8),
      rule: 'r',
      state: 'firing',
      severity: 'warning',
      value: 70,
      active_since: START - 10 * MINUTE,
      labels: { alertname: 'r', capability: 'ingress-analytics', severity: 'warning', cluster: 'c' },
    }
    await store.fill([
      accessBatch(Array.from({ length: 100 }, (_, i) => accessRow({ ts: START - 2 * MINUTE + i * 100, status: 502 }))),
      { id: '0190a5e0-0000-7000-8000-0000000000aa', table: 'alerts', ...encodeRows(TABLES.alerts, [firing]) },
    ])
    const { reports } = await running(rule({ number: 's502', threshold: 50, window: 5 * MINUTE, for: 30 * MINUTE }))
    expect(reports[0]).toMatchObject([{ activeSince: START - 10 * MINUTE, value: 100 }])
  })
})
