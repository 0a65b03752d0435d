/**
 * Cron schedules in any IANA zone: five fields (crontab) or six with seconds first, `@hourly` …, `@every 1h30m`, `@date 2026-10-27 21:54:00`.
 * Days of month and of week are alternatives when both are restricted (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html).
 *
 * Summer time: a time of day that is skipped runs at the first instant after the gap, one that comes twice runs once, the first time; schedules of every hour
 * follow the clock through both. Nothing is lost and nothing runs twice.
 */
import { civilMs, civilOf } from './civil.ts'
import { parseDuration } from './duration.ts'
import { nearest } from './nearest.ts'
import { err, ok, type Result } from './result.ts'
import type { Zone } from './zone.ts'

const DAY = 86_400_000

export type Schedule =
  | { kind: 'fields'; seconds: number[]; minutes: number[]; hours: number[]; dates: Dates }
  | { kind: 'every'; ms: number }
  | { kind: 'date'; local: number }

interface Dates {
  /** By number; index 0 is unused for days and months. */
  days: readonly boolean[]
  months: readonly boolean[]
  weekdays: readonly boolean[]
  /** Both restricted: either suffices. */
  either: boolean
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
const MACROS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
}
const FIELDS = [
  { name: 'seconds', min: 0, max: 59, names: [] },
  { name: 'minutes', min: 0, max: 59, names: [] },
  { name: 'hours', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: WEEKDAYS },
] as const
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** The schedule, or all that is wrong with it. `fields`: how many are taken; 5 is crontab, 6 has seconds first. */
export function parseSchedule(text: string, fields: readonly (5 | 6)[] = [5, 6]): Result<Schedule, readonly string[]> {
  const source = text.trim()
  if (source.length > 500) return err(['a schedule has at most 500 characters'])
  if (source.startsWith('@every ')) {
    const every = parseDuration(source.slice(7).trim())
    if (every === undefined) return err(['@every needs a duration: @every 1h30m'])
    return every >= 1_000 ? ok({ kind: 'every', ms: Math.round(every / 1_000) * 1_000 }) : err(['@every must be at least 1s'])
  }
  if (source.startsWith('@date ')) {
    const at = /^(\d{4})-(\d\d?)-(\d\d?)[ T](\d\d?):(\d\d):(\d\d)$/.exec(source.slice(6).trim())
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = at?.slice(1).map(Number) ?? []
    const local = civilMs(year, month, day, hour, minute, second)
    // What does not exist goes over into something else.
    const right = at !== null && hour < 24 && minute < 60 && second < 60 && civilOf(local).day === day && civilOf(local).month === month
    return right ? ok({ kind: 'date', local }) : err(['@date needs a date that exists: @date 2026-10-27 21:54:00'])
  }
  if (source.startsWith('@')) {
    const macro = MACROS[source.toLowerCase()]
    if (macro !== undefined) return parseSchedule(macro)
    const meant = nearest(source, [...Object.keys(MACROS), '@every', '@date'])
    return err([`unknown schedule "${source}"${meant === undefined ? '' : `, did you mean ${meant}?`}`])
  }
  const parts = source === '' ? [] : source.split(/\s+/)
  if (!fields.includes(parts.length as 5 | 6)) {
    const wanted = fields.length > 1 ? '5 or 6 fields' : fields[0] === 6 ? '6 fields (seconds first)' : '5 fields'
    const hint = parts.length === 5 && !fields.includes(5) ? `: write "0 ${source}"` : parts.length === 6 ? ': leave out the seconds' : ''
    return err([`has ${parts.length} fields instead of ${wanted}${hint}`])
  }
  const all = parts.length === 5 ? ['0', ...parts] : parts
  const problems: string[] = []
  const sets = FIELDS.map((field, i) => readField(all[i]!, field, problems))
  if (problems.length > 0) return err(problems)
  const [seconds, minutes, hours, days, months, weekdays] = sets as [boolean[], boolean[], boolean[], boolean[], boolean[], boolean[]]
  if (weekdays[7]) weekdays[0] = true
  const free = (set: boolean[], min: number, max: number) => set.slice(min, max + 1).every(Boolean)
  const anyDay = free(days, 1, 31)
  const anyWeekday = free(weekdays, 0, 6)
  if (anyWeekday && !months.some((on, month) => on && days.some((set, day) => set && day <= LONGEST[month - 1]!)))
    return err([`no month has the day ${all[3]} of month ${all[4]}: it would never run`])
  const on = (set: boolean[]) => set.flatMap((one, i) => (one ? [i] : []))
  return ok({
    kind: 'fields',
    seconds: on(seconds),
    minutes: on(minutes),
    hours: on(hours),
    dates: { days, months, weekdays, either: !anyDay && !anyWeekday },
  })
}

