/**
 * Metrics of OpenTelemetry as samples of Prometheus: https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 * Sums become counters or gauges, histograms classic ones, exponential histograms native ones; what is told as deltas is not taken, because a delta that is lost or
 * comes twice cannot be told from the samples any more.
 */

import { formatValue } from '#core/promql/answer-json.ts'
import type { Buckets, Histogram } from '#core/promql/histogram/histogram.ts'
import { toSchema } from '#core/promql/histogram/reconcile.ts'
import { type Labels, labelsOf } from '#core/promql/labels.ts'
import { type Brought, type Collected, createCollected } from './collected.ts'
import type { Attribute, OtlpMetric, OtlpPoint, OtlpResource } from './otlp-message.ts'
import { labelName, type MetricShape, metricName } from './otlp-names.ts'

export interface OtlpRefusal {
  points: number
  /** Why, each reason once, with the name of a metric. */
  reasons: string[]
}

const MAX_SCHEMA = 8
const MIN_SCHEMA = -4
const DELTA = 1
const CUMULATIVE = 2

export function fromOtlp(resources: readonly OtlpResource[]): { brought: Brought; refused: OtlpRefusal } {
  const collected = createCollected()
  const reasons = new Map<string, string>()
  let refused = 0
  for (const { attributes, metrics } of resources) {
    const resource = resourceLabels(attributes)
    const series = seriesOf(collected)
    let latest = 0
    for (const metric of metrics) {
      const fault = faultOf(metric)
      if (fault !== undefined) {
        refused += metric.points.length
        if (!reasons.has(fault)) reasons.set(fault, metric.name.slice(0, 200))
        continue
      }
      const name = metricName(metric.name, metric.unit, shapeOf(metric))
      collected.metadata.push({ metric: name, type: typeOf(metric), help: metric.description.slice(0, 4096), unit: '' })
      for (const point of metric.points) {
        const own = labelPairs([...point.attributes])
        const pointFault = take(collected, metric, point, (suffix, extra = []) => series(name + suffix, [...own, ...resource.own, ...extra]))
        if (pointFault !== undefined) {
          refused++
          if (!reasons.has(pointFault)) reasons.set(pointFault, metric.name.slice(0, 200))
        } else latest = Math.max(latest, point.ms)
      }
    }
    // What is said of the sender only, once for each batch.
    if (latest > 0 && resource.rest.length > 0 && resource.own.some(([key]) => key === 'job' || key === 'instance'))
      collected.add(series('target_info', [...resource.rest, ...resource.own]), latest, 1)
  }
  return { brought: collected.done(), refused: { points: refused, reasons: [...reasons].map(([reason, metric]) => `${metric}: ${reason}`) } }
}

function faultOf({ name, kind, temporality }: OtlpMetric): string | undefined {
  if (name === '') return 'a metric without a name'
  if (kind === undefined) return 'of no kind that is known'
  if (kind === 'gauge' || kind === 'summary') return undefined
  if (temporality === DELTA) return 'deltas are not taken: let the sender or a collector (cumulative temporality, deltatocumulative) add them up'
  return temporality === CUMULATIVE ? undefined : 'whether it counts from its start or since the last time is not said'
}

const shapeOf = ({ kind, monotonic }: OtlpMetric): MetricShape =>
  kind === 'sum' && monotonic ? 'counter' : kind === 'gauge' || kind === 'sum' ? 'gauge' : 'other'
const typeOf = (metric: OtlpMetric): string => {
  const shape = shapeOf(metric)
  return shape !== 'other' ? shape : metric.kind === 'summary' ? 'summary' : 'histogram'
}

