/** From what discovery found to what is scraped: labels, relabelling, address. Prometheus' `PopulateLabels`. */
import { formatDuration, parseDuration } from '#core/kernel/duration.ts'
import { formatSeries, NAME_LABEL } from '#core/telemetry/series-text.ts'
import type { Admit } from './exposition/memory.ts'
import { LimitExceeded } from './exposition/scrape-columns.ts'
import type { ScrapeJob } from './jobs.ts'
import { compileRelabel, type Hash64, type Relabel } from './relabel.ts'

/** One thing that discovery found, with `__address__` and `__meta_…`. */
export type Discovered = ReadonlyMap<string, string>

/** Of a target that this process itself is: what the cluster's objects of a kind say. */
export const OBJECTS_SCHEME = 'objects'

export interface Target {
  /** The same for the same labels and address. */
  key: string
  job: ScrapeJob
  url: URL
  /** Those that its series get, sorted. */
  labels: readonly (readonly [string, string])[]
  intervalMs: number
  timeoutMs: number
  discovered: Discovered
}

export interface Judged {
  discovered: Discovered
  target?: Target
  /** Why it is none. */
  dropped?: string
  /** What each rule did, when asked. */
  trace: readonly { rule: number; what: string }[]
}

export interface JobRules {
  target: Relabel
  metric: Relabel
}

export const compileRules = (job: ScrapeJob, hash64: Hash64): JobRules => ({
  target: compileRelabel(job.relabel_configs, hash64),
  metric: compileRelabel(job.metric_relabel_configs, hash64),
})

/** @param external labels that all targets of this collector get where they have none of the name */
export function judgeTarget(job: ScrapeJob, rules: JobRules, discovered: Discovered, external: Readonly<Record<string, string>>, traced = false): Judged {
  const labels = new Map(discovered)
  const preset = (name: string, value: string) => {
    if (!labels.get(name)) labels.set(name, value)
  }
  preset('job', job.job_name)
  preset('__scrape_interval__', formatDuration(job.scrape_interval))
  preset('__scrape_timeout__', formatDuration(job.scrape_timeout))
  preset('__metrics_path__', job.metrics_path)
  preset('__scheme__', job.scheme)
  for (const [name, values] of Object.entries(job.params)) if (values.length > 0) preset(`__param_${name}`, values[0]!)
  const trace: { rule: number; what: string }[] = []
  const kept = rules.target(labels, traced ? (rule, what) => trace.push({ rule, what }) : undefined)
  // Which rule it was is worth asking again.
  if (!kept && !traced) return judgeTarget(job, rules, discovered, external, true)
  if (!kept) return { discovered, dropped: `relabel_configs[${trace.at(-1)?.rule ?? '?'}]`, trace }
  const address = labels.get('__address__')
  if (!address) return { discovered, dropped: 'no __address__', trace }
  const scheme = labels.get('__scheme__')
  const known = scheme === 'http' || scheme === 'https' || (scheme === OBJECTS_SCHEME && job.kubernetes_objects)
  if (!known) return { discovered, dropped: `__scheme__ is ${JSON.stringify(scheme ?? '')}`, trace }
  const path = labels.get('__metrics_path__') || '/metrics'
  let url: URL
  try {
    if (/[/?#@]/.test(address)) throw new Error()
    url = new URL(`${scheme}://${address}${path.startsWith('/') ? '' : '/'}${path}`)
  } catch {
    return { discovered, dropped: `${JSON.stringify(address)} is no address`, trace }
  }
  for (const [name, values] of Object.entries(job.params)) for (const value of values.slice(1)) url.searchParams.append(name, value)
  for (const [name, value] of labels) if (name.startsWith('__param_')) url.searchParams.append(name.slice(8), value)
  const intervalMs = parseDuration(labels.get('__scrape_interval__') ?? '') ?? 0
  const timeoutMs = parseDuration(labels.get('__scrape_timeout__') ?? '') ?? 0
  if (intervalMs <= 0 || timeoutMs <= 0 || timeoutMs > intervalMs) return { discovered, dropped: 'interval and timeout do not fit', trace }
  preset('instance', address)
  for (const [name, value] of Object.entries(external)) preset(name, value)
  const own = [...labels].filter(([name, value]) => !name.startsWith('__') && value !== '').sort(([a], [b]) => (a < b ? -1 : 1))
  return { discovered, trace, target: { key: `${job.job_name}\0${url.href}\0${own.join('\0')}`, job, url, labels: own, intervalMs, timeoutMs, discovered } }
}

/** What becomes of a new series of a target: labels of the target, metric_relabel_configs, limits. Throws LimitExceeded, and an Error where a series lost its name. */
export function admission({ job, labels: shared }: Pick<Target, 'job' | 'labels'>, metric: Relabel): Admit {
  const { limits } = job
  const target = new Map(shared)
  const limited = limits.labels > 0 || limits.labelName > 0 || limits.labelValue > 0
  const relabels = job.metric_relabel_configs.length > 0
  const check = (labels: ReadonlyMap<string, string>) => {
    if (limits.labels > 0 && labels.size > limits.labels) throw new LimitExceeded(`more than label_limit: ${limits.labels} labels`)
    for (const [name, value] of labels) {
      if (limits.labelName > 0 && name.length > limits.labelName)
        throw new LimitExceeded(`a label name is longer than label_name_length_limit: ${name.slice(0, 80)}`)
      if (limits.labelValue > 0 && value.length > limits.labelValue) throw new LimitExceeded(`a value is longer than label_value_length_limit: label ${name}`)
    }
  }
  return (own) => {
    let conflict = false
    for (const name of own.keys()) if (target.has(name)) conflict = true
    if (!conflict && !relabels && !limited) return {}
    const labels = new Map<string, string>(target)
    for (const [name, value] of own) {
      if (!conflict || job.honor_labels || !target.has(name)) {
        labels.set(name, value)
        continue
      }
      if (value === '') continue
      let exported = `exported_${name}`
      while (own.has(exported) || target.has(exported)) exported = `exported_${exported}`
      labels.set(exported, value)
    }
    if (limited) check(labels)
    if (relabels && !metric(labels)) return undefined
    if (!labels.get(NAME_LABEL)) throw new Error('metric_relabel_configs took the name of a series away')
    if (!relabels && (job.honor_labels || !conflict)) return {}
    const difference = [...labels].filter(([name, value]) => target.get(name) !== value)
    for (const [name] of shared) if (!labels.has(name)) difference.push([name, ''])
    return { text: formatSeries(difference) }
  }
}
