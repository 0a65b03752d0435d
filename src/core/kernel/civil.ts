/** Calendar arithmetic (proleptic Gregorian, ISO 8601). A civil time is ms since the epoch of a clock that shows it as if it were UTC. */

// biome-ignore lint/style/noRestrictedGlobals: its calendar, never its clock
const Calendar = Date

/** `month` is 1 to 12. A day or hour too many goes over into the next. */
export function civilMs(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  const at = new Calendar(0)
  at.setUTCFullYear(year, month - 1, day)
  return at.setUTCHours(hour, minute, second, 0)
}

/** `weekday`: 0 is Sunday. */
export function civilOf(ms: number): { year: number; month: number; day: number; weekday: number } {
  const at = new Calendar(ms)
  return { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate(), weekday: at.getUTCDay() }
}

/** `2026-10-27T21:54:00`. */
export const civilText = (ms: number): string => new Calendar(ms).toISOString().slice(0, 19)
