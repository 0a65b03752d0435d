/** What nodes and pods use, as `metrics.k8s.io` says it: https://github.com/kubernetes/metrics/blob/master/pkg/apis/metrics/v1beta1/types.go. From series of the kubelets' cAdvisor and /metrics/resource. */
import { civilText } from '#core/kernel/civil.ts'
import type { Answer } from '#core/promql/evaluate.ts'
import { getLabel, type Labels } from '#core/promql/labels.ts'

/** Over which CPU time is taken: a few scrapes. */
export const WINDOW_SECONDS = 120
const WINDOW = `${WINDOW_SECONDS}s`

export interface UsageOf {
  what: 'nodes' | 'pods'
  namespace?: string | undefined
  name?: string | undefined
}

/** CPU in cores, memory in bytes, and the time of the newest sample (s), in this order, as PromQL. */
export function usageQueries({ what, namespace, name }: UsageOf): [cpu: string, memory: string, time: string] {
  const matchers: string[] = []
  if (what === 'nodes') {
    matchers.push('id="/"')
    if (name !== undefined) matchers.push(`node=${JSON.stringify(name)}`)
  } else {
    // Names of containers: the sandbox of a pod is none, and what has none is a sum of others.
    matchers.push('container!=""', 'container!="POD"', namespace === undefined ? 'namespace!=""' : `namespace=${JSON.stringify(namespace)}`)
    matchers.push(name === undefined ? 'pod!=""' : `pod=${JSON.stringify(name)}`)
  }
  const by = what === 'nodes' ? 'node' : 'namespace, pod, container'
  // The built-in configuration of the collector says which of the two it is by the name.
  const of = (metric: string) => `{__name__=~"(kubelet_)?${metric}",${matchers.join(',')}}`
  return [
    // Two may say it: cAdvisor, and the kubelet's /metrics/resource, which names containers also where cAdvisor cannot.
    `max by (${by}) (rate(${of('container_cpu_usage_seconds_total')}[${WINDOW}]))`,
    // Containers that were started again have a series of before for some minutes.
    `max by (${by}) (${of('container_memory_working_set_bytes')})`,
    `max by (${by}) (timestamp(${of('container_memory_working_set_bytes')}))`,
  ]
}

export interface Usage {
  namespace: string
  /** Of the node or pod. */
  name: string
  /** Seconds since the epoch. */
  time: number
  /** One for a node, without a name. */
  containers: { name: string; cpu: number; memory: number }[]
}

/** What all three say something of; of what one of them knows nothing there is no usage, which is not zero. */
export function usagesOf(what: UsageOf['what'], answers: readonly [Answer, Answer, Answer]): Usage[] {
  const [cpus, memories, times] = answers.map(valuesOf)
  const found = new Map<string, Usage>()
  for (const [key, { labels, value: cpu }] of cpus!) {
    const [memory, time] = [memories!.get(key)?.value, times!.get(key)?.value]
    if (memory === undefined || time === undefined || !Number.isFinite(cpu)) continue
    const namespace = getLabel(labels, 'namespace')
    const name = getLabel(labels, what === 'nodes' ? 'node' : 'pod')
    if (name === '') continue
    const usage = found.get(`${namespace}/${name}`) ?? { namespace, name, time, containers: [] }
    found.set(`${namespace}/${name}`, usage)
    usage.time = Math.min(usage.time, time)
    usage.containers.push({ name: getLabel(labels, 'container'), cpu, memory })
  }
  return [...found.values()].sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1))
}

function valuesOf({ value }: Answer): Map<string, { labels: Labels; value: number }> {
  if (value.type !== 'vector') return new Map()
  return new Map(value.series.flatMap(({ labels, kind, values }) => (kind[0] === 1 ? [[labels.key, { labels, value: values[0]! }] as const] : [])))
}

/** Nanocores and kibibytes, as metrics-server writes them. */
const amounts = (cpu: number, memory: number) => ({ cpu: `${Math.max(0, Math.ceil(cpu * 1e9))}n`, memory: `${Math.ceil(memory / 1024)}Ki` })

/** A NodeMetrics or PodMetrics. */
export function usageObject(what: UsageOf['what'], { namespace, name, time, containers }: Usage, labels: Readonly<Record<string, string>> | undefined): object {
  const timestamp = `${civilText(time * 1000)}Z`
  const about = {
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: what === 'nodes' ? 'NodeMetrics' : 'PodMetrics',
    metadata: { name, ...(what === 'pods' ? { namespace } : {}), creationTimestamp: timestamp, ...(labels ? { labels } : {}) },
    timestamp,
    window: `${Math.floor(WINDOW_SECONDS / 60)}m0s`,
  }
  if (what === 'nodes') return { ...about, usage: amounts(containers[0]!.cpu, containers[0]!.memory) }
  return { ...about, containers: containers.map(({ name: container, cpu, memory }) => ({ name: container, usage: amounts(cpu, memory) })) }
}
