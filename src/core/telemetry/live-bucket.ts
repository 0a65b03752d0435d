/** Arithmetic on live buckets: one place for whoever fills, keeps or reads the live stream. */
import type { LiveBucket } from '../shapes/ports/live-stream.ts'
import { Sketch } from '../stats/sketch.ts'

export type LiveKey = Pick<LiveBucket, 'cluster' | 'route' | 'namespace' | 'service' | 'arm' | 'second'>

/** A bucket in which nothing has been counted. */
export const emptyBucket = ({ cluster, route, namespace, service, arm, second }: LiveKey): LiveBucket => ({
  cluster,
  route,
  namespace,
  service,
  arm,
  second,
  requests: 0,
  classes: new Uint32Array(5),
  s499: 0,
  s504: 0,
  bytesIn: 0,
  bytesOut: 0,
  timed: 0,
  timeSum: 0,
  timeMax: 0,
  times: new Sketch(),
  lateness: 0,
})

/** Adds the counts of `from` to `into`; `from` stays as it is. */
export function addBucket(into: LiveBucket, from: LiveBucket): void {
  into.requests += from.requests
  for (let i = 0; i < 5; i++) into.classes[i]! += from.classes[i]!
  into.s499 += from.s499
  into.s504 += from.s504
  into.bytesIn += from.bytesIn
  into.bytesOut += from.bytesOut
  into.timed += from.timed
  into.timeSum += from.timeSum
  into.timeMax = Math.max(into.timeMax, from.timeMax)
  into.times.merge(from.times)
  into.lateness = Math.max(into.lateness, from.lateness)
}

/** Share of requests that were answered as asked: no 5xx, no 499, and a status at all; null when there were none. */
export const successRate = (bucket: LiveBucket): number | null =>
  bucket.requests === 0 ? null : (bucket.classes[0]! + bucket.classes[1]! + bucket.classes[2]! + bucket.classes[3]! - bucket.s499) / bucket.requests
