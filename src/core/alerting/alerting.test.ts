import { describe, expect, it } from 'vitest'
import { parseInput } from '../kernel/problems.ts'
import { alertingConfig } from './config.ts'
import { fingerprint } from './fingerprint.ts'
import { parseMatcher } from './matchers.ts'
import { buildRouter, groupOf } from './routes.ts'
import { EMPTY_STATE, mutesOf, settle, step } from './step.ts'
import type { FiringAlert } from './types.ts'

const S = 1000
const T = Date.UTC(2026, 0, 15, 12)
const webhook = { kind: 'webhook', name: 'hook', url: 'http://127.0.0.1/x' }
const configure = (more: object = {}, route: object = {}) => alertingConfig.parse({ receivers: [webhook], route: { receiver: 'hook', ...route }, ...more })
const alert = (labels: Record<string, string>, activeSince = T): FiringAlert => ({
  labels: { alertname: 'A', ...labels },
  severity: 'error',
  annotations: {},
  activeSince,
})

describe('fingerprint', () => {
  it('equals that of Prometheus (common/model/signature_test.go)', () => {
    expect(fingerprint({})).toBe(14695981039346656037n.toString(16))
    expect(fingerprint({ name: 'garland, briggs', fear: 'love is not enough' })).toBe(5799056148416392346n.toString(16))
  })
  it('does not depend on order, and tells names from values', () => {
    expect(fingerprint({ a: '1', b: '2' })).toBe(fingerprint({ b: '2', a: '1' }))
    expect(fingerprint({ a: 'b' })).not.toBe(fingerprint({ ab: '' }))
  })
})

describe('matchers', () => {
  const matches = (text: string, labels: Record<string, string>) => {
    const parsed = parseMatcher(text)
    return parsed.ok ? parsed.value(labels) : parsed.error
  }
  it.each([
    ['severity="critical"', { severity: 'critical' }, true],
    ['severity = critical', { severity: 'critical' }, true],
    ['severity="critical"', { severity: 'critical2' }, false],
    ['severity!="critical"', {}, true],
    ['missing=""', {}, true],
    ['host=~"a.+"', { host: 'abc' }, true],
    ['host=~"b"', { host: 'abc' }, false],
    ['host!~"a.+|b"', { host: 'b' }, false],
    ['host=~"a|b"', { host: 'xb' }, false],
    ['path="say \\"hi\\"\\n"', { path: 'say "hi"\n' }, true],
    ['"名 前"="值"', { '名 前': '值' }, true],
    ['host=~".*"', { host: 'a\nb' }, false],
  ])('%s on %j: %s', (text, labels, expected) => {
    expect(matches(text, labels as Record<string, string>)).toBe(expected)
  })
  it.each(['', 'a', '="x"', 'a=="x"x"', 'a="x', 'a=~"("', 'a=~"(?=x)"'])('refuses %j', (text) => {
    expect(parseMatcher(text).ok).toBe(false)
  })
  it('takes linear time for what would take others for ever', () => {
    expect(matches('a=~"(a+)+$"', { a: `${'a'.repeat(5000)}!` })).toBe(false)
  })
})

describe('routing', () => {
  const route = buildRouter(
    alertingConfig.parse({
      receivers: ['root', 'db', 'mail', 'night'].map((name) => ({ ...webhook, name })),
      route: {
        receiver: 'root',
        groupBy: ['cluster'],
        routes: [
          { matchers: ['team="db"'], receiver: 'db', groupWait: '5s', routes: [{ matchers: ['severity="critical"'], receiver: ['night', 'db'], groupBy: [] }] },
          { matchers: ['mail=~"yes|y"'], receiver: 'mail', continue: true },
          { matchers: ['kind="x"'] },
        ],
      },
    }).route,
  )
  const receivers = (labels: Record<string, string>) => route(labels).map((found) => found.receivers.join('+'))
  it('takes the deepest match, and the root when nothing matches', () => {
    expect(receivers({})).toEqual(['root'])
    expect(receivers({ team: 'db' })).toEqual(['db'])
    expect(receivers({ team: 'db', severity: 'critical', mail: 'y' })).toEqual(['night+db'])
  })
  it('goes on to later siblings only where it says continue', () => {
    expect(receivers({ mail: 'y', kind: 'x' })).toEqual(['mail', 'root'])
    expect(receivers({ mail: 'y' })).toEqual(['mail'])
  })
  it('hands down what a child leaves out', () => {
    const [found] = route({ team: 'db', severity: 'critical' })
    expect(found).toMatchObject({ groupBy: [], groupWait: 5000, groupInterval: 300_000, repeatInterval: 14_400_000 })
  })
  it('groups by the labels named, by none, or by all', () => {
    const [found] = route({})
    expect(groupOf(found!, { cluster: 'a', pod: 'p' }).labels).toEqual({ cluster: 'a' })
    expect(groupOf({ ...found!, groupBy: [] }, { cluster: 'a' }).labels).toEqual({})
    expect(groupOf({ ...found!, groupBy: ['...'] }, { pod: 'p', cluster: 'a' })).toEqual({
      key: '{}:{"cluster":"a","pod":"p"}',
      labels: { cluster: 'a', pod: 'p' },
    })
  })
  it('keeps equal twins apart', () => {
    const twins = buildRouter({ receiver: 'a', routes: [{ matchers: ['a="1"'], continue: true }, { matchers: ['a="1"'] }] })
    expect(new Set(twins({ a: '1' }).map(({ key }) => key)).size).toBe(2)
  })
})

