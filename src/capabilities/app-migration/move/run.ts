/** One move from cluster to cluster, whole: read, plan, write, verify, undo. What the server does for people and for Migrations. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { OpenRegistries } from '#core/shapes/ports/registry.ts'
import { type Mapping, mapName } from '../domain/mapping.ts'
import { type Prepared, prepare } from '../domain/prepare.ts'
import { type Applied, applyWaves, type Journal } from './apply.ts'
import { servesOf } from './obstacles.ts'
import { type MovePlan, minorOfVersion, planMove } from './plan.ts'
import { platformsFrom, pullCredentials } from './platforms.ts'
import { type Found, readCluster, seedOf, type Wanted } from './read-cluster.ts'
import type { Existing } from './target.ts'
import { type Verified, verifyMove } from './verify.ts'

export interface MoveOrder extends Wanted {
  mapping?: Mapping
  existing: Existing
  /** Objects written at once. */
  parallel: number
  /** How long a wave may take to become ready, ms. */
  waitMs: number
}
export interface Ends {
  source: Cluster
  target: Cluster
}
export interface MoveDeps {
  clock: Clock
  /** Asks registries whether the images are there, and for which machines; left out: they are not asked. */
  registries?: OpenRegistries
  signal: AbortSignal
}

export interface Looked extends MovePlan, Pick<Found, 'unseen'> {
  prepared: Prepared
}

/** Reads the source and asks the target. Nothing is written. Rejects with NO_OBJECTS when nothing is found. */
export async function lookAtMove({ source, target }: Ends, order: MoveOrder, { registries, signal }: MoveDeps): Promise<Looked> {
  const facts = await loadApiFacts()
  const discovery = await target.discover()
  const serves = servesOf(discovery)
  const found = await readCluster(source, order.namespaces ?? [], { signal, serves })
  const prepared = prepare(found.objects, facts, {
    ...(order.mapping === undefined ? {} : { mapping: order.mapping }),
    minor: minorOfVersion(discovery.serverVersion, facts),
    serves,
    consume: true,
    // Of a whole cluster, what belongs to no namespace comes along only when something needs it.
    seed: seedOf(order) ?? (({ metadata }) => metadata.namespace !== undefined),
    nodePorts: false,
    volumes: false,
  })
  if (prepared.objects.length === 0) throw new CodedError('NO_OBJECTS', { where: order.namespaces?.join(', ') ?? source.name })
  const opened = registries?.({ credentials: pullCredentials(prepared.objects), retries: 1, signal })
  try {
    const plan = await planMove(target, prepared, {
      existing: order.existing,
      signal,
      ...(found.sourceVersion === undefined ? {} : { sourceVersion: found.sourceVersion }),
      ...(opened === undefined ? {} : { platformsOf: platformsFrom(opened) }),
    })
    return { prepared, ...plan, unseen: found.unseen }
  } finally {
    await opened?.close()
  }
}

/** What a run tells while it goes. */
export type MoveEvent =
  | { at: 'planned'; look: Looked }
  | { at: 'written'; done: number; total: number; wave: number; bytes: number }
  | { at: 'applied'; applied: Applied }
  | { at: 'verifying' }

export type MoveEnd = { end: 'blocked' } | { end: 'failed'; applied: Applied } | { end: 'done' | 'differs'; applied: Applied; verified: Verified }

/** Plans anew, writes when nothing blocks, and verifies. With a journal that was begun it goes on from there. */
export async function carryOut(ends: Ends, order: MoveOrder, journal: Journal, deps: MoveDeps, tell: (event: MoveEvent) => void): Promise<MoveEnd> {
  const resuming = journal.entries.length > 0
  // What an earlier run of this journal made is not in its own way.
  const look = await lookAtMove(ends, resuming ? { ...order, existing: 'update' } : order, deps)
  tell({ at: 'planned', look })
  if (look.blocking > 0) return { end: 'blocked' }
  let bytes = 0
  const applied = await applyWaves(ends.target, look.prepared.waves, journal, deps.clock, {
    existing: order.existing,
    parallel: order.parallel,
    waitMs: order.waitMs,
    signal: deps.signal,
    onDone: (done, total, object, wave) => {
      bytes += JSON.stringify(object).length
      tell({ at: 'written', done, total, wave, bytes })
    },
  })
  tell({ at: 'applied', applied })
  if (applied.failed !== undefined) return { end: 'failed', applied }
  tell({ at: 'verifying' })
  const verified = await verifyRun(ends, order, look.prepared, deps)
  const bad = verified.different.length + verified.unready.length + verified.failing.length
  return { end: bad > 0 ? 'differs' : 'done', applied, verified }
}

/** What was skipped on purpose is not compared. */
async function verifyRun({ source, target }: Ends, order: MoveOrder, prepared: Prepared, { signal }: MoveDeps): Promise<Verified> {
  const { verdicts } = await planMove(target, prepared, { existing: 'update', signal })
  const back = new Map((order.namespaces ?? []).map((name) => [mapName(order.mapping?.namespaces ?? {}, name) ?? name, name]))
  return verifyMove(target, verdicts, { cluster: source, namespaceOf: (namespace) => back.get(namespace) }, signal)
}
