import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseSchedule, type RunOptions, runsOf, type Schedule } from './cron.ts'
import { formatLocal, nearestZone, zoneOf } from './zone.ts'

const schedule = (text: string): Schedule => {
  const parsed = parseSchedule(text)
  if (!parsed.ok) throw new Error(parsed.error.join('; '))
  return parsed.value
}
/** Local times of the runs from one UTC day to another. */
const runs = (text: string, zone: string, from: string, to: string, options?: RunOptions) =>
  [...runsOf(schedule(text), zoneOf(zone)!, Date.parse(from) - 1, Date.parse(to) - 1, options)].map((utc) => formatLocal(zoneOf(zone)!, utc))
const problems = (text: string, fields?: readonly (5 | 6)[]) => {
  const parsed = parseSchedule(text, fields)
  return parsed.ok ? [] : parsed.error
}

describe('zones', () => {
  it('know their offsets in the past and the future', () => {
    expect(zoneOf('Asia/Shanghai')!.offsetAt(Date.UTC(2026, 0, 1))).toBe(8 * 3_600_000)
    expect(zoneOf('America/New_York')!.localOf(Date.parse('2024-03-10T07:00:00Z'))).toBe(Date.UTC(2024, 2, 10, 3))
    expect(zoneOf('Asia/Kolkata')!.offsetAt(0)).toBe(5.5 * 3_600_000)
  })
  it('find the instant that a wall shows', () => {
    const berlin = zoneOf('Europe/Berlin')!
    expect(berlin.instantOf(Date.UTC(2024, 2, 31, 2, 30))).toEqual({ utc: Date.parse('2024-03-31T01:00:00Z'), gap: true })
    expect(berlin.instantOf(Date.UTC(2024, 9, 27, 2, 30))).toEqual({ utc: Date.parse('2024-10-27T00:30:00Z'), gap: false })
    // a whole day that was left out
    expect(zoneOf('Pacific/Apia')!.instantOf(Date.UTC(2011, 11, 30, 9))).toEqual({ utc: Date.parse('2011-12-30T10:00:00Z'), gap: true })
  })
  it('are IANA zones only', () => {
    expect(zoneOf('+08:00')).toBeUndefined()
    expect(zoneOf('Europe/Berlinn')).toBeUndefined()
    expect(nearestZone('Europe/Berlinn')).toBe('Europe/Berlin')
  })
})

