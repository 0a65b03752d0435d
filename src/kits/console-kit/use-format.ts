/** The formatters of `format.ts` in the reader's language and the range's zone. */
import { useMemo } from 'react'
import { formatAge, formatExact, formatTime, formatValue, type Unit } from './format.ts'
import { useLanguage } from './i18n.ts'
import { useZone } from './use-time-range.tsx'

export interface Format {
  value(value: unknown, unit: Unit): string
  exact(value: number): string
  time(ms: number, options?: { seconds?: boolean; millis?: boolean }): string
  age(then: number, now: number): string
}

export function useFormat(): Format {
  const language = useLanguage()
  const zone = useZone()
  return useMemo(
    () => ({
      value: (value, unit) => formatValue(value, unit, { language, zone }),
      exact: (value) => formatExact(value, language),
      time: (ms, options) => formatTime(ms, { zone, ...options }),
      age: (then, now) => formatAge(then, now, language),
    }),
    [language, zone],
  )
}
