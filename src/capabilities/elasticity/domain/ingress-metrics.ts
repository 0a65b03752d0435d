/**
 * Numbers of the ingress as metrics of the autoscaling APIs, from the live stream. What is not known has no value: it is never 0.
 * The `sls_*` names and their selector labels are those that manifests written for the vendor's adapter use; both run on the same numbers.
 */
import { CodedError } from '#core/kernel/errors.ts'
import type { LiveBucket, LiveStream, RouteSelector } from '#core/shapes/ports/live-stream.ts'

interface Measure {
  /** Of a window of so many seconds; undefined: nothing was measured. */
  of(bucket: LiveBucket, seconds: number): number | undefined
  unit: string
}

const rate =
  (count: (bucket: LiveBucket) => number): Measure['of'] =>
  (bucket, seconds) =>
    count(bucket) / seconds
/** Times of no request are no times: an idle route has no latency. */
const quantile =
  (q: number, scale: number): Measure['of'] =>
  ({ timed, times }) =>
    timed === 0 ? undefined : times.quantile(q)! * scale
const mean =
  (scale: number): Measure['of'] =>
  ({ timed, timeSum }) =>
    timed === 0 ? undefined : (timeSum / timed) * scale

const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999, p9999: 0.9999 } as const
const requests = rate((bucket) => bucket.requests)

/** By name. Latencies in seconds, but those of `sls_*` in milliseconds, as they are known. */
export const INGRESS_METRICS: ReadonlyMap<string, Measure> = new Map<string, Measure>([
  ['sallyport_ingress_requests_per_second', { unit: '1/s', of: requests }],
  ['sallyport_ingress_errors_per_second', { unit: '1/s', of: rate(({ classes }) => classes[4]!) }],
  ['sallyport_ingress_timeouts_per_second', { unit: '1/s', of: rate(({ s504 }) => s504) }],
  ['sallyport_ingress_bytes_in_per_second', { unit: 'B/s', of: rate(({ bytesIn }) => bytesIn) }],
  ['sallyport_ingress_latency_seconds_mean', { unit: 's', of: mean(1) }],
  ...Object.entries(QUANTILES).map(([name, q]) => [`sallyport_ingress_latency_seconds_${name}`, { unit: 's', of: quantile(q, 1) }] as const),
  ['sls_ingress_qps', { unit: '1/s', of: requests }],
  ['sls_alb_ingress_qps', { unit: '1/s', of: requests }],
  ['sls_ingress_inflow', { unit: 'B/s', of: rate(({ bytesIn }) => bytesIn) }],
  ['sls_ingress_timeout_count', { unit: '1', of: ({ s504 }) => s504 }],
  ['sls_ingress_latency_avg', { unit: 'ms', of: mean(1_000) }],
  ...Object.entries(QUANTILES).map(([name, q]) => [`sls_ingress_latency_${name}`, { unit: 'ms', of: quantile(q, 1_000) }] as const),
])

type Traffic = Omit<RouteSelector, 'cluster'>

/** What custom metrics are about. */
export const CUSTOM_METRIC_RESOURCES = ['services', 'ingresses.networking.k8s.io'] as const

export interface Selected {
  /** What may be meant: a name `namespace-service-port` can be read in several ways. The first of which there is traffic counts. */
  candidates: readonly Traffic[]
  /** Seconds. */
  window: number
}

const DEFAULT_WINDOW = 15
/** Where the newest arrival is older than this, the numbers are not known, ms. */
const STALE_MS = 15_000
/** What was whole so long ago still counts, ms: as long as silent senders are remembered. */
const KEEP_MS = 15 * 60_000
const LOOK_AGAIN_MS = 2_000

/** Reads a label selector as the metrics APIs send it: `a=b,c==d`. Labels that are not ours to know are an error, so that a typo selects nothing rather than all. */
export function selectionOf(selector: string, namespace: string): Selected {
  let candidates: readonly Traffic[] = [{ namespace }]
  let window = DEFAULT_WINDOW
  for (const part of selector.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const found = /^([\w./-]+)\s*==?\s*([\w.-]*)$/.exec(part)
    if (found === null) throw refused(part, 'must be LABEL=VALUE')
    const [, label, value] = found as unknown as [string, string, string]
    switch (label) {
      case 'route':
        if (value !== '') candidates = [{ route: value }]
        break
      case 'ingress':
        candidates = [{ route: `${namespace}/${value}` }]
        break
      case 'sls.ingress.route':
        candidates = value === '' ? [{}] : servicesNamed(value.replace(/^sticky-/, ''), namespace)
        break
      case 'service':
        candidates = [{ namespace, service: value }]
        break
      case 'window':
      case 'sls.query.interval':
        window = whole(part, value, 2, 600)
        break
      case 'sls.query.delay':
        // Lines are here within a second: there is nothing to wait for.
        whole(part, value, 0, 3_600)
        break
      case 'sls.project':
      case 'sls.logstore':
      case 'sls.internal.endpoint':
      case 'sls.query.max_retry':
        break
      default:
        throw refused(part, 'is no label of these metrics: route, ingress, service, window, or those of sls_ingress_*')
    }
  }
  return { candidates, window }
}