function readField(text: string, { name, min, max, names }: (typeof FIELDS)[number], problems: string[]): boolean[] {
  const set: boolean[] = Array.from({ length: max + 1 }, () => false)
  const bad = (why: string) => void problems.push(`${name}: ${why}`)
  for (const part of text.split(',')) {
    const [range = '', step, ...more] = part.split('/')
    const any = range === '*' || range === '?'
    const ends = any ? [] : range.split('-')
    const numbers = ends.map((end) => numberOf(end, names, min))
    if (more.length > 0 || part === '' || ends.length > 2 || (step !== undefined && !/^\d{1,4}$/.test(step))) {
      bad(`"${part}" cannot be read`)
      continue
    }
    const wrong = ends.find((_, i) => numbers[i] === undefined)
    if (wrong !== undefined) {
      const meant = nearest(wrong.toUpperCase(), names)
      bad(`"${wrong}" is no number${meant === undefined ? '' : `, did you mean ${meant}?`}`)
      continue
    }
    const low = any ? min : numbers[0]!
    const high = any || (ends.length === 1 && step !== undefined) ? (name === 'day of week' ? 6 : max) : (numbers[1] ?? low)
    const outside = [low, high].find((value) => value < min || value > max)
    const by = step === undefined ? 1 : Number(step)
    if (outside !== undefined) bad(`${outside} is not between ${min} and ${name === 'day of week' ? 6 : max}`)
    else if (low > high) bad(`${range} begins after its end`)
    else if (by === 0) bad('a step of 0 would never end')
    else for (let value = low; value <= high; value += by) set[value] = true
  }
  return set
}

function numberOf(text: string, names: readonly string[], min: number): number | undefined {
  if (/^\d{1,4}$/.test(text)) return Number(text)
  const index = names.indexOf(text.toUpperCase())
  return index < 0 ? undefined : index + (min === 1 ? 1 : 0)
}

/** Does the schedule name this civil day (ms of its midnight)? */
export function matchesDay(schedule: Schedule, day: number): boolean {
  if (schedule.kind === 'every') return false
  if (schedule.kind === 'date') return Math.floor(schedule.local / DAY) * DAY === day
  const { days, months, weekdays, either } = schedule.dates
  const { month, day: date, weekday } = civilOf(day)
  if (!months[month]) return false
  const byDay = days[date]!
  const byWeekday = weekdays[weekday]!
  return either ? byDay || byWeekday : byDay && byWeekday
}

export interface RunOptions {
  /** Civil days (by any match of their day) on which nothing runs. */
  exclude?: readonly Schedule[]
  /** From when `@every` counts, ms since the epoch. Default: the epoch. */
  since?: number
}

/** Instants in (from, to], ms since the epoch, in order, each once. Days are as the zone has them. */
export function* runsOf(schedule: Schedule, zone: Zone, from: number, to: number, { exclude = [], since = 0 }: RunOptions = {}): Generator<number> {
  const excluded = (day: number) => exclude.some((one) => matchesDay(one, day))
  const dayOf = (local: number) => Math.floor(local / DAY) * DAY
  if (schedule.kind === 'every') {
    for (let at = since + Math.max(1, Math.floor((from - since) / schedule.ms) + 1) * schedule.ms; at <= to; at += schedule.ms)
      if (!excluded(dayOf(zone.localOf(at)))) yield at
    return
  }
  if (schedule.kind === 'date') {
    const { utc } = zone.instantOf(schedule.local)
    if (utc > from && utc <= to && !excluded(dayOf(schedule.local))) yield utc
    return
  }
  const everyHour = schedule.hours.length === 24
  let last = from
  // A skipped time can run up to a day after its own day, where a whole day was left out.
  const end = dayOf(zone.localOf(to)) + DAY
  for (let day = dayOf(zone.localOf(from)) - 2 * DAY; day <= end; day += DAY) {
    if (!matchesDay(schedule, day) || excluded(day)) continue
    for (const utc of everyHour ? shownIn(schedule, zone, day, last) : meantIn(schedule, zone, day, last)) {
      if (utc <= last) continue
      if (utc > to) return
      yield utc
      last = utc
    }
  }
}

type Fields = Extract<Schedule, { kind: 'fields' }>

/** Times of a civil day in order, none of them before `least`. */
function* timesOf({ hours, minutes, seconds }: Fields, day: number, least: number): Generator<number> {
  for (const hour of hours) {
    if (day + (hour + 1) * 3_600_000 <= least) continue
    for (const minute of minutes) {
      if (day + hour * 3_600_000 + (minute + 1) * 60_000 <= least) continue
      for (const second of seconds) yield day + hour * 3_600_000 + minute * 60_000 + second * 1_000
    }
  }
}

/** Each time of the day once, wherever the change of the offset put it. */
function* meantIn(schedule: Fields, zone: Zone, day: number, after: number): Generator<number> {
  const steady = steadyOffset(zone, day)
  // Where the offset changes, a time may come later than its wall clock says, never by more than two days.
  for (const local of timesOf(schedule, day, steady === undefined ? after - 3 * DAY : after + steady))
    yield steady === undefined ? zone.instantOf(local).utc : local - steady
}

/** Every instant at which the wall shows a time of the day that is meant. */
function* shownIn(schedule: Fields, zone: Zone, day: number, after: number): Generator<number> {
  const steady = steadyOffset(zone, day)
  if (steady !== undefined) {
    for (const local of timesOf(schedule, day, after + steady)) yield local - steady
    return
  }
  const changes = [day - 2 * DAY, ...zone.changesIn(day - 2 * DAY, day + 3 * DAY), day + 3 * DAY]
  for (const [i, begin] of changes.slice(0, -1).entries()) {
    const offset = zone.offsetAt(begin)
    for (const local of timesOf(schedule, day, begin + offset)) {
      const utc = local - offset
      if (utc >= changes[i + 1]!) break
      if (utc >= begin) yield utc
    }
  }
}

/** The offset of a civil day, if it is the same through it and the days beside. */
function steadyOffset(zone: Zone, day: number): number | undefined {
  return zone.changesIn(day - DAY * 2, day + DAY * 3).length === 0 ? zone.offsetAt(day) : undefined
}
