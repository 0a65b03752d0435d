/** The live window as the API sends it. Pure. */
import type { LiveBucket, LiveWindow } from '#core/shapes/ports/live-stream.ts'
import { enoughFor } from '#core/stats/sketch.ts'
import { addBucket, emptyBucket, successRate } from '#core/telemetry/live-bucket.ts'
import type { LiveTick, RequestRow } from './api.ts'

/** Windows of different traffic over the same seconds, as one. */
export function joinWindows(windows: readonly LiveWindow[]): LiveWindow | undefined {
  const [first, ...rest] = windows
  if (!first || rest.length === 0) return first
  const copy = (bucket: LiveBucket) => {
    const sum = emptyBucket(bucket)
    addBucket(sum, bucket)
    return sum
  }
  const total = copy(first.total)
  const perSecond = first.perSecond.map(copy)
  for (const window of rest) {
    addBucket(total, window.total)
    window.perSecond.forEach((bucket, i) => {
      if (perSecond[i]) addBucket(perSecond[i], bucket)
    })
  }
  return { ...first, total, perSecond, completeness: Math.min(...windows.map(({ completeness }) => completeness)) }
}

/** Less is a window that began before the stream did; sums of shares of seconds end a little below 1. */
const COMPLETE = 0.999

const quantile = (bucket: LiveBucket, q: number): number | null => (enoughFor(q, bucket.timed) ? (bucket.times.quantile(q) ?? null) : null)

/** @param window asked from `from` to `now` */
export function liveTick(window: LiveWindow, from: number, now: number, latest: readonly RequestRow[]): LiveTick {
  const { total, perSecond, freshnessMs, completeness } = window
  return {
    now,
    freshnessMs: freshnessMs ?? null,
    completeness,
    incomplete: completeness < COMPLETE ? ['live'] : [],
    seconds: perSecond.map((bucket) => ({
      second: bucket.second,
      requests: bucket.requests,
      c4xx: bucket.classes[3]!,
      c5xx: bucket.classes[4]!,
      bytes_out: bucket.bytesOut,
      mean: bucket.timed === 0 ? null : bucket.timeSum / bucket.timed,
      p99: quantile(bucket, 0.99),
    })),
    total: {
      requests: total.requests,
      // Only what is covered counts, else the first minute after a start looks too quiet.
      qps: completeness > 0 ? (total.requests * 1000) / ((now - from) * completeness) : 0,
      success_rate: successRate(total),
      p50: quantile(total, 0.5),
      p99: quantile(total, 0.99),
      latenessMs: total.lateness,
    },
    latest: [...latest],
  }
}
