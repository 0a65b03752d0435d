/**
 * A mergeable quantile sketch with bounded relative error (DDSketch: Masson, Rim, Lee, VLDB 2019), the same idea as ClickHouse's quantilesDD.
 * Buckets grow by gamma = (1 + accuracy) / (1 - accuracy); a quantile is off by at most `accuracy` of its true value.
 */
export class Sketch {
  static readonly ACCURACY = 0.005
  private static readonly GAMMA = (1 + Sketch.ACCURACY) / (1 - Sketch.ACCURACY)
  private static readonly LOG_GAMMA = Math.log(Sketch.GAMMA)
  /** Smaller values count as zero; larger ones as the largest bucket: 1 ns to about 11 days when values are seconds. */
  private static readonly MIN_KEY = Math.ceil(Math.log(1e-9) / Sketch.LOG_GAMMA)
  private static readonly MAX_KEY = Math.ceil(Math.log(1e6) / Sketch.LOG_GAMMA)

  count = 0
  private zeros = 0
  /** Counts of buckets `offset … offset + counts.length - 1`. */
  private counts = new Float64Array(0)
  private offset = 0

  /** `value` ≥ 0; NaN and negative values are the caller's to refuse: they throw. */
  add(value: number, times = 1): void {
    if (!(value >= 0)) throw new RangeError(`a sketch takes values from 0 up, not ${value}`)
    this.count += times
    if (value < 1e-9) {
      this.zeros += times
      return
    }
    const key = Math.min(Sketch.MAX_KEY, Math.max(Sketch.MIN_KEY, Math.ceil(Math.log(value) / Sketch.LOG_GAMMA)))
    this.cover(key, key)
    this.counts[key - this.offset]! += times
  }

  merge(other: Sketch): void {
    this.count += other.count
    this.zeros += other.zeros
    if (other.counts.length === 0) return
    this.cover(other.offset, other.offset + other.counts.length - 1)
    const shift = other.offset - this.offset
    for (let i = 0; i < other.counts.length; i++) this.counts[i + shift]! += other.counts[i]!
  }

  /** Calls `visit` with every key that holds something, ascending; with `addKey` the same sketch comes back. Key 0 is the zeros, keys stay below 4096. */
  each(visit: (key: number, times: number) => void): void {
    if (this.zeros > 0) visit(0, this.zeros)
    for (let i = 0; i < this.counts.length; i++) {
      const times = this.counts[i]!
      if (times > 0) visit(i + this.offset - Sketch.MIN_KEY + 1, times)
    }
  }

  /** Adds what `each` gave. */
  addKey(key: number, times: number): void {
    this.count += times
    if (key === 0) {
      this.zeros += times
      return
    }
    const bucket = key - 1 + Sketch.MIN_KEY
    this.cover(bucket, bucket)
    this.counts[bucket - this.offset]! += times
  }

  /** The value at rank `q` (0 … 1), or undefined when the sketch is empty. */
  quantile(q: number): number | undefined {
    if (this.count === 0) return undefined
    const rank = q * (this.count - 1)
    let seen = this.zeros
    if (rank < seen) return 0
    for (let i = 0; i < this.counts.length; i++) {
      seen += this.counts[i]!
      if (rank < seen) return (2 * Sketch.GAMMA ** (i + this.offset)) / (1 + Sketch.GAMMA)
    }
    return undefined
  }

  private cover(low: number, high: number): void {
    const end = this.offset + this.counts.length - 1
    if (this.counts.length > 0 && low >= this.offset && high <= end) return
    const from = this.counts.length > 0 ? Math.min(low, this.offset) : low
    const to = this.counts.length > 0 ? Math.max(high, end) : high
    // So that a slow drift does not copy at every step; what is small stays small, for there are thousands of them.
    const slack = Math.min(32, 4 + (this.counts.length >> 2))
    const start = from - slack
    const grown = new Float64Array(to - from + 1 + 2 * slack)
    if (this.counts.length > 0) grown.set(this.counts, this.offset - start)
    this.counts = grown
    this.offset = start
  }
}

/** Fewest requests for which quantile `q` means something: at least one observation lies beyond it. */
export const enoughFor = (q: number, count: number): boolean => count * (1 - q) >= 1 - 1e-9
