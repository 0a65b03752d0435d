/** `metrics.k8s.io`: `kubectl top` and HPAs by CPU and memory without metrics-server, from what the collector brings of the kubelets' cAdvisor. */
import { CodedError } from '#core/kernel/errors.ts'
import type { AggregatedApi, AggregatedRequest } from '#kits/server-kit/aggregation.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { type UsageOf, usageObject, usageQueries, usagesOf } from '../domain/usage.ts'

const PAGE = 500

export function resourceMetricsApi({ metricStore, clock }: Pick<ServerContext, 'metricStore' | 'clock'>): AggregatedApi {
  return {
    group: 'metrics.k8s.io',
    version: 'v1beta1',
    resources: () => [
      { name: 'nodes', kind: 'NodeMetrics', namespaced: false, verbs: ['get', 'list'] },
      { name: 'pods', kind: 'PodMetrics', namespaced: true, verbs: ['get', 'list'] },
    ],
    async get(request) {
      const { resource: what, namespace, name, subresource } = request
      if ((what !== 'nodes' && what !== 'pods') || subresource !== undefined) throw new CodedError('NOT_FOUND', { what: `metrics of ${what}` })
      const usages = await usagesFor(request, { what, namespace, name })
      if (name !== undefined) {
        const usage = usages[0]
        if (usage === undefined) throw new CodedError('NOT_FOUND', { what: `metrics of ${what} ${name}: nothing is known of it now, which is not zero` })
        return usageObject(what, usage, undefined)
      }
      const chosen = await labelsOfChosen(request, what)
      const items = usages.flatMap((usage) => {
        const labels = chosen?.get(`${usage.namespace}/${usage.name}`)
        return chosen && !labels ? [] : [usageObject(what, usage, labels)]
      })
      return { kind: what === 'nodes' ? 'NodeMetricsList' : 'PodMetricsList', apiVersion: 'metrics.k8s.io/v1beta1', metadata: {}, items }
    },
  }

  async function usagesFor({ cluster }: AggregatedRequest, of: UsageOf) {
    const at = clock.now()
    const ask = (text: string) =>
      metricStore.query({ view: { cluster: cluster.name, namespaces: 'all' }, text, start: at, end: at, step: 1000, lane: 'rules', timeoutMs: 20_000 })
    const [cpu, memory, time] = usageQueries(of)
    return usagesOf(of.what, await Promise.all([ask(cpu), ask(memory), ask(time)]))
  }
}

/** Labels of what a selector chooses, by `namespace/name`; undefined: nobody chose, and all is meant. */
async function labelsOfChosen({ cluster, namespace, query }: AggregatedRequest, what: 'nodes' | 'pods') {
  const [labelSelector, fieldSelector] = [query.get('labelSelector'), query.get('fieldSelector')]
  if (!labelSelector && !fieldSelector) return undefined
  const found = new Map<string, Readonly<Record<string, string>>>()
  let next: string | undefined
  do {
    const page = await cluster.list(
      { apiVersion: 'v1', kind: what === 'nodes' ? 'Node' : 'Pod' },
      {
        limit: PAGE,
        ...(what === 'pods' && namespace !== undefined ? { namespace } : {}),
        ...(labelSelector ? { labels: labelSelector } : {}),
        ...(fieldSelector ? { fields: fieldSelector } : {}),
        ...(next === undefined ? {} : { continue: next }),
      },
    )
    for (const { metadata } of page.items) found.set(`${metadata.namespace ?? ''}/${metadata.name}`, metadata.labels ?? {})
    next = page.continue || undefined
  } while (next !== undefined)
  return found
}
