/** Moves that the server runs: two at once, the others wait; each leaves a signed report in the data folder. */
import { hash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, type Language } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { Credentials, OpenRegistries, RegistriesOptions } from '#core/shapes/ports/registry.ts'
import { writeFileAtomic } from '#kits/server-kit/files.ts'
import { afterRun, type Copied, copiedText, isOwn, readCopied } from '../domain/copied.ts'
import { copyImages } from '../domain/copy.ts'
import type { Job, Pair, RunReport } from '../domain/job.ts'
import { type Looked, pruneImages } from '../domain/look.ts'
import { endState, type MoveItems, type MoveSummary, noCounts } from '../domain/moves.ts'
import { reportOf } from '../domain/report.ts'
import type { Spec } from '../domain/spec/rule.ts'
import { createGate, failureOf, type World } from '../domain/world.ts'
import { openJournal } from '../journal-file.ts'
import { ownKey, signReport } from '../signing.ts'
import { refuseConflicts, resolveSpec } from '../sources/resolve.ts'

export interface MovesDeps {
  open: OpenRegistries
  clock: Clock
  log: Logger
  /** Of this capability; journals, reports and the signing key are kept here. */
  folder: string
}

export interface Order {
  title: string
  by: string
  /** The ImageSync that it is a run of. */
  sync?: string
  language: Language
  spec: Pick<Spec, 'rules' | 'notes'>
  credentials: Credentials
  settings: RegistriesOptions['settings']
  existing?: Pair['existing']
  bytesPerSecond?: number
  /** Of tags that moves of this journal copied and the source no longer has. */
  prune?: 'preview' | 'delete'
  /** Moves of one journal resume one another: the same name for the same work. */
  journal: string
}

export interface Moves {
  start(order: Order): MoveSummary
  list(): readonly MoveSummary[]
  /** Throws NOT_FOUND. */
  get(id: string): MoveSummary
  items(id: string, query: { outcome?: string; offset: number; limit: number }): Promise<MoveItems>
  /** Ends it after what is under way; what was copied stays, and the same move again goes on from there. */
  cancel(id: string): MoveSummary
  /** The report's bytes and the text of its signature. Throws NOT_FOUND while there is none. */
  report(id: string): Promise<{ report: Buffer; signature: string }>
  onChange(listener: (id: string) => void): () => void
  /** Resolves to the move as it ended. */
  ended(id: string): Promise<MoveSummary>
  stop(): Promise<void>
}

const AT_ONCE = 2
const MOST_KEPT = 200
/** Of one ImageSync: it may run every minute. */
const MOST_KEPT_OF_SYNC = 5
const TOLD_EVERY_MS = 400

interface Held {
  summary: MoveSummary
  items: Looked[]
  stop: AbortController
  ended: Promise<void>
}

