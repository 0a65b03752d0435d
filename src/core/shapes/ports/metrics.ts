/** Metrics of all clusters: what senders bring, and PromQL over it. Implementation: edges/telemetry/metrics. */

import type { LabelMatcher } from '../../promql/ast.ts'
import type { Answer } from '../../promql/evaluate.ts'
import type { Histogram } from '../../promql/histogram/histogram.ts'
import type { Labels } from '../../promql/labels.ts'

/** Samples on their way in, whatever brought them: remote write, OTLP, the collector, rules. */
export interface SampleBatch {
  /** UUIDv7 of the sender; the same batch sent again has the same id, and is stored once. */
  id: string
  /** Stamped from the sender's token. */
  cluster: string
  /** With `__name__`. Rows name them by index; objects that are handed in again and again are found fastest. */
  series: readonly Labels[]
  /** Float samples, one row each: index in `series`, ms since the epoch, value. */
  of: Uint32Array
  ts: Float64Array
  values: Float64Array
  /** 1: the series ended here (the value does not count). Left out: no row is one. */
  stale?: Uint8Array
  /** When the counting of a row began, ms; 0: not said. Left out: of no row. */
  starts?: Float64Array
  histograms?: readonly { of: number; ts: number; histogram: Histogram; start?: number }[]
  exemplars?: readonly { of: number; ts: number; value: number; labels: Readonly<Record<string, string>> }[]
  metadata?: readonly Metadata[]
}

export interface Metadata {
  metric: string
  /** counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown */
  type: string
  help: string
  unit: string
}

/** Every sample is accounted for: accepted + rejected = samples and histograms. */
export interface SampleReceipt {
  accepted: number
  histograms: number
  exemplars: number
  rejected: number
  /** Reason → count: `old`, `future`, `series-limit`, `labels`. */
  reasons: Readonly<Record<string, number>>
}

/** What of which cluster is seen; from `namespacesIn` of the asker's scope. With a list, only series whose label `namespace` is in it. */
export interface MetricsView {
  cluster: string
  namespaces: 'all' | readonly string[]
}

export interface MetricsQuestion {
  view: MetricsView
  /** PromQL. */
  text: string
  /** ms since the epoch; start = end asks for one moment. */
  start: number
  end: number
  /** ms; of no meaning for one moment. */
  step: number
  /** How long a sample stays current, ms; default 5 minutes. */
  lookback?: number
  /** Default 60,000; at most 120,000. TIMED_OUT after it. */
  timeoutMs?: number
  /** `rules`: dashboards never delay it. */
  lane?: 'interactive' | 'rules'
}

export interface SeriesQuestion {
  view: MetricsView
  /** Sets of matchers; what passes one of them is meant. None: everything. */
  matchers: readonly (readonly LabelMatcher[])[]
  /** ms since the epoch: series that had samples between, to the hour. */
  from: number
  to: number
}

export interface Exemplar {
  series: Labels
  ts: number
  value: number
  labels: Readonly<Record<string, string>>
}

export interface MetricsStatus {
  series: number
  seriesLimit: number
  /** Since the server started. */
  accepted: number
  rejected: number
  reasons: Readonly<Record<string, number>>
}

export interface Metrics {
  /** Resolves when the accepted samples are durable; queries see them within 3 s. Rejects (QUEUE_FULL, DISK_FULL) with nothing kept. */
  append(batch: SampleBatch): Promise<SampleReceipt>
  /** Rejects with PROMQL_INVALID, PROMQL_FAILED, PROMQL_LIMIT, QUERY_LIMIT, TIMED_OUT, ENGINE_UNAVAILABLE. */
  query(question: MetricsQuestion): Promise<Answer>
  /** The same as the body of an answer of Prometheus' API, of one moment or of a range: made where it was computed, however big it is. In a buffer of its own. */
  json(question: MetricsQuestion, form: 'instant' | 'range'): Promise<Uint8Array<ArrayBuffer>>
  series(question: SeriesQuestion): Labels[]
  metadata(cluster: string): readonly Metadata[]
  exemplars(question: SeriesQuestion): Promise<Exemplar[]>
  status(cluster: string): MetricsStatus
}
