/** What is collected in a cluster without a configuration: kubelets, cAdvisor, API servers, states of objects, monitors, and what asks for it by annotations. */

const POD_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount'
const META = '__meta_kubernetes_'

interface Rule {
  source_labels?: string[]
  regex?: string
  action?: string
  target_label?: string
  replacement?: string
}
const label = (source: string, target_label: string): Rule => ({ source_labels: [`${META}${source}`], target_label })

/** `prometheus.io/scrape|scheme|path|port|param_NAME` of a pod or a service. */
const annotated = (what: 'pod' | 'service'): Rule[] => {
  const annotation = `${META}${what}_annotation_prometheus_io_`
  return [
    { source_labels: [`${annotation}scrape`], action: 'keep', regex: 'true' },
    { source_labels: [`${annotation}scheme`], regex: '(https?)', target_label: '__scheme__' },
    { source_labels: [`${annotation}path`], regex: '(.+)', target_label: '__metrics_path__' },
    // IPv6 addresses stand in brackets when they have a port.
    {
      source_labels: ['__address__', `${annotation}port`],
      regex: '(\\[[^\\]]+\\]|[^:]+)(?::\\d+)?;(\\d+)',
      replacement: '$1:$2',
      target_label: '__address__',
    },
    { action: 'labelmap', regex: `${annotation}param_(.+)`, replacement: '__param_$1' },
    label('namespace', 'namespace'),
    label('pod_name', 'pod'),
    label('pod_node_name', 'node'),
  ]
}

/** As a prometheus.yml. */
export function builtinConfig(): string {
  // Certificates of kubelets are mostly signed by themselves; the token is one that may only read.
  const kubelet = {
    scheme: 'https',
    tls_config: { insecure_skip_verify: true },
    bearer_token_file: `${POD_FOLDER}/token`,
    kubernetes_sd_configs: [{ role: 'node' }],
    relabel_configs: [label('node_name', 'node')],
  }
  return JSON.stringify({
    global: { scrape_interval: '30s' },
    kubernetes_monitors: {},
    scrape_configs: [
      // As kube-state-metrics is scraped: its own labels stay.
      { job_name: 'kube-state-metrics', honor_labels: true, kubernetes_objects: {} },
      { job_name: 'kubelet', ...kubelet },
      { job_name: 'cadvisor', metrics_path: '/metrics/cadvisor', ...kubelet },
      // Containers by name also where cAdvisor does not know them; under names of their own, so that no sum counts them twice.
      {
        job_name: 'resource',
        metrics_path: '/metrics/resource',
        ...kubelet,
        metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'container_(.+)', target_label: '__name__', replacement: 'kubelet_container_$1' }],
      },
      {
        job_name: 'apiserver',
        scheme: 'https',
        tls_config: { ca_file: `${POD_FOLDER}/ca.crt` },
        bearer_token_file: `${POD_FOLDER}/token`,
        kubernetes_sd_configs: [{ role: 'endpoints', namespaces: { names: ['default'] } }],
        relabel_configs: [{ source_labels: [`${META}service_name`, `${META}endpoint_port_name`], action: 'keep', regex: 'kubernetes;https' }],
      },
      // Each port that a pod declares is a target of its own: only one is left with the port of the annotation, because the same address is one target.
      {
        job_name: 'pods',
        kubernetes_sd_configs: [{ role: 'pod' }],
        relabel_configs: [
          { source_labels: [`${META}pod_phase`], action: 'drop', regex: 'Succeeded|Failed' },
          { source_labels: [`${META}pod_container_init`], action: 'drop', regex: 'true' },
          ...annotated('pod'),
        ],
      },
      {
        job_name: 'services',
        kubernetes_sd_configs: [{ role: 'endpoints' }],
        relabel_configs: [...annotated('service'), label('service_name', 'service')],
      },
    ],
  })
}
