/** What was seen of a policy in the last quarter of an hour, a point every five seconds: small, for thousands have one. */

const EVERY_MS = 5_000
const POINTS = 180
/** No number. */
const NONE = 0xffff

export interface HistoryPoint {
  min: number
  max: number
  /** Requests per second at the entry, now and at most until a new pod is ready. */
  rate?: number | undefined
  ahead?: number | undefined
  /** Of each that is scaled, the target first. */
  targets: readonly { actual?: number | undefined; ready?: number | undefined; desired?: number | undefined; predicted?: number | undefined }[]
}

const OF_TARGET = ['actual', 'ready', 'desired', 'predicted'] as const
type Values = (number | null)[]
export interface HistoryLines {
  /** ms since the epoch. */
  at: number[]
  min: Values
  max: Values
  rate: Values
  ahead: Values
  targets: Record<(typeof OF_TARGET)[number], Values>[]
}

export interface History {
  /** Kept when the last one is five seconds old. */
  record(now: number, point: HistoryPoint): void
  /** The oldest first. */
  read(): HistoryLines
}

export function createHistory(targets: number): History {
  const width = 2 + targets * OF_TARGET.length
  const counts = new Uint16Array(POINTS * width).fill(NONE)
  const rates = new Float32Array(POINTS * 2)
  const times = new Float64Array(POINTS)
  let seen = 0
  const put = (value: number | undefined) => (value === undefined || !Number.isFinite(value) ? NONE : Math.min(NONE - 1, Math.max(0, Math.round(value))))
  return {
    record(now, { min, max, rate, ahead, targets: of }) {
      const last = times[(seen + POINTS - 1) % POINTS]!
      if (seen > 0 && now < last + EVERY_MS && now >= last) return
      const i = seen++ % POINTS
      times[i] = now
      rates.set([rate ?? Number.NaN, ahead ?? Number.NaN], i * 2)
      counts.set([put(min), put(max), ...Array.from({ length: targets }, (_, k) => OF_TARGET.map((name) => put(of[k]?.[name]))).flat()], i * width)
    },
    read() {
      const held = Math.min(seen, POINTS)
      const order = Array.from({ length: held }, (_, i) => (seen - held + i) % POINTS)
      const column = (k: number): Values => order.map((i) => (counts[i * width + k] === NONE ? null : counts[i * width + k]!))
      const rate = (k: number): Values => order.map((i) => (Number.isNaN(rates[i * 2 + k]) ? null : rates[i * 2 + k]!))
      return {
        at: order.map((i) => times[i]!),
        min: column(0),
        max: column(1),
        rate: rate(0),
        ahead: rate(1),
        targets: Array.from(
          { length: targets },
          (_, k) => Object.fromEntries(OF_TARGET.map((name, j) => [name, column(2 + k * OF_TARGET.length + j)])) as HistoryLines['targets'][number],
        ),
      }
    },
  }
}
