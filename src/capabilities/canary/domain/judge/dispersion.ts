/**
 * How much more the counts of pods that run the *same* version vary than chance alone explains (noisy neighbors, sessions, retries). Measured on the stable pods,
 * over windows of doubling length, because noise that lasts for minutes hides in short ones; the largest counts. Evidence is divided by it (quasi-likelihood:
 * Wedderburn 1974), else ordinary noise between pods is taken for a bad version.
 */
const LEVELS = 10
/** Weight, in windows, of "chance alone" before anything was seen. */
const PRIOR = 3
/** An estimate counts when chance alone would give it less often than about once in 15 times. */
const SIGNIFICANT = 1.5
/** Pods of which windows are kept; in a long run with many restarts the later ones are left out. */
const MAX_PODS = 5_000

interface Window {
  events: number
  expected: number
  variance: number
}

interface Level {
  /** Blocks, or windows of the level below, since the last window was closed. */
  parts: number
  pods: Map<string, Window>
  squares: number
  variance: number
  expected: number
  windows: number
}

export interface Dispersion {
  /** The last one holds a single window: the whole run. */
  levels: Level[]
}

export const createDispersion = (): Dispersion => ({
  levels: Array.from({ length: LEVELS + 1 }, () => ({ parts: 0, pods: new Map(), squares: 0, variance: 0, expected: 0, windows: 0 })),
})

export const copyOfDispersion = ({ levels }: Dispersion): Dispersion => ({
  levels: levels.map((level) => ({ ...level, pods: new Map(Array.from(level.pods, ([pod, window]) => [pod, { ...window }])) })),
})

export interface PodEvents {
  pod: string
  events: number
  requests: number
}

/** One block of the stable arm. */
export function observePods({ levels }: Dispersion, pods: readonly PodEvents[]): void {
  let events = 0
  let requests = 0
  for (const pod of pods) {
    events += pod.events
    requests += pod.requests
  }
  for (const pod of pods) {
    const rate = events / requests
    // The pods share the events of the block: hypergeometric.
    const expected = pod.requests * rate
    const window = { events: pod.events, expected, variance: expected * (1 - rate) * (1 - pod.requests / requests) }
    add(levels[0]!.pods, pod.pod, window)
    add(levels[LEVELS]!.pods, pod.pod, window)
  }
  carry(levels, 0)
}

function add(windows: Map<string, Window>, pod: string, more: Window): void {
  const window = windows.get(pod)
  if (window) {
    window.events += more.events
    window.expected += more.expected
    window.variance += more.variance
  } else if (windows.size < MAX_PODS) windows.set(pod, { ...more })
}

/** Closes the window of a level and hands its pods to the next one, which closes at every second. */
function carry(levels: Level[], index: number): void {
  const level = levels[index]!
  const next = index + 1 < LEVELS ? levels[index + 1]! : undefined
  for (const [pod, window] of level.pods) {
    count(level, window)
    if (next) add(next.pods, pod, window)
  }
  level.pods.clear()
  if (next && ++next.parts % 2 === 0) carry(levels, index + 1)
}

function count(level: Pick<Level, 'squares' | 'variance' | 'expected' | 'windows'>, { events, expected, variance }: Window): void {
  if (variance === 0) return
  level.squares += (events - expected) ** 2
  level.variance += variance
  level.expected += expected
  level.windows++
}

/** What the windows of one length say. */
export interface Noise {
  /** Variance in multiples of chance alone, ≥ 1. */
  variance: number
  /** Events that are expected of a pod in such a window. */
  expected: number
  /** Share of the requests that are no event. */
  rest: number
}

