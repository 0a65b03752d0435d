/** Where lines are from, by the names that senders use: the agent's, promtail's, Alloy's, Fluent Bit's and Vector's. */
import { severityOfWord } from './severity.ts'

export interface Origin {
  namespace: string
  workload: string
  pod: string
  container: string
  node: string
  service: string
  /** Of lines that do not say it themselves: the file. */
  stream: string
  /** Of records that do not say it themselves. */
  severity: number
  /** Everything else that was said. */
  attributes: Readonly<Record<string, string>>
}

const NAMES = {
  namespace: ['namespace', 'namespace_name', 'k8s_namespace_name', 'kubernetes_namespace_name', 'kubernetes_namespace'],
  workload: ['workload', 'controller', 'k8s_deployment_name', 'k8s_statefulset_name', 'k8s_daemonset_name'],
  pod: ['pod', 'pod_name', 'k8s_pod_name', 'kubernetes_pod_name'],
  container: ['container', 'container_name', 'k8s_container_name', 'kubernetes_container_name'],
  node: ['node', 'node_name', 'nodename', 'k8s_node_name', 'kubernetes_host', 'host', 'hostname'],
  service: ['service', 'service_name', 'app', 'app_kubernetes_io_name', 'job'],
  stream: ['stream', 'file', 'filename'],
  level: ['level', 'detected_level', 'severity'],
} as const
const OURS = new Set(['transport', 'source'])

export function originOf({ labels, source }: { labels: Readonly<Record<string, string>>; source: string }): Origin {
  const used = new Set<string>()
  const first = (names: readonly string[]): string => {
    const name = names.find((candidate) => labels[candidate] !== undefined && labels[candidate] !== '')
    if (name === undefined) return ''
    used.add(name)
    return labels[name]!
  }
  const found = Object.fromEntries(Object.entries(NAMES).map(([name, names]) => [name, first(names)])) as Record<keyof typeof NAMES, string>
  const { level, ...words } = found
  const attributes = Object.fromEntries(Object.entries(labels).filter(([name]) => !used.has(name) && !OURS.has(name)))
  return {
    ...words,
    service: words.service || words.workload.replace(/^[A-Z]\w*\//, '') || words.container || source,
    severity: severityOfWord(level),
    attributes,
  }
}
