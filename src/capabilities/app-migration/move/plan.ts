/** The whole plan of a move: what would become of each object, and what stands in the way. Nothing is written. */
import type { ApiFacts } from '#core/kube/api-facts/facts.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Obstacle } from '../domain/obstacles.ts'
import type { Prepared } from '../domain/prepare.ts'
import { findObstacles, type ObstacleOptions } from './obstacles.ts'
import { type Existing, judge, type Verdict } from './target.ts'

export interface MovePlan {
  verdicts: readonly Verdict[]
  obstacles: readonly Obstacle[]
  /** How much keeps apply from beginning: blocked objects and obstacles that are errors. */
  blocking: number
}

export async function planMove(cluster: Cluster, prepared: Prepared, options: ObstacleOptions & { existing: Existing }): Promise<MovePlan> {
  const verdicts = await judge(cluster, prepared.waves, options.existing, 16, options.signal)
  const obstacles = await findObstacles(cluster, prepared, verdicts, options)
  const blocking = verdicts.filter(({ action }) => action === 'blocked').length + obstacles.filter(({ severity }) => severity === 'error').length
  return { verdicts, obstacles, blocking }
}

/** Newer servers than are known here serve at least what the newest known one does. */
export function minorOfVersion(serverVersion: string, facts: ApiFacts): number {
  return Math.min(Number(/^v?1\.(\d+)/.exec(serverVersion)?.[1] ?? facts.newest), facts.newest)
}
