/** The collector's life: discovery makes targets, targets are scraped, batches are queued, outputs drain the queue. */
import { createHash, randomBytes } from 'node:crypto'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Clock } from '#core/kernel/clock.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { Codec } from '#core/telemetry/metric-batch.ts'
import type { CollectConfig, ObjectsSettings, ScrapeJob } from '../domain/jobs.ts'
import type { MonitorJobs, MonitorProblem } from '../domain/monitors/read.ts'
import { keptObject, OBJECT_KINDS, type ObjectKind, type ObjectPlural } from '../domain/object-series/kinds.ts'
import type { Hash64 } from '../domain/relabel.ts'
import { compileRules, type Discovered, type Judged, judgeTarget, OBJECTS_SCHEME, type Target } from '../domain/targets.ts'
import { createBatcher } from './batch.ts'
import { type DiscoveryDeps, discoveriesOf } from './discovery.ts'
import { type Access, createAccess } from './http-client.ts'
import { followMonitors } from './monitors.ts'
import { objectSource } from './object-source.ts'
import { drain, type Output, type OutputState } from './outputs.ts'
import { openQueue } from './queue.ts'
import { scrapeLoop, type TargetState } from './scrape-loop.ts'

export const zstd: Codec = {
  compress: (bytes) => zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  decompress: (bytes, most) => zstdDecompressSync(bytes, { maxOutputLength: most }),
}

/** The last eight bytes of the MD5, as Prometheus takes them for hashmod. */
export const md5Hash64: Hash64 = (text) => createHash('md5').update(text).digest().readBigUInt64BE(8)

export interface CollectorOptions {
  config: CollectConfig
  queueFolder: string
  queueBytes: number
  /** Of how many replicas this is which; each target has one. */
  shard?: { index: number; count: number }
}

export interface CollectorDeps extends Omit<DiscoveryDeps, 'onTrouble'> {
  clock: Clock
  outputs: readonly Output[]
  say(level: 'info' | 'warn' | 'error', what: string, details: Record<string, unknown>): void
}

export interface JobState {
  job: ScrapeJob
  judged: readonly Judged[]
  /** More than target_limit: nothing of the job is scraped. */
  overLimit: boolean
}

export interface CollectorState {
  jobs(): readonly JobState[]
  /** Of monitors that cannot be scraped as they are. */
  monitorProblems(): readonly MonitorProblem[]
  targets(): readonly TargetState[]
  outputs(): readonly (OutputState & { bytes: number; behind: number; oldest: number | undefined })[]
  counts(): { scrapes: number; failed: number; samples: number; duplicates: number; queueBytes: number; dropped: number; lost: number; troubles: number }
}

const FLUSH_MS = 1_000

/** In which shard a target is: the same in every replica. */
export const shardOf = (key: string, count: number): number => Number(md5Hash64(key) % BigInt(count))

