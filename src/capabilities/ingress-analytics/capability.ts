import type { Capability } from '#core/shapes/capability.ts'

export const ingressAnalytics: Capability = {
  id: 'ingress-analytics',
  stage: 'alpha',
  title: { en: 'Ingress analytics', 'zh-CN': '入口流量分析' },
  summary: {
    en: 'Ready-made dashboards and alerts over the access logs of any ingress.',
    'zh-CN': '面向任意入口访问日志的预制大盘与告警。',
  },
  rows: ['H8', 'A4', 'H2'],
  rbac: [
    { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: ['list', 'watch'], why: 'the pod that answered a request, from its address' },
    { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list', 'watch'], why: 'the workload of that pod' },
  ],
  resources: [],
  tables: ['access', 'access_1m', 'access_5m', 'access_1h'],
  pages: [
    { id: 'ingress', group: 'observe', path: '/ingress', title: { en: 'Ingress', 'zh-CN': '入口流量' } },
    { id: 'ingress-requests', group: 'observe', path: '/ingress/requests', title: { en: 'Requests', 'zh-CN': '请求明细' } },
    { id: 'ingress-alerts', group: 'observe', path: '/ingress/alerts', title: { en: 'Alerts', 'zh-CN': '告警' } },
  ],
}
