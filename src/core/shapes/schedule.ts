/** When a resource runs: a schedule and a time zone as its spec says them, and the next run. */
import { z } from 'zod'
import { parseSchedule, runsOf } from '../kernel/cron.ts'
import { nearestZone, zoneOf } from '../kernel/zone.ts'

/** Cron of five or six fields, or a word such as `@hourly`. */
export const scheduleText = z
  .string()
  .max(500)
  .superRefine((text, context) => {
    const read = parseSchedule(text)
    if (!read.ok) for (const message of read.error) context.addIssue({ code: 'custom', message })
  })

/** A name of the IANA time zone database. */
export const zoneName = z
  .string()
  .max(100)
  .superRefine((name, context) => {
    if (zoneOf(name)) return
    const meant = nearestZone(name)
    context.addIssue({ code: 'custom', message: `"${name}" is no time zone of the IANA database${meant === undefined ? '' : `, did you mean ${meant}?`}` })
  })

const LOOK_AHEAD_MS = 366 * 86_400_000

/** The first run after an instant (ms since the epoch); undefined: there is none, or none within a year. The zone is UTC unless said. */
export function nextRunOf({ schedule, timezone = 'UTC' }: { schedule?: string | undefined; timezone?: string | undefined }, after: number): number | undefined {
  const read = schedule === undefined ? undefined : parseSchedule(schedule)
  const zone = zoneOf(timezone)
  if (!read?.ok || !zone) return undefined
  const [first] = runsOf(read.value, zone, after, after + LOOK_AHEAD_MS, { since: after })
  return first
}
