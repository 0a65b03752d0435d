/** What a Migration asks for next, and what its status is to say. */
import type { Problem } from '#core/kernel/errors.ts'
import type { Plan, Step } from '#core/shapes/plan.ts'
import type { Migration, MigrationStatus } from '../resources/migration.ts'
import { type MoveState, UNDER_WAY } from './move-states.ts'
import type { AppMove } from './moves.ts'

export interface MigrationFacts {
  cluster: string
  /** `namespace/name` */
  key: string
  /** Undefined: it is gone. */
  migration?: Migration
  problems: readonly Problem[]
  /** Its run on this server, with the generation it was begun for. */
  run?: { move: AppMove; generation: number }
}

type Action = Migration['spec']['action']
/** How each action may end. */
const ENDS: Readonly<Record<Action, readonly MigrationStatus['phase'][]>> = {
  plan: ['Planned', 'Blocked', 'Failed'],
  copy: ['Copied', 'Blocked', 'Failed'],
  apply: ['Done', 'Differs', 'Blocked', 'Failed'],
  rollback: ['RolledBack', 'Failed'],
}

/** One step at most: stop a run that is no longer wanted, or begin what is asked for. Ended for this generation is ended: a failure waits for a change. */
export function decideMigration({ cluster, key, migration, problems, run }: MigrationFacts, now: number, id: string): Plan {
  const plan = { id, by: 'migration', cluster, subject: `Migration ${key}`, decidedAt: now, steps: [] as Step[] }
  if (migration === undefined) return { ...plan, idle: 'it is gone' }
  if (problems.length > 0) return { ...plan, idle: 'something is wrong with it' }
  const generation = migration.metadata.generation ?? 0
  const { action } = migration.spec
  const step = (what: string, why: string, reversible: boolean, does: string): Plan => ({
    ...plan,
    steps: [{ what, why, evidence: [{ name: 'generation', value: generation, at: now, source: 'metadata.generation' }], reversible, action: { [does]: key } }],
  })
  if (run !== undefined && UNDER_WAY.includes(run.move.state)) {
    if (run.generation === generation) return { ...plan, idle: 'it runs' }
    return step(`stop the run of Migration ${key}`, 'its spec was changed', true, 'stop')
  }
  // It ended just now; the status is still to say so.
  if (run !== undefined && run.generation === generation && run.move.state !== 'stopped') return { ...plan, idle: 'it has ended' }
  const { phase, observedGeneration } = migration.status ?? {}
  if (observedGeneration === generation && ENDS[action].includes(phase)) return { ...plan, idle: 'it has ended' }
  const why = observedGeneration === generation && phase !== undefined ? `it was interrupted while ${phase}` : `spec.action is ${action}`
  if (action === 'plan') return step(`plan Migration ${key}; nothing is written`, why, true, 'plan')
  if (action === 'rollback') return step(`undo what Migration ${key} wrote`, why, false, 'rollback')
  if (action === 'copy') return step(`copy the data of the claims of Migration ${key}`, why, true, 'copy')
  return step(`write the objects of Migration ${key} to its target`, why, true, 'apply')
}

const PHASES: Readonly<Record<MoveState, MigrationStatus['phase'] | undefined>> = {
  planning: 'Planning',
  planned: 'Planned',
  applying: 'Applying',
  verifying: 'Verifying',
  copied: 'Copied',
  done: 'Done',
  differs: 'Differs',
  blocked: 'Blocked',
  failed: 'Failed',
  // It goes on by itself; the phase stays what it was.
  stopped: undefined,
  'rolling-back': 'RollingBack',
  'rolled-back': 'RolledBack',
}
const MOST_LINES = 50
// biome-ignore lint/style/noRestrictedGlobals: reads no clock
const iso = (ms: number): string => new Date(ms).toISOString()

export type StatusPatch = { [Key in keyof MigrationStatus]?: MigrationStatus[Key] | null }

export const invalidStatus = (generation: number, problems: readonly Problem[]): StatusPatch => ({
  observedGeneration: generation,
  phase: 'Invalid',
  message: problems
    .map(({ path, message }) => `${path} ${message}`)
    .join('; ')
    .slice(0, 2_000),
})

/** Fields that are to go are null, as a merge patch has them. */
export function statusOfMove(move: AppMove, generation: number): StatusPatch {
  const { progress, counts, data, verified, obstacles, blocking, error, failedAt } = move
  const failing = [...(verified?.different ?? []), ...(verified?.unready ?? []), ...(verified?.failing ?? []).map((name) => `Service ${name}`)]
  const message =
    error === undefined
      ? null
      : failedAt === undefined
        ? error.message
        : `wave ${failedAt.wave} failed at ${failedAt.object}; ${failedAt.undone ? 'what it did is undone' : 'not all of it could be undone'}: ${error.message}`
  return {
    observedGeneration: generation,
    ...(PHASES[move.state] === undefined ? {} : { phase: PHASES[move.state]! }),
    startedAt: iso(move.createdAt),
    endedAt: move.endedAt === undefined ? null : iso(move.endedAt),
    ...progress,
    created: counts?.created ?? null,
    updated: counts?.updated ?? null,
    skipped: counts?.skipped ?? null,
    volumes: data?.map((one) => ({ ...one })) ?? null,
    blocking: blocking ?? null,
    obstacles: obstacles?.slice(0, MOST_LINES).map(({ severity, object, text }) => ({ severity, object, text })) ?? null,
    failing: verified === undefined ? null : failing.slice(0, MOST_LINES),
    message: message?.slice(0, 2_000) ?? null,
  }
}

/** A Migration as the console shows it. */
export interface MigrationRow {
  namespace: string
  name: string
  action: Action
  /** Whether `copy` can be asked for. */
  copies: boolean
  /** Whether the status is about the spec of now. */
  current: boolean
  status: Partial<MigrationStatus>
}
