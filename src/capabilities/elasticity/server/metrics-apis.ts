/** `external.metrics.k8s.io` and `custom.metrics.k8s.io`: what the cluster's own HorizontalPodAutoscalers ask. https://github.com/kubernetes/metrics */
import { CodedError } from '#core/kernel/errors.ts'
import type { AggregatedApi, AggregatedRequest } from '#kits/server-kit/aggregation.ts'
import { CUSTOM_METRIC_RESOURCES, type createIngressMetrics, INGRESS_METRICS, type MetricValue, selectionOf } from '../domain/ingress-metrics.ts'
import { formatMilli } from '../domain/milli.ts'
import type { createPromqlMetrics } from './promql-metrics.ts'

type Read = ReturnType<typeof createIngressMetrics>

const GROUP_RESOURCES: Readonly<Record<string, { kind: string; apiVersion: string }>> = {
  services: { kind: 'Service', apiVersion: 'v1' },
  'ingresses.networking.k8s.io': { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1' },
}

/** What there is of a metric; 404 when it is not known now, so that whoever asks holds. */
export function metricsApis(
  read: Read,
  byPromql: ReturnType<typeof createPromqlMetrics>,
  now: () => number,
  servicesOf: (request: AggregatedRequest) => Promise<readonly string[]>,
): AggregatedApi[] {
  const names = [...INGRESS_METRICS.keys()]
  const value = (metric: string, request: AggregatedRequest, selector: string): MetricValue => {
    const found = read(metric, request.cluster.name, selectionOf(selector, request.namespace ?? ''), now())
    if (found === undefined)
      throw new CodedError('NOT_FOUND', {
        what: `a value of ${metric}: ${INGRESS_METRICS.has(metric) ? 'nothing is known of it now, which is not zero' : 'there is no such metric'}`,
      })
    return found
  }
  const about = ({ value: amount, at, window, completeness, freshnessMs }: MetricValue) => ({
    timestamp: `${new Date(at).toISOString().slice(0, 19)}Z`,
    windowSeconds: window,
    value: formatMilli(amount),
    labels: labelsOf({ completeness, freshnessMs }),
  })
  return [
    {
      group: 'external.metrics.k8s.io',
      version: 'v1beta1',
      resources: () => names.map((name) => ({ name, kind: 'ExternalMetricValueList', namespaced: true })),
      async get(request) {
        if (!INGRESS_METRICS.has(request.resource)) {
          const at = now()
          const { value: amount, freshnessMs, completeness } = await byPromql(request.cluster, request.namespace ?? '', request.resource, at)
          return externalList(request.resource, {
            timestamp: `${new Date(at - freshnessMs).toISOString().slice(0, 19)}Z`,
            value: formatMilli(amount),
            metricLabels: { source: 'promql', ...labelsOf({ completeness, freshnessMs }) },
          })
        }
        const { labels, ...rest } = about(value(request.resource, request, request.query.get('labelSelector') ?? ''))
        return externalList(request.resource, { metricLabels: labels, ...rest })
      },
    },
    {
      group: 'custom.metrics.k8s.io',
      version: 'v1beta2',
      resources: () =>
        CUSTOM_METRIC_RESOURCES.flatMap((resource) => names.map((name) => ({ name: `${resource}/${name}`, kind: 'MetricValueList', namespaced: true }))),
      async get(request) {
        const described = GROUP_RESOURCES[request.resource]
        const { name = '*', subresource: metric = '' } = request
        if (described === undefined || name === '*') throw new CodedError('NOT_FOUND', { what: `metrics of ${request.resource} ${name}` })
        const extra = request.query.get('metricLabelSelector') ?? ''
        const services = described.kind === 'Service' ? [name] : await servicesOf(request)
        if (services.length === 0) throw new CodedError('NOT_FOUND', { what: `a service of ${described.kind} ${name}` })
        const parts = services.map((service) => value(metric, request, [`service=${service}`, extra].filter((part) => part !== '').join(',')))
        // Rates add up; of times the worst counts.
        const amounts = parts.map((part) => part.value)
        const total = /latency/.test(metric) ? Math.max(...amounts) : amounts.reduce((sum, one) => sum + one, 0)
        const { labels: _, ...rest } = about({ ...parts[0]!, value: total, at: Math.min(...parts.map(({ at }) => at)) })
        return {
          kind: 'MetricValueList',
          apiVersion: 'custom.metrics.k8s.io/v1beta2',
          metadata: {},
          items: [{ describedObject: { ...described, namespace: request.namespace, name }, metric: { name: metric, selector: null }, ...rest }],
        }
      },
    },
  ]
}

/** Not rounded to whole what is not. */
const labelsOf = ({ completeness, freshnessMs }: { completeness: number; freshnessMs: number }) => ({
  completeness: (Math.floor(completeness * 100) / 100).toFixed(2),
  freshness_ms: String(Math.round(freshnessMs)),
})

const externalList = (metricName: string, item: object) => ({
  kind: 'ExternalMetricValueList',
  apiVersion: 'external.metrics.k8s.io/v1beta1',
  metadata: {},
  items: [{ metricName, ...item }],
})