describe('muting', () => {
  it('silences from startsAt until before endsAt', () => {
    const config = configure({ silences: [{ id: 's', matchers: ['g="1"'], startsAt: '2026-01-15T12:00:00Z', endsAt: '2026-01-15T14:00:00+01:00' }] })
    const at = (now: number, g = '1') => mutesOf(config, [], now)({ g })?.silencedBy
    expect(at(T - 1)).toBeUndefined()
    expect(at(T)).toEqual(['s'])
    expect(at(T, '2')).toBeUndefined()
    expect(at(T + 3600 * S - 1)).toEqual(['s'])
    expect(at(T + 3600 * S)).toBeUndefined()
  })
  it('inhibits targets with equal labels while a source fires', () => {
    const config = configure({
      inhibitRules: [{ sourceMatchers: ['severity="critical"'], targetMatchers: ['severity=~"warning|critical"'], equal: ['cluster'] }],
    })
    const muteOf = mutesOf(config, [alert({ severity: 'critical', cluster: 'a' })], T)
    expect(muteOf({ severity: 'warning', cluster: 'a' })?.inhibitedBy).toMatchObject({ severity: 'critical' })
    expect(muteOf({ severity: 'warning', cluster: 'b' })).toBeUndefined()
    expect(muteOf({ severity: 'warning' })).toBeUndefined()
    // Source and target at once: not by itself, nor by another such.
    expect(muteOf({ severity: 'critical', cluster: 'a' })).toBeUndefined()
  })
})

