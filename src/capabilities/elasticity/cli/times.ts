import { InvalidArgumentError } from 'commander'

/** ms since the epoch of `2026-03-29`, `2026-03-29 01:00` or `2026-03-29T01:00:00+02:00`; UTC unless it says otherwise. */
export function instant(text: string): number {
  const day = /^\d{4}-\d\d-\d\d$/.test(text)
  const time = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/i.exec(text)
  const at = day ? Date.parse(`${text}T00:00:00Z`) : time ? Date.parse(time[3] ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`) : Number.NaN
  if (Number.isNaN(at)) throw new InvalidArgumentError('a date or time as 2026-03-29 or 2026-03-29T01:00:00Z')
  return at
}

/** ISO 8601 in UTC, to the second. */
export const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
