/** Monitors as scrape configurations of a prometheus.yml. */
import { type AccessDeps, accessOf } from './access.ts'
import { copy, copyGiven, given, keep, type Rule, ruleOf, sanitized, selected, set } from './rules.ts'
import type { Endpoint, Limits, NamespaceSelector, PodMonitor, Probe, ScrapeConfig, ServiceMonitor } from './schema.ts'

/** One entry of `scrape_configs`. */
export type RawJob = Record<string, unknown>
export interface Named {
  namespace: string
  name: string
}

const keepsJob: Rule = { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' }

const limitsOf = (limits: Limits) =>
  given({
    sample_limit: limits.sampleLimit,
    target_limit: limits.targetLimit,
    label_limit: limits.labelLimit,
    label_name_length_limit: limits.labelNameLengthLimit,
    label_value_length_limit: limits.labelValueLengthLimit,
    keep_dropped_targets: limits.keepDroppedTargets,
    body_size_limit: limits.bodySizeLimit,
    scrape_protocols: limits.scrapeProtocols,
    fallback_scrape_protocol: limits.fallbackScrapeProtocol,
    always_scrape_classic_histograms: limits.scrapeClassicHistograms,
  })

const namespacesOf = ({ any, matchNames }: NamespaceSelector, own: string) => (any ? {} : { namespaces: { names: matchNames.length > 0 ? matchNames : [own] } })

function endpointJob(endpoint: Endpoint, at: string, limits: Limits, deps: AccessDeps) {
  const { path, scheme, params, interval, scrapeTimeout, honorLabels, honorTimestamps, trackTimestampsStaleness, metricRelabelings } = endpoint
  return given({
    metrics_path: path || undefined,
    scheme,
    params,
    scrape_interval: interval,
    scrape_timeout: scrapeTimeout,
    honor_labels: honorLabels,
    honor_timestamps: honorTimestamps,
    track_timestamps_staleness: trackTimestampsStaleness,
    metric_relabel_configs: metricRelabelings.map(ruleOf),
    ...limitsOf(limits),
    ...accessOf(endpoint, at, deps),
  })
}
const ended = { source_labels: ['__meta_kubernetes_pod_phase'], regex: '(Failed|Succeeded)', action: 'drop' }

export function serviceMonitorJobs(spec: ServiceMonitor, { namespace, name }: Named, deps: AccessDeps): RawJob[] {
  const slices = spec.serviceDiscoveryRole === 'EndpointSlice'
  const [role, port, target] = slices
    ? ['endpointslice', 'endpointslice_port_name', 'endpointslice_address_target']
    : ['endpoints', 'endpoint_port_name', 'endpoint_address_target']
  return spec.endpoints.map((endpoint, i) => {
    const owner = (kind: string, label: string): Rule => ({
      source_labels: [`__meta_kubernetes_${target}_kind`, `__meta_kubernetes_${target}_name`],
      regex: `${kind};(.*)`,
      target_label: label,
    })
    const relabels: Rule[] = [keepsJob, ...selected(spec.selector, 'service')]
    if (endpoint.port) relabels.push(keep(port!, endpoint.port))
    else if (typeof endpoint.targetPort === 'string') relabels.push(keep('pod_container_port_name', endpoint.targetPort))
    else if (endpoint.targetPort !== undefined) relabels.push(keep('pod_container_port_number', String(endpoint.targetPort)))
    relabels.push(owner('Node', 'node'), owner('Pod', 'pod'))
    relabels.push(copy('namespace', 'namespace'), copy('service_name', 'service'), copy('pod_name', 'pod'), copy('pod_container_name', 'container'))
    if (endpoint.filterRunning !== false) relabels.push(ended)
    for (const label of spec.targetLabels) relabels.push(copyGiven(`service_label_${sanitized(label)}`, sanitized(label)))
    for (const label of spec.podTargetLabels) relabels.push(copyGiven(`pod_label_${sanitized(label)}`, sanitized(label)))
    relabels.push(copy('service_name', 'job'))
    if (spec.jobLabel) relabels.push(copyGiven(`service_label_${sanitized(spec.jobLabel)}`, 'job'))
    const named = endpoint.port ?? endpoint.targetPort
    if (named !== undefined) relabels.push(set('endpoint', String(named)))
    return {
      job_name: `serviceMonitor/${namespace}/${name}/${i}`,
      ...endpointJob(endpoint, `spec.endpoints[${i}].`, spec, deps),
      kubernetes_sd_configs: [
        { ...deps.cluster, role, ...namespacesOf(spec.namespaceSelector, namespace), ...given({ attach_metadata: spec.attachMetadata }) },
      ],
      relabel_configs: [...relabels, ...endpoint.relabelings.map(ruleOf)],
    }
  })
}

export function podMonitorJobs(spec: PodMonitor, { namespace, name }: Named, deps: AccessDeps): RawJob[] {
  return spec.podMetricsEndpoints.map((endpoint, i) => {
    const relabels: Rule[] = [keepsJob]
    if (endpoint.filterRunning !== false) relabels.push(ended)
    relabels.push(...selected(spec.selector, 'pod'))
    const number = endpoint.portNumber ?? (typeof endpoint.targetPort === 'number' ? endpoint.targetPort : undefined)
    if (endpoint.port) relabels.push(keep('pod_container_port_name', endpoint.port))
    else if (number !== undefined) relabels.push(keep('pod_container_port_number', String(number)))
    else if (endpoint.targetPort !== undefined) relabels.push(keep('pod_container_port_name', String(endpoint.targetPort)))
    relabels.push(copy('namespace', 'namespace'), copy('pod_container_name', 'container'), copy('pod_name', 'pod'))
    for (const label of spec.podTargetLabels) relabels.push(copyGiven(`pod_label_${sanitized(label)}`, sanitized(label)))
    relabels.push(set('job', `${namespace}/${name}`))
    if (spec.jobLabel) relabels.push(copyGiven(`pod_label_${sanitized(spec.jobLabel)}`, 'job'))
    const named = endpoint.port ?? number ?? endpoint.targetPort
    if (named !== undefined) relabels.push(set('endpoint', String(named)))
    return {
      job_name: `podMonitor/${namespace}/${name}/${i}`,
      ...endpointJob(endpoint, `spec.podMetricsEndpoints[${i}].`, spec, deps),
      kubernetes_sd_configs: [
        { ...deps.cluster, role: 'pod', ...namespacesOf(spec.namespaceSelector, namespace), ...given({ attach_metadata: spec.attachMetadata }) },
      ],
      relabel_configs: [...relabels, ...endpoint.relabelings.map(ruleOf)],
    }
  })
}

export function probeJobs(spec: Probe, { namespace, name }: Named, deps: AccessDeps): RawJob[] {
  const { prober, module, targets } = spec
  const atProber: Rule[] = [{ source_labels: ['__param_target'], target_label: 'instance' }, set('__address__', prober.url)]
  const job = {
    job_name: `probe/${namespace}/${name}`,
    metrics_path: prober.path || '/probe',
    honor_timestamps: true,
    metric_relabel_configs: spec.metricRelabelings.map(ruleOf),
    ...given({ scheme: prober.scheme, params: module && { module: [module] }, scrape_interval: spec.interval, scrape_timeout: spec.scrapeTimeout }),
    ...limitsOf(spec),
    ...accessOf(spec, 'spec.', deps),
  }
  const first: Rule[] = [keepsJob, ...(spec.jobName ? [set('job', spec.jobName)] : [])]
  if (targets.staticConfig) {
    const { static: addresses, labels, relabelingConfigs } = targets.staticConfig
    return [
      {
        ...job,
        static_configs: [{ targets: addresses, labels: { namespace, ...labels } }],
        relabel_configs: [...first, { source_labels: ['__address__'], target_label: '__param_target' }, ...atProber, ...relabelingConfigs.map(ruleOf)],
      },
    ]
  }
  const { selector, namespaceSelector, relabelingConfigs } = targets.ingress!
  const address: Rule = {
    source_labels: ['__meta_kubernetes_ingress_scheme', '__address__', '__meta_kubernetes_ingress_path'],
    regex: '(.+);(.+);(.+)',
    replacement: '$1://$2$3',
    target_label: '__param_target',
  }
  return [
    {
      ...job,
      kubernetes_sd_configs: [{ ...deps.cluster, role: 'ingress', ...namespacesOf(namespaceSelector, namespace) }],
      relabel_configs: [
        ...first,
        ...selected(selector, 'ingress'),
        address,
        copy('namespace', 'namespace'),
        copy('ingress_name', 'ingress'),
        ...atProber,
        ...relabelingConfigs.map(ruleOf),
      ],
    },
  ]
}

export function scrapeConfigJobs(spec: ScrapeConfig, { namespace, name }: Named, deps: AccessDeps): RawJob[] {
  if (spec.fileSDConfigs.length > 0 && !deps.files)
    deps.problem('spec.fileSDConfigs', `names files of the collector, which kubernetes_monitors.files does not allow for namespace ${namespace}`)
  return [
    {
      job_name: `scrapeConfig/${namespace}/${name}`,
      ...given({
        metrics_path: spec.metricsPath,
        scheme: spec.scheme,
        params: spec.params,
        scrape_interval: spec.scrapeInterval,
        scrape_timeout: spec.scrapeTimeout,
        honor_labels: spec.honorLabels,
        honor_timestamps: spec.honorTimestamps,
        track_timestamps_staleness: spec.trackTimestampsStaleness,
        enable_compression: spec.enableCompression,
      }),
      metric_relabel_configs: spec.metricRelabelings.map(ruleOf),
      ...limitsOf(spec),
      ...accessOf(spec, 'spec.', deps),
      static_configs: spec.staticConfigs,
      file_sd_configs: spec.fileSDConfigs.map(({ files, refreshInterval }) => given({ files, refresh_interval: refreshInterval })),
      http_sd_configs: spec.httpSDConfigs.map(({ url, refreshInterval, ...access }, i) => ({
        ...given({ url, refresh_interval: refreshInterval }),
        ...accessOf(access, `spec.httpSDConfigs[${i}].`, deps),
      })),
      kubernetes_sd_configs: spec.kubernetesSDConfigs.map(({ role, apiServer, namespaces, selectors, attachMetadata, ...access }, i) => ({
        ...(apiServer === undefined ? deps.cluster : {}),
        ...given({ role, api_server: apiServer, attach_metadata: attachMetadata }),
        // The namespace of the monitor, not that of the collector.
        ...(namespaces ? { namespaces: { names: [...namespaces.names, ...(namespaces.ownNamespace ? [namespace] : [])] } } : {}),
        selectors,
        ...accessOf(access, `spec.kubernetesSDConfigs[${i}].`, deps),
      })),
      relabel_configs: [keepsJob, ...(spec.jobName ? [set('job', spec.jobName)] : []), ...spec.relabelings.map(ruleOf)],
    },
  ]
}
