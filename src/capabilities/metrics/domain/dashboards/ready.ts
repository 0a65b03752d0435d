/** Dashboards that are there from the start, over what kubelet, cAdvisor, node_exporter, kube-state-metrics, ingress-nginx and the collector say. */
import type { Dashboard, DashboardPanel, DashboardVariable, PanelUnit } from './dashboard.ts'

type Query = string | [expr: string, legend: string]
const panel = (kind: DashboardPanel['kind'], en: string, zh: string, unit: PanelUnit, ...queries: Query[]): DashboardPanel => ({
  title: { en, 'zh-CN': zh },
  kind,
  unit,
  queries: queries.map((one) => (typeof one === 'string' ? { expr: one, legend: '' } : { expr: one[0], legend: one[1] })),
})
const lines = (en: string, zh: string, unit: PanelUnit, ...queries: Query[]) => panel('timeseries', en, zh, unit, ...queries)
const stat = (en: string, zh: string, unit: PanelUnit, expr: string) => panel('stat', en, zh, unit, expr)

const namespace: DashboardVariable = {
  name: 'namespace',
  title: { en: 'Namespace', 'zh-CN': '命名空间' },
  label: 'namespace',
  metric: 'container_cpu_usage_seconds_total',
}
const pod: DashboardVariable = { name: 'pod', title: { en: 'Pod', 'zh-CN': 'Pod' }, label: 'pod', metric: 'container_cpu_usage_seconds_total' }
const instance: DashboardVariable = { name: 'instance', title: { en: 'Node', 'zh-CN': '节点' }, label: 'instance', metric: 'node_cpu_seconds_total' }

/** Of containers; of whole pods where cAdvisor does not know the runtime and so cannot name containers. */
const NAMED = 'container!="",container!="POD"'
const WHOLE = 'pod!="",container=""'
const cpu = (which: string, more: string) => `rate(container_cpu_usage_seconds_total{${which}${more}}[$__rate_interval])`
const memory = (which: string, more: string) => `container_memory_working_set_bytes{${which}${more}}`
const used = (by: string, what: typeof cpu, more = '') => `sum by (${by}) (${what(NAMED, more)}) or sum by (${by}) (${what(WHOLE, more)})`
const usedByContainer = (what: typeof cpu, more: string) => `sum by (container) (${what(NAMED, more)}) or on () sum by (pod) (${what(WHOLE, more)})`
const memoryNow = (more: string) =>
  `sum by (namespace, pod, container) (${memory(NAMED, more)}) or on (namespace, pod) sum by (namespace, pod) (${memory(WHOLE, more)})`
const WORKLOAD = '"workload", "$1", "pod", "(.+?)(-[a-f0-9]{8,10})?-[a-z0-9]{5}"'
const byWorkload: (what: typeof cpu) => typeof cpu = (what) => (which, more) => `label_replace(${what(which, more)}, ${WORKLOAD})`
const network = (way: 'receive' | 'transmit', selector: string, by: string) =>
  `sum by (${by}) (rate(container_network_${way}_bytes_total{${selector}}[$__rate_interval]))`

