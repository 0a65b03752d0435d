import type { Capability } from '#core/shapes/capability.ts'

export const metrics: Capability = {
  id: 'metrics',
  stage: 'alpha',
  title: { en: 'Metrics', 'zh-CN': '指标' },
  summary: {
    en: 'Receives Prometheus remote write and OTLP, answers PromQL at the paths of Prometheus.',
    'zh-CN': '接收 Prometheus remote write 与 OTLP，并在 Prometheus 的路径上回答 PromQL。',
  },
  rows: ['H10', 'H7', 'A4'],
  rbac: [{ apiGroups: ['monitoring.coreos.com'], resources: ['prometheusrules'], verbs: ['list', 'watch'], why: 'rules and alerts of PrometheusRule objects' }],
  resources: [],
  tables: ['series', 'sample_runs', 'histograms', 'starts', 'exemplars', 'metric_metadata'],
  pages: [
    { id: 'metrics', group: 'observe', path: '/metrics', title: { en: 'Metrics', 'zh-CN': '指标' } },
    { id: 'dashboards', group: 'observe', path: '/dashboards', title: { en: 'Dashboards', 'zh-CN': '仪表盘' } },
    { id: 'rules', group: 'observe', path: '/rules', title: { en: 'Rules', 'zh-CN': '规则与告警' } },
    { id: 'targets', group: 'observe', path: '/targets', title: { en: 'Targets', 'zh-CN': '采集目标' } },
  ],
}
