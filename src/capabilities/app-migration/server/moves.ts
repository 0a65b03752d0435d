/** Moves that the server runs, for people and for Migrations: each has a file that says how it stands, and a journal beside it. */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, describeError, type Language } from '#core/kernel/errors.ts'
import type { OpenRegistries } from '#core/shapes/ports/registry.ts'
import { writeFileAtomic } from '#kits/server-kit/files.ts'
import { UNDER_WAY } from '../domain/move-states.ts'
import { type AppMove, obstacleViews } from '../domain/moves.ts'
import { openJournal } from '../journal-file.ts'
import { undo } from '../move/apply.ts'
import { carryOut, type Ends, lookAtMove, type MoveEvent, type MoveOrder } from '../move/run.ts'

export interface Task {
  id: string
  title: string
  by: string
  /** Who may see it; see `ownerOf`. */
  owner: string
  language: Language
  order: MoveOrder
  checkImages: boolean
  /** False: it ends with the plan. */
  write: boolean
  /** What was asked, to ask it again. */
  request?: unknown
}
interface Kept extends Omit<Task, 'language'> {
  move: AppMove
}

export interface Moves {
  list(): readonly Kept[]
  /** Throws NOT_FOUND. */
  get(id: string): Kept
  /** Plans anew and writes; with a journal of this id it goes on from there. MOVE_UNDER_WAY while it is. `ends` are closed when it is over. */
  start(task: Task, ends: Ends & { close?(): Promise<void> }): AppMove
  /** Undoes what the journal says was written. */
  rollback(id: string, target: Ends['target'], language: Language, close?: () => Promise<void>): AppMove
  /** Ends it after what is under way; what was written stays, and it can go on. */
  cancel(id: string): AppMove
  /** Forgets it, journal and all. MOVE_UNDER_WAY while it is. */
  remove(id: string): Promise<void>
  hasJournal(id: string): boolean
  onChange(listener: (id: string) => void): () => void
  stop(): Promise<void>
}

const MOST_KEPT = 200
const SAVE_EVERY_MS = 2_000
const TELL_MOST = 200