/** One entry per length of window; undefined with fewer than 2 stable pods: noise between pods cannot be known. */
export function noiseOf({ levels }: Dispersion): Noise[] | undefined {
  const whole = levels[LEVELS]!
  const pods = whole.pods.size
  if (pods < 2) return undefined
  const run = { squares: 0, variance: 0, expected: 0, windows: 0 }
  for (const window of whole.pods.values()) count(run, window)
  return [...levels.slice(0, LEVELS), run].map(({ squares, variance, expected, windows }) => {
    if (windows === 0) return { variance: 1, expected: 0, rest: 1 }
    // One degree of freedom of each window goes to the rate that its pods share.
    const freedom = (windows * (pods - 1)) / pods
    const mean = expected / windows
    return { variance: estimate(squares / variance, freedom, mean), expected: mean, rest: Math.min(1, ((variance / expected) * pods) / (pods - 1)) }
  })
}

/** `ratio` of observed to expected variance, drawn towards chance alone while there is little to go by, and only where it is no chance itself. */
function estimate(ratio: number, freedom: number, mean: number): number {
  const drawn = (PRIOR + freedom * ratio) / (PRIOR + freedom)
  return drawn > 1 + SIGNIFICANT * Math.sqrt((2 + 1 / mean) / (PRIOR + freedom)) ? drawn : 1
}

export const largest = (noise: readonly Noise[]): number => Math.max(1, ...noise.map(({ variance }) => variance))

/** How steeply the logarithm of the share beyond a quantile falls, per standard deviation of a lognormal latency (its hazard rate). */
const STEEPNESS = { p50: 0.798, p90: 1.755, p99: 2.665, p999: 3.367 }

/**
 * Noise that slows whole pods shows at the median first, where there are many events; the same noise moves the tail more, where there are too few events to
 * see it. So what `from` shows is what `to` has at least, for lognormal latencies.
 */
export function implied(from: readonly Noise[], fromQuantile: keyof typeof STEEPNESS, to: readonly Noise[], toQuantile: keyof typeof STEEPNESS): Noise[] {
  const steeper = (STEEPNESS[toQuantile] / STEEPNESS[fromQuantile]) ** 2
  return to.map((noise, level) => {
    const { variance, expected, rest } = from[level]!
    if (expected === 0 || variance === 1) return noise
    // Squared relative spread of the pods' rates, beyond chance.
    const spread = ((variance - 1) * rest) / expected
    return { ...noise, variance: Math.max(noise.variance, 1 + Math.expm1(Math.min(3, spread * steeper)) * noise.expected) }
  })
}

/** How much the canary's own counts vary from window to window around its own rate: errors of one session come together, and are not as many proofs. */
export interface OwnNoise {
  readonly windows: readonly OwnWindow[]
}

interface OwnWindow {
  /** Blocks in a window, and those of the open one. */
  readonly blocks: number
  parts: number
  events: number
  requests: number
  /** Of the closed windows: their number and sums of events², events × requests, requests², requests, events. */
  count: number
  ee: number
  er: number
  rr: number
  r: number
  e: number
}

export const createOwnNoise = (): OwnNoise => ({
  windows: [1, 4].map((blocks) => ({ blocks, parts: 0, events: 0, requests: 0, count: 0, ee: 0, er: 0, rr: 0, r: 0, e: 0 })),
})

export const copyOfOwn = ({ windows }: OwnNoise): OwnNoise => ({ windows: windows.map((window) => ({ ...window })) })

export function observeOwn({ windows }: OwnNoise, events: number, requests: number): void {
  for (const window of windows) {
    window.events += events
    window.requests += requests
    if (++window.parts < window.blocks) continue
    window.count++
    window.ee += window.events ** 2
    window.er += window.events * window.requests
    window.rr += window.requests ** 2
    window.r += window.requests
    window.e += window.events
    window.parts = window.events = window.requests = 0
  }
}

/** Variance in multiples of chance alone, ≥ 1. */
export function ownNoiseOf({ windows }: OwnNoise): number {
  return Math.max(
    1,
    ...windows.map(({ count, ee, er, rr, r, e }) => {
      if (count < 2 || e === 0) return 1
      const rate = e / r
      return estimate((ee - 2 * rate * er + rate * rate * rr) / (e * (1 - rate) + Number.MIN_VALUE), count - 1, e / count)
    }),
  )
}
