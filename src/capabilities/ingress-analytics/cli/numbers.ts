/** Numbers as the terminal shows them. */
import { formatBytes } from '#core/kernel/quantity.ts'
import type { Latency } from '../domain/api.ts'

/** `250 ms`; where there is none: nothing, or how many requests it would take. */
export function secondsText(value: Latency | null): string | undefined {
  if (value === null) return undefined
  if (typeof value !== 'number') return value.missing === 'few' ? `needs ${value.needs}` : undefined
  if (value >= 1) return `${digits(value)} s`
  return value >= 0.001 || value === 0 ? `${digits(value * 1000)} ms` : `${digits(value * 1e6)} us`
}

export const shareText = (value: number | null): string | undefined => (value === null ? undefined : `${digits(value * 100)} %`)
export const rateText = (value: number): string => `${digits(value)}/s`
export const bytesText = (value: number): string => formatBytes(Math.round(value))

/** Four significant digits, whole numbers whole. */
const digits = (value: number): string => (value >= 1000 ? Math.round(value).toString() : Number(value.toPrecision(4)).toString())