export async function openMoves(deps: { clock: Clock; log: Logger; folder: string; registries: () => Promise<OpenRegistries> }): Promise<Moves> {
  const { clock, log, folder } = deps
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const kept = new Map<string, Kept>()
  const running = new Map<string, { abort: AbortController; over: Promise<void> }>()
  const listeners = new Set<(id: string) => void>()
  const fileOf = (id: string, end: 'json' | 'journal') => join(folder, `${id}.${end}`)
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.json')) continue
    try {
      const one = JSON.parse(await readFile(join(folder, name), 'utf8')) as Kept
      // The server that ran it is gone.
      if (UNDER_WAY.includes(one.move.state)) one.move = { ...one.move, state: 'stopped' }
      one.move.resumable = (await stat(fileOf(one.id, 'journal')).catch(() => undefined)) !== undefined
      kept.set(one.id, one)
    } catch (err) {
      log.warn({ err, name }, 'a move cannot be read')
    }
  }
  const save = (id: string) => {
    const one = kept.get(id)
    return one === undefined
      ? Promise.resolve()
      : writeFileAtomic(fileOf(id, 'json'), JSON.stringify(one)).catch((err) => log.warn({ err, id }, 'a move cannot be kept'))
  }
  const change = (id: string, next: Partial<AppMove>) => {
    const one = kept.get(id)
    if (one === undefined) return
    one.move = { ...one.move, ...next }
    for (const listener of listeners) listener(id)
  }
  const idle = (id: string) => {
    if (running.has(id)) throw new CodedError('MOVE_UNDER_WAY', { id })
  }

  /** Runs a piece of work on a move; its end is its state. */
  const begin = (id: string, language: Language, close: (() => Promise<void>) | undefined, work: (signal: AbortSignal) => Promise<Partial<AppMove>>) => {
    const abort = new AbortController()
    let savedAt = clock.now()
    const stopSaving = (() => {
      const listener = (changed: string) => {
        if (changed !== id || clock.now() - savedAt < SAVE_EVERY_MS) return
        savedAt = clock.now()
        void save(id)
      }
      listeners.add(listener)
      return () => listeners.delete(listener)
    })()
    const over = (async () => {
      await save(id)
      let end: Partial<AppMove>
      try {
        end = await work(abort.signal)
      } catch (error) {
        if (abort.signal.aborted) end = { state: 'stopped' }
        else {
          const coded = error instanceof CodedError ? error : new CodedError('INTERNAL', {}, { cause: error })
          if (!(error instanceof CodedError)) log.error({ err: error, id }, 'a move failed')
          const { code, message, next } = describeError(coded, language)
          end = { state: 'failed', error: { code, message, ...(next === undefined ? {} : { next }) } }
        }
      }
      stopSaving()
      running.delete(id)
      change(id, { ...end, endedAt: clock.now() })
      await save(id)
      await close?.().catch(() => {})
    })()
    running.set(id, { abort, over })
  }

  const forgetOldest = async () => {
    const old = [...kept.values()].filter(({ id }) => !running.has(id)).sort((a, b) => a.move.createdAt - b.move.createdAt)
    for (const { id } of old.slice(0, Math.max(0, kept.size - MOST_KEPT))) await moves.remove(id)
  }

  const moves: Moves = {
    list: () => [...kept.values()].sort((a, b) => b.move.createdAt - a.move.createdAt),
    get(id) {
      const one = kept.get(id)
      if (one === undefined) throw new CodedError('NOT_FOUND', { what: `Move ${id}` })
      return one
    },
    start({ language, ...task }, { close, ...ends }) {
      idle(task.id)
      const before = kept.get(task.id)?.move
      const move: AppMove = {
        id: task.id,
        title: task.title,
        by: task.by,
        from: ends.source.name,
        to: ends.target.name,
        state: 'planning',
        createdAt: before?.createdAt ?? clock.now(),
        progress: before?.progress ?? { objects: 0, done: 0, wave: 0, waves: 0, bytes: 0 },
        resumable: before?.resumable ?? false,
        ...(before?.data === undefined ? {} : { data: before.data }),
      }
      kept.set(task.id, { ...task, move })
      begin(task.id, language, close, async (signal) => {
        const registries = task.checkImages ? await deps.registries() : undefined
        const how = { clock, signal, ...(registries === undefined ? {} : { registries }) }
        if (!task.write) {
          const look = await lookAtMove(ends, task.order, how)
          const progress = { objects: look.prepared.objects.length, done: 0, wave: 0, waves: look.prepared.waves.length, bytes: 0 }
          return { state: look.blocking > 0 ? 'blocked' : 'planned', blocking: look.blocking, obstacles: obstaclesOf(look, language), progress }
        }
        await using journal = await openJournal(fileOf(task.id, 'journal'))
        change(task.id, { resumable: true })
        const told = (event: MoveEvent) => {
          const { progress } = moves.get(task.id).move
          if (event.at === 'planned')
            change(task.id, {
              state: event.look.blocking > 0 ? 'planning' : 'applying',
              blocking: event.look.blocking,
              obstacles: obstaclesOf(event.look, language),
              progress: { ...progress, objects: event.look.prepared.objects.length, waves: event.look.prepared.waves.length },
            })
          else if (event.at === 'written')
            change(task.id, { progress: { ...progress, done: event.done, objects: event.total, wave: event.wave + 1, bytes: event.bytes } })
          else if (event.at === 'verifying') change(task.id, { state: 'verifying' })
          else if (event.at === 'data')
            change(task.id, { data: [...(moves.get(task.id).move.data ?? []).filter(({ claim }) => claim !== event.data.claim), event.data] })
          else {
            const { created, updated, skipped, resumed } = event.applied
            change(task.id, { counts: { created, updated, skipped, resumed } })
          }
        }
        const ended = await carryOut(ends, task.order, journal, how, told)
        if (ended.end === 'blocked') return { state: 'blocked', resumable: journal.entries.length > 0 }
        if (ended.end === 'failed') {
          const { wave, object, error, undone } = ended.applied.failed!
          const { code, message, next } = describeError(error, language)
          return { state: 'failed', error: { code, message, ...(next === undefined ? {} : { next }) }, failedAt: { wave: wave + 1, object, undone } }
        }
        if (ended.end === 'copied') return { state: 'copied' }
        const { verified } = ended
        const few = (list: readonly string[]) => list.slice(0, TELL_MOST)
        return {
          state: ended.end,
          verified: {
            ...verified,
            different: few(verified.different),
            unready: few(verified.unready),
            failing: few(verified.failing),
            services: verified.services.slice(0, TELL_MOST),
          },
        }
      })
      void forgetOldest()
      return kept.get(task.id)!.move
    },
    rollback(id, target, language, close) {
      idle(id)
      moves.get(id)
      change(id, { state: 'rolling-back' })
      begin(id, language, close, async () => {
        await using journal = await openJournal(fileOf(id, 'journal'))
        if (!(await undo(target, journal)))
          throw new CodedError('CLUSTER_FAILED', { cluster: target.name, status: 0, reason: 'some objects could not be undone; roll back once more' })
        change(id, { data: [] })
        return { state: 'rolled-back', progress: { objects: 0, done: 0, wave: 0, waves: 0, bytes: 0 } }
      })
      return moves.get(id).move
    },
    cancel(id) {
      running.get(id)?.abort.abort()
      return moves.get(id).move
    },
    async remove(id) {
      idle(id)
      kept.delete(id)
      await Promise.all([rm(fileOf(id, 'json'), { force: true }), rm(fileOf(id, 'journal'), { force: true })])
      for (const listener of listeners) listener(id)
    },
    hasJournal: (id) => kept.get(id)?.move.resumable === true,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      for (const { abort } of running.values()) abort.abort()
      await Promise.all([...running.values()].map(({ over }) => over))
    },
  }
  return moves
}

const obstaclesOf = (look: Extract<MoveEvent, { at: 'planned' }>['look'], language: Language) => [
  ...look.verdicts
    .filter(({ action }) => action === 'blocked')
    .slice(0, TELL_MOST)
    .map(({ object, error }) => ({
      severity: 'error' as const,
      kind: error?.code ?? 'blocked',
      object: `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
      text: error === undefined ? '' : describeError(error, language).message,
    })),
  ...obstacleViews(look.obstacles, language).slice(0, TELL_MOST),
]
