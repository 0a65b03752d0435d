/** One time range for the whole console: what people type, what stands in the URL, what is queried. Pure: `now` and the zone are handed in. */
import { dateParts, formatTime } from './format.ts'

/** `from` and `to` are relative (`now-6h`, `now`) or ISO moments in UTC; `zone` is `local`, `utc` or an IANA name. */
export interface TimeRange {
  from: string
  to: string
  zone: string
}

export const DEFAULT_RANGE: TimeRange = { from: 'now-1h', to: 'now', zone: 'local' }

const RELATIVE = /^now(?:([+-])(\d{1,6})(s|m|h|d|w|M|y))?(?:\/(s|m|h|d|w|M|y))?$/
const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, M: 2_592_000_000, y: 31_536_000_000 }
/** Year 2100, the limit of the API. */
const LATEST = 4_102_444_800_000

export const isRelative = (text: string): boolean => RELATIVE.test(text)
export const isRelativeRange = (range: TimeRange): boolean => isRelative(range.from) || isRelative(range.to)
/** Does the range end now, so that it moves on? */
export const isLive = (range: TimeRange): boolean => range.to === 'now'

/** Milliseconds of one end, or undefined when it is no time. `end` decides whether `now/d` is the day's start or its end. */
export function resolveEnd(text: string, now: number, zone: string, end: 'from' | 'to'): number | undefined {
  const relative = RELATIVE.exec(text)
  if (relative) {
    const [, sign, count, unit, rounding] = relative
    let ms = now
    if (sign && count && unit) ms += (sign === '-' ? -1 : 1) * Number(count) * (UNIT_MS[unit] ?? 0)
    if (rounding) ms = round(ms, rounding, zone, end)
    return ms >= 0 && ms <= LATEST ? ms : undefined
  }
  const ms = Date.parse(text)
  return Number.isFinite(ms) && ms >= 0 && ms <= LATEST ? ms : undefined
}

/** The moments a range stands for, ms since the epoch. A range that cannot be read or is empty resolves as the default. */
export function resolveRange(range: TimeRange, now: number): { from: number; to: number } {
  const from = resolveEnd(range.from, now, range.zone, 'from')
  const to = resolveEnd(range.to, now, range.zone, 'to')
  if (from === undefined || to === undefined || from >= to) return { from: now - 3_600_000, to: now }
  return { from, to }
}

/** The same range with its ends fixed, so that it shows the same tomorrow. */
export function freeze(range: TimeRange, now: number): TimeRange {
  const { from, to } = resolveRange(range, now)
  return absolute(from, to, range.zone)
}

export const absolute = (from: number, to: number, zone: string): TimeRange => ({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), zone })

/** The range just before (`-1`) or after (`1`), by half of its length; `0` doubles it around its middle. */
export function shift(range: TimeRange, now: number, direction: -1 | 0 | 1): TimeRange {
  const { from, to } = resolveRange(range, now)
  const half = (to - from) / 2
  if (direction === 0) return absolute(Math.max(0, from - half), Math.min(LATEST, to + half), range.zone)
  const by = half * direction
  return absolute(Math.max(0, from + by), Math.min(LATEST, to + by), range.zone)
}

export type ParsedRange = { range: TimeRange } | { problem: 'empty' | 'unreadable' | 'backwards' | 'outside'; part?: string }

/**
 * What people type or paste: `6h`, `-2d`, `now-6h`, `now-6h to now-1h`, `2026-11-03 14:00`, ISO moments, epoch seconds or ms,
 * two of those joined by `to`, `→`, `..`, `,`, ` - ` or `/`, a JSON `{"from":…,"to":…}` or a console link.
 */
export function parseRange(input: string, now: number, zone: string): ParsedRange {
  const text = input.trim()
  if (text === '') return { problem: 'empty' }
  if (text.length > 2048) return { problem: 'unreadable' }
  const pasted = fromLink(text) ?? fromJson(text)
  if (pasted) return joined(pasted.from, pasted.to, now, pasted.zone ?? zone)
  const parts = text.split(/\s+to\s+|\s*(?:→|–|—|\.\.|~|至|到|,)\s*|\s+-\s+|(?<=[\dZ])\/(?=[\d])/).filter((part) => part !== '')
  if (parts.length > 2) return { problem: 'unreadable', part: parts[2] }
  const [from, to] = parts
  return from === undefined ? { problem: 'unreadable', part: text } : joined(from, to, now, zone)
}

function joined(fromText: string, toText: string | undefined, now: number, zone: string): ParsedRange {
  const from = parseEnd(fromText, zone, 'from')
  if (from === undefined) return { problem: 'unreadable', part: fromText }
  // A single day stands for that whole day.
  const to = toText === undefined ? (DAY.test(fromText) ? parseEnd(fromText, zone, 'to') : 'now') : parseEnd(toText, zone, 'to')
  if (to === undefined) return { problem: 'unreadable', part: toText }
  const start = resolveEnd(from, now, zone, 'from')
  const end = resolveEnd(to, now, zone, 'to')
  if (start === undefined || end === undefined) return { problem: 'outside' }
  if (start >= end) return { problem: 'backwards' }
  return { range: { from, to, zone } }
}

const SHORT = /^-?(\d{1,6})\s*(s|m|min|h|d|w|M|y)$/
const DAY = /^\d{4}-\d{2}-\d{2}$/
const WALL = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d*)?)?)?$/
const WORDS: Record<string, readonly [string, string]> = {
  now: ['now', 'now'],
  today: ['now/d', 'now/d'],
  今天: ['now/d', 'now/d'],
  yesterday: ['now-1d/d', 'now-1d/d'],
  昨天: ['now-1d/d', 'now-1d/d'],
  现在: ['now', 'now'],
}

