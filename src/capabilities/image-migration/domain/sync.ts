/** When an ImageSync runs, and what its status says: pure. */
import type { Problem } from '#core/kernel/errors.ts'
import type { Plan, Step } from '#core/shapes/plan.ts'
import { nextRunOf } from '#core/shapes/schedule.ts'
import { type ImageSync, type ImageSyncStatus, WANTED_SINCE } from '../resources/image-sync.ts'
import type { MoveState, MoveSummary } from './moves.ts'
import type { CopyRule } from './spec/rule.ts'

export interface SyncFacts {
  cluster: string
  /** `namespace/name` */
  key: string
  /** Undefined: it is gone. */
  sync?: ImageSync
  /** What is wrong with it; nothing is begun then. */
  problems: readonly Problem[]
  /** Of its last run, as far as this server knows it. */
  move?: MoveSummary
}

const LONGEST_PAUSE_MS = 86_400_000
/** How often a run that is under way is looked at. */
const WATCH_MS = 1_000

const isUnderWay = (move: MoveSummary | undefined): boolean => move !== undefined && move.endedAt === undefined
/** ms since the epoch of an RFC 3339 time. */
function at(time: string | undefined): number | undefined {
  // biome-ignore lint/style/noRestrictedGlobals: reads text, not the clock
  const ms = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(ms) ? undefined : ms
}
// biome-ignore lint/style/noRestrictedGlobals: writes text, does not read the clock
const iso = (ms: number): string => new Date(ms).toISOString()

/** Why it is to run now; undefined: it is not. */
function reason({ sync, move }: SyncFacts & { sync: ImageSync }, now: number): Pick<Step, 'why' | 'evidence'> | undefined {
  const { metadata, status = {} } = sync
  const started = at(status.lastStartedAt)
  const because = (why: string, name: string, value: string | number, time: number) => ({ why, evidence: [{ name, value, at: time, source: 'ImageSync' }] })
  if (started === undefined) return because('it never ran', 'lastStartedAt', 'none', now)
  if (status.observedGeneration !== metadata.generation) return because('its spec changed', 'generation', metadata.generation ?? 0, now)
  if (status.phase === 'Running' && (move === undefined || move.state === 'interrupted'))
    return because('its last run was cut off by the end of the server', 'move', status.move ?? 'none', started)
  const wanted = at(metadata.annotations?.[WANTED_SINCE])
  if (wanted !== undefined && wanted > started && wanted <= now)
    return because('a push was reported, or somebody asked for it', WANTED_SINCE, iso(wanted), wanted)
  const due = nextRunOf(sync.spec, started)
  if (due !== undefined && due <= now) return because('its schedule says so', 'schedule', sync.spec.schedule!, due)
  return undefined
}

/** One step when it is to run now. */
export function decideSync(facts: SyncFacts, now: number, id: string): Plan {
  const { cluster, key, sync, problems, move } = facts
  const plan = { id, by: 'image-sync', cluster, subject: `ImageSync ${key}`, decidedAt: now, steps: [] as Step[] }
  if (sync === undefined) return { ...plan, idle: 'it is gone' }
  if (problems.length > 0) return { ...plan, idle: 'something is wrong with it' }
  if (isUnderWay(move)) return { ...plan, idle: 'it runs' }
  if (sync.spec.suspend) return { ...plan, idle: 'it is suspended' }
  const why = reason({ ...facts, sync }, now)
  if (why === undefined) return { ...plan, idle: 'nothing is due' }
  const what = `sync the images of ImageSync ${key}${sync.spec.prune === 'delete' ? ', then remove what it copied and the source no longer has' : ''}`
  return { ...plan, steps: [{ what, ...why, reversible: false, action: { start: key } }] }
}

const PHASES: Partial<Record<MoveState, ImageSyncStatus['phase']>> = { done: 'Synced', partly: 'Partly', failed: 'Failed', canceled: 'Failed' }

/** What the status is to say now; fields that are to go are null, as a merge patch has them. */
export function statusOf(
  { sync, problems, move }: SyncFacts & { sync: ImageSync },
  now: number,
): { [Key in keyof ImageSyncStatus]: ImageSyncStatus[Key] | null } {
  const base = { observedGeneration: sync.metadata.generation ?? 0 }
  if (problems.length > 0)
    return {
      ...base,
      phase: 'Invalid',
      nextRunAt: null,
      message: problems
        .map(({ path, message }) => `${path} ${message}`)
        .join('; ')
        .slice(0, 2_000),
    }
  const started = at(sync.status?.lastStartedAt)
  const next = sync.spec.suspend ? undefined : nextRunOf(sync.spec, Math.max(started ?? now, now))
  const nextRunAt = next === undefined ? null : iso(next)
  if (isUnderWay(move)) {
    // What it was begun for stays observed: a spec that changed meanwhile is still to be run.
    const observed = started === undefined ? {} : { observedGeneration: sync.status?.observedGeneration ?? 0 }
    return { ...observed, phase: 'Running', nextRunAt, message: null }
  }
  const ended = move && {
    ...(PHASES[move.state] === undefined ? {} : { phase: PHASES[move.state]! }),
    ...(move.endedAt === undefined ? {} : { lastEndedAt: iso(move.endedAt) }),
    images: move.progress.pairs,
    copied: move.counts.copied,
    failed: move.counts.failed,
    removed: move.pruned?.removed ?? null,
    prunable: move.pruned?.extra ?? null,
    bytesSent: move.bytesSent,
    message: move.failure?.message.slice(0, 2_000) ?? (move.state === 'canceled' ? 'it was stopped by somebody' : null),
  }
  return { ...ended, nextRunAt, ...(sync.spec.suspend ? { phase: 'Suspended' as const } : {}) }
}

/** ms until it is worth another look; undefined: only a change can matter. */
export function lookAgain({ sync, problems, move }: SyncFacts & { sync: ImageSync }, now: number): number | undefined {
  if (isUnderWay(move)) return WATCH_MS
  if (problems.length > 0 || sync.spec.suspend) return undefined
  const next = nextRunOf(sync.spec, at(sync.status?.lastStartedAt) ?? now)
  return next === undefined ? undefined : Math.min(LONGEST_PAUSE_MS, Math.max(0, next - now))
}

/** Does one of these rules copy from a repository? The registry is not compared: it may call itself otherwise than those who pull from it, and a run too many costs little. */
export const copiesFrom = (rules: readonly Pick<CopyRule, 'source'>[], repository: string): boolean =>
  rules.some(({ source }) =>
    source.kind === 'repository'
      ? source.repository === repository || source.repository === `library/${repository}`
      : source.kind === 'namespace' && repository.startsWith(source.prefix),
  )

/** An ImageSync as the console lists it. */
export interface SyncRow {
  namespace: string
  name: string
  schedule?: string
  suspend: boolean
  /** As it stands in the cluster. */
  status: ImageSyncStatus
}
