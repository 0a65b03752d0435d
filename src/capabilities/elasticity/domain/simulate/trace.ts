/** A trace of requests: CSV with the columns `period` (its begin: ISO 8601 or `2026-01-02 03:04:05`, UTC unless it says otherwise, or seconds since the epoch) and `count`. */
import type { Problem } from '#core/kernel/errors.ts'

export interface Trace {
  /** ms since the epoch. */
  begin: number
  /** Of one period, seconds. */
  period: number
  /** Requests in each period; NaN where the trace has none. */
  counts: Float64Array
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$/
const MOST_PROBLEMS = 200
const MOST_PERIODS = 4_000_000

/** `instant` reads what `DATE` matched. Reads lines one by one; `end` gives the trace or all that is wrong with it. */
export function createTraceReader(instant: (iso: string) => number): { line(text: string): void; end(): { trace: Trace } | { problems: Problem[] } } {
  const problems: Problem[] = []
  const times: number[] = []
  const values: number[] = []
  let number = 0
  let columns: { period: number; count: number } | undefined
  const say = (message: string) => {
    if (problems.length < MOST_PROBLEMS) problems.push({ path: `line ${number}`, line: number, message })
  }
  const timeOf = (text: string): number => {
    if (/^\d{9,11}(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000)
    const found = DATE.exec(text)
    if (!found) return Number.NaN
    const [, year, month, day, hour = '00', minute = '00', second = '00', offset = 'Z'] = found
    return instant(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`)
  }

  return {
    line(text) {
      number++
      const cells = text
        .replace(/\r$/, '')
        .split(',')
        .map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'))
      if (cells.length === 1 && cells[0] === '') return
      if (columns === undefined) {
        const names = cells.map((cell) => cell.replace(/^\uFEFF/, '').toLowerCase())
        columns = { period: names.indexOf('period'), count: names.indexOf('count') }
        if (columns.period < 0 || columns.count < 0) say('the first line must name the columns period and count')
        return
      }
      if (columns.period < 0 || columns.count < 0) return
      const at = timeOf(cells[columns.period] ?? '')
      const written = cells[columns.count] ?? ''
      const value = written === '' ? Number.NaN : Number(written)
      if (Number.isNaN(at)) return say(`"${(cells[columns.period] ?? '').slice(0, 40)}" is no time`)
      if (!Number.isFinite(value) || value < 0) return say(`"${written.slice(0, 40)}" is no count`)
      if (times.length > 0 && at <= times.at(-1)!) return say('the periods must be in order, each once')
      if (times.length >= MOST_PERIODS) return
      times.push(at)
      values.push(value)
    },
    end() {
      if (problems.length > 0) return { problems }
      if (times.length < 2) return { problems: [{ path: 'trace', message: 'must have at least two periods' }] }
      let period = Number.POSITIVE_INFINITY
      for (let i = 1; i < times.length; i++) period = Math.min(period, times[i]! - times[i - 1]!)
      const uneven = times.findIndex((at) => (at - times[0]!) % period !== 0)
      if (period % 1_000 !== 0 || uneven >= 0)
        return {
          problems: [{ path: `line ${Math.max(2, uneven + 2)}`, line: Math.max(2, uneven + 2), message: 'the periods must be equal and of whole seconds' }],
        }
      const length = (times.at(-1)! - times[0]!) / period + 1
      if (length * (period / 1_000) > 366 * 86_400) return { problems: [{ path: 'trace', message: 'must not span more than a year' }] }
      const counts = new Float64Array(length).fill(Number.NaN)
      for (const [i, at] of times.entries()) counts[(at - times[0]!) / period] = values[i]!
      return { trace: { begin: times[0]!, period: period / 1_000, counts } }
    },
  }
}

export interface Gap {
  /** ms since the epoch. */
  from: number
  to: number
}

/** Straight lines over what is missing, never zeros; and what was missing. */
export function fillGaps({ begin, period, counts }: Trace): { counts: Float64Array; gaps: Gap[] } {
  const filled = counts.slice()
  const gaps: Gap[] = []
  for (let i = 0; i < filled.length; i++) {
    if (!Number.isNaN(filled[i]!)) continue
    let end = i
    while (end < filled.length && Number.isNaN(filled[end]!)) end++
    const left = i > 0 ? filled[i - 1]! : filled[end]!
    const right = end < filled.length ? filled[end]! : left
    for (let j = i; j < end; j++) filled[j] = left + ((right - left) * (j - i + 1)) / (end - i + 1)
    gaps.push({ from: begin + i * period * 1_000, to: begin + end * period * 1_000 })
    i = end
  }
  return { counts: filled, gaps }
}

/** The part of a trace in [from, to), ms since the epoch. */
export function cut({ begin, period, counts }: Trace, from: number, to: number): Trace {
  const first = Math.max(0, Math.ceil((from - begin) / (period * 1_000)))
  const last = Math.min(counts.length, Math.ceil((to - begin) / (period * 1_000)))
  return { begin: begin + first * period * 1_000, period, counts: counts.slice(first, Math.max(first, last)) }
}

/** The value below which a part of the periods is, in requests per second. */
export function rateAt({ period, counts }: Trace, quantile: number): number {
  const sorted = counts.filter((count) => !Number.isNaN(count)).sort()
  return sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]! / period
}