/** Readings of `namespace-service-port`, the likeliest first: in the namespace that is asked in, with a port of one word. */
function servicesNamed(route: string, namespace: string): Traffic[] {
  const words = route.split('-')
  const found: Traffic[] = []
  for (let port = 1; port <= Math.min(4, words.length - 2); port++)
    for (let first = 1; first < words.length - port; first++)
      found.push({ namespace: words.slice(0, first).join('-'), service: words.slice(first, words.length - port).join('-') })
  const here = found.filter((one) => one.namespace === namespace)
  return [...here, ...found.filter((one) => one.namespace !== namespace), { route }].slice(0, 64)
}

const refused = (part: string, message: string) => new CodedError('INVALID_INPUT', {}, { problems: [{ path: `labelSelector ${part}`, message }] })
function whole(part: string, value: string, least: number, most: number): number {
  const number = Number(/^\d+s?$/.test(value) ? value.replace('s', '') : Number.NaN)
  if (!(number >= least && number <= most)) throw refused(part, `must be a whole number from ${least} to ${most}`)
  return Math.round(number)
}

export interface MetricValue {
  value: number
  /** ms since the epoch: the end of the window. */
  at: number
  window: number
  /** Share of the senders that were heard. */
  completeness: number
  freshnessMs: number
}

/**
 * What the metrics are now. Where some senders are silent, what the others say is a lower bound: the value is the greater of it and the last that was whole,
 * so that a part that is missing grows nothing down. Undefined when nothing is known: nothing arrived lately, or never was whole.
 */
export function createIngressMetrics(
  live: Pick<LiveStream, 'window'>,
): (name: string, cluster: string, selected: Selected, now: number) => MetricValue | undefined {
  const whole = new Map<string, { at: number; value: number }>()
  const met = new Map<string, { select: Traffic | undefined; until: number }>()
  /** Traffic that was never met may be a typo: its rate is not 0 but unknown. */
  const meant = (cluster: string, candidates: readonly Traffic[], now: number): Traffic | undefined => {
    const key = JSON.stringify([cluster, candidates])
    const known = met.get(key)
    if (known !== undefined && known.until > now) return known.select
    const seen = (select: Traffic) => live.window({ cluster, ...select }, now - KEEP_MS, now).total.requests > 0
    const select = candidates.find(seen)
    if (met.size > 50_000) met.clear()
    met.set(key, { select, until: now + (select === undefined ? LOOK_AGAIN_MS : KEEP_MS / 3) })
    return select
  }
  return (name, cluster, { candidates, window }, now) => {
    const measure = INGRESS_METRICS.get(name)
    if (measure === undefined) return undefined
    const fresh = live.window({ cluster }, now - 1_000, now).freshnessMs
    if (fresh === undefined || fresh > STALE_MS) return undefined
    // Up to what is known: seconds after the newest arrival are not empty but unknown.
    const end = Math.floor((now - fresh) / 1_000) * 1_000
    const select = meant(cluster, candidates, now)
    if (select === undefined) return undefined
    const seen = live.window({ cluster, ...select }, end - window * 1_000, end)
    if (seen.completeness < 1) return undefined
    const value = measure.of(seen.total, window)
    if (value === undefined || !Number.isFinite(value)) return undefined
    const key = JSON.stringify([cluster, name, select, window])
    // When all are silent, the window ends where the last was heard, and is whole.
    const silent = seen.silent === seen.senders ? 0 : seen.silent
    const found = { at: end, window, freshnessMs: fresh, completeness: seen.senders === 0 ? 1 : (seen.senders - silent) / seen.senders }
    if (silent === 0) {
      if (whole.size > 50_000) whole.clear()
      whole.set(key, { at: end, value })
      return { ...found, value }
    }
    const last = whole.get(key)
    return last === undefined || end - last.at > KEEP_MS ? undefined : { ...found, value: Math.max(value, last.value) }
  }
}
