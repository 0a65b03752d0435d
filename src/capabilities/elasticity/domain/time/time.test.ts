import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSchedule, runsOf } from '#core/kernel/cron.ts'
import { zoneOf } from '#core/kernel/zone.ts'
import { scalePolicySpec } from '../../resources/scale-policy.ts'
import { besideHpa, dueRuns, type JobMemory, type NamedJob, nextRun } from './cron-hpa.ts'
import { boundsNow, openWindows } from './windows.ts'

const ZONES = Intl.supportedValuesOf('timeZone')
const schedule = (text: string) => {
  const parsed = parseSchedule(text)
  if (!parsed.ok) throw new Error(parsed.error.join())
  return parsed.value
}
const job = (text: string, more: Partial<NamedJob> = {}): NamedJob => ({
  object: 'x',
  job: 'j',
  schedule: schedule(text),
  written: text,
  exclude: [],
  once: false,
  targetSize: 3,
  ...more,
})
const at = (text: string) => Date.parse(text)

describe('runs of CronHorizontalPodAutoscalers', () => {
  it('are neither missed nor doubled over restarts and jumps of the clock, in every zone', () => {
    const minute = fc.integer({ min: 0, max: 59 })
    const text = fc
      .tuple(
        minute,
        minute,
        fc.oneof(fc.constant('*'), fc.integer({ min: 0, max: 23 }).map(String), fc.constant('*/6')),
        fc.oneof(fc.constant('*'), fc.integer({ min: 1, max: 31 }).map(String)),
      )
      .map(([s, m, h, d]) => `${s} ${m} ${h} ${d} * *`)
    let pairs = 0
    fc.assert(
      fc.property(
        text,
        fc.integer({ min: 0, max: ZONES.length - 1 }),
        fc.integer({ min: 0, max: 365 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40_000 }), fc.integer({ min: -600, max: 600 }), fc.boolean()), { minLength: 3, maxLength: 12 }),
        (written, zoneIndex, day, steps) => {
          const zone = zoneOf(ZONES[zoneIndex]!)!
          const one = job(written)
          const begin = at('2026-01-01T00:00:00Z') + day * 86_400_000
          let memory: JobMemory[] = []
          const seen: number[] = []
          let real = begin
          let highest = begin
          for (const [seconds, jump, restart] of steps) {
            real += seconds * 1_000
            const clock = real + jump * 1_000
            highest = Math.max(highest, clock)
            const due = dueRuns([one], memory, zone, clock, begin)
            seen.push(...due.entries.map((entry) => entry.at))
            expect(due.entries.filter(({ outcome }) => outcome === 'acts').length).toBe(due.entries.length > 0 ? 1 : 0)
            // What a restart keeps is what is in the object's status.
            memory = restart ? (JSON.parse(JSON.stringify(due.memory)) as JobMemory[]) : due.memory
          }
          expect(seen).toEqual([...runsOf(one.schedule, zone, begin, highest)])
          pairs++
        },
      ),
      { numRuns: Number(process.env.CRON_RUNS ?? 400) },
    )
    expect(pairs).toBeGreaterThan(0)
  })

  it('begin anew where the schedule is another, and end where they are for once', () => {
    const now = at('2026-05-01T10:00:00Z')
    const utc = zoneOf('UTC')!
    const before: JobMemory[] = [{ job: 'j', schedule: '0 0 8 * * *', targetSize: 3, until: at('2026-04-30T08:00:00Z') }]
    expect(dueRuns([job('0 0 8 * * *')], before, utc, now, now).entries).toHaveLength(1)
    expect(dueRuns([job('0 0 9 * * *')], before, utc, now, now).entries).toHaveLength(0)
    const once = dueRuns([job('0 0 8 * * *', { once: true })], [], utc, now + 5 * 86_400_000, now)
    expect(once.entries).toHaveLength(1)
    expect(dueRuns([job('0 0 8 * * *', { once: true })], once.memory, utc, now + 9 * 86_400_000, now).entries).toHaveLength(0)
    expect(nextRun([job('0 0 8 * * *', { once: true })], once.memory, utc, now, now)).toBeUndefined()
    expect(nextRun([job('0 0 8 * * *')], [], utc, now, now)).toBe(at('2026-05-02T08:00:00Z'))
  })

  // min/max, current, cron → min/max, replicas; as the vendor published it
  it.each([
    [1, 10, 5, 5, 1, 10, 5],
    [1, 10, 5, 4, 1, 10, 5],
    [1, 10, 5, 6, 6, 10, 6],
    [5, 10, 5, 5, 5, 10, 5],
    [5, 10, 5, 4, 4, 10, 5],
    [5, 10, 5, 6, 6, 10, 6],
    [5, 10, 5, 11, 11, 11, 11],
  ])('beside an HPA of %i to %i at %i pods, %i asks for %i to %i and %i', (min, max, current, wanted, nextMin, nextMax, replicas) => {
    expect(besideHpa({ min, max }, current, wanted)).toEqual({ min: nextMin, max: nextMax, replicas })
  })
})

describe('floors and ceilings over time', () => {
  const policy = (bounds: object[], timezone = 'Europe/Berlin') => scalePolicySpec.parse({ max: 50, loadPerPod: 10, timezone, bounds })
  const night = { name: 'night', start: '0 22 * * *', end: '30 2 * * *', max: 4 }
  it('are open from begin to end, also through summer time', () => {
    const spec = policy([night])
    // 02:30 does not exist on 29 March 2026 in Berlin: the window ends at the first instant after the gap, 03:00 local.
    expect(
      [at('2026-03-28T20:59:00Z'), at('2026-03-28T21:00:00Z'), at('2026-03-29T00:59:00Z'), at('2026-03-29T01:00:00Z')].map(
        (now) => openWindows(spec, now).length,
      ),
    ).toEqual([0, 1, 1, 0])
  })
  it('leave out excluded days', () => {
    const spec = policy([{ ...night, exclude: ['0 0 24 12 *'] }], 'UTC')
    expect(openWindows(spec, at('2026-12-24T23:00:00Z'))).toEqual([])
    expect(openWindows(spec, at('2026-12-25T23:00:00Z'))).toHaveLength(1)
  })
  it('are the highest floor and the lowest ceiling; a floor above a ceiling gives way and says so', () => {
    expect(
      boundsNow({ min: 1, max: 50 }, [
        { name: 'a', min: 5 },
        { name: 'b', min: 8, max: 20 },
      ]),
    ).toMatchObject({ min: 8, max: 20 })
    const clash = boundsNow({ min: 1, max: 50 }, [
      { name: 'a', min: 30 },
      { name: 'b', max: 20 },
    ])
    expect(clash).toMatchObject({ min: 20, max: 20 })
    expect(clash.why).toContain('which wins')
    expect(boundsNow({ min: 2, max: 50 }, [])).toEqual({ min: 2, max: 50 })
  })
  it('are refused with all that is wrong, by field', () => {
    const read = scalePolicySpec.safeParse({
      max: 5,
      min: 9,
      loadPerPod: 0,
      timezone: 'Europe/Berlln',
      target: { kind: 'Pod', name: 'x' },
      bounds: [{ name: 'x', start: '61 * * * *', end: '0 0 31 2 *', min: 3 }],
    })
    const paths = read.success ? [] : read.error.issues.map(({ path }) => path.join('.'))
    expect(paths).toEqual(expect.arrayContaining(['loadPerPod', 'timezone', 'target.kind', 'bounds.0.start', 'bounds.0.end']))
  })
})
