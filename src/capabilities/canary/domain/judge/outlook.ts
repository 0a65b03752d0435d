/** Before the start: how long a promotion will take at the traffic of now, if the canary is as good as stable. */
import { BLOCK_MS, type Block, totalOf } from './blocks.ts'
import { growthPerRequest, MIXTURE } from './forecast.ts'
import { createJudge, type JudgeState, judgeBlock, noiseBetweenPods, thinningOf } from './judge.ts'
import { isLatency, type JudgeConfig, type Measure, QUANTILES } from './limits.ts'

export interface OutlookStep {
  /** Of the canary, 0 to 1. */
  share: number
  /** ms */
  hold: number
}
export interface Outlook {
  /** Until the promotion; null: never within the limit. */
  minutes: number | null
  /** What takes longest. */
  measure: Measure | null
}

/** `blocks`: stable alone, in the order of time; undefined when there was too little of it to tell. */
export function outlookOf(
  config: JudgeConfig,
  blocks: readonly Block[],
  steps: readonly OutlookStep[],
  canaryPods: number,
  limitMs: number,
): Outlook | undefined {
  const judge = createJudge({ ...config, expectedShare: undefined })
  const sum = { requests: 0, errors: 0, rejected: 0 }
  const pods = new Set<string>()
  for (const block of blocks) {
    judgeBlock(judge, block)
    const { requests, errors, rejected } = totalOf(block.stable.values())
    sum.requests += requests
    sum.errors += errors
    sum.rejected += rejected
    for (const pod of block.stable.keys()) pods.add(pod)
  }
  const first = blocks[0]
  if (first === undefined || sum.requests < 100) return undefined
  const perBlock = (sum.requests / (blocks.at(-1)!.to - first.from)) * BLOCK_MS
  const needed = Math.log(1 / config.falsePromotion) + MIXTURE
  const gates = judge.measures.filter(({ measure }) => config.measures[measure].gate)
  const evidence = new Map<Measure, number>(gates.map(({ measure }) => [measure, 0]))
  const held = steps.reduce((total, { hold }) => total + hold, 0)
  let slowest: Measure | null = null
  for (let at = 0; at <= limitMs; at += BLOCK_MS) {
    const open = gates.filter(({ measure }) => evidence.get(measure)! < needed)
    if (open.length === 0 && at >= held && at >= config.minSoak) return { minutes: Math.ceil(at / 60_000), measure: slowest }
    if (open.length > 0) slowest = open.reduce((a, b) => (evidence.get(a.measure)! < evidence.get(b.measure)! ? a : b)).measure
    const share = shareAt(steps, at)
    if (at < config.warmUp || share <= 0 || share >= 1) continue
    for (const one of open) {
      const rate = isLatency(one.measure) ? 1 - QUANTILES[one.measure] : (sum[one.measure] + 0.5) / (sum.requests + 1)
      const growth = growthPerRequest(config, one.measure, {
        rate,
        stablePerCanary: (1 - share) / share,
        variance: varianceAt(judge, one, rate, share, canaryPods, pods.size),
        ratio: thinningOf(judge, one.measure),
      })
      evidence.set(one.measure, evidence.get(one.measure)! + Math.max(0, growth) * perBlock * share)
    }
  }
  return { minutes: null, measure: slowest }
}

function shareAt(steps: readonly OutlookStep[], at: number): number {
  let end = 0
  for (const { share, hold } of steps) {
    end += hold
    if (at < end) return share
  }
  return steps.at(-1)?.share ?? 0
}

/** As the judge will have it once the canary runs: its pods may carry more of the noise than stable's. */
function varianceAt(judge: JudgeState, one: JudgeState['measures'][number], rate: number, share: number, canaryPods: number, stablePods: number): number {
  const noise = noiseBetweenPods(judge, one) ?? 1
  const perPod = share / canaryPods / ((1 - share) / Math.max(1, stablePods))
  return ((1 + (noise - 1) * Math.max(1, perPod)) * (1 - share) + noise * share) * (1 - rate)
}