/** One end as it stands in a TimeRange (relative or ISO), or undefined. */
function parseEnd(text: string, zone: string, end: 'from' | 'to'): string | undefined {
  const t = text.trim()
  const word = WORDS[t.toLowerCase()]
  if (word) return word[end === 'from' ? 0 : 1]
  if (isRelative(t)) return t
  const short = SHORT.exec(t)
  if (short) return `now-${short[1]}${short[2] === 'min' ? 'm' : short[2]}`
  if (/^\d{9,10}$/.test(t)) return iso(Number(t) * 1000)
  if (/^\d{12,13}$/.test(t)) return iso(Number(t))
  const wall = WALL.exec(t)
  if (wall) {
    const [, y, mo, d, h, mi, s, f] = wall
    const wholeDay = h === undefined && end === 'to'
    const ms = wallToEpoch(Number(y), Number(mo), Number(d) + (wholeDay ? 1 : 0), Number(h ?? 0), Number(mi ?? 0), Number(s ?? 0), zone)
    return ms === undefined || !realDate(Number(y), Number(mo), Number(d), Number(h ?? 0), Number(mi ?? 0), Number(s ?? 0))
      ? undefined
      : iso(ms + Number((f ?? '').padEnd(3, '0') || 0))
  }
  return /^\d{4}-\d{2}-\d{2}T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(t) ? iso(Date.parse(t)) : undefined
}

const realDate = (y: number, mo: number, d: number, h: number, mi: number, s: number) => {
  const date = new Date(Date.UTC(y, mo - 1, d))
  return date.getUTCMonth() === mo - 1 && date.getUTCDate() === d && h < 24 && mi < 60 && s < 60
}
const iso = (ms: number) => (Number.isFinite(ms) && ms >= 0 && ms <= LATEST ? new Date(ms).toISOString() : undefined)

/** The moment at which clocks in `zone` show these fields; where clocks jump, the moment after the jump. */
export function wallToEpoch(y: number, mo: number, d: number, h: number, mi: number, s: number, zone: string): number | undefined {
  const asUtc = Date.UTC(y, mo - 1, d, h, mi, s)
  if (!Number.isFinite(asUtc)) return undefined
  const offset = (ms: number) => {
    const p = dateParts(ms, zone)
    return Date.UTC(Number(p.year), Number(p.month) - 1, Number(p.day), Number(p.hour), Number(p.minute), Number(p.second)) - Math.floor(ms / 1000) * 1000
  }
  const guess = asUtc - offset(asUtc)
  return asUtc - offset(guess)
}

function round(ms: number, unit: string, zone: string, end: 'from' | 'to'): number {
  const p = dateParts(ms, zone)
  const [y, mo, d, h, mi, s] = [Number(p.year), Number(p.month), Number(p.day), Number(p.hour), Number(p.minute), Number(p.second)]
  const up = end === 'to' ? 1 : 0
  const monday = (new Date(Date.UTC(y, mo - 1, d)).getUTCDay() + 6) % 7
  const at = (...f: [number, number, number, number, number, number]) => wallToEpoch(...f, zone) ?? ms
  switch (unit) {
    case 's':
      return at(y, mo, d, h, mi, s + up)
    case 'm':
      return at(y, mo, d, h, mi + up, 0)
    case 'h':
      return at(y, mo, d, h + up, 0, 0)
    case 'd':
      return at(y, mo, d + up, 0, 0, 0)
    case 'w':
      return at(y, mo, d - monday + 7 * up, 0, 0, 0)
    case 'M':
      return at(y, mo + up, 1, 0, 0, 0)
    default:
      return at(y + up, 1, 1, 0, 0, 0)
  }
}

function fromLink(text: string): { from: string; to: string; zone?: string } | undefined {
  const query = /^https?:\/\/[^?]*\?([^#]*)/i.exec(text)?.[1]
  if (query === undefined) return undefined
  const params = new URLSearchParams(query)
  const from = params.get('from')
  const to = params.get('to')
  return from && to ? { from, to, zone: params.get('zone') ?? undefined } : undefined
}

function fromJson(text: string): { from: string; to: string; zone?: string } | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    const value = JSON.parse(text) as { from?: unknown; to?: unknown; range?: { from?: unknown; to?: unknown } }
    const { from, to } = value.range ?? value
    return from !== undefined && to !== undefined ? { from: String(from), to: String(to) } : undefined
  } catch {
    return undefined
  }
}

/** Text that `parseRange` reads back, for the clipboard. */
export const rangeText = (range: TimeRange): string => `${range.from} to ${range.to}`

/** An end for people: `now-1h` stays, a moment is shown in the range's zone. */
export function endText(end: string, zone: string): string {
  if (isRelative(end)) return end
  const ms = Date.parse(end)
  return formatTime(ms, { zone, seconds: ms % 60_000 !== 0 })
}

export const isZone = (zone: string): boolean => {
  if (zone === 'local' || zone === 'utc') return true
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** A round step for a chart of about `points` points over the range, ms. */
export function niceStep(from: number, to: number, points = 240): number {
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
  const wanted = (to - from) / points / 1000
  return 1000 * (STEPS.find((step) => step >= wanted) ?? 86_400)
}
