import { describe, expect, it } from 'vitest'
import { nextRunOf } from '#core/shapes/schedule.ts'
import { type ImageSync, WANTED_SINCE } from '../resources/image-sync.ts'
import { type MoveSummary, noCounts } from './moves.ts'
import { copiesFrom, decideSync, lookAgain, statusOf } from './sync.ts'

const START = Date.parse('2026-11-24T00:30:00.000Z')
const NOW = START + 60_000
const sync = (
  spec: Partial<ImageSync['spec']> = {},
  status: ImageSync['status'] = { lastStartedAt: new Date(START).toISOString(), observedGeneration: 1 },
  annotations = {},
): ImageSync => ({
  apiVersion: 'sallyport.io/v1alpha1',
  kind: 'ImageSync',
  metadata: { name: 'x', namespace: 'shop', generation: 1, annotations },
  spec: { copy: [{ from: 'a.example/x', to: 'b.example/x' }], ...spec },
  ...(status ? { status } : {}),
})
const move = (more: Partial<MoveSummary>): MoveSummary => ({
  id: 'm',
  title: '',
  by: '',
  state: 'done',
  createdAt: START,
  progress: { pairs: 3, pairsDone: 3, bytesDone: 0, bytesKnown: 0 },
  counts: { ...noCounts(), copied: 2, unchanged: 1 },
  bytesSent: 7,
  bytesSpared: 0,
  notes: [],
  ...more,
})
const decide = (one: ImageSync, now = NOW, last?: MoveSummary) =>
  decideSync({ cluster: 'local', key: 'shop/x', sync: one, problems: [], ...(last ? { move: last } : {}) }, now, 'id')

describe('an ImageSync', () => {
  it('runs when it never ran, was changed, was cut off, is asked for, or is due', () => {
    const why = (one: ImageSync, now?: number, last?: MoveSummary) => decide(one, now, last).steps[0]?.why
    expect(why(sync({}, {}))).toBe('it never ran')
    expect(why(sync({}, { lastStartedAt: new Date(START).toISOString(), observedGeneration: 0 }))).toBe('its spec changed')
    const running = { lastStartedAt: new Date(START).toISOString(), observedGeneration: 1, phase: 'Running' as const, move: 'm' }
    expect(why(sync({}, running))).toContain('cut off')
    expect(why(sync({}, running), NOW, move({ state: 'interrupted', endedAt: START }))).toContain('cut off')
    const wanted = (ms: number) =>
      sync({}, { lastStartedAt: new Date(START).toISOString(), observedGeneration: 1 }, { [WANTED_SINCE]: new Date(ms).toISOString() })
    expect(why(wanted(START + 1))).toContain('push')
    expect(why(sync({ schedule: '0 * * * *' }), START + 30 * 60_000)).toContain('schedule')
  })
  it('rests when nothing is due, is suspended, runs, is wrong or gone', () => {
    const idle = (one: ImageSync, now?: number, last?: MoveSummary) => {
      const { steps, idle: said } = decide(one, now, last)
      expect(steps).toEqual([])
      return said
    }
    expect(idle(sync())).toContain('nothing is due')
    expect(idle(sync({ schedule: '0 * * * *' }), START + 30 * 60_000 - 1)).toContain('nothing is due')
    const asked = { [WANTED_SINCE]: new Date(START).toISOString() }
    expect(idle(sync({}, { lastStartedAt: new Date(START).toISOString(), observedGeneration: 1 }, asked))).toContain('nothing is due')
    expect(idle(sync({ suspend: true }, {}))).toContain('suspended')
    expect(idle(sync({}, {}), NOW, move({ state: 'running' }))).toContain('runs')
    expect(decideSync({ cluster: 'c', key: 'k', sync: sync({}, {}), problems: [{ path: 'spec', message: 'x' }] }, NOW, 'i').steps).toEqual([])
    expect(decideSync({ cluster: 'c', key: 'k', problems: [] }, NOW, 'i').idle).toBe('it is gone')
  })
  it('follows its schedule in its own zone, and looks again when that comes', () => {
    const nightly = sync({ schedule: '0 3 * * *', timezone: 'Asia/Shanghai' })
    expect(new Date(nextRunOf(nightly.spec, NOW)!).toISOString()).toBe('2026-11-24T19:00:00.000Z')
    expect(lookAgain({ cluster: 'c', key: 'k', sync: sync({ schedule: '@every 10m' }), problems: [] }, NOW)).toBe(9 * 60_000)
    expect(lookAgain({ cluster: 'c', key: 'k', sync: sync(), problems: [] }, NOW)).toBeUndefined()
  })
  it('says how the last run ended, and never forgets a change that came while it ran', () => {
    const facts = (last: MoveSummary, one = sync()) => ({ cluster: 'c', key: 'k', sync: one, problems: [], move: last })
    expect(statusOf(facts(move({ endedAt: NOW })), NOW)).toMatchObject({
      phase: 'Synced',
      images: 3,
      copied: 2,
      failed: 0,
      bytesSent: 7,
      message: null,
      nextRunAt: null,
    })
    expect(statusOf(facts(move({ state: 'partly', endedAt: NOW, counts: { ...noCounts(), failed: 1 } })), NOW)).toMatchObject({ phase: 'Partly', failed: 1 })
    const changed = { ...sync(), metadata: { ...sync().metadata, generation: 2 } }
    expect(statusOf(facts(move({ state: 'running' }), changed), NOW)).toMatchObject({ phase: 'Running', observedGeneration: 1 })
    expect(statusOf(facts(move({ endedAt: NOW }), changed), NOW).observedGeneration).toBeUndefined()
  })
  it('knows what it copies from', () => {
    const repository = [{ source: { kind: 'repository', registry: 'r', repository: 'team/app' } as const }]
    const namespace = [{ source: { kind: 'namespace', registry: 'r', prefix: 'team/' } as const }]
    expect([
      copiesFrom(repository, 'team/app'),
      copiesFrom(repository, 'team/apple'),
      copiesFrom(namespace, 'team/x'),
      copiesFrom(namespace, 'other/x'),
    ]).toEqual([true, false, true, false])
  })
})
