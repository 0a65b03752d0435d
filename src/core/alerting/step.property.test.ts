import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AlertingConfig, alertingConfig } from './config.ts'
import { fingerprint } from './fingerprint.ts'
import { EMPTY_STATE, mutesOf, settle, step } from './step.ts'
import type { AlertingState, FiringAlert, Outgoing } from './types.ts'

const S = 1000
const WAIT = 30 * S
const INTERVAL = 300 * S
const REPEAT = 1200 * S

const base = {
  receivers: [
    { kind: 'webhook', name: 'pager', url: 'http://127.0.0.1/a' },
    { kind: 'webhook', name: 'quiet', url: 'http://127.0.0.1/b', sendResolved: false },
  ],
  route: {
    receiver: 'pager',
    groupBy: ['g'],
    groupWait: '30s',
    groupInterval: '5m',
    repeatInterval: '20m',
    routes: [
      { matchers: ['kind="b"'], receiver: ['quiet', 'pager'], continue: true },
      { matchers: ['g="2"'], groupBy: ['...'] },
    ],
  },
}
const open = alertingConfig.parse(base)
const muting = alertingConfig.parse({
  ...base,
  inhibitRules: [{ sourceMatchers: ['kind="a"'], targetMatchers: ['kind="b"'], equal: ['g'] }],
  silences: [{ id: 's', matchers: ['g=~"[13]"'], startsAt: '1970-01-01T00:00:00Z', endsAt: '1970-01-01T00:40:00Z' }],
})

const labelSets = ['1', '2', '3'].flatMap((g) => ['a', 'b', 'c'].map((kind) => ({ alertname: 'x', g, kind })))

interface Move {
  /** Which label sets fire from now on, one bit each. */
  firing: number
  /** Then this much time passes, steps being taken whenever they are due. */
  pass: number
  outcome: 'taken' | 'refused' | 'crash before sending' | 'crash after sending'
}
const moves = (outcomes: readonly Move['outcome'][]) =>
  fc.array(
    fc.record({
      firing: fc.nat(2 ** labelSets.length - 1),
      pass: fc.integer({ min: 1, max: 90 }).map((n) => n * 10 * S),
      outcome: fc.constantFrom(...outcomes),
    }),
    { maxLength: 12 },
  )

/** One message that reached its receiver. */
interface Arrival extends Outgoing {
  at: number
}

/** Plays moves against alerting whose memory is only what JSON keeps, and receivers that behave as the moves say. */
function play(config: AlertingConfig, script: readonly Move[]) {
  let state: AlertingState = EMPTY_STATE
  let now = 60 * S
  let firing: FiringAlert[] = []
  const made: Outgoing[] = []
  const arrivals: Arrival[] = []
  const mutedSends: string[] = []

  const takeStep = (outcome: Move['outcome']) => {
    const result = step(state, config, firing, now)
    state = JSON.parse(JSON.stringify(result.state))
    const muteOf = mutesOf(config, firing, now)
    for (const message of result.outgoing) {
      made.push(message)
      for (const alert of message.notification.alerts) if (muteOf(alert.labels)) mutedSends.push(JSON.stringify(alert))
      if (outcome === 'taken' || outcome === 'crash after sending') arrivals.push({ ...message, at: now })
      if (outcome === 'taken' || outcome === 'refused') state = JSON.parse(JSON.stringify(settle(state, message.receipt, outcome === 'taken')))
    }
    return result.nextAt
  }
  const run = ({ firing: bits, pass, outcome }: Move) => {
    const before = new Map(firing.map((alert) => [fingerprint(alert.labels), alert]))
    firing = labelSets
      .filter((_, i) => (bits >> i) & 1)
      .map((labels) => before.get(fingerprint(labels)) ?? { labels, severity: 'error', annotations: {}, activeSince: now })
    const end = now + pass
    for (;;) {
      const nextAt = takeStep(outcome)
      if (nextAt === undefined || nextAt > end) break
      expect(nextAt).toBeGreaterThan(now)
      now = nextAt
    }
    now = end
  }
  script.forEach(run)
  return { run, now: () => now, state: () => state, firing: () => firing, made, arrivals, mutedSends }
}

