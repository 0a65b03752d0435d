/** From monitors as the cluster has them to scrape jobs, and what cannot be scraped as it is asked for, by field. Pure. */
import type { z } from 'zod'
import { parseInput } from '#core/kernel/problems.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { type GlobalSettings, type MonitorsSettings, readScrapeJob, type ScrapeJob } from '../jobs.ts'
import type { AccessDeps, Reference } from './access.ts'
import { podMonitor, probe, scrapeConfig, serviceMonitor } from './schema.ts'
import { type Named, podMonitorJobs, probeJobs, type RawJob, scrapeConfigJobs, serviceMonitorJobs } from './translate.ts'

export interface MonitorProblem extends Named {
  kind: string
  /** As in the manifest: `spec.endpoints[0].interval`. */
  field: string
  message: string
  /** The monitor is scraped nevertheless. */
  scraped: boolean
}

export interface MonitorJobs {
  jobs: readonly ScrapeJob[]
  problems: readonly MonitorProblem[]
  /** Secrets and ConfigMaps that are named. */
  references: readonly Reference[]
}

export interface MonitorDeps {
  global: GlobalSettings
  settings: MonitorsSettings
  lookUp: AccessDeps['lookUp']
}

type Reader = (spec: unknown, named: Named, deps: AccessDeps) => { jobs: RawJob[] } | { problems: readonly { path: string; message: string }[] }

/** Unknown keys are no reason not to scrape: the definitions grow. */
const reader =
  <Schema extends z.ZodType>(schema: Schema, translate: (spec: z.output<Schema>, named: Named, deps: AccessDeps) => RawJob[]): Reader =>
  (spec, named, deps) => {
    const strict = parseInput(schema, spec)
    if (strict.ok) return { jobs: translate(strict.value, named, deps) }
    const loose = schema.safeParse(spec)
    if (!loose.success) return { problems: strict.error.filter(({ message }) => message !== UNKNOWN) }
    for (const { path } of strict.error) deps.problem(`${NOTE}spec.${path}`, 'is not read here')
    return { jobs: translate(loose.data, named, deps) }
  }
const UNKNOWN = 'unknown key'
const NOTE = '~'

export const MONITOR_KINDS: Readonly<Record<string, { apiVersion: string; read: Reader }>> = {
  ServiceMonitor: { apiVersion: 'monitoring.coreos.com/v1', read: reader(serviceMonitor, serviceMonitorJobs) },
  PodMonitor: { apiVersion: 'monitoring.coreos.com/v1', read: reader(podMonitor, podMonitorJobs) },
  Probe: { apiVersion: 'monitoring.coreos.com/v1', read: reader(probe, probeJobs) },
  ScrapeConfig: { apiVersion: 'monitoring.coreos.com/v1alpha1', read: reader(scrapeConfig, scrapeConfigJobs) },
}

export function readMonitors(monitors: readonly KubeObject[], { global, settings, lookUp }: MonitorDeps): MonitorJobs {
  const { files, namespaces: _namespaces, selector: _selector, ...cluster } = settings
  const jobs: ScrapeJob[] = []
  const problems: MonitorProblem[] = []
  const references = new Map<string, Reference>()
  for (const { kind, metadata, spec } of monitors) {
    const { name, namespace = '' } = metadata
    const found: Omit<MonitorProblem, 'kind' | 'namespace' | 'name'>[] = []
    let waiting = false
    const read = MONITOR_KINDS[kind]!.read(
      spec ?? {},
      { namespace, name },
      {
        namespace,
        cluster,
        files: files.includes('*') || files.includes(namespace),
        lookUp: (reference) => {
          const data = lookUp(reference)
          waiting ||= data === undefined
          return data
        },
        needs: (reference) => references.set(JSON.stringify(reference), reference),
        problem: (field, message) => found.push({ field: field.replace(NOTE, ''), message, scraped: field.startsWith(NOTE) }),
      },
    )
    if ('problems' in read) for (const { path, message } of read.problems) found.push({ field: `spec.${path}`, message, scraped: false })
    else if (!waiting && found.every(({ scraped }) => scraped))
      for (const raw of read.jobs) {
        const job = readScrapeJob(raw, global)
        if (job.ok) jobs.push(job.value)
        else for (const { path, message } of job.error) found.push({ field: 'spec', message: `${path}: ${message}`, scraped: false })
      }
    problems.push(...found.map((each) => ({ kind, namespace, name, ...each })))
  }
  return { jobs, problems, references: [...references.values()] }
}
