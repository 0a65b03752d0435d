/**
 * A/A check. A canary of one pod, or on one node, shows what its place does to it together with what its version does. Whether places matter here can be seen
 * before: stable's pods are judged against one another, each as if it were the canary. If one is "worse" by its place alone, one place proves nothing.
 */
import type { Block, PodCounts } from './blocks.ts'
import { createJudge, judgeBlock } from './judge.ts'
import type { JudgeConfig } from './limits.ts'
import { reportOf } from './report.ts'

export type PlacesFinding =
  | { state: 'passed'; pods: number; requests: number }
  | { state: 'failed'; pod: string; measures: string }
  /** `seen`: requests to the pod that has the second most. */
  | { state: 'few'; seen: number }
  | { state: 'onePod' }

/** Of the stable pods with the most requests. */
const MOST_PODS = 8
/** Of each pod that is judged. */
export const PLACE_REQUESTS = 1_000

/** `blocks`: stable alone, in the order of time. */
export function checkPlaces(blocks: readonly Block[], config: JudgeConfig): PlacesFinding {
  const requests = new Map<string, number>()
  for (const { stable } of blocks) for (const [pod, counts] of stable) if (pod !== '') requests.set(pod, (requests.get(pod) ?? 0) + counts.requests)
  if (requests.size < 2) return { state: 'onePod' }
  const busy = [...requests].toSorted(([, a], [, b]) => b - a).slice(0, MOST_PODS)
  if (busy[1]![1] < PLACE_REQUESTS) return { state: 'few', seen: busy[1]![1] }
  const judged = busy.filter(([, count]) => count >= PLACE_REQUESTS)
  // A chance of a false alarm over all of them together.
  const each: JudgeConfig = { ...config, warmUp: 0, minSoak: 0, expectedShare: undefined, falseRollback: config.falseRollback / judged.length }
  for (const [pod] of judged) {
    const judge = createJudge(each)
    for (const block of blocks) {
      const canary = new Map<string, PodCounts>()
      const stable = new Map(block.stable)
      const own = stable.get(pod)
      if (own) canary.set(pod, own)
      stable.delete(pod)
      if (judgeBlock(judge, { ...block, stable, canary }) !== 'rollback') continue
      const { evidence } = reportOf(judge, 'rollback')
      const measures = evidence.filter(({ finding }) => finding === 'exceeded').map(({ measure }) => measure)
      return { state: 'failed', pod, measures: measures.join(', ') }
    }
  }
  return { state: 'passed', pods: judged.length, requests: judged.reduce((sum, [, count]) => sum + count, 0) }
}
