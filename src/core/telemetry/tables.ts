/** Every table there is, also those that later capabilities fill: contracts are settled before the code that needs them. */
import type { Signal, Table } from './table.ts'
import { access, access1h, access1m, access5m } from './tables/access.ts'
import { logs } from './tables/logs.ts'
import { exemplars, histograms, metricMetadata, samples, series, starts } from './tables/metrics.ts'
import { alerts, audit, findings, kubeEvents, plans } from './tables/records.ts'
import { rum, spans } from './tables/spans.ts'

export const TABLES = {
  series,
  sample_runs: samples,
  histograms,
  starts,
  exemplars,
  metric_metadata: metricMetadata,
  access,
  access_1m: access1m,
  access_5m: access5m,
  access_1h: access1h,
  logs,
  spans,
  audit,
  kube_events: kubeEvents,
  findings,
  plans,
  alerts,
  rum,
} as const satisfies Record<string, Table>

export type TableName = keyof typeof TABLES

/** Which byte budget a table counts against. */
export const SIGNAL_OF: Record<TableName, Signal> = {
  series: 'metrics',
  sample_runs: 'metrics',
  histograms: 'metrics',
  starts: 'metrics',
  exemplars: 'metrics',
  metric_metadata: 'metrics',
  access: 'access',
  access_1m: 'access',
  access_5m: 'access',
  access_1h: 'access',
  logs: 'logs',
  spans: 'spans',
  rum: 'spans',
  audit: 'audit',
  kube_events: 'logs',
  findings: 'findings',
  plans: 'findings',
  alerts: 'findings',
}
