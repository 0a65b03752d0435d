import type { Sketch } from '../../stats/sketch.ts'

/** What one batch of requests adds to one route in one second of arrival time. */
export interface LiveBucket {
  cluster: string
  route: string
  namespace: string
  service: string
  arm: string
  /** Start of the second of arrival, ms since the epoch. */
  second: number
  requests: number
  /** Counts by status class, index 0 = 1xx … 4 = 5xx. */
  classes: Uint32Array
  /** Answers with status 499 (client gave up); they are in `classes[3]` too, and no success. */
  s499: number
  /** Answers with status 504 (the upstream timed out); they are in `classes[4]` too. */
  s504: number
  bytesIn: number
  bytesOut: number
  /** Requests whose time was logged, and those times in seconds. */
  timed: number
  timeSum: number
  timeMax: number
  times: Sketch
  /** Largest arrival time minus event time in this bucket, ms. */
  lateness: number
}

export interface LiveWindow {
  /** Merged over the asked seconds; undefined fields do not exist: an empty window has requests 0 and no sketch content. */
  total: LiveBucket
  perSecond: readonly LiveBucket[]
  /** Age of the newest arrival of any route of this cluster, ms; undefined: nothing has arrived yet, so 0 requests is not known to be true. */
  freshnessMs?: number
  /** Of this cluster: senders of lines heard in the last 15 minutes, and those of them from whom the next batch is long overdue. What they saw is missing. */
  senders: number
  silent: number
  /** Share of the asked window that the stream covers (it keeps the last 15 minutes, since the server started). */
  completeness: number
}

/** Which traffic: fields left out match all. */
export interface RouteSelector {
  cluster: string
  route?: string
  namespace?: string
  service?: string
  arm?: string
}

/** Route under which the requests of routes beyond an implementation's bound are counted. */
export const OTHER_ROUTE = '{other}'

/** The last 15 minutes in memory by arrival time, one bucket per route and second; a line shows within 1.5 s. */
export interface LiveStream {
  /** `sender` tells apart whose lines these are, within their cluster. */
  publish(buckets: readonly LiveBucket[], sender?: string): void
  /** [from, to) in ms since the epoch. */
  window(select: RouteSelector, from: number, to: number): LiveWindow
  /** Requests of each second in [from, to), whole seconds, and nothing else of them: cheap enough to ask for thousands of services each second. NaN: the stream does not cover it. */
  requests(select: RouteSelector, from: number, to: number): readonly number[]
  /** Called at most once a second with the seconds that changed. Returns how to stop. */
  subscribe(listener: (changedSeconds: readonly number[]) => void): () => void
}
