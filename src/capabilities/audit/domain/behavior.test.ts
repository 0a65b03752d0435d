import { describe, expect, it } from 'vitest'
import { BEHAVIOR_RULES, createBehavior } from './behavior.ts'
import { type AuditEvent, emptyEvent } from './event.ts'

const T = 1_795_000_000_000
let count = 0
const event = (over: Partial<AuditEvent>): AuditEvent => ({
  ...emptyEvent('kubernetes'),
  id: `id-${++count}`,
  stage: 'ResponseComplete',
  at: T,
  user: 'alice',
  ip: '10.0.0.1',
  userAgent: 'kubectl/v1.30 (linux)',
  verb: 'get',
  resource: 'pods',
  namespace: 'shop',
  name: `n-${count}`,
  code: 200,
  ...over,
})
/** Ids that fire while `n` events pass, `step` ms apart. */
const passing = (n: number, step: number, of: (i: number) => Partial<AuditEvent>, behavior = createBehavior()) =>
  Array.from({ length: n }).flatMap((_, i) => behavior.judge(event({ at: T + i * step, ...of(i) })).map(({ id }) => id))

const CASES: Record<string, { fires: () => string[]; quiet: () => string[] }> = {
  'mass-deletion': {
    fires: () => passing(20, 1000, () => ({ verb: 'delete' })),
    quiet: () => [
      ...passing(19, 1000, () => ({ verb: 'delete' })),
      ...passing(60, 4000, () => ({ verb: 'delete' })),
      ...passing(60, 10, () => ({ verb: 'delete', user: 'system:serviceaccount:kube-system:generic-garbage-collector' })),
      ...passing(60, 10, () => ({ verb: 'delete', code: 404 })),
    ],
  },
  'secret-burst': {
    fires: () => passing(10, 500, () => ({ resource: 'secrets' })),
    quiet: () => [
      ...passing(100, 500, () => ({ resource: 'secrets', name: 'same' })),
      ...passing(50, 10, () => ({ resource: 'secrets', user: 'system:node:n1' })),
    ],
  },
  'secrets-dump': {
    fires: () => passing(5, 1000, (i) => ({ resource: 'secrets', verb: 'list', namespace: `ns-${i}`, name: '' })),
    quiet: () => passing(50, 1000, () => ({ resource: 'secrets', verb: 'list', name: '' })),
  },
  'refusal-storm': { fires: () => passing(15, 1000, () => ({ code: 403 })), quiet: () => passing(30, 5000, () => ({ code: 403 })) },
  'client-unusual': {
    fires: () => passing(300, 10, (i) => (i === 290 ? { userAgent: 'curl/8' } : {})),
    quiet: () => [...passing(20, 10, (i) => ({ userAgent: `tool${i}/1` })), ...passing(300, 10, (i) => ({ userAgent: `kubectl/v1.${i}` }))],
  },
  'origin-unusual': {
    fires: () => passing(300, 10, (i) => (i === 290 ? { ip: '203.0.113.9' } : {})),
    quiet: () => passing(300, 10, (i) => ({ ip: `10.0.0.${i % 250}` })),
  },
  'hour-unusual': { fires: () => passing(300, 10, (i) => (i === 290 ? { at: T + 9 * 3_600_000 } : {})), quiet: () => passing(300, 10, () => ({})) },
}

describe('behavior', () => {
  it('has a case that must fire and one that must not for each', () => {
    expect(Object.keys(CASES).sort()).toEqual(BEHAVIOR_RULES.map(({ id }) => id).sort())
  })

  it.each(Object.entries(CASES))('%s', (id, { fires, quiet }) => {
    expect(fires().filter((fired) => fired === id)).toHaveLength(1)
    expect(quiet()).not.toContain(id)
  })

  it('fires again only when the time has passed', () => {
    const behavior = createBehavior()
    expect(passing(60, 1000, () => ({ code: 403 }), behavior)).toEqual(['refusal-storm'])
    expect(behavior.judge(event({ code: 403, at: T + 3_600_000 }))).toEqual([])
  })

  it('knows what it was told of before', () => {
    const behavior = createBehavior()
    behavior.learn('alice', 'client-unusual', 'kubectl', 5000)
    expect(behavior.judge(event({})).map(({ id }) => id)).not.toContain('client-unusual')
    expect(behavior.judge(event({ userAgent: 'python-requests/2' })).map(({ id }) => id)).toContain('client-unusual')
  })
})
