/**
 * How much traffic may grow until a pod that is asked for now is ready: a linear forecast of the logarithm of growth, learned as it goes by recursive least squares
 * with forgetting (Ljung, System Identification, ch. 11), and a margin that is a quantile of its own past errors, scaled by how large they were lately.
 * Only the past is seen: every forecast is compared when its time has come.
 */

/** Requests in seconds [from, to); both are past. */
export type Requests = (from: number, to: number) => number

export interface Growth {
  /** Requests per second now. */
  level: number
  /** Of the highest rate until the horizon, relative to `level`: what is expected, and what is not exceeded at the quantile. */
  expected: number
  atMost: number
}

const DAY = 86_400
/** Ends of the windows behind us, whose rates the forecast reads, seconds. The first is the level. */
const WINDOWS = [10, 60, 120, 240, 480, 960] as const
const LEVEL = WINDOWS[0]
/** Traffic is learned for so long before anything is forecast, seconds. */
const WARM_UP = 1_000
const FORGET = 7 * DAY
/** Of the size of errors, seconds. */
const LATELY = 300
/** Errors that the quantile is taken of: a day of them. */
const ERRORS = DAY
/** The margin also grows with what is forecast: fast growth is less certain. */
const OF_GROWTH = 0.2
const LEAST_SPREAD = 0.002
const FEATURES = WINDOWS.length + 1
const RESORT = 720

/** A forecast until its time comes, as numbers in a row: at, due, level, spread, growth, then the features. */
const WIDTH = 5 + FEATURES

/** `every`: seconds between two calls. `remember`: seconds of errors that the quantile is taken of, which is most of the memory. `quantile` of the highest rate, 0 to 1. `least`: requests per second below which differences do not matter. */
export function createGrowth({ every, quantile, least, remember = ERRORS }: { every: number; quantile: number; least: number; remember?: number }) {
  const weights = new Float64Array(FEATURES)
  const covariance = new Float64Array(FEATURES * FEATURES)
  for (let i = 0; i < FEATURES; i++) covariance[i * FEATURES + i] = 100
  const gain = new Float64Array(FEATURES)
  // Three digits are enough for a quantile, and most of the memory of a workload is here.
  const errors = new Float16Array(Math.ceil(remember / every))
  let seen = 0
  let factor = 2.5
  let square = 4e-4
  /** A ring of forecasts, the oldest at `first`. */
  let pending = new Float64Array(32 * WIDTH)
  let first = 0
  let count = 0

  const learn = (requests: Requests, forecast: Float64Array) => {
    const at = forecast[0]!
    const due = forecast[1]!
    const level = forecast[2]!
    const spread = forecast[3]!
    const growth = forecast[4]!
    const features = forecast.subarray(5)
    let highest = 0
    for (let end = at + 5; end <= due; end += 5) highest = Math.max(highest, rate(requests, Math.max(at, end - LEVEL), end))
    const error = Math.log(Math.max(highest, least) / level) - growth
    const keep = 1 - every / FORGET
    let norm = keep
    for (let i = 0; i < FEATURES; i++) {
      let sum = 0
      for (let j = 0; j < FEATURES; j++) sum += covariance[i * FEATURES + j]! * features[j]!
      gain[i] = sum
      norm += sum * features[i]!
    }
    let trace = 0
    for (let i = 0; i < FEATURES; i++) {
      const step = gain[i]! / norm
      weights[i] = weights[i]! + step * error
      for (let j = 0; j < FEATURES; j++) covariance[i * FEATURES + j] = (covariance[i * FEATURES + j]! - step * gain[j]!) / keep
      trace += covariance[i * FEATURES + i]!
    }
    // A night without change must not wind it up.
    if (trace > 1e4) for (let i = 0; i < covariance.length; i++) covariance[i] = (covariance[i]! * 1e4) / trace
    square += (every / LATELY) * (Math.min(error * error, 25 * square) - square)
    errors[seen++ % errors.length] = error / spread
    if (seen % RESORT !== 0) return
    const sorted = errors.slice(0, Math.min(seen, errors.length)).sort()
    factor = Math.max(0, sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))]!)
  }

  /** Undefined until enough was seen. `horizon` in seconds. */
  return (now: number, horizon: number, requests: Requests): Growth | undefined => {
    if (now < WARM_UP) return undefined
    while (count > 0 && pending[first * WIDTH + 1]! <= now) {
      learn(requests, pending.subarray(first * WIDTH, (first + 1) * WIDTH))
      first = (((first + 1) * WIDTH) % pending.length) / WIDTH
      count--
    }
    const level = Math.max(rate(requests, now - LEVEL, now), least)
    const features = new Float64Array(FEATURES)
    for (let i = 1; i < WINDOWS.length; i++) features[i - 1] = Math.log(Math.max(rate(requests, now - WINDOWS[i]!, now - WINDOWS[i - 1]!), least) / level)
    features[WINDOWS.length - 1] = 0.05
    // What the same time did yesterday.
    const yesterday = now - DAY
    if (yesterday > WARM_UP)
      features[WINDOWS.length] = Math.log(
        Math.max(rate(requests, yesterday, yesterday + horizon + 60), least) / Math.max(rate(requests, yesterday - 60, yesterday), least),
      )
    let growth = 0
    for (let i = 0; i < FEATURES; i++) growth += weights[i]! * features[i]!
    growth = Math.max(-1, Math.min(1.5, growth))
    const spread = Math.sqrt(square) + LEAST_SPREAD + OF_GROWTH * Math.max(0, growth)
    if (count * WIDTH === pending.length) {
      const wider = new Float64Array(2 * pending.length)
      wider.set(pending.subarray(first * WIDTH))
      wider.set(pending.subarray(0, first * WIDTH), pending.length - first * WIDTH)
      pending = wider
      first = 0
    }
    const place = ((first + count++) * WIDTH) % pending.length
    pending.set([now, now + horizon, level, spread, growth], place)
    pending.set(features, place + 5)
    return { level, expected: Math.exp(growth), atMost: Math.exp(Math.max(0, growth + factor * spread)) }
  }
}

const rate = (requests: Requests, from: number, to: number) => requests(from, to) / (to - from)
