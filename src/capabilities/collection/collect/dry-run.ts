/** What a configuration would scrape, without scraping: every target that discovery finds, and what each relabelling rule did to it. */
import type { CollectConfig, GlobalSettings, MonitorsSettings, ScrapeJob } from '../domain/jobs.ts'
import type { MonitorJobs } from '../domain/monitors/read.ts'
import { compileRules, type Discovered, type Judged, judgeTarget } from '../domain/targets.ts'
import { md5Hash64 } from './collector.ts'
import { type DiscoveryDeps, discoveriesOf } from './discovery.ts'
import { followMonitors, type MonitorsPort } from './monitors.ts'

export interface DryRunJob {
  job: string
  judged: readonly Judged[]
  /** What discovery could not do; what is found is incomplete then. */
  troubles: readonly string[]
}

const PATIENCE_MS = 15_000

/** Waits until each source has told once, at most 15 s. */
export async function dryRun(config: CollectConfig, deps: Omit<DiscoveryDeps, 'onTrouble'>, signal: AbortSignal): Promise<DryRunJob[]> {
  const { jobs, troubles } = config.monitors ? await monitorsOnce(config.monitors, config.global, deps, signal) : { jobs: [], troubles: [] }
  const found = await Promise.all(
    [...config.jobs, ...jobs].map(async (job) => {
      const troubles: string[] = []
      const rules = compileRules(job, md5Hash64)
      const stop = new AbortController()
      const both = AbortSignal.any([signal, stop.signal])
      const found: Discovered[][] = []
      const sources = discoveriesOf(job, { ...deps, onTrouble: (_, what) => troubles.push(what) })
      const first = sources.map(
        (discover, i) =>
          new Promise<void>((resolve) => {
            discover((targets) => {
              found[i] = targets
              resolve()
            }, both).catch((error: Error) => {
              if (!both.aborted) troubles.push(error.message)
              resolve()
            })
          }),
      )
      await Promise.race([
        Promise.all(first),
        deps.clock.sleep(PATIENCE_MS, both).then(() => troubles.push(`not all was found within ${PATIENCE_MS / 1000} s`)),
      ]).catch(() => {})
      stop.abort()
      return {
        job: job.job_name,
        judged: found.flat().map((each) => judgeTarget(job, rules, each, config.externalLabels, true)),
        troubles: [...new Set(troubles)],
      }
    }),
  )
  return troubles.length > 0 ? [{ job: 'monitors', judged: [], troubles }, ...found] : found
}

async function monitorsOnce(settings: MonitorsSettings, global: GlobalSettings, deps: MonitorsPort, signal: AbortSignal) {
  const stop = new AbortController()
  const both = AbortSignal.any([signal, stop.signal])
  const troubles: string[] = []
  const found = Promise.withResolvers<readonly ScrapeJob[]>()
  const onFound = ({ jobs }: MonitorJobs) => found.resolve(jobs)
  const following = followMonitors(settings, global, deps, onFound, (what) => troubles.push(what), both)
  const late = deps.clock.sleep(PATIENCE_MS, both).then(
    () => found.resolve([]),
    () => {},
  )
  const jobs = await found.promise
  stop.abort()
  await Promise.all([following, late])
  return { jobs, troubles }
}