export const sha256 = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`

export const withExisting = (job: Job, existing: Pair['existing']): Job =>
  existing === undefined ? job : { ...job, pairs: job.pairs.map((pair) => ({ ...pair, existing })) }

export async function openMoves({ open, clock, log, folder }: MovesDeps): Promise<Moves> {
  const reports = join(folder, 'reports')
  await mkdir(reports, { recursive: true, mode: 0o700 })
  const key = await ownKey(join(folder, 'report-key.pem'))
  const held = new Map<string, Held>()
  const listeners = new Set<(id: string) => void>()
  const gate = createGate(AT_ONCE)
  for (const summary of await readSummaries(reports, log)) held.set(summary.id, { summary, items: [], stop: new AbortController(), ended: Promise.resolve() })

  const find = (id: string): Held => {
    const found = held.get(id)
    if (!found) throw new CodedError('NOT_FOUND', { what: `image move ${id}` })
    return found
  }
  const change = (one: Held, what: Partial<MoveSummary>) => {
    one.summary = { ...one.summary, ...what }
    for (const listener of listeners) listener(one.summary.id)
  }
  const keep = (summary: MoveSummary) => writeFileAtomic(join(reports, `${summary.id}.move`), JSON.stringify(summary))

  async function run(one: Held, order: Order): Promise<void> {
    const { signal } = one.stop
    const startedAt = clock.now()
    if (signal.aborted) return change(one, { state: 'canceled', endedAt: startedAt })
    change(one, { state: 'looking', startedAt })
    const registries = open({
      credentials: order.credentials,
      ...(order.settings ? { settings: order.settings } : {}),
      ...(order.bytesPerSecond ? { bytesPerSecond: order.bytesPerSecond } : {}),
      signal,
    })
    const name = join(folder, hash('sha256', order.journal).slice(0, 16))
    const journal = openJournal(`${name}.journal`)
    try {
      const resolved = await resolveSpec(order.spec, registries, order.language)
      change(one, { notes: resolved.notes.slice(0, 500) })
      refuseConflicts(resolved)
      const job = withExisting(resolved.job, order.existing)
      change(one, { state: 'running', progress: { pairs: job.pairs.length, pairsDone: 0, bytesDone: 0, bytesKnown: 0 } })
      let toldAt = 0
      const counts = noCounts()
      let [bytesSent, bytesSpared] = [0, 0]
      const world: World = {
        open: registries.open,
        clock,
        digestOf: sha256,
        journal,
        signal,
        emit: (event) => {
          if (event.type === 'item') {
            one.items.push(event.item)
            counts[event.item.outcome]++
            bytesSent += event.item.bytesSent
            bytesSpared += event.item.bytesSpared
          } else if (event.type === 'progress') {
            const { pairs, pairsDone, bytesDone, bytesKnown } = event
            one.summary = { ...one.summary, progress: { pairs, pairsDone, bytesDone, bytesKnown }, counts: { ...counts }, bytesSent, bytesSpared }
            if (clock.now() - toldAt >= TOLD_EVERY_MS) {
              toldAt = clock.now()
              change(one, {})
            }
          }
        },
      }
      const items = await copyImages(job, world)
      one.items = [...resolved.failed, ...items]
      const copied = await copiedBefore(`${name}.copied`)
      let pruned: Looked[] = []
      // What could not be read might be what seems to be gone.
      if (order.prune && one.items.every(({ outcome }) => outcome !== 'failed' && outcome !== 'stopped')) {
        pruned = await pruneImages(job, world, order.prune === 'delete', (extra) => isOwn(copied, extra))
        const count = (outcome: Looked['outcome']) => pruned.filter((item) => item.outcome === outcome).length
        one.items.push(...pruned)
        change(one, { pruned: { removed: count('removed'), extra: count('extra') } })
      }
      const now = afterRun(copied, items, pruned)
      if (order.sync !== undefined && now.size > 0) await writeFileAtomic(`${name}.copied`, copiedText(now))
      const report = reportOf('copy', one.items, startedAt, clock.now(), registries.traffic())
      await finish(one, report)
    } catch (error) {
      const canceled = signal.aborted
      if (!canceled && !(error instanceof CodedError)) log.error({ err: error, move: one.summary.id }, 'an image move failed')
      change(one, { state: canceled ? 'canceled' : 'failed', endedAt: clock.now(), ...(canceled ? {} : { failure: failureOf(error) }) })
      await keep(one.summary)
    } finally {
      journal.close()
      await registries.close().catch((err: unknown) => log.warn({ err }, 'a registry was not closed well'))
    }
  }

  async function finish(one: Held, report: RunReport): Promise<void> {
    const { id, title, by, notes } = one.summary
    const bytes = Buffer.from(`${JSON.stringify({ id, title, by, notes, ...report }, undefined, 1)}\n`)
    const signature = signReport(bytes, key, clock.now())
    await writeFileAtomic(join(reports, `${id}.json`), bytes.toString())
    await writeFileAtomic(join(reports, `${id}.json.sig`), `${JSON.stringify(signature, undefined, 2)}\n`)
    const { totals } = report
    const { copied, unchanged, kept, failed, stopped, bytesSent, bytesSpared } = totals
    const pairs = report.items.filter(({ outcome }) => outcome !== 'removed' && outcome !== 'extra').length
    change(one, {
      state: endState(report, one.stop.signal.aborted),
      endedAt: report.endedAt,
      counts: { copied, unchanged, kept, failed, stopped },
      bytesSent,
      bytesSpared,
      progress: { ...one.summary.progress, pairs, pairsDone: pairs - totals.stopped },
      report: { digest: signature.digest, keyId: signature.keyId },
    })
    await keep(one.summary)
    await forgetOld()
  }

  async function forgetOld(): Promise<void> {
    const ended = [...held.values()].filter(({ summary }) => summary.endedAt !== undefined).sort((a, b) => b.summary.createdAt - a.summary.createdAt)
    const kept = new Map<string | undefined, number>()
    for (const { summary } of ended) {
      const count = (kept.get(summary.sync) ?? 0) + 1
      kept.set(summary.sync, count)
      if (count <= (summary.sync === undefined ? MOST_KEPT : MOST_KEPT_OF_SYNC)) continue
      held.delete(summary.id)
      for (const end of ['.move', '.json', '.json.sig']) await rm(join(reports, summary.id + end), { force: true })
    }
  }

  return {
    start(order) {
      const now = clock.now()
      const summary: MoveSummary = {
        id: uuidv7(now, randomBytes(10)),
        title: order.title,
        by: order.by,
        ...(order.sync === undefined ? {} : { sync: order.sync }),
        state: 'queued',
        createdAt: now,
        progress: { pairs: 0, pairsDone: 0, bytesDone: 0, bytesKnown: 0 },
        counts: noCounts(),
        bytesSent: 0,
        bytesSpared: 0,
        notes: [],
      }
      const one: Held = { summary, items: [], stop: new AbortController(), ended: Promise.resolve() }
      held.set(summary.id, one)
      one.ended = keep(summary)
        .then(() => gate(() => run(one, order)))
        .catch((err: unknown) => {
          log.error({ err, move: summary.id }, 'an image move could not be run')
          change(one, { state: 'failed', endedAt: clock.now(), failure: failureOf(err) })
        })
      change(one, {})
      return summary
    },
    list: () => [...held.values()].map(({ summary }) => summary).sort((a, b) => b.createdAt - a.createdAt),
    get: (id) => find(id).summary,
    async items(id, { outcome, offset, limit }) {
      const one = find(id)
      // After a restart they are in the report only.
      if (one.items.length === 0 && one.summary.report)
        one.items = [...(JSON.parse(await readFile(join(reports, `${id}.json`), 'utf8')) as { items: Looked[] }).items]
      // What needs somebody stands first.
      const wanted = outcome === undefined ? [...one.items].sort((a, b) => urgency(a) - urgency(b)) : one.items.filter((item) => item.outcome === outcome)
      return { items: wanted.slice(offset, offset + limit), total: wanted.length }
    },
    cancel(id) {
      const one = find(id)
      if (one.summary.endedAt === undefined) one.stop.abort(new Error('canceled'))
      return one.summary
    },
    async report(id) {
      if (!find(id).summary.report) throw new CodedError('NOT_FOUND', { what: `report of image move ${id}` })
      const [report, signature] = await Promise.all([readFile(join(reports, `${id}.json`)), readFile(join(reports, `${id}.json.sig`), 'utf8')])
      return { report, signature }
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async ended(id) {
      await find(id).ended
      return find(id).summary
    },
    async stop() {
      for (const { stop } of held.values()) stop.abort(new Error('the server stops'))
      await Promise.all([...held.values()].map(({ ended }) => ended))
    },
  }
}

/** Written whether something is pruned or not: who turns it on later means also what was copied before. */
async function copiedBefore(path: string): Promise<Copied> {
  try {
    return readCopied(await readFile(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
}

const urgency = ({ outcome }: Looked): number => (outcome === 'failed' ? 0 : outcome === 'stopped' ? 1 : 2)

/** Moves of earlier runs of the server; one that had not ended was cut off by its end. */
async function readSummaries(folder: string, log: Logger): Promise<MoveSummary[]> {
  const summaries: MoveSummary[] = []
  for (const name of (await readdir(folder)).filter((each) => each.endsWith('.move'))) {
    try {
      const summary = JSON.parse(await readFile(join(folder, name), 'utf8')) as MoveSummary
      summaries.push(summary.endedAt === undefined ? { ...summary, state: 'interrupted', endedAt: summary.startedAt ?? summary.createdAt } : summary)
    } catch (err) {
      log.warn({ err, name }, 'the record of an image move cannot be read')
    }
  }
  return summaries
}
