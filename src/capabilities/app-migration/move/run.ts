/** One move from cluster to cluster, whole: read, plan, write, verify, undo. What the server does for people and for Migrations. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { OpenRegistries } from '#core/shapes/ports/registry.ts'
import { type Mapping, mapName } from '../domain/mapping.ts'
import { keyOfObject } from '../domain/parts.ts'
import { onlyNeeded, type Prepared, prepare } from '../domain/prepare.ts'
import type { ClaimData, VolumeOrder } from '../domain/volumes.ts'
import { type Applied, applyWaves, type Journal } from './apply.ts'
import { servesOf } from './obstacles.ts'
import { type MovePlan, minorOfVersion, planMove } from './plan.ts'
import { platformsFrom, pullCredentials } from './platforms.ts'
import { type Found, readCluster, seedOf, type Wanted } from './read-cluster.ts'
import type { Existing } from './target.ts'
import { type Verified, verifyMove } from './verify.ts'
import { isClaim, nameOf, planVolumes, type VolumePlan, volumeWork, withSources } from './volumes.ts'

export interface MoveOrder extends Wanted {
  mapping?: Mapping
  existing: Existing
  /** Objects written at once. */
  parallel: number
  /** How long a wave may take to become ready, and a mover or a snapshot to begin, ms. */
  waitMs: number
  /** How the data of claims comes along; left out: it does not. */
  volumes?: VolumeOrder
  /** Claims with what they need, and a first pass of their data while the app runs. */
  claimsOnly?: boolean
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
  volumes: VolumePlan
}

/** Reads the source and asks the target. Nothing is written. Rejects with NO_OBJECTS when nothing is found. */
export async function lookAtMove({ source, target }: Ends, order: MoveOrder, { registries, signal }: MoveDeps): Promise<Looked> {
  const facts = await loadApiFacts()
  const discovery = await target.discover()
  const serves = servesOf(discovery)
  const found = await readCluster(source, order.namespaces ?? [], { signal, serves })
  const namespaceThere = (name: string): string => mapName(order.mapping?.namespaces ?? {}, name) ?? name
  const origins = new Map(
    found.objects
      .filter(isClaim)
      .map(({ metadata: { name, namespace = '' } }) => [nameOf({ namespace: namespaceThere(namespace), name }), { namespace, name }]),
  )
  const all = prepare(found.objects, facts, {
    ...(order.mapping === undefined ? {} : { mapping: order.mapping }),
    minor: minorOfVersion(discovery.serverVersion, facts),
    serves,
    consume: true,
    // Of a whole cluster, what belongs to no namespace comes along only when something needs it.
    seed: seedOf(order) ?? (({ metadata }) => metadata.namespace !== undefined),
    nodePorts: false,
    volumes: false,
  })
  const whole = order.claimsOnly ? onlyNeeded(all, isClaim) : all
  if (whole.objects.length === 0) throw new CodedError('NO_OBJECTS', { where: order.namespaces?.join(', ') ?? source.name })
  // A pass while the app runs is what is asked for then.
  const asked = order.volumes && { ...order.volumes, live: order.volumes.live || order.claimsOnly === true }
  const volumes = await planVolumes({ source, target }, whole.objects.filter(isClaim), origins, asked, signal)
  const prepared = {
    ...whole,
    objects: withSources(whole.objects, volumes, order.volumes),
    waves: whole.waves.map((wave) => withSources(wave, volumes, order.volumes)),
  }
  const opened = registries?.({ credentials: pullCredentials(prepared.objects), retries: 1, signal })
  try {
    const plan = await planMove(target, prepared, {
      existing: order.existing,
      signal,
      ...(found.sourceVersion === undefined ? {} : { sourceVersion: found.sourceVersion }),
      ...(opened === undefined ? {} : { platformsOf: platformsFrom(opened) }),
    })
    return {
      prepared,
      volumes,
      verdicts: plan.verdicts,
      obstacles: [...plan.obstacles, ...volumes.obstacles],
      blocking: plan.blocking + volumes.obstacles.filter(({ severity }) => severity === 'error').length,
      unseen: found.unseen,
    }
  } finally {
    await opened?.close()
  }
}

/** What a run tells while it goes. */
export type MoveEvent =
  | { at: 'planned'; look: Looked }
  | { at: 'written'; done: number; total: number; wave: number; bytes: number }
  | { at: 'data'; data: ClaimData }
  | { at: 'applied'; applied: Applied }
  | { at: 'verifying' }

export type MoveEnd =
  | { end: 'blocked' }
  | { end: 'failed'; applied: Applied }
  | { end: 'copied'; applied: Applied }
  | { end: 'done' | 'differs'; applied: Applied; verified: Verified }

/** Plans anew, writes when nothing blocks, and verifies. With a journal that was begun it goes on from there. */
export async function carryOut(ends: Ends, order: MoveOrder, journal: Journal, deps: MoveDeps, tell: (event: MoveEvent) => void): Promise<MoveEnd> {
  const resuming = journal.entries.length > 0
  // What an earlier run of this journal made is not in its own way.
  const look = await lookAtMove(ends, resuming && order.existing === 'fail' ? { ...order, existing: 'update' } : order, deps)
  tell({ at: 'planned', look })
  if (look.blocking > 0) return { end: 'blocked' }
  let bytes = 0
  const { volumes: plan } = look
  const data =
    order.volumes &&
    volumeWork(
      ends,
      { order: order.volumes, plan, final: !order.claimsOnly, waitMs: order.waitMs, signal: deps.signal, tell: (one) => tell({ at: 'data', data: one }) },
      deps.clock,
    )
  const applied = await applyWaves(ends.target, look.prepared.waves, journal, deps.clock, {
    existing: order.existing,
    parallel: order.parallel,
    waitMs: order.waitMs,
    signal: deps.signal,
    ...data,
    onDone: (done, total, object, wave) => {
      bytes += JSON.stringify(object).length
      tell({ at: 'written', done, total, wave, bytes })
    },
  })
  tell({ at: 'applied', applied })
  if (applied.failed !== undefined) return { end: 'failed', applied }
  if (order.claimsOnly) return { end: 'copied', applied }
  tell({ at: 'verifying' })
  const verified = await verifyRun(ends, order, look.prepared, journal, deps)
  const bad = verified.different.length + verified.unready.length + verified.failing.length
  return { end: bad > 0 ? 'differs' : 'done', applied, verified }
}

/** What was skipped on purpose is not compared. */
async function verifyRun({ source, target }: Ends, order: MoveOrder, prepared: Prepared, journal: Journal, { signal }: MoveDeps): Promise<Verified> {
  const { verdicts } = await planMove(target, prepared, { existing: 'update', signal })
  const ours = new Set<string>()
  for (const { step, key } of journal.entries) step === 'undone' ? ours.delete(key) : ours.add(key)
  const compared = order.existing === 'skip' ? verdicts.filter(({ object, action }) => action === 'same' || ours.has(keyOfObject(object))) : verdicts
  const back = new Map((order.namespaces ?? []).map((name) => [mapName(order.mapping?.namespaces ?? {}, name) ?? name, name]))
  return verifyMove(target, compared, { cluster: source, namespaceOf: (namespace) => back.get(namespace) }, signal)
}
