/** Targets as the series that come with every scrape tell of them: https://prometheus.io/docs/concepts/jobs_instances/ Pure. */
import type { QueryAnswer } from './api.ts'
import { rowsOf } from './drawing.ts'

export interface TargetRow {
  key: string
  job: string
  instance: string
  /** The other labels. */
  labels: string
  /** null: the scrape did not say. */
  up: boolean | null
  seconds: number | null
  /** Samples that the target sent, and those that relabelling kept. */
  scraped: number | null
  kept: number | null
  /** Series that were not there at the scrape before. */
  added: number | null
}

const FIELDS = {
  scrape_duration_seconds: 'seconds',
  scrape_samples_scraped: 'scraped',
  scrape_samples_post_metric_relabeling: 'kept',
  scrape_series_added: 'added',
} as const

export function targetsOf(answer: QueryAnswer): TargetRow[] {
  const rows = new Map<string, TargetRow>()
  for (const { metric, value } of rowsOf(answer)) {
    const { __name__: name = '', job = '', instance = '', ...rest } = metric
    const labels = Object.entries(rest)
      .map(([label, text]) => `${label}=${text}`)
      .join(', ')
    const key = `${job}\n${instance}\n${labels}`
    const row = rows.get(key) ?? { key, job, instance, labels, up: null, seconds: null, scraped: null, kept: null, added: null }
    rows.set(key, row)
    if (name === 'up') row.up = value === null ? null : value > 0
    else if (name in FIELDS) row[FIELDS[name as keyof typeof FIELDS]] = value
  }
  return [...rows.values()]
}