describe('schedules', () => {
  it('run where a time of day is skipped, and once where it comes twice', () => {
    expect(runs('0 30 2 * * *', 'America/New_York', '2024-03-09T00:00:00Z', '2024-03-12T00:00:00Z')).toEqual([
      '2024-03-09T02:30:00-05:00',
      '2024-03-10T03:00:00-04:00',
      '2024-03-11T02:30:00-04:00',
    ])
    expect(runs('30 1 * * *', 'America/New_York', '2024-11-03T00:00:00Z', '2024-11-04T00:00:00Z')).toEqual(['2024-11-03T01:30:00-04:00'])
  })
  it.each([
    ['Asia/Beirut', '2024-03-31'],
    ['Africa/Cairo', '2024-04-26'],
    ['America/Asuncion', '2024-10-06'],
    ['America/Havana', '2024-03-10'],
    ['America/Sao_Paulo', '2018-11-04'],
  ])('run at midnight where midnight is skipped: %s on %s', (zone, day) => {
    const around = runs('@daily', zone, new Date(Date.parse(day) - 86_400_000).toISOString(), new Date(Date.parse(day) + 86_400_000).toISOString())
    expect(around.filter((at) => at.startsWith(day)).map((at) => at.slice(11, 19))).toEqual(['01:00:00'])
  })
  it('follow the clock when they run every hour', () => {
    expect(runs('0 0 * * * *', 'Europe/Berlin', '2024-03-31T00:00:00Z', '2024-03-31T03:00:00Z')).toEqual([
      '2024-03-31T01:00:00+01:00',
      '2024-03-31T03:00:00+02:00',
      '2024-03-31T04:00:00+02:00',
    ])
    expect(runs('*/30 * * * *', 'Europe/Berlin', '2024-10-27T00:00:00Z', '2024-10-27T02:00:00Z')).toEqual([
      '2024-10-27T02:00:00+02:00',
      '2024-10-27T02:30:00+02:00',
      '2024-10-27T02:00:00+01:00',
      '2024-10-27T02:30:00+01:00',
    ])
  })
  it('take either the day of the month or of the week when both are given', () => {
    expect(runs('0 0 0 13 * FRI', 'UTC', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z').map((at) => at.slice(8, 10))).toEqual(['06', '13', '20', '27'])
    expect(runs('0 0 0 13 * ?', 'UTC', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z').map((at) => at.slice(8, 10))).toEqual(['13'])
    expect(runs('0 0 1-7 * 7', 'UTC', '2026-02-01T00:00:00Z', '2026-02-20T00:00:00Z').map((at) => at.slice(8, 10))).toEqual([
      '01',
      '02',
      '03',
      '04',
      '05',
      '06',
      '07',
      '08',
      '15',
    ])
  })
  it('leave out excluded days by the civil date, and only those', () => {
    const exclude = [schedule('* * * 15 11 *'), schedule('0 0 0 ? * SAT')]
    expect(runs('0 59 23 * * *', 'Asia/Shanghai', '2026-11-12T00:00:00Z', '2026-11-17T12:00:00Z', { exclude }).map((at) => at.slice(0, 10))).toEqual([
      '2026-11-12',
      '2026-11-13',
      '2026-11-16',
    ])
  })
  it('run once on a date, and by elapsed time', () => {
    expect(runs('@date 2026-10-27 21:54:00', 'Asia/Shanghai', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z')).toEqual(['2026-10-27T21:54:00+08:00'])
    const since = Date.parse('2026-01-01T00:10:00Z')
    expect(runs('@every 1h30m', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T04:00:00Z', { since })).toEqual([
      '2026-01-01T01:40:00+00:00',
      '2026-01-01T03:10:00+00:00',
    ])
  })
  it('reach a rare day without trying every second', () => {
    expect([...runsOf(schedule('0 0 29 2 *'), zoneOf('UTC')!, Date.UTC(2026, 0), Date.UTC(2036, 0))].map((at) => new Date(at).getUTCFullYear())).toEqual([
      2028, 2032,
    ])
  })
  it('say all that is wrong with them', () => {
    expect(problems('61 25 * * FRU *')).toEqual(['seconds: 61 is not between 0 and 59', expect.stringContaining('month: "FRU" is no number')])
    expect(problems('* * * * *', [6])).toEqual(['has 5 fields instead of 6 fields (seconds first): write "0 * * * * *"'])
    expect(problems('0 0 0 30 2 *')).toEqual(['no month has the day 30 of month 2: it would never run'])
    expect(problems('0 0 0 5-1 * *')).toEqual(['day of month: 5-1 begins after its end'])
    expect(problems('*/0 * * * *')).toEqual(['minutes: a step of 0 would never end'])
    expect(problems('@dialy')).toEqual(['unknown schedule "@dialy", did you mean @daily?'])
    expect(problems('@date 2026-02-30 00:00:00')).toEqual(['@date needs a date that exists: @date 2026-10-27 21:54:00'])
    expect(problems('@every soon')).toEqual(['@every needs a duration: @every 1h30m'])
    expect(problems('')).toEqual(['has 0 fields instead of 5 or 6 fields'])
    expect(problems(`${'1,'.repeat(400)}1 * * * *`)).toEqual(['a schedule has at most 500 characters'])
  })
})

/** What the runtime says the wall shows, minute by minute: nothing of zone.ts is used. */
function shown(zone: string, from: number, to: number): { utc: number; local: number }[] {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
  const all: { utc: number; local: number }[] = []
  for (let utc = from; utc < to; utc += 60_000) all.push({ utc, local: Date.parse(`${format.format(utc).replace(' ', 'T')}Z`) })
  return all
}

/** The rule again, written plainly over every minute of the wall. */
function plainly(zone: string, from: number, to: number, fits: (local: Date) => boolean, everyHour: boolean): number[] {
  const wall = shown(zone, from - 3 * 86_400_000, to + 86_400_000)
  const found = new Set<number>()
  if (everyHour) for (const { utc, local } of wall) if (fits(new Date(local))) found.add(utc)
  if (!everyHour) {
    const first = new Map<number, number>()
    for (const { utc, local } of wall) if (!first.has(local)) first.set(local, utc)
    for (let local = wall[0]!.local; local <= wall.at(-1)!.local; local += 60_000) {
      if (!fits(new Date(local))) continue
      const at = first.get(local) ?? wall.find((one, i) => i > 0 && wall[i - 1]!.local < local && one.local > local)?.utc
      if (at !== undefined) found.add(at)
    }
  }
  return [...found].filter((utc) => utc > from && utc <= to).sort((a, b) => a - b)
}

describe('every schedule in every zone', () => {
  const ZONES = [...Intl.supportedValuesOf('timeZone')]
  it('is what a plain reading of the wall clock says, around changes of the offset', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: 2008, max: 2030 }),
        fc.nat(),
        fc.record({
          minute: fc.constantFrom('0', '30', '*/15', '5,35', '*'),
          hour: fc.oneof(fc.constant('*'), fc.constantFrom('0', '1', '2', '3', '23', '*/2', '1-3', '0,12')),
          weekday: fc.constantFrom('*', 'SUN', '1-5'),
        }),
        (name, year, pick, { minute, hour, weekday }) => {
          const zone = zoneOf(name)!
          const changes = zone.changesIn(Date.UTC(year, 0), Date.UTC(year + 1, 0))
          const middle = changes.length > 0 ? changes[pick % changes.length]! : Date.UTC(year, pick % 12, 1)
          // Whole minutes: some zones had seconds in their offsets long ago, none since 1972.
          const from = Math.floor(middle / 60_000) * 60_000 - 1.2 * 86_400_000
          const to = from + 2.4 * 86_400_000
          const set = (text: string, size: number) => {
            const parsed = schedule(`${size === 60 ? text : '0'} ${size === 24 ? text : '*'} * * *`) as Extract<Schedule, { kind: 'fields' }>
            return size === 60 ? parsed.minutes : parsed.hours
          }
          const minutes = set(minute, 60)
          const hours = set(hour, 24)
          const weekdays = weekday === '*' ? [0, 1, 2, 3, 4, 5, 6] : weekday === 'SUN' ? [0] : [1, 2, 3, 4, 5]
          const fits = (local: Date) => minutes.includes(local.getUTCMinutes()) && hours.includes(local.getUTCHours()) && weekdays.includes(local.getUTCDay())
          const found = [...runsOf(schedule(`${minute} ${hour} * * ${weekday}`), zone, from, to)]
          expect(found).toEqual(plainly(name, from, to, fits, hours.length === 24))
        },
      ),
      { numRuns: Number(process.env.CRON_RUNS ?? 60) },
    )
  })
  it('is the same whole or in parts, however often it is asked anew', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.constantFrom('0 30 2 * * *', '0 0 0 * * *', '0 */7 * * * *', '0 0 */5 * * *', '0 15 1 * * SUN', '@hourly', '@every 47m'),
        fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2028, 0) }),
        fc.array(fc.integer({ min: 1, max: 14 * 86_400_000 }), { minLength: 1, maxLength: 10 }),
        (name, text, from, cuts) => {
          const zone = zoneOf(name)!
          const edges = [from]
          for (const cut of cuts) edges.push(edges.at(-1)! + cut)
          const parts = edges.slice(1).flatMap((to, i) => [...runsOf(schedule(text), zone, edges[i]!, to)])
          expect(parts).toEqual([...runsOf(schedule(text), zone, from, edges.at(-1)!)])
        },
      ),
      { numRuns: 60 },
    )
  })
})
