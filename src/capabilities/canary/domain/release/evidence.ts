/** Access rows of both arms as blocks of the judge. The rows since the analysis began are the only memory: folding them anew gives the same verdict. */
import { type Arm, BLOCK_MS, type Block, emptyCounts, type PodCounts, totalOf } from '../judge/blocks.ts'
import { createJudge, type JudgeState, judgeBlock } from '../judge/judge.ts'
import { BUCKETS } from '../judge/latency-buckets.ts'
import type { JudgeConfig } from '../judge/limits.ts'
import { type Decision, type JudgeReport, reportOf } from '../judge/report.ts'
import { createSplit, observeSplit, type Split, splitLeaks } from '../judge/split.ts'
import { say } from '../words.ts'

/** Of stable alone, before the canary gets its first request: thresholds of latency come from it. */
export const BEFORE_MS = 10 * 60_000
/** Proxies take up a new weight one after the other; blocks so soon after a change say nothing about the split. */
const SETTLE_MS = 30_000
/** Rows are there for queries 3 s after they were received. */
export const LAG_MS = 8_000
/** Clocks of proxies may differ by so much. */
const SKEW_MS = 60_000

export interface Arms {
  cluster: string
  namespace: string
  stable: string
  canary: string
  /** Does the proxy log the Service that really answered? ingress-nginx logs stable for both. */
  byService: boolean
  /** Addresses of pods. */
  addresses: Readonly<Record<Arm, readonly string[]>>
}

const LOG_GROWTH = Math.log(1.01)

/**
 * Counts by block, address, arm and bucket of latency, of rows in [from, to) ms. What a pod of ours answered is ours whatever the row says of its namespace:
 * where names have dashes, ingress-nginx' name of an upstream does not tell where the namespace ends.
 */
export const evidenceStatement = ({ cluster, namespace, stable, canary, byService, addresses }: Arms, origin: number, from: number, to: number) => ({
  sql: `SELECT
  toInt64(intDiv(toUnixTimestamp64Milli(ts) - {origin:Int64}, ${BLOCK_MS})) AS block,
  multiIf(has({canaryIps:Array(String)}, ip), 'canary', has({stableIps:Array(String)}, ip), 'stable', service = {canary:String}, 'canary',
    {byService:UInt8} = 1 AND service = {stable:String}, 'stable', '') AS of,
  substring(upstream_addr, 1, length(upstream_addr) - position(reverse(upstream_addr), ':')) AS ip,
  if(isNaN(request_time), -1, toInt32(least(${BUCKETS - 1}, greatest(0, floor(log(greatest(toFloat64(request_time) * 1000, 0.05) / 0.05) / ${LOG_GROWTH}))))) AS bucket,
  count() AS requests, countIf(status >= 500 OR status = 499 OR status = 0) AS errors, countIf(status >= 400 AND status < 499) AS rejected,
  countIf(status IN (0, 408, 499, 504)) AS timeouts, sum(toFloat64(bytes_out)) AS bytes, sum(toFloat64(bytes_out) * toFloat64(bytes_out)) AS squares,
  sumIf(toFloat64(request_time) * 1000, bucket >= 0) AS total, maxIf(toFloat64(request_time) * 1000, bucket >= 0) AS longest
FROM access
WHERE cluster = {cluster:String} AND ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
  AND of != '' AND (namespace IN ({namespace:String}, '') OR has({canaryIps:Array(String)}, ip) OR has({stableIps:Array(String)}, ip))
GROUP BY block, of, ip, bucket ORDER BY block`,
  params: { origin, from, to, cluster, namespace, stable, canary, byService: byService ? 1 : 0, canaryIps: addresses.canary, stableIps: addresses.stable },
})

export type EvidenceRow = readonly [
  block: number,
  arm: string,
  ip: string,
  bucket: number,
  requests: number,
  errors: number,
  rejected: number,
  timeouts: number,
  bytes: number,
  squares: number,
  total: number,
  longest: number,
]

export interface Fold {
  readonly judge: JudgeState
  /** ms of block 0; when the analysis began. */
  readonly origin: number
  readonly startedAt: number
  /** Blocks before this one are folded. */
  next: number
  decision: Decision
  split: Split | undefined
  /** Begin of the weight to which `split` belongs. */
  splitAt: number | undefined
  /** Of the canary, since the last change of the weight. */
  stepRequests: number
  /** Rows dated after now were seen in the last reading. */
  future: boolean
}