/** What a receiver believes to fire, from the messages that reached it. */
function belief(arrivals: readonly Arrival[], receiver: string): Set<string> {
  const believed = new Set<string>()
  for (const { notification } of arrivals) {
    if (notification.receiver !== receiver) continue
    for (const alert of notification.alerts) {
      if (alert.status === 'firing') believed.add(fingerprint(alert.labels))
      else believed.delete(fingerprint(alert.labels))
    }
  }
  return believed
}

const ANY = ['taken', 'refused', 'crash before sending', 'crash after sending'] as const
const forAll = (outcomes: readonly Move['outcome'][], check: (script: Move[]) => void) => fc.assert(fc.property(moves(outcomes), check), { numRuns: 300 })

describe('alerting, whatever happens', () => {
  it('what the pager believes becomes the truth once it works, whatever was refused or lost before', () => {
    forAll(ANY, (script) => {
      const played = play(open, script)
      const last = script.at(-1)?.firing ?? 0
      played.run({ firing: last, pass: WAIT + 2 * INTERVAL, outcome: 'taken' })
      expect(belief(played.arrivals, 'pager')).toEqual(new Set(played.firing().map(({ labels }) => fingerprint(labels))))
      if (last === 0) expect(played.state()).toEqual(EMPTY_STATE)
    })
  })

  it('everything that fires is told to both receivers of its routes', () => {
    forAll(ANY, (script) => {
      const played = play(open, script)
      played.run({ firing: 2 ** labelSets.length - 1, pass: WAIT + 2 * INTERVAL, outcome: 'taken' })
      const quiet = belief(played.arrivals, 'quiet')
      for (const { labels } of played.firing()) if (labels.kind === 'b') expect(quiet.has(fingerprint(labels))).toBe(true)
    })
  })

  it('nothing muted is ever in a message, and what is no longer muted is told', () => {
    forAll(ANY, (script) => {
      const played = play(muting, script)
      const rest = Math.max(0, 2400 * S - played.now())
      played.run({ firing: 2 ** labelSets.length - 1, pass: rest + WAIT + 2 * INTERVAL, outcome: 'taken' })
      expect(played.mutedSends).toEqual([])
      const believed = belief(played.arrivals, 'pager')
      // The silence is over; what "a" inhibits in its group may stay untold.
      for (const { labels } of played.firing()) if (labels.kind !== 'b') expect(believed.has(fingerprint(labels))).toBe(true)
    })
  })

  it('one group never says the same twice within its interval, also over restarts', () => {
    forAll(ANY, (script) => {
      const saidAt = new Map<string, number>()
      for (const { notification, receipt } of play(open, script).made) {
        for (const alert of notification.alerts) {
          const episode = JSON.stringify([notification.groupKey, notification.receiver, alert.labels, alert.status, alert.startsAt])
          const before = saidAt.get(episode)
          if (before !== undefined) expect(receipt.at - before).toBeGreaterThanOrEqual(INTERVAL)
          saidAt.set(episode, receipt.at)
        }
      }
    })
  })

  it('says "resolved" once, and only of what was said to fire', () => {
    forAll(['taken', 'refused'], (script) => {
      const { arrivals } = play(open, script)
      const firing = new Set<string>()
      for (const { notification } of arrivals) {
        for (const alert of notification.alerts) {
          const key = JSON.stringify([notification.groupKey, notification.receiver, alert.labels])
          if (alert.status === 'firing') firing.add(key)
          else {
            expect(notification.receiver).toBe('pager')
            expect(firing.delete(key)).toBe(true)
          }
        }
      }
    })
  })

  it('repeats what goes on, not before repeatInterval', () => {
    const played = play(open, [{ firing: 1, pass: WAIT + 3 * REPEAT + INTERVAL, outcome: 'taken' }])
    const times = played.arrivals.map(({ at }) => at)
    expect(times.length).toBe(4)
    times.slice(1).forEach((at, i) => {
      expect(at - times[i]!).toBeGreaterThanOrEqual(REPEAT)
      expect(at - times[i]!).toBeLessThanOrEqual(REPEAT + INTERVAL)
    })
  })
})
