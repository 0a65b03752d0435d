/** What the collector says of itself: its own metrics, and its targets as Prometheus' `/api/v1/targets` answers. */
import { formatDuration } from '#core/kernel/duration.ts'
import type { ScrapeJob } from '../domain/jobs.ts'
import type { MonitorProblem } from '../domain/monitors/read.ts'
import type { Judged, Target } from '../domain/targets.ts'

export interface CollectorStatus {
  jobs(): readonly { job: ScrapeJob; judged: readonly Judged[]; overLimit: boolean }[]
  monitorProblems(): readonly MonitorProblem[]
  targets(): readonly { target: Target; health: string; lastError: string; lastScrape: number; lastSeconds: number; series: number }[]
  outputs(): readonly {
    name: string
    batches: number
    samples: number
    bytes: number
    refused: number
    lastError: string
    behind: number
    oldest: number | undefined
  }[]
  counts(): { scrapes: number; failed: number; samples: number; duplicates: number; queueBytes: number; dropped: number; lost: number; troubles: number }
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#targets */
export function targetsAnswer(status: CollectorStatus) {
  return {
    status: 'success',
    data: {
      activeTargets: status.targets().map(({ target, health, lastError, lastScrape, lastSeconds }) => ({
        discoveredLabels: Object.fromEntries(target.discovered),
        labels: Object.fromEntries(target.labels),
        scrapePool: target.job.job_name,
        scrapeUrl: target.url.href,
        globalUrl: target.url.href,
        lastError,
        lastScrape: new Date(lastScrape).toISOString(),
        lastScrapeDuration: lastSeconds,
        health,
        scrapeInterval: formatDuration(target.intervalMs),
        scrapeTimeout: formatDuration(target.timeoutMs),
      })),
      monitorProblems: status.monitorProblems(),
      droppedTargets: status
        .jobs()
        .flatMap(({ job, judged }) =>
          judged
            .filter(({ target }) => !target)
            .map(({ discovered, dropped }) => ({ discoveredLabels: Object.fromEntries(discovered), scrapePool: job.job_name, reason: dropped })),
        ),
    },
  }
}

/** In the text format. */
export function collectorMetrics(status: CollectorStatus): string {
  const lines: string[] = []
  const metric = (name: string, type: 'counter' | 'gauge', help: string, rows: readonly (readonly [string, number])[]) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows.map(([labels, value]) => `${name}${labels} ${value}`))
  }
  const counts = status.counts()
  const targets = status.targets()
  const outputs = status.outputs()
  const of = (output: string) => `{output="${output.replace(/["\\\n]/g, '_')}"}`
  metric(
    'sallyport_collect_targets',
    'gauge',
    'Targets by health.',
    (['up', 'down', 'unknown'] as const).map((health) => [`{health="${health}"}`, targets.filter((target) => target.health === health).length]),
  )
  metric('sallyport_collect_series', 'gauge', 'Series of all targets.', [['', targets.reduce((sum, { series }) => sum + series, 0)]])
  metric('sallyport_collect_scrapes_total', 'counter', 'Scrapes by result.', [
    ['{result="ok"}', counts.scrapes - counts.failed],
    ['{result="failed"}', counts.failed],
  ])
  metric('sallyport_collect_samples_total', 'counter', 'Samples that were scraped and kept.', [['', counts.samples]])
  metric('sallyport_collect_duplicate_samples_total', 'counter', 'Samples of a series that stood in the body before; left out.', [['', counts.duplicates]])
  metric('sallyport_collect_monitors_refused', 'gauge', 'Monitors of the cluster that cannot be scraped as they are.', [
    ['', new Set(status.monitorProblems().flatMap(({ kind, namespace, name, scraped }) => (scraped ? [] : [`${kind} ${namespace}/${name}`]))).size],
  ])
  metric('sallyport_collect_queue_bytes', 'gauge', 'Bytes of the queue on disk.', [['', counts.queueBytes]])
  metric('sallyport_collect_lost_samples_total', 'counter', 'Samples that are lost, by reason.', [
    ['{reason="queue_full"}', counts.dropped],
    ['{reason="queue_unwritable"}', counts.lost],
  ])
  metric('sallyport_collect_discovery_troubles_total', 'counter', 'Times that discovery could not do what it should.', [['', counts.troubles]])
  metric(
    'sallyport_collect_sent_samples_total',
    'counter',
    'Samples that an output took.',
    outputs.map(({ name, samples }) => [of(name), samples]),
  )
  metric(
    'sallyport_collect_sent_bytes_total',
    'counter',
    'Bytes sent to an output, those that it did not take too.',
    outputs.map(({ name, bytes }) => [of(name), bytes]),
  )
  metric(
    'sallyport_collect_refused_samples_total',
    'counter',
    'Samples that an output refused for good.',
    outputs.map(({ name, refused }) => [of(name), refused]),
  )
  metric(
    'sallyport_collect_waiting_samples',
    'gauge',
    'Samples in the queue that an output has not got.',
    outputs.map(({ name, behind }) => [of(name), behind]),
  )
  return `${lines.join('\n')}\n`
}
