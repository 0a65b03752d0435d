/**
 * Where the level of a noisy series jumped. At every point a line is laid through the points before and one through the points after, and the jump between
 * them at that point is judged (a regression discontinuity: Thistlethwaite, Campbell 1960), so that the curve of a day is no change. The lines are Theil-Sen's
 * (Sen 1968) and the noise is 1.4826 × MAD of differences (Hampel 1974): neither is moved by single outliers.
 */
export interface ChangePoint {
  /** First point of the new level. */
  index: number
  /** Medians before and after. */
  before: number
  after: number
  /** How many standard errors the step is high; always at least `least`. */
  score: number
}

export interface ChangeOptions {
  /** Points on each side; default a twenty-fourth of the series, 10 to 16. A curve that bends within it looks like a step. */
  window?: number
  /** Standard errors that a step must have. Default 5: see the measured rate of false alarms in the tests. */
  least?: number
  /** Share of the larger level that the step must have at least. Default 0.2. */
  share?: number
  /** Smallest step that matters, in the unit of the values. Default 0. */
  step?: number
  /** Makes the noise even over the range of levels: `sqrt` for counts, `log` for times, `asin` for shares. Default none. */
  scale?: 'sqrt' | 'log' | 'asin'
}

const SCALES: Record<NonNullable<ChangeOptions['scale']>, (v: number) => number> = {
  sqrt: (v) => Math.sqrt(Math.max(0, v)),
  log: (v) => Math.log(Math.max(1e-9, v)),
  asin: (v) => Math.asin(Math.sqrt(Math.min(1, Math.max(0, v)))),
}

/** @param values null where there is none; such points are passed over */
export function changePoints(values: readonly (number | null)[], options: ChangeOptions = {}): ChangePoint[] {
  const { least = 5, share = 0.2, step = 0, scale } = options
  const at: number[] = []
  const plain: number[] = []
  values.forEach((value, i) => {
    if (value === null || !Number.isFinite(value)) return
    at.push(i)
    plain.push(value)
  })
  const n = plain.length
  const window = options.window ?? Math.min(16, Math.max(10, Math.floor(n / 24)))
  const shortest = Math.max(4, Math.floor(window / 2))
  if (n < window + shortest) return []
  const x = scale === undefined ? plain : plain.map(SCALES[scale])
  const differences = x.slice(1).map((value, i) => value - x[i]!)
  const overall = noise(differences)

  const candidates: ChangePoint[] = []
  for (let i = window; i <= n - shortest; i++) {
    const left = x.slice(i - window, i)
    const right = x.slice(i, Math.min(n, i + window))
    const before = median(plain.slice(i - window, i))
    const after = median(plain.slice(i, i + right.length))
    if (Math.abs(after - before) < Math.max(step, share * Math.max(Math.abs(before), Math.abs(after)), Number.MIN_VALUE)) continue
    // The difference across the step itself is no noise.
    const sigma = Math.max(overall, noise([...differences.slice(i - window, i - 1), ...differences.slice(i, i + right.length - 1)]))
    const sides = 1 / left.length + 1 / right.length
    // Lines cannot find what is not there between medians either; most points are done here.
    if (Math.abs(median(right) - median(left)) < least * sigma * Math.sqrt((Math.PI / 2) * sides)) continue
    const jump = valueAt(right, -0.5) - valueAt(left, left.length - 0.5)
    if (Math.sign(jump) !== Math.sign(after - before)) continue
    // The end of a fitted line has four times the variance of its middle.
    const error = sigma * Math.sqrt((Math.PI / 3) * 4 * sides)
    const score = error === 0 ? (jump === 0 ? 0 : Number.POSITIVE_INFINITY) : Math.abs(jump) / error
    if (score >= least) candidates.push({ index: i, before, after, score })
  }
  return strongest(candidates, x, window).map((point) => ({ ...point, index: at[point.index]! }))
}

/**
 * The values without what repeats every `period` points: each is divided by the median of its phase, and brought back to the overall level.
 * Needs three periods to tell what repeats from what changed; with fewer the values come back as they are.
 */
export function withoutSeason(values: readonly (number | null)[], period: number): readonly (number | null)[] {
  if (values.length < 3 * period) return values
  const present = (list: readonly (number | null)[]) => list.filter((value) => value !== null)
  const level = median(present(values))
  const phases = Array.from({ length: period }, (_, phase) => median(present(values.filter((_, i) => i % period === phase))))
  return values.map((value, i) => {
    const phase = phases[i % period]!
    return value === null || phase === 0 ? null : (value / phase) * level
  })
}

/** One point for each step: of those closer than a window, the one where the values jump most. */
function strongest(candidates: readonly ChangePoint[], x: readonly number[], window: number): ChangePoint[] {
  // Around a clean step many splits have about the same score; the fit of two levels decides.
  const misfit = ({ index }: ChangePoint) => spread(x.slice(Math.max(0, index - window), index)) + spread(x.slice(index, index + window))
  const chosen: ChangePoint[] = []
  let group: ChangePoint[] = []
  const close = () => {
    if (group.length === 0) return
    chosen.push(group.reduce((best, point) => (misfit(point) < misfit(best) ? point : best)))
    group = []
  }
  for (const point of candidates) {
    const last = group[group.length - 1]
    const turned = last !== undefined && Math.sign(last.after - last.before) !== Math.sign(point.after - point.before)
    if (last !== undefined && (turned || point.index - last.index > window / 2)) close()
    group.push(point)
  }
  close()
  return chosen
}

const spread = (part: readonly number[]): number => {
  const middle = median(part)
  return part.reduce((sum, value) => sum + Math.abs(value - middle), 0)
}

/** Value at `position` of the Theil-Sen line through the points 0, 1, 2 … */
function valueAt(points: readonly number[], position: number): number {
  const slopes: number[] = []
  for (let i = 0; i < points.length; i++) for (let j = i + 1; j < points.length; j++) slopes.push((points[j]! - points[i]!) / (j - i))
  const slope = median(slopes)
  return median(points.map((value, i) => value - slope * i)) + slope * position
}

/** Standard deviation of the values whose differences these are, unmoved by outliers. */
const noise = (differences: readonly number[]): number => (1.4826 * median(differences.map(Math.abs))) / Math.SQRT2

export function median(values: readonly number[]): number {
  if (values.length === 0) return 0
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