describe('step', () => {
  it('waits groupWait, then tells the group in one message, then says what is new after groupInterval', () => {
    const config = configure({}, { groupBy: ['g'] })
    const first = step(EMPTY_STATE, config, [alert({ g: '1', n: '1' })], T)
    expect(first.outgoing).toEqual([])
    expect(first.nextAt).toBe(T + 30 * S)
    const both = [alert({ g: '1', n: '1' }), alert({ g: '1', n: '2' })]
    const joined = step(first.state, config, both, T + 10 * S)
    const second = step(joined.state, config, both, joined.nextAt!)
    expect(second.outgoing.map(({ notification }) => notification.alerts.length)).toEqual([2])
    expect(second.nextAt).toBe(T + 330 * S)
    const state = settle(second.state, second.outgoing[0]!.receipt, true)
    const third = step(state, config, both, T + 330 * S)
    expect(third.outgoing).toEqual([])
    const fourth = step(third.state, config, [both[0]!], T + 630 * S)
    expect(fourth.outgoing[0]!.notification.alerts.map(({ status }) => status)).toEqual(['firing', 'resolved'])
    expect(fourth.outgoing[0]!.notification.alerts[1]!.endsAt).toBe(T + 630 * S)
  })
  it('says nothing about what is over before anybody was told', () => {
    const config = configure()
    const { state } = step(EMPTY_STATE, config, [alert({})], T)
    expect(step(state, config, [], T + 10 * S)).toEqual({ state: EMPTY_STATE, outgoing: [], nextAt: undefined })
  })
  it('says again what was refused, one groupInterval later', () => {
    const config = configure()
    const { state } = step(EMPTY_STATE, config, [alert({})], T)
    const sent = step(state, config, [alert({})], T + 30 * S)
    const refused = settle(sent.state, sent.outgoing[0]!.receipt, false)
    expect(step(refused, config, [alert({})], T + 329 * S).outgoing).toEqual([])
    expect(step(refused, config, [alert({})], T + 330 * S).outgoing.length).toBe(1)
  })
  it('never says "resolved" where only a refused message said "firing"', () => {
    const config = configure()
    const { state } = step(EMPTY_STATE, config, [alert({})], T)
    const sent = step(state, config, [alert({})], T + 30 * S)
    expect(settle(step(sent.state, config, [], T + 40 * S).state, sent.outgoing[0]!.receipt, false)).toEqual(EMPTY_STATE)
  })
  it('tells an alert that came back after it was over during a silence', () => {
    const silenced = configure({ silences: [{ id: 's', matchers: ['n="1"'], startsAt: '2026-01-15T12:05:00Z', endsAt: '2026-01-15T12:20:00Z' }] })
    const other = alert({ n: '2' })
    let state = EMPTY_STATE
    const said: string[] = []
    const at = (minute: number, firing: FiringAlert[]) => {
      const result = step(state, silenced, firing, T + minute * 60 * S)
      state = result.state
      for (const { notification, receipt } of result.outgoing) {
        said.push(`${minute}: ${notification.alerts.map(({ labels, status }) => `${labels.n} ${status}`).join(', ')}`)
        state = settle(state, receipt, true)
      }
    }
    at(0, [alert({ n: '1' }), other])
    at(1, [alert({ n: '1' }), other])
    at(6, [alert({ n: '1' }), other])
    at(11, [other])
    at(21, [alert({ n: '1' }, T + 20 * 60 * S), other])
    expect(said).toEqual(['1: 1 firing, 2 firing', '21: 1 firing, 2 firing'])
  })
  it('tells nobody where no receiver is configured, and tells at once what is left when one is added', () => {
    const nobody = alertingConfig.parse({ route: {} })
    const { state } = step(EMPTY_STATE, nobody, [alert({})], T)
    const later = step(state, nobody, [alert({})], T + 30 * S)
    expect(later.outgoing).toEqual([])
    expect(step(later.state, configure(), [alert({})], later.nextAt!).outgoing.length).toBe(1)
  })
})

describe('alertingConfig', () => {
  const problems = (input: unknown) => {
    const parsed = parseInput(alertingConfig, input)
    return parsed.ok ? [] : parsed.error.map(({ path, message, suggestion }) => `${path}: ${message}${suggestion ? ` (${suggestion})` : ''}`)
  }
  it('names every problem of the shape at once', () => {
    expect(
      problems({
        route: { receiver: 'x', groupwait: '1s', routes: [{ matchers: ['a=~"("'], repeatInterval: '0' }] },
        receivers: [
          { kind: 'slak', name: 'a' },
          { kind: 'slack', name: 'b', url: 'ftp://x' },
          { kind: 'email', name: 'c', host: 'h', from: 'a@b\r\nBcc: x@y', to: [] },
        ],
      }),
    ).toMatchInlineSnapshot(`
      [
        "route.routes[0].repeatInterval: must be longer than 0",
        "route.routes[0].matchers[0]: the pattern is not valid: error parsing regexp: missing closing ): \`(\`",
        "receivers[0].kind: kind is one of webhook, email, slack, dingtalk, wecom, feishu; did you mean "slack"?",
        "receivers[1].url: must be an http or https URL",
        "receivers[2].from: must be one line",
        "receivers[2].from: must be an e-mail address",
        "receivers[2].to: Too small: expected array to have >=1 items",
        "route.groupwait: unknown key (groupWait)",
      ]
    `)
  })
  it('names every reference that leads nowhere, with the nearest name', () => {
    expect(
      problems({
        route: { receiver: 'ops-mial', matchers: ['a="b"'], routes: [{ receiver: ['zzz', 'ops-mail'] }] },
        receivers: [
          { ...webhook, name: 'ops-mail' },
          { ...webhook, name: 'ops-mail' },
        ],
      }),
    ).toMatchInlineSnapshot(`
      [
        "receivers[1].name: there are two receivers "ops-mail"",
        "route.matchers: the root route takes every alert and has no matchers",
        "route.receiver: there is no receiver "ops-mial"; did you mean "ops-mail"?",
        "route.routes[0].receiver: there is no receiver "zzz"",
      ]
    `)
  })
  it('takes an empty configuration', () => {
    expect(problems({ route: {} })).toEqual([])
  })
})
