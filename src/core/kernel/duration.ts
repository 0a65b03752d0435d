/** Durations in Prometheus' notation (`1h30m`, `15s`, `250ms`): https://prometheus.io/docs/prometheus/latest/querying/basics/ */

const UNIT_MS = { y: 31_536_000_000, w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const
const NOTATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const UNITS = ['y', 'w', 'd', 'h', 'm', 's', 'ms'] as const

/** Milliseconds, or undefined when `text` is no duration. `0` alone is a duration too. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const found = NOTATION.exec(text)
  if (!text || !found) return undefined
  let ms = 0
  UNITS.forEach((unit, i) => {
    const digits = found[i + 1]
    if (digits !== undefined) ms += Number(digits) * UNIT_MS[unit]
  })
  return Number.isSafeInteger(ms) ? ms : undefined
}

/** The shortest exact notation of whole milliseconds; weeks and years only when they divide evenly, as Prometheus prints them. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  let rest = Math.round(Math.abs(ms))
  let text = ms < 0 ? '-' : ''
  for (const unit of UNITS) {
    const size = UNIT_MS[unit]
    if ((unit === 'y' || unit === 'w') && rest % size !== 0) continue
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}
