/** What the console and the server say to each other about moves. */
import { z } from 'zod'
import { type CodedError, describeError, type Language } from '#core/kernel/errors.ts'
import { writeManifests } from '#core/kube/manifests.ts'
import { describeRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import { MAPPING } from './mapping.ts'
import type { MoveState } from './move-states.ts'
import { describeObstacle, type Obstacle, type ObstacleSeverity } from './obstacles.ts'
import { type ClaimData, VOLUMES } from './volumes.ts'

const list = z.array(z.string().min(1).max(253)).min(1).max(1_000).optional()
export const moveRequest = z.strictObject({
  from: z.string().max(63),
  to: z.string().max(63),
  namespaces: list,
  selector: z.string().max(1_000).optional(),
  kinds: list,
  apps: list,
  mapping: MAPPING.optional(),
  /** The same as the text of a mapping file (YAML); not both. */
  mappingText: z.string().max(262_144).optional(),
  existing: z.enum(['fail', 'skip', 'update']).default('fail'),
  checkImages: z.boolean().default(false),
  parallel: z.int().min(1).max(128).default(16),
  waitSeconds: z.int().min(1).max(86_400).default(300),
  volumes: VOLUMES.optional(),
})
export type MoveRequest = z.output<typeof moveRequest>

export interface MoveProgress {
  objects: number
  done: number
  /** From 1; 0 before the first. */
  wave: number
  waves: number
  /** Of objects that were written, as JSON. */
  bytes: number
}

/** One move as it stands. Times are ms since the epoch. */
export interface AppMove {
  id: string
  title: string
  by: string
  from: string
  to: string
  state: MoveState
  createdAt: number
  endedAt?: number
  progress: MoveProgress
  /** Data of claims that has moved, by claim. */
  data?: readonly ClaimData[]
  counts?: { created: number; updated: number; skipped: number; resumed: number }
  blocking?: number
  obstacles?: readonly ObstacleView[]
  verified?: {
    equal: number
    different: readonly string[]
    unready: readonly string[]
    failing: readonly string[]
    services: readonly { service: string; endpoints?: number; sourceEndpoints?: number; answers: 'yes' | 'no' | 'unknown'; why?: string }[]
    counts: Readonly<Record<string, { wanted: number; there: number }>>
  }
  /** Why it failed. */
  error?: { code: string; message: string; next?: string }
  failedAt?: { wave: number; object: string; undone: boolean }
  /** There is a journal: it can go on, and it can be undone. */
  resumable: boolean
}

export interface ObstacleView {
  severity: ObstacleSeverity
  kind: string
  object: string
  text: string
}
export interface StepView {
  wave: number
  action: 'create' | 'update' | 'same' | 'skip' | 'later' | 'blocked'
  apiVersion: string
  kind: string
  namespace?: string
  name: string
  changes: readonly { path: string; from?: unknown; to?: unknown }[]
  error?: { code: string; message: string }
  /** As it would be written; data of Secrets is masked. Left out in plans of more than 500 objects. */
  manifest?: string
}
export interface PlanView {
  objects: number
  waves: number
  blocking: number
  counts: Readonly<Record<StepView['action'], number>>
  /** The first 20,000, those that are blocked first. */
  steps: readonly StepView[]
  obstacles: readonly ObstacleView[]
  /** Objects that are not taken along, by the rule that says why. */
  left: readonly { rule: string; count: number }[]
  converted: readonly { object: string; from: string; to: string; lost: readonly string[] }[]
  undecided: readonly { object: string; path: string; text: string; why: string }[]
  /** What could not be read on the source: the plan may lack it. */
  unseen: readonly { kind: string; reason: string }[]
}

interface Planned {
  prepared: {
    objects: readonly KubeObject[]
    waves: readonly unknown[]
    left: readonly { rule: string }[]
    converted: readonly { object: KubeObject; from: string; outcome: string; notes: readonly { kind: string; path: string }[] }[]
    undecided: readonly { object: string; path: string; text: string; why: string }[]
  }
  verdicts: readonly {
    object: KubeObject
    wave: number
    action: StepView['action']
    changes: StepView['changes']
    error?: CodedError
  }[]
  obstacles: readonly Obstacle[]
  blocking: number
  unseen: PlanView['unseen']
}

const MOST_STEPS = 20_000
const MOST_RENDERED = 500
const MOST_CHANGES = 100
const MOST_TOLD = 1_000

export const obstacleViews = (obstacles: readonly Obstacle[], language: Language): ObstacleView[] =>
  obstacles
    .slice(0, MOST_TOLD)
    .map((one) => ({ severity: one.severity, kind: one.kind, object: one.object, text: describeObstacle({ ...one, object: '' }, language) }))

export function planView({ prepared, verdicts, obstacles, blocking, unseen }: Planned, language: Language): PlanView {
  const counts: Record<StepView['action'], number> = { create: 0, update: 0, same: 0, skip: 0, later: 0, blocked: 0 }
  for (const { action } of verdicts) counts[action]++
  const left = new Map<string, number>()
  for (const { rule } of prepared.left) left.set(rule, (left.get(rule) ?? 0) + 1)
  const blockedFirst = [...verdicts].sort((a, b) => Number(b.action === 'blocked') - Number(a.action === 'blocked') || a.wave - b.wave)
  return {
    objects: prepared.objects.length,
    waves: prepared.waves.length,
    blocking,
    counts,
    steps: blockedFirst.slice(0, MOST_STEPS).map(({ object, wave, action, changes, error }) => ({
      wave: wave + 1,
      action,
      ...refOf(object),
      changes: changes.slice(0, MOST_CHANGES),
      ...(error === undefined ? {} : { error: { code: error.code, message: describeError(error, language).message } }),
      ...(verdicts.length > MOST_RENDERED ? {} : { manifest: writeManifests([masked(object)]).replace(/^---\n/, '') }),
    })),
    obstacles: obstacleViews(obstacles, language),
    left: [...left].map(([rule, count]) => ({ rule, count })),
    converted: prepared.converted
      .filter(({ object, from }) => object.apiVersion !== from)
      .slice(0, MOST_TOLD)
      .map(({ object, from, notes }) => ({
        object: describeRef(refOf(object)),
        from,
        to: object.apiVersion,
        lost: notes.filter(({ kind }) => kind === 'lost').map(({ path }) => path),
      })),
    undecided: prepared.undecided.slice(0, MOST_TOLD).map(({ object, path, text, why }) => ({ object, path, text: text.slice(0, 500), why })),
    unseen,
  }
}

/** What a Secret holds is never sent. */
function masked(object: KubeObject): object {
  if (object.kind !== 'Secret') return object
  const hide = (data: unknown) => Object.fromEntries(Object.keys((data ?? {}) as object).map((key) => [key, '…']))
  return {
    ...object,
    ...(object.data === undefined ? {} : { data: hide(object.data) }),
    ...(object.stringData === undefined ? {} : { stringData: hide(object.stringData) }),
  }
}
