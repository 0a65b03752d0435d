/** Civil time in IANA zones, from the runtime's own zone data (ECMA-402). Local times are ms since the epoch of a clock that shows them as if it were UTC. */
import { civilMs, civilText } from './civil.ts'
import { nearest } from './nearest.ts'

const DAY = 86_400_000
const MOST_ZONES = 600

export interface Zone {
  readonly name: string
  /** Local minus UTC, ms. */
  offsetAt(utc: number): number
  /** What a clock on the wall shows. */
  localOf(utc: number): number
  /**
   * When the wall shows this. A time that is shown twice is its first occurrence; one that is skipped is the first instant after the gap (`gap`).
   */
  instantOf(local: number): { utc: number; gap: boolean }
  /** Instants in (from, to] at which the offset changes, in order. */
  changesIn(from: number, to: number): readonly number[]
}

const zones = new Map<string, Zone>()

/** A zone by its IANA name (links too), or undefined. */
export function zoneOf(name: string): Zone | undefined {
  const known = zones.get(name)
  if (known !== undefined) return known
  let format: Intl.DateTimeFormat
  try {
    // Fixed offsets such as `+08:00` are no IANA names, though the runtime takes them.
    if (!/^[A-Za-z]/.test(name)) return undefined
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
  } catch {
    return undefined
  }
  const zone = zoneFrom(name, format)
  if (zones.size >= MOST_ZONES) zones.clear()
  zones.set(name, zone)
  return zone
}

/** For messages: the zone that was probably meant. */
export const nearestZone = (name: string): string | undefined => nearest(name, Intl.supportedValuesOf('timeZone'))

/** `2024-03-10T03:30:00-04:00`. */
export function formatLocal(zone: Zone, utc: number): string {
  const offset = Math.round(zone.offsetAt(utc) / 60_000)
  const at = Math.abs(offset)
  const two = (value: number) => String(value).padStart(2, '0')
  return `${civilText(zone.localOf(utc))}${offset < 0 ? '-' : '+'}${two(Math.floor(at / 60))}:${two(at % 60)}`
}

function zoneFrom(name: string, format: Intl.DateTimeFormat): Zone {
  const measure = (utc: number): number => {
    const part: Record<string, string> = {}
    for (const { type, value } of format.formatToParts(utc)) part[type] = value
    const year = part.era === 'BC' ? 1 - Number(part.year) : Number(part.year)
    const local = civilMs(year, Number(part.month), Number(part.day), Number(part.hour), Number(part.minute), Number(part.second))
    return local - Math.floor(utc / 1000) * 1000
  }
  /** Offsets from an instant on, by 30-day month: rarely more than one. Asking the runtime takes microseconds, so it is asked once. */
  const months = new Map<number, { at: number; offset: number }[]>()
  const month = (index: number) => {
    const known = months.get(index)
    if (known !== undefined) return known
    const begin = index * 30 * DAY
    const list = [{ at: begin, offset: measure(begin) }]
    for (let day = begin; day < begin + 30 * DAY; day += DAY) {
      let offset = list.at(-1)!.offset
      // Two changes within a day are not known of any zone.
      if (measure(day + DAY) === offset) continue
      let low = day
      let high = day + DAY
      while (high - low > 1000) {
        const middle = low + Math.floor((high - low) / 2000) * 1000
        if (measure(middle) === offset) low = middle
        else high = middle
      }
      offset = measure(high)
      // At the very end it belongs to the next month.
      if (high < begin + 30 * DAY) list.push({ at: high, offset })
    }
    if (months.size > 2_000) months.clear()
    months.set(index, list)
    return list
  }
  const offsetAt = (utc: number): number => {
    const list = month(Math.floor(utc / (30 * DAY)))
    for (let i = list.length - 1; i > 0; i--) if (list[i]!.at <= utc) return list[i]!.offset
    return list[0]!.offset
  }
  const changesIn = (from: number, to: number): number[] => {
    const changes: number[] = []
    for (let index = Math.floor(from / (30 * DAY)); index <= Math.floor(to / (30 * DAY)); index++) {
      const list = month(index)
      for (const [i, { at }] of list.entries()) {
        const real = i > 0 || offsetAt(at - 1000) !== list[0]!.offset
        if (real && at > from && at <= to) changes.push(at)
      }
    }
    return changes
  }
  return {
    name,
    offsetAt,
    changesIn,
    localOf: (utc) => utc + offsetAt(utc),
    instantOf(local) {
      // The offset a day before and a day after: between them lies at most one change.
      const offsets = new Set([offsetAt(local - DAY * 1.1), ...changesIn(local - DAY * 1.1, local + DAY * 1.1).map(offsetAt)])
      const found = [...offsets].map((offset) => local - offset).filter((utc) => utc + offsetAt(utc) === local)
      if (found.length > 0) return { utc: Math.min(...found), gap: false }
      // Skipped: the change before which the wall showed less and after which it shows more.
      const change = changesIn(local - DAY * 1.1, local + DAY * 1.1).find((at) => at - 1 + offsetAt(at - 1) < local && at + offsetAt(at) > local)
      return { utc: change ?? local - offsetAt(local), gap: true }
    },
  }
}
