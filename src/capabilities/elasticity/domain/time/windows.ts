/** Floors and ceilings over time: which windows are open now. */
import { parseSchedule, runsOf, type Schedule } from '#core/kernel/cron.ts'
import { zoneOf } from '#core/kernel/zone.ts'
import type { ScalePolicySpec } from '../../resources/scale-policy.ts'
import { say } from '../words.ts'

const DAY = 86_400_000
/** A window that began longer ago than this is over, ms. */
const LONGEST = 366 * DAY

export interface OpenWindow {
  name: string
  min?: number
  max?: number
}

const read = (text: string): Schedule => {
  const parsed = parseSchedule(text)
  if (!parsed.ok) throw new TypeError('the schedule was not checked')
  return parsed.value
}

/** The last run at or before `now`, ms; undefined: none within `LONGEST`. Looks back in growing steps. */
function lastRun(schedule: Schedule, timezone: string, now: number, exclude: readonly Schedule[]): number | undefined {
  for (let back = DAY; ; back *= 8) {
    let last: number | undefined
    for (const at of runsOf(schedule, zoneOf(timezone)!, now - Math.min(back, LONGEST), now, { exclude })) last = at
    if (last !== undefined || back >= LONGEST) return last
  }
}

/** A window is open when it began after it last ended. `bounds` have passed the schema. */
export function openWindows({ bounds, timezone = 'UTC' }: Pick<ScalePolicySpec, 'bounds' | 'timezone'>, now: number): OpenWindow[] {
  return bounds.flatMap((window) => {
    const zone = window.timezone ?? timezone
    const began = lastRun(read(window.start), zone, now, window.exclude.map(read))
    if (began === undefined) return []
    const ended = lastRun(read(window.end), zone, now, [])
    if (ended !== undefined && ended >= began) return []
    return [{ name: window.name, ...(window.min === undefined ? {} : { min: window.min }), ...(window.max === undefined ? {} : { max: window.max }) }]
  })
}

/** What holds now: of the open windows the highest floor (without one, the policy's) and the lowest ceiling; a floor above the ceiling gives way, and says so. */
export function boundsNow(base: { min: number; max: number }, open: readonly OpenWindow[]): { min: number; max: number; why?: string } {
  const floors = open.filter((window) => window.min !== undefined).sort((a, b) => b.min! - a.min!)
  const ceilings = open.filter((window) => window.max !== undefined && window.max < base.max).sort((a, b) => a.max! - b.max!)
  const min = floors[0]?.min ?? base.min
  const max = ceilings[0]?.max ?? base.max
  const said = [
    ...(floors[0] === undefined ? [] : [say('atLeast', { window: floors[0].name, min })]),
    ...(ceilings[0] === undefined ? [] : [say('atMost', { window: ceilings[0].name, max })]),
    ...(min > max ? [say('ceilingWins', { min, max })] : []),
  ]
  return { min: Math.min(min, max), max, ...(said.length === 0 ? {} : { why: said.join(', ') }) }
}