/** Writes a point; the reason when it is not taken. */
function take(collected: Collected, metric: OtlpMetric, point: OtlpPoint, series: (suffix: string, extra?: Attribute[]) => number): string | undefined {
  const { ms, ended } = point
  if (!(ms > 0)) return 'a data point without a time'
  const first = collected.rows
  const add = (suffix: string, value: number, extra: Attribute[] = []) => collected.add(series(suffix, extra), ms, ended ? Number.NaN : value, ended)
  switch (metric.kind) {
    case 'histogram': {
      if (!ended && point.counts.length > 0 && point.counts.length !== point.bounds.length + 1) return 'buckets and bounds do not fit'
      let sum = 0
      point.bounds.forEach((bound, i) => {
        sum += point.counts[i] ?? 0
        add('_bucket', sum, [['le', formatValue(bound)]])
      })
      add('_bucket', point.count, [['le', '+Inf']])
      add('_count', point.count)
      if (point.sum !== undefined) add('_sum', point.sum)
      break
    }
    case 'summary':
      for (const { quantile, value } of point.quantiles) add('', value, [['quantile', formatValue(quantile)]])
      add('_count', point.count)
      if (point.sum !== undefined) add('_sum', point.sum)
      break
    case 'exponentialHistogram': {
      if (ended) {
        add('', Number.NaN)
        break
      }
      if (point.scale < MIN_SCHEMA) return `a scale below ${MIN_SCHEMA}`
      const histogram = nativeHistogram(point)
      const start = metric.temporality === CUMULATIVE && point.startMs > 0 ? { start: point.startMs } : {}
      collected.histograms.push({ of: series(''), ts: ms, histogram, ...start })
      break
    }
    default:
      add('', point.value)
  }
  if (point.startMs > 0 && (metric.kind !== 'sum' || metric.monotonic) && metric.kind !== 'gauge') collected.startFrom(first, point.startMs)
  if (point.exemplars.length > 0) {
    const of = metric.kind === 'histogram' ? undefined : series('')
    for (const { ms: at, value, traceId, spanId, attributes } of point.exemplars.slice(0, 100)) {
      const bound = point.bounds.find((upper) => value <= upper)
      const labels = Object.fromEntries(labelPairs([...attributes, ...ids('trace_id', traceId), ...ids('span_id', spanId)]))
      collected.exemplars.push({ of: of ?? series('_bucket', [['le', bound === undefined ? '+Inf' : formatValue(bound)]]), ts: at || ms, value, labels })
    }
  }
  return undefined
}

const ids = (name: string, hex: string): Attribute[] => (hex === '' ? [] : [[name, hex]])

/** Index i of OpenTelemetry begins where index i of Prometheus ends, so each is one further. */
function nativeHistogram({ scale, zeroCount, zeroThreshold, count, sum, positive, negative }: OtlpPoint): Histogram {
  const side = ({ offset, counts }: OtlpPoint['positive']): Buckets => ({ offset: offset + 1, counts: Float64Array.from(counts) })
  const histogram: Histogram = {
    schema: scale,
    zeroThreshold,
    zeroCount,
    count,
    sum: sum ?? Number.NaN,
    positive: side(positive),
    negative: side(negative),
    custom: null,
    hint: 'unknown',
  }
  return toSchema(histogram, MAX_SCHEMA)
}

/** Of the sender: `job` and `instance` as Prometheus has them, the namespace by which people may see, and the rest, which `target_info` has. */
function resourceLabels(attributes: readonly Attribute[]): { own: Attribute[]; rest: Attribute[] } {
  const told = new Map(attributes)
  const own: Attribute[] = []
  const service = told.get('service.name')
  const namespace = told.get('service.namespace')
  if (service) own.push(['job', namespace ? `${namespace}/${service}` : service])
  const instance = told.get('service.instance.id')
  if (instance) own.push(['instance', instance])
  const place = told.get('k8s.namespace.name')
  if (place) own.push(['namespace', place])
  const rest = attributes.filter(([key]) => !['service.name', 'service.namespace', 'service.instance.id', 'k8s.namespace.name'].includes(key))
  return { own, rest: labelPairs(rest) }
}

/** Names that become the same have both values. */
function labelPairs(attributes: readonly Attribute[]): Attribute[] {
  const out = new Map<string, string>()
  for (const [key, value] of attributes.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const name = labelName(key)
    if (name === '' || value === '') continue
    const known = out.get(name)
    out.set(name, known === undefined ? value : `${known};${value}`)
  }
  return [...out]
}

/** The number of a series among those of the batch. The sender's own labels win over those of its resource. */
function seriesOf(collected: Collected): (name: string, pairs: readonly Attribute[]) => number {
  const known = new Map<string, number>()
  return (name, pairs) => {
    const map = new Map<string, string>()
    for (const [key, value] of pairs) if (!map.has(key) || key === 'le' || key === 'quantile') map.set(key, value)
    map.set('__name__', name)
    const labels: Labels = labelsOf(map)
    let index = known.get(labels.key)
    if (index === undefined) {
      index = collected.addSeries(labels)
      known.set(labels.key, index)
    }
    return index
  }
}