export const READY: readonly Dashboard[] = [
  {
    id: 'cluster',
    title: { en: 'Cluster', 'zh-CN': '集群' },
    variables: [],
    panels: [
      stat('Targets up', '在线采集目标', 'number', 'sum(up)'),
      stat('Targets down', '离线采集目标', 'number', 'count(up == 0) or vector(0) and on () count(up)'),
      stat('CPU used', 'CPU 使用率', 'share', 'avg(1 - rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))'),
      stat('Memory used', '内存使用率', 'share', '1 - sum(node_memory_MemAvailable_bytes) / sum(node_memory_MemTotal_bytes)'),
      lines('CPU by namespace (cores)', '各命名空间 CPU（核）', 'number', [used('namespace', cpu), '{{namespace}}']),
      lines('Memory by namespace', '各命名空间内存', 'bytes', [used('namespace', memory), '{{namespace}}']),
      lines('Requests of the API server', 'API 服务器请求', 'rate', ['sum by (code) (rate(apiserver_request_total[$__rate_interval]))', '{{code}}']),
      lines('API server latency, 99 %', 'API 服务器延迟，99 %', 'seconds', [
        'histogram_quantile(0.99, sum by (le, verb) (rate(apiserver_request_duration_seconds_bucket{verb!~"WATCH|CONNECT"}[$__rate_interval])))',
        '{{verb}}',
      ]),
      lines('Pods by phase', '各阶段 Pod 数', 'number', ['sum by (phase) (kube_pod_status_phase)', '{{phase}}']),
      panel('bar', 'Restarts in an hour, most first', '一小时内重启最多', 'number', [
        'topk(10, sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total[1h])) > 0)',
        '{{namespace}}/{{pod}}',
      ]),
    ],
  },
  {
    id: 'node',
    title: { en: 'Node', 'zh-CN': '节点' },
    variables: [instance],
    panels: [
      panel('gauge', 'CPU used', 'CPU 使用率', 'share', 'avg(1 - rate(node_cpu_seconds_total{mode="idle",instance=~"$instance"}[$__rate_interval]))'),
      panel(
        'gauge',
        'Memory used',
        '内存使用率',
        'share',
        '1 - sum(node_memory_MemAvailable_bytes{instance=~"$instance"}) / sum(node_memory_MemTotal_bytes{instance=~"$instance"})',
      ),
      panel(
        'gauge',
        'Fullest file system',
        '最满的文件系统',
        'share',
        'max(1 - node_filesystem_avail_bytes{instance=~"$instance",fstype!~"tmpfs|overlay|squashfs|ramfs"} / node_filesystem_size_bytes)',
      ),
      lines('CPU by mode (cores)', '各模式 CPU（核）', 'number', [
        'sum by (mode) (rate(node_cpu_seconds_total{instance=~"$instance",mode!="idle"}[$__rate_interval]))',
        '{{mode}}',
      ]),
      lines('Load', '负载', 'number', ['node_load1{instance=~"$instance"}', '{{instance}} 1m'], ['node_load5{instance=~"$instance"}', '{{instance}} 5m']),
      lines(
        'Memory',
        '内存',
        'bytes',
        ['node_memory_MemAvailable_bytes{instance=~"$instance"}', '{{instance}} available'],
        ['node_memory_Cached_bytes{instance=~"$instance"}', '{{instance}} cached'],
      ),
      lines(
        'Disk read and written',
        '磁盘读写',
        'byteRate',
        ['sum by (device) (rate(node_disk_read_bytes_total{instance=~"$instance"}[$__rate_interval]))', '{{device}} read'],
        ['sum by (device) (rate(node_disk_written_bytes_total{instance=~"$instance"}[$__rate_interval]))', '{{device}} written'],
      ),
      lines(
        'Network',
        '网络',
        'byteRate',
        ['sum by (device) (rate(node_network_receive_bytes_total{instance=~"$instance",device!="lo"}[$__rate_interval]))', '{{device}} in'],
        ['sum by (device) (rate(node_network_transmit_bytes_total{instance=~"$instance",device!="lo"}[$__rate_interval]))', '{{device}} out'],
      ),
      lines('File systems used', '文件系统使用率', 'share', [
        '1 - node_filesystem_avail_bytes{instance=~"$instance",fstype!~"tmpfs|overlay|squashfs|ramfs"} / node_filesystem_size_bytes',
        '{{instance}} {{mountpoint}}',
      ]),
    ],
  },
  {
    id: 'namespace',
    title: { en: 'Namespace', 'zh-CN': '命名空间' },
    variables: [namespace],
    panels: [
      lines('CPU by pod (cores)', '各 Pod CPU（核）', 'number', [used('pod', cpu, ',namespace=~"$namespace"'), '{{pod}}']),
      lines('Memory by pod', '各 Pod 内存', 'bytes', [used('pod', memory, ',namespace=~"$namespace"'), '{{pod}}']),
      lines('Network in', '网络接收', 'byteRate', [network('receive', 'namespace=~"$namespace"', 'pod'), '{{pod}}']),
      lines('Network out', '网络发送', 'byteRate', [network('transmit', 'namespace=~"$namespace"', 'pod'), '{{pod}}']),
      panel('table', 'Memory now', '当前内存', 'bytes', `sort_desc(${memoryNow(',namespace=~"$namespace"')})`),
    ],
  },
  {
    id: 'workload',
    title: { en: 'Workload', 'zh-CN': '工作负载' },
    variables: [namespace],
    panels: [
      lines(
        'Replicas wanted and available',
        '期望与可用副本',
        'number',
        ['kube_deployment_spec_replicas{namespace=~"$namespace"}', '{{deployment}} wanted'],
        ['kube_deployment_status_replicas_available{namespace=~"$namespace"}', '{{deployment}} available'],
      ),
      // The name of a pod without what its ReplicaSet and the pod itself add.
      lines('CPU by workload (cores)', '各工作负载 CPU（核）', 'number', [used('workload', byWorkload(cpu), ',namespace=~"$namespace"'), '{{workload}}']),
      lines('Memory by workload', '各工作负载内存', 'bytes', [used('workload', byWorkload(memory), ',namespace=~"$namespace"'), '{{workload}}']),
      lines('Restarts in an hour', '一小时内重启', 'number', [
        'sum by (namespace, pod) (increase(kube_pod_container_status_restarts_total{namespace=~"$namespace"}[1h]))',
        '{{namespace}}/{{pod}}',
      ]),
    ],
  },
  {
    id: 'pod',
    title: { en: 'Pod', 'zh-CN': 'Pod' },
    variables: [namespace, pod],
    panels: [
      lines('CPU by container (cores)', '各容器 CPU（核）', 'number', [usedByContainer(cpu, ',namespace=~"$namespace",pod=~"$pod"'), '{{container}}{{pod}}']),
      lines('Time held back by the CPU limit', '被 CPU 限额限制的时间', 'share', [
        'sum by (container) (rate(container_cpu_cfs_throttled_periods_total{namespace=~"$namespace",pod=~"$pod"}[$__rate_interval])) / sum by (container) (rate(container_cpu_cfs_periods_total{namespace=~"$namespace",pod=~"$pod"}[$__rate_interval]))',
        '{{container}}',
      ]),
      lines('Memory by container', '各容器内存', 'bytes', [usedByContainer(memory, ',namespace=~"$namespace",pod=~"$pod"'), '{{container}}{{pod}}']),
      lines(
        'Network',
        '网络',
        'byteRate',
        [network('receive', 'namespace=~"$namespace",pod=~"$pod"', 'pod'), '{{pod}} in'],
        [network('transmit', 'namespace=~"$namespace",pod=~"$pod"', 'pod'), '{{pod}} out'],
      ),
    ],
  },
  {
    id: 'ingress',
    title: { en: 'Ingress', 'zh-CN': '入口' },
    variables: [{ name: 'ingress', title: { en: 'Ingress', 'zh-CN': '入口' }, label: 'ingress', metric: 'nginx_ingress_controller_requests' }],
    panels: [
      lines('Requests by status', '各状态请求', 'rate', [
        'sum by (status) (rate(nginx_ingress_controller_requests{ingress=~"$ingress"}[$__rate_interval]))',
        '{{status}}',
      ]),
      lines('Requests by ingress', '各入口请求', 'rate', [
        'sum by (ingress) (rate(nginx_ingress_controller_requests{ingress=~"$ingress"}[$__rate_interval]))',
        '{{ingress}}',
      ]),
      lines('Failed', '失败率', 'share', [
        'sum by (ingress) (rate(nginx_ingress_controller_requests{ingress=~"$ingress",status=~"5.."}[$__rate_interval])) / sum by (ingress) (rate(nginx_ingress_controller_requests{ingress=~"$ingress"}[$__rate_interval]))',
        '{{ingress}}',
      ]),
      lines('Latency, 99 %', '延迟，99 %', 'seconds', [
        'histogram_quantile(0.99, sum by (le, ingress) (rate(nginx_ingress_controller_request_duration_seconds_bucket{ingress=~"$ingress"}[$__rate_interval])))',
        '{{ingress}}',
      ]),
    ],
  },
  {
    id: 'collection',
    title: { en: 'Collection', 'zh-CN': '采集' },
    variables: [{ name: 'job', title: { en: 'Job', 'zh-CN': '任务' }, label: 'job', metric: 'up' }],
    panels: [
      stat('Targets up', '在线采集目标', 'number', 'sum(up{job=~"$job"})'),
      stat('Samples per scrape round', '每轮采集样本', 'number', 'sum(scrape_samples_scraped{job=~"$job"})'),
      lines('Targets up by job', '各任务在线目标', 'number', ['sum by (job) (up{job=~"$job"})', '{{job}}']),
      lines('Slowest scrape', '最慢采集', 'seconds', ['max by (job) (scrape_duration_seconds{job=~"$job"})', '{{job}}']),
      lines('New series', '新序列', 'number', ['sum by (job) (scrape_series_added{job=~"$job"})', '{{job}}']),
      lines('CPU of the programs (cores)', '各程序 CPU（核）', 'number', [
        'sum by (job) (rate(process_cpu_seconds_total{job=~"$job"}[$__rate_interval]))',
        '{{job}}',
      ]),
      lines('Memory of the programs', '各程序内存', 'bytes', ['sum by (job) (process_resident_memory_bytes{job=~"$job"})', '{{job}}']),
    ],
  },
]