/** Runs until `signal` is aborted; what was scraped is in the queue then. */
export function startCollector(options: CollectorOptions, deps: CollectorDeps, signal: AbortSignal): { state: CollectorState; done: Promise<void> } {
  const { config, shard } = options
  const { clock, say } = deps
  const queue = openQueue({ folder: options.queueFolder, mostBytes: options.queueBytes, outputs: deps.outputs.map(({ name }) => name), now: () => clock.now() })
  const counts = { scrapes: 0, failed: 0, samples: 0, duplicates: 0, lost: 0, troubles: 0 }
  const batch = createBatcher(
    queue,
    zstd,
    () => uuidv7(clock.now(), randomBytes(10)),
    (samples, reason) => {
      counts.lost += samples
      say('error', 'samples could not be queued', { samples, reason })
    },
  )
  const outputStates = deps.outputs.map(({ name }): OutputState => ({ name, batches: 0, samples: 0, refused: 0, lastError: '' }))
  const running = new Set<Promise<unknown>>()
  const loops = new Map<string, { state: TargetState; stop: AbortController }>()
  const jobs = new Set<JobState>()
  let monitorProblems: readonly MonitorProblem[] = []
  const trouble = (job: string, what: string) => {
    counts.troubles++
    say('warn', 'discovery', { job, what })
  }

  /** Keeps what runs until it has ended; what should never fail and does is said. */
  const track = (task: Promise<unknown>, ended?: () => void) => {
    const tracked = task
      .catch((error: unknown) => {
        if (!signal.aborted) say('error', 'a task of the collector failed', { reason: String((error as Error)?.stack ?? error) })
      })
      .finally(() => {
        ended?.()
        running.delete(tracked)
      })
    running.add(tracked)
  }
  const draining = new AbortController()
  const drains = deps.outputs.map((output, i) => drain(output, queue, outputStates[i]!, { clock, random: Math.random }, draining.signal))

  /** Until the function that it returns is called. */
  const startJob = (job: ScrapeJob): (() => void) => {
    const gone = new AbortController()
    const until = AbortSignal.any([signal, gone.signal])
    const rules = compileRules(job, md5Hash64)
    const access: Access = createAccess(job, () => clock.now())
    const jobState: JobState = { job, judged: [], overLimit: false }
    jobs.add(jobState)
    const bySource = new Map<number, Discovered[]>()
    const mine = new Set<string>()
    const stopTarget = (key: string) => {
      mine.delete(key)
      loops.get(key)?.stop.abort()
      loops.delete(key)
    }
    const startTarget = (key: string, target: Target) => {
      mine.add(key)
      const state: TargetState = { target, health: 'unknown', lastError: '', lastScrape: 0, lastSeconds: 0, samples: 0, kept: 0, series: 0, duplicates: 0 }
      const stop = new AbortController()
      const onScrape = () => {
        counts.scrapes++
        if (state.health === 'down') counts.failed++
        counts.samples += state.kept
        counts.duplicates += state.duplicates
      }
      const source = target.url.protocol === `${OBJECTS_SCHEME}:` ? objectsOf(job.kubernetes_objects!, target.url.hostname as ObjectPlural) : undefined
      const read = source && (() => source.read(clock.now()))
      const ended = AbortSignal.any([signal, stop.signal])
      const done = scrapeLoop(target, state, { clock, batch, access, metric: rules.metric, onScrape, read }, ended, () => signal.aborted)
      loops.set(key, { state, stop })
      track(done, () => source?.close())
    }
    const update = () => {
      if (until.aborted) return
      const judged = [...bySource.values()].flat().map((found) => judgeTarget(job, rules, found, config.externalLabels))
      const wanted = new Map<string, Target>()
      for (const { target } of judged) if (target) wanted.set(target.key, target)
      jobState.judged = judged
      jobState.overLimit = job.limits.targets > 0 && wanted.size > job.limits.targets
      if (jobState.overLimit) {
        trouble(job.job_name, `${wanted.size} targets are more than target_limit: ${job.limits.targets}; none is scraped`)
        wanted.clear()
      }
      for (const key of [...mine]) if (!wanted.has(key)) stopTarget(key)
      for (const [key, target] of wanted) if (!loops.has(key) && (!shard || shardOf(key, shard.count) === shard.index)) startTarget(key, target)
    }
    discoveriesOf(job, { ...deps, onTrouble: trouble }).forEach((discover, i) => {
      const onTargets = (targets: Discovered[]) => {
        bySource.set(i, targets)
        update()
      }
      track(discover(onTargets, until))
    })
    return () => {
      gone.abort()
      for (const key of [...mine]) stopTarget(key)
      jobs.delete(jobState)
    }
  }
  const objectsOf = (settings: ObjectsSettings, plural: ObjectPlural) => {
    const kind: ObjectKind = OBJECT_KINDS[plural]
    const wanted = settings.labels[plural] ?? []
    return objectSource(kind, wanted, () => deps.follow(settings, kind, keptObject(kind, wanted)), clock.now())
  }
  for (const job of config.jobs) startJob(job)
  if (config.monitors) {
    const started = new Map<string, () => void>()
    const onFound = (found: MonitorJobs) => {
      monitorProblems = found.problems
      const wanted = new Map(found.jobs.map((job) => [JSON.stringify(job), job]))
      for (const [key, stop] of started) {
        if (wanted.has(key)) continue
        stop()
        started.delete(key)
      }
      for (const [key, job] of wanted) if (!started.has(key)) started.set(key, startJob(job))
    }
    track(followMonitors(config.monitors, config.global, deps, onFound, (what) => trouble('monitors', what), signal))
  }

  const flushing = (async () => {
    while (!signal.aborted) {
      await clock.sleep(FLUSH_MS, signal).catch(() => {})
      batch.flush()
    }
  })()

  const done = (async () => {
    await flushing
    await Promise.allSettled([...running])
    batch.flush()
    draining.abort()
    await Promise.allSettled(drains)
    queue.close()
  })()

  return {
    done,
    state: {
      jobs: () => [...jobs],
      monitorProblems: () => monitorProblems,
      targets: () => [...loops.values()].map(({ state }) => state),
      outputs: () =>
        outputStates.map((state, i) => {
          const { samples: behind, oldest } = queue.backlog(state.name)
          return { ...state, bytes: deps.outputs[i]!.sent.bytes, behind, oldest }
        }),
      counts: () => ({ ...counts, queueBytes: queue.bytes, dropped: queue.dropped }),
    },
  }
}