export const createFold = (config: Omit<JudgeConfig, 'expectedShare'>, startedAt: number): Fold => ({
  judge: createJudge({ ...config, expectedShare: undefined }),
  origin: startedAt - BEFORE_MS,
  startedAt,
  next: 0,
  decision: undefined,
  split: undefined,
  splitAt: undefined,
  stepRequests: 0,
  future: false,
})

export interface Weights {
  /** In order of time. */
  weights: readonly { at: number; weight: number }[]
  /** Marked requests come on top of the weight, so the share cannot be verified. */
  marked: boolean
}

/** Folds whole blocks up to `until` ms; rows must be those of the blocks from `fold.next` on. */
export function foldRows(fold: Fold, rows: readonly EvidenceRow[], until: number, asked: Weights, now: number): void {
  const last = Math.floor((until - fold.origin) / BLOCK_MS)
  fold.future = rows.some(([block]) => fold.origin + block * BLOCK_MS > now + SKEW_MS)
  // What was routed to the canary before the analysis is not part of it.
  const ours = rows.filter(([block, arm]) => arm !== 'canary' || fold.origin + (block + 1) * BLOCK_MS > fold.startedAt)
  for (const block of blocksOf(ours, fold.origin, fold.next, last)) {
    const judged = judgeBlock(fold.judge, block)
    // Harm that was proven stays proven; that all margins are kept must be true now.
    if (fold.decision !== 'rollback') fold.decision = judged
    foldSplit(fold, block, asked)
  }
  fold.next = Math.max(fold.next, last)
}

/** The blocks [first, last), also those in which there was nothing. */
export function blocksOf(rows: readonly EvidenceRow[], origin: number, first: number, last: number): Block[] {
  const byBlock = new Map<number, Record<Arm, Map<string, PodCounts>>>()
  for (const [number, arm, ip, bucket, requests, errors, rejected, timeouts, bytes, squares, total, longest] of rows) {
    if (number < first || number >= last || (arm !== 'stable' && arm !== 'canary')) continue
    const block = byBlock.get(number) ?? { stable: new Map<string, PodCounts>(), canary: new Map<string, PodCounts>() }
    byBlock.set(number, block)
    const counts = block[arm].get(ip) ?? emptyCounts()
    block[arm].set(ip, counts)
    counts.requests += requests
    counts.errors += errors
    counts.rejected += rejected
    counts.timeouts += timeouts
    counts.sized += requests
    counts.sumBytes += bytes
    counts.squaredBytes += squares
    if (bucket < 0) continue
    counts.timed += requests
    counts.sumMs += total
    counts.maxMs = Math.max(counts.maxMs, longest)
    counts.latency[bucket]! += requests
    if (bucket > counts.top) counts.top = bucket
  }
  const blocks: Block[] = []
  for (let number = first; number < last; number++) {
    const from = origin + number * BLOCK_MS
    blocks.push({ from, to: from + BLOCK_MS, ...(byBlock.get(number) ?? { stable: new Map(), canary: new Map() }) })
  }
  return blocks
}

function foldSplit(fold: Fold, block: Block, { weights, marked }: Weights): void {
  const current = weights.findLast(({ at }) => at <= block.from)
  if (current === undefined) return
  if (fold.splitAt !== current.at) {
    fold.splitAt = current.at
    fold.stepRequests = 0
    fold.split = marked || current.weight <= 0 || current.weight >= 100 ? undefined : createSplit(current.weight / 100)
  }
  const canary = totalOf(block.canary.values()).requests
  fold.stepRequests += canary
  const changed = weights.some(({ at }) => at > block.from && at < block.to)
  if (fold.split && !changed && block.from >= current.at + SETTLE_MS) observeSplit(fold.split, canary, totalOf(block.stable.values()).requests)
}

export function foldReport(fold: Fold): { report: JudgeReport; decision: Decision } {
  const decision: Decision = fold.decision === 'rollback' ? 'rollback' : fold.split && splitLeaks(fold.split) ? 'split' : fold.decision
  const report = reportOf(fold.judge, decision)
  const { split } = fold
  if (!split) return { report, decision }
  const total = split.canary + split.stable
  const realized = total > 0 ? split.canary / total : null
  const reason = decision === 'split' ? say('splitIs', { realized: ((realized ?? 0) * 100).toFixed(1), asked: (split.asked * 100).toFixed(1) }) : report.reason
  return { report: { ...report, reason, split: { asked: split.asked, realized, right: decision !== 'split' } }, decision }
}
