/** Makes the objects wave by wave; what a wave did is undone when it fails. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { describeRef, type KubeObject, type ObjectRef, refOf } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { keyOfObject } from '../domain/parts.ts'
import { hasGate, isReady } from './ready.ts'
import { type Existing, each, MANAGER } from './target.ts'

/** A line of the journal. `begun` is written before the target is, so that after a crash it is known whose an object may be. */
export type JournalEntry =
  | { step: 'begun'; key: string; ref: ObjectRef; wave: number; before?: KubeObject }
  | { step: 'done'; key: string; wave: number; uid: string }
  | { step: 'undone'; key: string }

export interface Journal {
  /** In order of writing. */
  readonly entries: readonly JournalEntry[]
  /** Resolves when it is on disk. */
  write(entry: JournalEntry): Promise<void>
}

export interface ApplyOptions {
  existing: Existing
  parallel: number
  /** For the gates of one wave, ms. */
  waitMs: number
  signal?: AbortSignal
  /** After each object; waves count from 0. */
  onDone?(done: number, total: number, object: KubeObject, wave: number): void
  /** Work that belongs to a wave besides its objects. What is rejected there fails the wave. */
  beforeWave?(work: WaveWork): Promise<void>
  /** When all of the wave is ready. */
  afterWave?(work: WaveWork): Promise<void>
}

export interface WaveWork {
  objects: readonly KubeObject[]
  /** Makes an object more, which rollback undoes like the others. */
  make(object: KubeObject): Promise<void>
  /** Has this been recorded, by this run or an earlier one of the same journal? */
  recorded(what: string): boolean
  record(what: string): Promise<void>
}

export interface Applied {
  created: number
  updated: number
  skipped: number
  /** Were there from an earlier run of the same journal. */
  resumed: number
  /** The wave that failed, what failed in it, and whether its work is undone. */
  failed?: { wave: number; object: string; error: CodedError; undone: boolean }
}

const POLL_MS = 500

export async function applyWaves(
  cluster: Cluster,
  waves: readonly (readonly KubeObject[])[],
  journal: Journal,
  clock: Clock,
  options: ApplyOptions,
): Promise<Applied> {
  const done = new Set<string>()
  const begun = new Set<string>()
  for (const { step, key } of journal.entries) {
    if (step === 'begun') begun.add(key)
    else if (step === 'done') done.add(key)
    else for (const set of [begun, done]) set.delete(key)
  }
  const result: Applied = { created: 0, updated: 0, skipped: 0, resumed: 0 }
  const total = waves.reduce((sum, wave) => sum + wave.length, 0)
  let finished = 0
  for (const [wave, objects] of waves.entries()) {
    let current = ''
    const work: WaveWork = {
      objects,
      make: async (object) => {
        const key = keyOfObject(object)
        current = describeRef(refOf(object))
        if (!done.has(key)) await make(cluster, object, key, wave, journal, begun.has(key), options.existing)
        current = ''
      },
      recorded: (what) => done.has(what),
      record: async (what) => {
        await journal.write({ step: 'done', key: what, wave, uid: '' })
        done.add(what)
      },
    }
    try {
      await options.beforeWave?.(work)
      await each(objects, options.parallel, async (object) => {
        options.signal?.throwIfAborted()
        const key = keyOfObject(object)
        const what = describeRef(refOf(object))
        try {
          if (done.has(key)) result.resumed++
          else result[await make(cluster, object, key, wave, journal, begun.has(key), options.existing)]++
        } catch (error) {
          current ||= what
          throw error
        }
        options.onDone?.(++finished, total, object, wave)
      })
      current = await gate(cluster, objects, clock, options)
      if (current !== '') throw new CodedError('TIMED_OUT', { what: `${current} to become ready`, limit: `${Math.round(options.waitMs / 1000)} s` })
      await options.afterWave?.(work)
    } catch (error) {
      // Ctrl-C is no failure of the wave: the next run goes on from here.
      if (options.signal?.aborted || !(error instanceof CodedError)) throw error
      const undone = await undo(cluster, journal, (entry) => entry.wave === wave)
      return { ...result, failed: { wave, object: current, error, undone } }
    }
  }
  return result
}

