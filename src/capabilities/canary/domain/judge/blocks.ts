/** Requests, in whatever order they come, as counts per block of time, arm and pod. */
import { BUCKETS, bucketOf } from './latency-buckets.ts'

/** Evidence is looked at this often. */
export const BLOCK_MS = 15_000

export type Arm = 'stable' | 'canary'

export interface CanaryRequest {
  /** ms since the epoch. */
  ts: number
  arm: Arm
  /** HTTP status; 0: there was none. */
  status: number
  /** NaN: not logged. */
  latencyMs: number
  /** '' when not known. */
  pod: string
  /** Of the answer; left out: not logged. */
  bytes?: number
}

/** What one pod answered in one block. */
export interface PodCounts {
  requests: number
  errors: number
  rejected: number
  /** Waited for in vain: 408, 499, 504, and no status at all. */
  timeouts: number
  /** Requests whose bytes are known, their sum and that of their squares. */
  sized: number
  sumBytes: number
  squaredBytes: number
  /** Requests whose latency is known, their sum in ms and the largest. */
  timed: number
  sumMs: number
  maxMs: number
  /** Per bucket of latency; beyond bucket `top` there is none. */
  latency: Uint32Array
  top: number
}

export interface Block {
  /** ms since the epoch. */
  from: number
  to: number
  stable: ReadonlyMap<string, PodCounts>
  canary: ReadonlyMap<string, PodCounts>
}

export const emptyCounts = (): PodCounts => ({
  requests: 0,
  errors: 0,
  rejected: 0,
  timeouts: 0,
  sized: 0,
  sumBytes: 0,
  squaredBytes: 0,
  timed: 0,
  sumMs: 0,
  maxMs: 0,
  latency: new Uint32Array(BUCKETS),
  top: -1,
})

/** All pods together. */
export function totalOf(pods: Iterable<PodCounts>): PodCounts {
  const sum = emptyCounts()
  for (const counts of pods) addCounts(sum, counts)
  return sum
}

export function addCounts(sum: PodCounts, counts: PodCounts): void {
  sum.requests += counts.requests
  sum.errors += counts.errors
  sum.rejected += counts.rejected
  sum.timeouts += counts.timeouts
  sum.sized += counts.sized
  sum.sumBytes += counts.sumBytes
  sum.squaredBytes += counts.squaredBytes
  sum.timed += counts.timed
  sum.sumMs += counts.sumMs
  sum.maxMs = Math.max(sum.maxMs, counts.maxMs)
  for (let i = 0; i <= counts.top; i++) sum.latency[i]! += counts.latency[i]!
  if (counts.top > sum.top) sum.top = counts.top
}

/** 499: nginx' word for a client that gave up waiting. */
export const isError = (status: number): boolean => status >= 500 || status === 499 || status === 0
const isTimeout = (status: number): boolean => status === 504 || status === 499 || status === 408 || status === 0
const isRejected = (status: number): boolean => status >= 400 && status < 499

/** Adds a request to the counts; `bucket` is `bucketOf(latencyMs)`, or -1 when it is not known. */
export function countRequest(counts: PodCounts, status: number, latencyMs: number, bucket: number, bytes?: number): void {
  counts.requests++
  if (isError(status)) counts.errors++
  else if (isRejected(status)) counts.rejected++
  if (isTimeout(status)) counts.timeouts++
  if (bytes !== undefined) {
    counts.sized++
    counts.sumBytes += bytes
    counts.squaredBytes += bytes * bytes
  }
  if (bucket >= 0) {
    counts.timed++
    counts.sumMs += latencyMs
    if (latencyMs > counts.maxMs) counts.maxMs = latencyMs
    counts.latency[bucket]!++
    if (bucket > counts.top) counts.top = bucket
  }
}

/** Pods told apart in one arm and block; the requests of more are counted as one pod. */
const MAX_PODS = 500
const OTHER_PODS = '{other}'

interface OpenBlock {
  stable: Map<string, PodCounts>
  canary: Map<string, PodCounts>
}

export interface Blocks {
  /** False: the request came after its block had been given away. */
  add(request: CanaryRequest): boolean
  /** The rest, oldest first. */
  end(): void
}

/**
 * Calls `give` with each block in the order of time, gaps left out. A block is kept open as long as memory allows (`maxCells`: pods in open blocks,
 * about 7 kB each), so that files that are not sorted by time are read right too.
 */
export function collectBlocks(give: (block: Block) => void, { blockMs = BLOCK_MS, maxCells = 10_000 } = {}): Blocks {
  const open = new Map<number, OpenBlock>()
  let cells = 0
  let givenUpTo = Number.NEGATIVE_INFINITY
  /** Blocks start at multiples of their length after the first request, so that a run's minutes are its own. */
  let origin: number | undefined
  let last: { from: number; arm: Arm; pod: string; counts: PodCounts } | undefined

  const giveOldest = () => {
    const from = Math.min(...open.keys())
    const block = open.get(from)!
    open.delete(from)
    cells -= block.stable.size + block.canary.size
    givenUpTo = from
    last = undefined
    give({ from, to: from + blockMs, ...block })
  }

  const find = (from: number, arm: Arm, pod: string): PodCounts => {
    let block = open.get(from)
    if (!block) {
      block = { stable: new Map(), canary: new Map() }
      open.set(from, block)
    }
    const pods = block[arm]
    const name = pods.has(pod) || pods.size < MAX_PODS ? pod : OTHER_PODS
    let counts = pods.get(name)
    if (!counts) {
      counts = emptyCounts()
      pods.set(name, counts)
      cells++
      while (cells > maxCells && open.size > 1) giveOldest()
    }
    return counts
  }

  return {
    add({ ts, arm, status, latencyMs, pod, bytes }) {
      origin ??= ts
      const from = origin + Math.floor((ts - origin) / blockMs) * blockMs
      if (from <= givenUpTo) return false
      if (last?.from !== from || last.arm !== arm || last.pod !== pod) last = { from, arm, pod, counts: find(from, arm, pod) }
      // Making room may have given this very block away.
      if (from <= givenUpTo) return false
      countRequest(last.counts, status, latencyMs, Number.isNaN(latencyMs) ? -1 : bucketOf(latencyMs), bytes)
      return true
    },
    end() {
      while (open.size > 0) giveOldest()
    },
  }
}
