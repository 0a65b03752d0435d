/** Latencies as counts in buckets that grow by 1 %: any threshold can be asked afterwards, and counts add up over pods and time. */
const GROWTH = 1.01
const LOG_GROWTH = Math.log(GROWTH)
const SMALLEST_MS = 0.05

/** 0.05 ms to about 10 minutes. */
export const BUCKETS = Math.ceil(Math.log(600_000 / SMALLEST_MS) / LOG_GROWTH)

/** Bucket of a latency in ms (≥ 0); what is smaller or larger than the range goes to its end. */
export function bucketOf(ms: number): number {
  if (!(ms > SMALLEST_MS)) return 0
  return Math.min(BUCKETS - 1, Math.floor(Math.log(ms / SMALLEST_MS) / LOG_GROWTH))
}

/** Lower edge of a bucket, ms. */
export const edge = (bucket: number): number => SMALLEST_MS * GROWTH ** bucket

/** How many buckets further a multiple of a threshold lies. */
export const bucketsFor = (multiple: number): number => Math.round(Math.log(multiple) / LOG_GROWTH)

/** The first bucket that lies wholly beyond quantile `q` of the counts: what is in it or later is "slower than the quantile". */
export function beyond(q: number, counts: Float64Array | Uint32Array, total: number): number {
  let left = total * (1 - q)
  for (let bucket = BUCKETS - 1; bucket >= 0; bucket--) {
    left -= counts[bucket]!
    if (left < 0) return bucket + 1
  }
  return 0
}

/** Requests in `bucket` or a later one; beyond bucket `top` there is none. */
export function countFrom(bucket: number, counts: Float64Array | Uint32Array, top = BUCKETS - 1): number {
  let sum = 0
  for (let i = Math.max(0, bucket); i <= top; i++) sum += counts[i]!
  return sum
}

/** The latency at rank `q`, ms, within 0.5 %; undefined when nothing was counted. */
export function quantileOf(q: number, counts: Float64Array | Uint32Array, total: number): number | undefined {
  if (total === 0) return undefined
  const rank = q * (total - 1)
  let seen = 0
  for (let i = 0; i < BUCKETS; i++) {
    seen += counts[i]!
    if (rank < seen) return edge(i) * Math.sqrt(GROWTH)
  }
  return undefined
}