/** `mine`: an earlier run had begun it, so what is there may be its work. */
async function make(
  cluster: Cluster,
  object: KubeObject,
  key: string,
  wave: number,
  journal: Journal,
  mine: boolean,
  existing: Existing,
): Promise<'created' | 'updated' | 'skipped'> {
  const ref = refOf(object)
  // Known before it is begun: a run that goes on later could no more tell whose it is.
  const there = !mine && existing !== 'fail' ? await find(cluster, ref) : undefined
  if (there !== undefined && existing === 'skip') return 'skipped'
  if (there !== undefined) return update(cluster, object, key, wave, journal, there)
  if (!mine) await journal.write({ step: 'begun', key, ref, wave })
  try {
    const made = await cluster.create(object, { fieldManager: MANAGER })
    await journal.write({ step: 'done', key, wave, uid: made.metadata.uid ?? '' })
    return 'created'
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'ALREADY_EXISTS') throw error
    if (mine) {
      const made = await cluster.apply(object, { fieldManager: MANAGER, force: true })
      await journal.write({ step: 'done', key, wave, uid: made.metadata.uid ?? '' })
      return 'created'
    }
    // Somebody made it just now.
    await journal.write({ step: 'undone', key })
    if (existing === 'fail') throw error
    return existing === 'skip' ? 'skipped' : update(cluster, object, key, wave, journal, await cluster.get(ref))
  }
}

async function update(cluster: Cluster, object: KubeObject, key: string, wave: number, journal: Journal, before: KubeObject): Promise<'updated'> {
  await journal.write({ step: 'begun', key, ref: refOf(object), wave, before })
  const made = await cluster.apply(object, { fieldManager: MANAGER, force: true })
  await journal.write({ step: 'done', key, wave, uid: made.metadata.uid ?? '' })
  return 'updated'
}

async function find(cluster: Cluster, ref: ObjectRef): Promise<KubeObject | undefined> {
  try {
    return await cluster.get(ref)
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'NOT_FOUND') throw error
    return undefined
  }
}

/** Waits until all objects of a wave are ready; gives the name of one that is not when time is up, else ''. */
async function gate(cluster: Cluster, objects: readonly KubeObject[], clock: Clock, { waitMs, parallel, signal }: ApplyOptions): Promise<string> {
  let waiting = objects.filter(hasGate)
  const until = clock.now() + waitMs
  while (waiting.length > 0) {
    const still: KubeObject[] = []
    await each(waiting, parallel, async (object) => {
      if (!isReady(await cluster.get(refOf(object)))) still.push(object)
    })
    waiting = still
    if (waiting.length > 0 && clock.now() >= until) return describeRef(refOf(waiting[0]!))
    if (waiting.length > 0) await clock.sleep(POLL_MS, signal)
  }
  return ''
}

/** Undoes what the journal says was done, newest first: what was created goes, what was updated gets its old form back. False when something could not be undone. */
export async function undo(
  cluster: Cluster,
  journal: Journal,
  which: (entry: { key: string; wave: number }) => boolean = () => true,
  onFailed: (object: string, error: CodedError) => void = () => {},
): Promise<boolean> {
  const last = new Map<string, { ref: ObjectRef; wave: number; before?: KubeObject; uid?: string }>()
  /** What was recorded besides objects, by wave. */
  const notes = new Map<string, number>()
  for (const entry of journal.entries) {
    if (entry.step === 'undone') for (const known of [last, notes]) known.delete(entry.key)
    else if (entry.step === 'begun')
      last.set(entry.key, { ...last.get(entry.key), ref: entry.ref, wave: entry.wave, ...(entry.before ? { before: entry.before } : {}) })
    else if (last.has(entry.key)) last.get(entry.key)!.uid = entry.uid
    else notes.set(entry.key, entry.wave)
  }
  // First: what was done with objects that go must be done anew.
  for (const [key, wave] of notes) if (which({ key, wave })) await journal.write({ step: 'undone', key })
  let whole = true
  for (const [key, { ref, wave, before, uid }] of [...last].reverse()) {
    if (!which({ key, wave })) continue
    try {
      // Without a uid the write was never answered: nothing says that the object is ours.
      if (before !== undefined) {
        const { managedFields: _, ...metadata } = before.metadata
        // Some kinds (definitions, budgets) are updated only with the version that is there now.
        const { resourceVersion, uid: now } = (await cluster.get(ref)).metadata
        await cluster.update({
          ...before,
          metadata: { ...metadata, ...(now === undefined ? {} : { uid: now }), ...(resourceVersion === undefined ? {} : { resourceVersion }) },
        })
      } else if (uid !== undefined) await cluster.delete(ref, { uid, propagation: 'Foreground' })
      await journal.write({ step: 'undone', key })
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      if (error.code === 'NOT_FOUND') await journal.write({ step: 'undone', key })
      else {
        whole = false
        onFailed(describeRef(ref), error)
      }
    }
  }
  return whole
}
