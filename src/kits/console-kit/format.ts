/** How numbers, sizes, times and ages are written for people, per language. Machine output (CSV, URLs, API) never comes from here. */
import type { Language } from '#core/kernel/errors.ts'
import { formatBytes } from '#core/kernel/quantity.ts'

/** What a number is. Times are seconds, moments ms since the epoch, shares 0…1, sizes bytes. */
export const UNITS = ['number', 'rate', 'share', 'seconds', 'bytes', 'byteRate', 'time', 'text'] as const
export type Unit = (typeof UNITS)[number]

/** What a missing number shows as: never 0. */
export const MISSING = '–'

/** `local` is the browser's zone. */
export interface FormatOptions {
  language: Language
  /** IANA name, `utc` or `local`. */
  zone?: string
}

const formats = new Map<string, Intl.NumberFormat>()
function numberFormat(language: Language, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language}${JSON.stringify(options)}`
  let format = formats.get(key)
  if (!format) {
    format = new Intl.NumberFormat(language, options)
    formats.set(key, format)
  }
  return format
}

export const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || (typeof value === 'number' && !Number.isFinite(value))

/** A value with its unit, e.g. `12,345`, `3.2/s`, `99.95%`, `12.3 ms`, `1.5 KiB`. Missing is `–`. */
export function formatValue(value: unknown, unit: Unit, options: FormatOptions): string {
  if (isMissing(value)) return MISSING
  if (unit === 'text' || typeof value !== 'number') return String(value)
  switch (unit) {
    case 'number':
      return formatCount(value, options.language)
    case 'rate':
      return `${formatCount(value, options.language)}/s`
    case 'share':
      return formatShare(value, options.language)
    case 'seconds':
      return formatSeconds(value, options.language)
    case 'bytes':
      return formatBytes(Math.round(value))
    case 'byteRate':
      return `${formatBytes(value < 1024 ? Math.round(value) : value)}/s`
    case 'time':
      return formatTime(value, options)
  }
}

/** Whole below 100,000, then compact (`123.4K`, `12.3万`); below 100 with three significant digits. */
export function formatCount(value: number, language: Language): string {
  const size = Math.abs(value)
  if (size >= 100_000)
    return numberFormat(language, { notation: 'compact', maximumFractionDigits: size < 1_000_000 && language === 'en' ? 1 : 2 }).format(value)
  if (Number.isInteger(value) || size >= 1000) return numberFormat(language, { maximumFractionDigits: 0 }).format(value)
  return numberFormat(language, { maximumSignificantDigits: 3 }).format(value)
}

/** All digits, for tooltips and copying. */
export const formatExact = (value: number, language: Language): string => numberFormat(language, { maximumFractionDigits: 6 }).format(value)

/** A share as percent. Never rounds to 100% or 0% what is not: 0.99999 → `99.999%`, 0.99999999 → `>99.999%`. */
export function formatShare(share: number, language: Language): string {
  const percent = (digits: number) => numberFormat(language, { style: 'percent', maximumFractionDigits: digits })
  if (share === 0 || share === 1) return percent(0).format(share)
  if (share > 0 && share < 0.00001) return `<${percent(3).format(0.00001)}`
  if (share > 0.99999 && share < 1) return `>${percent(3).format(0.99999)}`
  const fromEdge = Math.min(Math.abs(share), Math.abs(1 - share))
  return percent(fromEdge < 0.001 ? 3 : fromEdge < 0.1 ? 2 : 1).format(share)
}

/** `850 µs`, `12.3 ms`, `1.23 s`, `2 min 5 s`, `3 h 20 min`, `5 d 2 h`. Units are the SI signs in both languages. */
export function formatSeconds(seconds: number, language: Language): string {
  const digits = (value: number) => numberFormat(language, { maximumSignificantDigits: 3 }).format(value)
  const size = Math.abs(seconds)
  if (size === 0) return '0 s'
  if (size < 0.0009995) return `${digits(seconds * 1e6)} µs`
  if (size < 0.9995) return `${digits(seconds * 1e3)} ms`
  if (size < 59.95) return `${digits(seconds)} s`
  const sign = seconds < 0 ? '-' : ''
  const two = (big: number, bigSign: string, smallUnit: number, smallSign: string) => {
    const whole = Math.floor(size / big)
    const rest = Math.floor((size - whole * big) / smallUnit)
    return `${sign}${numberFormat(language, {}).format(whole)} ${bigSign}${rest > 0 ? ` ${rest} ${smallSign}` : ''}`
  }
  if (size < 3600) return two(60, 'min', 1, 's')
  if (size < 86_400) return two(3600, 'h', 60, 'min')
  return two(86_400, 'd', 3600, 'h')
}

const zoneName = (zone: string | undefined) => (zone === undefined || zone === 'local' ? undefined : zone === 'utc' ? 'UTC' : zone)

/** A moment (ms since the epoch) as `2026-11-03 14:00:05`, the same in both languages so that it can be pasted back. */
export function formatTime(ms: number, options: { zone?: string; seconds?: boolean; millis?: boolean }): string {
  const parts = dateParts(ms, options.zone)
  const clock = `${parts.hour}:${parts.minute}`
  const seconds = options.seconds === false ? '' : `:${parts.second}`
  const millis = options.millis ? `.${String(Math.floor(ms) % 1000).padStart(3, '0')}` : ''
  return `${parts.year}-${parts.month}-${parts.day} ${clock}${seconds}${millis}`
}

const dateFormats = new Map<string, Intl.DateTimeFormat>()
/** The calendar fields of a moment in a zone, zero-padded. */
export function dateParts(ms: number, zone: string | undefined): Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string> {
  const key = zoneName(zone) ?? ''
  let format = dateFormats.get(key)
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone: zoneName(zone),
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    })
    dateFormats.set(key, format)
  }
  const fields: Record<string, string> = {}
  for (const part of format.formatToParts(ms)) fields[part.type] = part.value
  return fields as ReturnType<typeof dateParts>
}

/** `3 minutes ago`, `3分钟前`; ages under 5 s are `now`. */
export function formatAge(then: number, now: number, language: Language): string {
  const seconds = (now - then) / 1000
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' })
  if (Math.abs(seconds) < 5) return relative.format(0, 'second')
  const [unit, size] =
    Math.abs(seconds) < 90
      ? (['second', 1] as const)
      : Math.abs(seconds) < 5400
        ? (['minute', 60] as const)
        : Math.abs(seconds) < 129_600
          ? (['hour', 3600] as const)
          : (['day', 86_400] as const)
  return relative.format(-Math.round(seconds / size), unit)
}
